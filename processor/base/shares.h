/* shares.h: how memory.max.bytes is divided among all that holds memory.
 *
 * First what the process needs whatever it does, then a sixteenth of the rest, or two, for each part whose need is known
 * and no more than it can use; what is left goes to rows and to RocksDB's cache, which are the better the larger they are.
 * The shares add up to the whole. Every room asks here for its own; GET /v1/memory shows all of them. */
#ifndef WEIR_BASE_SHARES_H
#define WEIR_BASE_SHARES_H
#include <stddef.h>

enum memory_share {
    SHARE_BASE,      /* code, threads, clients, open files: taken whatever runs */
    SHARE_ROWS,      /* rows of stores in memory: of the open commit, and committed ones */
    SHARE_CACHE,     /* RocksDB's block cache, with indexes and filters */
    SHARE_MEMTABLES, /* RocksDB's, of all tasks */
    SHARE_FILES,     /* what RocksDB takes to write files: flushes, compactions, rows in bulk */
    SHARE_FETCHED,   /* records read from the broker and not processed yet, with librdkafka's own bytes for each */
    SHARE_SENT,      /* records on their way to the broker, the same */
    SHARE_REQUESTS,  /* questions and answers of the doors, SQL */
    SHARES
};

/* Below twice the base there is half for it, and the process will take more than it was given. */
enum { SHARES_BASE_BYTES = 36 * 1024 * 1024 }; /* measured: an instance with four tasks and nothing to do */

size_t share_of(size_t memory_max_bytes, enum memory_share);
const char *share_name(enum memory_share); /* as GET /v1/memory has it */
#endif
