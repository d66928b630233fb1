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
#include "state/versioned.h"

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

static bool to_bytes(struct weir_store *handle, const struct weir_type *type, const void *value, struct buffer *buffer,
                     weir_bytes *out)
{
    struct weir_error error;
    error_clear(&error);
    return codec_bytes(type, WEIR_FORMAT_OBJECT, 0, value, buffer, out, &error) ||
           typed_latch(handle, error.code, error.message);
}

/* The key as the store holds it; valid until the thread's next call, and as long as the key itself. */
static bool write_key(struct weir_store *handle, const void *key, weir_bytes *out)
{
    return to_bytes(handle, handle->spec->key_type, key, &typed_scratch()->key, out);
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

static bool write_session_key(struct weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms,
                              weir_bytes *out)
{
    struct typed_scratch *own = typed_scratch();
    if (!typed_write(handle, handle->spec->key_type, key, &own->key))
        return false;
    keys_session_write(buffer_bytes(&own->key), start_ms, end_ms, &own->stored);
    *out = buffer_bytes(&own->stored);
    return true;
}

bool typed_window_key(struct weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms, weir_bytes *out)
{
    return handle->spec->kind == STORE_SESSION ? write_session_key(handle, key, start_ms, end_ms, out)
                                               : write_window_key(handle, key, start_ms, out);
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

typedef bool get_function(struct store *, weir_bytes key, weir_arena *, struct store_row *, struct weir_error *);

static const void *get_row_by(get_function *get, struct weir_store *handle, weir_bytes key, int64_t *timestamp_ms)
{
    weir_arena *arena = handle->execution->arena;
    struct weir_error error;
    struct store_row row;
    error_clear(&error);
    if (!get(handle->store, key, arena, &row, &error)) {
        if (error.code != WEIR_OK)
            typed_latch(handle, error.code, error.message);
        return NULL;
    }
    if (timestamp_ms)
        *timestamp_ms = row.timestamp_ms;
    return typed_read(handle, handle->spec->value_type, arena_bytes(arena, row.value), arena);
}

static const void *get_row(struct weir_store *handle, weir_bytes key, int64_t *timestamp_ms)
{
    return get_row_by(handle->is_shared ? store_peek : store_get, handle, key, timestamp_ms);
}

static bool is_latched(const struct weir_store *handle)
{
    return handle->execution->error.code != WEIR_OK;
}

static const void *get_version(struct weir_store *handle, weir_bytes key, int64_t as_of_ms, struct weir_version *out)
{
    weir_arena *arena = handle->execution->arena;
    struct weir_error error;
    struct version version;
    error_clear(&error);
    if (!versioned_get(handle->store, key, as_of_ms, arena, &version, &error)) {
        if (error.code != WEIR_OK)
            typed_latch(handle, error.code, error.message);
        return NULL;
    }
    *out = (struct weir_version){version.from_ms, version.to_ms};
    return typed_read(handle, handle->spec->value_type, arena_bytes(arena, version.value), arena);
}

const void *typed_get_as_of(struct weir_store *handle, const void *key, int64_t as_of_ms, struct weir_version *out)
{
    weir_bytes plain_key;
    assert(key && handle->spec->kind == STORE_VERSIONED);
    if (is_latched(handle) || !write_key(handle, key, &plain_key))
        return NULL;
    return get_version(handle, plain_key, as_of_ms, out);
}

static const void *get_newest(struct weir_store *handle, weir_bytes key, int64_t *timestamp_ms)
{
    struct weir_version version;
    const void *value = get_version(handle, key, WEIR_VERSION_OPEN, &version);
    if (value && timestamp_ms)
        *timestamp_ms = version.from_ms;
    return value;
}

const void *typed_get(struct weir_store *handle, const void *key, int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    bool is_versioned = handle->spec->kind == STORE_VERSIONED;
    assert(key && (is_versioned || handle->spec->kind == STORE_KEY_VALUE));
    if (is_latched(handle) || !write_key(handle, key, &stored_key))
        return NULL;
    return is_versioned ? get_newest(handle, stored_key, timestamp_ms) : get_row(handle, stored_key, timestamp_ms);
}

const void *typed_peek(struct weir_store *handle, const void *key, int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_KEY_VALUE);
    if (is_latched(handle) || !write_key(handle, key, &stored_key))
        return NULL;
    return get_row_by(store_peek, handle, stored_key, timestamp_ms);
}

const void *typed_window_get(struct weir_store *handle, const void *key, int64_t start_ms, int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_WINDOW);
    if (is_latched(handle) || !write_window_key(handle, key, start_ms, &stored_key))
        return NULL;
    return get_row(handle, stored_key, timestamp_ms);
}

const void *typed_session_get(struct weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms,
                              int64_t *timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_SESSION);
    if (is_latched(handle) || !write_session_key(handle, key, start_ms, end_ms, &stored_key))
        return NULL;
    return get_row(handle, stored_key, timestamp_ms);
}

static bool read_window(const struct store_spec *spec, weir_bytes stored, weir_arena *arena, weir_bytes *key,
                        int64_t *start_ms, int64_t *end_ms)
{
    if (spec->kind == STORE_SESSION)
        return keys_session_read(stored, arena, key, start_ms, end_ms);
    if (!keys_window_read(stored, arena, key, start_ms))
        return false;
    if (__builtin_add_overflow(*start_ms, spec->window_size_ms, end_ms))
        *end_ms = INT64_MAX;
    return true;
}

/* Key and value of a version; one that is a deletion has no value. */
static bool read_version(struct weir_store *handle, const struct store_row *row, weir_arena *arena,
                         struct weir_record *out)
{
    struct version version;
    weir_bytes key;
    if (!versioned_read(row, arena, &key, &version))
        return typed_latch(handle, WEIR_CORRUPT, "a row is no version");
    out->timestamp_ms = version.from_ms;
    out->window.start_ms = version.from_ms;
    out->window.end_ms = version.to_ms;
    out->key = typed_read(handle, out->key_type, key, arena);
    if (out->key && version.value.data)
        out->value = typed_read(handle, out->value_type, version.value, arena);
    return handle->execution->error.code == WEIR_OK;
}

bool typed_row_read(struct weir_store *handle, const struct store_row *row, weir_arena *arena, struct weir_record *out)
{
    weir_bytes key = row->key;
    *out = (struct weir_record){
        .timestamp_ms = row->timestamp_ms, .key_type = handle->spec->key_type, .value_type = handle->spec->value_type};
    if (handle->spec->kind == STORE_VERSIONED)
        return read_version(handle, row, arena, out);
    if (handle->spec->kind != STORE_KEY_VALUE &&
        !read_window(handle->spec, row->key, arena, &key, &out->window.start_ms, &out->window.end_ms))
        return typed_latch(handle, WEIR_CORRUPT, "a row has no window in its key");
    out->key = typed_read(handle, out->key_type, key, arena);
    out->value = out->key ? typed_read(handle, out->value_type, row->value, arena) : NULL;
    return out->value != NULL;
}

/* ---- the windows of a key ---- */

/* From the first to behind the last that may be among them, one behind the other in the thread's buffer. */
static bool write_span(struct weir_store *handle, const void *typed_key, int64_t from_ms, int64_t to_ms,
                       weir_bytes *from, weir_bytes *to)
{
    struct typed_scratch *own = typed_scratch();
    if (!typed_write(handle, handle->spec->key_type, typed_key, &own->key))
        return false;
    weir_bytes key = buffer_bytes(&own->key);
    bool is_session = handle->spec->kind == STORE_SESSION;
    if (is_session)
        keys_session_write(key, INT64_MIN, from_ms, &own->stored);
    else
        keys_window_write(key, from_ms, &own->stored);
    size_t size = own->stored.size;
    if (is_session)
        keys_session_write(key, INT64_MAX, INT64_MAX, &own->stored);
    else
        keys_window_write(key, to_ms, &own->stored);
    buffer_byte(&own->stored, 0); /* inclusive */
    *from = (weir_bytes){own->stored.data, size};
    *to = (weir_bytes){own->stored.data + size, own->stored.size - size};
    return true;
}

void typed_windows_open(struct typed_windows *windows, struct weir_store *handle, const void *key, int64_t from_ms,
                        int64_t to_ms, bool descending)
{
    assert(key && handle->spec->kind != STORE_KEY_VALUE);
    *windows = (struct typed_windows){.handle = handle, .from_ms = from_ms, .to_ms = to_ms};
    /* A session may begin before the span that it reaches into. */
    bool is_empty = handle->spec->kind == STORE_WINDOW && from_ms > to_ms;
    weir_bytes from, to;
    struct weir_error error = {0};
    if (is_empty || is_latched(handle) || !write_span(handle, key, from_ms, to_ms, &from, &to))
        return;
    windows->cursor = store_scan(handle->store, from, to, descending, &error);
    if (error.code != WEIR_OK)
        typed_latch(handle, error.code, error.message);
}

static bool next_row(struct typed_windows *windows, struct store_row *row, struct window_row *out)
{
    struct weir_store *handle = windows->handle;
    struct weir_error error = {0};
    weir_bytes key;
    if (!store_next(windows->cursor, row, &error))
        return error.code != WEIR_OK && typed_latch(handle, error.code, error.message);
    return read_window(handle->spec, row->key, handle->execution->arena, &key, &out->start_ms, &out->end_ms) ||
           typed_latch(handle, WEIR_CORRUPT, "a row has no window in its key");
}

bool typed_windows_next(struct typed_windows *windows, struct window_row *out)
{
    struct store_row row;
    if (!windows->cursor)
        return false;
    do {
        if (!next_row(windows, &row, out))
            return false;
    } while (out->start_ms > windows->to_ms);
    weir_arena *arena = windows->handle->execution->arena;
    out->is_new = false;
    out->timestamp_ms = row.timestamp_ms;
    out->value = typed_read(windows->handle, windows->handle->spec->value_type, arena_bytes(arena, row.value), arena);
    return out->value != NULL;
}

void typed_windows_close(struct typed_windows *windows)
{
    store_cursor_close(windows->cursor);
    windows->cursor = NULL;
}

/* ---- writing ---- */

typedef void put_function(struct store *, weir_bytes key, weir_bytes value, int64_t timestamp_ms);

/* The key may have been written to the scratch; so may the value. */
static void put_row_by(put_function *put, struct weir_store *handle, weir_bytes key, const void *value,
                       int64_t timestamp_ms)
{
    weir_bytes stored = {0};
    if (!value || to_bytes(handle, handle->spec->value_type, value, &scratch.value, &stored))
        put(handle->store, key, stored, timestamp_ms);
}

static void put_row(struct weir_store *handle, weir_bytes key, const void *value, int64_t timestamp_ms)
{
    put_row_by(store_put, handle, key, value, timestamp_ms);
}

int64_t typed_put_version(struct weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    struct weir_error error;
    weir_bytes plain_key, stored = {0};
    int64_t to_ms = WEIR_VERSION_EXPIRED;
    assert(key && handle->spec->kind == STORE_VERSIONED);
    error_clear(&error);
    if (is_latched(handle) || !write_key(handle, key, &plain_key) ||
        (value && !typed_write(handle, handle->spec->value_type, value, &scratch.value)))
        return WEIR_VERSION_EXPIRED;
    if (value)
        stored = buffer_bytes(&scratch.value);
    if (!versioned_put(handle->store, plain_key, stored, timestamp_ms, &to_ms, &error))
        typed_latch(handle, error.code, error.message);
    else if (to_ms == WEIR_VERSION_EXPIRED && handle->context)
        context_drop(handle->context, "expired");
    return to_ms;
}

void typed_put(struct weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    weir_bytes stored_key;
    if (handle->spec->kind == STORE_VERSIONED) {
        typed_put_version(handle, key, value, timestamp_ms);
        return;
    }
    assert(key && handle->spec->kind == STORE_KEY_VALUE);
    if (!is_latched(handle) && write_key(handle, key, &stored_key))
        put_row(handle, stored_key, value, timestamp_ms);
}

void typed_put_new(struct weir_store *handle, const void *key, const void *value, int64_t timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && value && handle->spec->kind == STORE_KEY_VALUE);
    if (!is_latched(handle) && write_key(handle, key, &stored_key))
        put_row_by(store_put_new, handle, stored_key, value, timestamp_ms);
}

void typed_window_put(struct weir_store *handle, const void *key, int64_t start_ms, const void *value,
                      int64_t timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_WINDOW);
    if (!is_latched(handle) && write_window_key(handle, key, start_ms, &stored_key))
        put_row(handle, stored_key, value, timestamp_ms);
}

void typed_session_put(struct weir_store *handle, const void *key, int64_t start_ms, int64_t end_ms, const void *value,
                       int64_t timestamp_ms)
{
    weir_bytes stored_key;
    assert(key && handle->spec->kind == STORE_SESSION);
    if (!is_latched(handle) && write_session_key(handle, key, start_ms, end_ms, &stored_key))
        put_row(handle, stored_key, value, timestamp_ms);
}
