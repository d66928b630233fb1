/* merge.c: see merge.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/merge.h"

#include "base/bytes.h"
#include "base/memory.h"

static void advance(struct merge_part *part)
{
    part->has_head = frames_next(&part->rows, &part->head);
}

struct merge_part *merge_add(struct merge *merge, struct frames frames)
{
    merge->parts = memory_grow(merge->parts, &merge->capacity, merge->count + 1, sizeof *merge->parts);
    struct merge_part *part = &merge->parts[merge->count++];
    *part = (struct merge_part){.rows = frames};
    advance(part);
    return part;
}

static bool is_before(const struct frame *a, const struct frame *b, bool descending)
{
    int order = bytes_compare(a->order, b->order);
    if (order == 0)
        return a->partition < b->partition;
    return descending ? order > 0 : order < 0;
}

bool merge_next(struct merge *merge, bool descending, struct frame *row)
{
    struct merge_part *first = NULL;
    bool is_used_up = false;
    for (size_t i = 0; i < merge->count; i++) {
        struct merge_part *part = &merge->parts[i];
        is_used_up = is_used_up || (!part->has_head && part->rows.more);
        if (part->has_head && (!first || is_before(&part->head, &first->head, descending)))
            first = part;
    }
    bool is_known = first && (!is_used_up || (merge->last.data && bytes_equal(first->head.order, merge->last)));
    merge->more = merge->more || (is_used_up && !is_known);
    if (!is_known)
        return false;
    *row = first->head;
    merge->last = row->order;
    advance(first);
    return true;
}

const char *merge_position(const struct merge *merge, weir_arena *arena)
{
    struct buffer text = {0};
    for (size_t i = 0; i < merge->count; i++) {
        weir_bytes position = merge->parts[i].rows.position;
        if (position.size && text.size)
            buffer_byte(&text, ',');
        buffer_append(&text, position.data, position.size);
    }
    const char *copy = arena_bytes(arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return copy;
}

void merge_done(struct merge *merge)
{
    memory_free(merge->parts);
}
