/* collector.c: see collector.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/collector.h"

#include <unistd.h>

#include "base/error.h"

enum { POLL_EVERY = 256, FULL_WAIT_US = 1000, FULL_WAITS_MAX = 120 * 1000 };

bool collector_open(struct collector *collector, struct broker *broker, const char *client,
                    const char *transactional_id, struct weir_error *error)
{
    *collector = (struct collector){.broker = broker, .transactional = transactional_id != NULL};
    collector->producer = transactional_id ? broker->ops->transaction_open(broker, client, transactional_id, error)
                                           : broker->ops->producer_open(broker, client, error);
    return collector->producer != NULL;
}

void collector_close(struct collector *collector)
{
    if (collector->producer)
        collector->broker->ops->producer_close(collector->producer);
    collector->producer = NULL;
}

bool collector_send(struct collector *collector, const char *topic, const struct broker_record *record,
                    struct weir_error *error)
{
    const struct broker_ops *ops = collector->broker->ops;
    if (++collector->sent % POLL_EVERY == 0)
        ops->producer_poll(collector->producer);
    struct weir_error cause;
    error_clear(&cause);
    for (int waits = 0; !ops->producer_send(collector->producer, topic, record, &cause); waits++) {
        if (cause.code != WEIR_RETRY || waits == FULL_WAITS_MAX)
            return error_set(error, cause.code, "%s", cause.message);
        error_clear(&cause);
        ops->producer_poll(collector->producer);
        usleep(FULL_WAIT_US);
    }
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
