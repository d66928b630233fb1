/* collector.h: the way out of a thread: one producer, one latch.
 *
 * A failed delivery is latched and looked at on the next flush, before any offset is committed. With a transactional
 * id all records between two commits belong to one transaction, and the commit makes them and the offsets true. */
#ifndef WEIR_RUNTIME_COLLECTOR_H
#define WEIR_RUNTIME_COLLECTOR_H
#include "broker/broker.h"

struct collector_topic;

struct collector {
    struct broker *broker;
    struct collector_topic *topics; /* whose partition counts were asked for */
    size_t topic_count, topic_capacity;
    struct broker_producer *producer;
    bool transactional;
    uint64_t sent; /* records, for the figures */
};

/* transactional_id NULL: no transactions. */
bool collector_open(struct collector *, struct broker *, const char *client, const char *transactional_id,
                    struct weir_error *);
void collector_close(struct collector *);
/* Of a topic; 0: there is none, -1: error. An answer is kept; that there is none, for a few seconds. */
int32_t collector_partitions(struct collector *, const char *topic, struct weir_error *);
/* Waits while the producer's queue is full. WEIR_POISON: this record can never be taken. */
bool collector_send(struct collector *, const char *topic, const struct broker_record *, struct weir_error *);
/* Sends what waits for others to go along with. */
bool collector_push(struct collector *, struct weir_error *);
/* Until everything sent is durable, or timeout_ms. */
bool collector_flush(struct collector *, int timeout_ms, struct weir_error *);
/* After a flush. WEIR_RETRY: nothing is committed; WEIR_FENCED: no member any more or, with transactions, in doubt. */
bool collector_commit(struct collector *, struct broker_consumer *, const struct broker_offset *, size_t,
                      struct weir_error *);
/* Undoes what was sent since the last commit; decides a commit in doubt. WEIR_RETRY: not possible now, call again.
 * Without transactions nothing can be undone and nothing is. */
bool collector_abort(struct collector *, struct weir_error *);
#endif
