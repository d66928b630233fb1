/* arena.h: memory that is freed all at once.
 *
 * A record's callbacks, a query's rows and a decoded message live in one. Under AddressSanitizer everything that is not
 * handed out is poisoned, so a pointer kept beyond arena_clear dies at the line that uses it. Not thread-safe. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H
#include "weir.h"

struct arena_block;
struct weir_arena { /* one kind of arena, inside and outside */
    struct arena_block *first, *current;
    char *next, *end;
    size_t bytes;  /* reserved, over all blocks */
    bool is_state; /* blocks come from pages.h */
};

void arena_init(weir_arena *);
void arena_init_state(weir_arena *); /* for much that is kept, and looked up everywhere (pages.h) */
void arena_done(weir_arena *);
void arena_clear(weir_arena *);                   /* keeps the first 64 KiB of blocks */
void *arena_alloc(weir_arena *, size_t size);     /* zeroed, aligned to 16 */
void *arena_alloc_raw(weir_arena *, size_t size); /* not zeroed, aligned to 16 */
weir_bytes arena_bytes(weir_arena *, weir_bytes); /* a copy, NUL-terminated behind its size */
char *arena_text(weir_arena *, const char *);
__attribute__((format(printf, 2, 3))) char *arena_format(weir_arena *, const char *format, ...);
#endif
