/* run.c: see sql.h and run.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "sql/guard.h"
#include "sql/table.h"

enum { ROWS_BETWEEN_LOOKS = 256 };

/* ---- ends ------------------------------------------------------------------------------------------------------- */

bool run_stop(struct run *run, enum sql_code code, const char *format, ...)
{
    if (run->result->code != SQL_DONE)
        return false;
    va_list arguments;
    va_start(arguments, format);
    run->result->code = code;
    vsnprintf(run->result->message, sizeof run->result->message, format, arguments);
    va_end(arguments);
    return false;
}

size_t sql_memory_bytes(void)
{
    return (size_t)sqlite3_memory_used();
}

bool run_may_go_on(struct run *run)
{
    const struct sql_query *query = run->query;
    if (run->result->code != SQL_DONE)
        return false;
    if (clock_monotonic_us(&clock_system) > run->deadline_us)
        return run_stop(run, SQL_TOO_LONG, "the query took longer than %lld ms", (long long)query->limits.time_ms);
    if (sql_memory_bytes() > query->limits.memory_bytes)
        return run_stop(run, SQL_TOO_LARGE, "the query needs more memory than the %zu MiB that queries may have",
                        query->limits.memory_bytes >> 20);
    if (run->snapshot && weir_snapshot_is_wanted(run->snapshot))
        return run_stop(run, SQL_LATER, "tasks are coming or going on this instance");
    if (query->output.is_abandoned(query->output.self))
        return run_stop(run, SQL_ABANDONED, "the client is gone");
    return true;
}

bool run_count_row(struct run *run)
{
    uint64_t rows = (uint64_t)++run->result->scanned_rows;
    if (rows > run->query->limits.scanned_rows)
        return run_stop(run, SQL_TOO_LARGE, "the query looks at more than %llu rows: bound its keys or windows",
                        (unsigned long long)run->query->limits.scanned_rows);
    return rows % ROWS_BETWEEN_LOOKS != 0 || run_may_go_on(run);
}

/* What SQLite says, unless a reason of our own is behind it. */
static bool fail(struct run *run, int status)
{
    int at = sqlite3_error_offset(run->database);
    const char *message = sqlite3_errmsg(run->database);
    switch (status & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return run_stop(run, SQL_TOO_LARGE, "the query is too large: %.200s", message);
    case SQLITE_INTERNAL:
    case SQLITE_CORRUPT:
    case SQLITE_MISUSE:
        return run_stop(run, SQL_FAILED, "%.200s", message);
    default:
        return at >= 0 ? run_stop(run, SQL_INVALID, "%.200s, at byte %d", message, at)
                       : run_stop(run, SQL_INVALID, "%.200s", message);
    }
}

/* ---- preparing -------------------------------------------------------------------------------------------------- */

static bool open_database(struct run *run)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &run->database, flags, NULL) == SQLITE_OK && table_register_all(run) &&
        guard_set(run))
        return true;
    return run_stop(run, SQL_FAILED, "SQLite cannot be opened");
}

static bool prepare(struct run *run, const char *text, size_t size, const char **tail)
{
    sqlite3_finalize(run->statement);
    run->statement = NULL;
    int status = sqlite3_prepare_v3(run->database, text, (int)size, 0, &run->statement, tail);
    return status == SQLITE_OK || fail(run, status);
}

static bool check_alone(struct run *run, const char *tail, const char *end)
{
    sqlite3_stmt *more = NULL;
    int status = sqlite3_prepare_v3(run->database, tail, (int)(end - tail), 0, &more, NULL);
    bool alone = status == SQLITE_OK && !more;
    sqlite3_finalize(more);
    return alone || run_stop(run, SQL_INVALID, "more than one statement");
}

/* EXPLAIN alone would show the steps of SQLite's machine; what it is asked for here is the plan. */
static bool prepare_plan(struct run *run, const char *text)
{
    const char *at = text + strspn(text, " \t\r\n");
    const char *tail;
    if (strncasecmp(at, "explain", 7) != 0)
        return run_stop(run, SQL_INVALID, "EXPLAIN stands at the beginning");
    const char *plan = arena_format(run->arena, "EXPLAIN QUERY PLAN%s", at + 7);
    return prepare(run, plan, strlen(plan), &tail);
}

static bool prepare_query(struct run *run)
{
    weir_bytes text = arena_bytes(run->arena, run->query->text); /* ends with NUL */
    const char *tail = NULL;
    if (strlen(text.data) != text.size)
        return run_stop(run, SQL_INVALID, "a NUL byte");
    if (text.size > 64 * 1024)
        return run_stop(run, SQL_INVALID, "longer than 65536 bytes");
    if (!prepare(run, text.data, text.size, &tail))
        return false;
    if (!run->statement)
        return run_stop(run, SQL_INVALID, "there is no statement");
    if (!check_alone(run, tail, (const char *)text.data + text.size))
        return false;
    if (!sqlite3_stmt_readonly(run->statement) || sqlite3_column_count(run->statement) == 0)
        return run_stop(run, SQL_INVALID, "only SELECT is answered here");
    run->is_planning = sqlite3_stmt_isexplain(run->statement) != 0;
    return sqlite3_stmt_isexplain(run->statement) != 1 || prepare_plan(run, text.data);
}

/* ---- parameters ------------------------------------------------------------------------------------------------- */

static bool bind(struct run *run, int i, const struct sql_value *value)
{
    sqlite3_stmt *statement = run->statement;
    int status = SQLITE_OK;
    switch (value->type) {
    case SQL_NULL:
        status = sqlite3_bind_null(statement, i);
        break;
    case SQL_INTEGER:
        status = sqlite3_bind_int64(statement, i, value->integer);
        break;
    case SQL_REAL:
        status = sqlite3_bind_double(statement, i, value->real);
        break;
    case SQL_TEXT:
        status = sqlite3_bind_text64(statement, i, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case SQL_BLOB:
        status = sqlite3_bind_blob64(statement, i, value->bytes.data, value->bytes.size, SQLITE_STATIC);
        break;
    }
    return status == SQLITE_OK || fail(run, status);
}

static bool bind_by_place(struct run *run)
{
    size_t count = run->query->parameter_count, wanted = (size_t)sqlite3_bind_parameter_count(run->statement);
    if (count != wanted)
        return run_stop(run, SQL_PARAMETER, "the query has %zu parameters, %zu are given", wanted, count);
    for (size_t i = 0; i < count; i++)
        if (!bind(run, (int)i + 1, &run->query->parameters[i].value))
            return false;
    return true;
}

static const struct sql_parameter *parameter_named(const struct sql_query *query, const char *name)
{
    for (size_t i = 0; i < query->parameter_count; i++)
        if (strcmp(query->parameters[i].name, name) == 0)
            return &query->parameters[i];
    return NULL;
}

static bool is_in_query(const struct run *run, const char *name)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(run->statement); i++) {
        const char *own = sqlite3_bind_parameter_name(run->statement, i);
        if (own && strcmp(own + 1, name) == 0)
            return true;
    }
    return false;
}

static bool bind_by_name(struct run *run)
{
    const struct sql_query *query = run->query;
    for (int i = 1; i <= sqlite3_bind_parameter_count(run->statement); i++) {
        const char *name = sqlite3_bind_parameter_name(run->statement, i);
        const struct sql_parameter *parameter = name ? parameter_named(query, name + 1) : NULL;
        if (!name)
            return run_stop(run, SQL_PARAMETER, "parameter %d of the query has no name", i);
        if (!parameter)
            return run_stop(run, SQL_PARAMETER, "%.100s: is missing", name + 1);
        if (!bind(run, i, &parameter->value))
            return false;
    }
    for (size_t i = 0; i < query->parameter_count; i++)
        if (!is_in_query(run, query->parameters[i].name))
            return run_stop(run, SQL_PARAMETER, "%.100s: is not in the query", query->parameters[i].name);
    return true;
}

static bool bind_all(struct run *run)
{
    const struct sql_query *query = run->query;
    return query->parameter_count > 0 && query->parameters[0].name ? bind_by_name(run) : bind_by_place(run);
}

/* ---- views ------------------------------------------------------------------------------------------------------ */

static bool is_among(const int32_t *partitions, size_t count, int32_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (partitions[i] == partition)
            return true;
    return false;
}

/* Partitions that are not here and that somebody has. While a snapshot is open none comes or goes. */
static void find_elsewhere(struct run *run, struct table *table)
{
    const struct sql_view *view = table->view;
    const struct sql_others *others = run->query->others;
    size_t size = ((size_t)view->info.partitions + 1) * sizeof *table->elsewhere;
    int32_t *here = arena_alloc(run->arena, size);
    size_t count = weir_view_held(view->view, (struct weir_copies){0}, here);
    table->elsewhere = arena_alloc(run->arena, size);
    for (int32_t p = 0; p < view->info.partitions; p++)
        if (!is_among(here, count, p))
            table->elsewhere[table->elsewhere_count++] = p;
    table->elsewhere_count = others->reachable(others->self, view, table->elsewhere, table->elsewhere_count);
}

static bool note_read(struct run *run, struct table *table)
{
    const struct sql_view *view = table->view;
    struct sql_read *read = &run->result->reads[run->result->read_count++];
    read->view = view;
    read->position = weir_snapshot_position(run->snapshot, view->view, run->arena, &read->partitions);
    read->here = read->partitions;
    if (read->partitions < view->info.partitions && run->query->others && view->info.kind != WEIR_VIEW_GLOBAL)
        find_elsewhere(run, table);
    read->partitions += (int32_t)table->elsewhere_count;
    if (read->partitions >= view->info.partitions || run->query->partial)
        return true;
    return run_stop(run, SQL_ELSEWHERE, "%.100s: %d of %d partitions can be read", view->info.name, read->partitions,
                    view->info.partitions);
}

static bool open_snapshot(struct run *run)
{
    size_t count = 0, max = run->query->view_count;
    weir_view **views = arena_alloc(run->arena, (max + 1) * sizeof(weir_view *));
    struct weir_error error = {0};
    for (size_t i = 0; i < max; i++)
        if (run->tables[i].is_used)
            views[count++] = run->tables[i].view->view;
    run->snapshot = weir_snapshot_open(views, count, &error);
    if (!run->snapshot)
        return run_stop(run, error.code == WEIR_RETRY ? SQL_LATER : SQL_FAILED, "%s", error.message);
    run->result->reads = arena_alloc(run->arena, (count + 1) * sizeof *run->result->reads);
    for (size_t i = 0; i < max; i++)
        if (run->tables[i].is_used && !note_read(run, &run->tables[i]))
            return false;
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static const char *type_of(const struct run *run, int i, bool has_row)
{
    static const char *const names[] = {[SQLITE_INTEGER] = "integer",
                                        [SQLITE_FLOAT] = "real",
                                        [SQLITE_TEXT] = "text",
                                        [SQLITE_BLOB] = "blob",
                                        [SQLITE_NULL] = ""};
    const char *declared = sqlite3_column_decltype(run->statement, i);
    if (declared && strcmp(declared, "JSON TEXT") == 0)
        return "json";
    if (!declared)
        return has_row ? names[sqlite3_column_type(run->statement, i)] : "";
    char *lower = arena_text(run->arena, declared);
    for (char *at = lower; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    return lower;
}

static bool is_taken(const struct sql_column *columns, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return true;
    return false;
}

static const char *unique_name(const struct run *run, const struct sql_column *columns, int i)
{
    const char *name = arena_text(run->arena, sqlite3_column_name(run->statement, i)), *unique = name;
    for (int n = 2; is_taken(columns, i, unique); n++)
        unique = arena_format(run->arena, "%s_%d", name, n);
    return unique;
}

static bool give_columns(struct run *run, int count, bool has_row)
{
    struct sql_column *columns = arena_alloc(run->arena, ((size_t)count + 1) * sizeof *columns);
    for (int i = 0; i < count; i++)
        columns[i] = (struct sql_column){unique_name(run, columns, i), type_of(run, i, has_row)};
    return run->query->output.columns(run->query->output.self, columns, (size_t)count);
}

static struct sql_value value_of(sqlite3_stmt *statement, int i)
{
    switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
        return (struct sql_value){.type = SQL_INTEGER, .integer = sqlite3_column_int64(statement, i)};
    case SQLITE_FLOAT:
        return (struct sql_value){.type = SQL_REAL, .real = sqlite3_column_double(statement, i)};
    case SQLITE_TEXT: {
        const void *text = sqlite3_column_text(statement, i);
        return (struct sql_value){SQL_TEXT, .bytes = {text, (size_t)sqlite3_column_bytes(statement, i)}};
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(statement, i);
        return (struct sql_value){SQL_BLOB, .bytes = {blob, (size_t)sqlite3_column_bytes(statement, i)}};
    }
    default:
        return (struct sql_value){.type = SQL_NULL};
    }
}

static bool give_row(struct run *run, struct sql_value *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = value_of(run->statement, i);
    return run->query->output.row(run->query->output.self, values, (size_t)count);
}

static bool give_rows(struct run *run)
{
    int count = sqlite3_column_count(run->statement);
    struct sql_value *values = arena_alloc(run->arena, ((size_t)count + 1) * sizeof *values);
    int status = sqlite3_step(run->statement);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        return fail(run, status);
    if (!give_columns(run, count, status == SQLITE_ROW))
        return run_stop(run, SQL_ENOUGH, "enough");
    for (; status == SQLITE_ROW; status = sqlite3_step(run->statement))
        if (!give_row(run, values, count))
            return run_stop(run, SQL_ENOUGH, "enough");
    return status == SQLITE_DONE || fail(run, status);
}

static void close_all(struct run *run)
{
    sqlite3_finalize(run->statement);
    sqlite3_close(run->database);
    weir_snapshot_close(run->snapshot);
    memory_free(run->tables);
}

bool sql_run(const struct sql_query *query, weir_arena *arena, struct sql_result *result)
{
    struct run run = {.query = query, .arena = arena, .result = result};
    *result = (struct sql_result){0};
    run.deadline_us = clock_monotonic_us(&clock_system) + query->limits.time_ms * 1000;
    bool ok = open_database(&run) && prepare_query(&run) && bind_all(&run) &&
              (run.is_planning || open_snapshot(&run)) && give_rows(&run);
    close_all(&run);
    return ok;
}
