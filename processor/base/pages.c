/* pages.c: see pages.h. A chunk is one large page, and its first unit says which of the others are taken.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/pages.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "base/sanitizer.h"

enum { CHUNK_BYTES = 2 * 1024 * 1024, UNITS = CHUNK_BYTES / PAGES_UNIT, UNITS_MAX = UNITS - 1 };

#ifdef HAS_ASAN /* it watches what malloc gives, and looks for pointers there */

void *pages_take(size_t size)
{
    return memory_resize(NULL, pages_round(size));
}

void *pages_new(size_t size)
{
    return memory_new(pages_round(size));
}

void pages_give(void *memory, size_t size)
{
    (void)size;
    memory_free(memory);
}

#else

struct chunk {
    struct chunk *next, *previous; /* of those with room */
    size_t free_count;
    bool is_taken[UNITS]; /* the first one by this */
};

static struct {
    pthread_mutex_t mutex;
    struct chunk *with_room;
    size_t empty_count; /* of them nothing is taken; one is kept */
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* ---- from the system ---- */

/* Too large for a chunk, so it has a mapping of its own. */
static bool is_mapping(size_t size)
{
    return pages_round(size) > UNITS_MAX * PAGES_UNIT;
}

static size_t whole_chunks(size_t size)
{
    return (size + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
}

/* More is asked for, and what lies in front of the first place that is aligned and behind the end is given back. */
static void *map(size_t size)
{
    char *start = mmap(NULL, size + CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        memory_end(size);
    const size_t in_front = (CHUNK_BYTES - (uintptr_t)start % CHUNK_BYTES) % CHUNK_BYTES;
    char *aligned = start + in_front;
    if (in_front > 0)
        munmap(start, in_front);
    munmap(aligned + size, CHUNK_BYTES - in_front);
#ifdef MADV_HUGEPAGE
    madvise(aligned, size, MADV_HUGEPAGE); /* without such pages it is as any memory */
#endif
    return aligned;
}

/* ---- chunks ---- */

static void link_chunk(struct chunk *chunk)
{
    chunk->previous = NULL;
    chunk->next = pool.with_room;
    if (chunk->next)
        chunk->next->previous = chunk;
    pool.with_room = chunk;
}

static void unlink_chunk(struct chunk *chunk)
{
    if (chunk->previous)
        chunk->previous->next = chunk->next;
    else
        pool.with_room = chunk->next;
    if (chunk->next)
        chunk->next->previous = chunk->previous;
}

static struct chunk *chunk_new(void)
{
    struct chunk *chunk = map(CHUNK_BYTES);
    chunk->is_taken[0] = true;
    chunk->free_count = UNITS_MAX;
    pool.empty_count++;
    link_chunk(chunk);
    return chunk;
}

/* Where so many units in a row are free; 0: nowhere. */
static size_t find_run(const struct chunk *chunk, size_t units)
{
    for (size_t at = 1, free = 0; at < UNITS && chunk->free_count >= units; at++) {
        free = chunk->is_taken[at] ? 0 : free + 1;
        if (free == units)
            return at + 1 - units;
    }
    return 0;
}

static void *take_run(struct chunk *chunk, size_t at, size_t units)
{
    pool.empty_count -= chunk->free_count == UNITS_MAX;
    memset(chunk->is_taken + at, true, units);
    chunk->free_count -= units;
    if (chunk->free_count == 0)
        unlink_chunk(chunk);
    return (char *)chunk + at * PAGES_UNIT;
}

static void *take(size_t units)
{
    for (struct chunk *chunk = pool.with_room; chunk; chunk = chunk->next) {
        size_t at = find_run(chunk, units);
        if (at > 0)
            return take_run(chunk, at, units);
    }
    return take_run(chunk_new(), 1, units);
}

static void give(struct chunk *chunk, size_t at, size_t units)
{
    assert(at > 0 && at + units <= UNITS);
    memset(chunk->is_taken + at, false, units);
    if (chunk->free_count == 0)
        link_chunk(chunk);
    chunk->free_count += units;
    if (chunk->free_count < UNITS_MAX || pool.empty_count++ == 0)
        return;
    pool.empty_count--;
    unlink_chunk(chunk);
    munmap(chunk, CHUNK_BYTES);
}

/* ---- the interface ---- */

void *pages_take(size_t size)
{
    assert(size > 0);
    if (is_mapping(size))
        return map(whole_chunks(size));
    const size_t units = pages_round(size) / PAGES_UNIT;
    pthread_mutex_lock(&pool.mutex);
    void *memory = take(units);
    pthread_mutex_unlock(&pool.mutex);
    return memory;
}

void *pages_new(size_t size)
{
    void *memory = pages_take(size);
    return is_mapping(size) ? memory : memset(memory, 0, size);
}

void pages_give(void *memory, size_t size)
{
    if (!memory)
        return;
    if (is_mapping(size)) {
        munmap(memory, whole_chunks(size));
        return;
    }
    const size_t units = pages_round(size) / PAGES_UNIT, in_chunk = (uintptr_t)memory % CHUNK_BYTES;
    pthread_mutex_lock(&pool.mutex);
    give((struct chunk *)(void *)((char *)memory - in_chunk), in_chunk / PAGES_UNIT, units);
    pthread_mutex_unlock(&pool.mutex);
}

#endif
