/* reader.c: see reader.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/reader.h"

#include <assert.h>
#include <string.h>

#include "schemas/map.h"
#include "schemas/type.h"

bool reader_init(struct reader *reader, weir_bytes bytes, weir_arena *arena, struct weir_error *error)
{
    assert(bytes.data);
    if (bytes.size > CODEC_VALUE_BYTES_MAX)
        return error_set(error, WEIR_POISON, "value of %zu bytes is larger than %d", bytes.size, CODEC_VALUE_BYTES_MAX);
    reader->start = reader->at = bytes.data;
    reader->end = reader->start + bytes.size;
    reader->arena = arena;
    reader->memory_left = READER_MEMORY_MAX;
    reader->steps_left = READER_STEPS_MAX;
    reader->depth = 0;
    problem_init(&reader->problem);
    return true;
}

bool reader_report(const struct reader *reader, struct weir_error *error)
{
    return problem_report(&reader->problem, reader->at - reader->start, error);
}

void *reader_alloc(struct reader *reader, size_t size)
{
    size = (size + 15) / 16 * 16; /* as the arena does */
    if (size > reader->memory_left) {
        problem_set(&reader->problem, "the value would take more than %d bytes of memory", READER_MEMORY_MAX);
        return NULL;
    }
    reader->memory_left -= size;
    return arena_alloc_raw(reader->arena, size);
}

bool reader_reserve(struct reader *reader, struct items *items, size_t more, size_t stride)
{
    enum { FIRST = 8 };
    if (more > CODEC_ITEMS_MAX - items->count)
        return problem_set(&reader->problem, "more than %d items", CODEC_ITEMS_MAX);
    if (more <= items->capacity - items->count)
        return true;
    size_t capacity = items->capacity ? items->capacity * 2 : more > 1 ? more : FIRST;
    if (capacity < items->count + more)
        capacity = items->count + more;
    char *data = reader_alloc(reader, capacity * stride);
    if (!data)
        return false;
    if (items->count)
        memcpy(data, items->data, items->count * stride);
    items->data = data;
    items->capacity = capacity;
    return true;
}

weir_array reader_items(const struct weir_type *type, struct items *items)
{
    if (type->kind == WEIR_KIND_MAP)
        items->count = map_keep_last(items->data, items->count, type_entry_size(type));
    return (weir_array){items->data, items->count};
}
