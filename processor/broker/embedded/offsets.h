/* offsets.h: the committed offsets of one group, and the file they survive in.
 *
 * The file: magic "WEIROFF1", then entries; an entry is u32 CRC-32C of what follows, u32 size of the whole entry, i64
 * offset, i32 partition, u16 topic size, u16 metadata size, topic, metadata; little-endian. A later entry replaces an
 * earlier one of the same partition.
 * The commit of a transaction is one entry with its number for the offset, the count of its offsets for the partition and
 * a topic size of 0, followed by those offsets: entries whose CRC-32C begins with the number, so that none of them counts
 * without the whole. Not thread-safe: the group's lock is held. */
#ifndef WEIR_EMBEDDED_OFFSETS_H
#define WEIR_EMBEDDED_OFFSETS_H
#include "base/buffer.h"
#include "broker/broker.h"

struct embedded_offset {
    char *topic, *metadata;
    int32_t partition;
    int64_t offset;
};

struct embedded_outcomes;
struct embedded_offsets {
    char *path;                         /* NULL: in memory */
    struct embedded_outcomes *outcomes; /* saved before the file forgets commits; NULL: another process writes */
    int fd;
    int64_t size; /* durable bytes of the file */
    struct embedded_offset *items;
    size_t count, capacity;
};

/* Loads what is there; outcomes NULL: the file is not touched. Torn ends are cut, damage is WEIR_CORRUPT. */
bool embedded_offsets_load(struct embedded_offsets *, char *path /* taken */, struct embedded_outcomes *,
                           struct weir_error *);
/* Adds the transactions that the file commits. */
bool embedded_offsets_outcomes(const char *path, struct embedded_outcomes *, struct weir_error *);
void embedded_offsets_done(struct embedded_offsets *);
const struct embedded_offset *embedded_offsets_find(const struct embedded_offsets *, const char *topic,
                                                    int32_t partition);
void embedded_offsets_set(struct embedded_offsets *, const struct broker_offset *);
void embedded_offsets_encode(struct buffer *, const struct broker_offset *);
void embedded_offsets_encode_transaction(struct buffer *, int64_t number, const struct broker_offset *, size_t count);
/* Forgets all, durably. What transactions of the file have committed stays committed. */
bool embedded_offsets_clear(struct embedded_offsets *, struct weir_error *);
/* Appends encoded entries durably; false: the file is as before. Rewrites the file when it has grown. */
bool embedded_offsets_write(struct embedded_offsets *, weir_bytes entries, struct weir_error *);
#endif
