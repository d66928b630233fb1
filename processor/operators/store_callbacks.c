/* store_callbacks.c: what callbacks may do with a store. See weir.h.
 *
 * A NULL handle (weir_store_named refused and latched) reads as empty and swallows writes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/memory.h"
#include "operators/typed_store.h"

enum { WALK_ROWS = 256 };

static bool may_use(weir_store *handle, const void *key, enum store_kind kind)
{
    if (!handle || handle->execution->error.code != WEIR_OK)
        return false;
    if (handle->spec->kind != kind)
        return typed_latch(handle, WEIR_FATAL,
                           kind == STORE_WINDOW ? "it has no windows; use weir_get and weir_put"
                                                : "it is a window store; use weir_window_get and weir_window_put");
    return key || typed_latch(handle, WEIR_POISON, "the key is NULL");
}

/* A store of a processor hears of time from its reads and writes: nobody else tells it. */
static void observe_time(weir_store *handle)
{
    if (handle->execution->stream_time_ms >= 0)
        store_observe_time(handle->store, handle->execution->stream_time_ms);
}

const void *weir_get(weir_store *handle, const void *key)
{
    if (!may_use(handle, key, STORE_KEY_VALUE))
        return NULL;
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    return typed_get(handle, key, NULL);
}

void weir_put(weir_store *handle, const void *key, const void *value)
{
    if (!may_use(handle, key, STORE_KEY_VALUE))
        return;
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    typed_put(handle, key, value, handle->execution->timestamp_ms);
}

const void *weir_window_get(weir_store *handle, const void *key, int64_t start_ms)
{
    return may_use(handle, key, STORE_WINDOW) ? typed_window_get(handle, key, start_ms, NULL) : NULL;
}

void weir_window_put(weir_store *handle, const void *key, int64_t start_ms, const void *value)
{
    if (!may_use(handle, key, STORE_WINDOW))
        return;
    observe_time(handle);
    typed_window_put(handle, key, start_ms, value, handle->execution->timestamp_ms);
}

/* ---- a walk over the whole store ----
 * A cursor forbids writes, and what visit does best is to delete what it sees. So rows are read in runs: the cursor is
 * closed before the first row of a run is shown. A row that a visit writes is seen when it lies behind the run. */

struct run {
    weir_arena arena; /* of the rows of the run */
    struct store_row rows[WALK_ROWS];
    size_t count;
    weir_bytes next; /* where the next run begins */
};

static bool read_run(weir_store *handle, struct run *run)
{
    struct weir_error error = {0};
    weir_bytes from = run->next;
    run->count = 0;
    struct store_cursor *cursor = store_scan(handle->store, from, (weir_bytes){0}, false, &error);
    while (cursor && run->count < WALK_ROWS && store_next(cursor, &run->rows[run->count], &error)) {
        struct store_row *row = &run->rows[run->count++];
        row->key = arena_bytes(&run->arena, row->key);
        row->value = arena_bytes(&run->arena, row->value);
    }
    store_cursor_close(cursor);
    return error.code == WEIR_OK || typed_latch(handle, error.code, error.message);
}

static bool show_run(weir_store *handle, struct run *run, void (*visit)(void *, const struct weir_record *), void *self)
{
    for (size_t i = 0; i < run->count; i++) {
        struct weir_record record;
        if (!typed_row_read(handle, &run->rows[i], &run->arena, &record))
            return false;
        visit(self, &record);
        if (handle->execution->error.code != WEIR_OK)
            return false;
    }
    return run->count == WALK_ROWS;
}

/* The smallest key behind the last one: with a zero byte more; arena_bytes has put it there. */
static void begin_next_run(struct run *run, weir_arena *keys)
{
    weir_bytes last = run->rows[run->count - 1].key;
    arena_clear(keys);
    run->next = arena_bytes(keys, (weir_bytes){last.data, last.size + 1});
    arena_clear(&run->arena);
}

void weir_each(weir_store *handle, void (*visit)(void *self, const struct weir_record *), void *self)
{
    if (!handle || !visit || handle->execution->error.code != WEIR_OK)
        return;
    if (handle->spec->ttl_ms > 0)
        observe_time(handle);
    struct run *run = memory_new(sizeof *run);
    weir_arena keys;
    arena_init(&keys);
    while (read_run(handle, run) && show_run(handle, run, visit, self))
        begin_next_run(run, &keys);
    arena_done(&keys);
    arena_done(&run->arena);
    memory_free(run);
}
