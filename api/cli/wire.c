/* wire.c: see wire.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <string.h>

#include "base/bytes.h"
#include "json_text.h"

static weir_bytes big_endian(weir_arena *arena, uint64_t value, size_t size)
{
    unsigned char *bytes = weir_arena_alloc(arena, 8);
    if (size == 8)
        bytes_put_u64(bytes, value);
    else
        bytes_put_u32(bytes, (uint32_t)value);
    return (weir_bytes){bytes, size};
}

static bool write_number(weir_arena *arena, const struct weir_type *type, weir_bytes json, weir_bytes *out,
                         struct weir_error *error)
{
    /* A key stands in quotes, whatever its type. */
    weir_bytes text = json_text_plain(arena, json);
    const void *value = weir_from_json(arena, type, text, error);
    if (!value)
        return false;
    uint64_t bits = 0;
    if (type->kind == WEIR_KIND_I32)
        bits = (uint32_t) * (const int32_t *)value;
    else
        memcpy(&bits, value, sizeof bits);
    *out = big_endian(arena, bits, type->kind == WEIR_KIND_I32 ? 4 : 8);
    return true;
}

bool wire_write(weir_arena *arena, const struct weir_type *type, weir_bytes json, weir_bytes *out,
                struct weir_error *error)
{
    *out = (weir_bytes){NULL, 0};
    if (!json.data || json_text_is_null(json))
        return true;
    switch (type->kind) {
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_DOUBLE:
        return write_number(arena, type, json, out, error);
    case WEIR_KIND_JSON:
        *out = json;
        return true;
    default: /* texts, and records: a string in place of a record is bytes that need not be JSON at all */
        *out = json_text_plain(arena, json);
        return true;
    }
}
