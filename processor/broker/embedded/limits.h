/* limits.h: every bound of the embedded broker, with the arithmetic that relates them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_EMBEDDED_LIMITS_H
#define WEIR_EMBEDDED_LIMITS_H
#include <stdint.h>

enum {
    EMBEDDED_NAME_MAX = 249,                /* of topics and groups, as in Kafka */
    EMBEDDED_PARTITIONS_MAX = 10000,        /* of one topic */
    EMBEDDED_METADATA_MAX = 4000,           /* of a committed offset */
    EMBEDDED_SEGMENT_BYTES = 64 << 20,      /* default size at which a segment is closed */
    EMBEDDED_RECORD_BYTES = 16 << 20,       /* default greatest record: key, value and headers */
    EMBEDDED_FRAME_BYTES_MAX = (256 << 20), /* greatest frame in a file; anything above is damage */
    EMBEDDED_PENDING_BYTES = 64 << 20,      /* of all partitions together, not yet durable */
    EMBEDDED_BUFFER_KEPT_BYTES = 1 << 20,   /* a write buffer that grew beyond is given back */
    EMBEDDED_INDEX_STRIDE_BYTES = 64 << 10, /* between two entries of a segment's index in memory */
    EMBEDDED_READ_BYTES = 256 << 10,        /* of one block read for a consumer */
    EMBEDDED_SCAN_BYTES = 1 << 20,          /* of one block read by a scan of a whole segment */
    EMBEDDED_OPEN_CHECK_BYTES = 64 << 20,   /* of closed segments checked at open; the others when they are read */
    EMBEDDED_TICK_MS = 5,                   /* records become durable and visible after this, though nobody flushes */
    EMBEDDED_SYNCS = 7,                     /* threads that wait for the disk beside the flusher's */
    EMBEDDED_REVIVE_MS = 1000,              /* pause before a partition whose disk was full is tried again */
    EMBEDDED_FOLLOW_MS = 20,                /* between two looks at files that another process writes */
    EMBEDDED_CLEAN_INTERVAL_MS = 30000,     /* between two rounds of retention and compaction */
    EMBEDDED_CLEAN_KEYS_BYTES = 32 << 20,   /* of the keys remembered by one compaction */
    EMBEDDED_OFFSETS_BYTES = 4 << 20,       /* of a group's file, then it is rewritten */
    EMBEDDED_TRANSACTIONS_AHEAD = 4096,     /* numbers of transactions that one writing of their file allows */
};
#define EMBEDDED_RETENTION_MS ((int64_t)7 * 24 * 3600 * 1000) /* default, as Kafka's */
#define EMBEDDED_TOMBSTONE_MS ((int64_t)24 * 3600 * 1000)     /* a deletion is kept this long for slow readers */

_Static_assert(EMBEDDED_RECORD_BYTES < EMBEDDED_FRAME_BYTES_MAX, "every record the default allows fits into a frame");
_Static_assert(EMBEDDED_RECORD_BYTES < EMBEDDED_PENDING_BYTES, "a record of the default size fits into the queue");
#endif
