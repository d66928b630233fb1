/* build.c: makes the contexts of a task from a sub-topology. See build.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/build.h"

#include <assert.h>

#include "base/memory.h"
#include "operators/operators.h"

struct context_set {
    const struct graph_subtopology *subtopology;
    weir_context *contexts; /* by node index */
    size_t opened;          /* how many, from the first on */
    weir_arena arena;       /* of all of it */
};

static size_t self_size(const struct graph_node *node)
{
    if (operator_is_processor(node)) {
        const struct weir_processor *processor = node->args;
        return processor->self_size;
    }
    return node->operator? node->operator->self_size : 0;
}

static void *self_of(struct context_set *set, const struct graph_node *node)
{
    return node->self_of ? context_of(set, node->self_of)->self : arena_alloc(&set->arena, self_size(node));
}

static void link_children(struct context_set *set, weir_context *context)
{
    const struct graph_nodes *children = &context->node->children;
    context->children = arena_alloc(&set->arena, children->count * sizeof(weir_context *));
    for (size_t i = 0; i < children->count; i++) {
        weir_context *child = context_of(set, children->items[i]);
        if (operator_is(children->items[i], &operator_late))
            context->late = child;
        else
            context->children[context->child_count++] = child;
    }
}

static void link_stores(struct context_set *set, weir_context *context, struct store *const *stores)
{
    const struct graph_node *node = context->node;
    context->stores = arena_alloc(&set->arena, node->store_count * sizeof *context->stores);
    for (size_t i = 0; i < node->store_count; i++)
        context->stores[i] = (struct weir_store){.store = stores[node->stores[i]->index],
                                                 .spec = &node->stores[i]->spec,
                                                 .execution = context->execution,
                                                 .context = context,
                                                 .is_read_only = !node->stores[i]->of_processors};
}

static void link_globals(struct context_set *set, weir_context *context)
{
    const struct graph_node *node = context->node;
    context->globals = arena_alloc(&set->arena, node->global_count * sizeof *context->globals);
    for (size_t i = 0; i < node->global_count; i++)
        context->globals[i] = (struct weir_store){.spec = &node->globals[i]->spec,
                                                  .execution = context->execution,
                                                  .context = context,
                                                  .is_read_only = true,
                                                  .is_shared = true};
}

struct context_set *context_build(const struct graph_subtopology *subtopology, struct execution *execution,
                                  struct store *const *stores)
{
    struct context_set *set = memory_new(sizeof *set);
    set->subtopology = subtopology;
    set->contexts = arena_alloc(&set->arena, subtopology->nodes.count * sizeof *set->contexts);
    for (size_t i = 0; i < subtopology->nodes.count; i++) {
        weir_context *context = &set->contexts[i];
        context->node = subtopology->nodes.items[i];
        context->execution = execution;
        context->self = self_of(set, context->node);
        link_children(set, context);
        link_stores(set, context, stores);
        link_globals(set, context);
    }
    return set;
}

weir_context *context_of(struct context_set *set, const struct graph_node *node)
{
    assert(node->index >= 0 && (size_t)node->index < set->subtopology->nodes.count);
    assert(set->subtopology->nodes.items[node->index] == node);
    return &set->contexts[node->index];
}

void context_open(struct context_set *set)
{
    for (; set->opened < set->subtopology->nodes.count; set->opened++) {
        weir_context *context = &set->contexts[set->opened];
        if (context->execution->error.code != WEIR_OK)
            return;
        if (context->node->operator&& context->node->operator->open)
            context->node->operator->open(context);
    }
}

int64_t context_due(struct context_set *set)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < set->opened; i++) {
        weir_context *context = &set->contexts[i];
        if (!context->node->operator|| !context->node->operator->due)
            continue;
        int64_t due_ms = context->node->operator->due(context);
        first_ms = due_ms < first_ms ? due_ms : first_ms;
    }
    return first_ms;
}

void context_advance_all(struct context_set *set)
{
    for (size_t i = 0; i < set->opened; i++)
        context_advance(&set->contexts[i]);
}

void context_tell_all(struct context_set *set)
{
    for (size_t i = 0; i < set->opened; i++)
        context_tell(&set->contexts[i]);
}

void context_dispatch_all(struct context_set *set)
{
    for (size_t i = 0; i < set->opened; i++)
        context_dispatch(&set->contexts[i]);
}

void context_close(struct context_set *set)
{
    while (set->opened > 0) {
        weir_context *context = &set->contexts[--set->opened];
        if (context->node->operator&& context->node->operator->close)
            context->node->operator->close(context);
    }
}

void context_free(struct context_set *set)
{
    if (!set)
        return;
    arena_done(&set->arena);
    memory_free(set);
}
