/* batch.c: many keys in one answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/server.h"

struct batch {
    struct request *request;
    const struct server_view *view;
    weir_array keys;
    struct buffer missing; /* keys as JSON, comma-separated */
    bool partial;          /* a key is elsewhere */
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

static void note_missing(struct batch *batch, const void *key)
{
    weir_bytes text = weir_to_json(&batch->request->arena, batch->view->info.key, key);
    if (batch->missing.size)
        buffer_byte(&batch->missing, ',');
    buffer_append(&batch->missing, text.data, text.size);
}

static void write_found(struct batch *batch, const struct weir_row *row, bool first)
{
    struct buffer *out = &batch->request->response.body;
    weir_bytes value = weir_to_json(&batch->request->arena, batch->view->info.value, row->value);
    buffer_text(out, first ? "{" : ",{");
    rows_write_members(batch->request, &batch->view->info, row, value);
    buffer_format(out, ",\"partition\":%d}", row->partition);
}

/* False: the problem is set. */
static bool read_one(struct batch *batch, const void *key, size_t *found)
{
    struct request *request = batch->request;
    struct weir_error error = {0};
    struct weir_row row;
    if (weir_view_get(batch->view->view, &request->arena, key, &row, &error)) {
        write_found(batch, &row, *found == 0);
        ++*found;
        return true;
    }
    bool elsewhere = error.code == WEIR_RETRY;
    if (error.code != WEIR_ABSENT && !(elsewhere && request_value(request, QUERY_PARTIAL)->number)) {
        point_refuse(request, batch->view, key, &error);
        return false;
    }
    batch->partial = batch->partial || elsewhere;
    note_missing(batch, key);
    return true;
}

static void write_end(struct batch *batch, size_t found)
{
    struct request *request = batch->request;
    struct buffer *out = &request->response.body;
    buffer_text(out, "],\"missing\":[");
    buffer_append(out, batch->missing.data, batch->missing.size);
    buffer_format(out, "],\"page\":{\"next\":null,\"size\":%zu},\"metadata\":{\"view\":", found);
    json_text(out, batch->view->info.name);
    buffer_text(out, ",\"role\":\"active\",\"position\":");
    json_position(out, weir_view_position(batch->view->view, &request->arena));
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_format(out, ",\"complete\":%s}}\n", batch->partial ? "false" : "true");
}

static void answer(struct batch *batch)
{
    struct response *response = &batch->request->response;
    size_t size = batch->view->info.key->size, found = 0;
    buffer_text(&response->body, "{\"data\":[");
    for (size_t i = 0; i < batch->keys.count; i++) {
        if (!read_one(batch, (const char *)batch->keys.items + i * size, &found))
            return;
    }
    write_end(batch, found);
    response->status = 200;
    response->media = "application/json";
}

void handle_batch(struct request *request)
{
    struct weir_error error = {0};
    struct batch batch = {.request = request};
    batch.view = server_find_view(request->server, request->path_values[0], &error);
    if (!batch.view)
        problem_of_error(request, &error, PROBLEM_VIEW_NOT_FOUND);
    else if (batch.view->info.kind == WEIR_VIEW_WINDOW)
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "This view has windows: read /keys/{key}/windows.");
    else if (read_keys(&batch))
        answer(&batch);
    buffer_done(&batch.missing);
}
