/* scan.c: GET /v1/views/{view}/scan: the rows of a range in some partitions, for an instance that answers a query in SQL (far.h). A
 * page is of one commit per partition, up to LIMIT_PAGE_BYTES, and says whether more rows follow; the next one is asked for with a
 * cursor as of listings, from its last row. The text of a frame is 8 bytes of timestamp and the value as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "http/cursor.h"
#include "http/frames.h"
#include "http/handlers.h"
#include "http/peer.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/seen.h"

struct scan {
    struct request *request;
    const struct server_view *view;
    struct peer_partitions partitions;
    struct weir_range range;
};

static bool read_key(const struct scan *scan, enum query_id id, const void **key)
{
    const struct query_value *value = request_value(scan->request, id);
    if (!value->given)
        return true;
    *key = point_read_key(scan->request, &scan->view->info, value->text);
    return *key != NULL;
}

static bool read_cursor(struct scan *scan)
{
    struct request *request = scan->request;
    const struct query_value *value = request_value(request, QUERY_CURSOR);
    struct cursor cursor;
    struct weir_error error = {0};
    if (!value->given)
        return true;
    if (cursor_read(value->text, &request->arena, &cursor)) {
        scan->range.after = weir_key_from_text(&request->arena, scan->view->info.key, cursor.key, &error);
        scan->range.after_window_ms = cursor.window_ms;
        scan->range.after_window_end_ms = cursor.window_end_ms;
    }
    if (!scan->range.after)
        problem_answer(request, PROBLEM_BAD_CURSOR, "The cursor is none of a scan.");
    return scan->range.after != NULL;
}

static bool read_range(struct scan *scan)
{
    const struct request *request = scan->request;
    scan->range.prefix = request_value(request, QUERY_PREFIX)->text;
    scan->range.descending = request_value(request, QUERY_ORDER)->number != 0;
    scan->range.window_from_ms = request_value(request, QUERY_WINDOW_FROM)->number;
    scan->range.window_to_ms = request_value(request, QUERY_WINDOW_TO)->number;
    return read_key(scan, QUERY_FROM_KEY, &scan->range.from) && read_key(scan, QUERY_TO_KEY, &scan->range.to) &&
           read_cursor(scan);
}

static void write_row(const struct scan *scan, const struct weir_row *row, struct buffer *text, struct buffer *out)
{
    weir_arena *arena = &scan->request->arena;
    weir_bytes value = weir_to_json(arena, scan->view->info.value, row->value);
    char time[FRAMES_TIME_BYTES];
    bytes_put_u64(time, (uint64_t)row->timestamp_ms);
    buffer_clear(text);
    buffer_append(text, time, sizeof time);
    buffer_append(text, value.data, value.size);
    frames_write_row(out, &(struct frame){
                              .order = row->order,
                              .key = weir_key_to_text(arena, scan->view->info.key, row->key),
                              .window_ms = row->window.start_ms,
                              .window_end_ms = row->window.end_ms,
                              .partition = row->partition,
                              .text = buffer_bytes(text),
                          });
}

static bool is_wanted(const struct scan *scan, const struct weir_row *row)
{
    return scan->view->info.kind != WEIR_VIEW_VERSIONED || row->window.end_ms == WEIR_VERSION_OPEN;
}

/* The next page begins behind the key, so rows of one key in several partitions stay on one. */
static bool has_room(const struct buffer *out, const struct buffer *last, weir_bytes order)
{
    return out->size < LIMIT_PAGE_BYTES || bytes_equal(buffer_bytes(last), order);
}

static bool write_rows(const struct scan *scan, weir_cursor *cursor, struct weir_error *error)
{
    struct buffer *out = &scan->request->response.body, text = {0}, last = {0};
    struct weir_row row;
    bool has_row;
    while ((has_row = weir_next(cursor, &row, error)) && has_room(out, &last, row.order)) {
        if (is_wanted(scan, &row))
            write_row(scan, &row, &text, out);
        buffer_clear(&last);
        buffer_append(&last, row.order.data, row.order.size);
    }
    if (has_row)
        frames_set_more(out);
    buffer_done(&text);
    buffer_done(&last);
    return error->code == WEIR_OK;
}

static void answer(const struct scan *scan)
{
    struct request *request = scan->request;
    struct weir_error error = {0};
    const struct weir_copies copies = {.partitions = scan->partitions.items, .partition_count = scan->partitions.count};
    frames_write_head(&request->response.body,
                      bytes_of_text(weir_view_position_of(scan->view->view, copies, &request->arena)));
    weir_cursor *cursor = weir_view_walk(scan->view->view, copies, &request->arena, scan->range, &error);
    bool ok = cursor && write_rows(scan, cursor, &error);
    weir_cursor_close(cursor);
    if (ok) {
        request->response.status = 200;
        request->response.media = FRAMES_MEDIA;
    } else {
        buffer_clear(&request->response.body);
        problem_retry(request, 1000);
        problem_of_error(request, &error, PROBLEM_KEY_NOT_FOUND);
    }
}

static bool is_here(const struct scan *scan)
{
    struct request *request = scan->request;
    const struct weir_copies copies = {.partitions = scan->partitions.items, .partition_count = scan->partitions.count};
    int32_t *held = arena_alloc(&request->arena, ((size_t)scan->view->info.partitions + 1) * sizeof *held);
    size_t here = weir_view_held(scan->view->view, copies, held);
    if (here == scan->partitions.count)
        return true;
    problem_retry(request, 1000);
    problem_answer(request, PROBLEM_ELSEWHERE, "%zu of the %zu partitions asked for are here.", here,
                   scan->partitions.count);
    return false;
}

void handle_scan(struct request *request)
{
    struct scan scan = {.request = request, .view = seen_find(request, request->path_values[0])};
    if (!scan.view)
        return;
    if (!peer_is_asked(request, &scan.view->info, &scan.partitions))
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY,
                       "Instances ask each other this way, for partitions: read .../entries or /v1/sql.");
    else if (read_range(&scan) && is_here(&scan))
        answer(&scan);
}
