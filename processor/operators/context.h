/* context.h: what an operator sees of its task, and what the runtime sees of an operator.
 *
 * One context per node per task, linked as the graph is. Forwarding is a direct call of the children, depth first; there
 * is no scheduler. Operators know no broker, no clock and no thread. All of it belongs to the task's thread. */
#ifndef WEIR_OPERATORS_CONTEXT_H
#define WEIR_OPERATORS_CONTEXT_H
#include "base/arena.h"
#include "graph/graph.h"
#include "state/store.h"
#include "weir.h"

struct operator
{
    const char *kind;             /* of the generated name: "FILTER" in KSTREAM-FILTER-0000000001 */
    size_t self_size;             /* bytes of context->self, zeroed before open */
    void (*open)(weir_context *); /* may be NULL */
    void (*process)(weir_context *, const struct weir_record *);
    void (*close)(weir_context *); /* may be NULL */
    /* Of operators that know of time. The first may be NULL. */
    int64_t (*due)(weir_context *);  /* when the first of what waits leaves, by stream time; INT64_MAX: nothing waits */
    void (*advance)(weir_context *); /* stream time went on to execution->timestamp_ms, without a record */
    /* Of operators that hold changes until the commit; may be NULL. It begins: what is held is forwarded. There is no record
     * in hand, and nothing else in the arena. */
    void (*tell)(weir_context *);
    /* Of operators that wrote down at a commit what leaves behind it; may be NULL. As many commits are published as
     * execution->dispatch_at has said: it is forwarded, and belongs to the next one. Otherwise as tell. */
    void (*dispatch)(weir_context *);
};

/* Where records come from that no input has caused, so that they are recognised when they come again (lineage.h). */
struct origin {
    uint32_t name_hash;
    int64_t number; /* grows */
    int32_t sent;   /* records so far */
};

struct given_up {
    struct weir_metadata place; /* where the record came from */
    int32_t retries;
    const char *message;
    enum weir_policy policy; /* WEIR_POLICY_DEFAULT: that of processing */
};

struct engine_calls { /* the runtime's (or test driver's) side */
    /* A sink's record: encode and hand to the collector. */
    void (*send)(void *engine, weir_context *sink, const struct weir_record *);
    /* Counts one record as dropped; reason is a string constant or copied. */
    void (*drop)(void *engine, weir_context *, const char *reason);
    /* start_ms: of the first interval; SCHEDULE_AS_USUAL: as weir_schedule says. */
    weir_timer (*schedule)(void *engine, weir_context *, enum weir_clock, int64_t start_ms, int64_t every_ms,
                           weir_punctuator *);
    void (*cancel)(void *engine, weir_timer);
    int64_t (*system_time)(void *engine);
    /* Poison is latched and the node is about to be left. Handles it by the policy and clears the latch, so that the
     * rest of the graph goes on, or latches what is worse. NULL: it stays latched. */
    void (*failed)(void *engine, weir_context *);
    /* A call of the record is given up. */
    void (*give_up)(void *engine, weir_context *, const struct weir_record *, const struct given_up *);
};

#define SCHEDULE_AS_USUAL INT64_MIN

/* Shared by all contexts of a task; the runtime sets it up before each record and punctuation. */
struct execution {
    const struct engine_calls *calls;
    void *engine;
    weir_arena *arena; /* of the record in hand */
    int32_t partition;
    int64_t stream_time_ms; /* of the task; -1: none yet */
    int64_t timestamp_ms;   /* of the record in hand where it stands now; punctuation: now */
    /* Lateness is judged where a record entered: never by more than the stream time its upstream task had when it sent
     * the record (DECISIONS.md, "Late is judged where the record entered"). INT64_MAX: not from a repartition topic. */
    int64_t upstream_time_ms;
    /* The least stream time of the upstream tasks heard of lately, which may all still send records of that time.
     * INT64_MAX: not from a repartition topic; INT64_MIN: not all of them have been heard of yet. */
    int64_t slowest_time_ms;
    int64_t input_time_ms; /* greatest timestamp of the input of the record in hand so far; of no record: stream time */
    struct store *const *globals; /* of the global tables, by graph_store.global; for store_peek only */
    int64_t emit_interval_ms;     /* windows that have closed and records nobody has met: looked for at most so often */
    struct weir_headers headers;  /* of the record in hand; forwarded */
    struct weir_metadata metadata; /* of the input record in hand */
    struct weir_error error;       /* the latch: the record in hand is poison, or worse */
    bool forget;                   /* weir_forget was called */
    bool commit;                   /* weir_commit was called */
    int32_t holds;                 /* nodes that want no more records for now; punctuators go on */
    size_t held_bytes;             /* of what nodes hold until the commit; 0: none do */
    bool at_least_once;            /* what is forwarded is forwarded again after a crash: it is in no transaction */
    int64_t commits;               /* published since the operators were opened */
    int64_t dispatch_at;           /* so many of them, and something is to be dispatched; INT64_MAX: nothing is */
    struct origin *origin;         /* NULL: the record in hand, or nobody */
};

struct weir_store { /* a typed handle on a store, one per context and store */
    struct store *store;
    const struct store_spec *spec;
    struct execution *execution;
    weir_context *context; /* of the node that it belongs to; NULL: what it drops is not counted */
    bool is_read_only;     /* for callbacks: it belongs to a table */
    bool is_shared;        /* a global table's: read as another thread has left it (store_peek) */
};

struct weir_context {
    const struct graph_node *node;
    struct execution *execution;
    weir_context **children; /* in the order of node->children */
    size_t child_count;
    weir_context *late;         /* takes records that are too late; no child; NULL: nobody asked */
    bool is_late;               /* the record in this node was told to it */
    struct weir_store *stores;  /* in the order of node->stores */
    struct weir_store *globals; /* in the order of node->globals; .store is set when it is asked for */
    void *self;
    const struct weir_record *entered; /* the record in this node now; NULL: none, as in a punctuator */
    uint64_t records;                  /* that entered the node; read by others without a lock (relaxed) */
};

/* Enters a node: counts, and calls its operator, or the engine's send for a sink, or forwards for a source. Does
 * nothing once the execution's latch is set. Poison is handled where it is latched: the record does not leave that node,
 * its siblings go on (ProcessorNode.process of Kafka Streams). */
void context_enter(weir_context *, const struct weir_record *);
/* Calls every child with the record; key_type, value_type and headers are filled in from node and execution. */
void context_forward(weir_context *, const struct weir_record *);
void context_drop(weir_context *, const char *reason);
/* Stream time goes on without a record: calls the operator's advance. What it latches is handled as in context_enter. */
void context_advance(weir_context *);
/* A commit begins: calls the operator's tell. What it latches is handled as in context_enter. */
void context_tell(weir_context *);
/* A commit is done: calls the operator's dispatch. What it latches is handled as in context_enter. */
void context_dispatch(weir_context *);
/* A punctuator of the node; what it latches is handled as in context_enter. */
void context_punctuate(weir_context *, weir_punctuator *, int64_t now_ms);
/* Latches POISON unless something is latched. Always returns false. */
__attribute__((format(printf, 3, 4))) bool context_fail(weir_context *, enum weir_code, const char *format, ...);

/* Typed access, in typed_store.c; used by operators and behind weir_get and friends. Values live in the record arena. */
const void *typed_get(struct weir_store *, const void *key,
                      int64_t *timestamp_ms); /* NULL: absent; timestamp may be NULL */
void typed_put(struct weir_store *, const void *key, const void *value, int64_t timestamp_ms); /* value NULL deletes */
/* Of a key that was never used before (store_put_new); stores of plain keys. */
void typed_put_new(struct weir_store *, const void *key, const void *value, int64_t timestamp_ms);
/* Versioned stores; typed_get and typed_put mean the newest version there. What came too late is dropped and counted. */
const void *typed_get_as_of(struct weir_store *, const void *key, int64_t as_of_ms, struct weir_version *);
int64_t typed_put_version(struct weir_store *, const void *key, const void *value, int64_t timestamp_ms);
const void *typed_peek(struct weir_store *, const void *key, int64_t *timestamp_ms); /* as typed_get, by store_peek */
const void *typed_window_get(struct weir_store *, const void *key, int64_t start_ms, int64_t *timestamp_ms);
void typed_window_put(struct weir_store *, const void *key, int64_t start_ms, const void *value, int64_t timestamp_ms);
const void *typed_session_get(struct weir_store *, const void *key, int64_t start_ms, int64_t end_ms,
                              int64_t *timestamp_ms);
void typed_session_put(struct weir_store *, const void *key, int64_t start_ms, int64_t end_ms, const void *value,
                       int64_t timestamp_ms);

/* The windows of one key that start in a span, or its sessions that reach into it (end >= from and start <= to), in order
 * of start (end). No write to the store while they are open. */
struct window_row {
    int64_t start_ms, end_ms;
    const void *value; /* NULL: there is none */
    int64_t timestamp_ms;
    bool is_new; /* not in the store yet */
};
struct typed_windows {
    struct weir_store *handle;
    struct store_cursor *cursor;
    int64_t from_ms, to_ms;
};
void typed_windows_open(struct typed_windows *, struct weir_store *, const void *key, int64_t from_ms, int64_t to_ms,
                        bool descending);
bool typed_windows_next(struct typed_windows *, struct window_row *); /* false: at the end, or latched */
void typed_windows_close(struct typed_windows *);
#endif
