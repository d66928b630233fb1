/* queue.h: messages of one source partition, oldest first, waiting for their task. Owned by the task's thread. */
#ifndef WEIR_RUNTIME_QUEUE_H
#define WEIR_RUNTIME_QUEUE_H
#include <assert.h>

#include "broker/broker.h"

struct queue {
    struct broker_message *ring;
    size_t first, count, capacity; /* capacity is a power of two */
};

void queue_done(struct queue *); /* the messages were released before */
void queue_push(struct queue *, const struct broker_message *);

static inline struct broker_message *queue_head(const struct queue *queue) /* of a queue that is not empty */
{
    assert(queue->count > 0);
    return &queue->ring[queue->first];
}

static inline void queue_pop(struct queue *queue)
{
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
}
#endif
