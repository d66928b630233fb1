/* versioned.h: stores that keep what a row was, from when to when (VersionedKeyValueStore of Kafka Streams, KIP-889).
 *
 * A version of a key is valid from its timestamp until the next version of the key begins; a deletion is a version, too.
 * History reaches back from the greatest timestamp that was put, by the spec's retention_ms: earlier versions are gone,
 * but for the newest one, and what is put there has come too late.
 * The newest value of a key is one row, its older versions are rows in front of it, in order of the time they begin
 * (keys.h, as windows); each knows when it ends and expires by that.
 * Kafka Streams' rules (RocksDBVersionedStore), also where they surprise: a deletion ends the newest value and is no row
 * itself, unless nothing ends where it stands; and a deletion with the very timestamp of the newest value takes it away
 * as if it had never been.
 * Keys are plain bytes here. Functions marked [any] may be called from any thread, all others from the task's only. */
#ifndef WEIR_STATE_VERSIONED_H
#define WEIR_STATE_VERSIONED_H
#include "state/store.h"

#define VERSION_OPEN INT64_MAX /* the end of a version: there is no later one; what is put at it begins 1 ms earlier */
#define VERSION_EXPIRED INT64_MIN /* what was put came too late and is not kept */
/* In a log, as the timestamp of a row: nothing that was put under the key holds; what does follows. Its value: the time at
 * which history begins there, 8 bytes big-endian; and where a version is valid then that has begun before, the time at which
 * it began, 8 bytes, and its value. */
#define VERSION_ANEW INT64_MIN
enum { ANEW_TIME_BYTES = 8, ANEW_VALID_BYTES = 2 * ANEW_TIME_BYTES };

struct version {
    weir_bytes value;
    int64_t from_ms, to_ms; /* to_ms: exclusive, or VERSION_OPEN */
};

/* Keeps the version; value.data NULL: a deletion. Says when it ends: VERSION_OPEN, the time of the next version, or
 * VERSION_EXPIRED. What is put is logged, kept or not (store_overlay_each). False: the store cannot be read. */
bool versioned_put(struct store *, weir_bytes key, weir_bytes value, int64_t timestamp_ms, int64_t *to_ms,
                   struct weir_error *);
/* The version that was valid at that time; VERSION_OPEN: the newest. False and code WEIR_OK: none, or it is older than
 * the history. The value lives as long as that of store_get. */
bool versioned_get(struct store *, weir_bytes key, int64_t as_of_ms, weir_arena *, struct version *,
                   struct weir_error *);
/* The same of the latest commit; the value lives in the arena. [any] */
bool versioned_view_get(struct store *, weir_bytes key, int64_t as_of_ms, weir_arena *, struct version *,
                        struct weir_error *);
/* Logs the history of the key anew, after something was logged that does not hold; not if that is the latest of the key that this
 * commit logs. */
bool versioned_log_anew(struct store *, weir_bytes key, struct weir_error *);
/* What a row of such a store says: its key (in the arena, or inside the row) and its version; value.data NULL: a
 * deletion. False: it is no such row. [any] */
bool versioned_read(const struct store_row *, weir_arena *, weir_bytes *key, struct version *);
#endif
