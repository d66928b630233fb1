/* table.c: see table.h. https://www.sqlite.org/vtab.html; eponymous tables: they are there without being created.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/table.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "sql/catalog.h"
#include "sql/plan.h"

struct connected {
    sqlite3_vtab base;
    struct table *table;
    struct columns columns;
};

struct head { /* the next row of one source, and its memory */
    weir_arena arena;
    struct weir_row row;
    bool is_there;
};

struct walk {
    sqlite3_vtab_cursor base;
    struct connected *connected;
    weir_arena plan; /* of the range */
    struct plan_range range;
    int64_t window_from_ms, window_to_ms; /* looked at here, row by row; 0: no bound */
    weir_cursor *cursor;                  /* over what is here */
    struct sql_rows *elsewhere;           /* NULL: everything is here */
    struct head here, there;
    struct head *row; /* the one at hand; NULL: none yet, or the end */
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

/* For EXPLAIN QUERY PLAN: the same is asked of other instances. */
static int tell_of_others(const struct table *table, sqlite3_index_info *info)
{
    const struct weir_view_info *view = &table->view->info;
    if (!table->run->query->others || view->kind == WEIR_VIEW_GLOBAL || view->partitions_here >= view->partitions)
        return SQLITE_OK;
    char *about = sqlite3_mprintf("%s, %d of %d partitions asked of others", info->idxStr,
                                  view->partitions - view->partitions_here, view->partitions);
    if (!about)
        return SQLITE_NOMEM;
    sqlite3_free(info->idxStr);
    info->idxStr = about;
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct connected *connected = (const struct connected *)base;
    int status = plan_choose(&connected->table->view->info, &connected->columns, info);
    return status == SQLITE_OK ? tell_of_others(connected->table, info) : status;
}

static int open_walk(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct walk *walk = memory_new(sizeof *walk);
    walk->connected = (struct connected *)base;
    arena_init(&walk->plan);
    arena_init(&walk->here.arena);
    arena_init(&walk->there.arena);
    *out = &walk->base;
    return SQLITE_OK;
}

static void close_sources(struct walk *walk)
{
    const struct sql_others *others = walk->connected->table->run->query->others;
    weir_cursor_close(walk->cursor);
    if (walk->elsewhere)
        others->close(walk->elsewhere);
    walk->cursor = NULL;
    walk->elsewhere = NULL;
    walk->row = NULL;
    walk->here.is_there = walk->there.is_there = false;
}

static int close_walk(sqlite3_vtab_cursor *base)
{
    struct walk *walk = (struct walk *)base;
    close_sources(walk);
    arena_done(&walk->plan);
    arena_done(&walk->here.arena);
    arena_done(&walk->there.arena);
    memory_free(walk);
    return SQLITE_OK;
}

/* Of a versioned view a query sees the newest version of each key. */
static bool is_wanted(const struct walk *walk)
{
    const struct weir_row *row = &walk->row->row;
    if (walk->connected->table->view->info.kind == WEIR_VIEW_VERSIONED)
        return row->window.end_ms == WEIR_VERSION_OPEN;
    bool session = walk->connected->table->view->info.kind == WEIR_VIEW_SESSION;
    int64_t lower = session ? row->window.end_ms : row->window.start_ms;
    return lower >= walk->window_from_ms && (walk->window_to_ms == 0 || row->window.start_ms <= walk->window_to_ms);
}

static bool fail(const struct walk *walk, const struct weir_error *error)
{
    enum sql_code code = error->code == WEIR_RETRY ? SQL_LATER : error->code == WEIR_FULL ? SQL_TOO_LARGE : SQL_FAILED;
    return run_stop(walk->connected->table->run, code, "%s", error->message);
}

/* False: it cannot be read. */
static bool advance(struct walk *walk, struct head *head)
{
    struct weir_error error = {0};
    arena_clear(&head->arena);
    if (head == &walk->here)
        head->is_there = weir_next(walk->cursor, &head->row, &error);
    else
        head->is_there =
            walk->connected->table->run->query->others->next(walk->elsewhere, &head->arena, &head->row, &error);
    return head->is_there || error.code == WEIR_OK || fail(walk, &error);
}

/* NULL: the end. */
static struct head *first_in_order(struct walk *walk)
{
    struct head *here = &walk->here, *there = &walk->there;
    if (!here->is_there || !there->is_there)
        return here->is_there ? here : there->is_there ? there : NULL;
    int order = bytes_compare(here->row.order, there->row.order);
    return (walk->range.range.descending ? order >= 0 : order <= 0) ? here : there;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct walk *walk = (struct walk *)base;
    do {
        if (walk->row && !advance(walk, walk->row))
            return SQLITE_ERROR;
        walk->row = first_in_order(walk);
        walk->is_done = !walk->row;
        if (walk->is_done)
            return SQLITE_OK;
        if (!run_count_row(walk->connected->table->run))
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

static bool may_go_on(void *run)
{
    return run_may_go_on(run);
}

/* The partition that alone can have the key. False: any can, or no single key is asked for. */
static bool is_in_one(const struct walk *walk, int32_t *partition)
{
    weir_view *view = walk->connected->table->view->view;
    const void *key = walk->range.range.from;
    if (!key || key != walk->range.range.to || !weir_view_is_hashed(view))
        return false;
    *partition = weir_view_partition(view, key);
    return true;
}

static void choose_one(const struct walk *walk, struct sql_question *question)
{
    const struct table *table = walk->connected->table;
    int32_t one;
    if (!is_in_one(walk, &one))
        return;
    question->partition_count = 0;
    for (size_t i = 0; i < table->elsewhere_count; i++) {
        if (table->elsewhere[i] != one)
            continue;
        question->partitions = &table->elsewhere[i];
        question->partition_count = 1;
    }
}

/* Asks others for what is not here. range: as the query wants it, with its windows. */
static bool open_elsewhere(struct walk *walk, const struct weir_range *range, struct weir_error *error)
{
    const struct table *table = walk->connected->table;
    const struct sql_others *others = table->run->query->others;
    struct sql_question question = {table->elsewhere, table->elsewhere_count, range, may_go_on, table->run};
    choose_one(walk, &question);
    if (question.partition_count == 0)
        return true;
    walk->elsewhere = others->open(others->self, table->view, &question, error);
    return walk->elsewhere != NULL;
}

static bool open_sources(struct walk *walk, bool has_key)
{
    const struct table *table = walk->connected->table;
    const struct weir_range wanted = walk->range.range;
    struct weir_error error = {0};
    if (!has_key)
        look_at_windows_here(walk);
    walk->cursor =
        weir_snapshot_scan(table->run->snapshot, table->view->view, &walk->here.arena, walk->range.range, &error);
    if (!walk->cursor || !open_elsewhere(walk, &wanted, &error))
        return fail(walk, &error);
    return advance(walk, &walk->here) && (!walk->elsewhere || advance(walk, &walk->there));
}

static int filter(sqlite3_vtab_cursor *base, int parts, const char *about, int count, sqlite3_value **values)
{
    (void)about, (void)count;
    struct walk *walk = (struct walk *)base;
    close_sources(walk);
    arena_clear(&walk->plan);
    walk->window_from_ms = walk->window_to_ms = 0;
    plan_fill(&walk->connected->table->view->info, &walk->connected->columns, parts, values, &walk->plan, &walk->range);
    walk->is_done = walk->range.is_empty;
    if (walk->is_done)
        return SQLITE_OK;
    return open_sources(walk, (parts & PLAN_KEY) != 0) ? next(base) : SQLITE_ERROR;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    return ((struct walk *)base)->is_done;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
    struct walk *walk = (struct walk *)base;
    column_result(&walk->connected->columns.items[i], &walk->row->row, &walk->row->arena, context);
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
