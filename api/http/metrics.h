/* metrics.h: the figures of all apps and of this door, as Prometheus text (GET /metrics). */
#ifndef WEIR_HTTP_METRICS_H
#define WEIR_HTTP_METRICS_H
#include "base/buffer.h"
#include "weir.h"

struct weir_http;

/* Any thread. The arena is for what is written on the way. */
void metrics_write(struct weir_http *, weir_arena *, struct buffer *out);
/* What the process has of the machine's memory now; 0: that cannot be told. Any thread. */
int64_t metrics_resident_bytes(void);
#endif
