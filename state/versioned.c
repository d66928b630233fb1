/* versioned.c: see versioned.h.
 *
 * A row's value has a byte in front: a deletion, or a value. The newest value stands under the time INT64_MAX, behind all
 * others, and its row's timestamp is the one it has been valid from; an older version stands under the time it began, and
 * its row's timestamp is the one it ended.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/versioned.h"

#include "base/bytes.h"
#include "base/error.h"
#include "state/keys.h"
#include "state/store_private.h"

enum { DELETED = 0, VALUE = 1, MARK_BYTES = 1 };
static const int64_t newest_ms = INT64_MAX, begins_ms_max = VERSION_OPEN - 1;

/* ---- rows ---- */

static weir_bytes row_key(struct store *store, weir_bytes key, int64_t from_ms)
{
    struct buffer *out = &store->versions.key;
    buffer_clear(out);
    keys_window_write(key, from_ms, out);
    return buffer_bytes(out);
}

static void put_row(struct store *store, weir_bytes key, int64_t at_ms, weir_bytes value, int64_t timestamp_ms)
{
    struct buffer *out = &store->versions.value;
    buffer_clear(out);
    buffer_byte(out, value.data ? VALUE : DELETED);
    if (value.data)
        buffer_append(out, value.data, value.size);
    store_put(store, row_key(store, key, at_ms), buffer_bytes(out), timestamp_ms);
}

static bool read_value(weir_bytes stored, weir_bytes *value)
{
    const char *data = stored.data;
    if (stored.size < MARK_BYTES || (data[0] != DELETED && data[0] != VALUE))
        return false;
    *value = data[0] == VALUE ? (weir_bytes){data + MARK_BYTES, stored.size - MARK_BYTES} : (weir_bytes){0};
    return true;
}

bool versioned_read(const struct store_row *row, weir_arena *arena, weir_bytes *key, struct version *out)
{
    if (!keys_window_read(row->key, arena, key, &out->from_ms) || !read_value(row->value, &out->value))
        return false;
    out->to_ms = row->timestamp_ms;
    if (out->from_ms == newest_ms) {
        out->from_ms = row->timestamp_ms;
        out->to_ms = VERSION_OPEN;
    }
    return true;
}

static bool read_row(const struct store *store, const struct store_row *row, weir_arena *arena, struct version *out,
                     struct weir_error *error)
{
    weir_bytes key;
    return versioned_read(row, arena, &key, out) ||
           error_set(error, WEIR_CORRUPT, "store %s holds a row that is no version", store->spec->name);
}

/* The newest value. False and code WEIR_OK: there is none. */
static bool find_newest(struct store *store, weir_bytes key, weir_arena *arena, struct version *out,
                        struct weir_error *error)
{
    struct store_row row;
    weir_bytes stored = row_key(store, key, newest_ms);
    if (!store_get(store, stored, arena, &row, error))
        return false;
    row.key = stored;
    return read_row(store, &row, arena, out, error);
}

static struct store_cursor *walk_key(struct store *store, weir_bytes key, int64_t first_ms, int64_t last_ms,
                                     bool descending, struct weir_error *error)
{
    struct buffer *bounds = &store->versions.key;
    buffer_clear(bounds);
    keys_window_write(key, first_ms, bounds);
    size_t size = bounds->size;
    keys_window_write(key, last_ms, bounds);
    buffer_byte(bounds, 0); /* inclusive */
    return store_scan(store, (weir_bytes){bounds->data, size}, (weir_bytes){bounds->data + size, bounds->size - size},
                      descending, error);
}

/* The first, or the last, of the versions that begin from first_ms to last_ms. False and code WEIR_OK: there is none. */
static bool find_first(struct store *store, weir_bytes key, int64_t first_ms, int64_t last_ms, bool descending,
                       weir_arena *arena, struct version *out, struct weir_error *error)
{
    struct weir_error failure = {0};
    struct store_row row;
    struct store_cursor *cursor = walk_key(store, key, first_ms, last_ms, descending, error);
    bool found = cursor && store_next(cursor, &row, &failure);
    if (found) {
        row.value = arena_bytes(arena, row.value);
        found = read_row(store, &row, arena, out, error);
    }
    store_cursor_close(cursor);
    return found || (failure.code != WEIR_OK && error_set(error, failure.code, "%s", failure.message));
}

/* ---- putting ---- */

static bool is_before_history(const struct store *store, int64_t time_ms, int64_t now_ms)
{
    int64_t begin_ms;
    return now_ms != EXPIRY_NO_TIME && !__builtin_sub_overflow(now_ms, store->spec->retention_ms, &begin_ms) &&
           time_ms < begin_ms;
}

static void replace_newest(struct store *store, weir_bytes key, const struct version *newest, weir_bytes value,
                           int64_t timestamp_ms)
{
    if (timestamp_ms > newest->from_ms)
        put_row(store, key, newest->from_ms, newest->value, timestamp_ms);
    if (value.data)
        put_row(store, key, newest_ms, value, timestamp_ms);
    else
        store_put(store, row_key(store, key, newest_ms), (weir_bytes){0}, timestamp_ms);
}

/* Behind everything that is known of the key. */
static void append(struct store *store, weir_bytes key, const struct version *before, weir_bytes value,
                   int64_t timestamp_ms)
{
    if (value.data)
        put_row(store, key, newest_ms, value, timestamp_ms);
    else if (!before || before->to_ms != timestamp_ms)
        put_row(store, key, timestamp_ms, (weir_bytes){0}, timestamp_ms);
}

/* In front of the newest value, or where there is none. */
static bool insert(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms, int64_t *to_ms,
                   weir_arena *arena, struct weir_error *error)
{
    struct version before = {0}, behind = {0};
    bool has_before = find_first(store, key, INT64_MIN, timestamp_ms, true, arena, &before, error);
    if (error->code != WEIR_OK)
        return false;
    bool is_inside = has_before && before.to_ms > timestamp_ms;
    bool has_behind = !is_inside && timestamp_ms < newest_ms &&
                      find_first(store, key, timestamp_ms + 1, newest_ms, false, arena, &behind, error);
    if (error->code != WEIR_OK)
        return false;
    *to_ms = VERSION_OPEN;
    if (is_inside)
        *to_ms = before.to_ms;
    else if (has_behind)
        *to_ms = behind.from_ms;
    if (is_inside && before.from_ms < timestamp_ms)
        put_row(store, key, before.from_ms, before.value, timestamp_ms);
    if (*to_ms == VERSION_OPEN)
        append(store, key, has_before ? &before : NULL, value, timestamp_ms);
    else
        put_row(store, key, timestamp_ms, value, *to_ms);
    return true;
}

/* ---- anew ---- */

/* Where history begins: nothing was put before. */
static int64_t history_begin(const struct store *store)
{
    int64_t begin_ms;
    bool is_known = store->observed_ms != EXPIRY_NO_TIME &&
                    !__builtin_sub_overflow(store->observed_ms, store->spec->retention_ms, &begin_ms);
    return is_known ? begin_ms : INT64_MIN;
}

/* A store's rows are not changed while it is walked over. */
static void delete_versions(struct store *store, weir_bytes key, weir_arena *arena, struct weir_error *error)
{
    struct version version = {0};
    while (find_first(store, key, INT64_MIN, newest_ms, false, arena, &version, error)) {
        int64_t at_ms = version.to_ms == VERSION_OPEN ? newest_ms : version.from_ms;
        store_put(store, row_key(store, key, at_ms), (weir_bytes){0}, version.from_ms);
    }
}

/* As it was where the log was begun anew: what does not hold was put by a commit that never finished, and its time does not
 * hold either. Else what follows could come too late. */
static int64_t time_of(const struct store *store, int64_t history_begin_ms)
{
    return history_begin_ms == INT64_MIN ? EXPIRY_NO_TIME : history_begin_ms + store->spec->retention_ms;
}

/* Deleted is also what has expired: it must not come back when time is taken back. */
static bool begin_anew(struct store *store, weir_bytes key, weir_bytes anew, struct weir_error *error)
{
    const char *at = anew.data;
    struct weir_error failure = {0};
    if (anew.size != ANEW_TIME_BYTES && anew.size < ANEW_VALID_BYTES)
        return error_set(error, WEIR_CORRUPT, "store %s: the log says that a history begins anew, but not from when",
                         store->spec->name);
    arena_clear(&store->versions.arena);
    store->observed_ms = EXPIRY_NO_TIME;
    delete_versions(store, key, &store->versions.arena, &failure);
    store->observed_ms = time_of(store, (int64_t)bytes_get_u64(at));
    if (failure.code != WEIR_OK)
        return error_set(error, failure.code, "%s", failure.message);
    if (anew.size >= ANEW_VALID_BYTES)
        put_row(store, key, newest_ms, (weir_bytes){at + ANEW_VALID_BYTES, anew.size - ANEW_VALID_BYTES},
                (int64_t)bytes_get_u64(at + ANEW_TIME_BYTES));
    return true;
}

/* The version that is valid where history begins has begun before, and could not be put any more. */
static void log_begin(struct store *store, weir_bytes key, int64_t begin_ms, const struct version *valid)
{
    struct buffer *out = &store->versions.value;
    char times[ANEW_VALID_BYTES];
    bytes_put_u64(times, (uint64_t)begin_ms);
    bytes_put_u64(times + ANEW_TIME_BYTES, (uint64_t)valid->from_ms);
    buffer_clear(out);
    buffer_append(out, times, valid->value.data ? ANEW_VALID_BYTES : ANEW_TIME_BYTES);
    if (valid->value.data)
        buffer_append(out, valid->value.data, valid->value.size);
    versions_log(&store->versions, &(struct store_row){key, buffer_bytes(out), VERSION_ANEW});
}

/* A version that ends where no other begins ends with a deletion. */
static void log_end(struct store *store, weir_bytes key, int64_t end_ms)
{
    versions_log(&store->versions, &(struct store_row){.key = key, .timestamp_ms = end_ms});
}

static void log_version(struct store *store, weir_bytes key, const struct version *version)
{
    versions_log(&store->versions, &(struct store_row){key, version->value, version->from_ms});
}

static struct table_row *find_anew(struct versions *versions, weir_bytes key)
{
    struct table *anew = &versions->anew;
    return anew->slots.items && anew->count > 0 ? table_find(anew, key, table_hash(anew, key)) : NULL;
}

static void note_anew(struct versions *versions, weir_bytes key)
{
    if (!versions->anew.slots.items)
        table_init(&versions->anew);
    table_insert(&versions->anew, key, table_hash(&versions->anew, key), 0);
}

/* Walks see what has not expired: one version at most that has begun before history, the first.
 * Once, however many records of a key others have left: or two that undo each other's records log more each time. */
bool versioned_log_anew(struct store *store, weir_bytes key, struct weir_error *error)
{
    if (find_anew(&store->versions, key))
        return true;
    struct weir_error failure = {0};
    struct store_row row;
    struct version version = {0};
    const struct version none = {0};
    int64_t begin_ms = history_begin(store), end_ms = VERSION_OPEN;
    bool has_begun = false;
    arena_clear(&store->versions.arena);
    struct store_cursor *cursor = walk_key(store, key, INT64_MIN, newest_ms, false, error);
    while (cursor && store_next(cursor, &row, &failure) &&
           read_row(store, &row, &store->versions.arena, &version, &failure)) {
        bool is_before = version.from_ms < begin_ms;
        if (!has_begun)
            log_begin(store, key, begin_ms, is_before ? &version : &none);
        if (end_ms < version.from_ms)
            log_end(store, key, end_ms);
        if (!is_before)
            log_version(store, key, &version);
        has_begun = true;
        end_ms = version.to_ms;
    }
    store_cursor_close(cursor);
    if (!has_begun)
        log_begin(store, key, begin_ms, &none);
    if (end_ms != VERSION_OPEN)
        log_end(store, key, end_ms);
    note_anew(&store->versions, key);
    return cursor && (failure.code == WEIR_OK || error_set(error, failure.code, "%s", failure.message));
}

/* ---- put ---- */

bool versions_put(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms, int64_t *to_ms,
                  struct weir_error *error)
{
    weir_arena *arena = &store->versions.arena;
    struct weir_error failure = {0};
    struct version newest;
    *to_ms = VERSION_EXPIRED;
    if (timestamp_ms == VERSION_ANEW)
        return begin_anew(store, key, value, error);
    if (timestamp_ms > begins_ms_max)
        timestamp_ms = begins_ms_max;
    if (is_before_history(store, timestamp_ms, store->observed_ms))
        return true;
    arena_clear(arena);
    store_observe_time(store, timestamp_ms);
    bool has_newest = find_newest(store, key, arena, &newest, &failure);
    if (failure.code == WEIR_OK && has_newest && timestamp_ms >= newest.from_ms) {
        newest.value = newest.value.data ? arena_bytes(arena, newest.value) : newest.value;
        replace_newest(store, key, &newest, value, timestamp_ms);
        *to_ms = VERSION_OPEN;
        return true;
    }
    return (failure.code == WEIR_OK && insert(store, key, value, timestamp_ms, to_ms, arena, &failure)) ||
           error_set(error, failure.code, "%s", failure.message);
}

bool versioned_put(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms, int64_t *to_ms,
                   struct weir_error *error)
{
    struct table_row *anew = find_anew(&store->versions, key);
    if (anew)
        table_remove(&store->versions.anew, anew);
    versions_log(&store->versions, &(struct store_row){key, value, timestamp_ms});
    return versions_put(store, key, value, timestamp_ms, to_ms, error);
}

/* ---- getting ---- */

static bool is_valid_at(const struct version *version, int64_t as_of_ms)
{
    return version->value.data && version->from_ms <= as_of_ms && version->to_ms > as_of_ms;
}

bool versioned_get(struct store *store, weir_bytes key, int64_t as_of_ms, weir_arena *arena, struct version *out,
                   struct weir_error *error)
{
    struct weir_error failure = {0};
    bool found = find_newest(store, key, arena, out, &failure) && out->from_ms <= as_of_ms;
    if (failure.code == WEIR_OK && !found && as_of_ms != VERSION_OPEN &&
        !is_before_history(store, as_of_ms, store->observed_ms))
        found = find_first(store, key, INT64_MIN, as_of_ms, true, arena, out, &failure) && is_valid_at(out, as_of_ms);
    return found || (failure.code != WEIR_OK && error_set(error, failure.code, "%s", failure.message));
}

/* One walk from the newest back, so that the answer is that of one commit. */
static bool walk_back(struct store *store, struct store_cursor *cursor, int64_t as_of_ms, weir_arena *arena,
                      struct version *out, struct weir_error *error)
{
    struct store_row row;
    do {
        if (!store_next(cursor, &row, error) || !read_row(store, &row, arena, out, error))
            return false;
    } while (out->from_ms > as_of_ms);
    bool is_newest = out->to_ms == VERSION_OPEN;
    if (!out->value.data || (!is_newest && (out->to_ms <= as_of_ms || as_of_ms == VERSION_OPEN ||
                                            is_before_history(store, as_of_ms, store_cursor_time(cursor)))))
        return false;
    out->value = arena_bytes(arena, out->value);
    return true;
}

bool versioned_view_get(struct store *store, weir_bytes key, int64_t as_of_ms, weir_arena *arena, struct version *out,
                        struct weir_error *error)
{
    struct buffer bounds = {0};
    keys_window_write(key, INT64_MIN, &bounds);
    size_t size = bounds.size;
    keys_window_write(key, newest_ms, &bounds);
    buffer_byte(&bounds, 0);
    struct store_cursor *cursor = store_view_scan(store, (weir_bytes){bounds.data, size},
                                                  (weir_bytes){bounds.data + size, bounds.size - size}, true, error);
    bool found = cursor && walk_back(store, cursor, as_of_ms, arena, out, error);
    store_cursor_close(cursor);
    buffer_done(&bounds);
    return found;
}

/* ---- what was put since the last commit ---- */

enum { NO_VALUE = -1 };
struct logged { /* in front of the bytes of key and value */
    int64_t timestamp_ms;
    int64_t key_size, value_size;
};

void versions_log(struct versions *versions, const struct store_row *row)
{
    const struct logged head = {row->timestamp_ms, (int64_t)row->key.size,
                                row->value.data ? (int64_t)row->value.size : NO_VALUE};
    buffer_append(&versions->log, &head, sizeof head);
    buffer_append(&versions->log, row->key.data, row->key.size);
    if (row->value.data)
        buffer_append(&versions->log, row->value.data, row->value.size);
}

void versions_each(const struct versions *versions, void (*visit)(void *self, const struct store_row *), void *self)
{
    const char *at = versions->log.data, *end = at + versions->log.size;
    while (at < end) {
        struct logged head;
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        struct store_row row = {.key = {at, (size_t)head.key_size}, .timestamp_ms = head.timestamp_ms};
        at += head.key_size;
        if (head.value_size != NO_VALUE) {
            row.value = (weir_bytes){at, (size_t)head.value_size};
            at += head.value_size;
        }
        visit(self, &row);
    }
}

void versions_clear(struct versions *versions)
{
    buffer_clear(&versions->log);
    if (versions->anew.slots.items && versions->anew.count > 0)
        table_clear(&versions->anew);
}

void versions_done(struct versions *versions)
{
    table_done(&versions->anew);
    buffer_done(&versions->key);
    buffer_done(&versions->value);
    buffer_done(&versions->log);
    arena_done(&versions->arena);
}
