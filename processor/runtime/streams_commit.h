/* streams_commit.h: what Kafka Streams says beside the offsets it commits, for taking over an application of its.
 *
 * TopicPartitionMetadata: base64 of a version (1 or 2), the partition's time (8 bytes, big-endian) and, since 2,
 * ProcessorMetadata: a count (4 bytes) and as many entries of a size (4), a name and a time (8): up to when the windows of
 * the store of that name have been emitted. The time of the partition alone is there before 3.3. */
#ifndef WEIR_RUNTIME_STREAMS_COMMIT_H
#define WEIR_RUNTIME_STREAMS_COMMIT_H
#include "base/arena.h"

struct streams_commit {
    int64_t partition_time_ms; /* -1: none yet */
    weir_bytes entries;        /* in the arena */
};

/* False: not Kafka Streams', or damaged. */
bool streams_commit_read(const char *text, weir_arena *, struct streams_commit *);
int64_t streams_commit_emitted(const struct streams_commit *, const char *store); /* INT64_MIN: not at all */
#endif
