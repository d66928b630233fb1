/* key.c: see key.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/key.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/bytes.h"

enum { PREFIX_BYTES = sizeof KEY_PREFIX - 1, SECRET_BYTES = 32 };

static char *put_hex(char *at, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

bool key_create(char out[KEY_TEXT_BYTES + 1])
{
    unsigned char random[KEY_ID_BYTES / 2 + SECRET_BYTES];
    if (gnutls_rnd(GNUTLS_RND_KEY, random, sizeof random) != 0)
        return false;
    memcpy(out, KEY_PREFIX, PREFIX_BYTES);
    char *at = put_hex(out + PREFIX_BYTES, random, KEY_ID_BYTES / 2);
    *at++ = '_';
    at = put_hex(at, random + KEY_ID_BYTES / 2, SECRET_BYTES);
    *at = 0;
    gnutls_memset(random, 0, sizeof random);
    return true;
}

bool key_id(weir_bytes key, weir_bytes *id)
{
    const char *at = key.data;
    if (key.size != KEY_TEXT_BYTES || memcmp(at, KEY_PREFIX, PREFIX_BYTES) != 0 ||
        at[PREFIX_BYTES + KEY_ID_BYTES] != '_')
        return false;
    *id = (weir_bytes){at + PREFIX_BYTES, KEY_ID_BYTES};
    return true;
}

void key_digest(weir_bytes key, unsigned char out[KEY_DIGEST_BYTES])
{
    int failed = gnutls_hash_fast(GNUTLS_DIG_SHA256, key.data, key.size, out);
    assert(!failed && "every build of GnuTLS has SHA-256");
    (void)failed;
}

bool key_matches(weir_bytes key, const unsigned char digest[KEY_DIGEST_BYTES])
{
    unsigned char own[KEY_DIGEST_BYTES];
    key_digest(key, own);
    return gnutls_memcmp(own, digest, sizeof own) == 0;
}
