/* producer.h: what producer.c and transaction.c share. One thread at a time, but for what is marked. */
#ifndef WEIR_EMBEDDED_PRODUCER_H
#define WEIR_EMBEDDED_PRODUCER_H
#include "embedded/embedded.h"

struct embedded_awaited {
    struct broker_delivery *delivery;
    struct embedded_receipt receipt; /* of the last record that named it */
};

struct embedded_target { /* one partition this producer has written to since the last flush */
    struct embedded_partition *partition;
    struct embedded_receipt last;
    bool waiting;
    bool is_touched; /* by the open transaction */
    struct embedded_awaited *awaited;
    size_t awaited_count, awaited_capacity;
};

struct embedded_route { /* a topic this producer has written to */
    struct embedded_topic *topic;
    int32_t turn; /* next partition for a record without a key */
    struct embedded_target *targets;
};

struct broker_producer {
    struct embedded *broker;
    struct embedded_route *routes;
    size_t route_count, route_capacity;
    size_t latest;             /* route of the last record */
    struct weir_error failure; /* first since the last flush, or in the open transaction */
    char *id;                  /* of its transactions; NULL: it has none */
    int64_t transaction;       /* open; EMBEDDED_NO_TRANSACTION: none */
    atomic_bool is_fenced;     /* [any] another one was opened with its id */
    struct broker_producer *next_writer;
};

/* Waits until nothing is on its way; false: the time has passed. The failure stays latched. */
bool embedded_producer_settle(struct broker_producer *, int timeout_ms);
/* The number for a record; EMBEDDED_NO_TRANSACTION and a code: there is none to be had. */
int64_t embedded_transaction_of(struct broker_producer *, struct weir_error *);
#endif
