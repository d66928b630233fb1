/* callbacks.c: what callbacks may ask of their context. See weir.h, "callbacks, and what they may call".
 *
 * Forgiving outside: a call that makes no sense where it stands latches an error that says so and stops the task,
 * because it would be wrong for every record. What a record brought with it is poison of that record only.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "operators/operators.h"

void *weir_alloc(weir_context *context, size_t size)
{
    return arena_alloc(context->execution->arena, size);
}

void *weir_user(weir_context *context)
{
    return context->node->user;
}

static bool refuse(weir_context *context, const char *call, const char *problem)
{
    return context_fail(context, WEIR_FATAL, "%s in %s (%s): %s", call, context->node->name, context->node->at,
                        problem);
}

void *weir_self(weir_context *context)
{
    if (operator_is(context->node, &operator_process))
        return context->self;
    refuse(context, "weir_self", "only a processor has memory of its own");
    return NULL;
}

int32_t weir_partition(weir_context *context)
{
    return context->execution->partition;
}

int64_t weir_stream_time(weir_context *context)
{
    return context->execution->stream_time_ms;
}

static bool may_forward(weir_context *context, const struct weir_record *record)
{
    const struct graph_node *node = context->node;
    if (!operator_is(node, &operator_flat_map) && !operator_is(node, &operator_process))
        return refuse(context, "weir_forward", "only a flat_map or a processor forwards");
    if (record->timestamp_ms < 0)
        return context_fail(context, WEIR_POISON, "%s forwarded a record with the timestamp %lld", node->name,
                            (long long)record->timestamp_ms);
    if (node->window_size_ms > 0 && record->window.end_ms == 0)
        return context_fail(context, WEIR_POISON, "%s forwarded a record without a window on a windowed stream",
                            node->name);
    return true;
}

/* Headers given by the caller replace the input's for everything that the forwarded record causes. */
void weir_forward(weir_context *context, const struct weir_record *record)
{
    struct execution *execution = context->execution;
    if (execution->error.code != WEIR_OK || !may_forward(context, record))
        return;
    struct weir_record out = *record;
    out.old_value = NULL;
    const struct weir_headers inherited = execution->headers;
    if (record->headers.items)
        execution->headers = record->headers;
    context_forward(context, &out);
    execution->headers = inherited;
}

void weir_forget(weir_context *context)
{
    context->execution->forget = true;
}

void weir_schedule(weir_context *context, enum weir_clock clock, weir_duration every, weir_punctuator *call)
{
    if (!operator_is(context->node, &operator_process))
        refuse(context, "weir_schedule", "only a processor has punctuators");
    else if (every.ms <= 0)
        refuse(context, "weir_schedule", "the interval must be positive");
    else if (!call)
        refuse(context, "weir_schedule", "there is no function to call");
    else
        context->execution->calls->schedule(context->execution->engine, context, clock, every.ms, call);
}

void weir_fail(weir_context *context, const char *format, ...)
{
    char message[sizeof context->execution->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    error_set(&context->execution->error, WEIR_POISON, "%s", message);
}

void weir_drop(weir_context *context, const char *reason)
{
    context_drop(context, reason && reason[0] ? reason : "dropped");
}

weir_store *weir_store_named(weir_context *context, const char *name)
{
    const struct graph_node *node = context->node;
    for (size_t i = 0; name && i < node->store_count; i++)
        if (strcmp(node->stores[i]->spec.name, name) == 0)
            return &context->stores[i];
    context_fail(context, WEIR_FATAL, "%s (%s): store '%s' is not connected; name it in .stores", node->name, node->at,
                 name ? name : "(NULL)");
    return NULL;
}
