/* cluster.h: the inside of the simulated cluster, for the files of this room. */
#ifndef WEIR_SIMULATED_CLUSTER_H
#define WEIR_SIMULATED_CLUSTER_H
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "simulated/simulated.h"

struct open_transaction { /* in one partition */
    uint64_t transaction;
    int64_t first; /* offset of its first record here */
};

struct partition {
    const char *topic;
    int32_t number;
    struct simulated_record *records;
    size_t count, capacity;
    int64_t begin; /* records before it were purged */
    struct open_transaction *open;
    size_t open_count, open_capacity;
};

struct topic {
    char *name;
    int32_t partition_count;
    enum broker_cleanup cleanup;
    struct partition *partitions;
};

enum outcome { TRANSACTION_OPEN, TRANSACTION_COMMITTED, TRANSACTION_ABORTED };

struct kept_offset { /* of the group */
    const struct partition *partition;
    int64_t offset;
    char *metadata;
};

struct writer { /* of transactions, by its id; the coordinator's side */
    char *id;
    int64_t epoch;
    uint64_t transaction; /* 0: none is open */
    int64_t begun_us;
    struct kept_offset *pending; /* offsets that become true with the open one */
    size_t pending_count, pending_capacity;
};

struct marker { /* to be written when it is due */
    struct partition *partition;
    uint64_t transaction;
    int64_t due_us;
};

struct batch { /* of records on their way */
    struct pending_record *items;
    size_t count, capacity;
};
struct pending_record {
    struct partition *partition;
    struct simulated_record record; /* its bytes belong to the cluster's arena already */
    struct broker_delivery *delivery;
};

struct late {              /* a request that its sender has given up */
    struct batch batch;    /* of a writer without transactions, or records of one */
    struct writer *writer; /* NULL: none */
    const void *owner;     /* whose process sent it */
    int64_t epoch, due_us;
    bool ends_transaction;
};

struct purge { /* on its way */
    struct partition *partition;
    int64_t offset, due_us;
};

struct share {
    int32_t group, partition;
    const char *lead; /* topic */
    const struct member *owner, *target;
    int64_t owner_generation; /* in which the owner took it */
};

struct member {
    struct simulated_connection *connection; /* NULL: its process was killed, which the group learns by its silence */
    int64_t silent_since_us;                 /* of a killed one */
    bool was_expelled;
    int64_t settled_generation; /* the last of which it was told that it has settled */
    char client[128];           /* its name, by which a static member is known */
};

struct group {
    struct member **members;
    size_t member_count, member_capacity;
    struct share *shares;
    size_t share_count, share_capacity;
    int64_t generation;
    struct kept_offset *offsets;
    size_t offset_count, offset_capacity;
};

struct simulated {
    struct simulated_settings settings;
    struct simulated_witness witness;
    struct random random;
    int64_t now_us;
    bool healed;
    weir_arena arena; /* bytes of records */
    struct topic **topics;
    size_t topic_count, topic_capacity;
    enum outcome *outcomes; /* by transaction - 1 */
    size_t transaction_count, transaction_capacity;
    struct writer **writers;
    size_t writer_count, writer_capacity;
    struct marker *markers;
    size_t marker_count, marker_capacity;
    struct late *late;
    size_t late_count, late_capacity;
    struct purge *purges;
    size_t purge_count, purge_capacity;
    struct group group; /* there is one application */
    struct simulated_connection **connections;
    size_t connection_count, connection_capacity;
    uint64_t tokens; /* of commits without transactions */
    uint64_t expelled, fenced, came_late, aborted, returned, purged;
};

struct simulated_connection {
    struct broker broker; /* first */
    struct simulated *cluster;
    struct simulated_link link;
    void *owner;
    bool dead;
    int64_t silent_since_us; /* -1: it is not */
    int32_t expelled;        /* members that were, and have not joined again */
    struct broker_producer **producers;
    size_t producer_count, producer_capacity;
    uint64_t polled, released; /* messages */
};

/* ---- topics ---- */
struct topic *cluster_topic(const struct simulated *, const char *name); /* NULL: none */
struct topic *cluster_make_topic(struct simulated *, const char *name, int32_t partitions, enum broker_cleanup);
struct partition *cluster_partition(const struct simulated *, const char *topic, int32_t number); /* NULL: none */
/* A copy whose bytes live as long as the cluster. */
struct simulated_record cluster_copy(struct simulated *, const struct broker_record *);
int64_t partition_append(struct simulated *, struct partition *, struct simulated_record); /* its offset */
int64_t partition_stable_end(const struct partition *); /* before the first open transaction */
/* Offset of the first record at or behind `from` that readers see; the stable end: none. */
int64_t partition_next_visible(const struct simulated *, const struct partition *, int64_t from);

/* ---- transactions ---- */
uint64_t cluster_begin(struct simulated *, struct writer *);
void cluster_end(struct simulated *, struct writer *, bool commit);
struct writer *cluster_writer(struct simulated *, const char *id);
bool cluster_has_pending_offset(const struct simulated *, const struct partition *);
void cluster_keep_offset(struct kept_offset **, size_t *count, size_t *capacity, const struct partition *,
                         const struct broker_offset *);
/* Appends the records; of a writer that is fenced, none: false. */
bool cluster_take_batch(struct simulated *, struct batch *, struct writer *, int64_t epoch);
void cluster_delay(struct simulated *, struct late);
/* Deletes what lies before the offset, a while from now. What nobody has committed may not be deleted. */
void cluster_purge(struct simulated *, const struct broker_offset *, int64_t due_us);
void cluster_hurry(struct simulated *, const void *owner); /* what it sent without transactions arrives now */

/* ---- the group ---- */
void group_join(struct simulated *, struct member *, struct topic *const *leads, size_t groups);
bool group_is_rebalancing(const struct simulated *);
/* It has what it was dealt, for the first time in this generation. */
bool group_has_settled(const struct simulated *, struct member *);
void group_leave(struct simulated *, struct member *);
void group_expel(struct simulated *, struct member *); /* frees one that was killed */
void group_bury(struct simulated *, struct member *);  /* its process is dead: frees it when its session has run out */
bool group_has(const struct simulated *, const struct member *);
/* Something to give up (take == false) or to take for the member; NULL: nothing now. */
struct share *group_next(struct simulated *, const struct member *, bool *take);
struct share *group_share(struct simulated *, int32_t group, int32_t partition);

/* ---- a request ---- */
struct trip {
    enum simulated_fate fate;
};
/* False: it did not arrive: WEIR_RETRY, or WEIR_FATAL where the process is dead. */
bool trip_begin(struct simulated_connection *, enum simulated_request, struct trip *, struct weir_error *);
bool trip_end(struct simulated_connection *, const struct trip *, struct weir_error *); /* false: no answer */
struct simulated_connection *connection_of(struct broker *);

extern const struct broker_ops simulated_ops;
struct broker_consumer *simulated_consumer_open(struct broker *, const char *, const char *,
                                                const struct broker_subscription *, size_t, struct broker_rebalance,
                                                struct weir_error *);
int simulated_consumer_poll(struct broker_consumer *, struct broker_message *, int, int, struct weir_error *);
void simulated_consumer_release(struct broker_consumer *, struct broker_message *);
void simulated_consumer_pause(struct broker_consumer *, int32_t, int32_t, int32_t);
void simulated_consumer_resume(struct broker_consumer *, int32_t, int32_t, int32_t);
int64_t simulated_consumer_end(struct broker_consumer *, int32_t, int32_t, int32_t);
bool simulated_consumer_is_behind(struct broker_consumer *, int32_t, int32_t, int32_t);
bool simulated_consumer_commit(struct broker_consumer *, const struct broker_offset *, size_t, struct weir_error *);
void simulated_consumer_rewind(struct broker_consumer *, const struct broker_offset *, size_t);
enum broker_purge simulated_consumer_purge(struct broker_consumer *, const struct broker_offset *, size_t,
                                           struct weir_error *);
void simulated_consumer_wake(struct broker_consumer *);
void simulated_consumer_close(struct broker_consumer *);
/* What the client checks before it asks, and what the coordinator does. */
bool simulated_consumer_holds(const struct broker_consumer *, const struct broker_offset *, size_t,
                              struct weir_error *);
bool simulated_consumer_is_member(const struct broker_consumer *, struct weir_error *);
struct broker_producer *simulated_producer_open(struct broker *, const char *, struct weir_error *);
bool simulated_producer_send(struct broker_producer *, const char *, const struct broker_record *, struct weir_error *);
void simulated_producer_poll(struct broker_producer *);
bool simulated_producer_flush(struct broker_producer *, int, struct weir_error *);
void simulated_producer_close(struct broker_producer *);
void simulated_producer_kill(struct broker_producer *);
struct broker_producer *simulated_transaction_open(struct broker *, const char *, const char *, struct weir_error *);
bool simulated_transaction_commit(struct broker_producer *, struct broker_consumer *, const struct broker_offset *,
                                  size_t, struct weir_error *);
bool simulated_transaction_abort(struct broker_producer *, struct weir_error *);
struct broker_reader *simulated_reader_open(struct broker *, struct weir_error *);
bool simulated_reader_add(struct broker_reader *, const char *, int32_t, int64_t, int32_t, struct weir_error *);
void simulated_reader_remove(struct broker_reader *, int32_t);
int simulated_reader_poll(struct broker_reader *, struct broker_message *, int, int, struct weir_error *);
void simulated_reader_release(struct broker_reader *, struct broker_message *);
int64_t simulated_reader_position(struct broker_reader *, int32_t);
void simulated_reader_close(struct broker_reader *);
#endif
