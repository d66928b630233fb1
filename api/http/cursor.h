/* cursor.h: where a listing goes on, as opaque text. */
#ifndef WEIR_HTTP_CURSOR_H
#define WEIR_HTTP_CURSOR_H
#include "base/arena.h"
#include "base/buffer.h"
#include "weir.h"

struct cursor {
    uint64_t query;                   /* hash of what is being listed; another query must not go on from here */
    int64_t window_ms, window_end_ms; /* of the last row's window */
    weir_bytes key;                   /* of the last row, as text */
};

void cursor_write(const struct cursor *, struct buffer *); /* base64url, no padding */
bool cursor_read(weir_bytes text, weir_arena *, struct cursor *);
#endif
