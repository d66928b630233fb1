/* table.c: see table.h. https://www.sqlite.org/vtab.html; eponymous tables: they are there without being created.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/table.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "sql/catalog.h"
#include "sql/plan.h"

struct connected {
    sqlite3_vtab base;
    struct table *table;
    struct columns columns;
};

struct walk {
    sqlite3_vtab_cursor base;
    struct connected *connected;
    weir_arena plan, row_arena; /* of the range; of the row at hand */
    struct plan_range range;
    int64_t window_from_ms, window_to_ms; /* looked at here, row by row; 0: no bound */
    weir_cursor *cursor;
    struct weir_row row;
    bool is_done;
};

static int connect(sqlite3 *database, void *self, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
    (void)argc, (void)argv, (void)message;
    struct connected *connected = memory_new(sizeof *connected);
    struct buffer declaration = {0};
    connected->table = self;
    connected->table->is_used = true;
    columns_of(&connected->table->view->info, &connected->columns);
    columns_declare(&connected->columns, &declaration);
    int status = sqlite3_declare_vtab(database, declaration.data);
    buffer_done(&declaration);
    *out = &connected->base;
    if (status == SQLITE_OK)
        return SQLITE_OK;
    *out = NULL;
    columns_done(&connected->columns);
    memory_free(connected);
    return status;
}

static int disconnect(sqlite3_vtab *base)
{
    struct connected *connected = (struct connected *)base;
    columns_done(&connected->columns);
    memory_free(connected);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct connected *connected = (const struct connected *)base;
    return plan_choose(&connected->table->view->info, &connected->columns, info);
}

static int open_walk(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct walk *walk = memory_new(sizeof *walk);
    walk->connected = (struct connected *)base;
    arena_init(&walk->plan);
    arena_init(&walk->row_arena);
    *out = &walk->base;
    return SQLITE_OK;
}

static int close_walk(sqlite3_vtab_cursor *base)
{
    struct walk *walk = (struct walk *)base;
    weir_cursor_close(walk->cursor);
    arena_done(&walk->plan);
    arena_done(&walk->row_arena);
    memory_free(walk);
    return SQLITE_OK;
}

/* Of a versioned view a query sees the newest version of each key. */
static bool is_wanted(const struct walk *walk)
{
    if (walk->connected->table->view->info.kind == WEIR_VIEW_VERSIONED)
        return walk->row.window.end_ms == WEIR_VERSION_OPEN;
    bool session = walk->connected->table->view->info.kind == WEIR_VIEW_SESSION;
    int64_t lower = session ? walk->row.window.end_ms : walk->row.window.start_ms;
    return lower >= walk->window_from_ms &&
           (walk->window_to_ms == 0 || walk->row.window.start_ms <= walk->window_to_ms);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct walk *walk = (struct walk *)base;
    struct run *run = walk->connected->table->run;
    struct weir_error error = {0};
    do {
        arena_clear(&walk->row_arena);
        if (!weir_next(walk->cursor, &walk->row, &error)) {
            walk->is_done = true;
            if (error.code == WEIR_OK)
                return SQLITE_OK;
            run_stop(run, error.code == WEIR_RETRY ? SQL_LATER : SQL_FAILED, "%s", error.message);
            return SQLITE_ERROR;
        }
        if (!run_count_row(run))
            return SQLITE_INTERRUPT;
    } while (!is_wanted(walk));
    return SQLITE_OK;
}

/* Without its key a view finds windows by looking at every row, which is done here, where a query can be ended. */
static void look_at_windows_here(struct walk *walk)
{
    struct weir_range *range = &walk->range.range;
    walk->window_from_ms = range->window_from_ms;
    walk->window_to_ms = range->window_to_ms;
    range->window_from_ms = range->window_to_ms = 0;
}

static int filter(sqlite3_vtab_cursor *base, int parts, const char *about, int count, sqlite3_value **values)
{
    (void)about, (void)count;
    struct walk *walk = (struct walk *)base;
    const struct table *table = walk->connected->table;
    struct weir_error error = {0};
    weir_cursor_close(walk->cursor);
    walk->cursor = NULL;
    arena_clear(&walk->plan);
    walk->window_from_ms = walk->window_to_ms = 0;
    plan_fill(&table->view->info, &walk->connected->columns, parts, values, &walk->plan, &walk->range);
    walk->is_done = walk->range.is_empty;
    if (walk->is_done)
        return SQLITE_OK;
    if (!(parts & PLAN_KEY))
        look_at_windows_here(walk);
    walk->cursor =
        weir_snapshot_scan(table->run->snapshot, table->view->view, &walk->row_arena, walk->range.range, &error);
    if (walk->cursor)
        return next(base);
    run_stop(table->run, error.code == WEIR_RETRY ? SQL_LATER : SQL_FAILED, "%s", error.message);
    return SQLITE_ERROR;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    return ((struct walk *)base)->is_done;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
    struct walk *walk = (struct walk *)base;
    column_result(&walk->connected->columns.items[i], &walk->row, &walk->row_arena, context);
    return SQLITE_OK;
}

/* Never asked for: the tables have primary keys in place of row numbers. */
static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    (void)base;
    *out = 0;
    return SQLITE_ERROR;
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

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_taken(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->query->view_count; i++)
        if (sqlite3_stricmp(run->query->views[i].info.name, name) == 0)
            return true;
    return catalog_has(name);
}

/* customer-totals can be written as customer_totals, where no view is called that. */
static bool register_plain(struct run *run, size_t i)
{
    char name[256];
    const char *own = run->query->views[i].info.name;
    size_t size = strlen(own);
    if (size >= sizeof name)
        return true;
    for (size_t k = 0; k <= size; k++)
        name[k] = !own[k] || isalnum((unsigned char)own[k]) ? own[k] : '_';
    if (strcmp(name, own) == 0 || is_taken(run, name))
        return true;
    return sqlite3_create_module_v2(run->database, name, &module, &run->tables[i], NULL) == SQLITE_OK;
}

bool table_register_all(struct run *run)
{
    const struct sql_query *query = run->query;
    bool ok = true;
    run->tables = memory_new((query->view_count + 1) * sizeof *run->tables);
    for (size_t i = 0; i < query->view_count && ok; i++) {
        run->tables[i] = (struct table){.run = run, .view = &query->views[i]};
        ok = register_plain(run, i);
    }
    for (size_t i = query->view_count; i-- > 0 && ok;) /* of two with one name the first stays */
        ok = sqlite3_create_module_v2(run->database, query->views[i].info.name, &module, &run->tables[i], NULL) ==
             SQLITE_OK;
    return ok && catalog_register(run);
}
