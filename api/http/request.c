/* request.c: see request.h. From a head in memory to a handler, and what handlers ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/accept.h"
#include "http/admit.h"
#include "http/changes.h"
#include "http/cors.h"
#include "http/gzip.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "http/search.h"
#include "http/seen.h"
#include "http/server.h"

enum { WAIT_SLICE_MS = 50, WAIT_SLICE_BUSY_MS = 2 };

static void trim(struct buffer *buffer)
{
    if (buffer->capacity > LIMIT_KEPT_BYTES)
        buffer_done(buffer);
    buffer_clear(buffer);
}

void request_end(struct request *request)
{
    struct response *response = &request->response;
    trim(&request->raw_uri);
    trim(&request->body);
    trim(&response->body);
    trim(&response->problem_fields);
    trim(&response->problem_members);
    if (request->arena.bytes > LIMIT_KEPT_BYTES)
        arena_done(&request->arena);
    else
        arena_clear(&request->arena);
    pass_done(&request->pass);
    changes_forget(request);
    request->phase = REQUEST_IDLE;
}

void request_done(struct request *request)
{
    struct response *response = &request->response;
    buffer_done(&request->raw_uri);
    buffer_done(&request->body);
    buffer_done(&response->body);
    buffer_done(&response->problem_fields);
    buffer_done(&response->problem_members);
    arena_done(&request->arena);
    pass_done(&request->pass);
    changes_forget(request);
}

void request_begin(struct request *request, weir_bytes raw_uri, uintptr_t uri_place, int64_t now_us)
{
    struct response *response = &request->response;
    request->phase = REQUEST_HEAD;
    buffer_append(&request->raw_uri, raw_uri.data, raw_uri.size);
    request->uri_place = uri_place;
    request->verdict = (struct head_verdict){0};
    request->route = NULL;
    request->media = NULL;
    request->query = (struct query){0};
    request->id[0] = 0;
    request->body_too_large = request->wants_forwarder = request->on_forwarder = false;
    request->started_us = now_us;
    request->wait_until_us = 0;
    request->launch = NULL;
    response->status = 0;
    response->media = NULL;
    response->fixed = (weir_bytes){0};
    response->cache = RESPONSE_NO_STORE;
    response->etag[0] = 0;
    response->header_count = 0;
    response->close = false;
}

static void make_id(struct request *request)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number = ++request->server->id_next;
    size_t size = strlen(request->server->id_prefix);
    memcpy(request->id, request->server->id_prefix, size);
    for (int shift = 28; shift >= 0; shift -= 4)
        request->id[size++] = digits[(number >> shift) & 15];
    request->id[size] = 0;
}

/* A client's own id is kept when it can stand in a header and a log line as it is. */
static void choose_id(struct request *request)
{
    weir_bytes given = request_header(request, "x-request-id");
    const char *at = given.data;
    bool good = given.size > 0 && given.size < sizeof request->id;
    for (size_t i = 0; good && i < given.size; i++) {
        unsigned char lower = (unsigned char)(at[i] | 0x20);
        good = (at[i] >= '0' && at[i] <= '9') || (lower >= 'a' && lower <= 'z') || (at[i] && strchr("-._", at[i]));
    }
    if (!good) {
        make_id(request);
        return;
    }
    memcpy(request->id, given.data, given.size);
    request->id[given.size] = 0;
}

static bool refuse_head(struct request *request)
{
    unsigned status = request->verdict.status;
    request->response.close = true;
    meter_reject(&request->server->meter, METER_MALFORMED);
    problem_answer(request,
                   status == 414   ? PROBLEM_URI_TOO_LONG
                   : status == 431 ? PROBLEM_HEAD_TOO_LARGE
                   : status == 505 ? PROBLEM_VERSION
                                   : PROBLEM_BAD_REQUEST,
                   "%s", request->verdict.detail);
    return false;
}

static bool find_route(struct request *request)
{
    const struct weir_http *server = request->server;
    struct route_match match = route_find(request->at_admin_door ? &server->admin_routes : &server->routes,
                                          &request->uri, request->head.method);
    request->route = match.route;
    memcpy(request->path_values, match.values, sizeof match.values);
    if (match.route)
        return true;
    if (match.path_exists) {
        request_add_header(request, "Allow", route_allow(match.allowed));
        problem_answer(request, PROBLEM_METHOD, "Allowed here: %s.", route_allow(match.allowed));
    } else {
        problem_answer(request, PROBLEM_NOT_FOUND, "There is no resource at this path; see /v1/openapi.json.");
    }
    return false;
}

static bool read_parameters(struct request *request)
{
    weir_bytes name = {0};
    const char *why = NULL;
    if (query_read(&request->query, &request->uri, request->route->parameters, &name, &why))
        return true;
    const char *text = arena_bytes(&request->arena, name).data;
    problem_field(request, text, why);
    problem_answer(request, PROBLEM_BAD_PARAMETER, "The parameter %.100s %s.", text, why);
    return false;
}

static bool choose_media(struct request *request)
{
    const char *offered = request->route->media;
    if (strncmp(offered, "application/json", 16) != 0)
        return true;
    request->media = accept_choose(offered, request_header(request, "accept"));
    if (!request->media)
        problem_answer(request, PROBLEM_NOT_ACCEPTABLE, "This resource can be had as %s.", offered);
    return request->media != NULL;
}

static bool is_json(weir_bytes type)
{
    static const char json[] = "application/json";
    size_t size = sizeof json - 1;
    if (type.size < size || strncasecmp(type.data, json, size) != 0)
        return false;
    return type.size == size || strchr("; \t", ((const char *)type.data)[size]) != NULL;
}

/* JSON only, and said so: a page of another origin cannot send that without asking first (and is then refused). */
static bool check_body(struct request *request)
{
    const struct head_verdict *verdict = &request->verdict;
    if (request->route->method == ROUTE_GET) {
        if (verdict->body == HEAD_NO_BODY)
            return true;
        problem_answer(request, PROBLEM_BAD_REQUEST, "A request with this method has no body.");
    } else if (!is_json(request_header(request, "content-type"))) {
        problem_answer(request, PROBLEM_MEDIA_TYPE, "Send Content-Type: application/json.");
    } else if (verdict->body_size > LIMIT_BODY_BYTES) {
        problem_answer(request, PROBLEM_BODY_TOO_LARGE, "The body may have %d bytes.", LIMIT_BODY_BYTES);
    } else {
        return true;
    }
    request->response.close = true;
    return false;
}

/* A browser says where a page comes from whenever the page sends something, and no page has business at the admin's door: also
 * not one that has made its own name mean this machine. */
static bool refuse_page(struct request *request)
{
    if (!request->at_admin_door || !request_header(request, "origin").data)
        return false;
    problem_answer(request, PROBLEM_FORBIDDEN, "Pages of a browser may ask nothing here.");
    return true;
}

bool request_accept(struct request *request)
{
    const char *why = NULL;
    choose_id(request);
    request->verdict = head_judge(&request->head);
    if (request->verdict.status)
        return refuse_head(request);
    if (!uri_read(&request->uri, &request->arena, buffer_bytes(&request->raw_uri), &why)) {
        request->verdict = (struct head_verdict){.status = 400, .detail = why};
        return refuse_head(request);
    }
    if (refuse_page(request) || cors_preflight(request))
        return false;
    return find_route(request) && admit(request) && read_parameters(request) && choose_media(request) &&
           check_body(request);
}

bool request_may_block(const struct request *request)
{
    return request->route->place != ROUTE_ON_LOOP || request_value(request, QUERY_MIN_POSITION)->given;
}

static const char *after(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(text, prefix, size) == 0 ? text + size : text;
}

static void refuse_wait(struct request *request, struct weir_error *error)
{
    if (error->code == WEIR_RETRY) {
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_NOT_UP_TO_BOUND, "%s", error->message);
    } else if (error->code == WEIR_INVALID) {
        problem_at(request, PROBLEM_BAD_POSITION, "min_position", after(error->message, "position: "));
    } else {
        problem_of_error(request, error, PROBLEM_VIEW_NOT_FOUND);
    }
}

/* Waits a slice. True: the view has the position, or the response says why it does not. */
static bool wait_for_position(struct request *request, bool others_wait)
{
    struct weir_error error = {0};
    weir_bytes name = request->path_values[0];
    if (request->route->handle == handle_search && !search_find_view(request, &name))
        return true;
    const struct server_view *view = seen_find(request, name);
    if (!view)
        return true;
    const struct query_value *position = request_value(request, QUERY_MIN_POSITION);
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (!request->wait_until_us)
        request->wait_until_us = now_us + request_value(request, QUERY_WAIT_MS)->number * 1000;
    int64_t left_ms = atomic_load(&request->server->stopping) ? 0 : (request->wait_until_us - now_us + 999) / 1000;
    int64_t slice_ms = others_wait ? WAIT_SLICE_BUSY_MS : WAIT_SLICE_MS;
    bool last = left_ms <= slice_ms;
    const char *text = arena_bytes(&request->arena, position->text).data;
    if (weir_view_wait(view->view, text, last ? (left_ms > 0 ? left_ms : 0) : slice_ms, &error))
        return true;
    if (error.code == WEIR_RETRY && !last)
        return false;
    refuse_wait(request, &error);
    return true;
}

bool request_work(struct request *request, bool others_wait)
{
    if (request_value(request, QUERY_MIN_POSITION)->given && !wait_for_position(request, others_wait))
        return false;
    if (!request->response.status)
        request_answer(request);
    return true;
}

void request_answer(struct request *request)
{
    request->on_forwarder = request->wants_forwarder;
    request->route->handle(request);
    assert(request->response.status != 0 || request->launch || (request->wants_forwarder && !request->on_forwarder));
}

weir_bytes request_header(const struct request *request, const char *lower_case_name)
{
    return head_field(&request->head, lower_case_name);
}

struct trace_id request_trace(const struct request *request)
{
    return trace_of_parent(request_header(request, "traceparent"));
}

const struct query_value *request_value(const struct request *request, enum query_id id)
{
    return &request->query.values[id];
}

void request_add_header(struct request *request, const char *name, const char *value)
{
    struct response *response = &request->response;
    assert(response->header_count < LIMIT_RESPONSE_HEADERS);
    response->headers[response->header_count++] = (struct response_header){name, value};
}

/* "*", or a list of tags; a weak one matches its strong twin (RFC 9110, 13.1.2). */
static bool lists_tag(weir_bytes list, const char *etag)
{
    return bytes_equal(list, bytes_of_text("*")) || (list.size && memmem(list.data, list.size, etag, strlen(etag)));
}

bool request_not_modified(struct request *request, const char *etag)
{
    struct response *response = &request->response;
    weir_bytes known = request_header(request, "if-none-match");
    size_t size = strlen(etag);
    assert(size < sizeof response->etag);
    memcpy(response->etag, etag, size + 1);
    response->cache = RESPONSE_NO_CACHE;
    if (!known.size)
        return false;
    char packed[sizeof response->etag];
    bool knows_packed = gzip_tag(request, etag, packed) && lists_tag(known, packed);
    if (!knows_packed && !lists_tag(known, etag))
        return false;
    if (knows_packed)
        memcpy(response->etag, packed, sizeof packed);
    response->status = 304;
    return true;
}
