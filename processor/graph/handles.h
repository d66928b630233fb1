/* handles.h: what the handles of weir.h are inside, and the parts from which the verbs are made.
 *
 * A verb checks everything before it adds anything. Once the topology's latch is set verbs answer NULL and change
 * nothing. */
#ifndef WEIR_GRAPH_HANDLES_H
#define WEIR_GRAPH_HANDLES_H
#include "graph/graph.h"
#include "operators/operators.h"

struct weir_stream {
    weir_topology *topology;
    struct graph_node *node;
    int32_t
        reader; /* of a source that others read before: the later, the greater; 0: the first, and behind other nodes */
};
struct weir_table {
    weir_topology *topology;
    struct graph_node *node;
    struct table_view view;
    weir_table *from[2]; /* the tables it was made of; none: a source or an aggregate */
    bool is_cogrouped;   /* its node passes on the changes of the aggregates in front */
};
struct weir_global_table {
    weir_table table;
};
struct weir_grouped {
    weir_topology *topology;
    struct graph_node *node;
    const char *at;
    struct graph_node *filter; /* first node of the repartition in front of `node`; NULL: there is none */
    bool is_aggregated;
};
struct weir_grouped_table {
    weir_topology *topology;
    struct graph_node *select; /* sends what leaves a group and what enters one */
    const char *name;          /* of the repartition */
    struct graph_node *source; /* behind the repartition topic; NULL until there is an aggregate */
};
struct weir_branches {
    weir_topology *topology;
    struct graph_node *split;
    int32_t count;
    bool has_rest;
};

/* ---- verb.c: a call of the DSL, for its messages; and checks, which latch and return false ---- */

struct verb {
    weir_topology *topology;
    const char *at;   /* NULL: unknown */
    const char *word; /* "filter" */
    const char *name; /* what it is about, in quotes behind the word; NULL: nothing */
};

/* Latches "<at>: <word> '<name>': <message>". Always false. */
__attribute__((format(printf, 2, 3))) bool verb_fail(const struct verb *, const char *format, ...);
const char *verb_place(const struct verb *); /* "folder/file:line" of the call; "?": unknown */
bool verb_is_open(const struct verb *);      /* false: something is latched */
/* A name that must be given: of a topic, store or node; Kafka's rules for topic names. */
bool verb_check_name(const struct verb *, const char *what, const char *name);
bool verb_check_type(const struct verb *, const char *what, const struct weir_type *);
bool verb_check_function(const struct verb *, bool is_given);
bool verb_check_no_store(const struct verb *, const char *store); /* of a stream */
bool verb_check_same(const struct verb *, const weir_topology *other);
bool verb_check_plain(const struct verb *, const struct graph_node *); /* not windowed, its key not changed */

/* ---- window.c: windows ---- */

/* Checks the window and fills in its retention. */
bool verb_check_window(const struct verb *, struct weir_window *);
bool verb_check_store_window(const struct verb *, struct weir_window *); /* of a processor's store */
/* How an author wants a store to be kept, from the optional fields of a verb that has one. */
struct keeping {
    weir_duration history;
    bool in_memory, no_log;
};
#define KEEPING(args) ((struct keeping){(args).history, (args).in_memory, (args).no_log})

/* The kind of store for rows of such windows, with size and retention; without a window one that keeps the history, if
 * there is one. */
struct store_spec window_store_spec(const struct weir_window *, struct keeping);
/* A history is not negative, and windows have none. False: latched. */
bool verb_check_keeping(const struct verb *, struct keeping, bool has_windows);
bool verb_check_no_keeping(const struct verb *, struct keeping); /* of a verb that has no store */

/* ---- node.c: nodes ---- */

/* A generated name; its number is used up whether or not the author gave a name. Checks the author's. NULL: latched. */
const char *node_name(const struct verb *, const char *prefix, const char *kind, const char *given);
void node_use_number(weir_topology *);
/* Adds a node of that name. It has no parents yet. */
struct graph_node *node_add(const struct verb *, enum graph_kind, const char *name);
/* Adds a processor behind parent that forwards what parent does. */
struct graph_node *node_add_behind(const struct verb *, struct graph_node *parent, const struct operator*,
                                   const char *name);
void node_move_last(weir_topology *, struct graph_node *); /* in the order of creation */
void node_connect(weir_topology *, struct graph_node *parent, struct graph_node *child);
/* False: latched, too many. Connecting a store twice is connecting it once. */
bool node_connect_store(const struct verb *, struct graph_node *, struct graph_store *);
/* Connects the stores in which the rows of a table are found. False: latched, a table below keeps none. */
bool node_connect_view(const struct verb *, struct graph_node *, const struct table_view *);
void nodes_append(weir_arena *, struct graph_nodes *, struct graph_node *);
void *node_args(weir_topology *, const void *args, size_t size); /* a copy */

weir_stream *stream_of(weir_topology *, struct graph_node *);

/* ---- step.c ---- */

/* A processor behind the stream with a copy of the args and their .user; NULL: latched. */
struct graph_node *step_add(const struct verb *, weir_stream *, const struct operator*, const struct weir_step_args *);
/* The author's stores, by name; NULL entries are none. False: latched. */
bool step_check_stores(const struct verb *, const char *const stores[WEIR_STORES_MAX]);
bool step_connect_stores(const struct verb *, struct graph_node *, const char *const stores[WEIR_STORES_MAX]);

/* ---- table.c: tables ---- */

/* The table whose changes the node forwards; it keeps no store yet and is found as told. */
weir_table *table_of(weir_topology *, struct graph_node *, table_find *);
/* Keeps the table in a new store of that name, from then on the place where it is found; NULL: it keeps none. With a
 * history the store is versioned. False: latched. */
bool table_keep_in(const struct verb *, weir_table *, const char *store, struct keeping);
/* The same, in a store that is there already. False: latched. */
bool table_keep_in_store(const struct verb *, weir_table *, struct graph_store *);
/* How far a versioned table (table_view_is_versioned) reaches back. */
int64_t table_history_ms(const weir_table *);
/* Asks the table to say what its changes replace (KTableImpl.enableSendingOldValues): false: it cannot, because a source
 * below keeps no rows. Then nothing has changed, or, with `force`, the verb fails. */
bool table_send_old(const struct verb *, weir_table *, bool force);

/* ---- aggregate.c: what cogroup.c shares with it ---- */

const struct operator* aggregate_operator(const struct weir_window *);
/* Sessions need a .merge, nothing else may have one. False: latched. */
bool aggregate_check_merge(const struct verb *, const struct weir_window *, bool has_merge);
/* The fold of an aggregate; .aggregate and .initial are still to be set. */
struct fold_args aggregate_fold(const struct weir_window *, weir_merger *);

/* ---- repartition.c ---- */

/* The internal topic "<name>-repartition" for what the node forwards. NULL: latched. */
struct graph_topic *repartition_topic(const struct verb *, const char *name, const struct graph_node *forwards);
/* A sink of that name behind the node, and the source on the other side of the topic. NULL: latched. */
struct graph_node *repartition_sink(const struct verb *, struct graph_node *, struct graph_topic *, const char *name);
struct graph_node *repartition_source(const struct verb *, struct graph_topic *, const char *name);
/* ---- source.c ---- */

/* The source of the verb's topic, new or known with the same arguments, named as given (NULL: generated). NULL: latched. */
struct graph_node *source_node(const struct verb *, const struct weir_type *key, const struct weir_source_args *,
                               const char *given);
/* A source of that topic alone, of that name. NULL: latched. */
struct graph_node *source_add_one(const struct verb *, struct graph_topic *, const struct weir_source_args *,
                                  const char *name);
/* A later reader of the source asks for nothing else than the first. False: latched. */
bool source_agrees(const struct verb *, struct graph_node *source, const struct weir_source_args *);
struct graph_node *source_of_topic(const weir_topology *, const struct graph_topic *);     /* NULL: nobody reads it */
weir_stream *source_stream(const struct verb *, struct graph_node *, size_t nodes_before); /* of a later reader, too */

/* ---- copartition.c ---- */

/* What the two nodes forward is looked up in each other, or added to one row: the topics they come from, up to the last
 * repartition and through merges, must have equally many partitions (Kafka Streams: copartitionSources). */
void copartition_add(weir_topology *, const struct graph_node *left, const struct graph_node *right);
/* Of the whole, for graph_plan: numbers the sources. Nodes' indexes are their places in the topology. */
void copartition_number(weir_topology *);

/* ---- pattern.c ---- */

/* Nobody reads a topic by a pattern as well as by its name (Kafka Streams: validateTopicNotAlreadyRegistered). */
bool pattern_check_topic(const struct verb *, const struct graph_topic *);

/* ---- join.c ---- */

/* What all joins ask of their arguments and inputs. */
bool join_check(const struct verb *, const struct weir_join_args *, const struct graph_node *left,
                const struct graph_node *right);

/* ---- repartition.c ---- */

/* To be called at each aggregate of the group, behind choosing its name: Kafka Streams makes the nodes of a repartition
 * when a group is first aggregated, and uses up their numbers again at each aggregate. */
void grouped_use_numbers(weir_grouped *);

/* ---- topology.c: topics and stores ---- */

/* The topic, new or known with the same types; NULL: latched. */
struct graph_topic *topology_topic(const struct verb *, const char *name, const struct weir_type *key,
                                   const struct weir_type *value);
/* Stands for all topics that match the expression; new or known with the same types. NULL: latched. */
struct graph_topic *topology_pattern(const struct verb *, const char *text, const struct weir_type *key,
                                     const struct weir_type *value);
/* Stands for all the topics that a sink computes. */
struct graph_topic *topology_computed_topic(const struct verb *, const struct weir_type *key,
                                            const struct weir_type *value);
/* A new store; NULL: latched. The name in the spec is copied. */
struct graph_store *topology_add_store(const struct verb *, struct store_spec);
/* "<name of the verb>-store", of bytes, for the engine alone. */
struct graph_store *topology_add_hidden_store(const struct verb *, bool no_log);
const char *topology_text(weir_topology *, const char *text); /* a copy; NULL stays NULL */

/* ---- describe ---- */
struct buffer;
void describe_text(const weir_topology *, struct buffer *);
void describe_json(const weir_topology *, struct buffer *);
void describe_dot(const weir_topology *, struct buffer *);
void describe_mermaid(const weir_topology *, struct buffer *);
#endif
