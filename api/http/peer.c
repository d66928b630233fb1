/* peer.c: see peer.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/json.h"
#include "http/problem.h"

enum {
    CALL_MS = 3000,
    ANSWER_BYTES_MAX = 4 * LIMIT_PAGE_BYTES,
    HOLDERS_MAX = 8,
    PARTITIONS_MAX = 100000,
};

#define FORWARDED_HEADER "x-weir-forwarded"
#define PARTITIONS_HEADER "x-weir-partitions"

/* ---- who asks whom ---------------------------------------------------------------------------------------------- */

/* Any of the three, so that none of them is believed of someone who is no instance. */
bool peer_is_forwarded(const struct request *request)
{
    return request_header(request, FORWARDED_HEADER).data || request_header(request, PARTITIONS_HEADER).data ||
           request_header(request, PEER_PRINCIPAL_HEADER).data;
}

static bool read_partitions(weir_bytes text, int32_t most, struct peer_partitions *out)
{
    int64_t number = -1;
    for (size_t i = 0; i <= text.size; i++) {
        char c = i < text.size ? ((const char *)text.data)[i] : ',';
        if (c >= '0' && c <= '9') {
            number = (number < 0 ? 0 : number) * 10 + (c - '0');
        } else if (c == ',' && number >= 0 && number < most) {
            out->items[out->count++] = (int32_t)number;
            number = -1;
        } else {
            return false;
        }
        if (number >= most)
            return false;
    }
    return true;
}

bool peer_is_asked(struct request *request, const struct weir_view_info *info, struct peer_partitions *out)
{
    *out = (struct peer_partitions){0};
    weir_bytes text = request_header(request, PARTITIONS_HEADER);
    if (!text.data)
        return false;
    out->items = arena_alloc(&request->arena, (text.size + 1) * sizeof *out->items);
    if (!read_partitions(text, info->partitions, out))
        out->count = 0;
    return out->count > 0;
}

/* A position is waited for at the active tasks, so a standby may not answer instead of them. */
struct weir_copies peer_copies(const struct request *request)
{
    return (struct weir_copies){.any = request_value(request, QUERY_CONSISTENCY)->number != 0 &&
                                       !request_value(request, QUERY_MIN_POSITION)->given};
}

bool peer_partitions_have(const struct peer_partitions *partitions, int32_t partition)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i] == partition)
            return true;
    return false;
}

struct peer_partitions peer_missing(struct request *request, const struct weir_view_info *info,
                                    const struct peer_partitions *all, const struct peer_partitions *held)
{
    struct peer_partitions missing = {0};
    missing.items = arena_alloc(&request->arena, ((size_t)info->partitions + 1) * sizeof *missing.items);
    for (int32_t p = 0; p < info->partitions; p++)
        if ((!all || peer_partitions_have(all, p)) && !peer_partitions_have(held, p))
            missing.items[missing.count++] = p;
    return missing;
}

enum peer_routing peer_routing(const struct request *request, const struct server_view *view)
{
    const char *text = weir_app_setting(view->app, "http.routing");
    if (peer_is_forwarded(request) || !text || strcmp(text, "none") == 0)
        return PEER_NONE;
    return strcmp(text, "redirect") == 0 ? PEER_REDIRECT : PEER_PROXY;
}

bool peer_moves_to_forwarder(struct request *request)
{
    if (request->on_forwarder)
        return false;
    request->wants_forwarder = true;
    return true;
}

bool peer_redirect(struct request *request, const struct server_view *view, int32_t partition)
{
    const char *address;
    bool any = peer_copies(request).any;
    if (weir_view_holders(view->view, partition, any, &request->arena, &address, 1) == 0)
        return false;
    weir_bytes uri = buffer_bytes(&request->raw_uri);
    request_add_header(request, "Location",
                       arena_format(&request->arena, "%s://%s%.*s",
                                    guard_tls(request->server->guard) ? "https" : "http", address, (int)uri.size,
                                    (const char *)uri.data));
    request->response.status = 307;
    request->response.media = "text/plain; charset=utf-8";
    buffer_format(&request->response.body, "The partition is on %s.\n", address);
    return true;
}

static struct peer_question *question_to(struct request *request, struct peer_question *questions, size_t *count,
                                         const char *address, size_t partitions)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(questions[i].address, address) == 0)
            return &questions[i];
    struct peer_question *question = &questions[(*count)++];
    question->address = address;
    question->partitions.items = arena_alloc(&request->arena, (partitions + 1) * sizeof(int32_t));
    return question;
}

size_t peer_questions(struct request *request, const struct server_view *view, struct peer_partitions partitions,
                      size_t attempt, struct peer_question **out)
{
    size_t count = 0;
    bool any = peer_copies(request).any;
    *out = arena_alloc(&request->arena, (partitions.count + 1) * sizeof **out);
    for (size_t i = 0; i < partitions.count; i++) {
        const char *addresses[HOLDERS_MAX];
        size_t holders =
            weir_view_holders(view->view, partitions.items[i], any, &request->arena, addresses, HOLDERS_MAX);
        if (attempt >= holders)
            continue;
        struct peer_question *question = question_to(request, *out, &count, addresses[attempt], partitions.count);
        question->partitions.items[question->partitions.count++] = partitions.items[i];
    }
    return count;
}

/* ---- a question ------------------------------------------------------------------------------------------------- */

static void copy_header(struct buffer *out, const struct request *request, const char *name)
{
    weir_bytes value = request_header(request, name);
    if (value.data)
        buffer_format(out, "%s: %.*s\r\n", name, (int)value.size, (const char *)value.data);
}

static void write_key(struct buffer *out, const struct weir_http *server)
{
    const char *key = guard_peer_key(server->guard);
    if (key)
        buffer_format(out, "Authorization: Bearer %s\r\n", key);
}

/* Who asks, on whose behalf (principal NULL: nobody asks), and for which partitions. */
static void write_asker(struct buffer *out, const struct weir_http *server, const char *principal,
                        struct peer_partitions partitions)
{
    buffer_format(out, FORWARDED_HEADER ": %s\r\n" PARTITIONS_HEADER ": ", server->instance);
    for (size_t i = 0; i < partitions.count; i++)
        buffer_format(out, i ? ",%d" : "%d", partitions.items[i]);
    buffer_text(out, "\r\n");
    write_key(out, server);
    if (principal)
        buffer_format(out, PEER_PRINCIPAL_HEADER ": %s\r\n", principal);
}

static void write_headers(struct buffer *out, const struct request *request, const struct peer_question *question)
{
    copy_header(out, request, "accept");
    copy_header(out, request, "if-none-match");
    copy_header(out, request, "content-type");
    if (*request_trace(request).text) {
        copy_header(out, request, "traceparent");
        copy_header(out, request, "tracestate");
    }
    buffer_format(out, "X-Request-Id: %s\r\n", request->id);
    write_asker(out, request->server, request->pass.grant ? request->pass.id : NULL, question->partitions);
    if (question->headers)
        buffer_text(out, question->headers);
    buffer_byte(out, 0);
}

bool peer_call(const struct weir_http *server, struct http_call call, struct http_reply *reply,
               struct weir_error *error)
{
    struct buffer headers = {0};
    write_key(&headers, server);
    buffer_format(&headers, "%s", call.headers ? call.headers : "");
    buffer_byte(&headers, 0);
    call.headers = headers.data;
    call.tls = guard_tls(server->guard) ? &server->peer_tls : NULL;
    bool ok = http_call(&call, reply, error);
    buffer_done(&headers);
    return ok;
}

bool peer_ask(struct request *request, const struct peer_question *question, weir_bytes body, struct http_reply *reply)
{
    struct buffer headers = {0};
    struct weir_error error = {0};
    write_headers(&headers, request, question);
    const struct http_call call = {
        .address = question->address,
        .method = body.data ? "POST" : "GET",
        .target = buffer_bytes(&request->raw_uri),
        .headers = headers.data,
        .body = body,
        .deadline_us = clock_monotonic_us(&clock_system) +
                       (question->patience_ms ? question->patience_ms : (int64_t)CALL_MS) * 1000,
        .bytes_max = ANSWER_BYTES_MAX,
        .tls = guard_tls(request->server->guard) ? &request->server->peer_tls : NULL,
    };
    bool ok = http_call(&call, reply, &error);
    buffer_done(&headers);
    meter_ask(&request->server->meter, ok);
    if (!ok)
        log_traced(LOG_DEBUG, "http", request_trace(request).text, "request %s: %s", request->id, error.message);
    return ok;
}

struct http_stream *peer_stream_open(const struct weir_http *server, struct http_streams *streams,
                                     const struct peer_stream *question, struct weir_error *error)
{
    struct buffer headers = {0};
    buffer_format(&headers, "X-Request-Id: %s\r\n%s", question->id, question->headers ? question->headers : "");
    write_asker(&headers, server, question->principal, question->partitions);
    buffer_byte(&headers, 0);
    const struct http_stream_call call = {
        .address = question->address,
        .target = question->target,
        .headers = headers.data,
        .connect_ms = question->connect_ms,
        .tls = guard_tls(server->guard) ? &server->peer_tls : NULL,
        .take = question->take,
        .self = question->self,
    };
    struct http_stream *stream = http_stream_open(streams, &call, error);
    buffer_done(&headers);
    return stream;
}

static const char *field_text(struct request *request, const struct http_reply *reply, const char *name)
{
    weir_bytes value = http_reply_field(reply, name);
    return value.data ? arena_bytes(&request->arena, value).data : NULL;
}

static void pass_on(struct request *request, const struct http_reply *reply, const char *name)
{
    const char *value = field_text(request, reply, name);
    if (value)
        request_add_header(request, name, value);
}

void peer_take_over(struct request *request, const struct http_reply *reply)
{
    struct response *response = &request->response;
    const char *etag = field_text(request, reply, "ETag");
    response->status = reply->status;
    response->media = field_text(request, reply, "Content-Type");
    if (etag && strlen(etag) < sizeof response->etag) {
        memcpy(response->etag, etag, strlen(etag) + 1);
        response->cache = RESPONSE_NO_CACHE;
    }
    if (!response->media)
        response->media = "application/json";
    pass_on(request, reply, "Retry-After");
    pass_on(request, reply, "RateLimit");
    pass_on(request, reply, "RateLimit-Policy");
    buffer_clear(&response->body);
    buffer_append(&response->body, reply->body.data, reply->body.size);
}

struct peer_partitions peer_ask_each(struct request *request, const struct server_view *view,
                                     struct peer_partitions partitions,
                                     bool (*ask)(void *self, const struct peer_question *), void *self)
{
    struct peer_partitions left = partitions, done = {0};
    done.items = arena_alloc(&request->arena, (partitions.count + 1) * sizeof *done.items);
    for (size_t attempt = 0; attempt < HOLDERS_MAX && left.count > 0; attempt++) {
        struct peer_question *questions;
        size_t count = peer_questions(request, view, left, attempt, &questions);
        for (size_t i = 0; i < count; i++) {
            const struct peer_partitions *asked = &questions[i].partitions;
            if (ask(self, &questions[i])) {
                memcpy(done.items + done.count, asked->items, asked->count * sizeof *asked->items);
                done.count += asked->count;
            }
        }
        left = peer_missing(request, &view->info, &partitions, &done);
    }
    return done;
}

static void remove_all(struct peer_partitions *from, const struct peer_partitions *what)
{
    size_t kept = 0;
    for (size_t i = 0; i < from->count; i++)
        if (!peer_partitions_have(what, from->items[i]))
            from->items[kept++] = from->items[i];
    from->count = kept;
}

/* A 404 for some partitions is the client's answer only when it is that of all of them. */
static bool ask_for_key(struct request *request, const struct peer_question *question, struct peer_partitions *left)
{
    struct http_reply reply;
    bool ok = peer_ask(request, question, (weir_bytes){0}, &reply);
    bool is_final = ok && reply.status != 404 && reply.status != 503;
    if (is_final)
        peer_take_over(request, &reply);
    else if (ok && reply.status == 404)
        remove_all(left, &question->partitions);
    http_reply_done(&reply);
    return is_final;
}

bool peer_relay(struct request *request, const struct server_view *view, struct peer_partitions *left)
{
    for (size_t attempt = 0; attempt < HOLDERS_MAX && left->count > 0; attempt++) {
        struct peer_question *questions;
        size_t count = peer_questions(request, view, *left, attempt, &questions);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++)
            if (ask_for_key(request, &questions[i], left))
                return true;
    }
    return false;
}

void peer_refuse(struct request *request, const struct server_view *view, int32_t partition)
{
    const char *owner = NULL;
    bool any = peer_copies(request).any;
    weir_view_holders(view->view, partition, any, &request->arena, &owner, 1);
    problem_number(request, "partition", partition);
    if (owner) {
        buffer_text(&request->response.problem_members, ",\"owner\":");
        json_text(&request->response.problem_members, owner);
    }
    problem_retry(request, 1000);
    problem_answer(request, PROBLEM_NOT_OWNER,
                   owner ? "The view \"%s\": partition %d belongs to %s."
                         : "The view \"%s\": nobody holds partition %d now.",
                   view->info.name, partition, owner);
}
