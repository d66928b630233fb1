/* typed_store.c: stores of bytes as stores of typed keys and values. See context.h.
 *
 * What is read is copied into the record arena before it is decoded: decoded strings point into their bytes, and the
 * store may move its memory at the next write, while the value must live until the record is done.
 * Once the latch of the execution is set nothing is read or written any more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/typed_store.h"

#include <assert.h>
#include <pthread.h>

#include "base/error.h"
#include "schemas/codec.h"
#include "state/keys.h"

/* ---- encoding, into buffers that a thread keeps ---- */

static _Thread_local struct typed_scratch scratch;
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_done(void *memory)
{
    struct typed_scratch *old = memory;
    buffer_done(&old->key);
    buffer_done(&old->stored);
    buffer_done(&old->value);
    old->is_registered = false;
}

static void make_scratch_key(void)
{
    int failure = pthread_key_create(&scratch_key, scratch_done);
    assert(failure == 0);
    (void)failure;
}

/* The buffers are freed when the thread ends. */
struct typed_scratch *typed_scratch(void)
{
    if (!scratch.is_registered) {
        pthread_once(&scratch_once, make_scratch_key);
        pthread_setspecific(scratch_key, &scratch);
        scratch.is_registered = true;
    }
    buffer_clear(&scratch.key);
    buffer_clear(&scratch.stored);
    buffer_clear(&scratch.value);
    return &scratch;
}

bool typed_latch(struct weir_store *handle, enum weir_code code, const char *problem)
{
    return error_set(&handle->execution->error, code, "store '%s': %s", handle->spec->name, problem);
}

bool typed_write(struct weir_store *handle, const struct weir_type *type, const void *value, struct buffer *buffer)
{
    struct weir_error error;
    error_clear(&error);
    return codec_write(type, WEIR_FORMAT_OBJECT, 0, value, buffer, &error) ||
           typed_latch(handle, error.code, error.message);
}

/* The key as the store holds it; valid until the thread's next call. */
static bool write_key(struct weir_store *handle, const void *key, weir_bytes *out)
{
    struct typed_scratch *own = typed_scratch();
    if (!typed_write(handle, handle->spec->key_type, key, &own->key))
        return false;
    *out = buffer_bytes(&own->key);
    return true;
}

static bool write_window_key(struct weir_store *handle, const void *key, int64_t start_ms, weir_bytes *out)
{
    struct typed_scratch *own = typed_scratch();
    if (!typed_write(handle, handle->spec->key_type, key, &own->key))
        return false;
    keys_window_write(buffer_bytes(&own->key), start_ms, &own->stored);
    *out = buffer_bytes(&own->stored);
    return true;
}

/* ---- reading ---- */

const void *typed_read(struct weir_store *handle, const struct weir_type *type, weir_bytes bytes, weir_arena *arena)
{
    struct weir_error error;
    error_clear(&error);
    const void *value = codec_read(type, bytes, arena, &error);
    if (!value) /* not poison of the record in hand: the row is wrong, and every record of its key will meet it */
        error_set(&handle->execution->error, WEIR_FATAL, "store '%s': a row cannot be read: %s", handle->spec->name,
                  error.message);
    return value;
}

static const void *get_row(struct weir_store *handle, weir_bytes key, int64_t *timestamp_ms)
{
    weir_arena *arena = handle->execution->arena;
    struct weir_error error;
    struct store_row row;
    error_clear(&error);
    if (!store_get(handle->store, key, arena, &row, &error)) {
        if (error.code != WEIR_OK)
            typed_latch(handle, error.code, error.message);
        return NULL;
    }
    if (timestamp_ms)
        *timestamp_ms = row.timestamp_ms;
    return typed_read(handle, handle->spec->value_type, arena_bytes(arena, row.value), arena);
}

static bool is_latched(const struct weir_store *handle)
{
    return handle->execution->error.code != WEIR_OK;
}

const void *typed_get(struct weir_store *handle, const void *key, int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_KEY_VALUE);
    if (is_latched(handle) || !write_key(handle, key, &stored_key))
        return NULL;
    return get_row(handle, stored_key, timestamp_ms);
}

const void *typed_window_get(struct weir_store *handle, const void *key, int64_t start_ms, int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_WINDOW);
    if (is_latched(handle) || !write_window_key(handle, key, start_ms, &stored_key))
        return NULL;
    return get_row(handle, stored_key, timestamp_ms);
}

static bool read_window_key(struct weir_store *handle, weir_bytes stored, weir_arena *arena, struct weir_record *out,
                            weir_bytes *key)
{
    if (!keys_window_read(stored, arena, key, &out->window.start_ms))
        return typed_latch(handle, WEIR_CORRUPT, "a row has no window in its key");
    if (__builtin_add_overflow(out->window.start_ms, handle->spec->window_size_ms, &out->window.end_ms))
        out->window.end_ms = INT64_MAX;
    return true;
}

bool typed_row_read(struct weir_store *handle, const struct store_row *row, weir_arena *arena, struct weir_record *out)
{
    weir_bytes key = row->key;
    *out = (struct weir_record){
        .timestamp_ms = row->timestamp_ms, .key_type = handle->spec->key_type, .value_type = handle->spec->value_type};
    if (handle->spec->kind == STORE_WINDOW && !read_window_key(handle, row->key, arena, out, &key))
        return false;
    out->key = typed_read(handle, out->key_type, key, arena);
    out->value = out->key ? typed_read(handle, out->value_type, row->value, arena) : NULL;
    return out->value != NULL;
}

/* ---- writing ---- */

/* The key was written to the scratch; so is the value. */
static void put_row(struct weir_store *handle, weir_bytes key, const void *value, int64_t timestamp_ms)
{
    weir_bytes stored = {0};
    if (value) {
        if (!typed_write(handle, handle->spec->value_type, value, &scratch.value))
            return;
        stored = buffer_bytes(&scratch.value);
    }
    store_put(handle->store, key, stored, timestamp_ms);
}

void typed_put(struct weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_KEY_VALUE);
    if (!is_latched(handle) && write_key(handle, key, &stored_key))
        put_row(handle, stored_key, value, timestamp_ms);
}

void typed_window_put(struct weir_store *handle, const void *key, int64_t start_ms, const void *value,
                      int64_t timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_WINDOW);
    if (!is_latched(handle) && write_window_key(handle, key, start_ms, &stored_key))
        put_row(handle, stored_key, value, timestamp_ms);
}
