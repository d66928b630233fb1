/* punctuate.c: see punctuate.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/punctuate.h"

#include "base/memory.h"

void punctuations_done(struct punctuations *punctuations)
{
    memory_free(punctuations->items);
    *punctuations = (struct punctuations){0};
}

void punctuations_add(struct punctuations *punctuations, weir_context *context, weir_punctuator *call, int64_t every_ms,
                      int64_t first_ms)
{
    punctuations->items =
        memory_grow(punctuations->items, &punctuations->capacity, punctuations->count + 1, sizeof *punctuations->items);
    punctuations->items[punctuations->count++] =
        (struct punctuation){.context = context, .call = call, .every_ms = every_ms, .next_ms = first_ms};
}

int64_t punctuations_next(const struct punctuations *punctuations)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < punctuations->count; i++)
        next = punctuations->items[i].next_ms < next ? punctuations->items[i].next_ms : next;
    return next;
}

static void move_on(struct punctuation *item, int64_t now_ms)
{
    int64_t missed = (now_ms - item->next_ms) / item->every_ms;
    item->next_ms += (missed + 1) * item->every_ms;
}

bool punctuations_fire(struct punctuations *punctuations, int64_t now_ms,
                       void (*fire)(void *self, const struct punctuation *), void *self)
{
    size_t due_count = 0;
    struct punctuation *due = NULL;
    size_t due_capacity = 0;
    for (size_t i = 0; i < punctuations->count; i++) {
        struct punctuation *item = &punctuations->items[i];
        if (item->next_ms > now_ms)
            continue;
        due = memory_grow(due, &due_capacity, due_count + 1, sizeof *due);
        size_t at = due_count++;
        for (; at > 0 && due[at - 1].next_ms > item->next_ms; at--) /* by time; equal times keep their order */
            due[at] = due[at - 1];
        due[at] = *item;
        move_on(item, now_ms);
    }
    for (size_t i = 0; i < due_count; i++)
        fire(self, &due[i]);
    memory_free(due);
    return due_count > 0;
}
