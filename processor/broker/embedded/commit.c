/* commit.c: see commit.h. Whatever fails here makes the partition read-only: the file is cut back to what is durable,
 * the epoch counts up and every record in flight is lost to its producer. After a failed fdatasync the kernel may call
 * the same pages clean, so trying the sync again would acknowledge what never reached the disk.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/commit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/embedded.h"
#include "embedded/files.h"
#include "embedded/limits.h"
#include "embedded/partition.h"
#include "embedded/topic.h"

static void trim(struct buffer *buffer)
{
    buffer_clear(buffer);
    if (buffer->capacity > EMBEDDED_BUFFER_KEPT_BYTES)
        buffer_done(buffer);
}

/* The cut keeps a reopened log from presenting records that were refused. */
static void cut_back(struct embedded_partition *partition, struct weir_error *cause)
{
    struct embedded_segment *segment = partition->active;
    if (!segment)
        return;
    segment->size = partition->durable_size;
    pthread_mutex_lock(&segment->index_lock);
    while (segment->index_count && segment->index[segment->index_count - 1].position >= segment->size)
        segment->index_count--;
    pthread_mutex_unlock(&segment->index_lock);
    if (segment->fd >= 0 && ftruncate(segment->fd, segment->size) < 0)
        cause->code = WEIR_FATAL;
}

static void fail(struct embedded_partition *partition, struct weir_error *cause)
{
    pthread_mutex_lock(&partition->lock);
    cut_back(partition, cause);
    partition->failure = partition->last_failure = *cause;
    partition->failed_us = clock_monotonic_us(&clock_system);
    atomic_fetch_sub(&partition->broker->flusher.pending_bytes,
                     (int64_t)(partition->pending.size + partition->writing.size));
    trim(&partition->pending);
    trim(&partition->writing);
    partition->next = partition->lost_from = atomic_load(&partition->durable);
    atomic_fetch_add(&partition->epoch, 1);
    pthread_mutex_unlock(&partition->lock);
    partition->round_failed = true;
}

/* Everything written to the active segment is durable; lock held. */
static void publish(struct embedded_partition *partition, const struct embedded_segment *segment, int64_t next)
{
    partition->durable_size = segment->size;
    atomic_store(&partition->durable, next);
    embedded_partition_publish(partition);
}

/* The file and its name are durable before anything relies on them; one that fails leaves no trace. */
static struct embedded_segment *create_durable(const struct embedded_segment_plan *plan, struct weir_error *error)
{
    struct embedded_segment *segment = embedded_segment_create(plan, error);
    if (!segment || !plan->directory)
        return segment;
    if (embedded_segment_sync(segment, error) && embedded_directory_sync(plan->directory, error))
        return segment;
    unlink(segment->path);
    embedded_segment_free(segment);
    return NULL;
}

/* Begins a segment at the offset; the one before it is synced first, so that only the last one can be torn. */
static bool roll(struct embedded_partition *partition, int64_t base, struct weir_error *error)
{
    struct embedded_segment *last = partition->active;
    if (last && last->base == base)
        return true;
    if (last && !embedded_segment_sync(last, error))
        return false;
    struct embedded_segment_plan plan = {.directory = partition->directory,
                                         .suffix = "",
                                         .base = base,
                                         .previous_base = last ? last->base : -1,
                                         .through_base = base,
                                         .created_ms = clock_wall_ms(&clock_system)};
    struct embedded_segment *segment = create_durable(&plan, error);
    if (!segment)
        return false;
    pthread_mutex_lock(&partition->lock);
    if (last)
        publish(partition, last, base);
    embedded_partition_add(partition, segment);
    partition->durable_size = segment->size;
    pthread_mutex_unlock(&partition->lock);
    return true;
}

/* Bytes of the frames from `at` on that go into the active segment: at least one frame if it is empty. */
static size_t seal_run(struct embedded_partition *partition, size_t at, int64_t room)
{
    struct embedded_segment *segment = partition->active;
    size_t end = at;
    while (end < partition->writing.size) {
        char *frame = partition->writing.data + end;
        size_t size = embedded_frame_size(frame);
        bool fits = (int64_t)(end + size - at) <= room;
        if (!fits && (end > at || segment->size > EMBEDDED_SEGMENT_HEAD))
            break;
        embedded_frame_seal(frame, segment->salt);
        end += size;
    }
    return end - at;
}

static bool write_frames(struct embedded_partition *partition, struct weir_error *error)
{
    for (size_t at = 0; at < partition->writing.size;) {
        char *frames = partition->writing.data + at;
        struct embedded_segment *segment = partition->active;
        if (!segment) {
            if (!roll(partition, embedded_frame_offset(frames), error))
                return false;
            continue;
        }
        size_t size = seal_run(partition, at, partition->topic->segment_bytes - segment->size);
        if (size && !embedded_segment_append(segment, (weir_bytes){frames, size}, error))
            return false;
        at += size;
        if (at < partition->writing.size &&
            !roll(partition, embedded_frame_offset(partition->writing.data + at), error))
            return false;
    }
    return true;
}

/* Swaps the buffers: producers go on appending while this one is written. */
static bool take_pending(struct embedded_partition *partition)
{
    pthread_mutex_lock(&partition->lock);
    struct buffer empty = partition->writing;
    partition->writing = partition->pending;
    partition->pending = empty;
    partition->writing_next = partition->next;
    bool rolls = partition->roll_wanted && partition->active && partition->active->size > EMBEDDED_SEGMENT_HEAD;
    partition->roll_wanted = false;
    pthread_mutex_unlock(&partition->lock);
    return rolls;
}

/* Asks the disk to begin with this file while the others of the round are still being written; finish then waits less.
 * */
static void start_writing_back(struct embedded_partition *partition)
{
    struct embedded_segment *segment = partition->active;
    if (partition->directory && segment && partition->writing.size)
        (void)sync_file_range(segment->fd, partition->durable_size, 0, SYNC_FILE_RANGE_WRITE);
}

void embedded_commit_begin(struct embedded_flush *flush)
{
    struct embedded_partition *partition = (struct embedded_partition *)flush;
    struct weir_error cause = {0};
    partition->round_failed = false;
    bool rolls = take_pending(partition);
    if ((rolls && !roll(partition, atomic_load(&partition->durable), &cause)) || !write_frames(partition, &cause))
        fail(partition, &cause);
    else
        start_writing_back(partition);
}

void embedded_commit_finish(struct embedded_flush *flush)
{
    struct embedded_partition *partition = (struct embedded_partition *)flush;
    struct weir_error cause = {0};
    struct embedded_segment *segment = partition->active;
    if (partition->round_failed || !segment || partition->writing.size == 0)
        return;
    if (!embedded_segment_sync(segment, &cause)) {
        fail(partition, &cause);
        return;
    }
    pthread_mutex_lock(&partition->lock);
    publish(partition, segment, partition->writing_next);
    pthread_mutex_unlock(&partition->lock);
    atomic_fetch_sub(&partition->broker->flusher.pending_bytes, (int64_t)partition->writing.size);
    trim(&partition->writing);
}
