/* events.h: a text/event-stream as another instance sends it (WHATWG HTML, 9.2.6, of which instances use: lines that end with LF,
 * one line of data, "field: value"). */
#ifndef WEIR_HTTP_EVENTS_H
#define WEIR_HTTP_EVENTS_H
#include "base/buffer.h"

struct event {                 /* points into the text */
    weir_bytes name, id, data; /* data NULL: it has none */
};

/* The first event with data in the text. Returns how many bytes it and what stands before it take; 0: there is no whole event, and
 * *skipped bytes are of no use any more. */
size_t events_next(weir_bytes text, struct event *, size_t *skipped);
/* The partition that {"partition":N} names. False: it does not say so, or there is no such partition. */
bool events_partition(weir_bytes data, int32_t partitions, int32_t *out);
#endif
