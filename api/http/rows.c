/* rows.c: see rows.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/rows.h"

#include <string.h>

#include "base/bytes.h"
#include "http/json.h"
#include "http/time.h"

enum rows_form rows_form(const struct request *request)
{
    if (strcmp(request->media, "text/csv") == 0)
        return ROWS_CSV;
    return strcmp(request->media, "application/x-ndjson") == 0 ? ROWS_LINES : ROWS_JSON;
}

static void append(struct buffer *out, weir_bytes bytes)
{
    buffer_append(out, bytes.data, bytes.size);
}

static void write_key(struct buffer *out, weir_arena *arena, const struct weir_type *type, const void *key)
{
    if (type->kind == WEIR_KIND_STRING)
        json_string(out, *(const weir_bytes *)key);
    else
        append(out, weir_to_json(arena, type, key));
}

void rows_write_members(struct buffer *out, weir_arena *arena, const struct weir_view_info *info,
                        const struct weir_row *row, weir_bytes value)
{
    buffer_text(out, "\"key\":");
    write_key(out, arena, info->key, row->key);
    buffer_text(out, ",\"value\":");
    append(out, value);
    buffer_text(out, ",\"timestamp\":");
    json_time(out, row->timestamp_ms);
    if (rows_are_windowed(info)) {
        buffer_text(out, ",\"window\":{\"start\":");
        json_time(out, row->window.start_ms);
        buffer_text(out, ",\"end\":");
        json_time(out, row->window.end_ms);
        buffer_byte(out, '}');
    } else if (info->kind == WEIR_VIEW_VERSIONED) {
        buffer_text(out, ",\"valid\":{\"from\":");
        json_time(out, row->window.start_ms);
        buffer_text(out, ",\"to\":");
        if (row->window.end_ms == WEIR_VERSION_OPEN)
            buffer_text(out, "null");
        else
            json_time(out, row->window.end_ms);
        buffer_byte(out, '}');
    }
}

void rows_write_json(struct request *request, const struct weir_view_info *info, const struct weir_row *row)
{
    buffer_byte(&request->response.body, '{');
    rows_write_members(&request->response.body, &request->arena, info, row,
                       weir_to_json(&request->arena, info->value, row->value));
    buffer_byte(&request->response.body, '}');
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

static const char *const reserved[] = {"key",      "window_start", "window_end", "valid_from",
                                       "valid_to", "timestamp",    "partition"};

static const char formula_starts[] = {'=', '+', '-', '@', '\t', '\r'};

void rows_write_cell(struct buffer *out, weir_bytes text, bool is_string)
{
    const char *at = text.data;
    bool formula = is_string && text.size && memchr(formula_starts, at[0], sizeof formula_starts);
    bool quote = false;
    for (size_t i = 0; i < text.size && !quote; i++)
        quote = at[i] == '"' || at[i] == ',' || at[i] == '\n' || at[i] == '\r';
    if (quote)
        buffer_byte(out, '"');
    if (formula)
        buffer_byte(out, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (unsigned char)at[i]);
    }
    if (quote)
        buffer_byte(out, '"');
}

/* Strings as they are; what JSON writes as a string without escapes (times, symbols, bytes) without its quotes. */
static void write_value_cell(struct request *request, const struct weir_type *type, const void *value)
{
    struct buffer *out = &request->response.body;
    if (type->kind == WEIR_KIND_STRING) {
        rows_write_cell(out, *(const weir_bytes *)value, true);
        return;
    }
    weir_bytes text = weir_to_json(&request->arena, type, value);
    const char *at = text.data;
    bool flat = type->kind == WEIR_KIND_TIMESTAMP || type->kind == WEIR_KIND_ENUM || type->kind == WEIR_KIND_BYTES ||
                type->kind == WEIR_KIND_DECIMAL;
    if (flat && text.size >= 2 && at[0] == '"')
        text = (weir_bytes){at + 1, text.size - 2};
    rows_write_cell(out, text, flat);
}

static void write_time_cell(struct buffer *out, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 1];
    time_text(ms, text);
    buffer_text(out, text);
}

static void write_column_name(struct buffer *out, const char *prefix, const char *name)
{
    bool clashes = strcmp(prefix, "key") == 0;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        clashes = clashes || strcmp(name, reserved[i]) == 0;
    if (clashes) {
        buffer_text(out, prefix);
        buffer_byte(out, '.');
    }
    rows_write_cell(out, bytes_of_text(name), true);
}

static void write_column_names(struct buffer *out, const char *prefix, const struct weir_type *type)
{
    if (type->kind != WEIR_KIND_RECORD) {
        buffer_text(out, prefix);
        return;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        buffer_text(out, i ? "," : "");
        write_column_name(out, prefix, type->fields[i].name);
    }
}

void rows_write_csv_header(struct buffer *out, const struct weir_view_info *info)
{
    write_column_names(out, "key", info->key);
    buffer_text(out, info->kind == WEIR_VIEW_VERSIONED ? ",valid_from,valid_to,"
                     : rows_are_windowed(info)         ? ",window_start,window_end,"
                                                       : ",");
    write_column_names(out, "value", info->value);
    buffer_text(out, ",timestamp,partition\r\n");
}

static bool is_there(const struct weir_field *field, const void *record)
{
    return field->presence == WEIR_NO_PRESENCE || *((const bool *)record + field->presence);
}

static void write_cells(struct request *request, const struct weir_type *type, const void *value)
{
    if (type->kind != WEIR_KIND_RECORD) {
        write_value_cell(request, type, value);
        return;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        buffer_text(&request->response.body, i ? "," : "");
        if (is_there(field, value))
            write_value_cell(request, field->type, (const char *)value + field->offset);
    }
}

void rows_write_csv(struct request *request, const struct weir_view_info *info, const struct weir_row *row)
{
    struct buffer *out = &request->response.body;
    write_cells(request, info->key, row->key);
    buffer_byte(out, ',');
    if (rows_are_windowed(info) || info->kind == WEIR_VIEW_VERSIONED) {
        bool is_open = info->kind == WEIR_VIEW_VERSIONED && row->window.end_ms == WEIR_VERSION_OPEN;
        write_time_cell(out, row->window.start_ms);
        buffer_byte(out, ',');
        if (!is_open)
            write_time_cell(out, row->window.end_ms);
        buffer_byte(out, ',');
    }
    write_cells(request, info->value, row->value);
    buffer_byte(out, ',');
    write_time_cell(out, row->timestamp_ms);
    buffer_byte(out, ',');
    json_integer(out, row->partition);
    buffer_text(out, "\r\n");
}
