/* base64url.h: bytes as text in URLs and tokens, RFC 4648 section 5, without padding. */
#ifndef WEIR_GUARD_BASE64URL_H
#define WEIR_GUARD_BASE64URL_H
#include "base/arena.h"
#include "base/buffer.h"

void base64url_write(weir_bytes, struct buffer *); /* appends */
/* False: a character outside the alphabet, a length that none has, or bits that no encoder sets. */
bool base64url_read(weir_bytes text, weir_arena *, weir_bytes *out);
#endif
