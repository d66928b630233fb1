/* sql.c: see sql.h; POST and GET /v1/sql.
 *
 * Queries have threads of their own, LIMIT_QUERIES of them with a low priority, and nobody waits for one: who comes when
 * all are busy is told 429. An answer is gathered whole, up to LIMIT_ROWS rows or LIMIT_PAGE_BYTES; beyond that it ends and
 * says so ("complete": false, X-Complete: false).
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/sql.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "http/far.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/seen.h"
#include "http/server.h"

struct answer {
    struct request *request;
    enum rows_form form;
    struct sql_column *columns; /* in the request's arena */
    size_t column_count, row_count;
    int64_t started_us;
    struct far far;
};

/* ---- cells ------------------------------------------------------------------------------------------------------ */

static void append(struct buffer *out, weir_bytes bytes)
{
    buffer_append(out, bytes.data, bytes.size);
}

/* JSON has no infinity. */
static void write_real(struct buffer *out, double real, weir_arena *arena)
{
    if (isfinite(real))
        append(out, weir_to_json(arena, &weir_double_type, &real));
    else
        buffer_text(out, "null");
}

static void write_json(struct buffer *out, const struct sql_value *value, weir_arena *arena)
{
    switch (value->type) {
    case SQL_NULL:
        buffer_text(out, "null");
        return;
    case SQL_INTEGER:
        json_integer(out, value->integer);
        return;
    case SQL_REAL:
        write_real(out, value->real, arena);
        return;
    case SQL_TEXT:
        json_string(out, value->bytes);
        return;
    case SQL_BLOB:
        append(out, weir_to_json(arena, &weir_bytes_type, &value->bytes));
        return;
    }
}

/* As in the other CSV answers: what JSON writes as a string stands without its quotes, NULL is empty. */
static void write_csv(struct buffer *out, const struct sql_value *value, weir_arena *arena)
{
    weir_bytes text;
    switch (value->type) {
    case SQL_NULL:
        return;
    case SQL_INTEGER:
        json_integer(out, value->integer);
        return;
    case SQL_REAL:
        write_real(out, value->real, arena);
        return;
    case SQL_TEXT:
        rows_write_cell(out, value->bytes, true);
        return;
    case SQL_BLOB:
        text = weir_to_json(arena, &weir_bytes_type, &value->bytes);
        rows_write_cell(out, (weir_bytes){(const char *)text.data + 1, text.size - 2}, true);
        return;
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static void write_columns(struct buffer *out, const struct sql_column *columns, size_t count)
{
    buffer_text(out, "{\"columns\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_text(out, columns[i].name);
        buffer_text(out, ",\"type\":");
        json_text(out, columns[i].type);
        buffer_byte(out, '}');
    }
    buffer_text(out, "],\"rows\":[");
}

static bool take_columns(void *self, const struct sql_column *columns, size_t count)
{
    struct answer *answer = self;
    struct buffer *out = &answer->request->response.body;
    answer->columns = arena_alloc(&answer->request->arena, (count + 1) * sizeof *columns);
    memcpy(answer->columns, columns, count * sizeof *columns);
    answer->column_count = count;
    if (answer->form == ROWS_JSON)
        write_columns(out, columns, count);
    for (size_t i = 0; answer->form == ROWS_CSV && i < count; i++) {
        buffer_text(out, i ? "," : "");
        rows_write_cell(out, bytes_of_text(columns[i].name), true);
    }
    if (answer->form == ROWS_CSV)
        buffer_text(out, "\r\n");
    return true;
}

static void write_row(struct answer *answer, const struct sql_value *values, size_t count, weir_arena *arena)
{
    struct buffer *out = &answer->request->response.body;
    if (answer->form == ROWS_JSON)
        buffer_text(out, answer->row_count ? ",[" : "[");
    else if (answer->form == ROWS_LINES)
        buffer_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? "," : "");
        if (answer->form == ROWS_CSV) {
            write_csv(out, &values[i], arena);
            continue;
        }
        if (answer->form == ROWS_LINES) {
            json_text(out, answer->columns[i].name);
            buffer_byte(out, ':');
        }
        write_json(out, &values[i], arena);
    }
    buffer_text(out, answer->form == ROWS_JSON ? "]" : answer->form == ROWS_LINES ? "}\n" : "\r\n");
}

static bool take_row(void *self, const struct sql_value *values, size_t count)
{
    struct answer *answer = self;
    if (answer->row_count == LIMIT_ROWS || answer->request->response.body.size > LIMIT_PAGE_BYTES)
        return false;
    weir_arena arena;
    arena_init(&arena);
    write_row(answer, values, count, &arena);
    arena_done(&arena);
    answer->row_count++;
    return true;
}

/* The connection is suspended, so nobody else reads from it: a client that has closed its side waits for nothing. */
static bool is_abandoned(void *self)
{
    const struct answer *answer = self;
    struct pollfd client = {.fd = answer->request->fd, .events = POLLRDHUP};
    if (atomic_load(&answer->request->server->stopping))
        return true;
    return poll(&client, 1, 0) > 0 && (client.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void write_position(struct buffer *out, const struct far *far, const struct sql_read *read)
{
    struct buffer text = {0};
    buffer_text(&text, read->position);
    far_write_position(far, read->view->view, &text);
    buffer_byte(&text, 0);
    json_position(out, text.data);
    buffer_done(&text);
}

static void write_reads(struct buffer *out, const struct far *far, const struct sql_result *result)
{
    for (size_t i = 0; i < result->read_count; i++) {
        const struct sql_read *read = &result->reads[i];
        buffer_text(out, i ? ",{\"view\":" : "{\"view\":");
        json_text(out, read->view->info.name);
        buffer_format(out, ",\"partitions\":%d,\"partitions_here\":%d,\"position\":", read->view->info.partitions,
                      read->here);
        write_position(out, far, read);
        buffer_byte(out, '}');
    }
}

static bool is_complete(const struct sql_result *result)
{
    for (size_t i = 0; i < result->read_count; i++)
        if (result->reads[i].partitions < result->reads[i].view->info.partitions)
            return false;
    return result->code == SQL_DONE;
}

static void finish(struct answer *answer, const struct sql_result *result)
{
    struct request *request = answer->request;
    struct buffer *out = &request->response.body;
    bool complete = is_complete(result);
    request->response.status = 200;
    request->response.media = answer->form == ROWS_CSV ? "text/csv; charset=utf-8" : request->media;
    request_add_header(request, "Vary", "Accept");
    if (!complete)
        request_add_header(request, "X-Complete", "false");
    if (answer->form != ROWS_JSON)
        return;
    buffer_format(out, "],\"complete\":%s,\"metadata\":{\"views\":[", complete ? "true" : "false");
    write_reads(out, &answer->far, result);
    buffer_format(out, "],\"rows\":%zu,\"rows_scanned\":%lld,\"elapsed_ms\":%lld,\"instance\":", answer->row_count,
                  (long long)result->scanned_rows,
                  (long long)((clock_monotonic_us(&clock_system) - answer->started_us) / 1000));
    json_text(out, request->server->instance);
    buffer_text(out, "}}\n");
}

static void refuse(struct request *request, const struct sql_result *result, const char *field)
{
    switch (result->code) {
    case SQL_PARAMETER:
        problem_at(request, PROBLEM_BAD_QUERY, "parameters", result->message);
        return;
    case SQL_TOO_LONG:
        problem_answer(request, PROBLEM_QUERY_TOO_LONG, "%s", result->message);
        return;
    case SQL_TOO_LARGE:
        problem_answer(request, PROBLEM_QUERY_TOO_LARGE, "%s", result->message);
        return;
    case SQL_ELSEWHERE:
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_ELSEWHERE, "%s; partial=allow answers from these.", result->message);
        return;
    case SQL_LATER:
    case SQL_ABANDONED:
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_UNAVAILABLE, "%s", result->message);
        return;
    case SQL_FAILED:
        problem_answer(request, PROBLEM_INTERNAL, "%s", result->message);
        return;
    case SQL_INVALID:
    case SQL_DONE:
    case SQL_ENOUGH:
        problem_at(request, PROBLEM_BAD_QUERY, field, result->message);
        return;
    }
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* Those that the one who asks may read, with the columns that they may see. */
static struct sql_view *all_views(struct request *request, size_t *count)
{
    struct weir_http *server = request->server;
    struct sql_view *views = arena_alloc(&request->arena, server->app_count * LIMIT_LISTED * sizeof *views);
    *count = 0;
    for (size_t i = 0; i < server->app_count; i++) {
        struct weir_view_info *infos = arena_alloc(&request->arena, LIMIT_LISTED * sizeof *infos);
        size_t found = weir_app_views(server->apps[i], infos, LIMIT_LISTED);
        for (size_t k = 0; k < found && k < LIMIT_LISTED; k++) {
            struct weir_error error = {0};
            if (!seen_may(request, infos[k].name))
                continue;
            const struct server_view *view = server_find_view(server, bytes_of_text(infos[k].name), &error);
            infos[k].value = seen_type(request, infos[k].name, infos[k].value);
            if (view && view->app == server->apps[i])
                views[(*count)++] = (struct sql_view){view->view, infos[k]};
        }
    }
    return views;
}

/* An instance does not ask another for a query in SQL, so one that says so is a client's. */
static bool asks_others(const struct request *request)
{
    const struct server_view any = {.app = request->server->apps[0]};
    return peer_routing(request, &any) != PEER_NONE;
}

void sql_answer(struct request *request, weir_bytes text, const char *field, const struct sql_parameter *parameters,
                size_t count)
{
    struct answer answer = {.request = request,
                            .form = rows_form(request),
                            .started_us = clock_monotonic_us(&clock_system),
                            .far.request = request};
    const struct sql_others others = far_others(&answer.far);
    struct sql_query query = {
        .text = text,
        .parameters = parameters,
        .parameter_count = count,
        .others = asks_others(request) ? &others : NULL,
        .partial = request_value(request, QUERY_PARTIAL)->number != 0,
        .limits = {LIMIT_QUERY_MS, LIMIT_QUERY_SCANNED_ROWS, request->server->query_bytes},
        .output = {&answer, take_columns, take_row, is_abandoned},
    };
    struct sql_result result;
    query.views = all_views(request, &query.view_count);
    if (sql_run(&query, &request->arena, &result) || result.code == SQL_ENOUGH)
        finish(&answer, &result);
    else
        refuse(request, &result, field);
    far_done(&answer.far);
}

/* ---- the body --------------------------------------------------------------------------------------------------- */

struct body {
    weir_bytes sql, parameters;
    bool has_parameters;
};
struct named {
    weir_bytes name, json;
};

static const struct weir_type json_type = {.name = "json", .kind = WEIR_KIND_JSON, .size = sizeof(weir_bytes)};
static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type list_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &json_type};
static const struct weir_type names_type = {
    .name = "map", .kind = WEIR_KIND_MAP, .size = sizeof(weir_array), .item = &json_type};
static const struct weir_field body_fields[] = {
    {"sql", &string_type, offsetof(struct body, sql), WEIR_NO_PRESENCE, NULL, NULL},
    {"parameters", &json_type, offsetof(struct body, parameters), offsetof(struct body, has_parameters), NULL, NULL},
};
static const struct weir_type body_type = {.name = "body",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct body),
                                           .fields = body_fields,
                                           .field_count = sizeof body_fields / sizeof *body_fields,
                                           .closed = true};

/* A JSON number as SQL has it: an integer where it is written as one and fits, else a real. */
static struct sql_value number_value(const char *text, size_t size)
{
    char *end = NULL;
    bool whole = !memchr(text, '.', size) && !memchr(text, 'e', size) && !memchr(text, 'E', size);
    errno = 0;
    long long integer = whole ? strtoll(text, &end, 10) : 0;
    if (whole && errno == 0)
        return (struct sql_value){.type = SQL_INTEGER, .integer = integer};
    return (struct sql_value){.type = SQL_REAL, .real = strtod(text, NULL)};
}

/* Arrays and objects are given as their text, for json_each and the like. */
static struct sql_value value_of_json(weir_arena *arena, weir_bytes json)
{
    const char *text = arena_bytes(arena, json).data; /* ends with NUL */
    struct weir_error error = {0};
    const weir_bytes *string;
    switch (text[0]) {
    case 'n':
        return (struct sql_value){.type = SQL_NULL};
    case 't':
    case 'f':
        return (struct sql_value){.type = SQL_INTEGER, .integer = text[0] == 't'};
    case '"':
        string = weir_from_json(arena, &string_type, json, &error);
        return (struct sql_value){.type = SQL_TEXT, .bytes = string ? *string : bytes_of_text("")};
    case '[':
    case '{':
        return (struct sql_value){.type = SQL_TEXT, .bytes = {text, json.size}};
    default:
        return number_value(text, json.size);
    }
}

static struct sql_parameter *listed(struct request *request, const weir_array *items)
{
    struct sql_parameter *parameters = arena_alloc(&request->arena, (items->count + 1) * sizeof *parameters);
    for (size_t i = 0; i < items->count; i++)
        parameters[i].value = value_of_json(&request->arena, ((const weir_bytes *)items->items)[i]);
    return parameters;
}

static struct sql_parameter *named(struct request *request, const weir_array *items)
{
    struct sql_parameter *parameters = arena_alloc(&request->arena, (items->count + 1) * sizeof *parameters);
    for (size_t i = 0; i < items->count; i++) {
        const struct named *item = &((const struct named *)items->items)[i];
        parameters[i].name = arena_bytes(&request->arena, item->name).data;
        parameters[i].value = value_of_json(&request->arena, item->json);
    }
    return parameters;
}

/* False: the problem is set. */
static bool read_parameters(struct request *request, weir_bytes json, struct sql_parameter **out, size_t *count)
{
    const char *at = json.data;
    struct weir_error error = {0};
    bool is_list = json.size && at[0] == '[';
    const weir_array *items = NULL;
    if (is_list || (json.size && at[0] == '{'))
        items = weir_from_json(&request->arena, is_list ? &list_type : &names_type, json, &error);
    if (!items) {
        problem_at(request, PROBLEM_BAD_BODY, "parameters", "expected an array or an object of values");
        return false;
    }
    *count = items->count;
    *out = is_list ? listed(request, items) : named(request, items);
    return true;
}

void handle_sql(struct request *request)
{
    struct weir_error error = {0};
    struct sql_parameter *parameters = NULL;
    size_t count = 0;
    const struct body *body = weir_from_json(&request->arena, &body_type, buffer_bytes(&request->body), &error);
    if (!body)
        problem_bad_body(request, error.message);
    else if (!body->has_parameters || read_parameters(request, body->parameters, &parameters, &count))
        sql_answer(request, body->sql, "sql", parameters, count);
}

void handle_sql_get(struct request *request)
{
    const struct query_value *text = request_value(request, QUERY_SQL);
    if (text->given)
        sql_answer(request, text->text, "q", NULL, 0);
    else
        problem_at(request, PROBLEM_BAD_PARAMETER, "q", "is missing: the query");
}
