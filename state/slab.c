/* slab.c: see slab.h.
 *
 * Classes: multiples of 16 up to 256, then four steps to each doubling, so that at most a fifth of a piece is waste.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/slab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    FINE_STEP = 16,
    FINE_DOUBLING = 8,
    FINE_MAX = 1 << FINE_DOUBLING,
    FINE_CLASSES = FINE_MAX / FINE_STEP,
    STEPS_PER_DOUBLING = 4
};

struct slab_large {
    struct slab_large *next, *previous;
    _Alignas(16) char data[];
};

void slab_init(struct slab *slab)
{
    memset(slab, 0, sizeof *slab);
    arena_init_state(&slab->arena);
}

static void free_large(struct slab *slab)
{
    for (struct slab_large *large = slab->large; large;) {
        struct slab_large *next = large->next;
        free(large);
        large = next;
    }
    slab->large = NULL;
    slab->large_bytes = 0;
}

void slab_done(struct slab *slab)
{
    free_large(slab);
    arena_done(&slab->arena);
    slab_init(slab);
}

void slab_clear(struct slab *slab)
{
    free_large(slab);
    arena_clear(&slab->arena);
    memset(slab->free, 0, sizeof slab->free);
    slab->used = 0;
}

/* Position of the highest bit of size - 1: sizes in (2^n, 2^(n+1)] give n. */
static unsigned doubling_of(size_t size)
{
    return 63u - (unsigned)__builtin_clzll((unsigned long long)(size - 1));
}

size_t slab_round(size_t size)
{
    if (size <= FINE_MAX)
        return size ? (size + FINE_STEP - 1) / FINE_STEP * FINE_STEP : FINE_STEP;
    if (size > SLAB_PIECE_MAX)
        return (size + FINE_STEP - 1) / FINE_STEP * FINE_STEP;
    size_t step = (size_t)1 << (doubling_of(size) - 2);
    return (size + step - 1) / step * step;
}

static size_t class_of(size_t size)
{
    if (size <= FINE_MAX)
        return size / FINE_STEP - 1;
    unsigned doubling = doubling_of(size);
    size_t steps = size >> (doubling - 2); /* 5 to 8 */
    return FINE_CLASSES + (size_t)(doubling - FINE_DOUBLING) * STEPS_PER_DOUBLING + steps - 5;
}

static void *take_large(struct slab *slab, size_t size)
{
    struct slab_large *large = memory_resize(NULL, sizeof *large + size);
    large->previous = NULL;
    large->next = slab->large;
    if (slab->large)
        slab->large->previous = large;
    slab->large = large;
    slab->large_bytes += size;
    return large->data;
}

static void give_large(struct slab *slab, void *memory, size_t size)
{
    struct slab_large *large = (void *)((char *)memory - offsetof(struct slab_large, data));
    if (large->previous)
        large->previous->next = large->next;
    else
        slab->large = large->next;
    if (large->next)
        large->next->previous = large->previous;
    slab->large_bytes -= size;
    free(large);
}

void *slab_take(struct slab *slab, size_t size)
{
    slab->used += size;
    if (size > SLAB_PIECE_MAX)
        return take_large(slab, size);
    assert(size > 0 && size % FINE_STEP == 0);
    size_t class = class_of(size);
    assert(class < SLAB_CLASSES);
    void *memory = slab->free[class];
    if (!memory)
        return arena_alloc_raw(&slab->arena, size);
    memcpy(&slab->free[class], memory, sizeof(void *));
    return memory;
}

void slab_give(struct slab *slab, void *memory, size_t size)
{
    assert(slab->used >= size);
    slab->used -= size;
    if (size > SLAB_PIECE_MAX) {
        give_large(slab, memory, size);
        return;
    }
    size_t class = class_of(size);
    memcpy(memory, &slab->free[class], sizeof(void *));
    slab->free[class] = memory;
}

size_t slab_bytes(const struct slab *slab)
{
    return __atomic_load_n(&slab->arena.bytes, __ATOMIC_RELAXED) + slab->large_bytes;
}
