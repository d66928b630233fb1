/* handler.c: see handler.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/handler.h"

static const char *topic_of(const struct task *task, const struct graph_node *node)
{
    return node->kind == GRAPH_SINK ? task->part->sink_topics[node->index] : NULL;
}

static struct weir_failure told(const struct task *task, const struct graph_node *node, const struct failure *failure,
                                const struct dead_letter *letter)
{
    return (struct weir_failure){
        .stage = failure->stage,
        .reason = failure->reason,
        .message = failure->detail,
        .node = node->name,
        .subtopology = task->part->subtopology->id,
        .partition = task->partition,
        .place = {letter->topic, letter->partition, letter->offset},
        .timestamp_ms = letter->timestamp_ms,
        .key = letter->key,
        .value = letter->value,
        .headers = letter->headers,
        .record = failure->record,
        .topic = topic_of(task, node),
        .policy = failure->policy,
    };
}

struct verdict handler_decide(const struct task *task, const struct graph_node *node, const struct failure *failure,
                              const struct dead_letter *letter, weir_arena *arena)
{
    const struct weir_on_error_args *said = &task->layout->topology->on_error;
    const struct verdict by_policy = {failure->policy, arena_format(arena, "%s is fail", failure->setting)};
    if (!failure->handler)
        return by_policy;
    const struct weir_failure question = told(task, node, failure, letter);
    enum weir_policy answer = failure->handler(said->user, &question);
    if (answer == WEIR_POLICY_DEFAULT)
        return by_policy;
    if (answer > WEIR_FAIL) /* as a handler of Kafka Streams that throws */
        return (struct verdict){WEIR_FAIL,
                                arena_format(arena, "the handler of weir_on_error (%s) answered %d, which is no policy",
                                             said->at, (int)answer)};
    return (struct verdict){answer, arena_format(arena, "the handler of weir_on_error (%s) says so", said->at)};
}
