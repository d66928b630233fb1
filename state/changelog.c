/* changelog.c: see changelog.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/changelog.h"

#include "state/keys.h"

static bool log_window(weir_bytes stored, weir_arena *arena, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms;
    if (!keys_window_read(stored, arena, &key, &start_ms))
        return false;
    keys_window_log_write(key, start_ms, out);
    return true;
}

static bool log_join(weir_bytes stored, weir_arena *arena, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms;
    uint32_t sequence;
    if (!keys_join_read(stored, arena, &key, &start_ms, &sequence))
        return false;
    keys_join_log_write(key, start_ms, sequence, out);
    return true;
}

bool changelog_write(enum store_kind kind, const struct store_row *stored, weir_arena *arena, struct buffer *key,
                     struct store_row *logged)
{
    *logged = *stored;
    if (kind == STORE_KEY_VALUE)
        return true;
    buffer_clear(key);
    bool is_written = kind == STORE_WINDOW ? log_window(stored->key, arena, key) : log_join(stored->key, arena, key);
    logged->key = buffer_bytes(key);
    return is_written;
}

static bool store_window(weir_bytes logged, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms;
    if (!keys_window_log_read(logged, &key, &start_ms))
        return false;
    keys_window_write(key, start_ms, out);
    return true;
}

/* The topic may be stamped by the broker (DECISIONS.md 15); the time of the row stands in its key. */
static bool store_join(struct store_row *row, struct buffer *out)
{
    weir_bytes key;
    uint32_t sequence;
    if (!keys_join_log_read(row->key, &key, &row->timestamp_ms, &sequence))
        return false;
    keys_join_write(key, row->timestamp_ms, sequence, out);
    return true;
}

bool changelog_read(enum store_kind kind, const struct store_row *logged, weir_arena *arena, struct buffer *key,
                    struct store_row *stored)
{
    (void)arena;
    *stored = *logged;
    if (kind == STORE_KEY_VALUE || !logged->key.data)
        return logged->key.data != NULL;
    buffer_clear(key);
    bool is_read = kind == STORE_WINDOW ? store_window(logged->key, key) : store_join(stored, key);
    stored->key = buffer_bytes(key);
    return is_read;
}
