/* emitter.c: see emitter.h. Windows leave in the order of Kafka Streams' time-ordered stores: windows by start and key,
 * sessions by end, start and key.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/emitter.h"

#include "base/bytes.h"
#include "base/error.h"
#include "operators/operators.h"
#include "operators/typed_store.h"

enum { TIME_BYTES = 8 };

/* A window's end lies behind it, that of a sliding window or a session is its last moment. */
static int64_t due_ms(const weir_context *context, int64_t end_ms)
{
    const struct fold_args *args = context->node->args;
    return window_kind(&args->window) == WINDOW_TIME || end_ms == INT64_MAX ? end_ms : end_ms + 1;
}

/* As it waits: a window by its key in the store, a session with its start in front. */
static void move(weir_context *context, struct emitter *emitter, weir_bytes stored_key, int64_t start_ms,
                 int64_t end_ms, void (*change)(struct timeline *, int64_t, weir_bytes))
{
    char *bytes = arena_alloc_raw(context->execution->arena, TIME_BYTES + stored_key.size);
    weir_bytes waiting = stored_key;
    if (context->stores[0].spec->kind == STORE_SESSION) {
        bytes_put_u64(bytes, (uint64_t)start_ms);
        memcpy(bytes + TIME_BYTES, stored_key.data, stored_key.size);
        waiting = (weir_bytes){bytes, TIME_BYTES + stored_key.size};
    }
    change(emitter->waiting, due_ms(context, end_ms), waiting);
}

void emitter_add(weir_context *context, struct emitter *emitter, const void *key, int64_t start_ms, int64_t end_ms)
{
    weir_bytes stored;
    if (typed_window_key(&context->stores[0], key, start_ms, end_ms, &stored))
        move(context, emitter, stored, start_ms, end_ms, timeline_add);
}

void emitter_remove(weir_context *context, struct emitter *emitter, const void *key, int64_t start_ms, int64_t end_ms)
{
    weir_bytes stored;
    if (typed_window_key(&context->stores[0], key, start_ms, end_ms, &stored))
        move(context, emitter, stored, start_ms, end_ms, timeline_remove);
}

/* ---- life ---- */

static bool find_waiting(weir_context *context, struct emitter *emitter, struct store_cursor *cursor,
                         struct weir_error *error)
{
    weir_arena *arena = context->execution->arena;
    struct store_row row;
    struct weir_record record;
    while (store_next(cursor, &row, error)) {
        if (!typed_row_read(&context->stores[0], &row, arena, &record))
            return false;
        if (due_ms(context, record.window.end_ms) > emitter_emitted(context))
            move(context, emitter, row.key, record.window.start_ms, record.window.end_ms, timeline_add);
        arena_clear(arena);
    }
    return error->code == WEIR_OK;
}

void emitter_open(weir_context *context, struct emitter *emitter)
{
    const struct fold_args *args = context->node->args;
    struct weir_error error = {0};
    if (args->window.emit != WEIR_EMIT_ON_CLOSE)
        return;
    emitter->waiting = timeline_new();
    struct store_cursor *cursor = store_scan(context->stores[0].store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    bool found = cursor && find_waiting(context, emitter, cursor, &error);
    store_cursor_close(cursor);
    if (!found && error.code != WEIR_OK)
        typed_latch(&context->stores[0], error.code, error.message);
}

void emitter_close(struct emitter *emitter)
{
    timeline_free(emitter->waiting);
    emitter->waiting = NULL;
}

/* ---- emitting ---- */

int64_t emitter_emitted(const weir_context *context)
{
    return store_emitted_time(context->stores[0].store);
}

int64_t emitter_due(const struct emitter *emitter)
{
    int64_t due;
    weir_bytes key;
    return emitter_is_on(emitter) && timeline_first(emitter->waiting, &due, &key) ? due : INT64_MAX;
}

void emitter_look_now(struct emitter *emitter)
{
    emitter->next_look_ms = 0;
}

static bool is_time_to_look(weir_context *context, struct emitter *emitter)
{
    struct execution *execution = context->execution;
    int64_t now_ms = execution->calls->system_time(execution->engine);
    if (now_ms < emitter->next_look_ms)
        return false;
    emitter->next_look_ms = now_ms + execution->emit_interval_ms;
    return true;
}

/* The key in the store behind what orders sessions. */
static weir_bytes stored_key(const weir_context *context, weir_bytes waiting)
{
    size_t skipped = context->stores[0].spec->kind == STORE_SESSION ? TIME_BYTES : 0;
    return (weir_bytes){(const char *)waiting.data + skipped, waiting.size - skipped};
}

/* A window whose aggregate was deleted is in the store no more. */
static void emit(weir_context *context, weir_bytes key)
{
    struct weir_store *store = &context->stores[0];
    weir_arena *arena = context->execution->arena;
    struct weir_error error = {0};
    struct store_row row;
    struct weir_record record;
    if (!store_get(store->store, key, arena, &row, &error)) {
        if (error.code != WEIR_OK)
            typed_latch(store, error.code, error.message);
        return;
    }
    row.key = key;
    row.value = arena_bytes(arena, row.value);
    if (!typed_row_read(store, &row, arena, &record))
        return;
    if (store->spec->kind == STORE_SESSION)
        record.timestamp_ms = record.window.end_ms;
    context_forward(context, &record);
}

void emitter_emit(weir_context *context, struct emitter *emitter, int64_t close_ms)
{
    int64_t due;
    weir_bytes waiting;
    if (!emitter_is_on(emitter) || close_ms <= emitter_emitted(context) || !is_time_to_look(context, emitter))
        return;
    while (context->execution->error.code == WEIR_OK && timeline_first(emitter->waiting, &due, &waiting) &&
           due <= close_ms) {
        weir_bytes kept = arena_bytes(context->execution->arena, waiting);
        timeline_remove(emitter->waiting, due, kept);
        emit(context, stored_key(context, kept));
    }
    if (context->execution->error.code == WEIR_OK)
        store_emitted(context->stores[0].store, close_ms);
}
