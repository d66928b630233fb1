/* commit.c: see commit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/anew.h"
#include "runtime/feed.h"
#include "runtime/streams_commit.h"
#include "state/changelog.h"

#define METADATA_MAGIC "weir1 "
enum { EMITTED = '@', WRITTEN = '>' }; /* in front of the times of stores */

/* ---- metadata ---- */

static int64_t position_after_flush(const struct task *task, size_t store)
{
    int32_t source = task->part->stores[store].source;
    if (source >= 0 && task->sources[source].position != BROKER_NO_OFFSET)
        return task->sources[source].position;
    int64_t delivered = task->deliveries[store].next_offset;
    return delivered > task->changelog_positions[store] ? delivered : task->changelog_positions[store];
}

static void write_times(const struct task *task, char mark, int64_t (*time_of)(const struct store *), int64_t after_ms,
                        struct buffer *out)
{
    for (size_t i = 0; i < task->part->store_count; i++)
        if (time_of(task->stores[i]) > after_ms)
            buffer_format(out, " %c%08" PRIx32 "=%" PRIx64, mark, task->part->stores[i].name_hash,
                          (uint64_t)time_of(task->stores[i]));
}

void commit_metadata_write(const struct task *task, size_t source, struct buffer *out)
{
    buffer_format(out, METADATA_MAGIC "t=%" PRIx64 " p=%" PRIx64, (uint64_t)task->execution.stream_time_ms,
                  (uint64_t)task->sources[source].stream_time_ms);
    if (source == 0 && task->sources[0].layout->is_shares)
        buffer_format(out, " n=%" PRIx64, (uint64_t)task->commits + 1);
    for (size_t i = 0; source == 0 && i < task->part->store_count; i++)
        if (layout_is_logged(&task->part->stores[i]))
            buffer_format(out, " %08" PRIx32 "=%" PRIx64, task->part->stores[i].name_hash,
                          (uint64_t)position_after_flush(task, i));
    if (source == 0) {
        write_times(task, EMITTED, store_emitted_time, INT64_MIN, out);
        write_times(task, WRITTEN, store_written_time, task->execution.stream_time_ms, out);
    }
    buffer_byte(out, 0);
}

/* Kafka Streams remembers a time per partition only; what its task had seen is at least that of the lead topic. */
static int64_t streams_time(const char *text)
{
    struct streams_commit theirs = {.partition_time_ms = -1};
    weir_arena arena;
    arena_init(&arena);
    bool is_theirs = streams_commit_read(text, &arena, &theirs);
    arena_done(&arena);
    return is_theirs ? theirs.partition_time_ms : -1;
}

struct commit_metadata commit_metadata_read(const char *text)
{
    struct commit_metadata metadata = {
        .stream_time_ms = -1, .partition_time_ms = -1, .text = text ? text : "", .positions = ""};
    size_t magic = strlen(METADATA_MAGIC);
    if (!text || strncmp(text, METADATA_MAGIC "t=", magic + 2) != 0) {
        metadata.stream_time_ms = metadata.partition_time_ms = streams_time(metadata.text);
        return metadata;
    }
    char *end = NULL;
    metadata.ours = true;
    metadata.stream_time_ms = (int64_t)strtoull(text + magic + 2, &end, 16);
    if (strncmp(end, " p=", 3) == 0) /* not in the first releases */
        metadata.partition_time_ms = (int64_t)strtoull(end + 3, &end, 16);
    if (strncmp(end, " n=", 3) == 0)
        metadata.commits = (int64_t)strtoull(end + 3, &end, 16);
    metadata.positions = end;
    return metadata;
}

int64_t commit_metadata_position(const struct commit_metadata *metadata, uint32_t name_hash)
{
    const char *at = metadata->positions;
    while (*at == ' ') {
        char *end = NULL;
        unsigned long long hash = strtoull(at + 1, &end, 16);
        if (*end != '=')
            return -1;
        unsigned long long position = strtoull(end + 1, &end, 16);
        if (hash == name_hash)
            return (int64_t)position;
        at = end;
    }
    return -1;
}

int64_t commit_progress(const struct layout_source *lead, const struct broker_start *committed)
{
    return lead->is_shares ? commit_metadata_read(committed->metadata).commits : committed->offset;
}

int64_t commit_progress_of(const struct task *task)
{
    return task->sources[0].layout->is_shares ? task->commits : atomic_load(&task->committed[0]);
}

static int64_t read_time(const struct commit_metadata *metadata, char mark, uint32_t name_hash)
{
    char name[16];
    snprintf(name, sizeof name, " %c%08" PRIx32 "=", mark, name_hash);
    const char *found = strstr(metadata->positions, name);
    return found ? (int64_t)strtoull(found + strlen(name), NULL, 16) : INT64_MIN;
}

int64_t commit_metadata_written(const struct commit_metadata *metadata, const struct layout_store *store)
{
    return read_time(metadata, WRITTEN, store->name_hash);
}

int64_t commit_metadata_emitted(const struct commit_metadata *metadata, const struct layout_store *store)
{
    if (metadata->ours)
        return read_time(metadata, EMITTED, store->name_hash);
    struct streams_commit theirs;
    weir_arena arena;
    arena_init(&arena);
    int64_t emitted_ms = streams_commit_read(metadata->text, &arena, &theirs)
                             ? streams_commit_emitted(&theirs, store->spec.name)
                             : INT64_MIN;
    arena_done(&arena);
    return emitted_ms;
}

/* ---- step by step ---- */

struct log_writer {
    struct task *task;
    struct collector *collector;
    struct weir_error *error;
    size_t store, seen;
    bool first_only;
};

static void send_logged(struct log_writer *writer, const struct store_row *logged, struct weir_headers headers)
{
    struct task *task = writer->task;
    const struct broker_record record = {
        .partition = task->partition,
        .timestamp_ms = logged->timestamp_ms < 0 ? 0 : logged->timestamp_ms,
        .key = logged->key,
        .value = logged->value,
        .headers = headers,
        .delivery = &task->deliveries[writer->store],
    };
    if (collector_send(writer->collector, task->part->stores[writer->store].changelog, &record, writer->error))
        task->marks[writer->store].sent++;
}

static void send_packed(struct log_writer *writer)
{
    struct packed *packed = &writer->task->packed;
    if (packed->count > 0 && writer->error->code == WEIR_OK) {
        const struct store_row record = packed_record(packed);
        send_logged(writer, &record, (struct weir_headers){0});
    }
    packed_clear(packed);
}

static void pack(struct log_writer *writer, const struct store_row *logged)
{
    if (!packed_has_room(&writer->task->packed, logged))
        send_packed(writer);
    packed_add(&writer->task->packed, logged);
}

static void log_row(void *self, const struct store_row *row)
{
    struct log_writer *writer = self;
    struct task *task = writer->task;
    if (writer->error->code != WEIR_OK || (writer->first_only && writer->seen++ > 0))
        return;
    const struct layout_store *store = &task->part->stores[writer->store];
    struct store_row logged;
    if (!changelog_write(store->spec.kind, row, &task->arena, &task->key_buffer, &logged)) {
        error_set(writer->error, WEIR_FATAL, "store %s holds a row with a key of another kind", store->spec.name);
        return;
    }
    struct weir_headers headers = {0};
    if (store->spec.kind == STORE_VERSIONED)
        anew_write(&logged, &task->arena, &headers);
    if (store->is_packed)
        pack(writer, &logged);
    else
        send_logged(writer, &logged, headers);
}

static void save_lineage(struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++) {
        int32_t store = task->sources[i].layout->lineage_store;
        if (store >= 0)
            lineage_save(&task->sources[i].seen, task->stores[store], task->execution.stream_time_ms);
    }
}

static bool log_rows(struct task *task, struct collector *collector, bool first_only, struct weir_error *error)
{
    for (size_t i = 0; i < task->part->store_count && error->code == WEIR_OK; i++) {
        struct log_writer writer = {task, collector, error, i, 0, first_only};
        if (task->part->stores[i].changelog)
            store_overlay_each(task->stores[i], log_row, &writer);
        send_packed(&writer);
        arena_clear(&task->arena);
    }
    return error->code == WEIR_OK;
}

bool commit_log_first(struct task *task, struct collector *collector, struct weir_error *error)
{
    return log_rows(task, collector, true, error);
}

bool commit_log(struct task *task, struct collector *collector, struct weir_error *error)
{
    save_lineage(task);
    return log_rows(task, collector, false, error);
}

void commit_offsets_add(struct commit_offsets *offsets, const struct task *task, weir_arena *arena)
{
    struct buffer metadata = {0};
    for (size_t i = 0; i < task->source_count; i++) {
        buffer_clear(&metadata);
        commit_metadata_write(task, i, &metadata);
        int64_t position = task->sources[i].position;
        if (position == BROKER_NO_OFFSET)
            position = 0; /* nothing read yet; the metadata must be committed all the same */
        offsets->items = memory_grow(offsets->items, &offsets->capacity, offsets->count + 1, sizeof *offsets->items);
        offsets->items[offsets->count++] = (struct broker_offset){
            .topic = task->sources[i].layout->topic,
            .partition = task->partition,
            .offset = position,
            .metadata = arena_text(arena, metadata.data),
        };
    }
    buffer_done(&metadata);
}

void commit_offsets_add_positions(struct commit_offsets *offsets, const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++) {
        offsets->items = memory_grow(offsets->items, &offsets->capacity, offsets->count + 1, sizeof *offsets->items);
        offsets->items[offsets->count++] = (struct broker_offset){
            .topic = task->sources[i].layout->topic,
            .partition = task->partition,
            .offset = task->sources[i].position,
        };
    }
}

void commit_publish(struct task *task)
{
    atomic_fetch_add(&task->publishing, 1);
    for (size_t i = 0; i < task->part->store_count; i++) {
        task->changelog_positions[i] = position_after_flush(task, i);
        feed_take(task, i, task->changelog_positions[i]);
        store_publish(task->stores[i], task->changelog_positions[i]);
    }
    for (size_t i = 0; i < task->source_count; i++)
        atomic_store(&task->committed[i], task->sources[i].position);
    atomic_fetch_add(&task->publishing, 1);
    feed_tell(task);
    for (size_t i = 0; i < task->source_count; i++)
        task->sources[i].committed_stream_time_ms = task->sources[i].stream_time_ms;
    task->committed_stream_time_ms = task->execution.stream_time_ms;
    task->commits++;
    task->execution.commits++;
    task->progress = false;
    task->execution.commit = false;
}
