/* catalog.c: see catalog.h. What the views are does not move while a query runs, so both tables are walked as they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/catalog.h"

#include "base/memory.h"
#include "sql/columns.h"

enum kind { VIEWS, COLUMNS };

static const char *const names[] = {"weir_views", "weir_columns"};
static const char *const declarations[] = {
    "CREATE TABLE " COLUMNS_TABLE
    "(name TEXT, kind TEXT, key_type TEXT, value_type TEXT, partitions INTEGER, partitions_here INTEGER,"
    " rows_approximate INTEGER, window_ms INTEGER, retention_ms INTEGER)",
    "CREATE TABLE " COLUMNS_TABLE "(view TEXT, position INTEGER, name TEXT, type TEXT, hidden INTEGER)",
};

struct catalog {
    sqlite3_vtab base;
    struct run *run;
    enum kind kind;
};

struct walk {
    sqlite3_vtab_cursor base;
    const struct run *run;
    enum kind kind;
    size_t view, column; /* at hand */
    struct columns columns;
    sqlite3_int64 row;
};

static int connect(sqlite3 *database, void *self, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
    (void)argc, (void)message;
    enum kind kind = sqlite3_stricmp(argv[0], names[VIEWS]) == 0 ? VIEWS : COLUMNS;
    struct catalog *catalog = memory_new(sizeof *catalog);
    catalog->run = self;
    catalog->kind = kind;
    *out = &catalog->base;
    return sqlite3_declare_vtab(database, declarations[kind]);
}

static int disconnect(sqlite3_vtab *base)
{
    memory_free(base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int open_walk(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    const struct catalog *catalog = (const struct catalog *)base;
    struct walk *walk = memory_new(sizeof *walk);
    walk->run = catalog->run;
    walk->kind = catalog->kind;
    *out = &walk->base;
    return SQLITE_OK;
}

static int close_walk(sqlite3_vtab_cursor *base)
{
    columns_done(&((struct walk *)base)->columns);
    memory_free(base);
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    const struct walk *walk = (const struct walk *)base;
    return walk->view >= walk->run->query->view_count;
}

static void load_columns(struct walk *walk)
{
    columns_done(&walk->columns);
    walk->column = 0;
    if (walk->kind == COLUMNS && !is_at_end(&walk->base))
        columns_of(&walk->run->query->views[walk->view].info, &walk->columns);
}

static int filter(sqlite3_vtab_cursor *base, int parts, const char *about, int count, sqlite3_value **values)
{
    (void)parts, (void)about, (void)count, (void)values;
    struct walk *walk = (struct walk *)base;
    walk->view = 0;
    walk->row = 0;
    load_columns(walk);
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct walk *walk = (struct walk *)base;
    walk->row++;
    if (walk->kind == COLUMNS && ++walk->column < walk->columns.count)
        return SQLITE_OK;
    walk->view++;
    load_columns(walk);
    return SQLITE_OK;
}

static void result_text(sqlite3_context *context, const char *text)
{
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void view_result(const struct weir_view_info *info, int i, sqlite3_context *context)
{
    static const char *const kinds[] = {[WEIR_VIEW_KEY_VALUE] = "key_value",
                                        [WEIR_VIEW_WINDOW] = "window",
                                        [WEIR_VIEW_SESSION] = "session",
                                        [WEIR_VIEW_GLOBAL] = "global",
                                        [WEIR_VIEW_VERSIONED] = "versioned"};
    const char *const texts[] = {info->name, kinds[info->kind], info->key->name, info->value->name};
    const int64_t numbers[] = {info->partitions, info->partitions_here, info->rows_approximate, info->window_ms,
                               info->retention_ms};
    if (i < 4)
        result_text(context, texts[i]);
    else
        sqlite3_result_int64(context, numbers[i - 4]);
}

static void column_result_of(const struct walk *walk, int i, sqlite3_context *context)
{
    const struct column *column = &walk->columns.items[walk->column];
    const char *const texts[] = {walk->run->query->views[walk->view].info.name, "", column->name, column_type(column)};
    if (i == 1)
        sqlite3_result_int64(context, (sqlite3_int64)walk->column + 1);
    else if (i == 4)
        sqlite3_result_int(context, column->is_number);
    else
        result_text(context, texts[i]);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
    const struct walk *walk = (const struct walk *)base;
    if (walk->kind == VIEWS)
        view_result(&walk->run->query->views[walk->view].info, i, context);
    else
        column_result_of(walk, i, context);
    return SQLITE_OK;
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((struct walk *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = open_walk,
    .xClose = close_walk,
    .xFilter = filter,
    .xNext = next,
    .xEof = is_at_end,
    .xColumn = column,
    .xRowid = row_number,
};

bool catalog_has(const char *name)
{
    return sqlite3_stricmp(name, names[VIEWS]) == 0 || sqlite3_stricmp(name, names[COLUMNS]) == 0;
}

bool catalog_register(struct run *run)
{
    return sqlite3_create_module_v2(run->database, names[VIEWS], &module, run, NULL) == SQLITE_OK &&
           sqlite3_create_module_v2(run->database, names[COLUMNS], &module, run, NULL) == SQLITE_OK;
}
