/* schema.c: see schema.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/schema.h"

#include <assert.h>

#include "http/json.h"

enum { DEPTH_MAX = 16 }; /* a type that contains itself would never end */

static const char *plain_schema(enum weir_kind kind)
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
        return "{\"type\":\"string\",\"format\":\"date-time\"}";
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

static void write_record(struct buffer *out, const struct weir_type *type, int depth)
{
    bool first = true;
    buffer_text(out, "{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < type->field_count; i++) {
        buffer_text(out, i ? "," : "");
        json_text(out, type->fields[i].name);
        buffer_byte(out, ':');
        schema_write(out, type->fields[i].type, depth + 1);
    }
    buffer_text(out, "},\"required\":[");
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].presence != WEIR_NO_PRESENCE || type->fields[i].initial)
            continue;
        buffer_text(out, first ? "" : ",");
        json_text(out, type->fields[i].name);
        first = false;
    }
    buffer_text(out, "]}");
}

void schema_write(struct buffer *out, const struct weir_type *type, int depth)
{
    assert(type);
    if (depth == DEPTH_MAX) {
        buffer_text(out, "{}");
    } else if (type->kind == WEIR_KIND_RECORD) {
        write_record(out, type, depth);
    } else if (type->kind == WEIR_KIND_ENUM) {
        write_symbols(out, type);
    } else if (type->kind == WEIR_KIND_ARRAY || type->kind == WEIR_KIND_MAP) {
        buffer_text(out, type->kind == WEIR_KIND_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                       : "{\"type\":\"object\",\"additionalProperties\":");
        schema_write(out, type->item, depth + 1);
        buffer_byte(out, '}');
    } else {
        buffer_text(out, plain_schema(type->kind));
    }
}
