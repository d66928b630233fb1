/* held.h: what waits for the commit, one value per key, in order of the keys' first ones. In memory only. Its bytes count among the
 * held ones of the execution (execution->held_bytes). */
#ifndef WEIR_OPERATORS_HELD_H
#define WEIR_OPERATORS_HELD_H
#include "base/buffer.h"
#include "operators/context.h"

struct held_change {
    int64_t timestamp_ms;
    int64_t upstream_time_ms, slowest_time_ms; /* as the execution had them: by these, windows behind judge it */
    weir_bytes old, value;                     /* encoded; data NULL: none */
    struct weir_headers headers;
};

struct held;

struct held *held_new(struct execution *);
void held_free(struct held *); /* NULL is fine */
/* Takes a copy. A later change of a key takes the place of an earlier one, but for what that one replaced. */
void held_put(struct held *, weir_bytes key, const struct held_change *);
/* False: nothing is held of the key. It lives until the next put or clear; without headers. */
bool held_find(struct held *, weir_bytes key, struct held_change *);
size_t held_count(const struct held *);
/* The i-th; it lives until the next put or clear, its list of headers in the arena. Returns the key. */
weir_bytes held_at(const struct held *, size_t i, weir_arena *, struct held_change *);
void held_clear(struct held *);
/* Calls it for each, in order, with an empty arena, until something is latched; then all is kept, so that no commit passes over
 * what was not forwarded. Else nothing is held any more. */
void held_forward(struct held *, weir_context *,
                  void (*one)(weir_context *, weir_bytes key, const struct held_change *));

/* A value of the type as it is held, in the buffer, and read again, in the record arena; NULL is no bytes. False: latched. */
bool held_write(weir_context *, const struct weir_type *, const void *value, struct buffer *, weir_bytes *);
bool held_read(weir_context *, const struct weir_type *, weir_bytes, const void **value);
#endif
