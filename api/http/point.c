/* point.c: one row by its key (and window). The hot path of the door: it runs on the loop's thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/peer.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/seen.h"

const void *point_read_key(struct request *request, const struct weir_view_info *info, weir_bytes text)
{
    struct weir_error error = {0};
    const void *key = weir_key_from_text(&request->arena, info->key, text, &error);
    if (!key)
        problem_answer(request, PROBLEM_BAD_KEY, "%s", error.message);
    return key;
}

void point_refuse(struct request *request, const struct server_view *view, const void *key,
                  const struct weir_error *error)
{
    if (error->code == WEIR_ABSENT) {
        problem_answer(request, PROBLEM_KEY_NOT_FOUND, "The view \"%s\" has no such key.", view->info.name);
    } else if (error->code == WEIR_RETRY) {
        problem_number(request, "partition", weir_view_partition(view->view, key));
        problem_retry(request, 1000);
        problem_answer(request, PROBLEM_NOT_OWNER, "%s", error->message);
    } else {
        problem_of_error(request, error, PROBLEM_KEY_NOT_FOUND);
    }
}

static char *put_hex(char *at, uint64_t number)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 60;
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *at++ = digits[number >> shift & 15];
    return at;
}

/* Strong: partition, time and hash of the value, and the form it is sent in. As every use is revalidated (no-cache), the
 * form in the tag does what a Vary header would do. */
static void make_etag(char *out, const struct weir_row *row, weir_bytes value, enum rows_form form)
{
    *out++ = '"';
    out = put_hex(out, (uint64_t)row->partition);
    *out++ = '-';
    out = put_hex(out, (uint64_t)row->timestamp_ms);
    *out++ = '-';
    out = put_hex(out, hash_table(value));
    *out++ = '-';
    *out++ = "jnc"[form];
    *out++ = '"';
    *out = 0;
}

static void write_json(struct request *request, const struct server_view *view, const struct weir_row *row,
                       weir_bytes value)
{
    struct buffer *out = &request->response.body;
    buffer_byte(out, '{');
    rows_write_members(&request->response.body, &request->arena, &view->info, row, value);
    buffer_text(out, ",\"metadata\":{\"view\":");
    json_text(out, view->info.name);
    buffer_text(out, ",\"partition\":");
    json_integer(out, row->partition);
    buffer_text(out, row->is_standby ? ",\"role\":\"standby\",\"position\":" : ",\"role\":\"active\",\"position\":");
    json_position(out, row->position);
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_text(out, "}}\n");
}

void point_write(struct request *request, const struct server_view *view, const struct weir_row *row)
{
    request->response.status = 200;
    request->response.media = "application/json";
    write_json(request, view, row, weir_to_json(&request->arena, view->info.value, row->value));
}

static void answer(struct request *request, const struct server_view *view, const struct weir_row *row)
{
    struct response *response = &request->response;
    weir_bytes value = weir_to_json(&request->arena, view->info.value, row->value);
    char etag[64];
    make_etag(etag, row, value, rows_form(request));
    if (request_not_modified(request, etag))
        return;
    response->status = 200;
    response->media = request->media;
    if (rows_form(request) == ROWS_CSV) {
        response->media = "text/csv; charset=utf-8";
        rows_write_csv_header(&response->body, &view->info);
        rows_write_csv(request, &view->info, row);
    } else {
        write_json(request, view, row, value);
    }
}

/* What says which row of the key is meant: the start of a window, or a time at which a version was valid. */
static int64_t time_of_row(struct request *request, const struct server_view *view)
{
    const struct query_value *as_of = request_value(request, QUERY_AS_OF);
    if (view->info.kind == WEIR_VIEW_VERSIONED)
        return as_of->given ? as_of->number : WEIR_VERSION_OPEN;
    return view->info.kind == WEIR_VIEW_WINDOW ? request_value(request, QUERY_WINDOW)->number : 0;
}

static bool read_row(struct request *request, const struct server_view *view, struct weir_copies copies,
                     const void *key, struct weir_row *row, struct weir_error *error)
{
    return weir_view_find(view->view, copies, &request->arena, key, time_of_row(request, view), 0, row, error);
}

/* Where the key may be besides here. */
static struct peer_partitions places_of(struct request *request, const struct server_view *view, const void *key)
{
    struct peer_partitions held = {arena_alloc(&request->arena, ((size_t)view->info.partitions + 1) * sizeof(int32_t)),
                                   0},
                           all = {arena_alloc(&request->arena, sizeof(int32_t)), 1};
    held.count = weir_view_held(view->view, peer_copies(request), held.items);
    all.items[0] = weir_view_partition(view->view, key);
    return peer_missing(request, &view->info, weir_view_is_hashed(view->view) ? &all : NULL, &held);
}

/* On a forwarder: another instance has the key, or all of them have said that they do not, or that is not known. */
static void ask_others(struct request *request, const struct server_view *view, const void *key)
{
    struct peer_partitions left = places_of(request, view, key);
    bool has_moved = left.count == 0; /* here, since it was looked for */
    if (peer_relay(request, view, &left))
        return;
    if (left.count > 0 || has_moved)
        peer_refuse(request, view, has_moved ? weir_view_partition(view->view, key) : left.items[0]);
    else
        problem_answer(request, PROBLEM_KEY_NOT_FOUND, "The view \"%s\" has no such key.", view->info.name);
}

/* The key is not here, and may be elsewhere. False: here the matter ends. */
static bool look_elsewhere(struct request *request, const struct server_view *view, const void *key)
{
    enum peer_routing routing = peer_routing(request, view);
    if (routing == PEER_NONE)
        return false;
    if (routing == PEER_REDIRECT && weir_view_is_hashed(view->view) &&
        peer_redirect(request, view, weir_view_partition(view->view, key)))
        return true;
    if (!peer_moves_to_forwarder(request))
        ask_others(request, view, key);
    return true;
}

/* Asked by another instance for some partitions: whether these have the key is certain when they are all here. */
static bool read_asked(struct request *request, const struct server_view *view, const void *key, struct weir_row *row,
                       struct weir_error *error)
{
    struct weir_copies copies = peer_copies(request);
    struct peer_partitions asked;
    if (!peer_is_asked(request, &view->info, &asked))
        return false;
    copies.partitions = asked.items;
    copies.partition_count = asked.count;
    *error = (struct weir_error){0};
    return read_row(request, view, copies, key, row, error);
}

static void read_point(struct request *request, const struct server_view *view, const void *key)
{
    struct weir_error error = {0};
    struct weir_row row = {0};
    if (read_row(request, view, peer_copies(request), key, &row, &error) ||
        (error.code == WEIR_RETRY && read_asked(request, view, key, &row, &error)))
        answer(request, view, &row);
    else if (error.code != WEIR_RETRY || !look_elsewhere(request, view, key))
        point_refuse(request, view, key, &error);
}

void handle_point(struct request *request)
{
    const struct server_view *view = seen_find(request, request->path_values[0]);
    bool window = request_value(request, QUERY_WINDOW)->given;
    bool as_of = request_value(request, QUERY_AS_OF)->given;
    if (!view)
        return;
    if (view->info.kind == WEIR_VIEW_SESSION) {
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "This view has sessions: read .../sessions.");
    } else if (window != (view->info.kind == WEIR_VIEW_WINDOW)) {
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY,
                       window ? "This view has no windows: leave the parameter window out."
                              : "This view has windows: add the parameter window, or read …/windows.");
    } else if (as_of && view->info.kind != WEIR_VIEW_VERSIONED) {
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY,
                       "This view keeps no versions: leave the parameter as_of out.");
    } else {
        const void *key = point_read_key(request, &view->info, request->path_values[1]);
        if (key)
            read_point(request, view, key);
    }
}
