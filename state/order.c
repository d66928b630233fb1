/* order.c: see order.h.
 *
 * Each node is responsible for the keys from its lower bound up to that of the next node on its level. Bounds are copies,
 * made when a node is split, and stay as they are until the node goes: what two neighbouring bounds share, all keys
 * between them share. A node that has become empty goes (free at empty: Johnson and Shasha, 1993), others are never
 * merged: rows of windows come and go in runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/order.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "state/table.h"

enum {
    ITEMS_MAX = 61, /* so that a node is one piece of 1,024 bytes */
    LEVELS_MAX = 16
};

union order_item {
    struct table_row *row;    /* in a leaf */
    struct order_node *child; /* elsewhere */
};

struct bound {
    char *data; /* a copy */
    size_t size;
};

struct order_node {
    struct bound lower;                 /* of its keys; empty: it is the first of its level */
    struct order_node *previous, *next; /* on its level */
    uint32_t shared;                    /* bytes at the beginning of each key that are the same in all of them */
    uint16_t count;                     /* never 0 between two calls */
    bool is_leaf;
    uint64_t heads[ITEMS_MAX]; /* the eight bytes of each key behind those, as a number */
    union order_item items[ITEMS_MAX];
};

/* From the root (0) to a leaf, and which child was taken. */
struct path {
    struct order_node *nodes[LEVELS_MAX];
    size_t at[LEVELS_MAX];
    size_t leaf; /* index of the leaf */
};

struct place {
    struct order_node *node;
    size_t at;
};

void order_init(struct order *order)
{
    *order = (struct order){0};
}

/* ---- keys ---- */

static weir_bytes lower_of(const struct order_node *node)
{
    return (weir_bytes){node->lower.data, node->lower.size};
}

static weir_bytes key_at(const struct order_node *node, size_t at)
{
    return node->is_leaf ? table_key(node->items[at].row) : lower_of(node->items[at].child);
}

static void set_shared(struct order_node *node)
{
    size_t shared = node->next ? bytes_shared(lower_of(node), lower_of(node->next)) : 0;
    if (shared == node->shared)
        return;
    node->shared = (uint32_t)shared;
    for (size_t i = 0; i < node->count; i++)
        node->heads[i] = bytes_head(key_at(node, i), shared);
}

static struct bound bound_new(struct slab *slab, weir_bytes key, size_t size)
{
    struct bound bound = {slab_take(slab, slab_round(size)), size};
    memcpy(bound.data, key.data, size);
    return bound;
}

static void bound_give(struct slab *slab, struct bound bound)
{
    if (bound.size > 0)
        slab_give(slab, bound.data, slab_round(bound.size));
}

/* ---- searching ---- */

/* Of the items from `from` on, the first one whose head is not less; or_equal: greater. */
static size_t search_heads(const struct order_node *node, size_t from, uint64_t head, bool or_equal)
{
    const uint64_t *base = node->heads + from;
    size_t count = node->count - from;
    while (count > 0) {
        size_t half = count / 2;
        bool is_behind = or_equal ? base[half] <= head : base[half] < head;
        base = is_behind ? base + half + 1 : base;
        count = is_behind ? count - half - 1 : half;
    }
    return (size_t)(base - node->heads);
}

/* Of the items from `from` on, the first one whose key is not less; or_equal: greater. */
static size_t search(const struct order_node *node, size_t from, weir_bytes key, bool or_equal)
{
    uint64_t head = bytes_head(key, node->shared);
    size_t low = search_heads(node, from, head, false);
    if (low == node->count || node->heads[low] != head)
        return low;
    size_t high = search_heads(node, low, head, true);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bytes_compare(key_at(node, middle), key);
        if (order < 0 || (order == 0 && or_equal))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The bound of the first child is the node's own. */
static size_t child_for(const struct order_node *node, weir_bytes key)
{
    return search(node, 1, key, true) - 1;
}

static struct order_node *leaf_for(const struct order *order, weir_bytes key)
{
    struct order_node *node = order->root;
    while (node && !node->is_leaf)
        node = node->items[child_for(node, key)].child;
    return node;
}

static void find_path(const struct order *order, weir_bytes key, struct path *path)
{
    struct order_node *node = order->root;
    for (path->leaf = 0;; path->leaf++) {
        assert(path->leaf < LEVELS_MAX);
        path->nodes[path->leaf] = node;
        if (node->is_leaf)
            break;
        path->at[path->leaf] = child_for(node, key);
        node = node->items[path->at[path->leaf]].child;
    }
}

static size_t index_of(const struct table_row *row)
{
    size_t at = 0;
    while (row->node->items[at].row != row)
        at++;
    return at;
}

/* ---- inserting ---- */

static struct order_node *node_new(struct slab *slab, bool is_leaf)
{
    struct order_node *node = slab_take(slab, slab_round(sizeof *node));
    memset(node, 0, offsetof(struct order_node, heads));
    node->is_leaf = is_leaf;
    return node;
}

static void put(struct place place, uint64_t head, union order_item item)
{
    struct order_node *node = place.node;
    size_t behind = node->count - place.at;
    memmove(node->heads + place.at + 1, node->heads + place.at, behind * sizeof *node->heads);
    memmove(node->items + place.at + 1, node->items + place.at, behind * sizeof *node->items);
    node->heads[place.at] = head;
    node->items[place.at] = item;
    node->count++;
    if (node->is_leaf)
        item.row->node = node;
}

static void link_behind(struct order *order, struct order_node *node, struct order_node *right)
{
    right->previous = node;
    right->next = node->next;
    if (right->next)
        right->next->previous = right;
    else if (right->is_leaf)
        order->last = right;
    node->next = right;
}

static void move_items(struct order_node *node, size_t from, struct order_node *right)
{
    right->shared = node->shared;
    right->count = (uint16_t)(node->count - from);
    memcpy(right->heads, node->heads + from, right->count * sizeof *right->heads);
    memcpy(right->items, node->items + from, right->count * sizeof *right->items);
    node->count = (uint16_t)from;
    for (size_t i = 0; right->is_leaf && i < right->count; i++)
        right->items[i].row->node = right;
}

/* Between two keys: of a leaf as short as can be. */
static struct bound bound_between(struct slab *slab, bool is_leaf, weir_bytes before, weir_bytes key)
{
    return bound_new(slab, key, is_leaf ? bytes_shared(before, key) + 1 : key.size);
}

/* Makes room for a key at a place of a full node; the place it is to be put at then. Keys that only grow leave full nodes behind. */
static struct place split(struct order *order, struct slab *slab, struct place place, weir_bytes key)
{
    struct order_node *node = place.node, *right = node_new(slab, node->is_leaf);
    bool is_last = !node->next && place.at == node->count;
    size_t middle = is_last ? node->count : node->count / 2;
    weir_bytes before = place.at == middle && !is_last ? key : key_at(node, middle - 1);
    right->lower = bound_between(slab, node->is_leaf, before, is_last ? key : key_at(node, middle));
    move_items(node, middle, right);
    link_behind(order, node, right);
    set_shared(node);
    set_shared(right);
    if (is_last || place.at > middle)
        return (struct place){right, place.at - middle};
    return place;
}

static void grow_root(struct order *order, struct slab *slab)
{
    struct order_node *root = node_new(slab, false);
    put((struct place){root, 0}, 0, (union order_item){.child = order->root});
    order->root = root;
}

/* Into the node of that depth, and above what becomes of it. */
static void insert_at(struct order *order, struct slab *slab, const struct path *path, size_t depth, struct place place,
                      weir_bytes key, union order_item item)
{
    for (;; depth--) {
        struct order_node *node = place.node;
        bool is_full = node->count == ITEMS_MAX;
        if (is_full)
            place = split(order, slab, place, key);
        put(place, bytes_head(key, place.node->shared), item);
        if (!is_full)
            return;
        item.child = node->next;
        key = lower_of(item.child);
        if (depth == 0)
            break;
        place = (struct place){path->nodes[depth - 1], path->at[depth - 1] + 1};
    }
    grow_root(order, slab);
    put((struct place){order->root, 1}, bytes_head(key, 0), item);
}

void order_insert(struct order *order, struct slab *slab, struct table_row *row)
{
    assert(!row->node);
    weir_bytes key = table_key(row);
    struct path path;
    if (!order->root)
        order->root = order->first = order->last = node_new(slab, true);
    find_path(order, key, &path);
    struct order_node *leaf = path.nodes[path.leaf];
    struct place place = {leaf, search(leaf, 0, key, false)};
    insert_at(order, slab, &path, path.leaf, place, key, (union order_item){.row = row});
}

/* ---- removing ---- */

static void take_out(struct order_node *node, size_t at)
{
    size_t behind = node->count - at - 1u;
    memmove(node->heads + at, node->heads + at + 1, behind * sizeof *node->heads);
    memmove(node->items + at, node->items + at + 1, behind * sizeof *node->items);
    node->count--;
}

static void node_give(struct slab *slab, struct order_node *node)
{
    bound_give(slab, node->lower);
    slab_give(slab, node, slab_round(sizeof *node));
}

/* A neighbour becomes responsible for its keys. */
static void drop_node(struct order *order, struct slab *slab, struct order_node *node, struct order_node *heir)
{
    struct order_node *previous = node->previous, *next = node->next;
    if (previous)
        previous->next = next;
    else if (node->is_leaf)
        order->first = next;
    if (next)
        next->previous = previous;
    else if (node->is_leaf)
        order->last = previous;
    if (heir == next) {
        struct bound lower = heir->lower;
        heir->lower = node->lower;
        node->lower = lower;
    }
    set_shared(heir);
    node_give(slab, node);
}

static void drop_levels_of_one(struct order *order, struct slab *slab)
{
    while (!order->root->is_leaf && order->root->count == 1) {
        struct order_node *root = order->root;
        order->root = root->items[0].child;
        node_give(slab, root);
    }
}

/* A leaf that is empty, and the nodes above that have nothing else. */
static void drop_leaf(struct order *order, struct slab *slab, const struct path *path)
{
    size_t depth = path->leaf;
    while (depth > 0 && path->nodes[depth - 1]->count == 1)
        depth--;
    if (depth == 0) {
        for (size_t i = 0; i <= path->leaf; i++)
            node_give(slab, path->nodes[i]);
        order_init(order);
        return;
    }
    struct place above = {path->nodes[depth - 1], path->at[depth - 1]};
    for (size_t i = path->leaf + 1; i-- > depth;) {
        struct order_node *node = path->nodes[i], *heir = above.at == 0 ? node->next : node->previous;
        assert(heir); /* above has another child */
        drop_node(order, slab, node, heir);
    }
    take_out(above.node, above.at);
    drop_levels_of_one(order, slab);
}

void order_remove(struct order *order, struct slab *slab, struct table_row *row)
{
    struct order_node *leaf = row->node;
    if (!leaf)
        return;
    take_out(leaf, index_of(row));
    row->node = NULL;
    if (leaf->count > 0)
        return;
    struct path path;
    find_path(order, table_key(row), &path);
    assert(path.nodes[path.leaf] == leaf);
    drop_leaf(order, slab, &path);
}

/* ---- walking ---- */

static struct table_row *first_of(const struct order_node *leaf)
{
    return leaf ? leaf->items[0].row : NULL;
}

static struct table_row *last_of(const struct order_node *leaf)
{
    return leaf ? leaf->items[leaf->count - 1].row : NULL;
}

struct table_row *order_seek(const struct order *order, weir_bytes key)
{
    const struct order_node *leaf = leaf_for(order, key);
    if (!leaf)
        return NULL;
    size_t at = search(leaf, 0, key, false);
    return at < leaf->count ? leaf->items[at].row : first_of(leaf->next);
}

struct table_row *order_before(const struct order *order, weir_bytes key)
{
    const struct order_node *leaf = leaf_for(order, key);
    if (!leaf)
        return NULL;
    size_t at = search(leaf, 0, key, false);
    return at > 0 ? leaf->items[at - 1].row : last_of(leaf->previous);
}

struct table_row *order_first(const struct order *order)
{
    return first_of(order->first);
}

struct table_row *order_last(const struct order *order)
{
    return last_of(order->last);
}

struct table_row *order_next(const struct table_row *row)
{
    size_t at = index_of(row) + 1;
    return at < row->node->count ? row->node->items[at].row : first_of(row->node->next);
}

struct table_row *order_previous(const struct table_row *row)
{
    size_t at = index_of(row);
    return at > 0 ? row->node->items[at - 1].row : last_of(row->node->previous);
}
