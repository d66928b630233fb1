/* streams_commit.c: see streams_commit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/streams_commit.h"

#include "base/bytes.h"
#include "schemas/base64.h"

enum { VERSION_BYTES = 1, TIME_BYTES = 8, COUNT_BYTES = 4, SIZE_BYTES = 4, VERSION_MAX = 2 };

bool streams_commit_read(const char *text, weir_arena *arena, struct streams_commit *out)
{
    weir_bytes bytes;
    if (!text || !text[0] || !base64_read(bytes_of_text(text), arena, &bytes))
        return false;
    const unsigned char *at = bytes.data;
    if (bytes.size < VERSION_BYTES + TIME_BYTES || at[0] < 1 || at[0] > VERSION_MAX)
        return false;
    out->partition_time_ms = (int64_t)bytes_get_u64(at + VERSION_BYTES);
    out->entries = (weir_bytes){at + VERSION_BYTES + TIME_BYTES, bytes.size - VERSION_BYTES - TIME_BYTES};
    return true;
}

/* One entry off the front; false: there is no whole one. */
static bool next_entry(weir_bytes *left, weir_bytes *name, int64_t *time_ms)
{
    const char *at = left->data;
    if (left->size < SIZE_BYTES)
        return false;
    size_t size = bytes_get_u32(at);
    if (left->size - SIZE_BYTES < size || left->size - SIZE_BYTES - size < TIME_BYTES)
        return false;
    *name = (weir_bytes){at + SIZE_BYTES, size};
    *time_ms = (int64_t)bytes_get_u64(at + SIZE_BYTES + size);
    size_t taken = SIZE_BYTES + size + TIME_BYTES;
    *left = (weir_bytes){at + taken, left->size - taken};
    return true;
}

int64_t streams_commit_emitted(const struct streams_commit *commit, const char *store)
{
    weir_bytes left = commit->entries, name;
    int64_t time_ms;
    if (left.size < COUNT_BYTES)
        return INT64_MIN;
    left = (weir_bytes){(const char *)left.data + COUNT_BYTES, left.size - COUNT_BYTES};
    while (next_entry(&left, &name, &time_ms))
        if (bytes_equal(name, bytes_of_text(store)))
            return time_ms;
    return INT64_MIN;
}
