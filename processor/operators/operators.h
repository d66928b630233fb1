/* operators.h: the operators the verbs can put into a node, and what each expects in node->args.
 *
 * An operator is a const table without state of its own; its state is context->self and the stores of its node. */
#ifndef WEIR_OPERATORS_OPERATORS_H
#define WEIR_OPERATORS_OPERATORS_H
#include "operators/context.h"

/* node->args: struct weir_step_args */
extern const struct operator operator_filter, operator_filter_not;
extern const struct operator operator_map_values;
extern const struct operator operator_map;
extern const struct operator operator_flat_map, operator_flat_map_values;
extern const struct operator operator_peek, operator_foreach;
extern const struct operator operator_rekey;
extern const struct operator operator_branch; /* one way out of a split; a NULL test takes everything */

/* node->args: bool: the stream also sees what each change replaces */
extern const struct operator operator_to_stream;
extern const struct operator operator_to_stream_per_commit; /* the latest change of each key, at the commit */

/* node->args: none */
extern const struct operator operator_split; /* its children are branches, the first that matches wins */
extern const struct operator operator_merge;
extern const struct operator operator_keyed; /* drops records without a key in front of a repartition topic */

/* node->args: none; behind a windowed aggregate */
extern const struct operator operator_late;

/* node->args: struct weir_processor. process_values keeps the key it was given. */
extern const struct operator operator_process, operator_process_values;

/* node->args: none; node->stores[0], if there is one: the table */
extern const struct operator operator_table_source;

/* The same, made of a stream. */
extern const struct operator operator_to_table;

/* node->args: struct weir_print_args */
extern const struct operator operator_print;

/* node->args: struct table_step_args; node->stores[0], if there is one: the result. */
extern const struct operator operator_filter_table, operator_map_table;

/* node->args: struct weir_transform_args; the store of the result comes first, if it is kept, then those of the author. */
extern const struct operator operator_transform_table;

struct table_step_args {
    struct weir_step_args step;
    bool negated;      /* a filter that lets pass what its test denies */
    bool is_versioned; /* the table before: deletions that are in vain are sent on, because they have a time */
};

/* node->args: struct combine_args; node->stores[0]: the batch that leaves behind a commit. */
extern const struct operator operator_combine;

struct combine_args {
    weir_reducer *step;
    int64_t slice_ms; /* 0: all time */
};

/* node->args: struct suppress_args; node->stores[0]: what is held back. */
extern const struct operator operator_suppress;

struct suppress_args {
    int64_t wait_ms; /* behind the window's end, or behind the first change that waits */
    bool is_final;   /* until the window closes; its deletions are not told */
    bool shuts_down; /* when it is full */
    int64_t max_records, max_bytes;
};

/* node->stores: pending calls, their records, when they are due, the breaker; node->user is the author's. */
struct call_args {
    weir_requester *request;
    weir_answerer *answer;
    const struct weir_transport *transport;
    int64_t timeout_ms, first_retry_ms, open_ms, max_pending;
    int32_t retries, failures, concurrency;
    enum weir_policy given_up;
};
extern const struct operator operator_call;
/* From now on every call of this process travels over this one; NULL: each over its own again. For a simulator. */
void call_stand_in(const struct weir_transport *);
extern const struct weir_type pending_call_type, call_breaker_type; /* of its stores */

/* node->args: struct fold_args; node->stores[0]: the aggregates. */
extern const struct operator operator_aggregate, operator_reduce;
extern const struct operator operator_window_aggregate, operator_window_reduce;   /* tumbling, hopping, unlimited */
extern const struct operator operator_sliding_aggregate, operator_sliding_reduce; /* .difference */
extern const struct operator operator_session_aggregate, operator_session_reduce; /* .gap */

/* How aggregates are made. What they return lives in the record arena; NULL: there is no aggregate. */
typedef const void *fold_first(weir_context *); /* before the first record */
/* After a record; `old` is what came before, and is changed in place where the node does not say what it replaces. */
typedef const void *fold_step(weir_context *, const struct weir_record *, const void *old);
/* Of two sessions that a record of theirs has joined; `one` is changed in place. */
typedef const void *fold_merge(weir_context *, const struct weir_record *, const void *one, const void *two);
fold_first fold_count_first, fold_reduce_first, fold_aggregate_first;
fold_step fold_count, fold_reduce, fold_aggregate;
fold_merge fold_count_merge, fold_reduce_merge, fold_aggregate_merge;

struct fold_args {
    fold_first *first;
    fold_step *step;
    fold_merge *merge;
    union {
        weir_reducer *reduce;
        weir_aggregator *aggregate;
    };
    weir_merger *merger; /* of an aggregate over sessions */
    const void *initial; /* of an aggregate; NULL: all zero */
    bool keeps_old;      /* an aggregate is needed after its step, so nothing is changed in place */
    struct weir_window window;
};

enum window_kind { WINDOW_NONE, WINDOW_TIME, WINDOW_UNLIMITED, WINDOW_SLIDING, WINDOW_SESSION };

static inline enum window_kind window_kind(const struct weir_window *window)
{
    if (window->unlimited)
        return WINDOW_UNLIMITED;
    if (window->gap.ms > 0)
        return WINDOW_SESSION;
    if (window->difference.ms > 0)
        return WINDOW_SLIDING;
    return window->size.ms > 0 ? WINDOW_TIME : WINDOW_NONE;
}

/* As in graph_node.window_size_ms. */
static inline int64_t window_size_ms(const struct weir_window *window)
{
    switch (window_kind(window)) {
    case WINDOW_UNLIMITED:
        return INT64_MAX;
    case WINDOW_SESSION:
        return GRAPH_SESSIONS;
    case WINDOW_SLIDING:
        return window->difference.ms;
    case WINDOW_NONE:
    case WINDOW_TIME:
        break;
    }
    return window->size.ms;
}

/* node->args: struct weir_group_args */
extern const struct operator operator_regroup;
/* node->args: struct table_fold_args; node->stores[0]: the aggregates. */
extern const struct operator operator_table_aggregate, operator_table_reduce;

/* The aggregate with the record's value added to it or taken out of it, in the record arena; NULL: delete it. NULL as
 * an aggregate to add to: there is none yet. What is given may be written to. */
typedef const void *table_fold_step(weir_context *, const struct weir_record *, const void *aggregate, bool is_added);
table_fold_step table_fold_count, table_fold_reduce, table_fold_aggregate;

struct table_fold_args {
    table_fold_step *step;
    union {
        struct {
            weir_reducer *add, *subtract;
        } reduce;
        struct {
            weir_aggregator *add, *subtract;
        } aggregate;
    };
    const void *initial; /* of an aggregate; NULL: all zero */
};

/* The first value of an aggregate, in the record arena, to be written to: a copy of initial, or all zero. */
void *fold_initial(weir_context *, const void *initial);

/* node->args: struct stream_join_args; .grace_ms > 0: node->stores[0]: the records that wait */
extern const struct operator operator_join_table, operator_left_join_table;
extern const struct operator operator_join_table_waiting, operator_left_join_table_waiting;
/* A record with the table's row. */
void join_table_record(weir_context *, const struct weir_record *);
/* False: the record says nothing, or has no key to find a row by; it is dropped. */
bool join_table_takes(weir_context *, const struct weir_record *);
/* node->args: none; node->stores[0]: what it keeps of its side of a stream-stream join */
extern const struct operator operator_join_window;
/* node->args: struct global_join_args */
extern const struct operator operator_join_global;
/* node->args: struct join_streams_args; node->stores: the other side, then what has met nobody (left and outer joins) */
extern const struct operator operator_join_streams;
/* node->args: struct join_streams_args; node->stores[0]: the stream it joins with itself */
extern const struct operator operator_join_self;

/* node->args: struct table_join_args; the table whose change it is, left or right */
extern const struct operator operator_join_this, operator_join_other;
/* node->args: struct table_join_args of the left side; node->stores[0], if there is one: the result */
extern const struct operator operator_join_result;

static inline bool operator_is(const struct graph_node *node, const struct operator* what)
{
    return what == node->operator;
}

static inline bool operator_is_processor(const struct graph_node *node)
{
    return operator_is(node, &operator_process) || operator_is(node, &operator_process_values);
}

struct table_view;

/* The value of a table (KTableValueGetter of Kafka Streams), for the key and window of the record `at`: the newest, or
 * where the table is versioned (table_view_is_versioned) that of a time. False: there is none. `row` comes with key,
 * window, types and headers filled in; the function adds value and timestamp. */
typedef bool table_find(weir_context *, const struct table_view *, const struct weir_record *at, int64_t as_of_ms,
                        struct weir_record *row);

table_find table_find_kept;        /* in the table's store */
table_find table_find_global;      /* in a global table's store; the record's key is the table's */
table_find table_find_filtered;    /* in the parent, if the test lets it pass */
table_find table_find_mapped;      /* in the parent, mapped again */
table_find table_find_transformed; /* in the parent or not, transformed again */
table_find table_find_joined;      /* in both sides, joined again */
table_find table_find_suppressed;  /* as it was before a change was held back; nothing is: in the parent */

/* How the current value of a table is found: in its store, or worked out from the tables it was made of. */
struct table_view {
    table_find *find;
    struct graph_store *store;      /* NULL: worked out; or a source that keeps nothing, of which nobody may ask */
    const struct graph_node *node;  /* whose table it is: its args, and the callback's .user */
    const struct table_view *of[2]; /* what it is worked out from; a join: left and right */
    const struct weir_type *key_type, *value_type;
    int64_t window_size_ms;
    size_t lookups; /* in stores, for one value; more than one where joins without a store are joined again */
};

/* What it was at a time can be asked of the table (KTableValueGetter.isVersioned); then its changes may come out of order
 * (VersionedSemanticsGraphNode). */
bool table_view_is_versioned(const struct table_view *);

struct stream_join_args {
    weir_joiner *fn;
    const struct table_view *table;
    bool is_versioned; /* the table: a record meets the row of its own time */
    bool is_left;
    int64_t grace_ms; /* a record waits so long; 0: not at all */
};

struct global_join_args {
    weir_mapper *key; /* of the table, from the stream's record */
    weir_joiner *fn;
    const struct table_view *table;
    bool is_left;
};

/* The five nodes of a foreign-key join; node->args: struct foreign_join_args.
 * receive and inform: node->stores[0] holds who has subscribed. */
extern const struct operator operator_foreign_subscribe, operator_foreign_receive, operator_foreign_answer;
extern const struct operator operator_foreign_inform, operator_foreign_resolve;
struct foreign_join_args {
    weir_mapper *extract; /* of the right table's key, from a left row */
    weir_joiner *fn;
    bool is_left;
    bool left_is_versioned, right_is_versioned;
    const struct weir_type *primary_key_type, *foreign_key_type, *left_type, *right_type;
    const struct table_view *table; /* answer: the right side; resolve: the left side */
};
weir_partition_of foreign_response_partition;

struct join_streams_args {
    weir_joiner *fn;
    enum weir_join_kind kind;
    bool is_left;                /* the node is the left side */
    int64_t before_ms, after_ms; /* a right record may be so much older, or younger, than the left */
    int64_t grace_ms;
    const struct weir_type *left_type, *right_type; /* of the values */
};

struct table_join_args {
    weir_joiner *fn;
    enum weir_join_kind kind;
    const struct table_view *other;
    bool is_versioned; /* the table whose change it is: what is out of order is dropped (KIP-914) */
};

/* The table's value for the record's key (and window): false: there is none. The row's key is the record's. Every store
 * the view rests on must be connected to the context's node. */
bool table_view_get(weir_context *, const struct table_view *, const struct weir_record *, struct weir_record *row);
/* The same of that time, where the table is versioned. */
bool table_view_get_as_of(weir_context *, const struct table_view *, const struct weir_record *, int64_t as_of_ms,
                          struct weir_record *row);

/* A table's own rows: what the node's first store holds for the record's key and window (NULL: nothing), and writing
 * the change there, with its timestamp or another. False: it came too late for a versioned store, and was dropped. The
 * change knows then whether it is out of order. */
const void *table_kept(weir_context *, const struct weir_record *at);
bool table_keep(weir_context *, struct weir_record *change);
bool table_keep_at(weir_context *, struct weir_record *change, int64_t timestamp_ms);
/* A change of a versioned table that a later one has overtaken (KIP-914): dropped and counted. */
bool table_drops_out_of_order(weir_context *, bool is_versioned, const struct weir_record *change);

/* The context's handle on a store of its node; it must be connected. */
struct weir_store *context_store(weir_context *, const struct graph_store *);
/* Calls one child as context_forward calls all of them. */
void context_forward_to(weir_context *, size_t child, const struct weir_record *);
#endif
