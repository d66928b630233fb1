/* layout.c: sizes and offsets of the generated structs, as a 64-bit C compiler lays them out. The generated sources
 * assert every one of these numbers, so a compiler that disagrees says so.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model.h"

struct extent {
    size_t size, alignment;
};

static struct extent extent_of(const struct model_type *type)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return (struct extent){1, 1};
    case WEIR_KIND_I32:
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_ENUM:
        return (struct extent){4, 4};
    case WEIR_KIND_I64:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_DECIMAL:
    case WEIR_KIND_TIMESTAMP:
        return (struct extent){8, 8};
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_JSON:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return (struct extent){sizeof(weir_bytes), 8};
    case WEIR_KIND_RECORD:
        break;
    }
    struct extent extent = {0, 1};
    for (size_t i = 0; i < type->field_count; i++) {
        struct extent inner = extent_of(type->fields[i].type);
        extent.alignment = inner.alignment > extent.alignment ? inner.alignment : extent.alignment;
    }
    struct layout layout = layout_of(type);
    extent.size = layout.size;
    layout_done(&layout);
    return extent;
}

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

static void add_member(struct layout *layout, const struct model_field *field, bool is_presence, size_t *alignment)
{
    struct extent extent = is_presence ? (struct extent){1, 1} : extent_of(field->type);
    size_t offset = round_up(layout->size, extent.alignment);
    layout->members[layout->count++] = (struct layout_member){field, is_presence, offset, extent.size};
    layout->size = offset + extent.size;
    if (extent.alignment > *alignment)
        *alignment = extent.alignment;
}

struct layout layout_of(const struct model_type *record)
{
    assert(record->kind == WEIR_KIND_RECORD);
    struct layout layout = {.members = memory_new((record->field_count + 1) * 2 * sizeof(struct layout_member))};
    size_t alignment = 1;
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].is_optional && record->fields[i].is_null_last)
            add_member(&layout, &record->fields[i], true, &alignment);
    for (size_t i = 0; i < record->field_count; i++)
        add_member(&layout, &record->fields[i], false, &alignment);
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].is_optional && !record->fields[i].is_null_last)
            add_member(&layout, &record->fields[i], true, &alignment);
    layout.size = layout.count ? round_up(layout.size, alignment) : 1; /* C has no empty struct */
    return layout;
}

void layout_done(struct layout *layout)
{
    free(layout->members);
}

const char *layout_c_type(const struct model_type *type)
{
    static const char *const names[] = {
        [WEIR_KIND_BOOL] = "bool",         [WEIR_KIND_I32] = "int32_t",     [WEIR_KIND_I64] = "int64_t",
        [WEIR_KIND_FLOAT] = "float",       [WEIR_KIND_DOUBLE] = "double",   [WEIR_KIND_STRING] = "weir_bytes",
        [WEIR_KIND_BYTES] = "weir_bytes",  [WEIR_KIND_ENUM] = "int32_t",    [WEIR_KIND_DECIMAL] = "weir_decimal",
        [WEIR_KIND_TIMESTAMP] = "int64_t", [WEIR_KIND_JSON] = "weir_bytes", [WEIR_KIND_ARRAY] = "weir_array",
        [WEIR_KIND_MAP] = "weir_array",
    };
    if (type->kind == WEIR_KIND_RECORD)
        return memory_format("struct %s", type->c_name);
    return memory_text(names[type->kind]);
}
