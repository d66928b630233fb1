/* keys.c: see keys.h.
 *
 * Readers take bytes from disk and from topics, so they answer false to whatever the writers cannot have made.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/keys.h"

#include "base/arena.h"
#include "base/bytes.h"

enum { TIME_BYTES = 8, SEQUENCE_BYTES = 4, END_BYTES = 2 };
static const uint64_t sign_bit = UINT64_C(1) << 63;

void keys_window_prefix(weir_bytes key, struct buffer *out)
{
    const char *next = key.data;
    size_t left = key.size;
    buffer_reserve(out, key.size + END_BYTES + TIME_BYTES + TIME_BYTES);
    while (left > 0) {
        const char *zero = memchr(next, 0, left);
        size_t plain = zero ? (size_t)(zero - next) : left;
        buffer_append(out, next, plain);
        if (zero) {
            buffer_append(out, "\0\377", 2);
            plain++;
        }
        next += plain;
        left -= plain;
    }
    buffer_append(out, "\0\0", END_BYTES);
}

bool keys_is_window_prefix(weir_bytes bytes)
{
    return bytes.size >= END_BYTES && memcmp((const char *)bytes.data + bytes.size - END_BYTES, "\0\0", END_BYTES) == 0;
}

static void append_time(uint64_t time, struct buffer *out)
{
    char bytes[TIME_BYTES];
    bytes_put_u64(bytes, time);
    buffer_append(out, bytes, sizeof bytes);
}

static int64_t stored_time(const char *at)
{
    return (int64_t)(bytes_get_u64(at) ^ sign_bit);
}

void keys_window_write(weir_bytes key, int64_t start_ms, struct buffer *out)
{
    keys_window_prefix(key, out);
    append_time((uint64_t)start_ms ^ sign_bit, out);
}

void keys_session_write(weir_bytes key, int64_t start_ms, int64_t end_ms, struct buffer *out)
{
    keys_window_prefix(key, out);
    append_time((uint64_t)end_ms ^ sign_bit, out);
    append_time((uint64_t)start_ms ^ sign_bit, out);
}

/* Takes the escapes out of `escaped`, which must contain nothing but whole escapes and plain bytes. */
static bool unescape(weir_bytes escaped, weir_arena *arena, weir_bytes *key)
{
    const char *from = escaped.data;
    char *to = arena_alloc_raw(arena, escaped.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < escaped.size; i++) {
        to[size++] = from[i];
        if (from[i] == 0 && (++i == escaped.size || from[i] != '\377'))
            return false;
    }
    to[size] = 0;
    *key = (weir_bytes){to, size};
    return true;
}

/* The key in front of `times` bytes of time; NULL: it is none. */
static const char *read_stored(weir_bytes stored, size_t times, weir_arena *arena, weir_bytes *key)
{
    if (stored.size < END_BYTES + times)
        return NULL;
    const char *data = stored.data;
    weir_bytes escaped = {data, stored.size - END_BYTES - times};
    if (memcmp(data + escaped.size, "\0\0", END_BYTES) != 0)
        return NULL;
    /* Nearly every key is free of zero bytes and can be lent as it lies there. */
    if (escaped.size == 0 || !memchr(data, 0, escaped.size))
        *key = escaped;
    else if (!unescape(escaped, arena, key))
        return NULL;
    return data + escaped.size + END_BYTES;
}

bool keys_window_read(weir_bytes stored, weir_arena *arena, weir_bytes *key, int64_t *start_ms)
{
    const char *times = read_stored(stored, TIME_BYTES, arena, key);
    if (times)
        *start_ms = stored_time(times);
    return times != NULL;
}

bool keys_session_read(weir_bytes stored, weir_arena *arena, weir_bytes *key, int64_t *start_ms, int64_t *end_ms)
{
    const char *times = read_stored(stored, TIME_BYTES + TIME_BYTES, arena, key);
    if (!times)
        return false;
    *end_ms = stored_time(times);
    *start_ms = stored_time(times + TIME_BYTES);
    return true;
}

void keys_windowed_record_write(weir_bytes key, int64_t start_ms, struct buffer *out)
{
    buffer_append(out, key.data, key.size);
    append_time((uint64_t)start_ms, out);
}

void keys_session_log_write(weir_bytes key, int64_t start_ms, int64_t end_ms, struct buffer *out)
{
    buffer_append(out, key.data, key.size);
    append_time((uint64_t)end_ms, out);
    append_time((uint64_t)start_ms, out);
}

bool keys_session_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms, int64_t *end_ms)
{
    if (logged.size < TIME_BYTES + TIME_BYTES)
        return false;
    const char *times = (const char *)logged.data + logged.size - TIME_BYTES - TIME_BYTES;
    *end_ms = (int64_t)bytes_get_u64(times);
    *start_ms = (int64_t)bytes_get_u64(times + TIME_BYTES);
    *key = (weir_bytes){logged.data, logged.size - TIME_BYTES - TIME_BYTES};
    return *start_ms <= *end_ms;
}

static void append_sequence(uint32_t sequence, struct buffer *out)
{
    char bytes[SEQUENCE_BYTES];
    bytes_put_u32(bytes, sequence);
    buffer_append(out, bytes, sizeof bytes);
}

void keys_join_write(weir_bytes key, int64_t start_ms, uint32_t sequence, struct buffer *out)
{
    keys_window_write(key, start_ms, out);
    append_sequence(sequence, out);
}

bool keys_join_read(weir_bytes stored, weir_arena *arena, weir_bytes *key, int64_t *start_ms, uint32_t *sequence)
{
    if (stored.size < END_BYTES + TIME_BYTES + SEQUENCE_BYTES)
        return false;
    stored.size -= SEQUENCE_BYTES;
    *sequence = bytes_get_u32((const char *)stored.data + stored.size);
    return keys_window_read(stored, arena, key, start_ms);
}

void keys_join_log_write(weir_bytes key, int64_t start_ms, uint32_t sequence, struct buffer *out)
{
    keys_windowed_record_write(key, start_ms, out);
    append_sequence(sequence, out);
}

bool keys_join_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms, uint32_t *sequence)
{
    if (logged.size < TIME_BYTES + SEQUENCE_BYTES)
        return false;
    const char *tail = (const char *)logged.data + logged.size - TIME_BYTES - SEQUENCE_BYTES;
    *key = (weir_bytes){logged.data, logged.size - TIME_BYTES - SEQUENCE_BYTES};
    *start_ms = (int64_t)bytes_get_u64(tail);
    *sequence = bytes_get_u32(tail + TIME_BYTES);
    return true;
}

void keys_window_log_write(weir_bytes key, int64_t start_ms, struct buffer *out)
{
    keys_join_log_write(key, start_ms, 0, out);
}

/* Other sequence numbers tell duplicates of one key and window apart, which a table cannot hold. */
bool keys_window_log_read(weir_bytes logged, weir_bytes *key, int64_t *start_ms)
{
    uint32_t sequence;
    return keys_join_log_read(logged, key, start_ms, &sequence) && sequence == 0;
}

bool keys_after_prefix(weir_bytes prefix, struct buffer *out)
{
    const unsigned char *data = prefix.data;
    size_t size = prefix.size;
    while (size > 0 && data[size - 1] == 0xff)
        size--;
    if (size == 0)
        return false;
    buffer_append(out, data, size - 1);
    buffer_byte(out, (unsigned char)(data[size - 1] + 1));
    return true;
}
