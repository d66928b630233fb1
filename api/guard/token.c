/* token.c: see token.h. Nothing that a token says is believed before its signature is good.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/token.h"

#include <stddef.h>

#include "base/bytes.h"
#include "guard/access.h"
#include "guard/base64url.h"

struct header {
    weir_bytes alg, kid, crit;
    bool has_alg, has_kid, has_crit;
};
struct claims {
    weir_bytes iss, sub, aud;
    double exp, nbf;
    bool has_iss, has_sub, has_aud, has_exp, has_nbf;
};

#define FIELD(record, name, type)                                                                                      \
    {                                                                                                                  \
#name, type, offsetof(struct record, name), offsetof(struct record, has_##name), NULL, NULL                    \
    }
static const struct weir_field header_fields[] = {
    FIELD(header, alg, &weir_str_type), FIELD(header, kid, &weir_str_type), FIELD(header, crit, &weir_json_type)};
static const struct weir_field claims_fields[] = {
    FIELD(claims, iss, &weir_str_type), FIELD(claims, sub, &weir_str_type), FIELD(claims, aud, &weir_json_type),
    FIELD(claims, exp, &weir_double_type), FIELD(claims, nbf, &weir_double_type)};
static const struct weir_type header_type = {.name = "header",
                                             .kind = WEIR_KIND_RECORD,
                                             .size = sizeof(struct header),
                                             .fields = header_fields,
                                             .field_count = 3};
static const struct weir_type claims_type = {.name = "claims",
                                             .kind = WEIR_KIND_RECORD,
                                             .size = sizeof(struct claims),
                                             .fields = claims_fields,
                                             .field_count = 5};
static const struct weir_type members_type = {
    .name = "map", .kind = WEIR_KIND_MAP, .size = sizeof(weir_array), .item = &weir_json_type};
static const struct weir_type names_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &weir_str_type};

/* Of an object that was read before, so that its text is good JSON. */
static size_t count_members(weir_bytes json)
{
    const char *at = json.data;
    size_t count = 0, depth = 0;
    bool is_text = false;
    for (size_t i = 0; i < json.size; i++) {
        if (is_text && at[i] == '\\')
            i++;
        else if (at[i] == '"')
            is_text = !is_text;
        else if (!is_text && (at[i] == '{' || at[i] == '['))
            depth++;
        else if (!is_text && (at[i] == '}' || at[i] == ']'))
            depth--;
        else if (!is_text && at[i] == ':' && depth == 1)
            count++;
    }
    return count;
}

/* A name that comes twice may be read in two ways (RFC 7519, 4); a map holds it once. */
static bool has_each_name_once(weir_bytes json, weir_arena *arena)
{
    struct weir_error ignored = {0};
    const weir_array *members = weir_from_json(arena, &members_type, json, &ignored);
    return members && members->count == count_members(json);
}

static const void *read_part(weir_bytes text, const struct weir_type *type, weir_arena *arena)
{
    weir_bytes json;
    struct weir_error ignored = {0};
    if (!base64url_read(text, arena, &json) || !has_each_name_once(json, arena))
        return NULL;
    return weir_from_json(arena, type, json, &ignored);
}

/* ---- the signature ---------------------------------------------------------------------------------------------- */

struct parts {
    weir_bytes header, claims, signature, signed_text;
};

static bool split(weir_bytes text, struct parts *out)
{
    const char *at = text.data;
    const char *first = text.size ? memchr(at, '.', text.size) : NULL;
    const char *second = first ? memchr(first + 1, '.', text.size - (size_t)(first + 1 - at)) : NULL;
    if (!second || text.size > TOKEN_BYTES_MAX)
        return false;
    out->header = (weir_bytes){at, (size_t)(first - at)};
    out->claims = (weir_bytes){first + 1, (size_t)(second - first - 1)};
    out->signature = (weir_bytes){second + 1, text.size - (size_t)(second + 1 - at)};
    out->signed_text = (weir_bytes){at, (size_t)(second - at)};
    return true;
}

/* A critical extension is one that we do not know (RFC 7515, 4.1.11). */
static bool is_signed(const struct parts *parts, const struct jwks *keys, weir_arena *arena)
{
    weir_bytes signature;
    const struct header *header = read_part(parts->header, &header_type, arena);
    if (!header || !header->has_alg || !header->has_kid || header->has_crit ||
        !base64url_read(parts->signature, arena, &signature))
        return false;
    return jwks_verify(keys, header->kid, header->alg, parts->signed_text, signature);
}

/* ---- the claims ------------------------------------------------------------------------------------------------- */

static bool is_for(weir_bytes audiences, const char *audience, weir_arena *arena)
{
    const char *at = audiences.data;
    struct weir_error ignored = {0};
    weir_bytes wanted = bytes_of_text(audience);
    if (audiences.size && at[0] == '"') {
        const weir_bytes *one = weir_from_json(arena, &weir_str_type, audiences, &ignored);
        return one && bytes_equal(*one, wanted);
    }
    const weir_array *list = weir_from_json(arena, &names_type, audiences, &ignored);
    for (size_t i = 0; list && i < list->count; i++)
        if (bytes_equal(((const weir_bytes *)list->items)[i], wanted))
            return true;
    return false;
}

/* Seconds since 1970 that milliseconds can hold. */
static bool is_time(double seconds)
{
    return seconds >= 0 && seconds < 1e12;
}

static bool is_in_time(const struct claims *claims, int64_t now_ms, int64_t *until_ms)
{
    if (!claims->has_exp || !is_time(claims->exp) || (claims->has_nbf && !is_time(claims->nbf)))
        return false;
    *until_ms = (int64_t)(claims->exp * 1000) + TOKEN_SKEW_MS;
    return now_ms < *until_ms && (!claims->has_nbf || now_ms >= (int64_t)(claims->nbf * 1000) - TOKEN_SKEW_MS);
}

bool token_read(weir_bytes text, const struct token_rules *rules, int64_t now_ms, weir_arena *arena, struct token *out)
{
    struct parts parts;
    if (!split(text, &parts) || !is_signed(&parts, rules->keys, arena))
        return false;
    const struct claims *claims = read_part(parts.claims, &claims_type, arena);
    if (!claims || !claims->has_iss || !claims->has_sub || !claims->has_aud)
        return false;
    out->subject = claims->sub;
    return bytes_equal(claims->iss, bytes_of_text(rules->issuer)) && is_for(claims->aud, rules->audience, arena) &&
           access_is_name(claims->sub) && is_in_time(claims, now_ms, &out->until_ms);
}
