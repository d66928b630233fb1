/* key.h: API keys: "weir_", 8 hexadecimal digits that name the key, "_", 64 that are the secret (256 random bits).
 *
 * What is kept of a key is its name and its SHA-256; as the secret is random, a slow hash would add nothing. */
#ifndef WEIR_GUARD_KEY_H
#define WEIR_GUARD_KEY_H
#include "weir.h"

#define KEY_PREFIX "weir_"
enum { KEY_ID_BYTES = 8, KEY_TEXT_BYTES = 5 + KEY_ID_BYTES + 1 + 64, KEY_DIGEST_BYTES = 32 };

/* A new key, NUL-terminated. False: there are no random bytes. */
bool key_create(char out[KEY_TEXT_BYTES + 1]);
/* The part that names it. False: it is no key by its form. */
bool key_id(weir_bytes key, weir_bytes *id);
void key_digest(weir_bytes key, unsigned char out[KEY_DIGEST_BYTES]);
/* In a time that does not depend on where they differ. */
bool key_matches(weir_bytes key, const unsigned char digest[KEY_DIGEST_BYTES]);
#endif
