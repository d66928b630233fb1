/* view.h: a view handle and a walk over it, as view.c, snapshot.c and wait.c share them. */
#ifndef WEIR_RUNTIME_VIEW_H
#define WEIR_RUNTIME_VIEW_H
#include "runtime/app.h"
#include "state/store.h"

struct weir_view {
    struct weir_app *app;
    const struct layout_part *part;
    const struct layout_store *store;
    size_t index; /* of the store in its part */
};

struct view_walk { /* over one partition; its head is the next row in order */
    int32_t partition;
    bool is_standby;
    struct store_cursor *cursor;
    const char *position;
    int64_t mark; /* of the commit that is seen (feed.h); WEIR_MARK_NOW: perhaps not one */
    struct store_row head;
    bool has_head;
};

struct weir_cursor {
    struct weir_view *view;
    struct weir_copies copies;
    weir_arena *arena;
    struct weir_range range;
    struct view_walk *walks;
    size_t walk_count;
    bool holds_registry; /* not when it walks over a snapshot, which does */
};

/* A row that a commit has written; value.data NULL: it was deleted. Of a versioned store: what was put, by its plain key. */
bool view_decode_change(const struct weir_view *, const struct store_row *, weir_arena *, struct weir_row *,
                        struct weir_error *);
/* Takes the walk's cursor into the merge. False: it cannot be read. */
bool view_add_walk(struct weir_cursor *, struct view_walk, struct weir_error *);
#endif
