/* count.c: how many rows a view has: as its stores estimate, or counted one by one.
 *
 * Counting reads a snapshot, row by row, with the bounds of SQL and on its threads. What other instances have they count themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/clock.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/peer.h"
#include "http/problem.h"
#include "http/seen.h"

enum { LOOK_EVERY_ROWS = 1024 /* at the clock, and whether the snapshot is in the way of a task */ };

struct count {
    struct request *request;
    const struct server_view *view;
    bool is_exact;
    struct peer_partitions here; /* that are counted here */
    int64_t rows;
};

struct reply {
    int64_t rows;
};

static const struct weir_field reply_fields[] = {
    {"rows", &weir_i64_type, offsetof(struct reply, rows), WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type reply_type = {
    .name = "count", .kind = WEIR_KIND_RECORD, .size = sizeof(struct reply), .fields = reply_fields, .field_count = 1};

static bool refuse(struct count *count, enum problem problem, const char *why)
{
    if (problem == PROBLEM_UNAVAILABLE)
        problem_retry(count->request, 1000);
    problem_answer(count->request, problem, "%s", why);
    return false;
}

/* ---- here ------------------------------------------------------------------------------------------------------- */

/* The rows of the partitions that are meant. False: the problem is set. */
static bool count_walk(struct count *count, const weir_snapshot *snapshot, weir_cursor *cursor, weir_arena *arena)
{
    const int64_t until_us = clock_monotonic_us(&clock_system) + LIMIT_QUERY_MS * INT64_C(1000);
    struct weir_error error = {0};
    struct weir_row row;
    for (int64_t looked_at = 1; weir_next(cursor, &row, &error); looked_at++) {
        count->rows += peer_partitions_have(&count->here, row.partition);
        if (looked_at % LOOK_EVERY_ROWS)
            continue;
        arena_clear(arena);
        if (looked_at >= LIMIT_QUERY_SCANNED_ROWS)
            return refuse(count, PROBLEM_QUERY_TOO_LARGE, "The view has more rows than are counted one by one.");
        if (clock_monotonic_us(&clock_system) > until_us)
            return refuse(count, PROBLEM_QUERY_TOO_LONG, "There are too many rows to count in time.");
        if (weir_snapshot_is_wanted(snapshot))
            return refuse(count, PROBLEM_UNAVAILABLE, "Partitions come or go.");
    }
    if (error.code != WEIR_OK)
        problem_of_error(count->request, &error, PROBLEM_VIEW_NOT_FOUND);
    return error.code == WEIR_OK;
}

static bool count_exactly(struct count *count)
{
    struct weir_error error = {0};
    weir_arena arena;
    arena_init(&arena);
    weir_snapshot *snapshot = weir_snapshot_open(&count->view->view, 1, &error);
    weir_cursor *cursor =
        snapshot ? weir_snapshot_scan(snapshot, count->view->view, &arena, (struct weir_range){0}, &error) : NULL;
    bool ok = cursor && count_walk(count, snapshot, cursor, &arena);
    if (!cursor)
        problem_of_error(count->request, &error, PROBLEM_VIEW_NOT_FOUND);
    weir_cursor_close(cursor);
    weir_snapshot_close(snapshot);
    arena_done(&arena);
    return ok;
}

/* An estimate is of all that is here, whoever asks. */
static bool count_here(struct count *count)
{
    if (count->is_exact)
        return count_exactly(count);
    count->rows += weir_view_describe(count->view->view).rows_approximate;
    return true;
}

/* ---- elsewhere, and the answer ---------------------------------------------------------------------------------- */

static bool ask_instance(void *self, const struct peer_question *question)
{
    struct count *count = self;
    struct weir_error error = {0};
    struct http_reply reply;
    bool ok = peer_ask(count->request, question, (weir_bytes){0}, &reply) && reply.status == 200;
    const struct reply *theirs =
        ok ? weir_from_json(&count->request->arena, &reply_type, buffer_bytes(&reply.body), &error) : NULL;
    if (theirs)
        count->rows += theirs->rows;
    http_reply_done(&reply);
    return theirs != NULL;
}

static void answer(struct count *count, bool is_complete)
{
    struct buffer *out = &count->request->response.body;
    buffer_format(out, "{\"rows\":%lld,\"exact\":%s,\"metadata\":{\"view\":", (long long)count->rows,
                  count->is_exact ? "true" : "false");
    json_text(out, count->view->info.name);
    buffer_format(out, ",\"complete\":%s,\"instance\":", is_complete ? "true" : "false");
    json_text(out, count->request->server->instance);
    buffer_text(out, "}}\n");
    count->request->response.status = 200;
    count->request->response.media = "application/json";
}

static void count_all(struct count *count)
{
    struct request *request = count->request;
    struct peer_partitions missing = peer_missing(request, &count->view->info, NULL, &count->here);
    bool is_asking = missing.count > 0 && peer_routing(request, count->view) != PEER_NONE;
    if (is_asking && peer_moves_to_forwarder(request))
        return;
    struct peer_partitions done = {0};
    if (is_asking)
        done = peer_ask_each(request, count->view, missing, ask_instance, count);
    if (done.count < missing.count && !request_value(request, QUERY_PARTIAL)->number)
        problem_answer(request, PROBLEM_ELSEWHERE, "%zu partitions of the view could not be counted.",
                       missing.count - done.count);
    else if (count_here(count))
        answer(count, done.count == missing.count);
}

/* Asked by another instance: for exactly these partitions, or not at all. */
static void count_asked(struct count *count, const struct peer_partitions *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (peer_partitions_have(&count->here, asked->items[i]))
            continue;
        peer_refuse(count->request, count->view, asked->items[i]);
        return;
    }
    count->here = *asked;
    if (count_here(count))
        answer(count, true);
}

void handle_count(struct request *request)
{
    struct count count = {.request = request, .view = seen_find(request, request->path_values[0])};
    struct peer_partitions asked;
    if (!count.view)
        return;
    count.is_exact = request_value(request, QUERY_EXACT)->number;
    count.here.items = arena_alloc(&request->arena, ((size_t)count.view->info.partitions + 1) * sizeof(int32_t));
    count.here.count = weir_view_held(count.view->view, (struct weir_copies){0}, count.here.items);
    if (peer_is_asked(request, &count.view->info, &asked))
        count_asked(&count, &asked);
    else
        count_all(&count);
}
