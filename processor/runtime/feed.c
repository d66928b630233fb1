/* feed.c: see feed.h; and weir_feed_*, the readers' side.
 *
 * One lock per app guards rings, marks and listeners. Commits copy their rows into a buffer before they take it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/feed.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/task.h"
#include "runtime/view.h"
#include "state/keys.h"
#include "state/versioned.h"

struct kept { /* the rows of one commit */
    struct kept *older, *newer;
    int64_t from, to;   /* marks before and behind it */
    struct buffer rows; /* of struct kept_row, each followed by its key and value */
};

struct kept_row {
    int64_t mark, timestamp_ms;
    size_t key_size, value_size;
    bool is_gone;
};

struct ring { /* of one partition; it goes from one mark to another */
    struct kept *oldest, *newest;
    int64_t begun, from, to; /* begun: where `from` was before anything was thrown away */
    size_t bytes;
    bool is_begun;
};

struct feed {
    struct feed *next;
    const struct layout_part *part;
    size_t index; /* of the store in its part */
    size_t bytes_max;
    struct ring *rings; /* by partition */
    struct weir_feed *readers;
};

struct weir_feed {
    struct weir_feed *next;
    struct weir_view view;
    struct feed *feed;
    void (*told)(void *self);
    void *self;
};

void feeds_init(struct feeds *feeds)
{
    pthread_mutex_init(&feeds->lock, NULL);
}

void feeds_done(struct feeds *feeds)
{
    pthread_mutex_destroy(&feeds->lock);
}

static int32_t ring_count(const struct layout_part *part)
{
    return part->subtopology->is_global ? 1 : part->partitions;
}

static bool is_marked_by_log(const struct task *task, size_t store)
{
    return !task->part->subtopology->is_global && layout_is_logged(&task->part->stores[store]);
}

/* ---- rings ---- */

static size_t bytes_of(const struct kept *kept)
{
    return sizeof *kept + kept->rows.capacity;
}

static void ring_drop_oldest(struct ring *ring)
{
    struct kept *kept = ring->oldest;
    ring->from = kept->to;
    ring->bytes -= bytes_of(kept);
    ring->oldest = kept->newer;
    if (ring->oldest)
        ring->oldest->older = NULL;
    else
        ring->newest = NULL;
    buffer_done(&kept->rows);
    memory_free(kept);
}

static void ring_begin(struct ring *ring, int64_t mark)
{
    while (ring->oldest)
        ring_drop_oldest(ring);
    ring->begun = ring->from = ring->to = mark;
    ring->is_begun = true;
}

/* Takes the rows of a commit over; returns them when there are none. */
static struct kept *ring_add(struct ring *ring, struct kept *kept, size_t bytes_max)
{
    ring->to = kept->to;
    if (kept->rows.size == 0)
        return kept;
    kept->older = ring->newest;
    if (ring->newest)
        ring->newest->newer = kept;
    else
        ring->oldest = kept;
    ring->newest = kept;
    ring->bytes += bytes_of(kept);
    while (ring->bytes > bytes_max)
        ring_drop_oldest(ring);
    return NULL;
}

/* ---- commits ---- */

struct taking {
    struct task *task;
    size_t store, bytes_max;
    struct kept *kept;
    int64_t count;
    bool is_incomplete; /* more than is kept, or not to be told from what was there before */
};

/* A commit behind a restore writes rows again that have not changed (restore.h). */
static bool is_repetition(const struct taking *taking, const struct store_row *row)
{
    struct weir_error ignored = {0};
    struct store_row before = {0};
    weir_arena *arena = &taking->task->arena;
    bool is_there = store_view_get(taking->task->stores[taking->store], row->key, arena, &before, &ignored);
    bool is_same =
        is_there ? row->value.data && row->timestamp_ms == before.timestamp_ms && bytes_equal(row->value, before.value)
                 : !row->value.data;
    arena_clear(arena);
    return is_same && ignored.code == WEIR_OK;
}

static void keep_row(void *self, const struct store_row *row)
{
    struct taking *taking = self;
    struct buffer *rows = &taking->kept->rows;
    int64_t mark = taking->kept->from + ++taking->count;
    bool is_versioned = taking->task->part->stores[taking->store].spec.kind == STORE_VERSIONED;
    if (taking->is_incomplete || (is_versioned && row->timestamp_ms == VERSION_ANEW) ||
        (taking->task->repeats && is_repetition(taking, row)))
        return;
    taking->is_incomplete = rows->size + row->key.size + row->value.size > taking->bytes_max;
    const struct kept_row kept = {mark, row->timestamp_ms, row->key.size, row->value.data ? row->value.size : 0,
                                  !row->value.data};
    buffer_append(rows, &kept, sizeof kept);
    buffer_append(rows, row->key.data, row->key.size);
    if (row->value.data)
        buffer_append(rows, row->value.data, row->value.size);
}

static struct feed *feed_of(struct feeds *feeds, const struct layout_part *part, size_t index)
{
    for (struct feed *feed = feeds->first; feed; feed = feed->next)
        if (feed->part == part && feed->index == index)
            return feed;
    return NULL;
}

/* 0: nobody follows it. */
static size_t bytes_wanted(struct feeds *feeds, const struct task *task, size_t store)
{
    pthread_mutex_lock(&feeds->lock);
    const struct feed *feed = feed_of(feeds, task->part, store);
    size_t bytes = feed ? feed->bytes_max : 0;
    pthread_mutex_unlock(&feeds->lock);
    return bytes;
}

/* The mark behind the commit, whose rows have the marks up to it. */
static int64_t mark_behind(const struct taking *taking, int64_t changelog_position)
{
    int64_t at_least = taking->kept->from + taking->count;
    bool is_logged = is_marked_by_log(taking->task, taking->store);
    return is_logged && changelog_position > at_least ? changelog_position : at_least;
}

static void keep(struct feeds *feeds, struct taking *taking)
{
    struct task *task = taking->task;
    struct kept *kept = taking->kept;
    int64_t to = kept->to;
    pthread_mutex_lock(&feeds->lock);
    struct feed *feed = feed_of(feeds, task->part, taking->store);
    struct ring *ring = feed ? &feed->rings[task->partition] : NULL;
    if (ring && (!ring->is_begun || ring->to != kept->from))
        ring_begin(ring, kept->from);
    if (ring && taking->is_incomplete)
        ring_begin(ring, kept->to);
    else if (ring)
        kept = ring_add(ring, kept, feed->bytes_max);
    atomic_store(&task->feed_marks[taking->store], to);
    pthread_mutex_unlock(&feeds->lock);
    if (kept) {
        buffer_done(&kept->rows);
        memory_free(kept);
    }
}

void feed_take(struct task *task, size_t store, int64_t changelog_position)
{
    struct feeds *feeds = task->settings.feeds;
    size_t bytes = feeds && atomic_load(&feeds->count) > 0 ? bytes_wanted(feeds, task, store) : 0;
    if (bytes == 0) {
        bool is_logged = is_marked_by_log(task, store);
        int64_t counted = atomic_load(&task->feed_marks[store]) + (int64_t)store_overlay_rows(task->stores[store]);
        atomic_store(&task->feed_marks[store], is_logged ? changelog_position : counted);
        return;
    }
    struct taking taking = {.task = task, .store = store, .bytes_max = bytes, .kept = memory_new(sizeof(struct kept))};
    taking.is_incomplete = task->repeats && task->part->stores[store].spec.kind == STORE_VERSIONED;
    taking.kept->from = atomic_load(&task->feed_marks[store]);
    store_overlay_each(task->stores[store], keep_row, &taking);
    taking.kept->to = mark_behind(&taking, changelog_position);
    keep(feeds, &taking);
}

void feed_tell(struct task *task)
{
    struct feeds *feeds = task->settings.feeds;
    task->repeats = false;
    if (!feeds || atomic_load(&feeds->count) == 0)
        return;
    pthread_mutex_lock(&feeds->lock);
    for (struct feed *feed = feeds->first; feed; feed = feed->next)
        for (struct weir_feed *reader = feed->part == task->part ? feed->readers : NULL; reader; reader = reader->next)
            reader->told(reader->self);
    pthread_mutex_unlock(&feeds->lock);
}

void feed_begin(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        int64_t now_us = clock_wall_ms(task->settings.clock) * 1000;
        atomic_store(&task->feed_marks[i], is_marked_by_log(task, i) ? task->changelog_positions[i] : now_us);
    }
}

/* ---- readers ---- */

static struct feed *new_feed(const struct weir_view *view, size_t bytes)
{
    struct feed *feed = memory_new(sizeof *feed);
    feed->part = view->part;
    feed->index = view->index;
    feed->bytes_max = bytes;
    feed->rings = memory_new((size_t)ring_count(view->part) * sizeof *feed->rings);
    return feed;
}

struct weir_feed *weir_feed_open(struct weir_view *view, size_t bytes, void (*told)(void *self), void *self)
{
    struct feeds *feeds = &view->app->feeds;
    struct weir_feed *reader = memory_new(sizeof *reader);
    *reader = (struct weir_feed){.view = *view, .told = told, .self = self};
    pthread_mutex_lock(&feeds->lock);
    struct feed *feed = feed_of(feeds, view->part, view->index);
    if (!feed) {
        feed = new_feed(view, bytes);
        feed->next = feeds->first;
        feeds->first = feed;
        atomic_fetch_add(&feeds->count, 1);
    }
    reader->feed = feed;
    reader->next = feed->readers;
    feed->readers = reader;
    pthread_mutex_unlock(&feeds->lock);
    return reader;
}

static void free_feed(struct feeds *feeds, struct feed *feed)
{
    struct feed **at = &feeds->first;
    while (*at != feed)
        at = &(*at)->next;
    *at = feed->next;
    atomic_fetch_sub(&feeds->count, 1);
    for (int32_t i = 0; i < ring_count(feed->part); i++)
        ring_begin(&feed->rings[i], 0);
    memory_free(feed->rings);
    memory_free(feed);
}

void weir_feed_close(struct weir_feed *reader)
{
    if (!reader)
        return;
    struct feeds *feeds = &reader->view.app->feeds;
    pthread_mutex_lock(&feeds->lock);
    struct weir_feed **at = &reader->feed->readers;
    while (*at != reader)
        at = &(*at)->next;
    *at = reader->next;
    if (!reader->feed->readers)
        free_feed(feeds, reader->feed);
    pthread_mutex_unlock(&feeds->lock);
    memory_free(reader);
}

struct copied {
    struct store_row row;
    int64_t mark;
};

struct reading {
    int64_t mark;
    weir_arena *arena;
    struct copied *copied;
    size_t most, count;
};

static void copy_rows(struct reading *reading, const struct kept *kept)
{
    struct kept_row row;
    const char *at = kept->rows.data, *end = at + kept->rows.size;
    for (; at < end && reading->count < reading->most; at += row.key_size + row.value_size) {
        memcpy(&row, at, sizeof row);
        at += sizeof row;
        if (row.mark <= reading->mark)
            continue;
        reading->copied[reading->count++] = (struct copied){
            {
                .key = arena_bytes(reading->arena, (weir_bytes){at, row.key_size}),
                .value = row.is_gone ? (weir_bytes){0}
                                     : arena_bytes(reading->arena, (weir_bytes){at + row.key_size, row.value_size}),
                .timestamp_ms = row.timestamp_ms,
            },
            row.mark};
        reading->mark = row.mark;
    }
}

/* Readers are near the end, mostly. */
static void copy_kept(struct reading *reading, const struct ring *ring)
{
    const struct kept *kept = ring->newest;
    while (kept && kept->older && kept->older->to > reading->mark)
        kept = kept->older;
    for (; kept && reading->count < reading->most; kept = kept->newer)
        copy_rows(reading, kept);
    if (reading->count < reading->most)
        reading->mark = ring->to;
}

static bool read_ring(struct reading *reading, struct ring *ring, int64_t now, struct weir_error *error)
{
    if (!ring->is_begun || ring->to != now)
        ring_begin(ring, now);
    if (reading->mark == WEIR_MARK_NOW)
        reading->mark = now;
    if (reading->mark < ring->from && reading->mark >= ring->begun)
        return error_set(error, WEIR_FULL, "the changes behind this mark are not kept any more");
    if (reading->mark < ring->from || reading->mark > ring->to)
        return error_set(error, WEIR_ABSENT, "the changes behind this mark are not known here");
    copy_kept(reading, ring);
    return true;
}

/* NULL: it is not here, or restoring. The registry is held. */
static const struct task *active_task(const struct weir_view *view, int32_t partition)
{
    for (size_t i = 0; i < view->app->task_count; i++) {
        const struct task *task = view->app->tasks[i];
        if (task->part == view->part && task->partition == partition && atomic_load(&task->shown_state) == TASK_RUNNING)
            return task;
    }
    return NULL;
}

static bool copy_changes(struct weir_feed *reader, int32_t partition, struct reading *reading, struct weir_error *error)
{
    struct weir_app *app = reader->view.app;
    bool ok = partition >= 0 && partition < ring_count(reader->view.part);
    pthread_rwlock_rdlock(&app->registry);
    const struct task *task = ok ? active_task(&reader->view, partition) : NULL;
    pthread_mutex_lock(&app->feeds.lock);
    if (task)
        ok = read_ring(reading, &reader->feed->rings[partition], atomic_load(&task->feed_marks[reader->view.index]),
                       error);
    else
        ok = error_set(error, WEIR_RETRY, "partition %d is not here", partition);
    pthread_mutex_unlock(&app->feeds.lock);
    pthread_rwlock_unlock(&app->registry);
    return ok;
}

/* As rows of a walk are ordered; of a versioned view, as the newest version of the key. */
static weir_bytes order_of(const struct weir_view *view, weir_bytes key, weir_arena *arena)
{
    struct buffer order = {0};
    if (view->store->spec.kind != STORE_VERSIONED)
        return key;
    keys_window_write(key, WEIR_VERSION_OPEN, &order);
    key = arena_bytes(arena, buffer_bytes(&order));
    buffer_done(&order);
    return key;
}

bool weir_feed_read(struct weir_feed *reader, int32_t partition, int64_t *mark, weir_arena *arena,
                    struct weir_change *out, size_t most, size_t *got, struct weir_error *error)
{
    struct reading reading = {*mark, arena, arena_alloc(arena, (most + 1) * sizeof(struct copied)), most, 0};
    *got = 0;
    if (!copy_changes(reader, partition, &reading, error))
        return false;
    for (size_t i = 0; i < reading.count; i++) {
        struct weir_change *change = &out[i];
        *change = (struct weir_change){.mark = reading.copied[i].mark, .row.partition = partition};
        if (!view_decode_change(&reader->view, &reading.copied[i].row, arena, &change->row, error))
            return false;
        change->row.order = order_of(&reader->view, reading.copied[i].row.key, arena);
    }
    *got = reading.count;
    *mark = reading.mark;
    return true;
}
