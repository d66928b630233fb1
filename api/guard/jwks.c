/* jwks.c: see jwks.h. Keys for other uses or of other kinds are skipped, as RFC 7517 (5) has it; weak ones are an error.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/jwks.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "guard/base64url.h"
#include "guard/file.h"

enum { KEYS_MAX = 64, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, P256_BYTES = 32 };

enum algorithm { RS256, ES256 };

struct key {
    char *kid;
    enum algorithm algorithm;
    gnutls_pubkey_t public;
};

struct jwks {
    struct key keys[KEYS_MAX];
    size_t count;
};

struct jwk { /* a key as it is written */
    weir_bytes kty, kid, alg, use, n, e, crv, x, y;
    bool has_kty, has_kid, has_alg, has_use, has_n, has_e, has_crv, has_x, has_y;
};

#define FIELD(name)                                                                                                    \
    {                                                                                                                  \
#name, &weir_str_type, offsetof(struct jwk, name), offsetof(struct jwk, has_##name), NULL, NULL                \
    }
static const struct weir_field jwk_fields[] = {FIELD(kty), FIELD(kid), FIELD(alg), FIELD(use), FIELD(n),
                                               FIELD(e),   FIELD(crv), FIELD(x),   FIELD(y)};
static const struct weir_type jwk_type = {.name = "jwk",
                                          .kind = WEIR_KIND_RECORD,
                                          .size = sizeof(struct jwk),
                                          .fields = jwk_fields,
                                          .field_count = sizeof jwk_fields / sizeof *jwk_fields};
static const struct weir_type list_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &jwk_type};
static const struct weir_field set_fields[] = {{"keys", &list_type, 0, WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type set_type = {
    .name = "jwks", .kind = WEIR_KIND_RECORD, .size = sizeof(weir_array), .fields = set_fields, .field_count = 1};

static bool is(weir_bytes text, const char *word)
{
    return bytes_equal(text, bytes_of_text(word));
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* False: not a key for us. */
static bool algorithm_of(const struct jwk *jwk, enum algorithm *out)
{
    bool is_rsa = jwk->has_kty && is(jwk->kty, "RSA");
    bool is_ec = jwk->has_kty && is(jwk->kty, "EC") && jwk->has_crv && is(jwk->crv, "P-256");
    *out = is_rsa ? RS256 : ES256;
    if ((!is_rsa && !is_ec) || (jwk->has_use && !is(jwk->use, "sig")))
        return false;
    return !jwk->has_alg || is(jwk->alg, is_rsa ? "RS256" : "ES256");
}

/* GnuTLS only reads what it is given so. */
static gnutls_datum_t datum(weir_bytes bytes)
{
    uintptr_t place = (uintptr_t)bytes.data;
    return (gnutls_datum_t){(unsigned char *)place, (unsigned)bytes.size}; /* NOLINT(performance-no-int-to-ptr) */
}

static bool import_rsa(const struct jwk *jwk, weir_arena *arena, gnutls_pubkey_t public)
{
    weir_bytes modulus, exponent;
    unsigned bits = 0;
    if (!jwk->has_n || !jwk->has_e || !base64url_read(jwk->n, arena, &modulus) ||
        !base64url_read(jwk->e, arena, &exponent) || modulus.size > RSA_BITS_MAX / 8 + 1)
        return false;
    gnutls_datum_t n = datum(modulus), e = datum(exponent);
    return gnutls_pubkey_import_rsa_raw(public, &n, &e) == 0 && gnutls_pubkey_get_pk_algorithm(public, &bits) >= 0 &&
           bits >= RSA_BITS_MIN;
}

static bool import_p256(const struct jwk *jwk, weir_arena *arena, gnutls_pubkey_t public)
{
    weir_bytes x, y;
    if (!jwk->has_x || !jwk->has_y || !base64url_read(jwk->x, arena, &x) || !base64url_read(jwk->y, arena, &y) ||
        x.size != P256_BYTES || y.size != P256_BYTES)
        return false;
    gnutls_datum_t at_x = datum(x), at_y = datum(y);
    return gnutls_pubkey_import_ecc_raw(public, GNUTLS_ECC_CURVE_SECP256R1, &at_x, &at_y) == 0 &&
           gnutls_pubkey_verify_params(public) == 0;
}

static const struct key *find(const struct jwks *jwks, weir_bytes kid)
{
    for (size_t i = 0; i < jwks->count; i++)
        if (is(kid, jwks->keys[i].kid))
            return &jwks->keys[i];
    return NULL;
}

static bool add(struct jwks *jwks, const struct jwk *jwk, weir_arena *arena, const char *path, struct weir_error *error)
{
    enum algorithm algorithm;
    if (!algorithm_of(jwk, &algorithm))
        return true;
    if (!jwk->has_kid || jwk->kid.size == 0 || find(jwks, jwk->kid) || jwks->count == KEYS_MAX)
        return error_set(error, WEIR_INVALID, "http.jwt.keys.file: %.200s: a key has no kid of its own", path);
    struct key *key = &jwks->keys[jwks->count];
    if (gnutls_pubkey_init(&key->public) != 0)
        return error_set(error, WEIR_FATAL, "http.jwt.keys.file: out of memory");
    jwks->count++;
    key->kid = memory_text(arena_bytes(arena, jwk->kid).data);
    key->algorithm = algorithm;
    if (algorithm == RS256 ? import_rsa(jwk, arena, key->public) : import_p256(jwk, arena, key->public))
        return true;
    return error_set(error, WEIR_INVALID, "http.jwt.keys.file: %.200s: the key %.60s is malformed or weak", path,
                     key->kid);
}

struct jwks *jwks_read(const char *path, weir_bytes json, struct weir_error *error)
{
    weir_arena arena;
    struct jwks *jwks = memory_new(sizeof *jwks);
    struct weir_error why = {0};
    arena_init(&arena);
    const weir_array *list = weir_from_json(&arena, &set_type, json, &why);
    bool good = list != NULL;
    if (!list)
        error_set(error, WEIR_INVALID, "http.jwt.keys.file: %.200s: %s", path, why.message);
    for (size_t i = 0; good && i < list->count; i++)
        good = add(jwks, &((const struct jwk *)list->items)[i], &arena, path, error);
    if (good && jwks->count == 0)
        good = error_set(error, WEIR_INVALID, "http.jwt.keys.file: %.200s: no key for RS256 or ES256", path);
    arena_done(&arena);
    if (good)
        return jwks;
    jwks_free(jwks);
    return NULL;
}

struct jwks *jwks_load(const char *path, struct weir_error *error)
{
    struct buffer json = {0};
    struct jwks *jwks =
        file_read("http.jwt.keys.file", path, &json, error) ? jwks_read(path, buffer_bytes(&json), error) : NULL;
    buffer_done(&json);
    return jwks;
}

void jwks_free(struct jwks *jwks)
{
    for (size_t i = 0; jwks && i < jwks->count; i++) {
        gnutls_pubkey_deinit(jwks->keys[i].public);
        memory_free(jwks->keys[i].kid);
    }
    memory_free(jwks);
}

/* ---- signatures ------------------------------------------------------------------------------------------------- */

static bool verify_rsa(const struct key *key, const gnutls_datum_t *text, weir_bytes signature)
{
    gnutls_datum_t given = datum(signature);
    return gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_RSA_SHA256, 0, text, &given) >= 0;
}

/* Both numbers with 32 bytes each (RFC 7518, 3.4). */
static bool verify_p256(const struct key *key, const gnutls_datum_t *text, weir_bytes signature)
{
    const char *at = signature.data;
    gnutls_datum_t r = datum((weir_bytes){at, P256_BYTES}), s = datum((weir_bytes){at + P256_BYTES, P256_BYTES}), der;
    if (signature.size != (size_t)2 * P256_BYTES || gnutls_encode_rs_value(&der, &r, &s) != 0)
        return false;
    bool good = gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_ECDSA_SHA256, 0, text, &der) >= 0;
    gnutls_free(der.data);
    return good;
}

bool jwks_verify(const struct jwks *jwks, weir_bytes kid, weir_bytes algorithm, weir_bytes signed_text,
                 weir_bytes signature)
{
    const struct key *key = find(jwks, kid);
    gnutls_datum_t text = datum(signed_text);
    if (!key || !is(algorithm, key->algorithm == RS256 ? "RS256" : "ES256"))
        return false;
    return key->algorithm == RS256 ? verify_rsa(key, &text, signature) : verify_p256(key, &text, signature);
}
