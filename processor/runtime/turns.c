/* turns.c: see turns.h. The heap is that of java.util.PriorityQueue (siftUp, siftDown), step by step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/turns.h"

#include "base/memory.h"

void turns_done(struct turns *turns)
{
    memory_free(turns->heap);
    *turns = (struct turns){0};
}

static int64_t time_of(const struct turn *turn)
{
    return turn->source->head.timestamp_ms;
}

void turns_add(struct turns *turns, struct turn turn)
{
    turns->heap = memory_grow(turns->heap, &turns->capacity, turns->count + 1, sizeof *turns->heap);
    size_t at = turns->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (time_of(&turn) >= time_of(&turns->heap[parent]))
            break;
        turns->heap[at] = turns->heap[parent];
        at = parent;
    }
    turns->heap[at] = turn;
}

static void sift_down(struct turns *turns, struct turn turn)
{
    size_t at = 0;
    while (at < turns->count / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < turns->count && time_of(&turns->heap[child]) > time_of(&turns->heap[child + 1]))
            child++;
        if (time_of(&turn) <= time_of(&turns->heap[child]))
            break;
        turns->heap[at] = turns->heap[child];
        at = child;
    }
    turns->heap[at] = turn;
}

bool turns_take(struct turns *turns, struct turn *out)
{
    if (turns->count == 0)
        return false;
    *out = turns->heap[0];
    const struct turn last = turns->heap[--turns->count];
    if (turns->count > 0)
        sift_down(turns, last);
    return true;
}
