/* emitter.h: results of windows that leave once, when their window has closed (KIP-825).
 *
 * What has not left yet waits in memory by the time at which it is due; the rows themselves are in the node's store,
 * which lets no window go before that (store_spec.keeps_until_told). How far windows have been emitted is committed with
 * the store. */
#ifndef WEIR_OPERATORS_EMITTER_H
#define WEIR_OPERATORS_EMITTER_H
#include "operators/context.h"
#include "operators/timeline.h"

struct emitter {
    struct timeline *waiting; /* NULL: the node does not emit on close */
    int64_t next_look_ms;     /* by the wall clock: what is due is looked for only so often (emit.interval.ms) */
};

void emitter_open(weir_context *, struct emitter *);
void emitter_close(struct emitter *);
/* A window (session) is in the store now; it is no more. */
void emitter_add(weir_context *, struct emitter *, const void *key, int64_t start_ms, int64_t end_ms);
void emitter_remove(weir_context *, struct emitter *, const void *key, int64_t start_ms, int64_t end_ms);
/* The end of the window that closes first; INT64_MAX: none waits. */
int64_t emitter_due(const struct emitter *);
void emitter_look_now(struct emitter *); /* the next emitter_emit does not wait for its interval */
/* Forwards what has closed at close_ms. */
void emitter_emit(weir_context *, struct emitter *, int64_t close_ms);
static inline bool emitter_is_on(const struct emitter *emitter)
{
    return emitter->waiting != NULL;
}
/* What closed by then has been emitted and takes no more records; INT64_MIN: nothing. */
int64_t emitter_emitted(const weir_context *);
#endif
