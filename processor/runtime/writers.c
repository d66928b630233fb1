/* writers.c: see writers.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/writers.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "runtime/task.h"

enum { WRITER_BYTES = 28 };

struct writer {
    uint32_t topic_hash;
    int32_t partition;
    int64_t offset, timestamp_ms;
};

static uint32_t value_hash(weir_bytes value)
{
    return hash_crc32c(0, value.data, value.size);
}

/* ---- as rows are written ---- */

/* The record in hand, or the one that caused it. A record that was kept back and goes on now (suppress, waiting joins) says
 * itself where it came from. */
static bool find_writer(const struct task *task, struct writer *out)
{
    const struct weir_metadata *place = &task->execution.metadata;
    struct lineage lineage;
    if (!place->topic)
        return false;
    *out = (struct writer){hash_crc32c(0, place->topic, strlen(place->topic)), place->partition, place->offset,
                           task->execution.timestamp_ms};
    const struct task_source *source = task->in_hand;
    bool is_in_hand = source && place->topic == source->layout->topic && place->offset == task->in_hand_offset;
    if (is_in_hand && source->layout->node->topic->internal &&
        lineage_read(queue_head(&source->queue)->headers, &lineage)) {
        out->topic_hash = lineage.topic_hash;
        out->partition = lineage.partition;
        out->offset = lineage.offset;
    }
    return true;
}

static void write_writer(const struct writer *writer, weir_bytes value, unsigned char out[WRITER_BYTES])
{
    bytes_put_u32(out, value_hash(value));
    bytes_put_u32(out + 4, writer->topic_hash);
    bytes_put_u32(out + 8, (uint32_t)writer->partition);
    bytes_put_u64(out + 12, (uint64_t)writer->offset);
    bytes_put_u64(out + 20, (uint64_t)writer->timestamp_ms);
}

struct writers { /* of one store */
    const struct task *task;
    struct store *store, *kept_in;
};

/* The row's own time, so that both go at the same time where rows have an end. */
static void keep(void *self, const struct store_row *row)
{
    const struct writers *of = self;
    struct writer writer;
    unsigned char bytes[WRITER_BYTES];
    weir_bytes value = {0};
    if (row->value.data && find_writer(of->task, &writer)) {
        write_writer(&writer, row->value, bytes);
        value = (weir_bytes){bytes, sizeof bytes};
    }
    store_observe_time(of->kept_in, store_observed_time(of->store));
    store_put(of->kept_in, row->key, value, row->timestamp_ms);
}

void writers_follow(struct task *task)
{
    const struct layout_part *part = task->part;
    task->writers = memory_new((part->store_count + 1) * sizeof *task->writers);
    for (size_t i = 0; i < part->store_count; i++) {
        int32_t index = part->stores[i].writers;
        if (index < 0)
            continue;
        task->writers[i] = (struct writers){task, task->stores[i], task->stores[index]};
        store_watch_puts(task->stores[i], keep, &task->writers[i]);
    }
}

void writers_forget(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++)
        store_watch_puts(task->stores[i], NULL, NULL);
    memory_free(task->writers);
    task->writers = NULL;
}

/* ---- as they are asked for ---- */

static const char *topic_name(const struct layout *layout, uint32_t hash)
{
    for (size_t p = 0; p < layout->part_count; p++) {
        const struct layout_inputs *inputs = layout_inputs(&layout->parts[p]);
        for (size_t s = 0; s < inputs->count; s++)
            if (inputs->items[s].topic_hash == hash)
                return inputs->items[s].topic;
    }
    return NULL;
}

static bool read_writer(const struct task *task, weir_bytes bytes, weir_bytes value, struct weir_writer *out)
{
    const unsigned char *in = bytes.data;
    if (bytes.size != WRITER_BYTES || bytes_get_u32(in) != value_hash(value))
        return false;
    *out = (struct weir_writer){
        .topic = topic_name(task->layout, bytes_get_u32(in + 4)),
        .partition = (int32_t)bytes_get_u32(in + 8),
        .offset = (int64_t)bytes_get_u64(in + 12),
        .timestamp_ms = (int64_t)bytes_get_u64(in + 20),
    };
    return out->topic != NULL;
}

bool writers_find(const struct task *task, size_t store, const struct store_row *row, weir_arena *arena,
                  struct weir_writer *out, struct weir_error *error)
{
    int32_t index = task->part->stores[store].writers;
    struct store_row kept;
    return index >= 0 && store_view_get(task->stores[index], row->key, arena, &kept, error) &&
           read_writer(task, kept.value, row->value, out);
}
