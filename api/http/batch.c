/* batch.c: many keys in one answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "http/frames.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/peer.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/seen.h"
#include "http/server.h"

enum batch_state { BATCH_ABSENT, BATCH_FOUND, BATCH_ELSEWHERE };

struct batch_item {
    enum batch_state state;
    weir_bytes text; /* of a row that was found, as JSON */
};

struct batch {
    struct request *request;
    const struct server_view *view;
    weir_array keys;
    struct batch_item *items; /* by key */
    struct weir_copies copies;
    bool is_asked; /* by another instance */
};

struct batch_body {
    weir_array keys;
};

/* {"keys":[…]}, each of the view's key type; the table is made for the view and read by the codec. */
static bool read_keys(struct batch *batch)
{
    struct request *request = batch->request;
    struct weir_error error = {0};
    const struct weir_type keys = {
        .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = batch->view->info.key};
    const struct weir_field field = {"keys", &keys, offsetof(struct batch_body, keys), WEIR_NO_PRESENCE, NULL, NULL};
    const struct weir_type type = {.name = "batch",
                                   .kind = WEIR_KIND_RECORD,
                                   .size = sizeof(struct batch_body),
                                   .fields = &field,
                                   .field_count = 1,
                                   .closed = true};
    const struct batch_body *body = weir_from_json(&request->arena, &type, buffer_bytes(&request->body), &error);
    if (!body) {
        problem_bad_body(request, error.message);
        return false;
    }
    batch->keys = body->keys;
    if (body->keys.count <= LIMIT_BATCH_KEYS)
        return true;
    problem_field(request, "keys", "has more than 1000 items");
    problem_answer(request, PROBLEM_BAD_BODY, "At most %d keys can be asked for at once.", LIMIT_BATCH_KEYS);
    return false;
}

static const void *key_of(const struct batch *batch, size_t index)
{
    return (const char *)batch->keys.items + index * batch->view->info.key->size;
}

/* ---- what is here ----------------------------------------------------------------------------------------------- */

/* Rows are written where answers are, and taken from there. */
static weir_bytes row_text(struct batch *batch, const struct weir_row *row)
{
    struct buffer *out = &batch->request->response.body;
    weir_bytes value = weir_to_json(&batch->request->arena, batch->view->info.value, row->value);
    buffer_clear(out);
    buffer_byte(out, '{');
    rows_write_members(&batch->request->response.body, &batch->request->arena, &batch->view->info, row, value);
    buffer_format(out, ",\"partition\":%d}", row->partition);
    weir_bytes text = arena_bytes(&batch->request->arena, buffer_bytes(out));
    buffer_clear(out);
    return text;
}

/* False: the problem is set. */
static bool read_one(struct batch *batch, size_t index)
{
    struct weir_error error = {0};
    struct weir_row row;
    struct batch_item *item = &batch->items[index];
    if (weir_view_find(batch->view->view, batch->copies, &batch->request->arena, key_of(batch, index), 0, 0, &row,
                       &error)) {
        *item = (struct batch_item){BATCH_FOUND, row_text(batch, &row)};
        return true;
    }
    item->state = error.code == WEIR_RETRY ? BATCH_ELSEWHERE : BATCH_ABSENT;
    if (error.code == WEIR_RETRY || error.code == WEIR_ABSENT)
        return true;
    point_refuse(batch->request, batch->view, key_of(batch, index), &error);
    return false;
}

static size_t first_elsewhere(const struct batch *batch)
{
    size_t i = 0;
    while (i < batch->keys.count && batch->items[i].state != BATCH_ELSEWHERE)
        i++;
    return i;
}

/* ---- what is elsewhere ------------------------------------------------------------------------------------------ */

static bool may_have(const struct batch *batch, size_t index, const struct peer_partitions *partitions)
{
    return batch->items[index].state == BATCH_ELSEWHERE &&
           (!weir_view_is_hashed(batch->view->view) ||
            peer_partitions_have(partitions, weir_view_partition(batch->view->view, key_of(batch, index))));
}

/* The keys that are to be looked for in these partitions, as a body. */
static void write_keys(const struct batch *batch, const struct peer_partitions *partitions, struct buffer *out)
{
    bool follows = false;
    buffer_text(out, "{\"keys\":[");
    for (size_t i = 0; i < batch->keys.count; i++) {
        if (!may_have(batch, i, partitions))
            continue;
        weir_bytes key = weir_to_json(&batch->request->arena, batch->view->info.key, key_of(batch, i));
        if (follows)
            buffer_byte(out, ',');
        buffer_append(out, key.data, key.size);
        follows = true;
    }
    buffer_text(out, "]}");
}

/* One row per key that was asked for, in that order; without text where there is none. */
static bool take_rows(struct batch *batch, const struct peer_partitions *partitions, weir_bytes rows)
{
    struct frames frames;
    struct frame frame;
    if (!frames_read_head(&frames, arena_bytes(&batch->request->arena, rows)))
        return false;
    for (size_t i = 0; i < batch->keys.count; i++) {
        if (!may_have(batch, i, partitions))
            continue;
        if (!frames_next(&frames, &frame))
            return false;
        if (frame.text.size)
            batch->items[i] = (struct batch_item){BATCH_FOUND, frame.text};
    }
    return true;
}

static bool ask_instance(void *self, const struct peer_question *question)
{
    struct batch *batch = self;
    struct buffer body = {0};
    struct http_reply reply;
    write_keys(batch, &question->partitions, &body);
    bool ok = peer_ask(batch->request, question, buffer_bytes(&body), &reply) && reply.status == 200 &&
              take_rows(batch, &question->partitions, buffer_bytes(&reply.body));
    http_reply_done(&reply);
    buffer_done(&body);
    return ok;
}

/* On a forwarder. A key that nobody had is absent once all partitions that may have it have answered. */
static void ask_others(struct batch *batch)
{
    struct request *request = batch->request;
    const struct server_view *view = batch->view;
    struct peer_partitions held = {arena_alloc(&request->arena, ((size_t)view->info.partitions + 1) * sizeof(int32_t)),
                                   0};
    held.count = weir_view_held(view->view, batch->copies, held.items);
    struct peer_partitions missing = peer_missing(request, &view->info, NULL, &held);
    struct peer_partitions done = peer_ask_each(request, view, missing, ask_instance, batch);
    bool is_certain = weir_view_is_hashed(view->view) || (done.count > 0 && done.count == missing.count);
    for (size_t i = 0; is_certain && i < batch->keys.count; i++)
        if (may_have(batch, i, &done))
            batch->items[i].state = BATCH_ABSENT;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static void answer_instance(struct batch *batch)
{
    struct response *response = &batch->request->response;
    frames_write_head(&response->body, (weir_bytes){"", 0});
    for (size_t i = 0; i < batch->keys.count; i++)
        frames_write_row(&response->body, &(struct frame){.text = batch->items[i].text});
    response->status = 200;
    response->media = FRAMES_MEDIA;
}

static size_t write_found(struct batch *batch, struct buffer *out)
{
    size_t found = 0;
    for (size_t i = 0; i < batch->keys.count; i++) {
        if (batch->items[i].state != BATCH_FOUND)
            continue;
        if (found++)
            buffer_byte(out, ',');
        buffer_append(out, batch->items[i].text.data, batch->items[i].text.size);
    }
    return found;
}

static void write_missing(struct batch *batch, struct buffer *out)
{
    bool follows = false;
    for (size_t i = 0; i < batch->keys.count; i++) {
        if (batch->items[i].state == BATCH_FOUND)
            continue;
        weir_bytes text = weir_to_json(&batch->request->arena, batch->view->info.key, key_of(batch, i));
        if (follows)
            buffer_byte(out, ',');
        buffer_append(out, text.data, text.size);
        follows = true;
    }
}

static void answer(struct batch *batch)
{
    struct request *request = batch->request;
    struct buffer *out = &request->response.body;
    buffer_text(out, "{\"data\":[");
    size_t found = write_found(batch, out);
    buffer_text(out, "],\"missing\":[");
    write_missing(batch, out);
    buffer_format(out, "],\"page\":{\"next\":null,\"size\":%zu},\"metadata\":{\"view\":", found);
    json_text(out, batch->view->info.name);
    buffer_format(out, ",\"role\":\"%s\",\"position\":", batch->copies.any ? "any" : "active");
    json_position(out, weir_view_position_of(batch->view->view, batch->copies, &request->arena));
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_format(out, ",\"complete\":%s}}\n", first_elsewhere(batch) < batch->keys.count ? "false" : "true");
    request->response.status = 200;
    request->response.media = "application/json";
}

static bool read_all(struct batch *batch)
{
    struct peer_partitions asked;
    batch->items = arena_alloc(&batch->request->arena, (batch->keys.count + 1) * sizeof *batch->items);
    batch->copies = peer_copies(batch->request);
    batch->is_asked = peer_is_asked(batch->request, &batch->view->info, &asked);
    if (batch->is_asked) {
        batch->copies.partitions = asked.items;
        batch->copies.partition_count = asked.count;
    }
    for (size_t i = 0; i < batch->keys.count; i++)
        if (!read_one(batch, i))
            return false;
    return true;
}

static void find_all(struct batch *batch)
{
    struct request *request = batch->request;
    size_t elsewhere;
    if (!read_all(batch))
        return;
    if (first_elsewhere(batch) < batch->keys.count && peer_routing(request, batch->view) != PEER_NONE) {
        if (peer_moves_to_forwarder(request))
            return;
        ask_others(batch);
    }
    elsewhere = first_elsewhere(batch);
    if (elsewhere < batch->keys.count && (batch->is_asked || !request_value(request, QUERY_PARTIAL)->number))
        peer_refuse(request, batch->view, weir_view_partition(batch->view->view, key_of(batch, elsewhere)));
    else if (batch->is_asked)
        answer_instance(batch);
    else
        answer(batch);
}

void handle_batch(struct request *request)
{
    struct batch batch = {.request = request, .view = seen_find(request, request->path_values[0])};
    if (!batch.view)
        return;
    if (batch.view->info.kind == WEIR_VIEW_WINDOW)
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "This view has windows: read /keys/{key}/windows.");
    else if (batch.view->info.kind == WEIR_VIEW_SESSION)
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "This view has sessions: read /keys/{key}/sessions.");
    else if (read_keys(&batch))
        find_all(&batch);
}
