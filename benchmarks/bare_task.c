/* bare_task.c: see bare_task.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bare_task.h"

#include <stdlib.h>
#include <string.h>

#include "measure.h"

enum {
    COMMITTED_BYTES_MAX = 192 << 20,
    WINDOWS_BYTES_MAX = 32 << 20,
    MEMTABLE_BYTES = 8 << 20,
    FILE_BYTES_MIN = 8 << 20,
    APPLY_MS = 10000
};

static void must(bool done, const struct bare_task *bare)
{
    if (!done)
        measure_fail("bare task: %s", bare->error.message[0] ? bare->error.message : bare->task->failure.message);
}

/* ---- outputs ---- */

static bool output_send(void *self, const struct graph_node *sink, const char *topic,
                        const struct broker_record *record, struct weir_error *error)
{
    struct bare_task *bare = self;
    (void)sink, (void)topic, (void)record, (void)error;
    bare->sent++;
    return true;
}

static void output_release(void *self, struct broker_message *message)
{
    (void)self;
    free(message->owner);
}

static void output_dropped(void *self, const struct weir_drop *drop)
{
    (void)self;
    measure_fail("bare task: a record was dropped: %s", drop->reason);
}

static void output_dead(void *self, const struct weir_dead_letter *letter)
{
    (void)self;
    measure_fail("bare task: record %lld is a dead letter: %s", (long long)letter->offset, letter->message);
}

/* ---- changelogs ---- */

struct broker_producer {
    struct bare_task *bare;
};

static bool log_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                     struct weir_error *error)
{
    (void)topic, (void)error;
    if (record->delivery)
        record->delivery->next_offset = producer->bare->logged + 1;
    producer->bare->logged++;
    return true;
}

static void log_poll(struct broker_producer *producer)
{
    (void)producer;
}

static void open_changelogs(struct bare_task *bare)
{
    static const struct broker_ops ops = {.producer_send = log_send, .producer_poll = log_poll};
    static struct broker log = {&ops};
    static struct broker_producer producer;
    producer.bare = bare;
    bare->changelogs = (struct collector){.broker = &log, .producer = &producer};
}

/* ---- life ---- */

static void set_partitions(struct layout *layout)
{
    struct layout_part *part = &layout->parts[0];
    for (size_t i = 0; i < part->source_count; i++)
        part->sources[i].partitions = 1;
    layout_sort_sources(layout, part);
}

static void open_task(struct bare_task *bare, const char *directory)
{
    struct task_output output = {
        .self = bare, .send = output_send, .release = output_release, .dropped = output_dropped, .dead = output_dead};
    struct task_settings settings = {.clock = &clock_system, .max_future_ms = -1, .lineage = true};
    struct database_limits limits = {.memtable_bytes = MEMTABLE_BYTES,
                                     .committed_bytes_max = COMMITTED_BYTES_MAX,
                                     .windows_bytes_max = WINDOWS_BYTES_MAX,
                                     .file_bytes_min = FILE_BYTES_MIN,
                                     .restore_bytes_max = WINDOWS_BYTES_MAX,
                                     .apply_interval_ms = APPLY_MS};
    set_partitions(&bare->layout);
    bare->task = task_open(&bare->layout, &bare->layout.parts[0], 0, directory, settings, output, limits, &bare->error);
    must(bare->task != NULL, bare);
    must(task_restored(bare->task, -1, &bare->error), bare);
}

void bare_task_open(struct bare_task *bare, weir_topology *topology, const char *directory)
{
    *bare = (struct bare_task){.config = config_new()};
    open_changelogs(bare);
    must(layout_init(&bare->layout, topology, "benchmark", bare->config, &bare->error), bare);
    if (bare->layout.part_count != 1)
        measure_fail("bare task: the topology has %zu sub-topologies", bare->layout.part_count);
    open_task(bare, directory);
}

void bare_task_close(struct bare_task *bare)
{
    must(task_close(bare->task, true, &bare->error), bare);
    layout_done(&bare->layout);
    config_free(bare->config);
}

/* ---- records ---- */

static void push_one(struct bare_task *bare, size_t source, const struct data_record *record, int64_t offset)
{
    char *bytes = malloc(record->key_size + record->value_size);
    if (!bytes)
        measure_fail("no memory for records");
    memcpy(bytes, record->key, record->key_size);
    memcpy(bytes + record->key_size, record->value, record->value_size);
    const struct broker_message message = {.source = (int32_t)source,
                                           .offset = offset,
                                           .timestamp_ms = record->timestamp_ms,
                                           .key = {bytes, record->key_size},
                                           .value = {bytes + record->key_size, record->value_size},
                                           .owner = bytes};
    task_push(bare->task, source, &message);
}

void bare_task_push(struct bare_task *bare, size_t source, const struct data *data, int64_t from, int64_t to)
{
    struct data_record record;
    for (int64_t i = from; i < to; i++) {
        data_at(data, i, &record);
        push_one(bare, source, &record, i);
    }
}

void bare_task_process(struct bare_task *bare)
{
    struct task_source *source;
    while ((source = task_choose(bare->task)))
        must(task_process(bare->task, source), bare);
}

void bare_task_commit(struct bare_task *bare)
{
    must(commit_log(bare->task, &bare->changelogs, &bare->error), bare);
    commit_publish(bare->task);
}

void bare_task_apply(struct bare_task *bare, bool all)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    for (size_t i = 0; i < bare->task->part->store_count; i++)
        if (all || store_apply_due(bare->task->stores[i], now_us))
            must(store_apply(bare->task->stores[i], now_us, &bare->error), bare);
}
