/* equal.c: whether two values say the same. Floating point by its bits, so that NaN equals itself; maps in any order;
 * JSON by its text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "schemas/codec.h"
#include "schemas/map.h"
#include "schemas/type.h"

static bool fields_equal(const struct weir_type *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        bool is_present = type_is_present(a, field);
        if (is_present != type_is_present(b, field))
            return false;
        if (is_present && !codec_equal(field->type, type_field_in(a, field), type_field_in(b, field)))
            return false;
    }
    return true;
}

static bool items_equal(const struct weir_type *type, const weir_array *a, const weir_array *b)
{
    size_t stride = type_stride(type);
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!codec_equal(type->item, (const char *)a->items + i * stride, (const char *)b->items + i * stride))
            return false;
    return true;
}

static bool entry_equal(const struct weir_type *type, const char *a, const char *b)
{
    weir_bytes key_a, key_b;
    memcpy(&key_a, a, sizeof key_a);
    memcpy(&key_b, b, sizeof key_b);
    return bytes_equal(key_a, key_b) && codec_equal(type->item, a + sizeof key_a, b + sizeof key_b);
}

static bool entries_equal(const struct weir_type *type, const weir_array *a, const weir_array *b)
{
    size_t stride = type_entry_size(type);
    if (a->count != b->count)
        return false;
    size_t *order_a = map_order(a->items, a->count, stride);
    size_t *order_b = map_order(b->items, b->count, stride);
    bool is_equal = true;
    for (size_t i = 0; is_equal && i < a->count; i++)
        is_equal = entry_equal(type, (const char *)a->items + order_a[i] * stride,
                               (const char *)b->items + order_b[i] * stride);
    free(order_a);
    free(order_b);
    return is_equal;
}

bool codec_equal(const struct weir_type *type, const void *a, const void *b)
{
    switch (type->kind) {
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_JSON:
        return bytes_equal(*(const weir_bytes *)a, *(const weir_bytes *)b);
    case WEIR_KIND_RECORD:
        return fields_equal(type, a, b);
    case WEIR_KIND_ARRAY:
        return items_equal(type, a, b);
    case WEIR_KIND_MAP:
        return entries_equal(type, a, b);
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_ENUM:
    case WEIR_KIND_DECIMAL:
    case WEIR_KIND_TIMESTAMP:
        break;
    }
    return memcmp(a, b, type->size) == 0;
}
