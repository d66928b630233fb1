/* window_key.c: see window_key.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/window_key.h"

#include "base/bytes.h"

enum { TIME_BYTES = 8 };

size_t window_key_bytes(const struct graph_node *node)
{
    if (node->window_size_ms == GRAPH_SESSIONS)
        return 2 * (size_t)TIME_BYTES;
    return node->window_size_ms != 0 ? TIME_BYTES : 0;
}

static void write_time(struct buffer *out, int64_t time_ms)
{
    char bytes[TIME_BYTES];
    bytes_put_u64(bytes, (uint64_t)time_ms);
    buffer_append(out, bytes, sizeof bytes);
}

void window_key_write(const struct graph_node *node, const struct weir_record *record, struct buffer *out)
{
    if (node->window_size_ms == GRAPH_SESSIONS)
        write_time(out, record->window.end_ms);
    if (node->window_size_ms != 0)
        write_time(out, record->window.start_ms);
}

bool window_key_read(const struct graph_node *node, weir_bytes *key, struct weir_record *out)
{
    size_t behind = window_key_bytes(node);
    if (key->size < behind)
        return false;
    key->size -= behind;
    const char *window = (const char *)key->data + key->size;
    if (behind > 0)
        out->window.start_ms = (int64_t)bytes_get_u64(window + behind - TIME_BYTES);
    if (node->window_size_ms == GRAPH_SESSIONS)
        out->window.end_ms = (int64_t)bytes_get_u64(window);
    else if (behind > 0 && __builtin_add_overflow(out->window.start_ms, node->window_size_ms, &out->window.end_ms))
        out->window.end_ms = INT64_MAX;
    return true;
}
