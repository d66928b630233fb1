/* follower.c: see follower.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/follower.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/resume.h"
#include "http/retell.h"
#include "http/rows.h"

enum {
    PAGE_ROWS = 100,
    PAGE_BYTES = 256 * 1024, /* of decoded rows: a page ends early here */
    CHANGES_MOST = 64,       /* read at a time */
    RESETS_MAX = 3,          /* of a partition, before the reader is called slow */
    TRY_AGAIN_US = 200 * 1000,
};

static void init_part(struct follower *follower, int32_t partition, int64_t mark, bool is_gap)
{
    struct follower_part *part = &follower->parts[partition];
    follower->marks[partition] = part->mark = mark;
    part->is_gap = is_gap;
    part->follows = mark != WEIR_MARK_NOW || !follower->wants_rows;
}

void follower_init(struct follower *follower, const struct server_view *view, weir_feed *feed, bool wants_rows,
                   const int64_t *marks, const struct peer_partitions *asked)
{
    follower->view = *view;
    follower->feed = feed;
    follower->wants_rows = wants_rows;
    follower->part_count = view->info.kind == WEIR_VIEW_GLOBAL ? 1 : view->info.partitions;
    follower->parts = memory_new((size_t)follower->part_count * sizeof *follower->parts);
    follower->marks = memory_new((size_t)follower->part_count * sizeof *follower->marks);
    for (int32_t p = 0; p < follower->part_count; p++) {
        follower->parts[p].place = asked ? FOLLOWER_LEFT_OUT : FOLLOWER_HERE;
        init_part(follower, p, marks ? marks[p] : WEIR_MARK_NOW, !asked && marks && marks[p] == WEIR_MARK_NOW);
    }
    for (size_t i = 0; asked && i < asked->count; i++)
        follower->parts[asked->items[i]].place = FOLLOWER_HERE;
    for (int32_t p = 0; p < follower->part_count; p++)
        if (follower->parts[p].place == FOLLOWER_LEFT_OUT)
            follower->marks[p] = WEIR_MARK_NOW;
}

void follower_done(struct follower *follower)
{
    for (int32_t p = 0; p < follower->part_count; p++) {
        buffer_done(&follower->parts[p].order);
        buffer_done(&follower->parts[p].key);
    }
    while (follower->relays) {
        struct relay *relay = follower->relays;
        follower->relays = relay->next;
        relay_close(relay);
    }
    memory_free(follower->parts);
    memory_free(follower->marks);
    buffer_done(&follower->text);
    arena_done(&follower->types);
    arena_done(&follower->arena);
}

/* ---- events ------------------------------------------------------------------------------------------------------- */

void follower_write_id(struct follower *follower)
{
    buffer_text(&follower->text, "id: ");
    resume_write(follower->marks, follower->part_count, &follower->text);
    buffer_byte(&follower->text, '\n');
}

/* JSON that came from outside may be laid out in lines; between tokens, a space is as good. */
static void end_data(struct follower *follower, size_t from)
{
    for (size_t i = from; i < follower->text.size; i++)
        if (follower->text.data[i] == '\n' || follower->text.data[i] == '\r')
            follower->text.data[i] = ' ';
    buffer_text(&follower->text, "\n\n");
}

static void write_row(struct follower *follower, const char *event, const struct weir_row *row, bool has_id)
{
    const struct weir_view_info *info = &follower->view.info;
    weir_bytes value = row->value ? weir_to_json(&follower->arena, info->value, row->value) : bytes_of_text("null");
    buffer_format(&follower->text, "event: %s\n", event);
    if (has_id)
        follower_write_id(follower);
    buffer_text(&follower->text, "data: ");
    size_t from = follower->text.size;
    buffer_byte(&follower->text, '{');
    rows_write_members(&follower->text, &follower->arena, info, row, value);
    buffer_format(&follower->text, ",\"partition\":%d}", row->partition);
    end_data(follower, from);
}

static void write_change(struct follower *follower, const struct weir_row *row, bool has_id)
{
    write_row(follower, row->value ? "change" : "delete", row, has_id);
}

static void write_reset(struct follower *follower, int32_t partition)
{
    buffer_format(&follower->text, "event: reset\ndata: {\"partition\":%d}\n\n", partition);
}

static void write_ready(struct follower *follower)
{
    follower->is_ready = true;
    buffer_text(&follower->text, "event: ready\n");
    follower_write_id(follower);
    buffer_format(&follower->text, "data: {\"partitions\":%d}\n\n", follower->part_count);
}

void follower_end(struct follower *follower, const char *event, const char *why)
{
    follower->is_over = true;
    buffer_format(&follower->text, "event: %s\ndata: {\"reason\":\"%s\"}\n\n", event, why);
}

void follower_end_as_slow(struct follower *follower)
{
    follower->is_slow = true;
    follower_end(follower, "slow", "more is changed than is taken");
}

/* ---- a partition -------------------------------------------------------------------------------------------------- */

void follower_begin_again(struct follower *follower, int32_t partition)
{
    struct follower_part *part = &follower->parts[partition];
    if (++part->resets > RESETS_MAX) {
        follower_end_as_slow(follower);
        return;
    }
    write_reset(follower, partition);
    part->is_gap = part->has_begun = false;
    part->follows = !follower->wants_rows;
    part->mark = follower->marks[partition] = WEIR_MARK_NOW;
    buffer_clear(&part->order);
    buffer_clear(&part->key);
}

void follower_lose(struct follower *follower, int32_t partition, bool has_told_rows)
{
    struct follower_part *part = &follower->parts[partition];
    int64_t now_us = clock_monotonic_us(&clock_system), mark = follower->marks[partition];
    bool is_gap = part->is_gap || (mark == WEIR_MARK_NOW && follower->wants_rows && has_told_rows);
    part->place = FOLLOWER_NOWHERE;
    part->try_us = now_us + TRY_AGAIN_US;
    if (part->lost_us == 0)
        part->lost_us = now_us;
    part->has_begun = false;
    buffer_clear(&part->order);
    buffer_clear(&part->key);
    init_part(follower, partition, mark, is_gap);
}

static void take_failure(struct follower *follower, int32_t partition, const struct weir_error *error)
{
    const struct follower_part *part = &follower->parts[partition];
    if (error->code == WEIR_RETRY && follower->asks_others)
        follower_lose(follower, partition, part->order.size > 0);
    else if (error->code == WEIR_RETRY)
        follower_end(follower, "moved", "a partition has left this instance");
    else if (error->code == WEIR_FULL && part->follows && part->has_begun)
        follower_end_as_slow(follower);
    else if (error->code == WEIR_FULL || error->code == WEIR_ABSENT)
        follower_begin_again(follower, partition);
    else
        follower_end(follower, "failed", "a row cannot be read");
}

/* False: there was nothing. */
static bool follow(struct follower *follower, int32_t partition)
{
    struct follower_part *part = &follower->parts[partition];
    struct weir_change changes[CHANGES_MOST];
    struct weir_error error = {0};
    size_t got = 0;
    int64_t mark = part->mark;
    if (!weir_feed_read(follower->feed, partition, &mark, &follower->arena, changes, CHANGES_MOST, &got, &error)) {
        take_failure(follower, partition, &error);
        return !follower->is_over;
    }
    for (size_t i = 0; i < got; i++) {
        follower->marks[partition] = changes[i].mark;
        write_change(follower, &changes[i].row, true);
    }
    part->mark = follower->marks[partition] = mark;
    part->has_begun = true;
    return got > 0;
}

/* What was changed up to the mark of a page, in keys of the pages before it. False: it is not known any more. */
static bool tell_between(struct follower *follower, int32_t partition, int64_t until)
{
    struct follower_part *part = &follower->parts[partition];
    struct weir_change changes[CHANGES_MOST];
    struct weir_error error = {0};
    while (part->mark < until) {
        size_t got = 0;
        if (!weir_feed_read(follower->feed, partition, &part->mark, &follower->arena, changes, CHANGES_MOST, &got,
                            &error)) {
            take_failure(follower, partition, &error);
            return false;
        }
        for (size_t i = 0; i < got && changes[i].mark <= until; i++)
            if (bytes_compare(changes[i].row.order, buffer_bytes(&part->order)) <= 0)
                write_change(follower, &changes[i].row, false);
    }
    part->mark = until;
    return true;
}

struct page {
    struct weir_row rows[PAGE_ROWS];
    size_t count;
    int64_t mark;
    bool is_last;
};

static struct weir_range range_behind(struct follower *follower, const struct follower_part *part,
                                      struct weir_error *error)
{
    struct weir_range range = {0};
    if (part->order.size == 0)
        return range;
    range.after = weir_key_from_text(&follower->arena, follower->view.info.key, buffer_bytes(&part->key), error);
    range.after_window_ms = part->window_ms;
    range.after_window_end_ms = part->window_end_ms;
    return range;
}

static bool read_page(struct follower *follower, int32_t partition, struct page *page, struct weir_error *error)
{
    struct weir_range range = range_behind(follower, &follower->parts[partition], error);
    const struct weir_copies copies = {.partitions = &partition, .partition_count = 1};
    bool ok = error->code == WEIR_OK;
    weir_cursor *cursor = ok ? weir_view_walk(follower->view.view, copies, &follower->arena, range, error) : NULL;
    if (!cursor)
        return false;
    page->mark = weir_cursor_mark(cursor, partition);
    while (page->count < PAGE_ROWS && follower->arena.bytes < PAGE_BYTES &&
           weir_next(cursor, &page->rows[page->count], error))
        page->count++;
    page->is_last = page->count < PAGE_ROWS && follower->arena.bytes < PAGE_BYTES;
    weir_cursor_close(cursor);
    return error->code == WEIR_OK;
}

static void remember_last(struct follower *follower, struct follower_part *part, const struct weir_row *row)
{
    weir_bytes key = weir_key_to_text(&follower->arena, follower->view.info.key, row->key);
    buffer_clear(&part->order);
    buffer_append(&part->order, row->order.data, row->order.size);
    buffer_clear(&part->key);
    buffer_append(&part->key, key.data, key.size);
    part->window_ms = row->window.start_ms;
    part->window_end_ms = row->window.end_ms;
}

/* Of versions, the newest ones are the rows. */
static bool is_row(const struct follower *follower, const struct weir_row *row)
{
    return follower->view.info.kind != WEIR_VIEW_VERSIONED || row->window.end_ms == WEIR_VERSION_OPEN;
}

static void tell_page(struct follower *follower, int32_t partition, const struct page *page)
{
    struct follower_part *part = &follower->parts[partition];
    for (size_t i = 0; i < page->count; i++)
        if (is_row(follower, &page->rows[i]))
            write_row(follower, "snapshot", &page->rows[i], false);
    if (page->count > 0)
        remember_last(follower, part, &page->rows[page->count - 1]);
    if (!page->is_last)
        return;
    part->follows = part->has_begun = true;
    part->resets = 0;
    follower->marks[partition] = part->mark;
}

/* False: not now. */
static bool take_page(struct follower *follower, int32_t partition)
{
    struct follower_part *part = &follower->parts[partition];
    struct page *page = arena_alloc(&follower->arena, sizeof *page);
    struct weir_error error = {0};
    if (!read_page(follower, partition, page, &error)) {
        take_failure(follower, partition, &error);
        return false;
    }
    if (page->mark == WEIR_MARK_NOW)
        return false;
    if (!part->has_begun)
        part->mark = page->mark;
    part->has_begun = true;
    if (tell_between(follower, partition, page->mark))
        tell_page(follower, partition, page);
    return !follower->is_over;
}

static bool step_part(struct follower *follower, int32_t partition)
{
    struct follower_part *part = &follower->parts[partition];
    if (part->place != FOLLOWER_HERE)
        return false;
    arena_clear(&follower->arena);
    if (part->is_gap)
        follower_begin_again(follower, partition);
    return !follower->is_over && (part->follows ? follow(follower, partition) : take_page(follower, partition));
}

static bool all_follow(const struct follower *follower)
{
    for (int32_t p = 0; p < follower->part_count; p++) {
        const struct follower_part *part = &follower->parts[p];
        if (part->place != FOLLOWER_LEFT_OUT && (!part->follows || !part->has_begun))
            return false;
    }
    return true;
}

bool follower_step(struct follower *follower)
{
    bool any = true;
    while (any && !follower->is_over && follower->text.size < FOLLOWER_BYTES) {
        any = retell(follower);
        for (int32_t p = 0; p < follower->part_count && !follower->is_over; p++)
            any = step_part(follower, p) || any;
        if (!follower->is_ready && !follower->is_over && all_follow(follower))
            write_ready(follower);
    }
    return any && !follower->is_over;
}
