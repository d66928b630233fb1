/* copy.c: see copy.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "calls/http_call.h"
#include "http/handlers.h"
#include "http/peer.h"
#include "http/problem.h"

#define BYTES_MEDIA "application/octet-stream"
#define CHECKSUM_HEADER "X-Weir-Crc32c"

enum {
    CALL_MS = 5 * 1000, /* of half a megabyte, or for the copy to be made: whoever is slower is no help */
    MANIFEST_BYTES_MAX = 16 * 1024 * 1024,
    CHECKSUM_BYTES = 9,
    DIGITS_MAX = 18,
};

static void write_checksum(char out[CHECKSUM_BYTES], const void *data, size_t size)
{
    snprintf(out, CHECKSUM_BYTES, "%08" PRIx32, hash_crc32c(0, data, size));
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

static const char *text_of(struct request *request, size_t value)
{
    return arena_bytes(&request->arena, request->path_values[value]).data;
}

static void refuse(struct request *request, const struct weir_error *error)
{
    if (error->code == WEIR_RETRY)
        problem_retry(request, 1000);
    problem_of_error(request, error, PROBLEM_NOT_FOUND);
}

void handle_copy_make(struct request *request)
{
    struct response *response = &request->response;
    struct weir_error error = {.code = WEIR_ABSENT};
    weir_bytes manifest = {0};
    bool made = false;
    for (size_t i = 0; i < request->server->app_count && !made && error.code == WEIR_ABSENT; i++) {
        error = (struct weir_error){0};
        made = weir_copy_make(request->server->apps[i], text_of(request, 0), text_of(request, 1), &request->arena,
                              &manifest, &error);
    }
    if (!made) {
        refuse(request, &error);
        return;
    }
    response->status = 201;
    response->media = "text/plain; charset=utf-8";
    buffer_append(&response->body, manifest.data, manifest.size);
}

static bool read_number(const char **text, const char *end, int64_t *out)
{
    const char *at = *text;
    for (*out = 0; at < end && at - *text < DIGITS_MAX && *at >= '0' && *at <= '9'; at++)
        *out = *out * 10 + (*at - '0');
    bool any = at > *text;
    *text = at;
    return any;
}

bool copy_read_range(weir_bytes text, int64_t *from, size_t *size)
{
    static const char unit[] = "bytes=";
    int64_t to = 0;
    if (text.size < sizeof unit || memcmp(text.data, unit, sizeof unit - 1) != 0)
        return false;
    const char *at = (const char *)text.data + sizeof unit - 1, *end = (const char *)text.data + text.size;
    if (!read_number(&at, end, from) || at == end || *at++ != '-' || !read_number(&at, end, &to) || at != end)
        return false;
    if (to < *from || to - *from >= COPY_PIECE_BYTES_MAX)
        return false;
    *size = (size_t)(to - *from) + 1;
    return true;
}

static void answer_piece(struct request *request, int64_t from, size_t got)
{
    struct response *response = &request->response;
    char checksum[CHECKSUM_BYTES];
    response->body.size = got;
    write_checksum(checksum, response->body.data, got);
    request_add_header(request, CHECKSUM_HEADER, arena_text(&request->arena, checksum));
    request_add_header(request, "Content-Range",
                       arena_format(&request->arena, "bytes %" PRId64 "-%" PRId64 "/*", from, from + (int64_t)got - 1));
    response->status = 206;
    response->media = BYTES_MEDIA;
}

void handle_copy_read(struct request *request)
{
    struct weir_error error = {.code = WEIR_ABSENT};
    int64_t from = 0;
    size_t size = 0, got = 0;
    bool read = false;
    if (!copy_read_range(request_header(request, "range"), &from, &size)) {
        problem_answer(request, PROBLEM_BAD_RANGE, "Range: bytes=FROM-TO, at most %d bytes.", COPY_PIECE_BYTES_MAX);
        return;
    }
    buffer_reserve(&request->response.body, size);
    for (size_t i = 0; i < request->server->app_count && !read && error.code == WEIR_ABSENT; i++) {
        error = (struct weir_error){0};
        read = weir_copy_read(request->server->apps[i], text_of(request, 0), text_of(request, 1), from,
                              request->response.body.data, size, &got, &error);
    }
    if (read && got > 0)
        answer_piece(request, from, got);
    else if (read)
        problem_answer(request, PROBLEM_BAD_RANGE, "The file ends before that.");
    else
        refuse(request, &error);
}

/* ---- from others ------------------------------------------------------------------------------------------------ */

static bool ask(const struct weir_http *server, const char *address, const char *method, const char *target,
                const char *fields, size_t bytes_max, struct http_reply *reply, struct weir_error *error)
{
    const struct http_call call = {
        .address = address,
        .method = method,
        .target = bytes_of_text(target),
        .headers = fields,
        .body = strcmp(method, "POST") == 0 ? bytes_of_text("") : (weir_bytes){0},
        .deadline_us = clock_monotonic_us(&clock_system) + CALL_MS * 1000,
        .bytes_max = bytes_max,
    };
    return peer_call(server, call, reply, error);
}

static bool ask_to_make(void *self, const char *address, const char *application, const char *task, weir_arena *arena,
                        weir_bytes *manifest, struct weir_error *error)
{
    struct http_reply reply;
    struct weir_error cause = {0};
    char *target = memory_format("/v1/copies/%s/%s", application, task);
    bool ok =
        ask(self, address, "POST", target, "Content-Type: application/json\r\n", MANIFEST_BYTES_MAX, &reply, &cause);
    if (!ok)
        error_set(error, WEIR_ABSENT, "%s", cause.message);
    else if (reply.status != 201)
        ok = error_set(error, reply.status == 503 ? WEIR_RETRY : WEIR_ABSENT, "%s: status %u", address, reply.status);
    else
        *manifest = arena_bytes(arena, buffer_bytes(&reply.body));
    http_reply_done(&reply);
    memory_free(target);
    return ok;
}

static bool check_piece(const struct http_reply *reply, const char *address, const char *file, int64_t offset,
                        size_t size, struct weir_error *error)
{
    char checksum[CHECKSUM_BYTES];
    weir_bytes bytes = buffer_bytes(&reply->body);
    if (reply->status != 206)
        return error_set(error, WEIR_ABSENT, "%s: status %u for %s", address, reply->status, file);
    write_checksum(checksum, bytes.data, bytes.size);
    return (bytes.size == size && bytes_equal(http_reply_field(reply, CHECKSUM_HEADER), bytes_of_text(checksum))) ||
           error_set(error, WEIR_RETRY, "%s: %s at %" PRId64 " has not come as it was sent", address, file, offset);
}

static bool ask_for_piece(void *self, const char *address, const char *copy, const char *file, int64_t offset,
                          void *out, size_t size, struct weir_error *error)
{
    struct http_reply reply;
    char *target = memory_format("/v1/copies/%s/files/%s", copy, file);
    char *range = memory_format("Range: bytes=%" PRId64 "-%" PRId64 "\r\n", offset, offset + (int64_t)size - 1);
    bool ok = ask(self, address, "GET", target, range, COPY_PIECE_BYTES_MAX, &reply, error) &&
              check_piece(&reply, address, file, offset, size, error);
    if (ok)
        memcpy(out, reply.body.data, size);
    http_reply_done(&reply);
    memory_free(target);
    memory_free(range);
    return ok;
}

void copy_open(struct weir_http *server)
{
    server->copies = (struct weir_copy_source){server, ask_to_make, ask_for_piece};
    for (size_t i = 0; i < server->app_count; i++)
        weir_copy_from(server->apps[i], &server->copies);
}

void copy_close(struct weir_http *server)
{
    for (size_t i = 0; i < server->app_count; i++)
        weir_copy_from(server->apps[i], NULL);
}
