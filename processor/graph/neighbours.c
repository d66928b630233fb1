/* neighbours.c: see neighbours.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/neighbours.h"

#include <string.h>

#include "base/memory.h"
#include "graph/java_set.h"

enum side { LEFT, RIGHT };

struct branch { /* of a red-black tree, as java.util.TreeMap keeps it */
    const struct graph_node *node;
    struct branch *parent, *children[2];
    bool is_red;
};

struct places {                     /* of one node */
    struct branch *before, *behind; /* roots */
    size_t paths;                   /* along the links that are made */
    size_t linked;                  /* so many parents, the first ones */
};

struct neighbours {
    const struct graph_subtopology *part;
    struct places *places; /* by node index */
    weir_arena arena;
};

static struct places *places_of(const struct neighbours *all, const struct graph_node *node)
{
    return &all->places[node->index];
}

/* ---- the tree ---- */

/* NodeComparator. */
static int compare(const struct neighbours *all, const struct graph_node *a, const struct graph_node *b)
{
    size_t one = places_of(all, a)->paths, other = places_of(all, b)->paths;
    if (one != other)
        return one > other ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void rotate(struct branch **root, struct branch *at, enum side to)
{
    struct branch *up = at->children[!to], *parent = at->parent;
    at->children[!to] = up->children[to];
    if (up->children[to])
        up->children[to]->parent = at;
    up->parent = parent;
    if (parent)
        parent->children[parent->children[RIGHT] == at] = up;
    else
        *root = up;
    up->children[to] = at;
    at->parent = up;
}

/* TreeMap.fixAfterInsertion. */
static void balance(struct branch **root, struct branch *at)
{
    while (at != *root && at->parent->is_red) {
        struct branch *parent = at->parent, *grand = parent->parent;
        enum side side = grand->children[RIGHT] == parent ? RIGHT : LEFT;
        struct branch *uncle = grand->children[!side];
        grand->is_red = true;
        if (uncle && uncle->is_red) {
            parent->is_red = uncle->is_red = false;
            at = grand;
            continue;
        }
        if (parent->children[!side] == at) {
            rotate(root, parent, side);
            at->is_red = false;
        } else {
            parent->is_red = false;
        }
        rotate(root, grand, !side);
        break;
    }
    (*root)->is_red = false;
}

static void insert(struct neighbours *all, struct branch **root, const struct graph_node *node)
{
    struct branch **place = root, *parent = NULL;
    while (*place) {
        parent = *place;
        place = &parent->children[compare(all, node, parent->node) > 0];
    }
    struct branch *branch = arena_alloc(&all->arena, sizeof *branch);
    *branch = (struct branch){.node = node, .parent = parent, .is_red = true};
    *place = branch;
    balance(root, branch);
}

static void visit_all(const struct branch *root, void (*visit)(void *self, const struct graph_node *), void *self)
{
    if (!root)
        return;
    visit_all(root->children[LEFT], visit, self);
    visit(self, root->node);
    visit_all(root->children[RIGHT], visit, self);
}

/* ---- linking ---- */

static size_t sum(size_t a, size_t b)
{
    size_t both;
    return __builtin_add_overflow(a, b, &both) ? SIZE_MAX : both;
}

/* Children come behind their parents, so going backwards meets them first. */
static void count_paths(struct neighbours *all)
{
    const struct graph_nodes *nodes = &all->part->nodes;
    for (size_t i = 0; i < nodes->count; i++)
        all->places[i].paths = 1;
    for (size_t i = nodes->count; i-- > 0;)
        for (size_t p = 0; p < all->places[i].linked; p++) {
            struct places *parent = places_of(all, nodes->items[i]->parents.items[p]);
            parent->paths = sum(parent->paths, all->places[i].paths);
        }
}

static void link_node(struct neighbours *all, const struct graph_node *node)
{
    struct places *own = places_of(all, node);
    for (size_t i = 0; i < node->parents.count; i++) {
        const struct graph_node *parent = node->parents.items[i];
        insert(all, &own->before, parent);
        insert(all, &places_of(all, parent)->behind, node);
        own->linked++;
        count_paths(all);
    }
}

static const struct graph_node *node_named(const struct graph_nodes *nodes, const char *name)
{
    size_t i = 0;
    while (nodes->items[i]->name != name)
        i++;
    return nodes->items[i];
}

struct neighbours *neighbours_new(const struct graph_subtopology *part)
{
    const struct graph_nodes *nodes = &part->nodes;
    struct neighbours *all = memory_new(sizeof *all);
    arena_init(&all->arena);
    all->part = part;
    all->places = memory_new(nodes->count * sizeof *all->places);
    const char **names = memory_new(nodes->count * sizeof(const char *));
    for (size_t i = 0; i < nodes->count; i++)
        names[i] = nodes->items[i]->name;
    java_set_sort(names, nodes->count, JAVA_SET_GROWN);
    count_paths(all);
    for (size_t i = 0; i < nodes->count; i++)
        link_node(all, node_named(nodes, names[i]));
    memory_free(names);
    return all;
}

void neighbours_free(struct neighbours *all)
{
    arena_done(&all->arena);
    memory_free(all->places);
    memory_free(all);
}

size_t neighbours_paths(const struct neighbours *all, const struct graph_node *node)
{
    return places_of(all, node)->paths;
}

void neighbours_before(const struct neighbours *all, const struct graph_node *node,
                       void (*visit)(void *self, const struct graph_node *), void *self)
{
    visit_all(places_of(all, node)->before, visit, self);
}

void neighbours_behind(const struct neighbours *all, const struct graph_node *node,
                       void (*visit)(void *self, const struct graph_node *), void *self)
{
    visit_all(places_of(all, node)->behind, visit, self);
}
