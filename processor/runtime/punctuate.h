/* punctuate.h: the punctuators of a task, by time and then by order of registration.
 *
 * Semantics of Kafka Streams' PunctuationQueue: due ones are collected first and then fired, so a punctuator may
 * schedule freely; a missed interval fires once and stays aligned. */
#ifndef WEIR_RUNTIME_PUNCTUATE_H
#define WEIR_RUNTIME_PUNCTUATE_H
#include "operators/context.h"

struct punctuation {
    weir_context *context;
    weir_punctuator *call;
    int64_t every_ms, next_ms;
};

struct punctuations {
    struct punctuation *items;
    size_t count, capacity;
};

void punctuations_done(struct punctuations *);
void punctuations_add(struct punctuations *, weir_context *, weir_punctuator *, int64_t every_ms, int64_t first_ms);
/* Calls fire for each that is due at now_ms and moves it on. True: at least one was due. */
bool punctuations_fire(struct punctuations *, int64_t now_ms, void (*fire)(void *self, const struct punctuation *),
                       void *self);
int64_t punctuations_next(const struct punctuations *); /* INT64_MAX: none */
#endif
