/* patterns.h: which topics match the patterns of a topology (weir_from_pattern): found at the start, and looked for again.
 *
 * Two instances, or two threads of one, may know different topics for a while. That is no harm, because tasks are dealt out
 * by a topic that is not among them (layout_source.is_shares): whoever has a task reads those of its topics that it knows, and
 * their offsets stay committed for the next one who does. A thread whose inputs have changed commits, leaves the group and
 * joins it with the new ones (membership_follow). */
#ifndef WEIR_RUNTIME_PATTERNS_H
#define WEIR_RUNTIME_PATTERNS_H
#include <pthread.h>

#include "runtime/layout.h"

struct weir_app;

struct patterns {         /* of an app */
    pthread_mutex_t lock; /* one thread looks at a time */
    _Atomic int64_t due_us;
    int doubts; /* how many looks in a row have found what was not believed yet */
};

/* Adds the topics that match to the sources of the layout, with their partition counts. */
bool patterns_expand(struct layout *, struct broker *, const struct config *, struct weir_error *);

/* Whether the source has a partition for each of the pattern's tasks at most. False: WEIR_INVALID says what to do. */
bool patterns_check_width(const struct layout_source *shares, const struct layout_source *, struct weir_error *);

/* Whether a node that reads a pattern reads that topic: it matches, is not internal to Kafka or the application, and holds
 * no dead letters of what the pattern reads. */
bool patterns_reads(const struct layout *, const struct config *, const struct graph_node *, const char *topic);

/* [any] When it is due (metadata.max.age.ms), asks the broker and publishes the inputs that have changed: those of a new
 * topic at once; that one has gone, or cannot be read, is believed when it was said three times, because a broker that has just
 * started may say so. False: a topic cannot be read, which is WEIR_INVALID. */
bool patterns_look(struct weir_app *, struct weir_error *);
void patterns_hurry(struct weir_app *); /* [any] it is due now */
#endif
