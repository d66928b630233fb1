/* hottest.c: the hot keys of all inputs here, together.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/task.h"
#include "schemas/codec.h"

struct found {
    const struct task_source *source;
    int32_t subtopology, partition;
    int64_t looked_at;
    struct hot_key hot;
};

struct finds {
    struct found *items;
    size_t count, capacity;
};

static void look(struct finds *finds, const struct task *task, struct task_source *source, weir_arena *arena)
{
    struct hot_key hot[HOT_KEYS_MAX];
    int64_t looked_at;
    size_t count = hot_keys_list(&source->hot, arena, hot, &looked_at);
    finds->items = memory_grow(finds->items, &finds->capacity, finds->count + count, sizeof *finds->items);
    for (size_t i = 0; i < count; i++)
        finds->items[finds->count++] =
            (struct found){source, task->part->subtopology->id, task->partition, looked_at, hot[i]};
}

static int hottest_first(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    return (left->hot.count < right->hot.count) - (left->hot.count > right->hot.count);
}

static struct weir_hot_key told(const struct found *found, weir_arena *arena)
{
    const struct weir_type *type = found->source->layout->node->key_type;
    struct weir_error error = {0};
    return (struct weir_hot_key){
        .topic = found->source->layout->topic,
        .partition = found->partition,
        .subtopology = found->subtopology,
        .type = type,
        .key = type && found->hot.key.data ? codec_read(type, found->hot.key, arena, &error) : NULL,
        .records = found->hot.count * HOT_KEYS_EVERY,
        .error = found->hot.error * HOT_KEYS_EVERY,
        .of_records = found->looked_at * HOT_KEYS_EVERY,
    };
}

size_t weir_app_hot_keys(struct weir_app *app, weir_arena *arena, struct weir_hot_key *out, size_t max)
{
    struct finds finds = {0};
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count; i++)
        for (size_t s = 0; s < app->tasks[i]->source_count; s++)
            look(&finds, app->tasks[i], &app->tasks[i]->sources[s], arena);
    if (finds.count > 0)
        qsort(finds.items, finds.count, sizeof *finds.items, hottest_first);
    for (size_t i = 0; i < finds.count && i < max; i++)
        out[i] = told(&finds.items[i], arena);
    pthread_rwlock_unlock(&app->registry);
    memory_free(finds.items);
    return finds.count;
}
