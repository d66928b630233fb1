/* layout.h: a planned topology with everything resolved that depends on the application: full topic names, changelogs,
 * partition counts, and the hidden stores. Read-only once made, but for the inputs of a pattern; shared by all threads of an
 * app. */
#ifndef WEIR_RUNTIME_LAYOUT_H
#define WEIR_RUNTIME_LAYOUT_H
#include <stdatomic.h>

#include "base/config.h"
#include "broker/broker.h"
#include "graph/graph.h"

struct registry;

struct layout_source {
    const struct graph_node *node;
    const char *topic;                   /* full name */
    int32_t partitions;                  /* of the topic; 0 until layout_create_topics */
    weir_timestamp_of *timestamp;        /* NULL: the record's own */
    enum weir_untimed untimed;           /* never the default */
    enum weir_policy reading;            /* never the default */
    weir_error_handler *reading_handler; /* asked before that policy; NULL: nobody is */
    enum weir_reset reset;               /* never the default */
    int64_t reset_by_ms;                 /* with WEIR_RESET_BY_DURATION */
    const char *dead_letters; /* full name; of what a callback failed on also behind a repartition; NULL: none needed */
    uint32_t topic_hash;      /* CRC-32C of the full name; part of the lineage header */
    bool is_shares;     /* of a pattern: the topic without records that has a partition per task (DECISIONS.md 49) */
    bool is_new;        /* such a topic that was not there at the start */
    bool is_match;      /* the topic matches the pattern of the node */
    bool is_passing;    /* an internal topic of which nobody wants what is committed: no store is restored from it */
    bool is_bundled;    /* such a topic, and records of it may share messages (repartition.bundles) */
    bool has_partition; /* of a global table: it reads this partition, not the task's */
    int32_t partition;
    int32_t lineage_store; /* repartition topics: index of the store that remembers what was seen; else -1 */
};

struct layout_store {
    struct store_spec spec;
    const char *changelog; /* full name; NULL: it has none of its own */
    int32_t source;        /* the topic of this source is its changelog (source_row.h); -1: it is not */
    uint32_t name_hash; /* CRC-32C of the name (and of the source's topic); identifies the store in commit metadata */
    uint32_t else_hash; /* of a table's source: the same if it were restored from the other topic; else 0 */
    int32_t writers;    /* index of the store that remembers who wrote its rows (writers.h); -1: nobody asks */
    bool hidden;        /* the engine's own, not a view */
    bool is_packed;     /* rows of its changelog share records (packed.h) */
    bool is_hashed;     /* its keys are known to live where murmur2 puts them (DECISIONS.md 11) */
};

/* It can be restored. */
static inline bool layout_is_logged(const struct layout_store *store)
{
    return store->changelog || store->source >= 0;
}

/* The widest topic first, which is the lead topic: layout_sources_of. Once published nothing of it changes. */
struct layout_inputs {
    struct layout_source *items;
    size_t count;
};

struct layout_part { /* one sub-topology */
    const struct graph_subtopology *subtopology;
    struct layout_source *sources; /* as they were at the start, in the order of the first inputs */
    size_t source_count;
    _Atomic(const struct layout_inputs *) inputs; /* [any] as they are now: topics that match a pattern come and go */
    struct layout_store *stores;                  /* those of the graph first, in its order; hidden ones behind */
    size_t store_count;
    const char **sink_topics; /* by node->index; NULL where the node is no sink, or computes its topics */
    int32_t *sink_partitions; /* by node->index; 0: not known, because nobody asks */
    int32_t *sink_schemas;    /* by node->index: number of its value's schema in the registry; 0: none */
    bool reads_drops;
    int32_t partitions; /* tasks: as many as the widest topic has; 0 until layout_create_topics */
};

/* Some of its state can be restored, and is worth a copy elsewhere. */
static inline bool layout_has_changelog(const struct layout_part *part)
{
    for (size_t i = 0; i < part->store_count; i++)
        if (layout_is_logged(&part->stores[i]))
            return true;
    return false;
}

/* It reads all topics of a pattern, perhaps beside others. */
static inline bool layout_has_pattern(const struct layout_part *part)
{
    for (size_t i = 0; i < part->source_count; i++)
        if (part->sources[i].is_shares)
            return true;
    return false;
}

struct layout {
    weir_arena arena;
    const char *application;
    struct registry *schema_registry;       /* of the app; NULL: there is none */
    weir_topology *topology;                /* owned */
    enum weir_policy processing, producing; /* never the default */
    const char *drops;                      /* topic of drops, full name; NULL: the topology does not ask for them */
    int32_t drops_partitions;               /* 0 until layout_create_topics */
    bool letters_on_fail;                   /* WEIR_FAIL writes a dead letter, too */
    size_t pattern_count;                   /* sources that read all topics of a pattern */
    struct layout_part *parts;              /* those with tasks, behind them the global tables */
    size_t part_count, global_count;
};

/* Takes the topology, always. Plans it; false: the latched or the plan's error. */
bool layout_init(struct layout *, weir_topology *, const char *application, const struct config *, struct weir_error *);
void layout_done(struct layout *);

/* Asks the broker for the partition counts of the source topics, decides those of the repartition topics, creates what
 * is missing (sources, sinks, repartition topics, changelogs, dead letter topics) and checks what is there. Sources that
 * are joined must have the same count; the error names two that differ. Sorts the sources. */
bool layout_create_topics(struct layout *, struct broker *, const struct config *, struct weir_error *);

/* Whether the topics that tasks read and their changelogs are still those of the layout. False, WEIR_INVALID: one has other
 * partitions now, or is gone (a broker that has just started may say so for a moment); WEIR_RETRY: not to be told now. */
bool layout_check_topics(const struct layout *, struct broker *, struct weir_error *);

/* One of its sinks writes the topic. */
bool layout_writes(const struct layout_part *, const char *topic);
/* Who reads that internal topic; NULL: nobody. */
const struct layout_part *layout_reader(const struct layout *, const char *topic);
/* What `from` reads may come to `to`, through internal topics; also where they are one. */
bool layout_leads_to(const struct layout *, const struct layout_part *from, const struct layout_part *to);

/* How many tasks write a repartition topic; 0: none. */
int32_t layout_upstream_partitions(const struct layout *, const char *topic);

/* [any] They live as long as the layout, also when there are others. */
static inline const struct layout_inputs *layout_inputs(const struct layout_part *part)
{
    return atomic_load(&part->inputs);
}

/* How many of the inputs have that partition: they are the first ones, and those of that task (Kafka Streams:
 * PartitionGrouper). */
size_t layout_sources_of(const struct layout_inputs *, int32_t partition);

/* Puts the widest first; of equal ones the shares of patterns, which so always lead, behind them what has a name in the
 * topology, and then what matches, so that topics that come and go move no changelog of a table (layout_store.source); else in the
 * order they have. */
void layout_sort(struct layout_source *, size_t count);
/* Counts of the topics that the part reads are known: sorts its sources, sets the number of tasks, and publishes them. */
void layout_sort_sources(struct layout *, struct layout_part *);
/* [one thread at a time] From now on the part has these inputs; the items are taken over, in an arena that outlives it. */
void layout_publish(weir_arena *, struct layout_part *, struct layout_source *items, size_t count);

/* A source of a pattern's node that reads the topic. The name is taken over. */
void layout_match(struct layout *, struct layout_source *, const struct graph_node *, const char *topic,
                  const struct config *);
/* Creates their dead letter topics that are missing. */
bool layout_create_letters(const struct layout_source *, size_t count, struct broker *, struct weir_error *);
/* Ask until there is an answer, or for a minute. Partitions: 0: there is no such topic, -1: error. Topics: as the broker's. */
int32_t layout_ask_count(struct broker *, const char *topic, struct weir_error *);
bool layout_ask_topics(struct broker *, weir_arena *, const char ***names, size_t *count, struct weir_error *);

/* In the arena; the topics' names are the layout's. */
struct broker_subscription layout_subscription(const struct layout_inputs *, weir_arena *);

/* Makes a source of each partition of the global table's topic. */
void layout_spread(struct layout *, struct layout_part *global, int32_t partitions);
/* The topic that a store is restored from; NULL: there is none. */
static inline const char *layout_log(const struct layout_part *part, const struct layout_store *store)
{
    return store->source >= 0 ? part->sources[store->source].topic : store->changelog;
}
static inline int32_t layout_partition(const struct layout_source *source, int32_t of_task)
{
    return source->has_partition ? source->partition : of_task;
}

/* The store and its part by name; also of a global table; NULL: there is none. */
const struct layout_store *layout_find_store(const struct layout *, const char *name, const struct layout_part **part,
                                             size_t *index);
#endif
