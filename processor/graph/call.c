/* call.c: calls of services: weir_call.
 *
 * The stores are plain ones, so what is pending is committed, logged and restored like every other state, and can be read
 * as views.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"
#include "operators/operators.h"

enum {
    TIMEOUT_MS = 5000,
    FIRST_RETRY_MS = 1000,
    FAILURES = 5,
    OPEN_MS = 30000,
    CONCURRENCY = 16,
    CONCURRENCY_MAX = 1024,
    MAX_PENDING = 10000
};

static bool check(const struct verb *verb, const weir_stream *stream, const struct weir_call_args *args)
{
    if (!verb_is_open(verb) || !verb_check_name(verb, "its name", verb->name) ||
        !verb_check_function(verb, args->request != NULL))
        return false;
    if (stream->node->key_type != &weir_str_type)
        return verb_fail(verb, "keys must be strings; they are %s", stream->node->key_type->name);
    if (stream->node->window_size_ms != 0)
        return verb_fail(verb, "keys must not be windowed");
    if (!args->answer || !args->value)
        return verb_fail(verb, ".answer and .value are required");
    if (args->retries < 0 || args->timeout.ms < 0 || args->first_retry.ms < 0 || args->breaker_failures < 0 ||
        args->breaker_open.ms < 0 || args->max_pending < 0)
        return verb_fail(verb, "a number or a duration is negative");
    return (args->concurrency >= 0 && args->concurrency <= CONCURRENCY_MAX) ||
           verb_fail(verb, ".concurrency must be from 1 to %d", CONCURRENCY_MAX);
}

static int64_t or_else(int64_t given, int64_t usual)
{
    return given > 0 ? given : usual;
}

static struct call_args resolve(const struct weir_call_args *args)
{
    return (struct call_args){
        .request = args->request,
        .answer = args->answer,
        .retries = args->retries,
        .timeout_ms = or_else(args->timeout.ms, TIMEOUT_MS),
        .first_retry_ms = or_else(args->first_retry.ms, FIRST_RETRY_MS),
        .failures = (int32_t)or_else(args->breaker_failures, FAILURES),
        .open_ms = or_else(args->breaker_open.ms, OPEN_MS),
        .concurrency = (int32_t)or_else(args->concurrency, CONCURRENCY),
        .max_pending = or_else(args->max_pending, MAX_PENDING),
        .given_up = args->given_up,
        .transport = args->transport ? args->transport : &weir_http_transport,
    };
}

/* In the order in which the operator expects them. */
static bool add_stores(const struct verb *verb, struct graph_node *node, const char *at)
{
    const struct {
        const char *suffix;
        const struct weir_type *value;
    } stores[] = {{"", &pending_call_type},
                  {"-records", node->parents.items[0]->value_type},
                  {"-due", &weir_str_type},
                  {"-breaker", &call_breaker_type}};
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        const char *name = arena_format(&verb->topology->arena, "%s%s", verb->name, stores[i].suffix);
        weir_store_with(verb->topology, name, &weir_str_type,
                        (struct weir_store_args){.at = at, .value = stores[i].value});
        if (!verb_is_open(verb) || !node_connect_store(verb, node, graph_find_store(verb->topology, name)))
            return false;
    }
    return true;
}

weir_stream *weir_call_with(weir_stream *stream, const char *name, struct weir_call_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "call", name};
    const struct call_args resolved = resolve(&args);
    struct graph_node *node = check(&verb, stream, &args) ? node_add_behind(&verb, stream->node, &operator_call,
                                                                            topology_text(stream->topology, name))
                                                          : NULL;
    if (!node)
        return NULL;
    node->args = node_args(stream->topology, &resolved, sizeof resolved);
    node->user = args.user;
    node->value_type = args.value;
    return add_stores(&verb, node, args.at) ? stream_of(stream->topology, node) : NULL;
}
