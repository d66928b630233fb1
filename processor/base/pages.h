/* pages.h: memory for what is kept long and looked up everywhere, the rows of tables and their index.
 *
 * It comes in the processor's large pages where the system has them for those who ask (madvise(2), MADV_HUGEPAGE): with pages of
 * 4 KiB, most of what a lookup waits for is finding where the page lies (DECISIONS.md 75). All users in the process share
 * the pages, so that not each of them wastes a part of one. Any thread. */
#ifndef WEIR_BASE_PAGES_H
#define WEIR_BASE_PAGES_H
#include <stddef.h>

enum { PAGES_UNIT = 16 * 1024 };

static inline size_t pages_round(size_t size) /* to whole units, which it takes up in any case */
{
    return (size + PAGES_UNIT - 1) / PAGES_UNIT * PAGES_UNIT;
}

/* Not zeroed, aligned to 16. Ends the process when there is no memory, as memory.h does. */
void *pages_take(size_t size);
void *pages_new(size_t size);         /* zeroed; what is large is so without being touched */
void pages_give(void *, size_t size); /* size as it was taken; NULL is fine */
#endif
