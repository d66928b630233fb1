/* punctuate.c: see punctuate.h. The heap is that of java.util.PriorityQueue (siftUp, siftDown), step by step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/punctuate.h"

#include "base/memory.h"

void punctuations_done(struct punctuations *punctuations)
{
    memory_free(punctuations->heap);
    *punctuations = (struct punctuations){0};
}

/* ---- the heap ---- */

static void sift_up(struct punctuation *heap, size_t at, struct punctuation item)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (item.next_ms >= heap[parent].next_ms)
            break;
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = item;
}

static void sift_down(struct punctuation *heap, size_t count, struct punctuation item)
{
    size_t at = 0;
    while (at < count / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && heap[child].next_ms > heap[child + 1].next_ms)
            child++;
        if (item.next_ms <= heap[child].next_ms)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
}

void punctuations_add(struct punctuations *punctuations, struct punctuation item)
{
    punctuations->heap =
        memory_grow(punctuations->heap, &punctuations->capacity, punctuations->count + 1, sizeof *punctuations->heap);
    sift_up(punctuations->heap, punctuations->count++, item);
}

static struct punctuation take_first(struct punctuations *punctuations)
{
    struct punctuation first = punctuations->heap[0];
    struct punctuation last = punctuations->heap[--punctuations->count];
    if (punctuations->count > 0)
        sift_down(punctuations->heap, punctuations->count, last);
    return first;
}

/* ---- time ---- */

int64_t punctuations_next(const struct punctuations *punctuations)
{
    return punctuations->count > 0 ? punctuations->heap[0].next_ms : INT64_MAX;
}

int64_t punctuations_align(int64_t first_ms, int64_t every_ms, int64_t now_ms)
{
    int64_t next_ms;
    int64_t missed = now_ms >= first_ms ? (now_ms - first_ms) / every_ms : 0;
    if (__builtin_mul_overflow(missed + 1, every_ms, &next_ms) || __builtin_add_overflow(next_ms, first_ms, &next_ms))
        return INT64_MAX;
    return next_ms;
}

void punctuations_cancel(struct punctuations *punctuations, uint64_t id)
{
    if (punctuations->firing.id == id)
        punctuations->firing.cancelled = true;
    for (size_t i = 0; i < punctuations->count; i++)
        if (punctuations->heap[i].id == id)
            punctuations->heap[i].cancelled = true;
}

bool punctuations_fire(struct punctuations *punctuations, int64_t now_ms,
                       void (*fire)(void *self, const struct punctuation *), void *self)
{
    bool any = false;
    while (punctuations_next(punctuations) <= now_ms && punctuations->count > 0) {
        punctuations->firing = take_first(punctuations);
        if (punctuations->firing.cancelled)
            continue;
        any = true;
        fire(self, &punctuations->firing);
        struct punctuation *fired = &punctuations->firing;
        fired->next_ms = punctuations_align(fired->next_ms, fired->every_ms, now_ms);
        if (!fired->cancelled)
            punctuations_add(punctuations, *fired);
    }
    punctuations->firing = (struct punctuation){0};
    return any;
}
