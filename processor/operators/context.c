/* context.c: entering a node and leaving it. See context.h.
 *
 * Control flow is the call stack: a record that was forwarded is done in all nodes below when the call returns. Once the
 * latch is set nothing enters any more, so that one mistake is not told twice.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/context.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "operators/operators.h"

static void leave(weir_context *context)
{
    const struct execution *execution = context->execution;
    if (execution->error.code == WEIR_POISON && execution->calls->failed)
        execution->calls->failed(execution->engine, context);
}

static void process(weir_context *context, const struct weir_record *record)
{
    switch (context->node->kind) {
    case GRAPH_SOURCE:
        context_forward(context, record);
        break;
    case GRAPH_PROCESSOR:
        context->node->operator->process(context, record);
        break;
    case GRAPH_SINK:
        context->execution->calls->send(context->execution->engine, context, record);
        break;
    }
}

void context_enter(weir_context *context, const struct weir_record *record)
{
    if (context->execution->error.code != WEIR_OK)
        return;
    /* Only this thread writes; the others may read an older number, never a torn one. */
    __atomic_store_n(&context->records, context->records + 1, __ATOMIC_RELAXED);
    context->entered = record;
    context->is_late = false;
    process(context, record);
    leave(context);
    context->entered = NULL;
}

/* What an operator does without a record; NULL: nothing. */
static void act(weir_context *context, void (*step)(weir_context *))
{
    if (context->execution->error.code != WEIR_OK || !step)
        return;
    step(context);
    leave(context);
}

void context_advance(weir_context *context)
{
    const struct operator* own = context->node->operator;
    act(context, own ? own->advance : NULL);
}

void context_tell(weir_context *context)
{
    const struct operator* own = context->node->operator;
    act(context, own ? own->tell : NULL);
}

void context_dispatch(weir_context *context)
{
    const struct operator* own = context->node->operator;
    act(context, own ? own->dispatch : NULL);
}

void context_punctuate(weir_context *context, weir_punctuator *call, int64_t now_ms)
{
    call(context, now_ms);
    leave(context);
}

static struct weir_record as_forwarded(const weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.key_type = context->node->key_type;
    out.value_type = context->node->value_type;
    out.headers = context->execution->headers;
    if (context->node->window_size_ms == 0)
        out.window.start_ms = out.window.end_ms = 0;
    return out;
}

/* Nodes below see the time of what was forwarded to them (ProcessorContextImpl.forward). */
static void enter(weir_context *context, size_t from, size_t to, const struct weir_record *record)
{
    struct execution *execution = context->execution;
    const struct weir_record out = as_forwarded(context, record);
    int64_t own_ms = execution->timestamp_ms;
    execution->timestamp_ms = out.timestamp_ms;
    for (size_t i = from; i < to; i++)
        context_enter(context->children[i], &out);
    execution->timestamp_ms = own_ms;
}

void context_forward(weir_context *context, const struct weir_record *record)
{
    enter(context, 0, context->child_count, record);
}

void context_forward_to(weir_context *context, size_t child, const struct weir_record *record)
{
    assert(child < context->child_count);
    enter(context, child, child + 1, record);
}

void context_drop(weir_context *context, const char *reason)
{
    if (context->execution->error.code != WEIR_OK) /* it has failed, and is counted as that */
        return;
    context->execution->calls->drop(context->execution->engine, context, reason);
    if (!context->late || !context->entered || context->is_late || strcmp(reason, "late") != 0)
        return;
    context->is_late = true;
    context_enter(context->late, context->entered);
}

bool context_fail(weir_context *context, enum weir_code code, const char *format, ...)
{
    char message[sizeof context->execution->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(&context->execution->error, code, "%s", message);
}

struct weir_store *context_store(weir_context *context, const struct graph_store *store)
{
    for (size_t i = 0; i < context->node->store_count; i++)
        if (context->node->stores[i] == store)
            return &context->stores[i];
    assert(false && "the store is connected to the node");
    return NULL;
}
