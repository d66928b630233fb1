/* slab.h: memory of one table: taken and given back piece by piece, dropped all at once.
 *
 * Pieces have the sizes slab_round gives; freed ones are kept per size and taken again. Not thread-safe. */
#ifndef WEIR_STATE_SLAB_H
#define WEIR_STATE_SLAB_H
#include "base/arena.h"
#include "weir.h"

enum { SLAB_CLASSES = 32, SLAB_PIECE_MAX = 4096 };

struct slab_large;
struct slab {
    weir_arena arena;
    void *free[SLAB_CLASSES];
    struct slab_large *large; /* pieces over SLAB_PIECE_MAX, each an allocation of its own */
    size_t large_bytes;
    size_t used; /* bytes in pieces that are taken */
};

void slab_init(struct slab *);
void slab_done(struct slab *);
void slab_clear(struct slab *);              /* every piece is given back */
size_t slab_round(size_t size);              /* the size of the piece that holds `size` bytes */
void *slab_take(struct slab *, size_t size); /* size as slab_round gives it; aligned to 16, not zeroed */
void slab_give(struct slab *, void *, size_t size);
size_t slab_bytes(const struct slab *); /* held, taken or not */
#endif
