/* What the guard reads: access files, sets of keys, tokens. The first byte chooses. A token that anyone but the signer has made
 * must never be good, and what is read must be given back whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/log.h"
#include "guard/fit.h"
#include "guard/mask.h"
#include "guard/token.h"

static const char keys_text[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"; /* RFC 7515, appendix A.3 */

static const struct weir_field fields[] = {{"a", &weir_str_type, 0, WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type record_type = {
    .name = "record", .kind = WEIR_KIND_RECORD, .size = sizeof(weir_bytes), .fields = fields, .field_count = 1};

/* A line that fits and names a field of this view's very name hides it. */
static void check_fit(const struct access *access, weir_arena *arena)
{
    static const struct fit_view view = {"view", &record_type};
    struct weir_error error = {0};
    const struct grant *grant;
    bool fits = fit_check(access, "fuzz", &view, 1, &error);
    assert(fits || error.code == WEIR_INVALID);
    for (size_t i = 0; fits && (grant = access_line(access, i)); i++)
        for (size_t k = 0; k < grant->hide.count; k++)
            assert(strncmp(grant->hide.items[k], "view.", 5) != 0 ||
                   mask_type(grant, bytes_of_text("view"), &record_type, arena) != &record_type);
}

static void read_access(weir_bytes text)
{
    struct weir_error error = {0};
    log_set_level(LOG_ERROR);
    struct access *access = access_read("fuzz", text, &error);
    assert(access || error.code == WEIR_INVALID);
    const struct grant *grant = access ? access_find(access, CREDENTIAL_ANYONE, bytes_of_text(""), 0) : NULL;
    weir_arena arena;
    arena_init(&arena);
    if (grant && grant_may_read(grant, bytes_of_text("view")))
        assert(mask_type(grant, bytes_of_text("view"), &weir_str_type, &arena) == &weir_str_type);
    if (access)
        check_fit(access, &arena);
    arena_done(&arena);
    access_drop(access);
}

static void read_keys(weir_bytes text)
{
    struct weir_error error = {0};
    struct jwks *jwks = jwks_read("fuzz", text, &error);
    assert(jwks || error.code != WEIR_OK);
    jwks_free(jwks);
}

static void read_token(weir_bytes text)
{
    static struct jwks *jwks;
    struct weir_error error = {0};
    struct token token;
    weir_arena arena;
    if (!jwks)
        jwks = jwks_read("fuzz", bytes_of_text(keys_text), &error);
    const struct token_rules rules = {jwks, "issuer", "weir"};
    arena_init(&arena);
    assert(!token_read(text, &rules, 0, &arena, &token));
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static void (*const readers[])(weir_bytes) = {read_access, read_keys, read_token};
    weir_bytes id;
    enum credential credential;
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* exactly so many bytes, so that reading beyond them is noticed */
    memcpy(copy, data + 1, size - 1);
    readers[data[0] % 3]((weir_bytes){copy, size - 1});
    credential_of_text((weir_bytes){copy, size - 1}, &credential, &id);
    free(copy);
    return 0;
}
