/* held.h: changes of a table that wait for the commit, one per key, in order of the keys' first changes. In memory only. */
#ifndef WEIR_OPERATORS_HELD_H
#define WEIR_OPERATORS_HELD_H
#include "base/arena.h"
#include "weir.h"

struct held_change {
    int64_t timestamp_ms;
    int64_t upstream_time_ms, slowest_time_ms; /* as the execution had them: by these, windows behind judge it */
    weir_bytes old, value;                     /* encoded; data NULL: none */
    struct weir_headers headers;
};

struct held;

struct held *held_new(void);
void held_free(struct held *); /* NULL is fine */
/* Takes a copy. A later change of a key takes the place of an earlier one, but for what that one replaced. */
void held_put(struct held *, weir_bytes key, const struct held_change *);
size_t held_count(const struct held *);
size_t held_bytes(const struct held *); /* 0: nothing is held */
/* The i-th; it lives until the next put or clear, its list of headers in the arena. Returns the key. */
weir_bytes held_at(const struct held *, size_t i, weir_arena *, struct held_change *);
void held_clear(struct held *);
#endif
