/* keys.c: see keys.h.
 *
 * Readers take bytes from disk and from topics, so they answer false to whatever the writers cannot have made.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/keys.h"

#include "base/arena.h"
#include "base/bytes.h"

enum { START_BYTES = 8, SEQUENCE_BYTES = 4, END_BYTES = 2, TAIL_BYTES = END_BYTES + START_BYTES };
static const uint64_t sign_bit = UINT64_C(1) << 63;

void keys_window_prefix(weir_bytes key, struct buffer *out)
{
    const char *next = key.data;
    size_t left = key.size;
    buffer_reserve(out, key.size + TAIL_BYTES);
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

static void append_start(uint64_t start, struct buffer *out)
{
    char bytes[START_BYTES];
    bytes_put_u64(bytes, start);
    buffer_append(out, bytes, sizeof bytes);
}

void keys_window_write(weir_bytes key, int64_t start_ms, struct buffer *out)
{
    keys_window_prefix(key, out);
    append_start((uint64_t)start_ms ^ sign_bit, out);
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

bool keys_window_read(weir_bytes stored, weir_arena *arena, weir_bytes *key, int64_t *start_ms)
{
    if (stored.size < TAIL_BYTES)
        return false;
    const char *data = stored.data;
    weir_bytes escaped = {data, stored.size - TAIL_BYTES};
    if (memcmp(data + escaped.size, "\0\0", END_BYTES) != 0)
        return false;
    /* Nearly every key is free of zero bytes and can be lent as it lies there. */
    if (escaped.size == 0 || !memchr(data, 0, escaped.size))
        *key = escaped;
    else if (!unescape(escaped, arena, key))
        return false;
    *start_ms = (int64_t)(bytes_get_u64(data + escaped.size + END_BYTES) ^ sign_bit);
    return true;
}

void keys_windowed_record_write(weir_bytes key, int64_t start_ms, struct buffer *out)
{
    buffer_append(out, key.data, key.size);
    append_start((uint64_t)start_ms, out);
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
    if (stored.size < TAIL_BYTES + SEQUENCE_BYTES)
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
    if (logged.size < START_BYTES + SEQUENCE_BYTES)
        return false;
    const char *tail = (const char *)logged.data + logged.size - START_BYTES - SEQUENCE_BYTES;
    *key = (weir_bytes){logged.data, logged.size - START_BYTES - SEQUENCE_BYTES};
    *start_ms = (int64_t)bytes_get_u64(tail);
    *sequence = bytes_get_u32(tail + START_BYTES);
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
