/* listing.c: pages of rows: entries in key order; windows and sessions over all keys, and of one key; versions of one key.
 *
 * A page holds up to `limit` rows, or fewer when it grows beyond LIMIT_PAGE_BYTES; whether another follows is known by
 * asking for one row more. It is complete, or it is refused, unless the client allows a partial one.
 * What is not here is asked of the instances that have it, and put together with what is: each sends at most a page of its
 * rows (frames.h), in order, so the first page of all of them is among those.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "http/frames.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/listing.h"
#include "http/merge.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/seen.h"

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
static uint64_t hash_of_query(const struct listing *listing)
{
    const struct request *request = listing->request;
    static const enum query_id parts[] = {QUERY_PREFIX,    QUERY_FROM_KEY, QUERY_TO_KEY,
                                          QUERY_FROM_TIME, QUERY_TO_TIME,  QUERY_ORDER};
    uint64_t hash = 0;
    mix(&hash, bytes_of_text(request->route->path), 1);
    if (request->path_values[0].data)
        mix(&hash, request->path_values[0], 2);
    if (request->path_values[1].data)
        mix(&hash, request->path_values[1], 3);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct query_value *value = request_value(request, parts[i]);
        if (value->given)
            mix(&hash, parts[i] == QUERY_ORDER ? bytes_of_text(value->number ? "desc" : "asc") : value->text, 4 + i);
    }
    for (size_t i = 0; i < listing->condition_count; i++) {
        mix(&hash, bytes_of_text(listing->conditions[i].field->name), 20);
        mix(&hash, listing->conditions[i].text, 21);
    }
    return hash;
}

void listing_begin(struct listing *listing)
{
    listing->next.query = hash_of_query(listing);
}

bool listing_read_cursor(struct listing *listing)
{
    struct request *request = listing->request;
    const struct query_value *value = request_value(request, listing->is_search ? QUERY_PAGE : QUERY_CURSOR);
    struct weir_error error = {0};
    struct cursor cursor;
    listing_begin(listing);
    if (!value->given)
        return true;
    if (cursor_read(value->text, &request->arena, &cursor) && cursor.query == listing->next.query) {
        listing->range.after = weir_key_from_text(&request->arena, listing->info.key, cursor.key, &error);
        listing->range.after_window_ms = cursor.window_ms;
        listing->range.after_window_end_ms = cursor.window_end_ms;
    }
    if (!listing->range.after)
        problem_answer(request, PROBLEM_BAD_CURSOR, "Use page.next with the very parameters it was given for.");
    return listing->range.after != NULL;
}

/* ---- which partitions, and where ---------------------------------------------------------------------------------- */

static struct peer_partitions all_partitions(struct request *request, const struct weir_view_info *info)
{
    const struct peer_partitions none = {0};
    return peer_missing(request, info, NULL, &none);
}

static void choose_wanted(struct listing *listing)
{
    struct request *request = listing->request;
    listing->is_asked = peer_is_asked(request, &listing->info, &listing->wanted);
    if (listing->is_asked)
        return;
    listing->wanted = all_partitions(request, &listing->info);
    if (listing->key && weir_view_is_hashed(listing->view->view)) {
        listing->wanted.items[0] = weir_view_partition(listing->view->view, listing->key);
        listing->wanted.count = 1;
    }
}

static void choose_partitions(struct listing *listing)
{
    struct request *request = listing->request;
    choose_wanted(listing);
    listing->copies = peer_copies(request);
    listing->copies.partitions = listing->wanted.items;
    listing->copies.partition_count = listing->wanted.count;
    listing->held.items = arena_alloc(&request->arena, ((size_t)listing->info.partitions + 1) * sizeof(int32_t));
    listing->held.count = weir_view_held(listing->view->view, listing->copies, listing->held.items);
    listing->missing = peer_missing(request, &listing->info, &listing->wanted, &listing->held);
    listing->copies.partitions = listing->held.items;
    listing->copies.partition_count = listing->held.count;
}

static void refuse_incomplete(struct listing *listing, size_t answered)
{
    struct request *request = listing->request;
    if (listing->wanted.count == 1) {
        peer_refuse(request, listing->view, listing->wanted.items[0]);
        return;
    }
    problem_number(request, "partitions", listing->info.partitions);
    problem_number(request, "partitions_here", (int64_t)answered);
    problem_retry(request, 1000);
    problem_answer(request, PROBLEM_ELSEWHERE, "%zu of %zu partitions can be read; partial=allow answers from these.",
                   answered, listing->wanted.count);
}

static bool is_partial_allowed(const struct listing *listing)
{
    return !listing->is_asked && request_value(listing->request, QUERY_PARTIAL)->number;
}

/* ---- from a range to a page ------------------------------------------------------------------------------------- */

static void write_row(struct listing *listing, const struct weir_row *row)
{
    struct request *request = listing->request;
    if (listing->form == ROWS_CSV) {
        rows_write_csv(request, &listing->info, row);
        return;
    }
    if (listing->is_search) {
        weir_bytes value = weir_to_json(&request->arena, listing->info.value, row->value);
        buffer_append(&request->response.body, value.data, value.size);
    } else {
        rows_write_json(request, &listing->info, row);
    }
    if (listing->form == ROWS_LINES)
        buffer_byte(&request->response.body, '\n');
}

static void begin_row(struct listing *listing)
{
    if (listing->form == ROWS_JSON && listing->count)
        buffer_byte(&listing->request->response.body, ',');
    listing->count++;
}

static bool is_newest(const struct listing *listing, const struct weir_row *row)
{
    return listing->info.kind == WEIR_VIEW_VERSIONED && row->window.end_ms == WEIR_VERSION_OPEN;
}

static void take_row(struct listing *listing, const struct weir_row *row)
{
    begin_row(listing);
    write_row(listing, row);
    listing->next.key = weir_key_to_text(&listing->request->arena, listing->info.key, row->key);
    listing->next.window_ms = row->window.start_ms;
    listing->next.window_end_ms = row->window.end_ms;
}

static bool is_wanted(const struct listing *listing, const struct weir_row *row)
{
    if (listing->newest_only && !is_newest(listing, row))
        return false;
    for (size_t i = 0; i < listing->condition_count; i++) {
        const struct weir_field *field = listing->conditions[i].field;
        const char *value = row->value;
        bool is_there = field->presence == WEIR_NO_PRESENCE || *(const bool *)(value + field->presence);
        if (!is_there || !bytes_equal(*(const weir_bytes *)(value + field->offset), listing->conditions[i].text))
            return false;
    }
    return true;
}

static bool looks_too_long(struct listing *listing, struct weir_error *error)
{
    if (!listing->is_search || ++listing->looked_at <= LIMIT_SEARCHED_ROWS)
        return false;
    error_set(error, WEIR_INVALID, "more than %d rows would have to be looked at: name a shorter time",
              LIMIT_SEARCHED_ROWS);
    return true;
}

/* The next page begins behind the key, so rows of one key (and window) in several partitions stay on one. Numbered pages count
 * rows. */
static bool is_page_full(const struct listing *listing, size_t most, size_t bytes, weir_bytes last, weir_bytes order)
{
    bool stays = (listing->framed || !listing->is_search) && last.size > 0 && bytes_equal(last, order);
    return !stays && (listing->count >= most || bytes > LIMIT_PAGE_BYTES);
}

/* Calls take for up to a page of the rows that are here; for another instance, with what may be skipped in front of it. */
static bool walk_rows(struct listing *listing, void (*take)(struct listing *, const struct weir_row *),
                      const struct buffer *page, struct weir_error *error)
{
    weir_arena *arena = &listing->request->arena;
    weir_cursor *cursor = weir_view_walk(listing->view->view, listing->copies, arena, listing->range, error);
    struct weir_row row;
    struct buffer last = {0};
    size_t skip = listing->framed ? 0 : listing->skip, most = listing->limit + (listing->framed ? listing->skip : 0);
    while (cursor && weir_next(cursor, &row, error) && !looks_too_long(listing, error)) {
        if (!is_wanted(listing, &row))
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        if (is_page_full(listing, most, page->size, buffer_bytes(&last), row.order)) {
            listing->more = true;
            break;
        }
        take(listing, &row);
        buffer_clear(&last);
        buffer_append(&last, row.order.data, row.order.size);
    }
    buffer_done(&last);
    weir_cursor_close(cursor);
    return cursor && error->code == WEIR_OK;
}

/* The same query, as a relative reference with the cursor in place of an older one. */
static void add_link(struct listing *listing, const char *cursor)
{
    struct request *request = listing->request;
    const char *parameter = listing->is_search ? "page" : "cursor";
    struct buffer link = {0};
    buffer_text(&link, "<?");
    for (size_t i = 0; i < request->uri.pair_count; i++) {
        const struct uri_pair *pair = &request->uri.pairs[i];
        if (bytes_equal(pair->name, bytes_of_text(parameter)))
            continue;
        char *value = arena_alloc_raw(&request->arena, 3 * pair->value.size + 1);
        uri_encode(pair->value, value);
        buffer_append(&link, pair->name.data, pair->name.size); /* of a known parameter: letters only */
        buffer_format(&link, "=%s&", value);
    }
    buffer_format(&link, "%s=%s>; rel=\"next\"", parameter, cursor);
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

static void write_metadata(struct listing *listing, const char *next, const char *position, size_t answered)
{
    struct request *request = listing->request;
    struct buffer *out = &request->response.body;
    buffer_text(out, "],\"page\":{\"next\":");
    json_text(out, next);
    buffer_format(out, ",\"size\":%zu},\"metadata\":{\"view\":", listing->count);
    json_text(out, listing->info.name);
    buffer_format(out, ",\"role\":\"%s\",\"position\":", listing->copies.any ? "any" : "active");
    json_position(out, position);
    buffer_text(out, ",\"instance\":");
    json_text(out, request->server->instance);
    buffer_format(out, ",\"partitions\":%d,\"partitions_here\":%zu,\"complete\":%s}}\n", listing->info.partitions,
                  listing->held.count, answered == listing->wanted.count ? "true" : "false");
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

static void end_page(struct listing *listing, const char *position, size_t answered)
{
    const char *next = next_text(listing);
    if (next)
        add_link(listing, next);
    if (listing->form == ROWS_JSON)
        write_metadata(listing, next, position, answered);
    listing->request->response.status = 200;
}

static void refuse_walk(struct listing *listing, const struct weir_error *error)
{
    if (error->code == WEIR_RETRY)
        refuse_incomplete(listing, 0);
    else if (listing->looked_at > LIMIT_SEARCHED_ROWS)
        problem_answer(listing->request, PROBLEM_QUERY_TOO_LARGE, "%s", error->message);
    else
        problem_of_error(listing->request, error, PROBLEM_VIEW_NOT_FOUND);
}

static void answer_from_here(struct listing *listing)
{
    struct request *request = listing->request;
    struct weir_error error = {0};
    begin_page(listing);
    if (walk_rows(listing, take_row, &request->response.body, &error))
        end_page(listing, weir_view_position_of(listing->view->view, listing->copies, &request->arena),
                 listing->held.count);
    else
        refuse_walk(listing, &error);
}

/* ---- for and from other instances --------------------------------------------------------------------------------- */

/* The row's text is written where rows are written, and taken from there. */
static void frame_row(struct listing *listing, const struct weir_row *row)
{
    struct request *request = listing->request;
    struct buffer *body = &request->response.body;
    size_t began = body->size;
    write_row(listing, row);
    const struct frame frame = {
        .order = row->order,
        .key = weir_key_to_text(&request->arena, listing->info.key, row->key),
        .window_ms = row->window.start_ms,
        .window_end_ms = row->window.end_ms,
        .partition = row->partition,
        .text = {body->data + began, body->size - began},
    };
    frames_write_row(listing->framed, &frame);
    body->size = began;
    listing->count++;
}

static bool frame_rows(struct listing *listing, struct buffer *out, struct weir_error *error)
{
    struct request *request = listing->request;
    listing->form = rows_form(request);
    listing->framed = out;
    frames_write_head(out, bytes_of_text(weir_view_position_of(listing->view->view, listing->copies, &request->arena)));
    bool ok = walk_rows(listing, frame_row, out, error);
    if (listing->more)
        frames_set_more(out);
    listing->framed = NULL;
    listing->count = 0;
    listing->more = false;
    return ok;
}

static void answer_instance(struct listing *listing)
{
    struct response *response = &listing->request->response;
    struct weir_error error = {0};
    struct buffer rows = {0};
    if (listing->missing.count > 0)
        refuse_incomplete(listing, listing->held.count);
    else if (!frame_rows(listing, &rows, &error))
        refuse_walk(listing, &error);
    else {
        buffer_clear(&response->body);
        buffer_append(&response->body, rows.data, rows.size);
        response->media = FRAMES_MEDIA;
        response->status = 200;
    }
    buffer_done(&rows);
}

static struct merge_part *add_part(struct merge *merge, weir_arena *arena, weir_bytes rows)
{
    struct frames frames;
    weir_bytes copy = arena_bytes(arena, rows);
    return frames_read_head(&frames, copy) ? merge_add(merge, frames) : NULL;
}

struct asking {
    struct listing *listing;
    struct merge *merge;
};

/* False: it does not have these partitions, or cannot be reached. */
static bool ask_instance(void *self, const struct peer_question *question)
{
    struct asking *asking = self;
    struct http_reply reply;
    struct request *request = asking->listing->request;
    bool ok = peer_ask(request, question, (weir_bytes){0}, &reply) && reply.status == 200 &&
              add_part(asking->merge, &request->arena, buffer_bytes(&reply.body));
    http_reply_done(&reply);
    return ok;
}

static void write_merged(struct listing *listing, struct merge *merge)
{
    struct buffer *body = &listing->request->response.body;
    struct frame row;
    weir_bytes last = {0};
    size_t skip = listing->skip;
    for (; merge_next(merge, listing->range.descending, &row); last = row.order) {
        if (skip > 0) {
            skip--;
            continue;
        }
        if (is_page_full(listing, listing->limit, body->size, last, row.order)) {
            listing->more = true;
            return;
        }
        begin_row(listing);
        buffer_append(body, row.text.data, row.text.size);
        listing->next.key = row.key;
        listing->next.window_ms = row.window_ms;
        listing->next.window_end_ms = row.window_end_ms;
    }
    listing->more = merge->more;
}

/* On a forwarder. */
static void answer_from_all(struct listing *listing)
{
    struct request *request = listing->request;
    struct weir_error error = {0};
    struct buffer rows = {0};
    struct merge merge = {0};
    bool ok = frame_rows(listing, &rows, &error);
    size_t answered = ok ? listing->held.count : 0;
    if (ok) {
        add_part(&merge, &request->arena, buffer_bytes(&rows));
        struct asking asking = {listing, &merge};
        answered += peer_ask_each(request, listing->view, listing->missing, ask_instance, &asking).count;
    }
    buffer_done(&rows);
    if (!ok) {
        refuse_walk(listing, &error);
    } else if (answered < listing->wanted.count && !is_partial_allowed(listing)) {
        refuse_incomplete(listing, answered);
    } else {
        begin_page(listing);
        write_merged(listing, &merge);
        end_page(listing, merge_position(&merge, &request->arena), answered);
    }
    merge_done(&merge);
}

/* ---- the routes --------------------------------------------------------------------------------------------------- */

void listing_answer(struct listing *listing)
{
    struct request *request = listing->request;
    const struct query_value *limit = request_value(request, QUERY_LIMIT);
    listing->limit = limit->given ? (size_t)limit->number : LIMIT_ROWS_DEFAULT;
    listing->range.descending = request_value(request, QUERY_ORDER)->number != 0;
    choose_partitions(listing);
    enum peer_routing routing = peer_routing(request, listing->view);
    bool is_enough = listing->missing.count == 0 || (routing == PEER_NONE && is_partial_allowed(listing));
    if (listing->is_asked)
        answer_instance(listing);
    else if (is_enough)
        answer_from_here(listing);
    else if (routing == PEER_REDIRECT && listing->wanted.count == 1 &&
             peer_redirect(request, listing->view, listing->wanted.items[0]))
        return;
    else if (routing != PEER_NONE && !peer_moves_to_forwarder(request))
        answer_from_all(listing);
    else if (routing == PEER_NONE)
        refuse_incomplete(listing, listing->held.count);
}

static bool check_kind(struct listing *listing, enum weir_view_kind wanted)
{
    static const char *const what[] = {
        [WEIR_VIEW_WINDOW] = "windows", [WEIR_VIEW_SESSION] = "sessions", [WEIR_VIEW_VERSIONED] = "versions"};
    if (listing->info.kind == wanted)
        return true;
    problem_answer(listing->request, PROBLEM_UNSUPPORTED_QUERY, "The view \"%s\" has no %s%s.", listing->info.name,
                   what[wanted], listing->info.kind == WEIR_VIEW_SESSION ? ": it has sessions, read .../sessions" : "");
    return false;
}

bool listing_find_view(struct listing *listing, weir_bytes name)
{
    listing->view = seen_find(listing->request, name);
    if (!listing->view)
        return false;
    listing->info = weir_view_describe(listing->view->view);
    listing->info.value = listing->view->info.value;
    return true;
}

void handle_entries(struct request *request)
{
    struct listing listing = {.request = request};
    if (!listing_find_view(&listing, request->path_values[0]))
        return;
    listing.newest_only = listing.info.kind == WEIR_VIEW_VERSIONED;
    if (read_key_range(&listing) && listing_read_cursor(&listing))
        listing_answer(&listing);
}

static void list_windows(struct request *request, enum weir_view_kind kind)
{
    struct listing listing = {.request = request};
    if (listing_find_view(&listing, request->path_values[0]) && check_kind(&listing, kind) &&
        read_time_range(&listing) && listing_read_cursor(&listing))
        listing_answer(&listing);
}

void handle_windows(struct request *request)
{
    list_windows(request, WEIR_VIEW_WINDOW);
}

void handle_sessions(struct request *request)
{
    list_windows(request, WEIR_VIEW_SESSION);
}

static bool read_one_key(struct listing *listing)
{
    listing->key = point_read_key(listing->request, &listing->info, listing->request->path_values[1]);
    listing->range.from = listing->range.to = listing->key;
    return listing->key != NULL;
}

static void list_windows_of_key(struct request *request, enum weir_view_kind kind)
{
    struct listing listing = {.request = request};
    if (listing_find_view(&listing, request->path_values[0]) && check_kind(&listing, kind) && read_one_key(&listing) &&
        read_time_range(&listing) && listing_read_cursor(&listing))
        listing_answer(&listing);
}

void handle_key_windows(struct request *request)
{
    list_windows_of_key(request, WEIR_VIEW_WINDOW);
}

void handle_key_sessions(struct request *request)
{
    list_windows_of_key(request, WEIR_VIEW_SESSION);
}

void handle_key_versions(struct request *request)
{
    list_windows_of_key(request, WEIR_VIEW_VERSIONED);
}
