/* outbox.h: what a topology under test has written, in order and by topic. Records live as long as the arena. */
#ifndef WEIR_RUNTIME_OUTBOX_H
#define WEIR_RUNTIME_OUTBOX_H
#include "base/arena.h"
#include "broker/broker.h"
#include "graph/graph.h"

struct outbox_record {
    const char *topic;
    const struct graph_node *sink; /* that wrote it; NULL: the engine itself */
    struct weir_raw_record record;
    bool internal; /* of a repartition topic or a changelog */
    size_t next;   /* of the same topic */
};

struct outbox_topic {
    const char *name;
    size_t first, last; /* those that were not yet taken; OUTBOX_NONE: none */
};

struct outbox {
    weir_arena *arena;
    struct outbox_record *records;
    size_t count, capacity;
    size_t shown; /* records that outbox_next has passed */
    struct outbox_topic *topics;
    size_t topic_count, topic_capacity;
};

void outbox_init(struct outbox *, weir_arena *);
void outbox_done(struct outbox *);
/* Copies the record into the arena. */
void outbox_add(struct outbox *, const char *topic, const struct graph_node *sink, const struct broker_record *,
                bool internal);
/* The oldest record of the topic that was not yet taken; NULL: none. */
const struct outbox_record *outbox_take(struct outbox *, const char *topic);
/* The next record of all, in the order of writing, internal ones left out; NULL: none. Independent of outbox_take. */
const struct outbox_record *outbox_next(struct outbox *);
struct weir_headers outbox_keep_headers(weir_arena *, struct weir_headers); /* a copy */
weir_bytes outbox_keep_bytes(weir_arena *, weir_bytes);                     /* a copy; absent stays absent */
#endif
