/* explain.c: where a key lives, how far that partition is, and which record wrote its row: what an operator asks when an answer
 * surprises. As this instance knows it; nobody else is asked.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/seen.h"

enum { HOLDERS_MAX = 16 };

struct place {
    int32_t partition; /* -1: not known */
    bool is_active_here, is_standby_here;
    bool has_row; /* it is in a copy that is here */
    struct weir_row row;
    const char *holders[HOLDERS_MAX]; /* other instances; the first active_count of them hold the active copy */
    size_t holder_count, active_count;
};

static bool holds(weir_view *view, weir_arena *arena, int32_t partitions, int32_t partition, bool any)
{
    int32_t *held = arena_alloc(arena, ((size_t)partitions + 1) * sizeof *held);
    size_t count = weir_view_held(view, (struct weir_copies){.any = any}, held);
    for (size_t i = 0; i < count; i++)
        if (held[i] == partition)
            return true;
    return false;
}

/* Of a view with windows or sessions: the newest of the key. */
static bool find_row(struct request *request, const struct server_view *view, const void *key, struct weir_row *row)
{
    struct weir_error error = {0};
    const struct weir_range of_key = {.from = key, .to = key, .descending = true};
    weir_cursor *cursor =
        weir_view_walk(view->view, (struct weir_copies){.any = true}, &request->arena, of_key, &error);
    bool found = cursor && weir_next(cursor, row, &error);
    weir_cursor_close(cursor);
    return found;
}

/* A partitioner of the author's is not known here; where the key is found, that is where it lives. */
static int32_t partition_of(const struct place *place, const struct server_view *view, const void *key)
{
    if (place->has_row)
        return place->row.partition;
    return weir_view_is_hashed(view->view) ? weir_view_partition(view->view, key) : -1;
}

static struct place find_place(struct request *request, const struct server_view *view, const void *key)
{
    struct place place = {.partition = -1};
    place.has_row = find_row(request, view, key, &place.row);
    place.partition = partition_of(&place, view, key);
    if (place.partition < 0)
        return place;
    place.is_active_here = holds(view->view, &request->arena, view->info.partitions, place.partition, false);
    place.is_standby_here =
        !place.is_active_here && holds(view->view, &request->arena, view->info.partitions, place.partition, true);
    place.active_count =
        weir_view_holders(view->view, place.partition, false, &request->arena, place.holders, HOLDERS_MAX);
    place.holder_count =
        weir_view_holders(view->view, place.partition, true, &request->arena, place.holders, HOLDERS_MAX);
    return place;
}

/* -1: not known here. */
static int64_t lag_of(const struct server_view *view, int32_t partition)
{
    struct weir_task_info tasks[LIMIT_LISTED];
    size_t count = weir_app_tasks(view->app, tasks, LIMIT_LISTED);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++)
        if (tasks[i].subtopology == view->info.subtopology && tasks[i].partition == partition && !tasks[i].is_standby)
            return tasks[i].lag;
    return -1;
}

static void write_number(struct buffer *out, const char *name, int64_t number)
{
    if (number < 0)
        buffer_format(out, ",\"%s\":null", name);
    else
        buffer_format(out, ",\"%s\":%" PRId64, name, number);
}

static void write_holders(struct buffer *out, const struct request *request, const struct place *place)
{
    const char *self = request->server->instance;
    const char *other = place->active_count > 0 ? place->holders[0] : NULL;
    buffer_text(out, ",\"owner\":");
    json_text(out, place->is_active_here ? self : other);
    buffer_text(out, ",\"standbys\":[");
    if (place->is_standby_here)
        json_text(out, self);
    for (size_t i = place->active_count; i < place->holder_count; i++) {
        buffer_text(out, i > place->active_count || place->is_standby_here ? "," : "");
        json_text(out, place->holders[i]);
    }
    buffer_byte(out, ']');
}

static struct weir_copies copies_of(const struct place *place)
{
    return (struct weir_copies){.any = place->is_standby_here, .partitions = &place->partition, .partition_count = 1};
}

static void write_position(struct request *request, struct buffer *out, const struct server_view *view,
                           const struct place *place)
{
    buffer_text(out, ",\"position\":");
    if (place->is_active_here || place->is_standby_here)
        json_position(out, weir_view_position_of(view->view, copies_of(place), &request->arena));
    else
        buffer_text(out, "null");
}

static void write_writer(struct buffer *out, const struct server_view *view, const struct weir_row *row,
                         const struct weir_writer *writer)
{
    buffer_text(out, "{\"topic\":");
    json_text(out, writer->topic);
    buffer_format(out, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"timestamp\":", writer->partition,
                  writer->offset);
    json_time(out, writer->timestamp_ms);
    if (rows_are_windowed(&view->info)) {
        buffer_text(out, ",\"window\":{\"start\":");
        json_time(out, row->window.start_ms);
        buffer_text(out, ",\"end\":");
        json_time(out, row->window.end_ms);
        buffer_byte(out, '}');
    }
    buffer_byte(out, '}');
}

static void write_last_writer(struct request *request, struct buffer *out, const struct server_view *view,
                              const struct place *place)
{
    struct weir_error error = {0};
    struct weir_writer writer;
    buffer_text(out, ",\"last_writer\":");
    if (place->has_row && weir_view_writer(view->view, copies_of(place), &request->arena, &place->row, &writer, &error))
        write_writer(out, view, &place->row, &writer);
    else
        buffer_text(out, "null");
}

static void explain(struct request *request, const struct server_view *view, const void *key)
{
    const struct place place = find_place(request, view, key);
    struct buffer *out = &request->response.body;
    weir_bytes text = weir_to_json(&request->arena, view->info.key, key);
    buffer_text(out, "{\"key\":");
    buffer_append(out, text.data, text.size);
    write_number(out, "partition", place.partition);
    write_number(out, "partitions", view->info.partitions);
    buffer_text(out, weir_view_is_hashed(view->view) ? ",\"partitioner\":\"murmur2\"" : ",\"partitioner\":null");
    write_holders(out, request, &place);
    buffer_format(out, ",\"role\":%s",
                  place.is_active_here    ? "\"active\""
                  : place.is_standby_here ? "\"standby\""
                                          : "null");
    write_position(request, out, view, &place);
    write_number(out, "lag", place.is_active_here ? lag_of(view, place.partition) : -1);
    write_last_writer(request, out, view, &place);
    buffer_text(out, ",\"metadata\":{\"view\":");
    json_text(out, view->info.name);
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_text(out, "}}\n");
    request->response.status = 200;
    request->response.media = "application/json";
}

void handle_explain(struct request *request)
{
    const struct server_view *view = seen_find(request, request->path_values[0]);
    const void *key = view ? point_read_key(request, &view->info, request->path_values[1]) : NULL;
    if (key)
        explain(request, view, key);
}
