/* collector.c: see collector.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/collector.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

enum {
    POLL_EVERY = 256,
    FULL_WAIT_MS = 1,
    FULL_WAITS_MAX = 120 * 1000,
    ABSENT_US = 5 * 1000 * 1000,
    TOPICS_MAX = 1024, /* whose names are computed from records, so there may be any number of them */
};

struct collector_topic {
    char *name;
    int32_t partitions;   /* 0: not known, or none */
    int64_t ask_again_us; /* there was no such topic: not before then */
};

bool collector_open(struct collector *collector, struct broker *broker, const char *client,
                    const char *transactional_id, struct weir_error *error)
{
    *collector = (struct collector){.broker = broker, .transactional = transactional_id != NULL};
    collector->producer = transactional_id ? broker->ops->transaction_open(broker, client, transactional_id, error)
                                           : broker->ops->producer_open(broker, client, error);
    return collector->producer != NULL;
}

static void forget_topics(struct collector *collector)
{
    for (size_t i = 0; i < collector->topic_count; i++)
        memory_free(collector->topics[i].name);
    collector->topic_count = 0;
}

void collector_close(struct collector *collector)
{
    if (collector->producer)
        collector->broker->ops->producer_close(collector->producer);
    collector->producer = NULL;
    forget_topics(collector);
    memory_free(collector->topics);
    collector->topics = NULL;
    collector->topic_capacity = 0;
}

static struct collector_topic *find_topic(struct collector *collector, const char *name)
{
    for (size_t i = 0; i < collector->topic_count; i++)
        if (strcmp(collector->topics[i].name, name) == 0)
            return &collector->topics[i];
    if (collector->topic_count == TOPICS_MAX)
        forget_topics(collector);
    collector->topics = memory_grow(collector->topics, &collector->topic_capacity, collector->topic_count + 1,
                                    sizeof *collector->topics);
    struct collector_topic *topic = &collector->topics[collector->topic_count++];
    *topic = (struct collector_topic){.name = memory_text(name)};
    return topic;
}

int32_t collector_partitions(struct collector *collector, const char *name, struct weir_error *error)
{
    struct collector_topic *topic = find_topic(collector, name);
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (topic->partitions > 0 || now_us < topic->ask_again_us)
        return topic->partitions;
    int32_t count = collector->broker->ops->partitions(collector->broker, name, error);
    topic->partitions = count > 0 ? count : 0;
    topic->ask_again_us = count == 0 ? now_us + ABSENT_US : 0;
    return count;
}

/* False: the failure is another, or the queue stays full. */
static bool await_room(struct collector *collector, int waits, struct weir_error *cause, struct weir_error *error)
{
    if (cause->code != WEIR_RETRY || waits == FULL_WAITS_MAX)
        return error_set(error, cause->code, "%s", cause->message);
    error_clear(cause);
    collector->broker->ops->producer_poll(collector->producer);
    clock_pause_ms(FULL_WAIT_MS);
    return true;
}

bool collector_send(struct collector *collector, const char *topic, const struct broker_record *record,
                    struct weir_error *error)
{
    const struct broker_ops *ops = collector->broker->ops;
    if (++collector->sent % POLL_EVERY == 0)
        ops->producer_poll(collector->producer);
    struct weir_error cause;
    error_clear(&cause);
    for (int waits = 0; !ops->producer_send(collector->producer, topic, record, &cause); waits++)
        if (!await_room(collector, waits, &cause, error))
            return false;
    return true;
}

bool collector_push(struct collector *collector, struct weir_error *error)
{
    const struct broker_ops *ops = collector->broker->ops;
    struct weir_error cause;
    error_clear(&cause);
    for (int waits = 0; ops->producer_push && !ops->producer_push(collector->producer, &cause); waits++)
        if (!await_room(collector, waits, &cause, error))
            return false;
    return true;
}

bool collector_flush(struct collector *collector, int timeout_ms, struct weir_error *error)
{
    return collector->broker->ops->producer_flush(collector->producer, timeout_ms, error);
}

bool collector_commit(struct collector *collector, struct broker_consumer *consumer,
                      const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    const struct broker_ops *ops = collector->broker->ops;
    if (collector->transactional)
        return ops->transaction_commit(collector->producer, consumer, offsets, count, error);
    return count == 0 || ops->consumer_commit(consumer, offsets, count, error);
}

bool collector_abort(struct collector *collector, struct weir_error *error)
{
    return !collector->transactional || collector->broker->ops->transaction_abort(collector->producer, error);
}
