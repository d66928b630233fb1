/* memory.c: see memory.h. The only file that calls malloc and friends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
enum { MAPPED_BYTES_MIN = 1024 * 1024, KEPT_BYTES = 2 * 1024 * 1024 };

void memory_keep_little(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}
#else
void memory_keep_little(void) {}
#endif

void memory_end(size_t size)
{
    fprintf(stderr, "weir: out of memory (%zu bytes)\n", size);
    _exit(EXIT_FAILURE); /* handlers would want memory, too */
}

static void *or_die(void *memory, size_t size)
{
    if (!memory)
        memory_end(size);
    return memory;
}

void memory_free(void *memory)
{
    free(memory);
}

void *memory_new(size_t size)
{
    return or_die(calloc(1, size ? size : 1), size);
}

void *memory_resize(void *old, size_t size)
{
    return or_die(realloc(old, size ? size : 1), size);
}

void *memory_copy(const void *data, size_t size)
{
    void *copy = or_die(malloc(size + 1), size);
    if (size)
        memcpy(copy, data, size);
    ((char *)copy)[size] = 0;
    return copy;
}

char *memory_text(const char *text)
{
    return text ? memory_copy(text, strlen(text)) : NULL;
}

char *memory_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int size = vasprintf(&text, format, args);
    va_end(args);
    return or_die(size < 0 ? NULL : text, 0);
}

void *memory_grow(void *items, size_t *capacity, size_t count, size_t size)
{
    if (count <= *capacity)
        return items;
    size_t grown = *capacity ? *capacity * 2 : 8;
    while (grown < count)
        grown *= 2;
    *capacity = grown;
    return memory_resize(items, grown * size);
}
