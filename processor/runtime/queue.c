/* queue.c: see queue.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/queue.h"

#include "base/memory.h"

enum { FIRST_CAPACITY = 64 };

void queue_done(struct queue *queue)
{
    memory_free(queue->ring);
    *queue = (struct queue){0};
}

static void grow(struct queue *queue)
{
    size_t capacity = queue->capacity ? queue->capacity * 2 : FIRST_CAPACITY;
    struct broker_message *ring = memory_resize(NULL, capacity * sizeof *ring);
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
    memory_free(queue->ring);
    queue->ring = ring;
    queue->first = 0;
    queue->capacity = capacity;
}

void queue_push(struct queue *queue, const struct broker_message *message)
{
    if (queue->count == queue->capacity)
        grow(queue);
    queue->ring[(queue->first + queue->count) & (queue->capacity - 1)] = *message;
    queue->count++;
}
