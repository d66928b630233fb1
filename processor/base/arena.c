/* arena.c: see arena.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"
#include "base/sanitizer.h"

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { KEPT_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    _Alignas(ALIGNMENT) char data[];
};

/* With its head a power of two: an allocator with size classes would round a little more up by a quarter. */
enum { BLOCK_BYTES = 16 * 1024 - sizeof(struct arena_block) };

static struct arena_block *block_new(weir_arena *arena, size_t size)
{
    size_t whole = sizeof(struct arena_block) + size;
    if (arena->is_state)
        whole = pages_round(whole);
    struct arena_block *block = arena->is_state ? pages_take(whole) : memory_resize(NULL, whole);
    *block = (struct arena_block){.size = whole - sizeof *block};
    /* Others may ask how much there is while the owner takes more (slab_bytes). */
    __atomic_store_n(&arena->bytes, arena->bytes + block->size, __ATOMIC_RELAXED);
    return block;
}

static void block_free(const weir_arena *arena, struct arena_block *block)
{
    UNPOISON(block->data, block->size);
    if (arena->is_state)
        pages_give(block, sizeof *block + block->size);
    else
        free(block);
}

static void enter(weir_arena *arena, struct arena_block *block)
{
    arena->current = block;
    arena->next = block->data;
    arena->end = block->data + block->size;
    POISON(block->data, block->size);
}

void arena_init(weir_arena *arena)
{
    memset(arena, 0, sizeof *arena);
}

void arena_init_state(weir_arena *arena)
{
    arena_init(arena);
    arena->is_state = true;
}

static void free_blocks(const weir_arena *arena, struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        block_free(arena, block);
        block = next;
    }
}

void arena_done(weir_arena *arena)
{
    free_blocks(arena, arena->first);
    *arena = (weir_arena){.is_state = arena->is_state};
}

void arena_clear(weir_arena *arena)
{
    if (!arena->first)
        return;
    struct arena_block *last = arena->first;
    size_t kept = last->size;
    while (last->next && kept + last->next->size <= KEPT_BYTES) {
        last = last->next;
        kept += last->size;
        POISON(last->data, last->size);
    }
    free_blocks(arena, last->next);
    last->next = NULL;
    arena->bytes = kept;
    enter(arena, arena->first);
}

/* A block that the last clear kept serves again where it is large enough; else one is put in front of it. */
static void grow(weir_arena *arena, size_t size)
{
    struct arena_block *kept = arena->current ? arena->current->next : NULL;
    if (kept && kept->size >= size) {
        enter(arena, kept);
        return;
    }
    struct arena_block *block = block_new(arena, size > BLOCK_BYTES / 4 ? size + BLOCK_BYTES : BLOCK_BYTES);
    block->next = kept;
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    enter(arena, block);
}

void *arena_alloc_raw(weir_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    assert(rounded >= size);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if ((size_t)(arena->end - arena->next) < rounded)
        grow(arena, rounded);
    void *memory = arena->next;
    arena->next += rounded;
    UNPOISON(memory, size ? size : 1);
    return memory;
}

void *arena_alloc(weir_arena *arena, size_t size)
{
    return memset(arena_alloc_raw(arena, size), 0, size);
}

weir_bytes arena_bytes(weir_arena *arena, weir_bytes bytes)
{
    char *copy = arena_alloc_raw(arena, bytes.size + 1);
    if (bytes.size)
        memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = 0;
    return (weir_bytes){copy, bytes.size};
}

char *arena_text(weir_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(arena_alloc_raw(arena, size), text, size);
}

char *arena_format(weir_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(size >= 0);
    char *text = arena_alloc_raw(arena, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

weir_arena *weir_arena_new(void)
{
    return memory_new(sizeof(weir_arena));
}

void weir_arena_free(weir_arena *arena)
{
    if (arena) {
        arena_done(arena);
        free(arena);
    }
}

void weir_arena_clear(weir_arena *arena)
{
    arena_clear(arena);
}

void *weir_arena_alloc(weir_arena *arena, size_t size)
{
    return arena_alloc(arena, size);
}
