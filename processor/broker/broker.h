/* broker.h: the runtime's only view of a log of topics. Two implementations: kafka/ (librdkafka) and embedded/ (durable,
 * single process); the simulator is a third.
 *
 * A `share` is the unit of assignment: one partition number of one sub-topology, with that partition of those of its source
 * topics that have it. The broker subscribes to the lead topic only and adds the co-partitions itself (design: groups).
 * Threads: a consumer, a producer and a reader are used by one thread at a time; a broker and its admin calls [any].
 * Everything returned by pointer is valid until the stated release. Errors name topic, partition and offset. */
#ifndef WEIR_BROKER_BROKER_H
#define WEIR_BROKER_BROKER_H
#include "base/config.h"
#include "base/error.h"
#include "weir.h"

struct broker;
struct broker_consumer;
struct broker_producer;
struct broker_reader;

enum {
    BROKER_NO_OFFSET = -1,
    BROKER_INTERNAL_STEP =
        256, /* between the offsets of two messages of an internal topic, whose records may share one */
};

struct broker_message {
    int32_t group;  /* index of the sub-topology in the subscription (consumer), or the reader's token */
    int32_t source; /* index of the topic among the sub-topology's sources; 0 for readers */
    int32_t partition;
    bool is_part;                 /* the implementation's: it shares its owner with others */
    int64_t offset, timestamp_ms; /* timestamp -1: none */
    weir_bytes key, value;        /* data NULL: absent */
    struct weir_headers headers;
    void *owner; /* the implementation's */
};

struct broker_subscription { /* one per sub-topology, in the order of `group` */
    const char *const
        *topics; /* the widest first, which is the lead topic; a share has those that have its partition */
    size_t topic_count;
    const int32_t *partitions; /* of each; another number at the broker is an error (WEIR_INVALID). NULL: any will do */
    const bool *are_internal;  /* of each: the group itself writes it. NULL: none of them */
};

struct broker_start {     /* where one source of a share begins */
    int64_t offset;       /* committed; BROKER_NO_OFFSET: none, the consumer starts at the first record there is */
    const char *metadata; /* as committed; "" when none */
};

/* Called from inside broker_consumer_poll, on its thread. A share starts paused; broker_consumer_resume lets it flow.
 * revoked: commit what is finished before returning (lost == false), or drop it (lost == true). Do not block. */
struct broker_rebalance {
    void *self;
    void (*assigned)(void *self, int32_t group, int32_t partition,
                     const struct broker_start *starts /* per source of the share */);
    void (*revoked)(void *self, int32_t group, int32_t partition, bool lost);
    /* After the last assigned of one rebalance: the member has all that the group has dealt it, which may be nothing. */
    void (*settled)(void *self);
};

struct broker_place {
    const char *topic;
    int32_t partition;
};

struct broker_member {           /* of a group; everything lives in the arena it was asked for with */
    const char *client;          /* as it was given to consumer_open */
    const char *name;            /* by which the group's leader orders its members */
    struct broker_place *places; /* of the lead topics, as the group has dealt them */
    size_t place_count;
};

/* What became of records that were to be purged. */
enum broker_purge {
    BROKER_PURGE_ASKED,
    BROKER_PURGE_WAITING, /* for the answer to the request before; nothing was asked */
    BROKER_PURGE_FAILED,  /* the request before, for the reason in the error; this one was made */
};

struct broker_offset {
    const char *topic;
    int32_t partition;
    int64_t offset;       /* next to be read */
    const char *metadata; /* at most 4000 bytes; NULL: "" */
};

/* One per record whose delivery matters; the producer writes next_offset when the record is durable: greatest offset
 * seen + 1 of that partition. NULL when the caller does not care. Lives until the flush that follows. */
struct broker_delivery {
    int64_t next_offset;
};

struct broker_record {
    int32_t partition;    /* -1: by murmur2 of the key, as Kafka's default partitioner; no key: any */
    int64_t timestamp_ms; /* negative: now */
    weir_bytes key, value;
    weir_bytes partition_key; /* hashed instead of the key, where data is not NULL: the inner key of a windowed key */
    struct weir_headers headers;
    struct broker_delivery *delivery;
    bool is_internal; /* its topic is read by the application that writes it, and by nobody else */
};

enum broker_cleanup { BROKER_DELETE, BROKER_COMPACT, BROKER_COMPACT_DELETE };
struct broker_topic_spec {
    const char *name;
    int32_t partitions;
    enum broker_cleanup cleanup;
    int64_t retention_ms;      /* -1: for ever; 0: the broker's default */
    int64_t segment_bytes;     /* 0: the broker's default */
    int64_t compaction_lag_ms; /* min.compaction.lag.ms; 0: the broker's default */
    int32_t message_bytes_max; /* max.message.bytes; 0: the broker's default */
    bool is_internal;          /* read by the application that writes it, and by nobody else; not compacted */
    bool append_time; /* message.timestamp.type: the broker stamps records, so retention goes by their arrival */
};

struct broker_memory {     /* of records in this process, with what the client needs to hold each */
    int64_t fetched_bytes; /* read and not processed yet; an estimate */
    int64_t sent_bytes;    /* on their way to the broker */
};

struct broker_ops {
    void (*close)(struct broker *);
    const char *(*kind)(const struct broker *);              /* "kafka" or "embedded" */
    void (*memory)(struct broker *, struct broker_memory *); /* [any]; NULL: it holds none worth speaking of */

    /* -- topics [any] -- */
    /* Partition count; 0 and WEIR_OK code: no such topic; -1: error. */
    int32_t (*partitions)(struct broker *, const char *topic, struct weir_error *);
    /* Creates what is missing; an existing topic must have the partition count and cleanup policy of the spec
     * (WEIR_INVALID names both; Kafka's may be "compact,delete" where "compact" is asked for). partitions < 0: any count
     * is fine, |partitions| is used when it is created. */
    bool (*ensure)(struct broker *, const struct broker_topic_spec *, size_t count, struct weir_error *);
    /* First offset, and the offset behind the last record that readers may see: before the first open transaction. */
    bool (*range)(struct broker *, const char *topic, int32_t partition, int64_t *begin, int64_t *end,
                  struct weir_error *);
    /* Of the first record whose timestamp is at least that; no record, or INT64_MAX: the end, as range says it. */
    bool (*offset_at)(struct broker *, const char *topic, int32_t partition, int64_t timestamp_ms, int64_t *offset,
                      struct weir_error *);
    /* The group's committed offset (BROKER_NO_OFFSET: none). */
    bool (*committed)(struct broker *, const char *group, const char *topic, int32_t partition, int64_t *offset,
                      struct weir_error *);
    /* Names of all topics, sorted, in the arena. */
    bool (*topics)(struct broker *, weir_arena *, const char ***names, size_t *count, struct weir_error *);

    /* -- beginning anew [any]; NULL: the simulator has no use for it -- */
    /* With all their records; those that are not there are passed over. In this process nobody may use them any more. */
    bool (*topics_delete)(struct broker *, const char *const *names, size_t count, struct weir_error *);
    /* Forgets what the group has committed; one that is not there is passed over. WEIR_INVALID: it has members. */
    bool (*group_delete)(struct broker *, const char *group, struct weir_error *);

    /* -- what members of a group know of each other [any]; NULL: a broker of one process -- */
    /* Who is in the group and holds what. False, WEIR_RETRY: not to be told now, also while partitions change hands. */
    bool (*members)(struct broker *, const char *group, weir_arena *, struct broker_member **, size_t *count,
                    struct weir_error *);
    /* As `committed`, of several places at once and with the metadata, in the arena. */
    bool (*commits)(struct broker *, const char *group, const struct broker_place *, size_t count, weir_arena *,
                    struct broker_start *, struct weir_error *);

    /* -- consuming in a group -- */
    /* member: client id of this member, unique in the process. */
    struct broker_consumer *(*consumer_open)(struct broker *, const char *group, const char *member,
                                             const struct broker_subscription *, size_t count, struct broker_rebalance,
                                             struct weir_error *);
    /* Up to max messages; waits up to timeout_ms for the first. 0: none (calls rebalance functions meanwhile). -1: error,
     * WEIR_RETRY (try again), WEIR_FENCED (rejoin: close and open) or WEIR_FATAL. */
    int (*consumer_poll)(struct broker_consumer *, struct broker_message *, int max, int timeout_ms,
                         struct weir_error *);
    void (*consumer_release)(struct broker_consumer *,
                             struct broker_message *); /* each polled message, exactly once, in any order */
    void (*consumer_pause)(struct broker_consumer *, int32_t group, int32_t source, int32_t partition); /* idempotent */
    void (*consumer_resume)(struct broker_consumer *, int32_t group, int32_t source,
                            int32_t partition); /* idempotent; no-op when not paused */
    /* Offset behind the last record of the source partition as far as the broker last said, for lag; once everything
     * was polled that can be read, the offset behind the last record polled (behind it may be markers of transactions).
     * -1: unknown. Cheap. */
    int64_t (*consumer_end)(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
    /* The broker holds, or may hold for all that is known so far, records of the source that were not polled yet. Turns
     * false by an answer of the broker, never by time. Cheap. */
    bool (*consumer_is_behind)(struct broker_consumer *, int32_t group, int32_t source, int32_t partition);
    /* At-least-once: commits offsets, waits. WEIR_RETRY: nothing changed; WEIR_FENCED: no longer a member. */
    bool (*consumer_commit)(struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
    /* Goes back: what is polled next of these sources begins at these offsets (BROKER_NO_OFFSET: where a share without a
     * committed offset begins). Messages polled before are released as ever. Not from inside a rebalance function. */
    void (*consumer_rewind)(struct broker_consumer *, const struct broker_offset *, size_t);
    /* Lets the broker delete the records before the offsets, which must be committed: nobody reads them again (KIP-107). A
     * request that is not waited for; when the records go, and whether, is the broker's affair. */
    enum broker_purge (*consumer_purge)(struct broker_consumer *, const struct broker_offset *, size_t,
                                        struct weir_error *);
    void (*consumer_wake)(struct broker_consumer *);  /* [any] a poll that waits returns soon */
    void (*consumer_close)(struct broker_consumer *); /* leaves the group; calls revoked for what it still holds */

    /* -- producing -- */
    struct broker_producer *(*producer_open)(struct broker *, const char *client, struct weir_error *);
    /* Copies. WEIR_RETRY: the queue is full (poll or flush, then again); WEIR_POISON: this record can never be taken
     * (too large, no such topic or partition); where the broker told so only later, when it is sent again after the flush
     * that was WEIR_FENCED. Topic strings are compared by content and may be cached by pointer. */
    bool (*producer_send)(struct broker_producer *, const char *topic, const struct broker_record *,
                          struct weir_error *);
    /* Sends what waits for others to go along with; NULL: nothing ever does. WEIR_RETRY: the queue is full, as in a send. */
    bool (*producer_push)(struct broker_producer *, struct weir_error *);
    void (*producer_poll)(struct broker_producer *); /* takes delivery reports without waiting */
    /* Waits until every record sent is durable. False, WEIR_RETRY: some are still on their way after timeout_ms, flush
     * again. Any other code: a record sent since the last flush is lost, and this is why. It is WEIR_FENCED where sending
     * it again may help: whoever goes on from his last commit does. */
    bool (*producer_flush)(struct broker_producer *, int timeout_ms, struct weir_error *);
    void (*producer_close)(struct broker_producer *); /* aborts an open transaction, as far as that is possible */

    /* -- transactions: records and offsets that become true together, or never -- */
    /* A producer all of whose records belong to a transaction: readers see none before its commit. The next transaction
     * begins with the first record behind a commit or an abort. id: of this writer, the same after a restart; opening it
     * ends what an earlier writer of that id left open and fences that writer. A record that fails after it was sent is
     * told by the commit, not by the flush. WEIR_RETRY: the broker cannot do it now. */
    struct broker_producer *(*transaction_open)(struct broker *, const char *client, const char *id,
                                                struct weir_error *);
    /* Commits every record sent together with the offsets (of sources the consumer holds); waits. WEIR_RETRY: nothing of
     * it is committed; WEIR_FENCED: it may be, or the consumer is no member any more. After any failure: abort. */
    bool (*transaction_commit)(struct broker_producer *, struct broker_consumer *, const struct broker_offset *, size_t,
                               struct weir_error *);
    /* On return the transaction has ended without effect, and one in doubt is decided: the group's committed offsets
     * tell how. Does nothing when nothing was sent. WEIR_RETRY: not possible now, call it again. */
    bool (*transaction_abort)(struct broker_producer *, struct weir_error *);

    /* -- reading without a group: restore, `weir consume` -- */
    struct broker_reader *(*reader_open)(struct broker *, struct weir_error *);
    /* Adds a partition from an offset (clamped to the first there is); token comes back in message.group. */
    bool (*reader_add)(struct broker_reader *, const char *topic, int32_t partition, int64_t from, int32_t token,
                       struct weir_error *);
    void (*reader_remove)(struct broker_reader *, int32_t token);
    int (*reader_poll)(struct broker_reader *, struct broker_message *, int max, int timeout_ms, struct weir_error *);
    void (*reader_release)(struct broker_reader *, struct broker_message *);
    /* Next offset the reader will deliver for the token; reaches the end offset also over gaps (transaction markers,
     * compaction). -1: unknown. */
    int64_t (*reader_position)(struct broker_reader *, int32_t token);
    void (*reader_close)(struct broker_reader *);
};

struct broker { /* first member of every implementation */
    const struct broker_ops *ops;
};

/* Of the index-th topic, which has `count` partitions, the one before it `before`. False: it is not as it was told. */
static inline bool broker_subscription_check(const struct broker_subscription *subscription, size_t index,
                                             int32_t count, int32_t before, struct weir_error *error)
{
    const char *topic = subscription->topics[index];
    if (subscription->partitions && count != subscription->partitions[index])
        return error_set(error, WEIR_INVALID, "topic '%.200s' has %d partitions now, not %d", topic, (int)count,
                         (int)subscription->partitions[index]);
    return count <= before ||
           error_set(error, WEIR_INVALID, "topic '%.200s' has %d partitions, more than the %d before it", topic,
                     (int)count, (int)before);
}

struct broker *broker_kafka_open(const struct config *, struct weir_error *);
/* Shared by the apps of a process: the same directory gives the same log, closed with its last user. directory NULL:
 * in memory, private. */
struct broker *broker_embedded_open(const char *directory, const struct config *, struct weir_error *);
/* The same broker, internal topics of which hold bundles of records (bundled/bundle.h): those that `ensure` is told of. It closes the
 * one beneath. */
struct broker *broker_bundled_open(struct broker *beneath);
/* The one that the settings name. */
static inline struct broker *broker_open(const struct config *config, struct weir_error *error)
{
    if (*config_text(config, "bootstrap.servers"))
        return broker_kafka_open(config, error);
    return broker_embedded_open(config_text(config, "log.dir"), config, error);
}
#endif
