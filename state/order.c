/* order.c: see order.h.
 *
 * Levels are drawn from a generator with a fixed seed: the same writes make the same list.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/order.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "state/table.h"

void order_init(struct order *order)
{
    memset(order, 0, sizeof *order);
    order->random = 0x9e3779b97f4a7c15u;
    order->levels = 1;
}

static uint64_t prefix_of(weir_bytes key)
{
    unsigned char bytes[8] = {0};
    if (key.size)
        memcpy(bytes, key.data, key.size < sizeof bytes ? key.size : sizeof bytes);
    return bytes_get_u64(bytes);
}

static bool is_less(const struct order_node *node, weir_bytes key, uint64_t prefix)
{
    if (node->prefix != prefix)
        return node->prefix < prefix;
    return bytes_compare(table_key(node->row), key) < 0;
}

/* One level up for one node in four. */
static uint32_t draw_levels(struct order *order)
{
    order->random ^= order->random << 13;
    order->random ^= order->random >> 7;
    order->random ^= order->random << 17;
    uint32_t levels = 1;
    for (uint64_t bits = order->random; levels < ORDER_LEVELS && (bits & 3) == 0; bits >>= 2)
        levels++;
    return levels;
}

/* The last node < key, NULL when there is none; path, where asked for: the link behind it on every level. */
static struct order_node *find_before(const struct order *order, weir_bytes key, struct order_node *path[ORDER_LEVELS])
{
    uint64_t prefix = prefix_of(key);
    struct order_node *node = NULL;
    for (uint32_t level = order->levels; level-- > 0;) {
        for (;;) {
            struct order_node *next = node ? node->next[level] : order->first[level];
            if (!next || !is_less(next, key, prefix))
                break;
            node = next;
        }
        if (path)
            path[level] = node;
    }
    return node;
}

static size_t node_size(uint32_t levels)
{
    return slab_round(sizeof(struct order_node) + levels * sizeof(struct order_node *));
}

static struct order_node *node_new(struct order *order, struct slab *slab, struct table_row *row)
{
    uint32_t levels = draw_levels(order);
    struct order_node *node = slab_take(slab, node_size(levels));
    node->row = row;
    node->prefix = prefix_of(table_key(row));
    node->levels = levels;
    return node;
}

static struct order_node **link_behind(struct order *order, struct order_node *node, uint32_t level)
{
    return node ? &node->next[level] : &order->first[level];
}

void order_insert(struct order *order, struct slab *slab, struct table_row *row)
{
    assert(!row->node);
    struct order_node *path[ORDER_LEVELS] = {0};
    struct order_node *before = find_before(order, table_key(row), path);
    struct order_node *node = node_new(order, slab, row);
    if (node->levels > order->levels)
        order->levels = node->levels;
    for (uint32_t level = 0; level < node->levels; level++) {
        struct order_node **link = link_behind(order, path[level], level);
        node->next[level] = *link;
        *link = node;
    }
    node->previous = before;
    if (node->next[0])
        node->next[0]->previous = node;
    else
        order->last = node;
    row->node = node;
}

void order_remove(struct order *order, struct slab *slab, struct table_row *row)
{
    struct order_node *node = row->node;
    if (!node)
        return;
    struct order_node *path[ORDER_LEVELS] = {0};
    find_before(order, table_key(row), path);
    for (uint32_t level = 0; level < node->levels; level++) {
        struct order_node **link = link_behind(order, path[level], level);
        assert(*link == node);
        *link = node->next[level];
    }
    if (node->next[0])
        node->next[0]->previous = node->previous;
    else
        order->last = node->previous;
    slab_give(slab, node, node_size(node->levels));
    row->node = NULL;
}

static struct table_row *row_of(const struct order_node *node)
{
    return node ? node->row : NULL;
}

struct table_row *order_seek(const struct order *order, weir_bytes key)
{
    const struct order_node *before = find_before(order, key, NULL);
    return row_of(before ? before->next[0] : order->first[0]);
}

struct table_row *order_before(const struct order *order, weir_bytes key)
{
    return row_of(find_before(order, key, NULL));
}

struct table_row *order_first(const struct order *order)
{
    return row_of(order->first[0]);
}

struct table_row *order_last(const struct order *order)
{
    return row_of(order->last);
}

struct table_row *order_next(const struct table_row *row)
{
    return row_of(row->node->next[0]);
}

struct table_row *order_previous(const struct table_row *row)
{
    return row_of(row->node->previous);
}
