/* ahead.c: see ahead.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ahead.h"

/* First the slot, which says where the row is; the row a few records later, when the slot has arrived. */
enum { SLOT_AHEAD = 12, ROW_AHEAD = 6 };

/* Kafka's serializers write these as the store holds them. */
static bool is_stored_as_sent(const struct weir_type *key)
{
    return key->kind != WEIR_KIND_RECORD && key->kind != WEIR_KIND_ARRAY && key->kind != WEIR_KIND_MAP;
}

static void add_store(struct task_source *source, struct store *store)
{
    for (size_t i = 0; i < source->ahead_count; i++)
        if (source->ahead[i] == store)
            return;
    if (source->ahead_count < AHEAD_STORES_MAX)
        source->ahead[source->ahead_count++] = store;
}

static void find_stores(struct task *task, struct task_source *source, const struct graph_node *node)
{
    for (size_t i = 0; i < node->store_count; i++)
        add_store(source, task->stores[node->stores[i]->index]);
    for (size_t i = 0; i < node->children.count; i++)
        if (!node->children.items[i]->key_changed)
            find_stores(task, source, node->children.items[i]);
}

void ahead_find(struct task *task, struct task_source *source)
{
    source->ahead_count = 0;
    if (is_stored_as_sent(source->layout->node->key_type))
        find_stores(task, source, source->layout->node);
}

static weir_bytes key_at(const struct queue *queue, size_t place)
{
    return queue->ring[(queue->first + place) & (queue->capacity - 1)].key;
}

void ahead_fetch(const struct task_source *source)
{
    const struct queue *queue = &source->queue;
    if (queue->count <= SLOT_AHEAD)
        return;
    for (size_t i = 0; i < source->ahead_count; i++) {
        store_fetch_slot(source->ahead[i], key_at(queue, SLOT_AHEAD));
        store_fetch_row(source->ahead[i], key_at(queue, ROW_AHEAD));
    }
}
