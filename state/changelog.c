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

static bool log_session(weir_bytes stored, weir_arena *arena, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms, end_ms;
    if (!keys_session_read(stored, arena, &key, &start_ms, &end_ms))
        return false;
    keys_session_log_write(key, start_ms, end_ms, out);
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
    static bool (*const log[])(weir_bytes, weir_arena *, struct buffer *) = {
        [STORE_WINDOW] = log_window, [STORE_SESSION] = log_session, [STORE_JOIN] = log_join};
    *logged = *stored;
    if (kind == STORE_KEY_VALUE || kind == STORE_VERSIONED)
        return true;
    buffer_clear(key);
    bool is_written = log[kind](stored->key, arena, key);
    logged->key = buffer_bytes(key);
    return is_written;
}

static bool store_window(struct store_row *row, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms;
    if (!keys_window_log_read(row->key, &key, &start_ms))
        return false;
    keys_window_write(key, start_ms, out);
    return true;
}

static bool store_session(struct store_row *row, struct buffer *out)
{
    weir_bytes key;
    int64_t start_ms, end_ms;
    if (!keys_session_log_read(row->key, &key, &start_ms, &end_ms))
        return false;
    keys_session_write(key, start_ms, end_ms, out);
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
    static bool (*const store[])(struct store_row *, struct buffer *) = {
        [STORE_WINDOW] = store_window, [STORE_SESSION] = store_session, [STORE_JOIN] = store_join};
    (void)arena;
    *stored = *logged;
    if (kind == STORE_KEY_VALUE || kind == STORE_VERSIONED || !logged->key.data)
        return logged->key.data != NULL;
    buffer_clear(key);
    bool is_read = store[kind](stored, key);
    stored->key = buffer_bytes(key);
    return is_read;
}
