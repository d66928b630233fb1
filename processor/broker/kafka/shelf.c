/* shelf.c: messages of a paused partition that librdkafka had queued already.
 *
 * Pausing at librdkafka throws the partition's prefetched messages away and fetches them again on resume; a join whose
 * sides take turns would fetch everything several times. So a short pause only puts messages on the shelf, and only a
 * shelf that fills up stops the partition at librdkafka.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kafka.h"

enum { MESSAGES_MAX = 10000, BYTES_MAX = 8 * 1024 * 1024, MESSAGES_LOW = 2000, BYTES_LOW = 2 * 1024 * 1024 };

void kafka_shelf_push(struct kafka_shelf *shelf, rd_kafka_message_t *message)
{
    if (shelf->first > 0 && shelf->first + shelf->count == shelf->capacity) {
        for (size_t i = 0; i < shelf->count; i++)
            shelf->items[i] = shelf->items[shelf->first + i];
        shelf->first = 0;
    }
    shelf->items =
        memory_grow(shelf->items, &shelf->capacity, shelf->first + shelf->count + 1, sizeof(rd_kafka_message_t *));
    shelf->items[shelf->first + shelf->count++] = message;
    shelf->bytes += kafka_message_bytes(message);
}

rd_kafka_message_t *kafka_shelf_pop(struct kafka_shelf *shelf)
{
    if (shelf->count == 0)
        return NULL;
    rd_kafka_message_t *message = shelf->items[shelf->first++];
    shelf->count--;
    assert(shelf->bytes >= kafka_message_bytes(message));
    shelf->bytes -= kafka_message_bytes(message);
    if (shelf->count == 0)
        shelf->first = 0;
    return message;
}

void kafka_shelf_done(struct kafka_shelf *shelf)
{
    for (rd_kafka_message_t *message; (message = kafka_shelf_pop(shelf));)
        rd_kafka_message_destroy(message);
    free(shelf->items);
    *shelf = (struct kafka_shelf){0};
}

bool kafka_shelf_is_full(const struct kafka_shelf *shelf)
{
    return shelf->count >= MESSAGES_MAX || shelf->bytes >= BYTES_MAX;
}

bool kafka_shelf_is_low(const struct kafka_shelf *shelf)
{
    return shelf->count <= MESSAGES_LOW && shelf->bytes <= BYTES_LOW;
}
