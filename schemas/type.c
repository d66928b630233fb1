/* type.c: the builtin types, and questions about type tables that more than one codec asks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/type.h"

#include "base/bytes.h"

_Static_assert(sizeof(bool) == 1, "presence offsets count bytes and bools alike");

/* Fingerprints are CRC-64-AVRO of the schema text; the unit tests compute them again. */
const struct weir_type weir_str_type = {
    .name = "string",
    .kind = WEIR_KIND_STRING,
    .size = sizeof(weir_bytes),
    .schema = "\"string\"",
    .fingerprint = UINT64_C(0x8f014872634503c7),
};
const struct weir_type weir_bytes_type = {
    .name = "bytes",
    .kind = WEIR_KIND_BYTES,
    .size = sizeof(weir_bytes),
    .schema = "\"bytes\"",
    .fingerprint = UINT64_C(0x4fc016dac3201965),
};
const struct weir_type weir_i64_type = {
    .name = "long",
    .kind = WEIR_KIND_I64,
    .size = sizeof(int64_t),
    .schema = "\"long\"",
    .fingerprint = UINT64_C(0xd054e14493f41db7),
};
const struct weir_type weir_i32_type = {
    .name = "int",
    .kind = WEIR_KIND_I32,
    .size = sizeof(int32_t),
    .schema = "\"int\"",
    .fingerprint = UINT64_C(0x7275d51a3f395c8f),
};
const struct weir_type weir_double_type = {
    .name = "double",
    .kind = WEIR_KIND_DOUBLE,
    .size = sizeof(double),
    .schema = "\"double\"",
    .fingerprint = UINT64_C(0x8e7535c032ab957e),
};
const struct weir_type weir_json_type = {
    .name = "json",
    .kind = WEIR_KIND_JSON,
    .size = sizeof(weir_bytes),
    .schema = "\"string\"",
    .fingerprint = UINT64_C(0x8f014872634503c7),
};

static size_t record_bytes_min(const struct weir_type *type)
{
    size_t bytes = 0;
    for (size_t i = 0; i < type->field_count; i++)
        bytes += type_field_is_optional(&type->fields[i]) ? 1 : type_avro_bytes_min(type->fields[i].type);
    return bytes;
}

size_t type_avro_bytes_min(const struct weir_type *type)
{
    switch (type->kind) {
    case WEIR_KIND_FLOAT:
        return 4;
    case WEIR_KIND_DOUBLE:
        return 8;
    case WEIR_KIND_JSON:
    case WEIR_KIND_DECIMAL:
        return type->symbol_count ? type->symbol_count : 2; /* a length and at least one byte */
    case WEIR_KIND_RECORD:
        return record_bytes_min(type);
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_ENUM:
    case WEIR_KIND_TIMESTAMP:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        break;
    }
    return 1;
}

int32_t type_symbol(const struct weir_type *type, weir_bytes name)
{
    for (size_t i = 0; i < type->symbol_count; i++)
        if (type_name_equals(type->symbols[i], name))
            return (int32_t)i;
    return -1;
}
