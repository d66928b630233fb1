/* cursor.h: reads one partition from an offset on, block by block. Messages point into the block, which lives until its
 * last message is released; a cursor may be closed before them. One thread at a time, with the releases. */
#ifndef WEIR_EMBEDDED_CURSOR_H
#define WEIR_EMBEDDED_CURSOR_H
#include "embedded/partition.h"

struct embedded_block;

struct embedded_cursor {
    struct embedded_partition *partition;
    int64_t position; /* next offset to deliver */
    int32_t group, source;
    struct embedded_segment *segment; /* held; NULL: to be located */
    int64_t file_position;            /* of the frame at block->data + at, or of what is read next */
    struct embedded_block *block;
    size_t at;
    size_t need;         /* bytes the next block must have */
    int64_t transaction; /* asked about last, because frames of one come in runs */
    bool is_aborted;     /* what the answer was */
};

void embedded_cursor_init(struct embedded_cursor *, struct embedded_partition *, int64_t from);
void embedded_cursor_done(struct embedded_cursor *);
static inline bool embedded_cursor_has_more(const struct embedded_cursor *cursor)
{
    return cursor->position < embedded_partition_end(cursor->partition);
}
/* Up to max messages; 0: the end; -1: error. Steps over gaps and over what was aborted. */
int embedded_cursor_take(struct embedded_cursor *, struct broker_message *, int max, struct weir_error *);
void embedded_message_release(struct broker_message *);
#endif
