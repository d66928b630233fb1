/* trace.h: what a trace is called: the header traceparent of W3C Trace Context, of records and of requests
 * (https://www.w3.org/TR/trace-context/, 3.2). Weir passes it on; it makes no spans of its own. */
#ifndef WEIR_BASE_TRACE_H
#define WEIR_BASE_TRACE_H
#include "weir.h"

enum { TRACE_PARENT_BYTES = 55, TRACE_ID_BYTES = 32 };

struct trace_id {
    char text[TRACE_ID_BYTES + 1]; /* lower-case hex; "": there is none */
};

/* Whether it is a traceparent of version 00: "00-<32 hex>-<16 hex>-<2 hex>", the ids not all zero. What is not is to be
 * ignored, as if it were not there. */
bool trace_is_parent(weir_bytes text);
/* Of the first header traceparent; "" where there is none, or none that is to be taken. */
struct trace_id trace_of_headers(struct weir_headers);
struct trace_id trace_of_parent(weir_bytes text);
#endif
