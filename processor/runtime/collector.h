/* collector.h: the way out of a thread: one producer, one latch.
 *
 * A failed delivery is latched and looked at on the next flush, before any offset is committed. */
#ifndef WEIR_RUNTIME_COLLECTOR_H
#define WEIR_RUNTIME_COLLECTOR_H
#include "broker/broker.h"

struct collector {
    struct broker *broker;
    struct broker_producer *producer;
    uint64_t sent; /* records, for the figures */
};

bool collector_open(struct collector *, struct broker *, const char *client, struct weir_error *);
void collector_close(struct collector *);
/* Waits while the producer's queue is full. WEIR_POISON: this record can never be taken. */
bool collector_send(struct collector *, const char *topic, const struct broker_record *, struct weir_error *);
/* Until everything sent is durable, or timeout_ms. */
bool collector_flush(struct collector *, int timeout_ms, struct weir_error *);
#endif
