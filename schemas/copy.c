/* copy.c: deep copies of values.
 *
 * The copy of a struct is made whole first, then what it points to; absent fields point nowhere and are left alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/codec.h"
#include "schemas/type.h"

static void deepen(const struct weir_type *type, void *value, weir_arena *arena);

static void deepen_items(const struct weir_type *type, weir_array *array, weir_arena *arena)
{
    size_t stride = type_stride(type);
    if (array->count == 0) {
        array->items = NULL;
        return;
    }
    char *items = arena_alloc_raw(arena, array->count * stride);
    memcpy(items, array->items, array->count * stride);
    array->items = items;
    for (size_t i = 0; i < array->count; i++) {
        char *item = items + i * stride;
        if (type->kind == WEIR_KIND_MAP)
            deepen(&weir_bytes_type, item, arena);
        deepen(type->item, item + type_item_offset(type), arena);
    }
}

static void deepen_record(const struct weir_type *type, void *record, weir_arena *arena)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type_is_present(record, &type->fields[i]))
            deepen(type->fields[i].type, type_field_of(record, &type->fields[i]), arena);
        else
            memset(type_field_of(record, &type->fields[i]), 0, type->fields[i].type->size);
}

/* `value` is a shallow copy; afterwards it points into the arena only. */
static void deepen(const struct weir_type *type, void *value, weir_arena *arena)
{
    weir_bytes *bytes = value;
    switch (type->kind) {
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_JSON:
        if (bytes->data)
            *bytes = arena_bytes(arena, *bytes);
        return;
    case WEIR_KIND_RECORD:
        deepen_record(type, value, arena);
        return;
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        deepen_items(type, value, arena);
        return;
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_ENUM:
    case WEIR_KIND_DECIMAL:
    case WEIR_KIND_TIMESTAMP:
        return;
    }
}

const void *codec_copy(const struct weir_type *type, const void *value, weir_arena *arena)
{
    assert(value);
    void *copy = arena_alloc_raw(arena, type->size);
    memcpy(copy, value, type->size);
    deepen(type, copy, arena);
    return copy;
}
