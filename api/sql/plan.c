/* plan.c: see plan.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/plan.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"

/* ---- choosing --------------------------------------------------------------------------------------------------- */

enum { KEY_COLUMNS_MAX = 16, UNUSED = -1 };

struct choice { /* indexes of constraints; UNUSED: there is none */
    int keys[KEY_COLUMNS_MAX];
    int key_from, key_to, key_glob, time_from, time_to, ms_from, ms_to;
};

static size_t key_columns(const struct columns *columns)
{
    size_t count = 0;
    while (count < columns->count && columns->items[count].source == COLUMN_KEY)
        count++;
    return count;
}

/* Keys are compared as bytes, so no other collation will do. */
static bool is_usable(sqlite3_index_info *info, int i)
{
    return info->aConstraint[i].usable && sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") == 0;
}

static bool is_scalar_key(const struct weir_view_info *view)
{
    return view->key->kind == WEIR_KIND_STRING || view->key->kind == WEIR_KIND_I32 || view->key->kind == WEIR_KIND_I64;
}

static void choose_key(const struct weir_view_info *view, int column, unsigned char op, int i, struct choice *choice)
{
    if (op == SQLITE_INDEX_CONSTRAINT_EQ && column < KEY_COLUMNS_MAX)
        choice->keys[column] = i;
    else if (!is_scalar_key(view))
        return;
    else if (op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_GT)
        choice->key_from = i;
    else if (op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT)
        choice->key_to = i;
    else if (op == SQLITE_INDEX_CONSTRAINT_GLOB && view->key->kind == WEIR_KIND_STRING)
        choice->key_glob = i;
}

/* Windows are found by their start. Of sessions those are found that reach into a span: by their end from below, by
 * their start from above. */
static void choose_time(const struct weir_view_info *view, const struct column *column, unsigned char op, int i,
                        struct choice *choice)
{
    enum column_source lower = view->kind == WEIR_VIEW_SESSION ? COLUMN_WINDOW_END : COLUMN_WINDOW_START;
    bool is_equal = op == SQLITE_INDEX_CONSTRAINT_EQ;
    bool from = is_equal || op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_GT;
    bool to = is_equal || op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT;
    if (column->source == lower && from)
        *(column->is_number ? &choice->ms_from : &choice->time_from) = i;
    if (column->source == COLUMN_WINDOW_START && to)
        *(column->is_number ? &choice->ms_to : &choice->time_to) = i;
}

static void choose(const struct weir_view_info *view, const struct columns *columns, sqlite3_index_info *info,
                   struct choice *choice)
{
    memset(choice, 0xff, sizeof *choice); /* UNUSED */
    for (int i = 0; i < info->nConstraint; i++) {
        int at = info->aConstraint[i].iColumn;
        if (!is_usable(info, i) || at < 0)
            continue;
        const struct column *column = &columns->items[at];
        if (column->source == COLUMN_KEY && !column->is_number)
            choose_key(view, at, info->aConstraint[i].op, i, choice);
        else if (column->source == COLUMN_WINDOW_START || column->source == COLUMN_WINDOW_END)
            choose_time(view, column, info->aConstraint[i].op, i, choice);
    }
}

struct planner {
    sqlite3_index_info *info;
    int values;
    sqlite3_str *about; /* for EXPLAIN QUERY PLAN */
    double rows;
};

static void take(struct planner *planner, int constraint, enum plan_part part, const char *about, double share)
{
    if (constraint == UNUSED)
        return;
    planner->info->aConstraintUsage[constraint].argvIndex = ++planner->values;
    planner->info->idxNum |= (int)part;
    sqlite3_str_appendf(planner->about, "%s%s", sqlite3_str_length(planner->about) ? " AND " : "", about);
    planner->rows *= share;
}

static bool has_whole_key(const struct choice *choice, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (i >= KEY_COLUMNS_MAX || choice->keys[i] == UNUSED)
            return false;
    return count > 0;
}

static void take_key(struct planner *planner, const struct weir_view_info *view, const struct choice *choice,
                     size_t count)
{
    if (has_whole_key(choice, count)) {
        for (size_t i = 0; i < count; i++)
            take(planner, choice->keys[i], PLAN_KEY, count > 1 ? "key column = ?" : "key = ?", 1);
        bool single = view->kind == WEIR_VIEW_KEY_VALUE || view->kind == WEIR_VIEW_GLOBAL;
        planner->rows = single ? 1 : planner->rows < 50 ? planner->rows : 50;
        return;
    }
    take(planner, choice->key_from, PLAN_KEY_FROM, "key >= ?", 0.5);
    take(planner, choice->key_to, PLAN_KEY_TO, "key <= ?", 0.5);
    if (choice->key_from == UNUSED && choice->key_to == UNUSED)
        take(planner, choice->key_glob, PLAN_KEY_GLOB, "key GLOB prefix", 0.1);
}

static void take_times(struct planner *planner, const struct weir_view_info *view, const struct choice *choice)
{
    const char *lower = view->kind == WEIR_VIEW_SESSION ? "window_end >= ?" : "window_start >= ?";
    if (choice->time_from != UNUSED && choice->time_from == choice->time_to) {
        take(planner, choice->time_from, PLAN_TIME, "window_start = ?", 0.1);
        return;
    }
    take(planner, choice->time_from, PLAN_TIME_FROM, lower, 0.5);
    take(planner, choice->time_to, PLAN_TIME_TO, "window_start <= ?", 0.5);
    if (choice->time_from != UNUSED || choice->time_to != UNUSED)
        return;
    if (choice->ms_from != UNUSED && choice->ms_from == choice->ms_to) {
        take(planner, choice->ms_from, PLAN_MS, "window_start = ?", 0.1);
        return;
    }
    take(planner, choice->ms_from, PLAN_MS_FROM, lower, 0.5);
    take(planner, choice->ms_to, PLAN_MS_TO, "window_start <= ?", 0.5);
}

/* Rows come in the order of their stored keys; of texts that is the order of SQL. */
static void take_order(struct planner *planner, const struct weir_view_info *view)
{
    sqlite3_index_info *info = planner->info;
    bool in_order =
        view->key->kind == WEIR_KIND_STRING && (view->kind == WEIR_VIEW_KEY_VALUE || view->kind == WEIR_VIEW_GLOBAL);
    if (!in_order || info->nOrderBy != 1 || info->aOrderBy[0].iColumn != 0)
        return;
    info->orderByConsumed = 1;
    if (!info->aOrderBy[0].desc)
        return;
    info->idxNum |= PLAN_DESCENDING;
    sqlite3_str_appendf(planner->about, "%skey descending", sqlite3_str_length(planner->about) ? ", " : "");
}

int plan_choose(const struct weir_view_info *view, const struct columns *columns, sqlite3_index_info *info)
{
    struct choice choice;
    struct planner planner = {.info = info, .about = sqlite3_str_new(NULL)};
    planner.rows = view->rows_approximate > 0 ? (double)view->rows_approximate : 1;
    choose(view, columns, info, &choice);
    take_key(&planner, view, &choice, key_columns(columns));
    take_times(&planner, view, &choice);
    if (sqlite3_str_length(planner.about) == 0)
        sqlite3_str_appendall(planner.about, "all rows");
    take_order(&planner, view);
    info->idxStr = sqlite3_str_finish(planner.about);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = (sqlite3_int64)planner.rows + 1;
    info->estimatedCost = planner.rows * 2 + 20;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- filling in ------------------------------------------------------------------------------------------------- */

enum fit {
    FIT_EXACT,
    FIT_NONE,
    FIT_UNKNOWN
}; /* the value as a key; equal to no key; compared in a way that keys are not */

/* Any number that SQL would compare with an integer. A fraction is rounded down. */
static enum fit read_integer(sqlite3_value *value, int64_t *out)
{
    int type = sqlite3_value_numeric_type(value);
    if (type == SQLITE_INTEGER) {
        *out = sqlite3_value_int64(value);
        return FIT_EXACT;
    }
    double real = type == SQLITE_FLOAT ? sqlite3_value_double(value) : (double)NAN;
    if (isnan(real) || real < -9.2e18 || real > 9.2e18)
        return FIT_UNKNOWN;
    *out = (int64_t)floor(real);
    return (double)*out == real ? FIT_EXACT : FIT_NONE;
}

static enum fit read_text(sqlite3_value *value, weir_arena *arena, weir_bytes *out)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT)
        return FIT_UNKNOWN;
    const void *text = sqlite3_value_text(value);
    *out = arena_bytes(arena, (weir_bytes){text, (size_t)sqlite3_value_bytes(value)});
    return FIT_EXACT;
}

static enum fit read_scalar(const struct weir_type *type, sqlite3_value *value, weir_arena *arena, void *out)
{
    int64_t number = 0;
    enum fit fit;
    switch (type->kind) {
    case WEIR_KIND_STRING:
        return read_text(value, arena, out);
    case WEIR_KIND_I64:
        return read_integer(value, out);
    case WEIR_KIND_I32:
        fit = read_integer(value, &number);
        if (fit != FIT_EXACT)
            return fit;
        *(int32_t *)out = (int32_t)number;
        return number == (int32_t)number ? FIT_EXACT : FIT_NONE;
    default:
        return FIT_UNKNOWN;
    }
}

static enum fit read_key(const struct weir_type *type, const struct columns *columns, sqlite3_value **values,
                         weir_arena *arena, void *out)
{
    enum fit fit = FIT_EXACT;
    if (type->kind != WEIR_KIND_RECORD)
        return read_scalar(type, values[0], arena, out);
    for (size_t i = 0; i < type->field_count && fit == FIT_EXACT; i++) {
        const struct weir_field *field = columns->items[i].field;
        fit = read_scalar(field->type, values[i], arena, (char *)out + field->offset);
        if (field->presence != WEIR_NO_PRESENCE)
            *(bool *)(void *)((char *)out + field->presence) = true;
    }
    return fit;
}

static void fill_key(const struct weir_view_info *view, const struct columns *columns, sqlite3_value **values,
                     weir_arena *arena, struct plan_range *out)
{
    void *key = arena_alloc(arena, view->key->size);
    enum fit fit = read_key(view->key, columns, values, arena, key);
    if (fit == FIT_EXACT)
        out->range.from = out->range.to = key;
    out->is_empty = fit == FIT_NONE;
}

static const void *bound_of(const struct weir_type *type, sqlite3_value *value, weir_arena *arena)
{
    void *key = arena_alloc(arena, type->size);
    if (type->kind == WEIR_KIND_STRING)
        return read_text(value, arena, key) == FIT_EXACT ? key : NULL;
    int64_t number;
    if (read_integer(value, &number) == FIT_UNKNOWN || number < 0) /* a fraction is rounded down: the range is wider */
        return NULL;
    if (type->kind == WEIR_KIND_I64)
        *(int64_t *)key = number;
    else
        *(int32_t *)key = number > INT32_MAX ? INT32_MAX : (int32_t)number;
    return key;
}

/* Numbers are stored big-endian, so the negative ones come last: only a lower bound that leaves them out bounds bytes. */
static void fill_key_range(const struct weir_view_info *view, sqlite3_value *from, sqlite3_value *to, weir_arena *arena,
                           struct plan_range *out)
{
    out->range.from = from ? bound_of(view->key, from, arena) : NULL;
    out->range.to = to ? bound_of(view->key, to, arena) : NULL;
    if (view->key->kind != WEIR_KIND_STRING && !out->range.from)
        out->range.to = NULL;
}

static void fill_glob(sqlite3_value *value, weir_arena *arena, struct plan_range *out)
{
    weir_bytes pattern;
    if (read_text(value, arena, &pattern) != FIT_EXACT)
        return;
    out->range.prefix = (weir_bytes){pattern.data, strcspn(pattern.data, "*?[")};
    if (out->range.prefix.size == 0)
        out->range.prefix = (weir_bytes){0};
}

static bool is_before(weir_arena *arena, int64_t ms, weir_bytes text)
{
    static const struct weir_type type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
    weir_bytes json = weir_to_json(arena, &type, &ms);
    return bytes_compare((weir_bytes){(const char *)json.data + 1, json.size - 2}, text) < 0;
}

/* The first moment whose text does not come before the given one. Times are compared as texts, so any text has its place
 * among them ("2024-12-04" is the midnight it begins with), and halving finds it. */
static int64_t first_not_before(weir_arena *arena, weir_bytes text)
{
    int64_t low = 0, high = INT64_C(253402300799999); /* the years 1970 to 9999 */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (is_before(arena, middle, text))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool read_time(sqlite3_value *value, bool is_number, weir_arena *arena, int64_t *ms)
{
    weir_bytes text;
    if (is_number)
        return read_integer(value, ms) != FIT_UNKNOWN;
    if (read_text(value, arena, &text) != FIT_EXACT)
        return false;
    *ms = first_not_before(arena, text);
    return true;
}

enum side { SIDE_LOWER = 1, SIDE_UPPER = 2 };

/* In weir_range a bound of zero is none. */
static void fill_time(sqlite3_value *value, bool is_number, int sides, weir_arena *arena, struct plan_range *out)
{
    int64_t ms;
    if (!read_time(value, is_number, arena, &ms))
        return;
    if (sides & SIDE_LOWER)
        out->range.window_from_ms = ms > 0 ? ms : 0;
    if (sides & SIDE_UPPER)
        out->range.window_to_ms = ms > 0 ? ms : 1;
}

static void fill_times(int parts, sqlite3_value **values, weir_arena *arena, struct plan_range *out)
{
    if (parts & PLAN_TIME)
        fill_time(*values++, false, SIDE_LOWER | SIDE_UPPER, arena, out);
    if (parts & PLAN_TIME_FROM)
        fill_time(*values++, false, SIDE_LOWER, arena, out);
    if (parts & PLAN_TIME_TO)
        fill_time(*values++, false, SIDE_UPPER, arena, out);
    if (parts & PLAN_MS)
        fill_time(*values++, true, SIDE_LOWER | SIDE_UPPER, arena, out);
    if (parts & PLAN_MS_FROM)
        fill_time(*values++, true, SIDE_LOWER, arena, out);
    if (parts & PLAN_MS_TO)
        fill_time(*values++, true, SIDE_UPPER, arena, out);
}

static bool has_null(sqlite3_value **values, int count)
{
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            return true;
    return false;
}

static int count_values(const struct columns *columns, int parts)
{
    int count = parts & PLAN_KEY ? (int)key_columns(columns) : 0;
    for (int part = PLAN_KEY_FROM; part < PLAN_DESCENDING; part <<= 1)
        count += (parts & part) != 0;
    return count;
}

void plan_fill(const struct weir_view_info *view, const struct columns *columns, int parts, sqlite3_value **values,
               weir_arena *arena, struct plan_range *out)
{
    *out = (struct plan_range){.range.descending = (parts & PLAN_DESCENDING) != 0};
    if (has_null(values, count_values(columns, parts))) { /* nothing compares with NULL */
        out->is_empty = true;
        return;
    }
    if (parts & PLAN_KEY) {
        fill_key(view, columns, values, arena, out);
        values += key_columns(columns);
    }
    sqlite3_value *from = parts & PLAN_KEY_FROM ? *values++ : NULL;
    sqlite3_value *to = parts & PLAN_KEY_TO ? *values++ : NULL;
    if (from || to)
        fill_key_range(view, from, to, arena, out);
    if (parts & PLAN_KEY_GLOB)
        fill_glob(*values++, arena, out);
    fill_times(parts, values, arena, out);
}
