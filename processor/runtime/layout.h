/* layout.h: a planned topology with everything resolved that depends on the application: full topic names, changelogs,
 * partition counts, and the hidden stores. Read-only once made; shared by all threads of an app. */
#ifndef WEIR_RUNTIME_LAYOUT_H
#define WEIR_RUNTIME_LAYOUT_H
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
    bool has_partition;       /* of a global table: it reads this partition, not the task's */
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
    bool is_hashed;     /* its keys are known to live where murmur2 puts them (DECISIONS.md 11) */
};

/* It can be restored. */
static inline bool layout_is_logged(const struct layout_store *store)
{
    return store->changelog || store->source >= 0;
}

struct layout_part { /* one sub-topology */
    const struct graph_subtopology *subtopology;
    struct layout_source *sources; /* the widest topic first, which is the lead topic: layout_sources_of */
    size_t source_count;
    struct layout_store *stores; /* those of the graph first, in its order; hidden ones behind */
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

struct layout {
    weir_arena arena;
    const char *application;
    struct registry *schema_registry;       /* of the app; NULL: there is none */
    weir_topology *topology;                /* owned */
    enum weir_policy processing, producing; /* never the default */
    const char *drops;                      /* topic of drops, full name; NULL: the topology does not ask for them */
    int32_t drops_partitions;               /* 0 until layout_create_topics */
    bool letters_on_fail;                   /* WEIR_FAIL writes a dead letter, too */
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

/* How many tasks write a repartition topic; 0: none. */
int32_t layout_upstream_partitions(const struct layout *, const char *topic);

/* How many of the part's sources have that partition: they are the first ones, and the inputs of that task (Kafka
 * Streams: PartitionGrouper). */
size_t layout_sources_of(const struct layout_part *, int32_t partition);

/* Counts of the topics that the part reads are known: puts the widest first, those of equal width in the order they have,
 * and sets the number of tasks. */
void layout_sort_sources(struct layout_part *);

/* Of the part, in the arena; the topics' names are the layout's. */
struct broker_subscription layout_subscription(const struct layout_part *, weir_arena *);

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
