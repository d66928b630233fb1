/* merge.h: the rows of several instances as one listing. */
#ifndef WEIR_HTTP_MERGE_H
#define WEIR_HTTP_MERGE_H
#include "base/arena.h"
#include "http/frames.h"

struct merge_part { /* what one instance has sent; its head is its next row */
    struct frames rows;
    struct frame head;
    bool has_head;
};

struct merge { /* starts as {0} */
    struct merge_part *parts;
    size_t count, capacity;
    bool more;       /* it ended before the rows did, because a part was used up that has more of them */
    weir_bytes last; /* order of the row given last */
};

/* Valid until the next call. */
struct merge_part *merge_add(struct merge *, struct frames);
/* The next row in order, rows of equal order by partition. False: the end, or nobody knows which row is next: a part that is
 * used up goes on behind its last row, so that those of that order in other parts are still known. */
bool merge_next(struct merge *, bool descending, struct frame *);
const char *merge_position(const struct merge *, weir_arena *); /* of all parts, as text */
void merge_done(struct merge *);
#endif
