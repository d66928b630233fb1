/* memory.h: allocation that never returns NULL. Out of memory ends the process (ARCHITECTURE.md, "Errors"): a line on the
 * standard error, status 1, no handlers and no destructors. That is a crash like kill -9, and safe like one. */
#ifndef WEIR_BASE_MEMORY_H
#define WEIR_BASE_MEMORY_H
#include <stddef.h>

/* From now on what is freed goes back to the system soon, in the whole process (glibc; elsewhere nothing changes). Left alone,
 * glibc learns from the first large piece that is freed to keep up to 64 MiB in each of its arenas. Before threads start. */
void memory_keep_little(void);
_Noreturn void memory_end(size_t size);           /* there were not so many bytes */
void memory_free(void *);                         /* NULL is fine */
void *memory_new(size_t size);                    /* zeroed */
void *memory_resize(void *old, size_t size);      /* old may be NULL; new bytes are not zeroed */
char *memory_text(const char *text);              /* a copy; NULL stays NULL */
void *memory_copy(const void *data, size_t size); /* a copy; size 0 gives a valid pointer */
__attribute__((format(printf, 1, 2))) char *memory_format(const char *format, ...); /* a new string */

/* Grows an array so that it holds at least `count` items of `size` bytes; doubles, keeps what is there. */
void *memory_grow(void *items, size_t *capacity, size_t count, size_t size);
#endif
