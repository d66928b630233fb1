/* listing.c: pages of rows: entries in key order, windows over all keys, windows of one key.
 *
 * A page holds up to `limit` rows, or fewer when it grows beyond LIMIT_PAGE_BYTES; whether another follows is known by
 * asking for one row more. It is complete, or it is refused, unless the client allows a partial one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "http/cursor.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/rows.h"
#include "http/server.h"

struct listing {
    struct request *request;
    const struct server_view *view;
    struct weir_view_info info; /* as of now */
    struct weir_range range;
    const void *key; /* of a listing of one key's windows */
    enum rows_form form;
    size_t limit, count;
    bool more;
    struct cursor next;
};

static bool refuse_range(struct request *request, const char *field, const char *why)
{
    problem_field(request, field, why);
    problem_answer(request, PROBLEM_BAD_RANGE, "%s: %s.", field, why);
    return false;
}

/* ---- from parameters to a range --------------------------------------------------------------------------------- */

static bool read_bound(struct listing *listing, enum query_id id, const void **key)
{
    const struct query_value *value = request_value(listing->request, id);
    if (!value->given)
        return true;
    *key = point_read_key(listing->request, &listing->info, value->text);
    return *key != NULL;
}

/* Whether both bounds are of a scalar key and the wrong way round. */
static bool is_backwards(const struct listing *listing)
{
    const void *from = listing->range.from, *to = listing->range.to;
    if (!from || !to)
        return false;
    switch (listing->info.key->kind) {
    case WEIR_KIND_STRING:
        return bytes_compare(*(const weir_bytes *)from, *(const weir_bytes *)to) > 0;
    case WEIR_KIND_I32:
        return *(const int32_t *)from > *(const int32_t *)to;
    case WEIR_KIND_I64:
        return *(const int64_t *)from > *(const int64_t *)to;
    default:
        return false;
    }
}

static bool read_key_range(struct listing *listing)
{
    struct request *request = listing->request;
    const struct query_value *prefix = request_value(request, QUERY_PREFIX);
    if (!read_bound(listing, QUERY_FROM_KEY, &listing->range.from) ||
        !read_bound(listing, QUERY_TO_KEY, &listing->range.to))
        return false;
    if (is_backwards(listing))
        return refuse_range(request, "from", "is behind to");
    if (prefix->given && (listing->range.from || listing->range.to))
        return refuse_range(request, "prefix", "cannot be combined with from and to");
    if (prefix->given && listing->info.key->kind != WEIR_KIND_STRING)
        return refuse_range(request, "prefix", "is for string keys only");
    if (prefix->given && prefix->text.size)
        listing->range.prefix = prefix->text;
    return true;
}

/* In weir_range a `to` of zero is no bound, so the epoch itself is asked for as the millisecond behind it. */
static bool read_time_range(struct listing *listing)
{
    const struct query_value *from = request_value(listing->request, QUERY_FROM_TIME);
    const struct query_value *to = request_value(listing->request, QUERY_TO_TIME);
    if (from->given && to->given && from->number > to->number)
        return refuse_range(listing->request, "from", "is behind to");
    listing->range.window_from_ms = from->number;
    listing->range.window_to_ms = to->given && to->number == 0 ? 1 : to->number;
    return true;
}

static void mix(uint64_t *hash, weir_bytes text, uint64_t salt)
{
    *hash = (*hash ^ (hash_table(text) + salt)) * UINT64_C(0x9E3779B97F4A7C15);
    *hash ^= *hash >> 29;
}

/* Of everything that says which rows come in which order; the limit may change from page to page. */
static uint64_t hash_of_query(const struct request *request)
{
    static const enum query_id parts[] = {QUERY_PREFIX,    QUERY_FROM_KEY, QUERY_TO_KEY,
                                          QUERY_FROM_TIME, QUERY_TO_TIME,  QUERY_ORDER};
    uint64_t hash = 0;
    mix(&hash, bytes_of_text(request->route->path), 1);
    mix(&hash, request->path_values[0], 2);
    if (request->path_values[1].data)
        mix(&hash, request->path_values[1], 3);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct query_value *value = request_value(request, parts[i]);
        if (value->given)
            mix(&hash, parts[i] == QUERY_ORDER ? bytes_of_text(value->number ? "desc" : "asc") : value->text, 4 + i);
    }
    return hash;
}

static bool read_cursor(struct listing *listing)
{
    struct request *request = listing->request;
    const struct query_value *value = request_value(request, QUERY_CURSOR);
    struct weir_error error = {0};
    struct cursor cursor;
    listing->next.query = hash_of_query(request);
    if (!value->given)
        return true;
    if (cursor_read(value->text, &request->arena, &cursor) && cursor.query == listing->next.query) {
        listing->range.after = weir_key_from_text(&request->arena, listing->info.key, cursor.key, &error);
        listing->range.after_window_ms = cursor.window_ms;
    }
    if (!listing->range.after)
        problem_answer(request, PROBLEM_BAD_CURSOR, "Use page.next with the very parameters it was given for.");
    return listing->range.after != NULL;
}

static bool check_complete(struct listing *listing)
{
    struct request *request = listing->request;
    const struct weir_view_info *info = &listing->info;
    if (listing->key || info->partitions_here >= info->partitions || request_value(request, QUERY_PARTIAL)->number)
        return true;
    problem_number(request, "partitions", info->partitions);
    problem_number(request, "partitions_here", info->partitions_here);
    problem_retry(request, 1000);
    problem_answer(request, PROBLEM_ELSEWHERE, "%d of %d partitions are here; partial=allow answers from these.",
                   info->partitions_here, info->partitions);
    return false;
}

/* ---- from a range to a page ------------------------------------------------------------------------------------- */

static void write_row(struct listing *listing, const struct weir_row *row)
{
    struct request *request = listing->request;
    struct buffer *out = &request->response.body;
    if (listing->form == ROWS_CSV) {
        rows_write_csv(request, &listing->info, row);
        return;
    }
    if (listing->form == ROWS_JSON && listing->count)
        buffer_byte(out, ',');
    rows_write_json(request, &listing->info, row);
    if (listing->form == ROWS_LINES)
        buffer_byte(out, '\n');
}

static void take_row(struct listing *listing, const struct weir_row *row)
{
    write_row(listing, row);
    listing->count++;
    listing->next.key = weir_key_to_text(&listing->request->arena, listing->info.key, row->key);
    listing->next.window_ms = row->window.start_ms;
}

static bool take_rows(struct listing *listing, struct weir_error *error)
{
    weir_arena *arena = &listing->request->arena;
    weir_cursor *cursor = weir_view_scan(listing->view->view, arena, listing->range, error);
    struct weir_row row;
    while (cursor && weir_next(cursor, &row, error)) {
        if (listing->count == listing->limit || listing->request->response.body.size > LIMIT_PAGE_BYTES) {
            listing->more = true;
            break;
        }
        take_row(listing, &row);
    }
    weir_cursor_close(cursor);
    return cursor && error->code == WEIR_OK;
}

/* The same query, as a relative reference with the cursor in place of an older one. */
static void add_link(struct listing *listing, const char *cursor)
{
    struct request *request = listing->request;
    struct buffer link = {0};
    buffer_text(&link, "<?");
    for (size_t i = 0; i < request->uri.pair_count; i++) {
        const struct uri_pair *pair = &request->uri.pairs[i];
        if (bytes_equal(pair->name, bytes_of_text("cursor")))
            continue;
        char *value = arena_alloc_raw(&request->arena, 3 * pair->value.size + 1);
        uri_encode(pair->value, value);
        buffer_append(&link, pair->name.data, pair->name.size); /* of a known parameter: letters only */
        buffer_format(&link, "=%s&", value);
    }
    buffer_format(&link, "cursor=%s>; rel=\"next\"", cursor);
    request_add_header(request, "Link", arena_bytes(&request->arena, buffer_bytes(&link)).data);
    buffer_done(&link);
}

static const char *next_text(struct listing *listing)
{
    struct buffer text = {0};
    if (!listing->more)
        return NULL;
    cursor_write(&listing->next, &text);
    const char *copy = arena_bytes(&listing->request->arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return copy;
}

static void write_metadata(struct listing *listing, const char *next)
{
    struct request *request = listing->request;
    struct buffer *out = &request->response.body;
    const struct weir_view_info *info = &listing->info;
    buffer_text(out, "],\"page\":{\"next\":");
    json_text(out, next);
    buffer_format(out, ",\"size\":%zu},\"metadata\":{\"view\":", listing->count);
    json_text(out, info->name);
    buffer_text(out, ",\"role\":\"active\",\"position\":");
    json_position(out, weir_view_position(listing->view->view, &request->arena));
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_format(out, ",\"partitions\":%d,\"partitions_here\":%d,\"complete\":%s}}\n", info->partitions,
                  info->partitions_here, listing->key || info->partitions_here >= info->partitions ? "true" : "false");
}

static void begin_page(struct listing *listing)
{
    struct response *response = &listing->request->response;
    response->media = listing->request->media;
    listing->form = rows_form(listing->request);
    request_add_header(listing->request, "Vary", "Accept");
    if (listing->form == ROWS_CSV) {
        response->media = "text/csv; charset=utf-8";
        rows_write_csv_header(&response->body, &listing->info);
    } else if (listing->form == ROWS_JSON) {
        buffer_text(&response->body, "{\"data\":[");
    }
}

/* A key without rows here may have some elsewhere: reading one of its windows tells. */
static bool is_elsewhere(struct listing *listing, struct weir_error *error)
{
    struct weir_row row;
    const struct weir_view_info *info = &listing->info;
    if (!listing->key || listing->count || info->partitions_here >= info->partitions)
        return false;
    return !weir_view_get_window(listing->view->view, &listing->request->arena, listing->key, 0, &row, error) &&
           error->code == WEIR_RETRY;
}

static void answer_page(struct listing *listing)
{
    struct request *request = listing->request;
    struct weir_error error = {0};
    const struct query_value *limit = request_value(request, QUERY_LIMIT);
    listing->limit = limit->given ? (size_t)limit->number : LIMIT_ROWS_DEFAULT;
    listing->range.descending = request_value(request, QUERY_ORDER)->number != 0;
    begin_page(listing);
    if (!take_rows(listing, &error)) {
        problem_of_error(request, &error, PROBLEM_VIEW_NOT_FOUND);
        return;
    }
    if (is_elsewhere(listing, &error)) {
        point_refuse(request, listing->view, listing->key, &error);
        return;
    }
    const char *next = next_text(listing);
    if (next)
        add_link(listing, next);
    if (listing->form == ROWS_JSON)
        write_metadata(listing, next);
    request->response.status = 200;
}

static bool find_view(struct listing *listing, bool needs_windows)
{
    struct request *request = listing->request;
    struct weir_error error = {0};
    listing->view = server_find_view(request->server, request->path_values[0], &error);
    if (!listing->view) {
        problem_of_error(request, &error, PROBLEM_VIEW_NOT_FOUND);
        return false;
    }
    listing->info = weir_view_describe(listing->view->view);
    if (listing->info.kind == WEIR_VIEW_SESSION) {
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "The view \"%s\" holds sessions, which are not listed here.",
                       listing->info.name);
        return false;
    }
    if (needs_windows && listing->info.kind != WEIR_VIEW_WINDOW) {
        problem_answer(request, PROBLEM_UNSUPPORTED_QUERY, "The view \"%s\" has no windows.", listing->info.name);
        return false;
    }
    return true;
}

void handle_entries(struct request *request)
{
    struct listing listing = {.request = request};
    if (find_view(&listing, false) && check_complete(&listing) && read_key_range(&listing) && read_cursor(&listing))
        answer_page(&listing);
}

void handle_windows(struct request *request)
{
    struct listing listing = {.request = request};
    if (find_view(&listing, true) && check_complete(&listing) && read_time_range(&listing) && read_cursor(&listing))
        answer_page(&listing);
}

static bool read_one_key(struct listing *listing)
{
    listing->key = point_read_key(listing->request, &listing->info, listing->request->path_values[1]);
    listing->range.from = listing->range.to = listing->key;
    return listing->key != NULL;
}

void handle_key_windows(struct request *request)
{
    struct listing listing = {.request = request};
    if (find_view(&listing, true) && read_one_key(&listing) && read_time_range(&listing) && read_cursor(&listing))
        answer_page(&listing);
}
