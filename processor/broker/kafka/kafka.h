/* kafka.h: what the files of this room share. The room is the only one that sees librdkafka (2.0.2 or later).
 *
 * Words: a client is an rd_kafka_t; a route is a topic whose messages arrive at a client; a slot is one partition of a
 * route that the consumer or the reader holds; a shelf keeps messages that librdkafka handed out too early.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KAFKA_KAFKA_H
#define WEIR_KAFKA_KAFKA_H
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/shares.h"
#include "broker/broker.h"

/* -- refused.c: records that the broker did not take [any] -- */
enum kafka_verdict {
    KAFKA_INNOCENT,
    KAFKA_SUSPECT,  /* it was in a batch that was refused */
    KAFKA_HOPELESS, /* it was refused alone */
};
enum { KAFKA_REFUSED_MAX = 4096 };
struct kafka_refusal {
    uint64_t record; /* kafka_refused_record */
    enum kafka_verdict verdict;
    const char *reason; /* lives as long as the process */
};
struct kafka_refused {
    pthread_mutex_t lock;
    atomic_size_t count; /* of those that are not innocent */
    size_t next;
    struct kafka_refusal items[KAFKA_REFUSED_MAX];
};
uint64_t kafka_refused_record(const char *topic, weir_bytes key, weir_bytes value);
void kafka_refused_note(struct kafka_refused *, uint64_t record, enum kafka_verdict, const char *reason);
/* What is known of the record, and again in `out`. Cheap while nothing was ever refused. */
enum kafka_verdict kafka_refused_find(struct kafka_refused *, const char *topic, weir_bytes key, weir_bytes value,
                                      struct kafka_refusal *out);

enum { KAFKA_REFUSAL_SIZE = 240 };
struct kafka_server { /* of bootstrap.servers */
    char *address;    /* host:port */
    bool is_refusing; /* what it said last of the admin's login */
};
struct kafka_broker {
    struct broker base; /* first: a struct broker * is one of these */
    const struct config *config;
    rd_kafka_t *admin; /* a producer handle that produces nothing: a consumer's answers wait behind its long fetches */
    pthread_mutex_t observing;
    struct kafka_observer *observers; /* groups.c: a client per group whose offsets were asked for */
    struct kafka_refused refused;
    _Atomic int64_t fetched_bytes, sent_bytes; /* of all clients, as they last told (memory.c) */
    pthread_mutex_t learning;                  /* admin.c: everything below */
    char *addresses;                           /* of all brokers, as the cluster told last; NULL: it never did */
    char refusal[KAFKA_REFUSAL_SIZE];          /* why a broker did not let us in; "": none of them refused */
    struct kafka_server *servers;
    size_t server_count;
    int64_t refused_since_us; /* all of them refuse; 0: not all do, or one let us in before */
};

enum {
    KAFKA_ADMIN_TIMEOUT_MS = 10000,
    KAFKA_FIRST_TIMEOUT_MS = 2000, /* as long as nobody answered yet, so that a refusal is noticed */
    KAFKA_REFUSED_MS = 5000,       /* a broker that has just started may not know its users yet */
    KAFKA_COMMIT_TIMEOUT_MS = 15000,
    KAFKA_TRANSACTION_TIMEOUT_MS = 10000, /* how long a dead instance may hold up the readers of what it wrote */
    KAFKA_INIT_TIMEOUT_MS = 15000,        /* an earlier writer's transaction must end first */
    KAFKA_WAIT_SLICE_MS = 50
};

static inline struct kafka_broker *kafka_broker_of(struct broker *broker)
{
    return (struct kafka_broker *)(void *)broker;
}

/* -- errors.c: the only place that knows librdkafka's codes -- */
enum weir_code kafka_code_of(rd_kafka_resp_err_t);
bool kafka_is_of_a_record(rd_kafka_resp_err_t); /* a delivery failed because of what was in it */
/* As above for who reads: what would be a poisoned record for a producer is the end for a consumer. */
enum weir_code kafka_reading_code_of(rd_kafka_resp_err_t);
/* The error of a message that carries one instead of a record. */
void kafka_message_failed(const rd_kafka_message_t *, struct weir_error *);
/* For a transaction that has failed: what cannot get better ends the loop, anything else is tried again. */
enum weir_code kafka_transaction_code_of(rd_kafka_resp_err_t);

/* -- settings.c -- */
struct kafka_settings {
    const char *role;             /* "consumer", "producer" or "admin" */
    const char *client;           /* client.id */
    const char *group;            /* consumer only */
    bool joins;                   /* a member of the group, so that group.instance.id applies */
    const char *transactional_id; /* producer only; NULL: no transactions */
    int32_t partitions;           /* consumer: that it may come to hold; 0: not known */
    size_t lanes;                 /* consumer: that their records come by; 0 is one */
};
rd_kafka_conf_t *kafka_settings_build(const struct config *, struct kafka_settings, struct weir_error *);
/* What no client could be made of, before one is: a start ends with it. */
bool kafka_settings_check(const struct config *, struct weir_error *);
/* -- rules.c: false: the setting would void what Weir promises, or is Weir's to say; the error says why -- */
bool kafka_rules_allow(const char *role, const char *key, const char *value, struct weir_error *);
bool kafka_settings_name_instance(const struct config *); /* the user has set group.instance.id */
/* Takes the conf, always. Role as in the settings. The client knows the brokers that the cluster has told of, too, for those of
 * bootstrap.servers may be gone by now. */
rd_kafka_t *kafka_client_new(struct kafka_broker *, rd_kafka_conf_t *, const char *role, struct weir_error *);

/* -- admin.c: [any] -- */
bool kafka_admin_open(struct kafka_broker *, struct weir_error *);
void kafka_admin_take_error(rd_kafka_t *, int code, const char *reason, void *broker);
void kafka_admin_learn(struct kafka_broker *, const struct rd_kafka_metadata *);
void kafka_admin_introduce(struct kafka_broker *, rd_kafka_t *);
void kafka_admin_close(struct kafka_broker *);
int kafka_admin_timeout_ms(struct kafka_broker *); /* how long to wait for an answer */
/* True: every broker we know has been refusing our login for a while, and error (WEIR_INVALID) says why. */
bool kafka_admin_is_refused(struct kafka_broker *, int64_t now_us, struct weir_error *);
/* What the code means, or, where it may hide that no broker lets us in, why; returns the text. */
const char *kafka_admin_reason(struct kafka_broker *, rd_kafka_resp_err_t, char *text, size_t);

/* -- memory.c: what messages take, and how much of it a client may have -- */
enum { KAFKA_FETCHED_BYTES = 512, KAFKA_SENT_BYTES = 256 }; /* of librdkafka (2.0.2, measured), beside key and value */
enum { KAFKA_FETCHED_PARTS = 3 }; /* of what is fetched: in the queue, in the answer under way, on shelves */
/* Of memory.max.bytes, for the clients of one thread (base/shares.h). */
size_t kafka_memory_share(const struct config *, enum memory_share);
/* A client's part of a total of the broker's is `now`; *told is what it was. */
void kafka_memory_tell(_Atomic int64_t *total, size_t *told, size_t now);
void kafka_memory(struct broker *, struct broker_memory *);
static inline size_t kafka_message_bytes(const rd_kafka_message_t *message)
{
    return message->len + message->key_len + KAFKA_FETCHED_BYTES;
}

/* -- waker.c: of one consuming client -- */
enum { KAFKA_QUEUED_MESSAGES = 20000 }; /* queued.min.messages, at most: the fetcher stops there */
struct kafka_waker {
    rd_kafka_t *client;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_running, is_stopping, is_wanted;
    /* Of the polling thread: */
    size_t full, full_bytes; /* whichever comes first stops the fetcher; bytes: of keys and values */
    size_t average;          /* of a message's key and value, lately */
};
struct kafka_taken {
    size_t count, bytes; /* bytes: of keys and values */
};
static inline void kafka_taken_add(struct kafka_taken *taken, const rd_kafka_message_t *message)
{
    taken->count++;
    taken->bytes += message->len + message->key_len;
}
void kafka_waker_start(struct kafka_waker *, rd_kafka_t *);
void kafka_waker_stop(struct kafka_waker *); /* before the client is destroyed; twice is fine */
void kafka_waker_call(struct kafka_waker *); /* there is something to fetch that the fetcher may not know of */
/* Told whenever messages were taken from a queue: how many it held before, and holds now. was_full: whether it has been,
 * since the last wake-up. */
void kafka_waker_note(struct kafka_waker *, bool *was_full, size_t found, size_t queued, struct kafka_taken);
/* What so many messages take, of the size they have had lately. */
size_t kafka_waker_bytes(const struct kafka_waker *, size_t messages);

/* -- message.c -- */
void kafka_message_fill(struct broker_message *, rd_kafka_message_t *); /* all but group and source */
/* Of a fetched record, by the bytes in front of its value: where its headers lie, as they are in a batch. NULL: not known. */
const unsigned char *kafka_message_headers(const void *value, size_t size);
/* One, with a name and a value of less than 64 bytes each. */
bool kafka_message_has_short_header(const unsigned char *headers);
/* That one; items are to be freed, its value lies where it lay. */
struct weir_headers kafka_message_short_header(const unsigned char *headers);
void kafka_message_release(struct broker_message *);

/* -- shelf.c: first in, first out -- */
struct kafka_shelf {
    rd_kafka_message_t **items;
    size_t first, count, capacity;
    size_t bytes; /* kafka_message_bytes */
};
void kafka_shelf_push(struct kafka_shelf *, rd_kafka_message_t *);
rd_kafka_message_t *kafka_shelf_pop(struct kafka_shelf *); /* NULL: empty */
void kafka_shelf_done(struct kafka_shelf *);               /* destroys what is left */
bool kafka_shelf_is_full(const struct kafka_shelf *);      /* time to stop the partition at librdkafka */
bool kafka_shelf_is_low(const struct kafka_shelf *);       /* time to let it go on */

/* -- route.c -- */
struct kafka_route;
struct kafka_slot {
    struct kafka_route *route;
    int32_t group; /* or the reader's token */
    int32_t source, partition;
    bool is_paused;   /* by the caller */
    bool is_stopped;  /* librdkafka was told to pause; needs a resume there */
    int64_t position; /* offset behind the last message taken from librdkafka; -1: none yet */
    int64_t read_to;  /* consumer: what was the end when everything before it had been taken; -1: it never was */
    struct kafka_shelf shelf;
};
struct kafka_route {
    char *topic;
    rd_kafka_topic_t *handle; /* held, so that a message's rkt may be compared by address */
    int32_t group, source;
    struct kafka_slot **slots; /* by partition; NULL: not held */
    size_t capacity;
    struct kafka_lane *lane; /* consumer: that its records come by */
};
struct kafka_routes {
    struct kafka_route **items;
    size_t count, capacity, latest; /* latest: index of the last hit */
};
struct kafka_route *kafka_routes_add(struct kafka_routes *, rd_kafka_t *, const char *topic);
struct kafka_route *kafka_routes_named(const struct kafka_routes *, const char *topic);  /* NULL: none */
struct kafka_slot *kafka_routes_slot(struct kafka_routes *, const rd_kafka_message_t *); /* NULL: not held */
struct kafka_slot *kafka_route_hold(struct kafka_route *, int32_t partition);
void kafka_route_drop(struct kafka_route *, int32_t partition);
struct kafka_slot *kafka_route_slot(const struct kafka_route *, int32_t partition); /* NULL: not held */
void kafka_routes_done(struct kafka_routes *);

/* -- consumer.c, rebalance.c, commit.c -- */
struct kafka_share {
    int32_t group, partition;
};
struct kafka_subscription {
    struct kafka_route **routes; /* the lead topic first */
    int32_t *partitions;         /* of each topic; none has more than the one before it */
    size_t count;
};
/* How many of its topics have that partition: they are the first ones. */
static inline size_t kafka_subscription_width(const struct kafka_subscription *subscription, int32_t partition)
{
    size_t width = 0;
    while (width < subscription->count && subscription->partitions[width] > partition)
        width++;
    return width;
}
/* A queue in which those of several partitions end, so that taking a batch never runs a rebalance in between. */
struct kafka_lane {
    rd_kafka_queue_t *records;
    bool was_full; /* kafka_waker_note */
};
struct broker_consumer {
    struct kafka_broker *broker;
    rd_kafka_t *client;
    rd_kafka_queue_t *events; /* rebalances and errors */
    struct kafka_lane *lanes;
    size_t lane_count;
    int wake; /* eventfd: written by all queues and by consumer_wake */
    atomic_bool is_woken;
    struct broker_rebalance rebalance;
    struct kafka_routes routes;
    struct kafka_subscription *subscriptions;
    size_t subscription_count;
    struct kafka_share *shares; /* held */
    size_t share_count, share_capacity;
    uint64_t rebalances;       /* so far */
    bool is_leaving;           /* what is dealt now is not taken */
    bool is_lost;              /* inside a rebalance that lost the shares: nothing may be committed */
    size_t shelved, turn;      /* messages on all shelves; the share, and the lane, that is taken from first */
    struct weir_error pending; /* seen, to be returned by the next poll that has no messages */
    rd_kafka_message_t **batch;
    size_t batch_capacity;
    size_t outstanding; /* polled, not yet released */
    size_t told_bytes;  /* kafka_memory_tell */
    struct kafka_waker waker;
    rd_kafka_queue_t *purging; /* where the answer to a purge comes; NULL: none is awaited */
};
void kafka_rebalance(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *consumer);
void kafka_rebalance_forfeit(struct broker_consumer *); /* what is still held after closing counts as lost */
/* Tells librdkafka to stop or to continue fetching the slot's partition. */
void kafka_slot_stop(struct broker_consumer *, struct kafka_slot *, bool stop);
void kafka_consumer_clear(struct broker_consumer *, struct kafka_slot *); /* destroys what is on its shelf */

struct broker_consumer *kafka_consumer_open(struct broker *, const char *group, const char *member,
                                            const struct broker_subscription *, size_t count, struct broker_rebalance,
                                            struct weir_error *);
int kafka_consumer_poll(struct broker_consumer *, struct broker_message *, int max, int timeout_ms,
                        struct weir_error *);
void kafka_consumer_serve(struct broker_consumer *); /* rebalances and errors, without waiting */
void kafka_consumer_release(struct broker_consumer *, struct broker_message *);
void kafka_consumer_pause(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
void kafka_consumer_resume(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
int64_t kafka_consumer_end(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool kafka_consumer_is_behind(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
bool kafka_consumer_commit(struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
void kafka_consumer_wake(struct broker_consumer *);
void kafka_consumer_close(struct broker_consumer *);

/* -- purge.c -- */
enum broker_purge kafka_consumer_purge(struct broker_consumer *, const struct broker_offset *, size_t,
                                       struct weir_error *);
void kafka_purge_forget(struct broker_consumer *); /* the answer that is awaited */

/* Before closing: lets the other members have the partitions at once (leave.c). */
void kafka_consumer_leave(struct broker_consumer *);

/* Checks that the offsets may be committed: all of them held, by a member of the group. */
bool kafka_commit_check(const struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
rd_kafka_topic_partition_list_t *kafka_commit_list(rd_kafka_t *, const struct broker_offset *, size_t);
void kafka_consumer_rewind(struct broker_consumer *, const struct broker_offset *, size_t);

/* -- producer.c, transaction.c -- */
struct kafka_target;
struct broker_producer {
    struct kafka_broker *broker;
    char *name, *transactional_id; /* client.id; NULL: no transactions */
    rd_kafka_t *client;            /* NULL: not connected */
    struct kafka_target *targets;
    size_t count, capacity;
    struct weir_error failure;               /* of the first delivery since the last flush, or in this transaction */
    bool is_closing;                         /* deliveries may be gone */
    bool is_alone;                           /* a suspect is on its way, and nothing else */
    bool is_ready, is_begun;                 /* transactions: may begin one; has begun one */
    size_t waiting_bytes, waiting_bytes_max; /* sent and not delivered yet, with KAFKA_SENT_BYTES for each */
    size_t told_bytes;                       /* kafka_memory_tell */
};
struct broker_producer *kafka_producer_new(struct broker *, const char *client, const char *transactional_id);
bool kafka_producer_connect(struct broker_producer *, struct weir_error *);
void kafka_producer_disconnect(struct broker_producer *); /* forgets what was not delivered */
/* True: the client has failed for good; WEIR_FENCED or WEIR_FATAL. */
bool kafka_producer_is_fatal(const struct broker_producer *, struct weir_error *);
bool kafka_transaction_begin(struct broker_producer *, struct weir_error *); /* once per transaction */
struct broker_producer *kafka_transaction_open(struct broker *, const char *client, const char *id,
                                               struct weir_error *);
bool kafka_transaction_commit(struct broker_producer *, struct broker_consumer *, const struct broker_offset *, size_t,
                              struct weir_error *);
bool kafka_transaction_abort(struct broker_producer *, struct weir_error *);
struct broker_producer *kafka_producer_open(struct broker *, const char *client, struct weir_error *);
bool kafka_producer_send(struct broker_producer *, const char *topic, const struct broker_record *,
                         struct weir_error *);
void kafka_producer_poll(struct broker_producer *);
bool kafka_producer_flush(struct broker_producer *, int timeout_ms, struct weir_error *);
void kafka_producer_close(struct broker_producer *);

/* -- reader.c -- */
struct broker_reader *kafka_reader_open(struct broker *, struct weir_error *);
bool kafka_reader_add(struct broker_reader *, const char *topic, int32_t partition, int64_t from, int32_t token,
                      struct weir_error *);
void kafka_reader_remove(struct broker_reader *, int32_t token);
int kafka_reader_poll(struct broker_reader *, struct broker_message *, int max, int timeout_ms, struct weir_error *);
void kafka_reader_release(struct broker_reader *, struct broker_message *);
int64_t kafka_reader_position(struct broker_reader *, int32_t token);
void kafka_reader_close(struct broker_reader *);

/* -- topics.c, ensure.c, groups.c, members.c, assignment.c: [any] -- */
/* Partition count of one topic as this client sees it; 0: no such topic; -1: error. all_led: also wait for leaders. */
int32_t kafka_topic_partitions(struct kafka_broker *, rd_kafka_t *, rd_kafka_topic_t *, bool *all_led,
                               struct weir_error *);
int32_t kafka_partitions(struct broker *, const char *topic, struct weir_error *);
bool kafka_range(struct broker *, const char *topic, int32_t partition, int64_t *begin, int64_t *end,
                 struct weir_error *);
bool kafka_offset_at(struct broker *, const char *topic, int32_t partition, int64_t timestamp_ms, int64_t *offset,
                     struct weir_error *);
/* For an offset that a broker did not know: a replica that has just come back may answer for its leader, from a log that is
 * still short (KIP-392), so the leader is asked. False: it does not know it either. */
bool kafka_may_hold(struct kafka_broker *, const char *topic, int32_t partition, int64_t offset);
bool kafka_topics(struct broker *, weir_arena *, const char ***names, size_t *count, struct weir_error *);

/* -- delete.c -- */
bool kafka_topics_delete(struct broker *, const char *const *names, size_t count, struct weir_error *);
bool kafka_group_delete(struct broker *, const char *group, struct weir_error *);
bool kafka_ensure(struct broker *, const struct broker_topic_spec *, size_t count, struct weir_error *);
bool kafka_committed(struct broker *, const char *group, const char *topic, int32_t partition, int64_t *offset,
                     struct weir_error *);
bool kafka_commits(struct broker *, const char *group, const struct broker_place *, size_t count, weir_arena *,
                   struct broker_start *, struct weir_error *);
bool kafka_members(struct broker *, const char *group, weir_arena *, struct broker_member **, size_t *count,
                   struct weir_error *);
void kafka_observers_close(struct kafka_broker *);
/* What was dealt to a member, in the arena. False: malformed. */
bool kafka_assignment_read(weir_bytes, weir_arena *, struct broker_place **, size_t *count);
/* Waits for the answer to an admin request; NULL: none came or it failed as a whole. Takes the queue. */
rd_kafka_event_t *kafka_admin_answer(rd_kafka_queue_t *, const char *what, struct weir_error *);
rd_kafka_AdminOptions_t *kafka_admin_options(rd_kafka_t *, rd_kafka_admin_op_t);
#endif
