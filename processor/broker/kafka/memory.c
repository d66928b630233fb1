/* memory.c: what this room's clients have in memory.
 *
 * librdkafka counts keys and values only, but a message costs it more than most of them hold: an operation and a message
 * for each that was fetched (calloc of about 400 bytes), a message for each that is sent. Ours are counted with these.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

size_t kafka_memory_share(const struct config *config, enum memory_share share)
{
    int64_t threads = config_integer(config, "num.stream.threads");
    return share_of((size_t)config_integer(config, "memory.max.bytes"), share) / (size_t)(threads > 0 ? threads : 1);
}

void kafka_memory_tell(_Atomic int64_t *total, size_t *told, size_t now)
{
    atomic_fetch_add_explicit(total, (int64_t)now - (int64_t)*told, memory_order_relaxed);
    *told = now;
}

void kafka_memory(struct broker *base, struct broker_memory *out)
{
    struct kafka_broker *broker = kafka_broker_of(base);
    out->fetched_bytes = atomic_load_explicit(&broker->fetched_bytes, memory_order_relaxed);
    out->sent_bytes = atomic_load_explicit(&broker->sent_bytes, memory_order_relaxed);
}
