/* jwks.h: the public keys that tokens are signed with, from a file (RFC 7517): RSA of at least 2048 bits for RS256, P-256
 * for ES256. A key has one algorithm for good; what a token says of its own never chooses it (RFC 8725, 3.1). */
#ifndef WEIR_GUARD_JWKS_H
#define WEIR_GUARD_JWKS_H
#include "base/arena.h"

struct jwks;

struct jwks *jwks_load(const char *path, struct weir_error *); /* NULL: WEIR_INVALID, the message names the key */
struct jwks *jwks_read(const char *path, weir_bytes json, struct weir_error *); /* path: for messages */
void jwks_free(struct jwks *);                                                  /* NULL is fine */
/* Whether the key of that name signs with that algorithm and has signed. signature: as JWS has it (RFC 7515, RFC 7518). */
bool jwks_verify(const struct jwks *, weir_bytes kid, weir_bytes algorithm, weir_bytes signed_text,
                 weir_bytes signature);
#endif
