/* canonical.c: Parsing Canonical Form (Avro specification), each named type spelled out where it first appears.
 * SPDX-License-Identifier: Apache-2.0 */
#include <avro.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model.h"

/* Names that were spelled out already; later mentions are the name alone. */
struct spelled {
    const char **names;
    size_t count, capacity;
};

static void write_type(const struct model_type *, struct spelled *, struct buffer *);

static bool spell(struct spelled *spelled, const char *name)
{
    for (size_t i = 0; i < spelled->count; i++)
        if (strcmp(spelled->names[i], name) == 0)
            return false;
    spelled->names = memory_grow(spelled->names, &spelled->capacity, spelled->count + 1, sizeof *spelled->names);
    spelled->names[spelled->count++] = name;
    return true;
}

static void write_record(const struct model_type *type, struct spelled *spelled, struct buffer *out)
{
    buffer_format(out, "{\"name\":\"%s\",\"type\":\"record\",\"fields\":[", type->full_name);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct model_field *field = &type->fields[i];
        buffer_format(out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", field->name);
        if (field->is_optional && !field->is_null_last)
            buffer_text(out, "[\"null\",");
        else if (field->is_optional)
            buffer_text(out, "[");
        write_type(field->type, spelled, out);
        buffer_text(out, !field->is_optional ? "}" : field->is_null_last ? ",\"null\"]}" : "]}");
    }
    buffer_text(out, "]}");
}

static void write_enum(const struct model_type *type, struct buffer *out)
{
    buffer_format(out, "{\"name\":\"%s\",\"type\":\"enum\",\"symbols\":[", type->full_name);
    for (size_t i = 0; i < type->symbol_count; i++)
        buffer_format(out, "%s\"%s\"", i ? "," : "", type->symbols[i]);
    buffer_text(out, "]}");
}

static void write_named(const struct model_type *type, struct spelled *spelled, struct buffer *out)
{
    if (!spell(spelled, type->full_name))
        buffer_format(out, "\"%s\"", type->full_name);
    else if (type->kind == WEIR_KIND_RECORD)
        write_record(type, spelled, out);
    else if (type->kind == WEIR_KIND_ENUM)
        write_enum(type, out);
    else
        buffer_format(out, "{\"name\":\"%s\",\"type\":\"fixed\",\"size\":%zu}", type->full_name, type->fixed_size);
}

static void write_type(const struct model_type *type, struct spelled *spelled, struct buffer *out)
{
    static const char *const primitives[] = {
        [WEIR_KIND_BOOL] = "boolean", [WEIR_KIND_I32] = "int",       [WEIR_KIND_I64] = "long",
        [WEIR_KIND_FLOAT] = "float",  [WEIR_KIND_DOUBLE] = "double", [WEIR_KIND_STRING] = "string",
        [WEIR_KIND_BYTES] = "bytes",  [WEIR_KIND_DECIMAL] = "bytes", [WEIR_KIND_TIMESTAMP] = "long",
        [WEIR_KIND_JSON] = "string",
    };
    if (type->full_name) {
        write_named(type, spelled, out);
    } else if (type->item) {
        bool is_map = type->kind == WEIR_KIND_MAP;
        buffer_text(out, is_map ? "{\"type\":\"map\",\"values\":" : "{\"type\":\"array\",\"items\":");
        write_type(type->item, spelled, out);
        buffer_text(out, "}");
    } else {
        buffer_format(out, "\"%s\"", primitives[type->kind]);
    }
}

char *canonical_text(const struct model_type *type)
{
    struct buffer out = {0};
    struct spelled spelled = {0};
    write_type(type, &spelled, &out);
    buffer_byte(&out, 0);
    free(spelled.names);
    return out.data;
}

bool canonical_check(const struct model_file *file, struct weir_error *error)
{
    for (size_t i = 0; i < file->type_count; i++) {
        char *text = canonical_text(file->types[i]);
        avro_schema_t schema = NULL;
        int failed = avro_schema_from_json_length(text, strlen(text), &schema);
        free(text);
        if (failed)
            return error_set(error, WEIR_INVALID, "%s: %s: avro-c says: %s", file->path, file->types[i]->full_name,
                             avro_strerror());
        avro_schema_decref(schema);
    }
    return true;
}
