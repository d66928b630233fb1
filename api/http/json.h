/* json.h: writing JSON; whatever comes in, what goes out is valid. Values of types go through weir_to_json. */
#ifndef WEIR_HTTP_JSON_H
#define WEIR_HTTP_JSON_H
#include "base/buffer.h"
#include "weir.h"

void json_string(struct buffer *, weir_bytes); /* quoted; what is no UTF-8 becomes U+FFFD */
void json_text(struct buffer *, const char *); /* the same; NULL becomes null */
void json_integer(struct buffer *, int64_t);
void json_time(struct buffer *, int64_t ms); /* quoted */
/* "topic:partition:offset,…" as {"topic":{"partition":offset}}. */
void json_position(struct buffer *, const char *position);
#endif
