/* store_callbacks.c: what callbacks may do with a store. See weir.h.
 *
 * A NULL handle (weir_store_named refused and latched) reads as empty and swallows writes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/memory.h"
#include "operators/typed_store.h"
#include "operators/windowed.h"
#include "state/bounds.h"

enum { WALK_ROWS = 256 };

static bool may_use(weir_store *handle, const void *key, enum store_kind kind)
{
    static const char *const calls[] = {
        [STORE_KEY_VALUE] = "it keeps a value per key; use weir_get and weir_put",
        [STORE_WINDOW] = "it is a window store; use weir_window_get and weir_window_put",
        [STORE_SESSION] = "it is a session store; use weir_session_get and weir_session_put",
        [STORE_VERSIONED] = "it keeps versions of a value per key; use weir_get, weir_get_as_of and weir_put"};
    if (kind == STORE_KEY_VALUE && handle && handle->spec->kind == STORE_VERSIONED)
        kind = STORE_VERSIONED; /* its newest versions are the values of its keys */
    if (!handle || handle->execution->error.code != WEIR_OK)
        return false;
    if (handle->spec->kind != kind)
        return typed_latch(handle, WEIR_FATAL, calls[handle->spec->kind]);
    return key || typed_latch(handle, WEIR_POISON, "the key is NULL");
}

/* A store of a processor hears of time from its reads and writes, nobody else tells it: a row with a ttl of stream time,
 * windows and sessions of what was written, as in Kafka Streams. */
static void observe_time(weir_store *handle)
{
    if (handle->execution->stream_time_ms >= 0)
        store_observe_time(handle->store, handle->execution->stream_time_ms);
}

static bool may_write(weir_store *handle, const void *key, enum store_kind kind)
{
    if (!may_use(handle, key, kind))
        return false;
    return !handle->is_read_only || typed_latch(handle, WEIR_FATAL, "it belongs to a table, a processor only reads it");
}

/* A changelog has no negative times (Kafka Streams' ProducerRecord throws), so a restore would find another one. */
static bool may_write_at(weir_store *handle, const void *key, enum store_kind kind, int64_t timestamp_ms)
{
    return may_write(handle, key, kind) &&
           (timestamp_ms >= 0 || typed_latch(handle, WEIR_POISON, "a negative timestamp"));
}

const void *weir_get_timestamped(weir_store *handle, const void *key, int64_t *timestamp_ms)
{
    if (!may_use(handle, key, STORE_KEY_VALUE))
        return NULL;
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    return typed_get(handle, key, timestamp_ms);
}

const void *weir_get(weir_store *handle, const void *key)
{
    return weir_get_timestamped(handle, key, NULL);
}

static void put(weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    typed_put(handle, key, value, timestamp_ms);
}

void weir_put_timestamped(weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    if (may_write_at(handle, key, STORE_KEY_VALUE, timestamp_ms))
        put(handle, key, value, timestamp_ms);
}

void weir_put(weir_store *handle, const void *key, const void *value)
{
    if (may_write(handle, key, STORE_KEY_VALUE))
        put(handle, key, value, handle->execution->timestamp_ms);
}

const void *weir_get_as_of(weir_store *handle, const void *key, int64_t as_of_ms, struct weir_version *out)
{
    struct weir_version version;
    return may_use(handle, key, STORE_VERSIONED) ? typed_get_as_of(handle, key, as_of_ms, out ? out : &version) : NULL;
}

int64_t weir_put_version(weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    return may_write_at(handle, key, STORE_VERSIONED, timestamp_ms)
               ? typed_put_version(handle, key, value, timestamp_ms)
               : WEIR_VERSION_EXPIRED;
}

const void *weir_window_get(weir_store *handle, const void *key, int64_t start_ms)
{
    return may_use(handle, key, STORE_WINDOW) ? typed_window_get(handle, key, start_ms, NULL) : NULL;
}

/* kept_by_ms: a window's start, a session's end. Kafka Streams counts those rows as dropped, too. */
static void observe_written(weir_store *handle, int64_t kept_by_ms)
{
    int64_t written_ms = store_written_time(handle->store);
    store_observe_time(handle->store, written_ms);
    if (clamped_add(kept_by_ms, handle->spec->retention_ms) <= written_ms)
        context_drop(handle->context, "expired");
}

void weir_window_put(weir_store *handle, const void *key, int64_t start_ms, const void *value)
{
    if (!may_write(handle, key, STORE_WINDOW))
        return;
    typed_window_put(handle, key, start_ms, value, handle->execution->timestamp_ms);
    observe_written(handle, start_ms);
}

const void *weir_session_get(weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms)
{
    return may_use(handle, key, STORE_SESSION) ? typed_session_get(handle, key, start_ms, end_ms, NULL) : NULL;
}

void weir_session_put(weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms, const void *value)
{
    if (!may_write(handle, key, STORE_SESSION))
        return;
    if (start_ms > end_ms) {
        typed_latch(handle, WEIR_POISON, "a session that ends before it begins");
        return;
    }
    typed_session_put(handle, key, start_ms, end_ms, value, handle->execution->timestamp_ms);
    observe_written(handle, end_ms);
}

int64_t weir_rows_approximate(weir_store *handle)
{
    if (!handle)
        return 0;
    int64_t rows = store_rows_approximate(handle->store);
    return handle->is_shared ? rows : rows + (int64_t)store_overlay_rows(handle->store);
}

/* ---- walks ----
 * A cursor forbids writes, and what visit does best is to delete what it sees. So rows are read in runs: the cursor is
 * closed before the first row of a run is shown. */

typedef bool visitor(void *self, const struct weir_record *);

struct walk {
    weir_store *handle;
    const struct weir_range *range;
    struct bounds bounds; /* of what is still to be read */
    visitor *visit;
    void *self;
    weir_arena arena; /* of the rows of the run */
    struct store_row rows[WALK_ROWS];
    size_t count;
};

static bool read_run(struct walk *walk)
{
    struct weir_error error = {0};
    walk->count = 0;
    struct store_cursor *cursor = (walk->handle->is_shared ? store_view_scan : store_scan)(
        walk->handle->store, bounds_from(&walk->bounds), bounds_to(&walk->bounds), walk->range->descending, &error);
    while (cursor && walk->count < WALK_ROWS && store_next(cursor, &walk->rows[walk->count], &error)) {
        struct store_row *row = &walk->rows[walk->count++];
        row->key = arena_bytes(&walk->arena, row->key);
        row->value = arena_bytes(&walk->arena, row->value);
    }
    store_cursor_close(cursor);
    return error.code == WEIR_OK || typed_latch(walk->handle, error.code, error.message);
}

static bool show_row(struct walk *walk, const struct store_row *row)
{
    struct weir_record record;
    if (!typed_row_read(walk->handle, row, &walk->arena, &record))
        return false;
    enum store_kind kind = walk->handle->spec->kind;
    if (!record.value) /* a version that is a deletion */
        return true;
    if (kind != STORE_KEY_VALUE && !bounds_hold_window(walk->range, kind, record.window.start_ms, record.window.end_ms))
        return true;
    return walk->visit(walk->self, &record) && walk->handle->execution->error.code == WEIR_OK;
}

/* True: there may be more. */
static bool show_run(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        if (!show_row(walk, &walk->rows[i]))
            return false;
    return walk->count == WALK_ROWS;
}

static void walk_store(struct walk *walk)
{
    while (!walk->bounds.is_empty && read_run(walk) && show_run(walk)) {
        bounds_resume(&walk->bounds, walk->rows[walk->count - 1].key, walk->range->descending);
        arena_clear(&walk->arena);
    }
}

void weir_range_each(weir_store *handle, struct weir_range range, visitor *visit, void *self)
{
    struct weir_error error = {0};
    if (!handle || !visit || handle->execution->error.code != WEIR_OK)
        return;
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    struct walk *walk = memory_new(sizeof *walk);
    walk->handle = handle;
    walk->range = &range;
    walk->visit = visit;
    walk->self = self;
    if (bounds_of(&walk->bounds, handle->spec, &range, &error))
        walk_store(walk);
    else
        typed_latch(handle, WEIR_POISON, error.message);
    bounds_done(&walk->bounds);
    arena_done(&walk->arena);
    memory_free(walk);
}

struct plain_visit {
    void (*visit)(void *self, const struct weir_record *);
    void *self;
};

static bool visit_on(void *self, const struct weir_record *record)
{
    const struct plain_visit *plain = self;
    plain->visit(plain->self, record);
    return true;
}

void weir_each(weir_store *handle, void (*visit)(void *self, const struct weir_record *), void *self)
{
    struct plain_visit plain = {visit, self};
    if (visit)
        weir_range_each(handle, (struct weir_range){0}, visit_on, &plain);
}
