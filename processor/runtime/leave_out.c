/* leave_out.c: see leave_out.h.
 *
 * The topic of drops is an internal topic like that of a repartition: its records carry their lineage, so that what is
 * dropped again after a crash is told once. What is left out by the sub-topology that reads it is counted only, or a drop
 * could cause another without end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/leave_out.h"

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/sink.h"
#include "schemas/codec.h"

static struct weir_drop describe(const struct task *task, const struct graph_node *node, const char *reason)
{
    struct weir_drop drop = {.reason = reason, .node = node->name, .partition = -1, .offset = -1};
    drop.timestamp_ms = task->execution.timestamp_ms;
    drop.dropped_ms = clock_wall_ms(task->settings.clock);
    if (task->in_hand) {
        drop.topic = task->in_hand->layout->topic;
        drop.partition = task->partition;
        drop.offset = task->in_hand_offset;
    }
    return drop;
}

static struct weir_dropped value_of(const struct weir_drop *drop, const struct broker_message *message,
                                    bool is_confidential)
{
    struct weir_dropped value = {.reason = bytes_of_text(drop->reason),
                                 .node = bytes_of_text(drop->node),
                                 .has_node = true,
                                 .partition = drop->partition,
                                 .offset = drop->offset,
                                 .timestamp = drop->timestamp_ms};
    if (!message)
        return value;
    value.topic = bytes_of_text(drop->topic);
    value.has_topic = true;
    value.key = message->key;
    value.has_key = message->key.data != NULL;
    if (!is_confidential) {
        value.value = message->value;
        value.has_value = message->value.data != NULL;
    }
    return value;
}

static bool send(struct task *task, const struct weir_dropped *value, struct weir_error *error)
{
    unsigned char bytes[LINEAGE_BYTES];
    buffer_clear(&task->value_buffer);
    if (!codec_write(&weir_dropped_type, WEIR_FORMAT_OBJECT, 0, value, &task->value_buffer, error))
        return false;
    const struct broker_record record = {
        .partition = value->has_key ? -1 : task->partition % task->layout->drops_partitions,
        .timestamp_ms = value->timestamp < 0 ? 0 : value->timestamp,
        .key = value->has_key ? value->key : (weir_bytes){0},
        .value = buffer_bytes(&task->value_buffer),
        .headers = sink_lineage(task, task->execution.headers, bytes),
    };
    task->progress = true;
    return task->output.send(task->output.self, NULL, task->layout->drops, &record, error);
}

/* One that is too large is told without its value. */
static void write_drop(struct task *task, const struct weir_drop *drop, struct weir_error *error)
{
    struct weir_error cause = {0};
    const struct task_source *source = task->in_hand;
    struct weir_dropped value =
        value_of(drop, source ? queue_head(&source->queue) : NULL, source && source->layout->node->confidential);
    if (send(task, &value, &cause))
        return;
    if (cause.code == WEIR_POISON && value.has_value) {
        cause = (struct weir_error){0};
        value.has_value = false;
        send(task, &value, &cause);
    }
    if (cause.code != WEIR_OK)
        error_set(error, cause.code == WEIR_POISON ? WEIR_FATAL : cause.code, "drops: %s", cause.message);
}

void leave_out(struct task *task, const struct graph_node *node, const char *reason, struct weir_error *error)
{
    const struct weir_drop drop = describe(task, node, reason);
    task->output.dropped(task->output.self, &drop);
    if (task->layout->drops && !task->part->reads_drops)
        write_drop(task, &drop, error);
}

void leave_out_in_node(void *engine, weir_context *context, const char *reason)
{
    struct task *task = engine;
    leave_out(task, context->node, reason, &task->execution.error);
}

void leave_out_repeated(struct task *task, const struct task_source *source)
{
    const struct weir_drop drop = {
        .reason = "repeated",
        .node = source->layout->node->name,
        .topic = source->layout->topic,
        .partition = queue_head(&source->queue)->partition,
        .offset = queue_head(&source->queue)->offset,
        .timestamp_ms = source->head.timestamp_ms,
        .dropped_ms = clock_wall_ms(task->settings.clock),
    };
    task->output.dropped(task->output.self, &drop);
}
