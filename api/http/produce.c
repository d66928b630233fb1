/* produce.c: see produce.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/produce.h"

#include <microhttpd.h>
#include <string.h>

#include "http/problem.h"
#include "http/server.h"

struct production *production_new(struct request *request, weir_app *app, const char *topic, size_t count)
{
    weir_arena *arena = &request->arena;
    struct production *production = arena_alloc(arena, sizeof *production);
    *production = (struct production){
        .request = request,
        .app = app,
        .topic = topic,
        .records = arena_alloc(arena, count * sizeof *production->records),
        .produced = arena_alloc(arena, count * sizeof *production->produced),
        .count = count,
    };
    return production;
}

/* ---- headers ---------------------------------------------------------------------------------------------------- */

static void pass_header(struct request *request, const char *from, const char *name, struct weir_header *passed,
                        size_t *count)
{
    weir_bytes value = request_header(request, from);
    if (value.size && uri_is_utf8(value))
        passed[(*count)++] = (struct weir_header){name, arena_bytes(&request->arena, value)};
}

struct weir_headers production_headers(struct request *request)
{
    enum { PASSED_MAX = 3 };
    struct weir_header *passed = arena_alloc(&request->arena, PASSED_MAX * sizeof *passed);
    size_t count = 0;
    if (*request_trace(request).text) {
        pass_header(request, "traceparent", "traceparent", passed, &count);
        pass_header(request, "tracestate", "tracestate", passed, &count);
    }
    bool plain = request_header(request, "correlation-id").size > 0;
    pass_header(request, plain ? "correlation-id" : "x-correlation-id", "correlation-id", passed, &count);
    return (struct weir_headers){passed, count};
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* On the thread that wrote the records, or refused to. The request belongs to the loop when it is resumed. */
static void finish(void *self, const struct weir_error *error)
{
    struct production *production = self;
    struct request *request = production->request;
    struct weir_http *server = request->server;
    bool is_answered = true;
    if (error->code == WEIR_OK)
        is_answered = production->answer(production);
    else
        problem_of_error(request, error, PROBLEM_TOPIC_NOT_FOUND);
    if (is_answered) {
        MHD_resume_connection(request->connection);
        server_wake(server);
    }
    atomic_fetch_sub(&server->being_written, 1);
}

static void launch(void *self)
{
    struct production *production = self;
    weir_produce_then(production->app, production->topic, production->records, production->count, production->produced,
                      finish, production);
}

void production_start(struct production *production)
{
    atomic_fetch_add(&production->request->server->being_written, 1);
    production->request->launch = launch;
    production->request->launched = production;
}

/* Partitions are few, records may be many: each record looks for its partition among those seen before. */
void production_write_position(const struct production *production, struct buffer *out)
{
    weir_arena *arena = &production->request->arena;
    struct weir_produced *last = arena_alloc(arena, production->count * sizeof *last);
    size_t count = 0;
    for (size_t i = 0; i < production->count; i++) {
        const struct weir_produced *one = &production->produced[i];
        size_t at = 0;
        while (at < count && last[at].partition != one->partition)
            at++;
        if (at == count)
            last[count++] = *one;
        else if (one->offset > last[at].offset)
            last[at].offset = one->offset;
    }
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "%s%s:%d:%lld", i ? "," : "\"", production->topic, last[i].partition,
                      (long long)last[i].offset + 1);
    buffer_byte(out, '"');
}
