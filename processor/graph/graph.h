/* graph.h: a topology as nodes, topics and stores; what the verbs build, describe prints and the runtime runs.
 *
 * Everything belongs to the topology's arena and lives as long as it. Verbs only append; graph_plan() checks the whole
 * and cuts it into sub-topologies. After graph_plan the graph is read-only and may be shared by threads. */
#ifndef WEIR_GRAPH_GRAPH_H
#define WEIR_GRAPH_GRAPH_H
#include "base/arena.h"
#include "state/store.h"
#include "weir.h"

struct operator;

struct graph_topic {
    const char *name;   /* of an internal topic: without the "<application.id>-" in front */
    bool internal;      /* a repartition topic; created by the runtime */
    int32_t partitions; /* a repartition topic's, as the author said; 0: as many as its writers read */
    bool
        is_spread; /* a repartition topic: over partitions as the author's .partition_of says, not by the hash of keys */
    bool is_computed;   /* stands for the topics that a sink computes; no topic of that name */
    bool is_drops;      /* holds what was left out (weir_drops) */
    bool is_ticks;      /* holds ticks (runtime/tick.h) */
    bool is_pattern;    /* stands for all topics whose names match its own, a regular expression (base/pattern.h) */
    bool holds_changes; /* its values are new and old ones of a table (runtime/change.h) */
    const struct weir_type *key, *value;
    enum weir_format format; /* for writing; internal topics use WEIR_FORMAT_OBJECT */
    bool is_source, is_sink;
    bool requires_key; /* one of its readers buries a record without a key */
};

struct graph_store {
    struct store_spec spec;
    const char *at;
    bool
        of_processors; /* declared by weir_add_store or weir_global_store; all others belong to a table, and processors only read them */
    int32_t subtopology; /* -1 before graph_plan, or connected to nothing */
    int32_t index;       /* within the sub-topology */
    bool of_global;
    int32_t global; /* of a global table: its number among them; -1: of no global table */
    /* changelog topic: "<application.id>-<name>-changelog", unless spec.no_log */
};

enum { GRAPH_SESSIONS = -1 };
enum graph_kind { GRAPH_SOURCE, GRAPH_PROCESSOR, GRAPH_SINK };

struct graph_nodes {
    struct graph_node **items;
    size_t count, capacity;
};

struct graph_node {
    enum graph_kind kind;
    const char *name; /* as Kafka Streams generates it, e.g. KSTREAM-FILTER-0000000001, or the author's .name */
    const char *at;   /* "file:line" of the verb */
    const struct operator* operator; /* what it does; sources and sinks: NULL */
    const void *args;                /* the operator's own, see its file */
    const struct graph_node
        *self_of; /* it shares the memory (context->self) of that node, made before it; NULL: its own */
    void *user;
    const struct weir_type *key_type, *value_type; /* of what it forwards */
    int64_t window_size_ms; /* keys are windowed, with that size; GRAPH_SESSIONS: each of its own; 0: plain */
    bool key_changed;       /* since the last source or repartition: must not be grouped as it is */
    bool passes_null_keys;  /* of a record without a key a left or outer join still makes something (KIP-962) */
    bool sends_old;         /* a table's node: its changes carry what they replace (table_send_old) */
    bool is_global;         /* sources: of a global table; read by no task */
    int32_t
        copartition; /* sources: topics of those with the same number have equally many partitions; 0: any will do */
    struct graph_nodes parents, children; /* in order of connection, which is the order of forwarding */
    struct graph_store *stores[WEIR_STORES_MAX];
    size_t store_count;
    struct graph_store
        *globals[WEIR_STORES_MAX]; /* of global tables, which a processor reads; they belong to no task */
    size_t global_count;
    struct graph_topic *topic; /* sources and sinks */
    struct graph_topic **more; /* sources of several topics: the others, in the author's order */
    size_t more_count;
    weir_topic_of *topic_of;          /* sinks; NULL: it has one topic */
    weir_partition_of *partition_of;  /* sinks; NULL: by the hash of the key */
    bool partition_by_key;            /* sinks: .partition_of hears of the key alone, and names one partition */
    weir_timestamp_of *timestamp;     /* sources */
    enum weir_untimed untimed;        /* sources */
    enum weir_policy reading;         /* sources */
    enum weir_reset reset;            /* sources */
    int64_t reset_by_ms;              /* sources, with WEIR_RESET_BY_DURATION */
    const char *dead_letters;         /* sources; NULL: as the topology or the settings say, else "<topic>.dlq" */
    const struct graph_store *parked; /* sources: of keys whose records wait; NULL: none do. Their only store */
    bool require_key;                 /* sources */
    bool confidential;                /* sources: nobody but their readers sees the values */
    const struct graph_node *beside;  /* sources of ticks: it belongs to the sub-topology of that node */
    const char *shares;               /* sources of a pattern: the internal topic that has a partition per task */
    int64_t tick_after_ms;            /* sources of ticks: how long inputs are quiet before there is one */
    int32_t subtopology, index;       /* set by graph_plan; index within the sub-topology's nodes */
};

extern const struct weir_type parked_key_type; /* of the rows of a source's .parked (runtime/parked.avsc) */

struct graph_subtopology {
    int32_t id;
    bool is_global;             /* has no tasks: one global table, kept whole by every instance */
    struct graph_nodes nodes;   /* parents before children, in order of creation otherwise */
    struct graph_nodes sources; /* sources.items[0]->topic is the lead topic: a user topic where there is one */
    struct graph_store **stores;
    size_t store_count;
};

struct graph_joined { /* both sides must lie in the same partitions */
    const struct graph_node *left, *right;
};

struct weir_topology {
    const char *name;
    weir_arena arena;
    struct weir_error error; /* the latch */
    struct graph_nodes nodes;
    struct graph_topic **topics;
    size_t topic_count, topic_capacity;
    struct graph_store **stores;
    size_t store_count, store_capacity;
    int32_t next_number;                /* of generated node names */
    struct weir_on_error_args on_error; /* .at NULL: not said */
    struct graph_topic *drops;          /* of weir_drops; NULL: not asked for */
    struct graph_joined *joined;
    size_t joined_count, joined_capacity;
    struct weir_endpoint *endpoints;
    size_t endpoint_count, endpoint_capacity;
    bool planned;
    struct graph_subtopology *subtopologies;
    size_t subtopology_count;
};

/* The i-th topic that a source reads, or a sink writes; NULL: there are no more. */
struct graph_topic *graph_source_topic(const struct graph_node *, size_t i);
/* Checks names, types, connections; sorts nodes into sub-topologies (numbered by their first node, as Kafka Streams
 * numbers them); every user topic is a source of one sub-topology only (sources of one topic are merged into one node).
 * False: the latched error or the check's. Calling it again is free. */
bool graph_plan(weir_topology *, struct weir_error *);
#define GRAPH_LETTERS ".dlq" /* behind the name of a topic: that of its dead letters */
/* Where dead letters of a source go: its own topic, else the topology's, else the one of the settings (NULL or "": none),
 * else "<topic>" GRAPH_LETTERS; topic: the source's, by its full name. In the topology's arena. */
const char *graph_dead_letters(weir_topology *, const struct graph_node *source, const char *configured,
                               const char *topic);
struct graph_store *graph_find_store(const weir_topology *, const char *name); /* NULL: none */
struct graph_topic *graph_find_topic(const weir_topology *, const char *name); /* NULL: none */
/* The same, or else the pattern that the name matches. */
struct graph_topic *graph_find_input(const weir_topology *, const char *name);
#endif
