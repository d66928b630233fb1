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
#include "schemas/codec.h"

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
    if (operator_is_processor(context->node))
        return context->self;
    refuse(context, "weir_self", "only a processor has memory of its own");
    return NULL;
}

weir_bytes weir_json_of(weir_context *context, const struct weir_type *type, const void *value)
{
    return weir_to_json(context->execution->arena, type, value);
}

int32_t weir_partition(weir_context *context)
{
    return context->execution->partition;
}

int64_t weir_stream_time(weir_context *context)
{
    return context->execution->stream_time_ms;
}

int64_t weir_system_time(weir_context *context)
{
    return context->execution->calls->system_time(context->execution->engine);
}

struct weir_metadata weir_record_metadata(weir_context *context)
{
    return context->execution->metadata;
}

/* What a processor without .key or a flat_map_values forwards for a record must have its key; what a punctuator forwards
 * cannot be checked. */
static bool keeps_key(const weir_context *context, const struct weir_record *record)
{
    const struct graph_node *node = context->node;
    bool must_keep = operator_is(node, &operator_process_values) || operator_is(node, &operator_flat_map_values);
    if (!must_keep || !context->entered)
        return true;
    const void *key = context->entered->key;
    return record->key == key || (key && record->key && codec_equal(context->node->key_type, record->key, key));
}

static bool may_forward(weir_context *context, const struct weir_record *record)
{
    const struct graph_node *node = context->node;
    bool is_flat_map = operator_is(node, &operator_flat_map) || operator_is(node, &operator_flat_map_values);
    if (!is_flat_map && !operator_is_processor(node))
        return refuse(context, "weir_forward", "only a flat_map or a processor forwards");
    if (!keeps_key(context, record))
        return refuse(context, "weir_forward",
                      is_flat_map ? "flat_map_values keeps the record's key; use weir_flat_map"
                                  : "a processor without .key keeps the record's key");
    if (record->timestamp_ms < 0)
        return context_fail(context, WEIR_POISON, "%s forwarded a record with the timestamp %lld", node->name,
                            (long long)record->timestamp_ms);
    if (node->window_size_ms > 0 && record->window.end_ms == 0)
        return context_fail(context, WEIR_POISON, "%s forwarded a record without a window on a windowed stream",
                            node->name);
    return true;
}

enum { ALL_CHILDREN = -1 };

/* Headers given by the caller replace the input's for everything that the forwarded record causes. */
static void forward(weir_context *context, const struct weir_record *record, ptrdiff_t child)
{
    struct execution *execution = context->execution;
    struct weir_record out = *record;
    out.old_value = NULL;
    const struct weir_headers inherited = execution->headers;
    if (record->headers.items)
        execution->headers = record->headers;
    if (child == ALL_CHILDREN)
        context_forward(context, &out);
    else
        context_forward_to(context, (size_t)child, &out);
    execution->headers = inherited;
}

void weir_forward(weir_context *context, const struct weir_record *record)
{
    if (context->execution->error.code == WEIR_OK && may_forward(context, record))
        forward(context, record, ALL_CHILDREN);
}

void weir_forward_to(weir_context *context, const char *child, const struct weir_record *record)
{
    if (context->execution->error.code != WEIR_OK || !may_forward(context, record))
        return;
    for (size_t i = 0; child && i < context->child_count; i++)
        if (strcmp(context->children[i]->node->name, child) == 0) {
            forward(context, record, (ptrdiff_t)i);
            return;
        }
    context_fail(context, WEIR_FATAL, "weir_forward_to in %s (%s): there is no node '%s' behind it",
                 context->node->name, context->node->at, child ? child : "(NULL)");
}

void weir_forget(weir_context *context)
{
    context->execution->forget = true;
}

static bool may_schedule(weir_context *context, weir_duration every, weir_punctuator *call)
{
    if (!operator_is_processor(context->node))
        return refuse(context, "weir_schedule", "only a processor has punctuators");
    if (context->node->store_count > 0 && context->node->stores[0]->of_global)
        return refuse(context, "weir_schedule", "a global store goes by the records of its topic only");
    if (every.ms <= 0)
        return refuse(context, "weir_schedule", "the interval must be positive");
    return call || refuse(context, "weir_schedule", "there is no function to call");
}

weir_timer weir_schedule(weir_context *context, enum weir_clock clock, weir_duration every, weir_punctuator *call)
{
    const struct execution *execution = context->execution;
    if (!may_schedule(context, every, call))
        return (weir_timer){0};
    return execution->calls->schedule(execution->engine, context, clock, SCHEDULE_AS_USUAL, every.ms, call);
}

weir_timer weir_schedule_from(weir_context *context, enum weir_clock clock, int64_t start_ms, weir_duration every,
                              weir_punctuator *call)
{
    const struct execution *execution = context->execution;
    if (!may_schedule(context, every, call))
        return (weir_timer){0};
    if (start_ms < 0) {
        refuse(context, "weir_schedule_from", "the start is negative");
        return (weir_timer){0};
    }
    return execution->calls->schedule(execution->engine, context, clock, start_ms, every.ms, call);
}

void weir_cancel(weir_context *context, weir_timer timer)
{
    if (timer.id)
        context->execution->calls->cancel(context->execution->engine, timer);
}

void weir_commit(weir_context *context)
{
    context->execution->commit = true;
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
    for (size_t i = 0; name && i < node->global_count; i++)
        if (strcmp(node->globals[i]->spec.name, name) == 0) {
            context->globals[i].store = context->execution->globals[node->globals[i]->global];
            return &context->globals[i];
        }
    context_fail(context, WEIR_FATAL, "%s (%s): store '%s' is not connected; name it in .stores", node->name, node->at,
                 name ? name : "(NULL)");
    return NULL;
}
