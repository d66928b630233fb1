/* sink.c: see sink.h. A value that goes out as it came in is not encoded again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sink.h"

#include "base/error.h"
#include "base/times.h"
#include "operators/window_key.h"
#include "runtime/change.h"
#include "runtime/task.h"
#include "schemas/codec.h"
#include "state/keys.h"

static enum weir_format format_of(weir_bytes bytes)
{
    const unsigned char *data = bytes.data;
    if (bytes.size > 0 && data[0] == 0x00)
        return WEIR_FORMAT_AVRO;
    return bytes.size > 1 && data[0] == 0xC3 && data[1] == 0x01 ? WEIR_FORMAT_OBJECT : WEIR_FORMAT_JSON;
}

static bool is_scalar(const struct weir_type *type)
{
    return type->kind != WEIR_KIND_RECORD && type->kind != WEIR_KIND_ARRAY && type->kind != WEIR_KIND_MAP;
}

/* Whether the bytes say of themselves what the sink would write. Without a registry a frame goes on whatever its number. */
static bool has_form(const struct task *task, const struct graph_node *node, const struct weir_type *type,
                     weir_bytes bytes, enum weir_format format)
{
    uint64_t fingerprint;
    int32_t id;
    if (format_of(bytes) != format)
        return false;
    if (format == WEIR_FORMAT_AVRO)
        return !task->layout->schema_registry ||
               (codec_frame_id(type, bytes, &id) && id == task->part->sink_schemas[node->index]);
    if (format == WEIR_FORMAT_OBJECT)
        return codec_object_fingerprint(bytes, &fingerprint) && fingerprint == type->fingerprint;
    return true;
}

/* Values are const, so the same address and type is the same value; and the sink must write the form it came in. A change
 * of a table came in together with what it replaces. */
static bool is_unchanged(const struct task *task, const struct graph_node *node, const void *value,
                         const struct weir_type *type, enum weir_format format)
{
    if (!task->in_hand || task->in_hand->layout->node->topic->holds_changes)
        return false;
    const struct weir_record *head = &task->in_hand->head;
    return value == head->value && type == head->value_type &&
           (is_scalar(type) || has_form(task, node, type, queue_head(&task->in_hand->queue)->value, format));
}

static bool write_value(struct task *task, const struct graph_node *node, const void *value, weir_bytes *out,
                        struct weir_error *error)
{
    const struct weir_type *type = node->value_type;
    *out = (weir_bytes){0};
    if (!value)
        return true;
    enum weir_format format = node->topic->internal ? WEIR_FORMAT_OBJECT : node->topic->format;
    if (is_unchanged(task, node, value, type, format)) {
        *out = queue_head(&task->in_hand->queue)->value;
        return true;
    }
    return codec_bytes(type, format, task->part->sink_schemas[node->index], value, &task->value_buffer, out, error);
}

static bool encode(const struct weir_type *type, const void *value, struct buffer *out, weir_bytes *bytes,
                   struct weir_error *error)
{
    *bytes = (weir_bytes){0};
    return !value || codec_bytes(type, WEIR_FORMAT_OBJECT, 0, value, out, bytes, error);
}

static bool write_change(struct task *task, const struct weir_type *type, const struct weir_record *record,
                         weir_bytes *out, struct weir_error *error)
{
    weir_bytes new, old;
    if (!encode(type, record->value, &task->value_buffer, &new, error) ||
        !encode(type, record->old_value, &task->old_value_buffer, &old, error))
        return false;
    buffer_clear(&task->change_buffer);
    change_write(new, old, &task->change_buffer);
    *out = buffer_bytes(&task->change_buffer);
    return true;
}

static bool write_key(struct task *task, const struct graph_node *node, const struct weir_record *record,
                      weir_bytes *out, struct weir_error *error)
{
    *out = (weir_bytes){0};
    if (!record->key)
        return true;
    enum weir_format format = node->topic->internal ? WEIR_FORMAT_OBJECT : WEIR_FORMAT_JSON;
    if (node->window_size_ms == 0)
        return codec_bytes(node->key_type, format, 0, record->key, &task->key_buffer, out, error);
    buffer_clear(&task->key_buffer);
    if (!codec_write(node->key_type, format, 0, record->key, &task->key_buffer, error))
        return false;
    window_key_write(node, record, &task->key_buffer);
    *out = buffer_bytes(&task->key_buffer);
    return true;
}

/* False: nobody would recognise the record if it came again, or it cannot. What an operator forwards under a name of its own
 * can: it may have done so at least once before. */
static bool find_lineage(struct task *task, struct lineage *lineage)
{
    const struct execution *execution = &task->execution;
    struct origin *origin = execution->origin;
    int64_t input_ms = execution->input_time_ms;
    if (!origin && (!task->in_hand || !task->settings.lineage))
        return false;
    *lineage = (struct lineage){
        .topic_hash = origin ? origin->name_hash : task->in_hand->layout->topic_hash,
        .partition = task->partition,
        .offset = origin ? origin->number : task->in_hand_offset,
        .number = origin ? origin->sent++ : task->in_hand_sent++,
        .stream_time_ms = earlier(execution->upstream_time_ms, input_ms),
        .slowest_ms = earlier(execution->slowest_time_ms, input_ms),
    };
    return true;
}

struct weir_headers sink_lineage(struct task *task, struct weir_headers headers, unsigned char bytes[LINEAGE_BYTES])
{
    struct lineage lineage;
    if (!find_lineage(task, &lineage))
        return headers;
    lineage_write(&lineage, bytes);
    struct weir_header *items = arena_alloc_raw(&task->arena, (headers.count + 1) * sizeof *items);
    for (size_t i = 0; i < headers.count; i++)
        items[i] = headers.items[i];
    items[headers.count] = (struct weir_header){LINEAGE_HEADER, {bytes, LINEAGE_BYTES}};
    return (struct weir_headers){items, headers.count + 1};
}

/* ---- where to ---- */

static const char *choose_topic(const struct task *task, weir_context *sink, const struct weir_record *record)
{
    const struct graph_node *node = sink->node;
    if (!node->topic_of)
        return task->part->sink_topics[node->index];
    const char *topic = node->topic_of(sink, record);
    if (!topic)
        context_fail(sink, WEIR_POISON, "the function of weir_to_computed (%s) gave no topic", node->at);
    return topic;
}

/* What is known without asking for it is the number of partitions of internal topics, and of those that are asked for. */
static bool count_partitions(struct task *task, const struct graph_node *node, const char *topic, int32_t *count,
                             struct weir_error *latch)
{
    *count = task->part->sink_partitions[node->index];
    if (!node->topic_of || !node->partition_of)
        return true;
    *count = task->output.partitions(task->output.self, topic, latch);
    return *count > 0 || error_set(latch, WEIR_POISON, "topic %s: there is no such topic", topic);
}

/* What a foreign-key join carries is its own affair; the author knows its keys. */
static int32_t ask_author(const struct graph_node *node, const struct weir_record *record, int32_t count)
{
    const struct weir_record keyed = {
        .key = record->key, .timestamp_ms = record->timestamp_ms, .key_type = record->key_type};
    return node->partition_of(node->partition_by_key ? &keyed : record, count);
}

/* The author's choice; a record without a key stays in the partition of its task, so that it comes to the same place
 * when it is sent again (lineage.h). */
static int32_t choose_partition(const struct task *task, const struct graph_node *node,
                                const struct weir_record *record, int32_t count)
{
    int32_t chosen = node->partition_of ? ask_author(node, record, count) : WEIR_PARTITION_BY_KEY;
    bool is_anywhere = chosen == WEIR_PARTITION_BY_KEY && !record->key && node->topic->internal;
    return is_anywhere && count > 0 ? task->partition % count : chosen;
}

static bool send(struct task *task, const struct graph_node *node, const char *topic, const struct weir_record *record,
                 struct broker_record *out)
{
    unsigned char bytes[LINEAGE_BYTES];
    out->is_internal = node->topic->internal;
    out->headers = node->topic->internal ? sink_lineage(task, record->headers, bytes) : record->headers;
    if (!task->output.send(task->output.self, node, topic, out, &task->execution.error))
        return false;
    task->progress = true;
    return true;
}

static void send_to_partition(struct task *task, weir_context *sink, const char *topic,
                              const struct weir_record *record, struct broker_record *out, int32_t count)
{
    const struct graph_node *node = sink->node;
    out->partition = choose_partition(task, node, record, count);
    if (node->partition_by_key && out->partition < WEIR_PARTITION_BY_KEY)
        context_fail(sink, WEIR_POISON, "topic %s: the partitioner of the join (%s) must name one partition", topic,
                     node->at);
    else if (out->partition == WEIR_PARTITION_NONE)
        context_drop(sink, "no_partition");
    else if (out->partition == WEIR_PARTITION_ALL)
        for (out->partition = 0; out->partition < count && send(task, node, topic, record, out);)
            out->partition++;
    else if (out->partition < WEIR_PARTITION_BY_KEY || (node->partition_of && out->partition >= count))
        context_fail(sink, WEIR_POISON, "topic %s: .partition_of (%s) chose partition %d of %d", topic, node->at,
                     out->partition, count);
    else
        send(task, node, topic, record, out);
}

static bool write_parts(struct task *task, const struct graph_node *node, const struct weir_record *record,
                        struct broker_record *out, struct weir_error *latch)
{
    if (!write_key(task, node, record, &out->key, latch))
        return false;
    if (node->window_size_ms != 0 && out->key.data) /* as WindowedStreamPartitioner does */
        out->partition_key = (weir_bytes){out->key.data, out->key.size - window_key_bytes(node)};
    return node->topic->holds_changes ? write_change(task, node->value_type, record, &out->value, latch)
                                      : write_value(task, node, record->value, &out->value, latch);
}

void sink_send(void *engine, weir_context *sink, const struct weir_record *record)
{
    struct task *task = engine;
    struct weir_error *latch = &task->execution.error;
    struct broker_record out = {.timestamp_ms = record->timestamp_ms};
    int32_t count;
    const char *topic = choose_topic(task, sink, record);
    if (topic && latch->code == WEIR_OK && count_partitions(task, sink->node, topic, &count, latch) &&
        write_parts(task, sink->node, record, &out, latch))
        send_to_partition(task, sink, topic, record, &out, count);
}
