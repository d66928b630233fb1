/* schema.c: see schema.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/schema.h"

#include <assert.h>

#include "http/json.h"

enum { DEPTH_MAX = 16 }; /* a type that contains itself would never end */

static void write_at(struct buffer *, const struct weir_type *, enum schema_use, int depth);

static const char *plain_schema(enum weir_kind kind, enum schema_use use)
{
    switch (kind) {
    case WEIR_KIND_BOOL:
        return "{\"type\":\"boolean\"}";
    case WEIR_KIND_I32:
        return "{\"type\":\"integer\",\"format\":\"int32\"}";
    case WEIR_KIND_I64:
        return "{\"type\":\"integer\",\"format\":\"int64\"}";
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
        return "{\"type\":\"number\"}";
    case WEIR_KIND_DECIMAL:
        return "{\"type\":\"number\",\"description\":\"an exact decimal\"}";
    case WEIR_KIND_STRING:
        return "{\"type\":\"string\"}";
    case WEIR_KIND_BYTES:
        return "{\"type\":\"string\",\"contentEncoding\":\"base64\"}";
    case WEIR_KIND_TIMESTAMP:
        return use == SCHEMA_SENT ? TIME_TEXT_SCHEMA : "{\"type\":\"string\",\"format\":\"date-time\"}";
    default:
        return "{}";
    }
}

static void write_symbols(struct buffer *out, const struct weir_type *type)
{
    buffer_text(out, "{\"enum\":[");
    for (size_t i = 0; i < type->symbol_count; i++) {
        buffer_text(out, i ? "," : "");
        json_text(out, type->symbols[i]);
    }
    buffer_text(out, "]}");
}

static void write_field(struct buffer *out, const struct weir_field *field, enum schema_use use, int depth)
{
    json_text(out, field->name);
    buffer_byte(out, ':');
    if (field->presence != WEIR_NO_PRESENCE)
        buffer_text(out, "{\"anyOf\":[{\"type\":\"null\"},");
    write_at(out, field->type, use, depth + 1);
    if (field->presence != WEIR_NO_PRESENCE)
        buffer_text(out, "]}");
}

static void write_record(struct buffer *out, const struct weir_type *type, enum schema_use use, int depth)
{
    bool first = true;
    buffer_text(out, "{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < type->field_count; i++) {
        buffer_text(out, i ? "," : "");
        write_field(out, &type->fields[i], use, depth);
    }
    buffer_text(out, use == SCHEMA_SENT ? "},\"additionalProperties\":false,\"required\":[" : "},\"required\":[");
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].presence != WEIR_NO_PRESENCE || type->fields[i].initial)
            continue;
        buffer_text(out, first ? "" : ",");
        json_text(out, type->fields[i].name);
        first = false;
    }
    buffer_text(out, "]}");
}

static void write_at(struct buffer *out, const struct weir_type *type, enum schema_use use, int depth)
{
    assert(type);
    if (depth == DEPTH_MAX) {
        buffer_text(out, "{}");
    } else if (type->kind == WEIR_KIND_RECORD) {
        write_record(out, type, use, depth);
    } else if (type->kind == WEIR_KIND_ENUM) {
        write_symbols(out, type);
    } else if (type->kind == WEIR_KIND_ARRAY || type->kind == WEIR_KIND_MAP) {
        buffer_text(out, type->kind == WEIR_KIND_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                       : "{\"type\":\"object\",\"additionalProperties\":");
        write_at(out, type->item, use, depth + 1);
        buffer_byte(out, '}');
    } else {
        buffer_text(out, plain_schema(type->kind, use));
    }
}

void schema_write(struct buffer *out, const struct weir_type *type, enum schema_use use)
{
    write_at(out, type, use, 0);
}
