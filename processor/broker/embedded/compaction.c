/* compaction.c: keeps the latest record per key in the closed segments of a partition.
 *
 * As in Kafka: the head of the list is clean (no key twice), the rest dirty. The keys of the dirty part, as many as the
 * bound allows, are remembered with their last offset; then everything up to there is rewritten without what a later
 * offset replaces, small neighbours merged. Offsets stay as they are. A deletion is kept for a day after its segment
 * was closed, so that a slow reader still learns of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "embedded/cleaner.h"
#include "embedded/embedded.h"
#include "embedded/files.h"
#include "embedded/limits.h"

struct remembered {
    uint64_t hash;
    int64_t offset; /* the last one of the key; -1: an empty slot */
    size_t at, size;
};

struct keys { /* open addressing, at most half full */
    struct remembered *slots;
    size_t slot_count, count;
    struct buffer bytes;
};

struct run { /* of one compaction */
    struct embedded_partition *partition;
    struct embedded_segment **segments; /* all closed ones, held */
    size_t count, clean, covered;       /* [0, clean) clean, [clean, covered) remembered */
    int64_t now_ms;
    struct keys keys;
};

/* -- keys -- */

static weir_bytes key_at(const struct keys *keys, const struct remembered *slot)
{
    return (weir_bytes){keys->bytes.data + slot->at, slot->size};
}

static struct remembered *find_slot(const struct keys *keys, weir_bytes key, uint64_t hash)
{
    size_t mask = keys->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct remembered *slot = &keys->slots[i];
        if (slot->offset < 0 || (slot->hash == hash && bytes_equal(key_at(keys, slot), key)))
            return slot;
    }
}

static void make_room(struct keys *keys)
{
    struct keys old = *keys;
    if (keys->slot_count > keys->count * 2)
        return;
    keys->slot_count = old.slot_count ? old.slot_count * 2 : 1024;
    keys->slots = memory_new(keys->slot_count * sizeof *keys->slots);
    for (size_t i = 0; i < keys->slot_count; i++)
        keys->slots[i].offset = -1;
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].offset >= 0)
            *find_slot(keys, key_at(keys, &old.slots[i]), old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

static void remember(struct keys *keys, weir_bytes key, int64_t offset)
{
    make_room(keys);
    uint64_t hash = hash_table(key);
    struct remembered *slot = find_slot(keys, key, hash);
    if (slot->offset < 0) {
        *slot = (struct remembered){.hash = hash, .at = keys->bytes.size, .size = key.size};
        buffer_append(&keys->bytes, key.data, key.size);
        keys->count++;
    }
    slot->offset = offset;
}

static int64_t last_offset(const struct keys *keys, weir_bytes key)
{
    return keys->count ? find_slot(keys, key, hash_table(key))->offset : -1;
}

static size_t keys_bytes(const struct keys *keys)
{
    return keys->bytes.size + keys->slot_count * sizeof *keys->slots;
}

/* -- what to do -- */

static void hold_closed(struct run *run, struct weir_error *error)
{
    struct embedded_partition *partition = run->partition;
    pthread_mutex_lock(&partition->lock);
    size_t closed = partition->segment_count ? partition->segment_count - 1 : 0;
    run->segments = memory_new(closed * sizeof(struct embedded_segment *));
    while (run->count < closed && embedded_segment_open(partition->segments[run->count], error)) {
        run->segments[run->count] = partition->segments[run->count];
        run->segments[run->count++]->users++;
    }
    pthread_mutex_unlock(&partition->lock);
    while (run->clean < run->count && run->segments[run->clean]->compacted)
        run->clean++;
}

static bool pays(const struct run *run)
{
    int64_t clean = 0, dirty = 0;
    for (size_t i = 0; i < run->count; i++)
        *(i < run->clean ? &clean : &dirty) += run->segments[i]->size;
    return dirty > 0 && dirty >= clean;
}

static bool is_aborted(const struct run *run, const struct embedded_frame *frame)
{
    return frame->transaction != EMBEDDED_NO_TRANSACTION &&
           embedded_outcomes_of(&run->partition->broker->outcomes, frame->transaction) == EMBEDDED_ABORTED;
}

static bool remember_segment(struct run *run, struct embedded_segment *segment, bool is_first, struct weir_error *error)
{
    struct embedded_walk walk;
    struct embedded_frame frame;
    enum embedded_walk_result result;
    embedded_walk_init(&walk, segment, EMBEDDED_SEGMENT_HEAD, segment->size);
    while ((result = embedded_walk_next(&walk, &frame, error)) == EMBEDDED_WALK_FRAME) {
        if (!is_aborted(run, &frame))
            remember(&run->keys, frame.key, frame.offset);
        if (!is_first && keys_bytes(&run->keys) > EMBEDDED_CLEAN_KEYS_BYTES)
            break;
    }
    embedded_walk_done(&walk);
    if (result == EMBEDDED_WALK_DAMAGED)
        error_set(error, WEIR_CORRUPT, "damaged at byte %lld of %s", (long long)walk.position,
                  segment->path ? segment->path : "memory");
    return result == EMBEDDED_WALK_END;
}

/* Keys of dirty segments, in order, while they fit and are old enough. */
static void cover(struct run *run, struct weir_error *error)
{
    int64_t lag_ms = run->partition->topic->compaction_lag_ms;
    for (run->covered = run->clean; run->covered < run->count; run->covered++) {
        struct embedded_segment *segment = run->segments[run->covered];
        if (segment->end > embedded_partition_end(run->partition) || /* transactions in it are open */
            !embedded_segment_scan(segment, error) || (lag_ms > 0 && segment->newest_ms > run->now_ms - lag_ms) ||
            !remember_segment(run, segment, run->covered == run->clean, error))
            return;
    }
}

/* When nothing more was written to the segment: the one behind it was begun. */
static bool is_late_deletion(const struct run *run, const struct embedded_frame *frame, int64_t closed_ms)
{
    int64_t age_ms = run->now_ms - (frame->timestamp_ms > closed_ms ? frame->timestamp_ms : closed_ms);
    return !frame->value.data && age_ms > EMBEDDED_TOMBSTONE_MS;
}

static bool is_kept(const struct run *run, const struct embedded_frame *frame, int64_t closed_ms)
{
    return last_offset(&run->keys, frame->key) <= frame->offset && !is_late_deletion(run, frame, closed_ms) &&
           !is_aborted(run, frame);
}

static int64_t closed_ms(const struct run *run, size_t index)
{
    if (index + 1 < run->count)
        return run->segments[index + 1]->created_ms;
    pthread_mutex_lock(&run->partition->lock);
    int64_t ms = run->partition->segments[run->partition->segment_count - 1]->created_ms;
    pthread_mutex_unlock(&run->partition->lock);
    return ms;
}

/* -- rewriting -- */

struct group { /* neighbours that become one file */
    size_t first, count;
};

static bool flush_frames(struct embedded_segment *output, struct buffer *frames, struct weir_error *error)
{
    bool written = frames->size == 0 || embedded_segment_append(output, buffer_bytes(frames), error);
    buffer_clear(frames);
    return written;
}

/* Copies what is kept of one segment; output NULL: only counts. False: an error. */
static bool copy_kept(struct run *run, size_t index, struct embedded_segment *output, size_t *dropped,
                      struct weir_error *error)
{
    struct embedded_segment *segment = run->segments[index];
    struct embedded_walk walk;
    struct embedded_frame frame;
    struct buffer frames = {0};
    int64_t closed = closed_ms(run, index);
    bool written = true;
    enum embedded_walk_result result;
    embedded_walk_init(&walk, segment, EMBEDDED_SEGMENT_HEAD, segment->size);
    while ((result = embedded_walk_next(&walk, &frame, error)) == EMBEDDED_WALK_FRAME && written) {
        if (!is_kept(run, &frame, closed)) {
            ++*dropped;
        } else if (output) {
            buffer_append(&frames, walk.frame_data, frame.size);
            embedded_frame_seal(frames.data + frames.size - frame.size, output->salt);
            written = frames.size < EMBEDDED_SCAN_BYTES || flush_frames(output, &frames, error);
        }
    }
    written = written && result == EMBEDDED_WALK_END && (!output || flush_frames(output, &frames, error));
    embedded_walk_done(&walk);
    buffer_done(&frames);
    return written || error_set(error, WEIR_CORRUPT, "damaged at byte %lld of %s", (long long)walk.position,
                                segment->path ? segment->path : "memory");
}

static struct embedded_segment *begin_output(const struct run *run, struct group group, struct weir_error *error)
{
    const struct embedded_segment *first = run->segments[group.first];
    struct embedded_segment_plan plan = {.directory = run->partition->directory,
                                         .suffix = "~",
                                         .base = first->base,
                                         .previous_base = first->previous_base,
                                         .through_base = run->segments[group.first + group.count - 1]->through_base,
                                         .created_ms = first->created_ms,
                                         .compacted = true};
    return embedded_segment_create(&plan, error);
}

/* From here on the new file stands for the whole group; what is left of the others is removed now or at the next open.
 * */
static bool put_in_place(const struct embedded_partition *partition, struct embedded_segment *output,
                         struct weir_error *error)
{
    if (!output->path)
        return true;
    char *path = embedded_segment_path(partition->directory, output->base, "");
    bool placed = embedded_segment_sync(output, error) &&
                  (rename(output->path, path) == 0 || embedded_file_failed(error, "replace", path)) &&
                  embedded_directory_sync(partition->directory, error);
    if (!placed)
        unlink(output->path);
    free(output->path);
    output->path = path;
    return placed;
}

static void replace(struct run *run, struct group group, struct embedded_segment *output)
{
    output->end = run->segments[group.first + group.count - 1]->end;
    pthread_mutex_lock(&run->partition->lock);
    size_t at = 0;
    while (run->partition->segments[at] != run->segments[group.first])
        at++;
    embedded_partition_splice(run->partition, at, group.count, output);
    pthread_mutex_unlock(&run->partition->lock);
    for (size_t i = group.first + 1; i < group.first + group.count; i++)
        if (run->segments[i]->path)
            unlink(run->segments[i]->path);
}

static bool rewrite(struct run *run, struct group group, struct weir_error *error)
{
    size_t dropped = 0;
    bool is_single = group.count == 1 && run->segments[group.first]->compacted;
    if (is_single && (!copy_kept(run, group.first, NULL, &dropped, error) || dropped == 0))
        return error->code == WEIR_OK;
    struct embedded_segment *output = begin_output(run, group, error);
    bool copied = output != NULL;
    for (size_t i = 0; copied && i < group.count; i++)
        copied = copy_kept(run, group.first + i, output, &dropped, error);
    if (copied && put_in_place(run->partition, output, error)) {
        replace(run, group, output);
        return true;
    }
    if (output && output->path && !copied)
        unlink(output->path);
    embedded_segment_free(output);
    return false;
}

static struct group next_group(const struct run *run, size_t first)
{
    struct group group = {first, 1};
    int64_t bytes = run->segments[first]->size;
    while (first + group.count < run->covered) {
        bytes += run->segments[first + group.count]->size;
        if (bytes > run->partition->topic->segment_bytes)
            break;
        group.count++;
    }
    return group;
}

static void finish(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        embedded_partition_release(run->partition, run->segments[i]);
    free(run->segments);
    free(run->keys.slots);
    buffer_done(&run->keys.bytes);
}

bool embedded_compact(struct embedded_partition *partition, int64_t now_ms, bool eager, struct weir_error *error)
{
    if (partition->topic->cleanup == BROKER_DELETE)
        return true;
    struct run run = {.partition = partition, .now_ms = now_ms};
    hold_closed(&run, error);
    bool compacts = error->code == WEIR_OK && run.count > 0 && (eager || pays(&run));
    if (compacts)
        cover(&run, error);
    for (size_t first = 0; error->code == WEIR_OK && compacts && first < run.covered;) {
        struct group group = next_group(&run, first);
        if (!rewrite(&run, group, error))
            break;
        first += group.count;
    }
    finish(&run);
    return error->code == WEIR_OK;
}
