/* far.c: see far.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/far.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "http/cursor.h"
#include "http/frames.h"

enum { CONNECT_MS = 2000, ANSWER_MS = 4000, WAIT_MS = 5, PAGE_BYTES_MAX = 4 * LIMIT_PAGE_BYTES };

struct far_page { /* an answer to one question */
    struct far_page *next;
    char *question; /* address, partitions and target */
    struct buffer body;
    bool is_kept; /* of the query; otherwise of the part that asked */
};

struct far_position { /* of the first page that came of these partitions */
    struct far_position *next;
    const weir_view *view;
    struct peer_partitions partitions;
    const char *text;
};

struct part { /* one instance and what it is asked */
    struct peer_question question;
    struct buffer target; /* without the cursor */
    struct cursor cursor; /* behind the last row of the page; key in cursor_key */
    struct buffer cursor_key;
    struct http_stream *stream; /* NULL: nothing is being waited for */
    int64_t deadline_us;
    struct far_page *page;
    struct frames frames;
    struct frame head;
    bool has_head, is_too_large;
};

struct sql_rows {
    struct far *far;
    struct sql_view view;
    struct sql_question question;
    bool descending;
    struct part *parts;
    size_t count;
};

/* ---- what is asked ---- */

static void write_parameter(struct buffer *out, const char *name, weir_bytes value, weir_arena *arena)
{
    char *encoded = arena_alloc_raw(arena, 3 * value.size + 1);
    uri_encode(value, encoded);
    buffer_format(out, "&%s=%s", name, encoded);
}

static void write_key(struct buffer *out, const char *name, const struct weir_view_info *info, const void *key,
                      weir_arena *arena)
{
    if (key)
        write_parameter(out, name, weir_key_to_text(arena, info->key, key), arena);
}

static void write_target(const struct weir_view_info *info, const struct weir_range *range, struct buffer *out)
{
    weir_arena arena;
    arena_init(&arena);
    const weir_bytes view = bytes_of_text(info->name);
    char *name = arena_alloc_raw(&arena, 3 * view.size + 1);
    uri_encode(view, name);
    buffer_format(out, "/v1/views/%s/scan?order=%s", name, range->descending ? "desc" : "asc");
    write_key(out, "from", info, range->from, &arena);
    write_key(out, "to", info, range->to, &arena);
    if (range->prefix.size > 0)
        write_parameter(out, "prefix", range->prefix, &arena);
    if (range->window_from_ms > 0)
        buffer_format(out, "&window_from=%lld", (long long)range->window_from_ms);
    if (range->window_to_ms > 0)
        buffer_format(out, "&window_to=%lld", (long long)range->window_to_ms);
    arena_done(&arena);
}

static struct server_view server_view_of(const struct far *far, const struct sql_view *view)
{
    struct weir_error ignored = {0};
    const struct server_view *known = server_find_view(far->request->server, bytes_of_text(view->info.name), &ignored);
    return known ? *known : (struct server_view){.view = view->view, .info = view->info};
}

static size_t reachable(void *self, const struct sql_view *view, int32_t *partitions, size_t count)
{
    const struct far *far = self;
    struct peer_question *questions;
    const struct server_view held = server_view_of(far, view);
    size_t asked = peer_questions(far->request, &held, (struct peer_partitions){partitions, count}, 0, &questions);
    size_t found = 0;
    for (size_t i = 0; i < asked; i++)
        for (size_t k = 0; k < questions[i].partitions.count; k++)
            partitions[found++] = questions[i].partitions.items[k];
    return found;
}

/* ---- pages ---- */

static void free_page(struct far_page *page)
{
    buffer_done(&page->body);
    memory_free(page->question);
    memory_free(page);
}

static void let_page_go(struct part *part)
{
    if (part->page && !part->page->is_kept)
        free_page(part->page);
    part->page = NULL;
}

static char *question_text(const struct part *part, const struct buffer *target)
{
    struct buffer text = {0};
    buffer_text(&text, part->question.address);
    for (size_t i = 0; i < part->question.partitions.count; i++)
        buffer_format(&text, ",%d", part->question.partitions.items[i]);
    buffer_append(&text, target->data, target->size);
    buffer_byte(&text, 0);
    return text.data;
}

static struct far_page *find_page(const struct far *far, const char *question)
{
    struct far_page *page = far->kept;
    while (page && strcmp(page->question, question) != 0)
        page = page->next;
    return page;
}

static void keep_page(struct far *far, struct far_page *page)
{
    size_t bytes = page->body.capacity + sizeof *page;
    if (far->kept_bytes + bytes > LIMIT_FAR_KEPT_BYTES)
        return;
    page->is_kept = true;
    page->next = far->kept;
    far->kept = page;
    far->kept_bytes += bytes;
}

static bool is_noted(const struct far *far, const weir_view *view, int32_t partition)
{
    for (const struct far_position *position = far->positions; position; position = position->next)
        if (position->view == view && peer_partitions_have(&position->partitions, partition))
            return true;
    return false;
}

static void note_position(const struct sql_rows *rows, const struct part *part)
{
    struct far *far = rows->far;
    const struct peer_partitions *partitions = &part->question.partitions;
    for (size_t i = 0; i < partitions->count; i++)
        if (is_noted(far, rows->view.view, partitions->items[i]))
            return;
    weir_arena *arena = &far->request->arena;
    struct far_position *position = arena_alloc(arena, sizeof *position);
    *position = (struct far_position){far->positions, rows->view.view, *partitions,
                                      arena_bytes(arena, part->frames.position).data};
    far->positions = position;
}

/* False: the page is cut off. */
static bool take_head(struct part *part, struct weir_error *error)
{
    part->has_head = frames_next(&part->frames, &part->head);
    return part->has_head || part->frames.at == part->frames.end ||
           error_set(error, WEIR_RETRY, "instance %s: its answer to a scan is cut off", part->question.address);
}

static bool read_page(const struct sql_rows *rows, struct part *part, struct weir_error *error)
{
    if (!frames_read_head(&part->frames, buffer_bytes(&part->page->body)))
        return error_set(error, WEIR_RETRY, "instance %s: its answer to a scan is none", part->question.address);
    note_position(rows, part);
    return take_head(part, error);
}

/* ---- asking ---- */

static bool take_bytes(void *self, const void *data, size_t size)
{
    struct part *part = self;
    part->is_too_large = part->is_too_large || part->page->body.size + size > PAGE_BYTES_MAX;
    if (!part->is_too_large)
        buffer_append(&part->page->body, data, size);
    return true;
}

static bool open_stream(const struct sql_rows *rows, struct part *part, const struct buffer *target,
                        struct weir_error *error)
{
    struct far *far = rows->far;
    const struct request *request = far->request;
    if (!far->streams)
        far->streams = http_streams_new();
    const struct peer_stream call = {
        .address = part->question.address,
        .target = buffer_bytes(target),
        .partitions = part->question.partitions,
        .id = request->id,
        .principal = request->pass.grant ? request->pass.id : NULL,
        .connect_ms = CONNECT_MS,
        .take = take_bytes,
        .self = part,
    };
    part->deadline_us = clock_monotonic_us(&clock_system) + ANSWER_MS * 1000;
    part->stream = far->streams ? peer_stream_open(request->server, far->streams, &call, error) : NULL;
    return part->stream || error_set(error, WEIR_RETRY, "instance %s cannot be asked", part->question.address);
}

static void write_cursor(struct part *part, struct buffer *target)
{
    if (!part->page)
        return;
    part->cursor.key = buffer_bytes(&part->cursor_key);
    buffer_text(target, "&cursor=");
    cursor_write(&part->cursor, target);
}

/* The first page, or the one behind the page there is. */
static bool ask(const struct sql_rows *rows, struct part *part, struct weir_error *error)
{
    struct buffer target = {0};
    bool ok;
    buffer_append(&target, part->target.data, part->target.size);
    write_cursor(part, &target);
    let_page_go(part);
    char *question = question_text(part, &target);
    part->page = find_page(rows->far, question);
    if (part->page) {
        memory_free(question);
        ok = read_page(rows, part, error);
    } else if (++rows->far->questions > LIMIT_FAR_QUESTIONS) {
        memory_free(question);
        ok = error_set(error, WEIR_FULL, "the query asks other instances more than %d times: bound its keys",
                       LIMIT_FAR_QUESTIONS);
    } else {
        part->page = memory_new(sizeof *part->page);
        part->page->question = question;
        ok = open_stream(rows, part, &target, error);
    }
    buffer_done(&target);
    return ok;
}

/* False: it has not answered, or what is no answer. */
static bool take_answer(const struct sql_rows *rows, struct part *part, unsigned status, const char *why,
                        struct weir_error *error)
{
    const char *address = part->question.address;
    http_stream_close(part->stream);
    part->stream = NULL;
    meter_ask(&rows->far->request->server->meter, status != 0);
    if (part->is_too_large)
        return error_set(error, WEIR_RETRY, "instance %s: a page of a scan is too large", address);
    if (status == 404)
        return error_set(error, WEIR_RETRY, "instance %s does not answer scans: it is of another version", address);
    if (status != 200 || why)
        return error_set(error, WEIR_RETRY, "instance %s does not answer for its partitions now (status %u)", address,
                         status);
    keep_page(rows->far, part->page);
    return read_page(rows, part, error);
}

static bool look_at(const struct sql_rows *rows, struct part *part, struct weir_error *error)
{
    unsigned status;
    const char *why = NULL, *address = part->question.address;
    if (http_stream_is_over(part->stream, &status, &why)) {
        char *reason = why ? memory_text(why) : NULL;
        bool ok = take_answer(rows, part, status, reason, error);
        memory_free(reason);
        return ok;
    }
    return clock_monotonic_us(&clock_system) < part->deadline_us ||
           error_set(error, WEIR_RETRY, "instance %s has not answered within %d ms", address, ANSWER_MS);
}

static bool is_waited_for(const struct sql_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->parts[i].stream)
            return true;
    return false;
}

/* Every part has a row or is at its end afterwards. */
static bool wait_for_all(const struct sql_rows *rows, struct weir_error *error)
{
    while (is_waited_for(rows)) {
        http_streams_wait(rows->far->streams, WAIT_MS);
        if (!rows->question.may_go_on(rows->question.run))
            return error_set(error, WEIR_RETRY, "the query is over");
        for (size_t i = 0; i < rows->count; i++)
            if (rows->parts[i].stream && !look_at(rows, &rows->parts[i], error))
                return false;
    }
    return true;
}

/* ---- rows ---- */

static void init_part(struct part *part, const struct peer_question *question, const struct buffer *target)
{
    part->question = *question;
    buffer_append(&part->target, target->data, target->size);
}

static bool ask_all(struct sql_rows *rows, const struct peer_question *questions, const struct buffer *target,
                    struct weir_error *error)
{
    size_t partitions = 0;
    for (size_t i = 0; i < rows->count; i++) {
        init_part(&rows->parts[i], &questions[i], target);
        partitions += questions[i].partitions.count;
    }
    if (partitions < rows->question.partition_count)
        return error_set(error, WEIR_RETRY, "%s: partitions have moved", rows->view.info.name);
    for (size_t i = 0; i < rows->count; i++)
        if (!ask(rows, &rows->parts[i], error))
            return false;
    return true;
}

static void close_rows(struct sql_rows *rows)
{
    for (size_t i = 0; rows && i < rows->count; i++) {
        struct part *part = &rows->parts[i];
        http_stream_close(part->stream);
        let_page_go(part);
        buffer_done(&part->target);
        buffer_done(&part->cursor_key);
    }
    if (rows)
        memory_free(rows->parts);
    memory_free(rows);
}

static struct sql_rows *open_rows(void *self, const struct sql_view *view, const struct sql_question *question,
                                  struct weir_error *error)
{
    struct far *far = self;
    struct peer_question *questions;
    struct buffer target = {0};
    const struct server_view held = server_view_of(far, view);
    const struct peer_partitions partitions = {question->partitions, question->partition_count};
    struct sql_rows *rows = memory_new(sizeof *rows);
    *rows = (struct sql_rows){.far = far, .view = *view, .question = *question};
    rows->descending = question->range->descending;
    rows->count = peer_questions(far->request, &held, partitions, 0, &questions);
    rows->parts = memory_new((rows->count + 1) * sizeof *rows->parts);
    write_target(&view->info, question->range, &target);
    bool ok = ask_all(rows, questions, &target, error) && wait_for_all(rows, error);
    buffer_done(&target);
    if (ok)
        return rows;
    close_rows(rows);
    return NULL;
}

static bool is_before(const struct frame *a, const struct frame *b, bool descending)
{
    int order = bytes_compare(a->order, b->order);
    return descending ? order > 0 : order < 0;
}

static struct part *first_in_order(const struct sql_rows *rows)
{
    struct part *first = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        struct part *part = &rows->parts[i];
        if (part->has_head && (!first || is_before(&part->head, &first->head, rows->descending)))
            first = part;
    }
    return first;
}

static bool decode(const struct sql_view *view, const struct frame *frame, weir_arena *arena, struct weir_row *row,
                   struct weir_error *error)
{
    if (frame->text.size < FRAMES_TIME_BYTES)
        return error_set(error, WEIR_RETRY, "%s: a row of another instance is none", view->info.name);
    const char *text = frame->text.data;
    *row = (struct weir_row){.timestamp_ms = (int64_t)bytes_get_u64(text), .partition = frame->partition};
    row->order = arena_bytes(arena, frame->order);
    row->window.start_ms = frame->window_ms;
    row->window.end_ms = frame->window_end_ms;
    row->key = weir_key_from_text(arena, view->info.key, arena_bytes(arena, frame->key), error);
    if (row->key)
        row->value = weir_from_json(
            arena, view->info.value,
            arena_bytes(arena, (weir_bytes){text + FRAMES_TIME_BYTES, frame->text.size - FRAMES_TIME_BYTES}), error);
    return row->value != NULL;
}

/* The page behind this one begins behind this row. */
static void remember(struct part *part, const struct frame *row)
{
    part->cursor.window_ms = row->window_ms;
    part->cursor.window_end_ms = row->window_end_ms;
    buffer_clear(&part->cursor_key);
    buffer_append(&part->cursor_key, row->key.data, row->key.size);
}

static bool go_on(const struct sql_rows *rows, struct part *part, struct weir_error *error)
{
    const struct frame last = part->head;
    if (!take_head(part, error))
        return false;
    if (part->has_head || !part->frames.more)
        return true;
    remember(part, &last);
    return ask(rows, part, error) && wait_for_all(rows, error);
}

static bool next_row(struct sql_rows *rows, weir_arena *arena, struct weir_row *row, struct weir_error *error)
{
    struct part *part = first_in_order(rows);
    return part && decode(&rows->view, &part->head, arena, row, error) && go_on(rows, part, error);
}

/* ---- the query ---- */

struct sql_others far_others(struct far *far)
{
    return (struct sql_others){far, reachable, open_rows, next_row, close_rows};
}

void far_write_position(const struct far *far, const weir_view *view, struct buffer *out)
{
    for (const struct far_position *position = far->positions; position; position = position->next) {
        if (position->view != view || !*position->text)
            continue;
        if (out->size > 0)
            buffer_byte(out, ',');
        buffer_text(out, position->text);
    }
}

void far_done(struct far *far)
{
    while (far->kept) {
        struct far_page *page = far->kept;
        far->kept = page->next;
        free_page(page);
    }
    http_streams_done(far->streams);
}
