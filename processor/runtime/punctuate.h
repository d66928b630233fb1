/* punctuate.h: the punctuators of a task, by time.
 *
 * Semantics of Kafka Streams' PunctuationQueue: whatever is due fires in order of its time, also what a punctuator
 * schedules meanwhile; a missed interval fires once and stays aligned. Equal times come in the order of the binary heap
 * of java.util.PriorityQueue, so that they come as they do there. */
#ifndef WEIR_RUNTIME_PUNCTUATE_H
#define WEIR_RUNTIME_PUNCTUATE_H
#include "operators/context.h"

struct punctuation {
    uint64_t id; /* of its weir_timer */
    weir_context *context;
    weir_punctuator *call;
    int64_t every_ms, next_ms;
    bool cancelled; /* it leaves the heap when its time comes */
};

struct punctuations {
    struct punctuation *heap; /* by next_ms */
    size_t count, capacity;
    struct punctuation firing; /* outside the heap while it is called; id 0: none */
};

void punctuations_done(struct punctuations *);
void punctuations_add(struct punctuations *, struct punctuation);
/* The time at which an interval that is anchored at first_ms comes next behind now_ms. */
int64_t punctuations_align(int64_t first_ms, int64_t every_ms, int64_t now_ms);
/* Nothing happens when there is none of that id. */
void punctuations_cancel(struct punctuations *, uint64_t id);
/* Calls fire for each that is due at now_ms and moves it on. True: at least one was called. */
bool punctuations_fire(struct punctuations *, int64_t now_ms, void (*fire)(void *self, const struct punctuation *),
                       void *self);
int64_t punctuations_next(const struct punctuations *); /* INT64_MAX: none; a cancelled one may be counted */
#endif
