/* simulated.h: a Kafka cluster in memory, for one thread, with the faults of a network, and time as the simulator tells it.
 *
 * It keeps the contract of broker.h as Kafka keeps it towards librdkafka: partitions are lists of records and markers;
 * readers see nothing behind the first open transaction and nothing of an aborted one; a writer of transactions has an
 * epoch, and the one before it is fenced; a group has members, and who was silent for session.timeout.ms is none any more.
 * A process reaches the cluster over a connection; each of its requests may wait, be lost, or stay without an answer. */
#ifndef WEIR_SIMULATED_SIMULATED_H
#define WEIR_SIMULATED_SIMULATED_H
#include "base/random.h"
#include "broker/broker.h"

struct simulated;
struct simulated_connection;

enum simulated_request {
    SIMULATED_METADATA, /* partitions, topics, ranges, committed offsets, new topics */
    SIMULATED_POLL,
    SIMULATED_COMMIT_OFFSETS,
    SIMULATED_FLUSH,
    SIMULATED_OPEN_TRANSACTION,
    SIMULATED_COMMIT_TRANSACTION,
    SIMULATED_ABORT_TRANSACTION,
    SIMULATED_FETCH,
    SIMULATED_PURGE,
};

enum simulated_fate {
    SIMULATED_ANSWERED,
    SIMULATED_LOST,       /* never arrives */
    SIMULATED_UNANSWERED, /* arrives, and the answer does not */
    SIMULATED_LATE,       /* arrives when its sender has given up; treated as lost where that cannot be */
};

/* How a process and its network behave; the simulator's. */
struct simulated_link {
    void *self;
    void (*wait)(void *self, int64_t us);                            /* returns when so much time has passed */
    void (*travel)(void *self);                                      /* a request or an answer is on its way */
    enum simulated_fate (*fate)(void *self, enum simulated_request); /* asked once per request */
    bool (*sends_now)(void *self);                                   /* records sent so far leave the process */
    bool (*sees)(void *self, const char *topic); /* a listing has it: what a broker knows may be old */
};

/* Told the moment it happens. token: a commit; of a transaction, its number. */
struct simulated_witness {
    void *self;
    /* A member of the group offers to commit: what it has processed so far, and these offsets. */
    void (*offered)(void *self, void *owner, uint64_t token, const struct broker_offset *, size_t count);
    void (*committed)(void *self, uint64_t token);  /* what was offered has become true; else it never will */
    void (*violated)(void *self, const char *what); /* the contract of broker.h, by its user */
};

struct simulated_settings {
    int64_t session_timeout_us, transaction_timeout_us;
    int64_t marker_delay_us; /* at most so long after its commit, a transaction becomes readable */
    bool eager;              /* a rebalance takes everything from everybody first */
    bool static_members;     /* one that comes back before its session is over has what it had, without a rebalance */
    /* What a member without transactions has sent arrives although its session has run out meanwhile. Kafka does that: no
     * epoch guards such a writer. */
    bool strays;
};

struct simulated_record { /* lives as long as the cluster */
    int64_t offset, timestamp_ms;
    weir_bytes key, value;
    struct weir_headers headers;
    uint64_t transaction; /* 0: none */
    bool is_marker;       /* ends a transaction in this partition */
    bool is_from_outside; /* by simulated_append */
};

struct simulated *simulated_new(struct simulated_settings, struct simulated_witness, struct random);
void simulated_free(struct simulated *); /* every connection must be closed */
/* The time; sessions, transactions and what is late are judged by it. Never goes back. */
void simulated_tick(struct simulated *, int64_t now_us);

/* A process's way to the cluster; owner: whatever the simulator calls it by. Closing the broker frees it. */
struct broker *simulated_connect(struct simulated *, struct simulated_link, void *owner);
void *simulated_owner(const struct simulated_connection *);
/* The process is dead: nothing it does from now on has any effect, every call fails with WEIR_FATAL. Of records that had
 * been sent and were still on their way a part arrives, now or later. */
void simulated_kill(struct broker *);
/* The process is silent: it, or its network, stands still. Its sessions run out meanwhile. */
void simulated_silence(struct broker *, bool silent);

/* Faults from now on do not happen: requests that were late arrive or never will. */
void simulated_heal(struct simulated *);
uint64_t simulated_expelled(const struct simulated *); /* members whose session ran out */
uint64_t simulated_fenced(const struct simulated *);   /* requests that were refused because of it, or of an epoch */
uint64_t simulated_late(const struct simulated *);     /* requests that arrived after their sender had given up */
uint64_t simulated_aborted(const struct simulated *);  /* transactions */
uint64_t simulated_returned(const struct simulated *); /* static members that came back in time */
uint64_t simulated_purged(const struct simulated *);   /* records, because nobody needs them any more */

int32_t simulated_partitions(const struct simulated *, const char *topic); /* 0: there is none */
/* The record or marker at the index of the partition's list, which is its offset, also of one that was purged; NULL: behind
 * the end. */
const struct simulated_record *simulated_at(const struct simulated *, const char *topic, int32_t partition,
                                            int64_t offset);
/* True: readers of committed records see it. */
bool simulated_is_visible(const struct simulated *, const char *topic, int32_t partition,
                          const struct simulated_record *);
bool simulated_is_committed(const struct simulated *, uint64_t transaction);
void simulated_make_topic(struct simulated *, const char *name, int32_t partitions);
/* Appends a record of the world outside. */
void simulated_append(struct simulated *, const char *topic, const struct broker_record *);
int64_t simulated_committed(const struct simulated *, const char *topic, int32_t partition, const char **metadata);
#endif
