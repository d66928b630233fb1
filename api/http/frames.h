/* frames.h: rows on their way from one instance to another: with the bytes by which they are ordered, so that whoever asked
 * several can merge what they say without knowing the types.
 *
 * Numbers in network order. Head: "WRF2", 1 byte: more rows follow behind these, 4 bytes and the position. Row: 4 bytes and
 * the order, 4 bytes and the key as text, 8 bytes each of window start and end, 4 bytes of partition, 4 bytes and the row as it is sent to
 * the client. */
#ifndef WEIR_HTTP_FRAMES_H
#define WEIR_HTTP_FRAMES_H
#include "base/buffer.h"

#define FRAMES_MEDIA "application/x-weir-rows"

struct frame {
    weir_bytes order, key; /* key: as text, for the cursor */
    int64_t window_ms, window_end_ms;
    int32_t partition;
    weir_bytes text;
};

struct frames { /* being read; what frames point to lives as long as the bytes */
    const char *at, *end;
    bool more;
    weir_bytes position;
};

/* What SQL is told of a row as the text of a frame: 8 bytes of timestamp, and the value as JSON. */
enum { FRAMES_TIME_BYTES = 8 };

void frames_write_head(struct buffer *, weir_bytes position);
void frames_set_more(struct buffer *); /* of a head written before */
void frames_write_row(struct buffer *, const struct frame *);
bool frames_read_head(struct frames *, weir_bytes); /* false: it is none */
bool frames_next(struct frames *, struct frame *);  /* false: the end, where at == end; or it is cut off */
#endif
