/* scalar.c: see scalar.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/scalar.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "schemas/text.h"
#include "schemas/type.h"

bool scalar_is(const struct weir_type *type)
{
    return type->kind != WEIR_KIND_RECORD && type->kind != WEIR_KIND_ARRAY && type->kind != WEIR_KIND_MAP;
}

static const void *refuse(const struct weir_type *type, struct weir_error *error, const char *problem)
{
    error_set(error, WEIR_POISON, "%s: %s", type->name, problem);
    return NULL;
}

static const void *borrow(weir_bytes bytes, weir_arena *arena)
{
    weir_bytes *value = arena_alloc_raw(arena, sizeof *value);
    *value = bytes;
    return value;
}

static const void *read_wide(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                             struct weir_error *error)
{
    if (bytes.size != sizeof(uint64_t)) {
        error_set(error, WEIR_POISON, "%s: expected 8 bytes, found %zu", type->name, bytes.size);
        return NULL;
    }
    uint64_t *value = arena_alloc_raw(arena, sizeof *value);
    *value = bytes_get_u64(bytes.data);
    return value;
}

static const void *read_narrow(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                               struct weir_error *error)
{
    if (bytes.size != sizeof(uint32_t)) {
        error_set(error, WEIR_POISON, "%s: expected 4 bytes, found %zu", type->name, bytes.size);
        return NULL;
    }
    uint32_t *value = arena_alloc_raw(arena, sizeof *value);
    *value = bytes_get_u32(bytes.data);
    return value;
}

static const void *read_bool(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                             struct weir_error *error)
{
    const unsigned char *data = bytes.data;
    if (bytes.size != 1 || data[0] > 1)
        return refuse(type, error, "expected one byte, 0 or 1");
    bool *value = arena_alloc_raw(arena, sizeof *value);
    *value = data[0] == 1;
    return value;
}

static const void *read_enum(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                             struct weir_error *error)
{
    int32_t symbol = type_symbol(type, bytes);
    if (symbol < 0)
        return refuse(type, error, "not a symbol of it");
    int32_t *value = arena_alloc_raw(arena, sizeof *value);
    *value = symbol;
    return value;
}

static const void *read_decimal(const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                                struct weir_error *error)
{
    weir_decimal *value = arena_alloc_raw(arena, sizeof *value);
    if (!decimal_read(bytes, type->scale, &value->unscaled))
        return refuse(type, error, "not a decimal number of at most 18 digits");
    return value;
}

const void *scalar_read(const struct weir_type *type, weir_bytes bytes, weir_arena *arena, struct weir_error *error)
{
    switch (type->kind) {
    case WEIR_KIND_STRING:
        return text_is_utf8(bytes) ? borrow(bytes, arena) : refuse(type, error, "not valid UTF-8");
    case WEIR_KIND_BYTES:
        return borrow(bytes, arena);
    case WEIR_KIND_JSON:
        return json_valid(bytes, error) ? borrow(bytes, arena) : NULL;
    case WEIR_KIND_I64:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_TIMESTAMP:
        return read_wide(type, bytes, arena, error);
    case WEIR_KIND_I32:
    case WEIR_KIND_FLOAT:
        return read_narrow(type, bytes, arena, error);
    case WEIR_KIND_BOOL:
        return read_bool(type, bytes, arena, error);
    case WEIR_KIND_ENUM:
        return read_enum(type, bytes, arena, error);
    case WEIR_KIND_DECIMAL:
        return read_decimal(type, bytes, arena, error);
    case WEIR_KIND_RECORD:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        break;
    }
    assert(false && "a scalar");
    return NULL;
}

bool scalar_is_bytes(const struct weir_type *type)
{
    return type->kind == WEIR_KIND_STRING || type->kind == WEIR_KIND_BYTES || type->kind == WEIR_KIND_JSON;
}

bool scalar_check(const struct weir_type *type, weir_bytes bytes, struct weir_error *error)
{
    if (!bytes.data)
        return error_set(error, WEIR_POISON, "%s: required, but it is not set", type->name);
    if (type->kind == WEIR_KIND_STRING && !text_is_utf8(bytes))
        return error_set(error, WEIR_POISON, "%s: not valid UTF-8", type->name);
    return type->kind != WEIR_KIND_JSON || json_valid(bytes, error);
}

static bool write_bytes(const struct weir_type *type, weir_bytes bytes, struct buffer *out, struct weir_error *error)
{
    if (!scalar_check(type, bytes, error))
        return false;
    buffer_append(out, bytes.data, bytes.size);
    return true;
}

static bool write_wide(const void *value, struct buffer *out)
{
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    bits = __builtin_bswap64(bits);
    buffer_append(out, &bits, sizeof bits);
    return true;
}

static bool write_narrow(const void *value, struct buffer *out)
{
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    bits = __builtin_bswap32(bits);
    buffer_append(out, &bits, sizeof bits);
    return true;
}

static bool write_enum(const struct weir_type *type, int32_t index, struct buffer *out, struct weir_error *error)
{
    if (index < 0 || (size_t)index >= type->symbol_count)
        return error_set(error, WEIR_POISON, "%s: %d is not an index into its symbols", type->name, (int)index);
    buffer_text(out, type->symbols[index]);
    return true;
}

bool scalar_write(const struct weir_type *type, const void *value, struct buffer *out, struct weir_error *error)
{
    switch (type->kind) {
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_JSON:
        return write_bytes(type, *(const weir_bytes *)value, out, error);
    case WEIR_KIND_I64:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_TIMESTAMP:
        return write_wide(value, out);
    case WEIR_KIND_I32:
    case WEIR_KIND_FLOAT:
        return write_narrow(value, out);
    case WEIR_KIND_BOOL:
        buffer_byte(out, *(const bool *)value);
        return true;
    case WEIR_KIND_ENUM:
        return write_enum(type, *(const int32_t *)value, out, error);
    case WEIR_KIND_DECIMAL:
        return json_write(type, value, out, error);
    case WEIR_KIND_RECORD:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        break;
    }
    assert(false && "a scalar");
    return false;
}
