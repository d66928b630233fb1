/* guard.c: see guard.h. https://www.sqlite.org/security.html, "untrusted SQL inputs".
 *
 * There is nothing to write to: the database is empty and in memory. So the guard is about reaching out of it (ATTACH,
 * PRAGMA, extensions), about tables of SQLite's own, and about queries that cost more than their text shows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/guard.h"

#include <string.h>

#include "sql/catalog.h"
#include "sql/columns.h"
#include "sql/table.h"

enum { STEPS_BETWEEN_LOOKS = 2000 }; /* of SQLite's machine: some 100 microseconds */

static const int limits[][2] = {
    {SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024}, /* bytes of a text, a blob or a row */
    {SQLITE_LIMIT_SQL_LENGTH, 64 * 1024},
    {SQLITE_LIMIT_COLUMN, 1000},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100 * 1000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000}, /* a pattern may take the square of its length */
    {SQLITE_LIMIT_VARIABLE_NUMBER, 1000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static bool is_view(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->query->view_count; i++) {
        const char *own = run->query->views[i].info.name;
        size_t size = strlen(own);
        bool same = strlen(name) == size;
        for (size_t k = 0; same && k < size; k++) {
            char plain[2] = {own[k], 0}, other[2] = {name[k], 0};
            same = sqlite3_stricmp(plain, other) == 0 || other[0] == '_';
        }
        if (same)
            return true;
    }
    return false;
}

/* SQLite asks for these where a virtual table declares its columns. A statement that writes there is not read-only and so
 * never runs (run.c); the table itself is empty. */
static bool is_schema(const char *table)
{
    return sqlite3_stricmp(table, "sqlite_master") == 0;
}

/* Counting rows names no column; what is counted may be a common table expression, which SQLite does not tell from a
 * table here. Where columns are read, it does. */
static bool may_read(const struct run *run, const char *table, const char *column)
{
    return !column[0] || (is_schema(table) && strcmp(column, "ROWID") == 0) || catalog_has(table) ||
           strcmp(table, COLUMNS_TABLE) == 0 || sqlite3_stricmp(table, "json_each") == 0 ||
           sqlite3_stricmp(table, "json_tree") == 0 || is_view(run, table);
}

static bool may_call(const char *function)
{
    static const char *const refused[] = {"load_extension", "sqlite_log", "fts3_tokenizer", "rtreecheck"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (sqlite3_stricmp(function, refused[i]) == 0)
            return false;
    return true;
}

static int authorize(void *self, int action, const char *first, const char *second, const char *schema,
                     const char *trigger)
{
    (void)schema, (void)trigger;
    struct run *run = self;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        if (may_read(run, first, second))
            return SQLITE_OK;
        run_stop(run, SQL_INVALID, "there is no view \"%.100s\"", first);
        return SQLITE_DENY;
    case SQLITE_FUNCTION:
        if (may_call(second))
            return SQLITE_OK;
        run_stop(run, SQL_INVALID, "the function %.100s is not to be had here", second);
        return SQLITE_DENY;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
        if (is_schema(first))
            return SQLITE_OK;
        run_stop(run, SQL_INVALID, "only SELECT is answered here");
        return SQLITE_DENY;
    default:
        run_stop(run, SQL_INVALID, "only SELECT is answered here");
        return SQLITE_DENY;
    }
}

static int look_around(void *self)
{
    return !run_may_go_on(self);
}

bool guard_set(struct run *run)
{
    sqlite3 *database = run->database;
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is a name, never a text */
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(database, limits[i][0], limits[i][1]);
    /* What is sorted or grouped stays in memory, and so within its limit. */
    bool ok = sqlite3_exec(database, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_progress_handler(database, STEPS_BETWEEN_LOOKS, look_around, run);
    return ok && sqlite3_set_authorizer(database, authorize, run) == SQLITE_OK;
}
