/* windowed.h: what the operators over windows have in common: their clock, and how a record changes one window. */
#ifndef WEIR_OPERATORS_WINDOWED_H
#define WEIR_OPERATORS_WINDOWED_H
#include "operators/emitter.h"
#include "operators/operators.h"
#include "operators/window_clock.h"

struct windowed { /* context->self */
    struct window_clock clock;
    int64_t told_ms; /* what its store has been told of time */
    struct emitter emitter;
};

void windowed_open(weir_context *);
void windowed_close(weir_context *);
int64_t windowed_now(weir_context *, const struct weir_record *); /* window_clock.h */
/* Windows that end at or before it (sliding ones and sessions: before it) take no more records: `after_ms` before now
 * their end is over, or they have been emitted. */
int64_t windowed_closed(const weir_context *, int64_t now_ms, int64_t after_ms);
/* Tells the store of time: as far as it has been written, but never ahead of the clock's told time, nor of what has been
 * emitted. Before a row's change is forwarded, so that whoever looks into the table then no longer finds what the row has
 * made too old, as in Kafka Streams, whose stores know of time when they are written. */
void windowed_tell_store(weir_context *);
/* Behind each record: emits what closes `after_ms` after its end, and tells the store of time. */
void windowed_end(weir_context *, int64_t after_ms);
/* `due` and `advance` of the operators (context.h), but for how long after their end windows close. */
int64_t windowed_due(weir_context *, int64_t after_ms);
void windowed_advance(weir_context *, int64_t after_ms);
/* Those of windows that close when their grace is over. */
int64_t windowed_due_after_grace(weir_context *);
void windowed_advance_after_grace(weir_context *);
/* Whether the store has been told to let that window go. */
bool windowed_is_gone(const weir_context *, int64_t start_ms);
/* Rows whose window start (session end) lies below have expired for this record: what Kafka Streams' store would not
 * show. */
int64_t windowed_visible_from(const weir_context *, int64_t now_ms);
/* Folds the record into a window, which the store holds as `row` says, writes it and forwards the change. */
void windowed_fold(weir_context *, const struct weir_record *, struct window_row row);
/* Begins a window with an aggregate that is there already. */
void windowed_begin(weir_context *, const struct weir_record *, struct window_row row);

static inline int64_t clamped_add(int64_t a, int64_t b) /* b >= 0 */
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}
#endif
