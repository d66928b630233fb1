/* run.h: rows that are gathered in the order of a changelog, and given out in the order of their keys, the last of each. */
#ifndef WEIR_STATE_RUN_H
#define WEIR_STATE_RUN_H
#include "base/arena.h"
#include "state/store.h"

struct run {
    weir_arena bytes; /* of keys and values */
    struct store_row *rows;
    size_t count, capacity;
};

void run_init(struct run *);
void run_done(struct run *);
void run_clear(struct run *);
void run_add(struct run *, const struct store_row *); /* copies */
size_t run_bytes(const struct run *);                 /* memory held */
/* The last row of each key, in order of the keys. The array is the caller's to free; the rows live as long as the run
 * is not changed. */
struct store_row **run_sorted(struct run *, size_t *count);
#endif
