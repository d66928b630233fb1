/* problem.c: see problem.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "http/handlers.h"
#include "http/json.h"

#define PROBLEM_MEDIA "application/problem+json"

static const struct problem_row rows[PROBLEM_COUNT] = {
    [PROBLEM_BAD_REQUEST] = {400, "bad-request", "The request is malformed"},
    [PROBLEM_BAD_PARAMETER] = {400, "bad-parameter", "A query parameter is wrong"},
    [PROBLEM_BAD_KEY] = {422, "bad-key", "The key is not of the view's key type"},
    [PROBLEM_BAD_RANGE] = {422, "bad-range", "The range is empty or contradicts itself"},
    [PROBLEM_BAD_CURSOR] = {422, "bad-cursor", "The cursor does not belong to this query"},
    [PROBLEM_BAD_POSITION] = {422, "bad-position", "The position is malformed or not of this view"},
    [PROBLEM_BAD_BODY] = {400, "bad-body", "The body is not what this resource takes"},
    [PROBLEM_BAD_QUERY] = {400, "bad-query", "The query cannot be answered as it is"},
    [PROBLEM_UNAUTHENTICATED] = {401, "unauthenticated", "Nobody knows who asks"},
    [PROBLEM_FORBIDDEN] = {403, "forbidden", "The one who asks may not do this"},
    [PROBLEM_NOT_FOUND] = {404, "not-found", "There is nothing here"},
    [PROBLEM_VIEW_NOT_FOUND] = {404, "view-not-found", "There is no such view"},
    [PROBLEM_REPORT_NOT_FOUND] = {404, "report-not-found", "There is no such report"},
    [PROBLEM_KEY_NOT_FOUND] = {404, "key-not-found", "There is no such key"},
    [PROBLEM_TOPIC_NOT_FOUND] = {404, "topic-not-found", "There is no such topic"},
    [PROBLEM_TOPIC_INTERNAL] = {403, "topic-internal", "Internal topics belong to the topology"},
    [PROBLEM_METHOD] = {405, "method-not-allowed", "The resource does not have this method"},
    [PROBLEM_NOT_ACCEPTABLE] = {406, "not-acceptable", "None of the accepted media types can be had"},
    [PROBLEM_BODY_TOO_LARGE] = {413, "body-too-large", "The body is larger than 1 MB"},
    [PROBLEM_URI_TOO_LONG] = {414, "uri-too-long", "The URI is too long"},
    [PROBLEM_MEDIA_TYPE] = {415, "unsupported-media-type", "The body must be application/json"},
    [PROBLEM_FUTURE] = {422, "future", "A time lies too far ahead of the clock"},
    [PROBLEM_UNSUPPORTED_QUERY] = {422, "unsupported-query", "This kind of view does not answer this query"},
    [PROBLEM_QUERY_TOO_LARGE] = {422, "query-too-large", "The query costs more than a query may"},
    [PROBLEM_TOO_MANY_QUERIES] = {429, "too-many-queries", "Other queries are running"},
    [PROBLEM_BUFFER_FULL] = {429, "buffer-full", "Too many records are waiting to be written"},
    [PROBLEM_TOO_MANY_REQUESTS] = {429, "too-many-requests", "More requests than the one who asks may make"},
    [PROBLEM_HEAD_TOO_LARGE] = {431, "head-too-large", "The request's headers are too large"},
    [PROBLEM_INTERNAL] = {500, "internal", "Something broke here"},
    [PROBLEM_NOT_OWNER] = {503, "not-owner", "The key's partition is restoring or on another instance"},
    [PROBLEM_ELSEWHERE] = {503, "partitions-elsewhere", "Not all partitions of the view are here"},
    [PROBLEM_NOT_UP_TO_BOUND] = {503, "not-up-to-bound", "The view has not reached the position yet"},
    [PROBLEM_UNANSWERED] = {503, "unanswered", "The question is written and not answered yet"},
    [PROBLEM_UNAVAILABLE] = {503, "unavailable", "Not now"},
    [PROBLEM_OVERLOADED] = {503, "overloaded", "Too many requests are waiting"},
    [PROBLEM_QUERY_TOO_LONG] = {504, "query-too-long", "The query took too long"},
    [PROBLEM_VERSION] = {505, "version-not-supported", "This version of HTTP is not spoken here"},
};

#define TIMEOUT_BODY                                                                                                   \
    "{\"type\":\"/problems/request-timeout\",\"title\":\"The request took too long to arrive\",\"status\":408,"        \
    "\"code\":\"request-timeout\"}\n"
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)
#define TIMEOUT_BODY_SIZE 121
_Static_assert(sizeof TIMEOUT_BODY - 1 == TIMEOUT_BODY_SIZE, "Content-Length is spelled out below");

const char problem_timeout_response[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                                        "Content-Type: " PROBLEM_MEDIA "\r\n"
                                        "Content-Length: " TEXT_OF(TIMEOUT_BODY_SIZE) "\r\n\r\n" TIMEOUT_BODY;

const struct problem_row *problem_row(enum problem problem)
{
    assert(problem < PROBLEM_COUNT);
    return &rows[problem];
}

static void write_problem(struct request *request, const struct problem_row *row, const char *detail)
{
    struct response *response = &request->response;
    struct buffer *out = &response->body;
    buffer_clear(out);
    buffer_format(out, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%u,\"detail\":", row->code, row->title,
                  row->status);
    json_text(out, detail);
    buffer_text(out, ",\"instance\":");
    json_text(out, request->id);
    buffer_format(out, ",\"code\":\"%s\"", row->code);
    buffer_append(out, response->problem_members.data, response->problem_members.size);
    if (response->problem_fields.size) {
        buffer_text(out, ",\"errors\":[");
        buffer_append(out, response->problem_fields.data, response->problem_fields.size);
        buffer_byte(out, ']');
    }
    buffer_text(out, "}\n");
}

void problem_answer(struct request *request, enum problem problem, const char *detail, ...)
{
    const struct problem_row *row = problem_row(problem);
    struct response *response = &request->response;
    char text[512];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    response->status = row->status;
    response->media = PROBLEM_MEDIA;
    response->cache = RESPONSE_NO_STORE;
    response->fixed = (weir_bytes){0};
    response->etag[0] = 0;
    write_problem(request, row, text);
}

void problem_field(struct request *request, const char *field, const char *message)
{
    struct buffer *out = &request->response.problem_fields;
    buffer_text(out, out->size ? ",{\"field\":" : "{\"field\":");
    json_text(out, field);
    buffer_text(out, ",\"message\":");
    json_text(out, message);
    buffer_byte(out, '}');
}

void problem_at(struct request *request, enum problem problem, const char *field, const char *message)
{
    problem_field(request, field, message);
    problem_answer(request, problem, "%s: %s", field, message);
}

size_t problem_path_size(const char *message)
{
    size_t size = strcspn(message, ": ");
    return message[size] == ':' && message[size + 1] == ' ' ? size : 0;
}

void problem_bad_body(struct request *request, const char *message)
{
    size_t size = problem_path_size(message);
    if (size)
        problem_field(request, arena_format(&request->arena, "%.*s", (int)size, message), message + size + 2);
    problem_answer(request, PROBLEM_BAD_BODY, "%s", message);
}

void problem_number(struct request *request, const char *member, int64_t value)
{
    struct buffer *out = &request->response.problem_members;
    buffer_format(out, ",\"%s\":", member);
    json_integer(out, value);
}

void problem_retry(struct request *request, int64_t after_ms)
{
    problem_number(request, "retry_after_ms", after_ms);
    request_add_header(request, "Retry-After",
                       arena_format(&request->arena, "%lld", (long long)((after_ms + 999) / 1000)));
}

void problem_of_error(struct request *request, const struct weir_error *error, enum problem absent)
{
    switch (error->code) {
    case WEIR_ABSENT:
        problem_answer(request, absent, "%s", error->message);
        return;
    case WEIR_RETRY:
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_UNAVAILABLE, "%s", error->message);
        return;
    case WEIR_FULL:
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_BUFFER_FULL, "%s", error->message);
        return;
    case WEIR_INVALID:
    case WEIR_POISON:
        problem_answer(request, PROBLEM_BAD_REQUEST, "%s", error->message);
        return;
    default:
        /* What broke inside is for the log and whoever reads it, not for the client. */
        log_traced(LOG_ERROR, "http", request_trace(request).text, "request %s: %s", request->id, error->message);
        problem_answer(request, PROBLEM_INTERNAL, "See the log for request %s.", request->id);
    }
}

void handle_problem_page(struct request *request)
{
    for (size_t i = 0; i < PROBLEM_COUNT; i++) {
        if (bytes_equal(request->path_values[0], bytes_of_text(rows[i].code))) {
            request->response.status = 200;
            request->response.media = "text/plain; charset=utf-8";
            buffer_format(&request->response.body, "%s (%u)\n\n%s.\n", rows[i].code, rows[i].status, rows[i].title);
            return;
        }
    }
    problem_answer(request, PROBLEM_NOT_FOUND, "There is no such problem.");
}
