/* base64.h: bytes as text, RFC 4648 section 4, with padding. */
#ifndef WEIR_SCHEMAS_BASE64_H
#define WEIR_SCHEMAS_BASE64_H
#include "base/arena.h"
#include "base/buffer.h"

void base64_write(weir_bytes, struct buffer *); /* appends, without quotes */
/* False: a character outside the alphabet, padding that is missing or misplaced, or bits that no encoder sets. */
bool base64_read(weir_bytes text, weir_arena *, weir_bytes *out);
#endif
