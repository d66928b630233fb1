/* bounds.h: a range of typed keys (struct weir_range) as bounds of the keys a store holds. */
#ifndef WEIR_STATE_BOUNDS_H
#define WEIR_STATE_BOUNDS_H
#include "base/buffer.h"
#include "state/store.h"

struct bounds { /* from <= key < to */
    struct buffer from, to;
    bool has_from, has_to, is_empty;
};

/* False: WEIR_INVALID, a key that cannot be written, or a prefix where keys are no texts. bounds_done all the same. */
bool bounds_of(struct bounds *, const struct store_spec *, const struct weir_range *, struct weir_error *);
void bounds_done(struct bounds *);
weir_bytes bounds_from(const struct bounds *); /* data NULL: unbounded, as store_scan wants it */
weir_bytes bounds_to(const struct bounds *);
/* Nothing at or before the key, in the direction of the walk. */
void bounds_resume(struct bounds *, weir_bytes stored_key, bool descending);
/* Whether the range's times want a window (by its start), or a session or a version (which reach into them). */
bool bounds_hold_window(const struct weir_range *, enum store_kind, int64_t start_ms, int64_t end_ms);
#endif
