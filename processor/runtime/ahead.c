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

static const struct graph_store *store_of(const struct graph_node *node)
{
    return node->store_count > 0 && node->stores[0]->spec.kind == STORE_KEY_VALUE ? node->stores[0] : NULL;
}

static const struct graph_store *first_store(const struct graph_node *node)
{
    const struct graph_store *found = store_of(node);
    for (size_t i = 0; !found && i < node->children.count; i++)
        if (!node->children.items[i]->key_changed)
            found = first_store(node->children.items[i]);
    return found;
}

struct store *ahead_store(const struct task *task, const struct layout_source *source)
{
    if (!is_stored_as_sent(source->node->key_type))
        return NULL;
    const struct graph_store *found = first_store(source->node);
    return found ? task->stores[found->index] : NULL;
}

static weir_bytes key_at(const struct queue *queue, size_t place)
{
    return queue->ring[(queue->first + place) & (queue->capacity - 1)].key;
}

void ahead_fetch(const struct task_source *source)
{
    const struct queue *queue = &source->queue;
    if (queue->count > SLOT_AHEAD)
        store_fetch_slot(source->ahead, key_at(queue, SLOT_AHEAD));
    if (queue->count > ROW_AHEAD)
        store_fetch_row(source->ahead, key_at(queue, ROW_AHEAD));
}
