/* columns.c: see columns.h.
 *
 * A decimal is a number to SQL: the double nearest to it, which prints as the decimal itself up to 15 digits. One with more
 * digits comes as its exact text. Its units (the number without its point) are an integer, so that their sums are exact.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/columns.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/memory.h"

enum { SCALE_MAX = 18 };
#define EXACT_UNITS INT64_C(1000000000000000) /* below, 15 digits: every decimal survives being a double */

static const struct weir_type time_type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
static const struct weir_type partition_type = {.name = "int", .kind = WEIR_KIND_I32, .size = 4};

/* ---- which there are -------------------------------------------------------------------------------------------- */

static bool has_name(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (sqlite3_stricmp(columns->items[i].name, name) == 0)
            return true;
    return false;
}

/* SQL does not tell upper case from lower: a name that is taken gets underscores. */
static void set_name(const struct columns *columns, struct column *column, const char *prefix, const char *name,
                     const char *suffix)
{
    char tail[8] = "";
    do {
        snprintf(column->name, sizeof column->name, "%s%.100s%s%s", prefix, name, suffix, tail);
        size_t size = strlen(tail);
        if (size + 1 >= sizeof tail)
            return;
        tail[size] = '_';
        tail[size + 1] = 0;
    } while (has_name(columns, column->name));
}

static void add(struct columns *columns, struct column column, const char *prefix, const char *name, const char *suffix)
{
    if (columns->count == COLUMNS_MAX)
        return;
    set_name(columns, &column, prefix, name, suffix);
    columns->items[columns->count++] = column;
}

static void add_typed(struct columns *columns, enum column_source source, const struct weir_type *type,
                      const char *whole, const char *field_prefix)
{
    if (type->kind != WEIR_KIND_RECORD)
        add(columns, (struct column){.source = source, .type = type}, "", whole, "");
    for (size_t i = 0; type->kind == WEIR_KIND_RECORD && i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        add(columns, (struct column){.source = source, .type = field->type, .field = field}, field_prefix, field->name,
            "");
    }
}

static bool is_reserved(const struct columns *columns, const char *name)
{
    return has_name(columns, name) || sqlite3_stricmp(name, "timestamp") == 0 ||
           sqlite3_stricmp(name, "partition") == 0;
}

/* A field of the value that is named like something else of the row becomes value_<name>. */
static void add_value(struct columns *columns, const struct weir_type *type)
{
    if (type->kind != WEIR_KIND_RECORD) {
        add(columns, (struct column){.source = COLUMN_VALUE, .type = type}, "", "value", "");
        return;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        add(columns, (struct column){.source = COLUMN_VALUE, .type = field->type, .field = field},
            is_reserved(columns, field->name) ? "value_" : "", field->name, "");
    }
}

static void add_time(struct columns *columns, enum column_source source, const char *name)
{
    add(columns, (struct column){.source = source, .type = &time_type}, "", name, "");
}

static void add_hidden(struct columns *columns)
{
    size_t visible = columns->count;
    for (size_t i = 0; i < visible; i++) {
        struct column column = columns->items[i];
        bool is_time = column.type->kind == WEIR_KIND_TIMESTAMP;
        if (!is_time && column.type->kind != WEIR_KIND_DECIMAL)
            continue;
        column.is_number = true;
        add(columns, column, "", columns->items[i].name, is_time ? "_ms" : "_units");
    }
}

void columns_of(const struct weir_view_info *info, struct columns *columns)
{
    bool windowed = info->kind == WEIR_VIEW_WINDOW || info->kind == WEIR_VIEW_SESSION;
    *columns = (struct columns){.items = memory_new(COLUMNS_MAX * sizeof *columns->items)};
    add_typed(columns, COLUMN_KEY, info->key, "key", "key_");
    if (windowed) {
        add_time(columns, COLUMN_WINDOW_START, "window_start");
        add_time(columns, COLUMN_WINDOW_END, "window_end");
    }
    add_value(columns, info->value);
    add_time(columns, COLUMN_TIMESTAMP, "timestamp");
    add(columns, (struct column){.source = COLUMN_PARTITION, .type = &partition_type}, "", "partition", "");
    add_hidden(columns);
}

void columns_done(struct columns *columns)
{
    memory_free(columns->items);
    columns->items = NULL;
}

/* ---- as SQLite is told ------------------------------------------------------------------------------------------ */

const char *column_type(const struct column *column)
{
    if (column->is_number)
        return "INTEGER";
    switch (column->type->kind) {
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
        return "INTEGER";
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_DECIMAL:
        return "REAL";
    case WEIR_KIND_BYTES:
        return "BLOB";
    case WEIR_KIND_STRING:
    case WEIR_KIND_ENUM:
    case WEIR_KIND_TIMESTAMP:
        return "TEXT";
    case WEIR_KIND_JSON:
    case WEIR_KIND_RECORD:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return "JSON TEXT"; /* "JSON" alone would make numbers of texts that look like some */
    }
    return "";
}

static void write_name(struct buffer *out, const char *name)
{
    buffer_byte(out, '"');
    for (; *name; name++) {
        if (*name == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (unsigned char)*name);
    }
    buffer_byte(out, '"');
}

static bool identifies(const struct column *column)
{
    return !column->is_number && column->source != COLUMN_VALUE && column->source != COLUMN_TIMESTAMP;
}

/* A primary key instead of row numbers, which no store has: SQLite tells rows apart by it where it unites the rows of
 * several terms of an OR. */
void columns_declare(const struct columns *columns, struct buffer *out)
{
    buffer_text(out, "CREATE TABLE " COLUMNS_TABLE "(");
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->items[i];
        write_name(out, column->name);
        buffer_format(out, " %s%s, ", column_type(column), column->is_number ? " HIDDEN" : "");
    }
    buffer_text(out, "PRIMARY KEY(");
    const char *comma = "";
    for (size_t i = 0; i < columns->count; i++) {
        if (!identifies(&columns->items[i]))
            continue;
        buffer_text(out, comma);
        write_name(out, columns->items[i].name);
        comma = ",";
    }
    buffer_text(out, ")) WITHOUT ROWID");
    buffer_byte(out, 0);
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

static int64_t time_of(const struct column *column, const struct weir_row *row)
{
    return column->source == COLUMN_WINDOW_START ? row->window.start_ms
           : column->source == COLUMN_WINDOW_END ? row->window.end_ms
                                                 : row->timestamp_ms;
}

static void result_text(sqlite3_context *context, weir_bytes text)
{
    sqlite3_result_text64(context, text.data ? text.data : "", text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void result_json(const struct weir_type *type, const void *value, weir_arena *arena, sqlite3_context *context)
{
    weir_bytes text = weir_to_json(arena, type, value);
    const char *at = text.data;
    bool is_string =
        type->kind == WEIR_KIND_TIMESTAMP || type->kind == WEIR_KIND_ENUM || type->kind == WEIR_KIND_DECIMAL;
    if (is_string && text.size >= 2 && at[0] == '"') /* without escapes, in these types */
        text = (weir_bytes){at + 1, text.size - 2};
    result_text(context, text);
}

static void result_decimal(const struct weir_type *type, const void *value, weir_arena *arena, sqlite3_context *context)
{
    int64_t units = ((const weir_decimal *)value)->unscaled;
    double divisor = 1;
    if (units >= EXACT_UNITS || units <= -EXACT_UNITS || type->scale > SCALE_MAX) {
        result_json(type, value, arena, context);
        return;
    }
    for (int32_t i = 0; i < type->scale; i++)
        divisor *= 10;
    sqlite3_result_double(context, (double)units / divisor); /* both exact, so the quotient is the nearest double */
}

static void result_number(const struct column *column, const void *value, sqlite3_context *context)
{
    if (column->type->kind == WEIR_KIND_DECIMAL)
        sqlite3_result_int64(context, ((const weir_decimal *)value)->unscaled);
    else
        sqlite3_result_int64(context, *(const int64_t *)value);
}

static void result_value(const struct column *column, const void *value, weir_arena *arena, sqlite3_context *context)
{
    const struct weir_type *type = column->type;
    if (column->is_number) {
        result_number(column, value, context);
        return;
    }
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        sqlite3_result_int(context, *(const bool *)value);
        return;
    case WEIR_KIND_I32:
        sqlite3_result_int(context, *(const int32_t *)value);
        return;
    case WEIR_KIND_I64:
        sqlite3_result_int64(context, *(const int64_t *)value);
        return;
    case WEIR_KIND_FLOAT:
        sqlite3_result_double(context, (double)*(const float *)value);
        return;
    case WEIR_KIND_DOUBLE:
        sqlite3_result_double(context, *(const double *)value);
        return;
    case WEIR_KIND_STRING:
        result_text(context, *(const weir_bytes *)value);
        return;
    case WEIR_KIND_BYTES: {
        weir_bytes bytes = *(const weir_bytes *)value;
        sqlite3_result_blob64(context, bytes.data ? bytes.data : "", bytes.size, SQLITE_TRANSIENT);
        return;
    }
    case WEIR_KIND_DECIMAL:
        result_decimal(type, value, arena, context);
        return;
    case WEIR_KIND_ENUM:
    case WEIR_KIND_TIMESTAMP:
    case WEIR_KIND_JSON:
    case WEIR_KIND_RECORD:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        result_json(type, value, arena, context);
        return;
    }
}

static void result_time(const struct column *column, int64_t time_ms, weir_arena *arena, sqlite3_context *context)
{
    if (column->is_number)
        sqlite3_result_int64(context, time_ms);
    else
        result_json(column->type, &time_ms, arena, context);
}

static void result_field(const struct column *column, const char *record, weir_arena *arena, sqlite3_context *context)
{
    const struct weir_field *field = column->field;
    if (!field)
        result_value(column, record, arena, context);
    else if (field->presence == WEIR_NO_PRESENCE || *((const bool *)(const void *)record + field->presence))
        result_value(column, record + field->offset, arena, context);
}

void column_result(const struct column *column, const struct weir_row *row, weir_arena *arena, sqlite3_context *context)
{
    switch (column->source) {
    case COLUMN_KEY:
        result_field(column, row->key, arena, context);
        return;
    case COLUMN_VALUE:
        result_field(column, row->value, arena, context);
        return;
    case COLUMN_PARTITION:
        sqlite3_result_int(context, row->partition);
        return;
    case COLUMN_WINDOW_START:
    case COLUMN_WINDOW_END:
    case COLUMN_TIMESTAMP:
        result_time(column, time_of(column, row), arena, context);
        return;
    }
}
