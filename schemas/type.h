/* type.h: what the tables of weir.h mean beyond their declarations; read by every codec.
 *
 * Branch order of an optional field: its presence bool stands behind the value when the schema says [null, T] (the
 * usual order, what the generator and hand-written tables do) and in front of it when the schema says [T, null]. So a
 * reader that only asks `is it there` needs no mask, and the Avro codec knows which branch is 0.
 * A decimal on `fixed` instead of `bytes` keeps the size of the fixed in symbol_count; 0 means `bytes`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SCHEMAS_TYPE_H
#define WEIR_SCHEMAS_TYPE_H
#include <assert.h>
#include <string.h>

#include "weir.h"

static inline bool type_field_is_optional(const struct weir_field *field)
{
    return field->presence != WEIR_NO_PRESENCE;
}

static inline bool type_null_is_last(const struct weir_field *field)
{
    return field->presence < field->offset;
}

static inline void *type_field_of(void *record, const struct weir_field *field)
{
    return (char *)record + field->offset;
}

static inline const void *type_field_in(const void *record, const struct weir_field *field)
{
    return (const char *)record + field->offset;
}

static inline bool type_is_present(const void *record, const struct weir_field *field)
{
    return !type_field_is_optional(field) || *((const bool *)record + field->presence);
}

static inline void type_set_present(void *record, const struct weir_field *field, bool present)
{
    if (type_field_is_optional(field))
        *((bool *)record + field->presence) = present;
}

/* Bytes from one entry of a map to the next: the key, then the value padded to a multiple of 8. */
static inline size_t type_entry_size(const struct weir_type *map)
{
    assert(map->kind == WEIR_KIND_MAP);
    return sizeof(weir_bytes) + (map->item->size + (size_t)7) / 8 * 8;
}

/* Bytes from one item of an array or entry of a map to the next. */
static inline size_t type_stride(const struct weir_type *type)
{
    return type->kind == WEIR_KIND_MAP ? type_entry_size(type) : type->item->size;
}

/* Where the value starts inside an item of an array (0) or an entry of a map (behind its key). */
static inline size_t type_item_offset(const struct weir_type *type)
{
    return type->kind == WEIR_KIND_MAP ? sizeof(weir_bytes) : 0;
}

/* Names are short and mostly differ in their first characters: a loop beats the C library's functions. */
static inline bool type_name_equals(const char *name, weir_bytes given)
{
    const char *data = given.data;
    size_t i = 0;
    while (i < given.size && name[i] && name[i] == data[i])
        i++;
    return i == given.size && !name[i];
}

/* The fewest bytes an Avro value of this type takes; 0 for records without fields. */
size_t type_avro_bytes_min(const struct weir_type *);
/* The first symbol with that name, or -1. */
int32_t type_symbol(const struct weir_type *, weir_bytes name);
#endif
