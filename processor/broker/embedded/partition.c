/* partition.c: see partition.h. Appending, and holding segments for readers; the flusher's half is in commit.c, loading
 * in recover.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/partition.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "embedded/commit.h"
#include "embedded/embedded.h"
#include "embedded/limits.h"
#include "embedded/topic.h"

void embedded_partition_init(struct embedded_partition *partition, struct embedded *broker,
                             const struct embedded_topic *topic, int32_t number)
{
    *partition = (struct embedded_partition){.broker = broker, .topic = topic, .number = number};
    partition->flush.begin = embedded_commit_begin;
    partition->flush.finish = embedded_commit_finish;
    if (broker->directory)
        partition->directory = memory_format("%s/%s/%d", broker->directory, topic->name, (int)number);
    pthread_mutex_init(&partition->lock, NULL);
}

void embedded_partition_done(struct embedded_partition *partition)
{
    for (size_t i = 0; i < partition->segment_count; i++)
        embedded_segment_free(partition->segments[i]);
    free(partition->segments);
    free(partition->open);
    buffer_done(&partition->pending);
    buffer_done(&partition->writing);
    free(partition->directory);
    pthread_mutex_destroy(&partition->lock);
}

bool embedded_partition_error(const struct embedded_partition *partition, const struct weir_error *cause,
                              struct weir_error *error)
{
    return error_set(error, cause->code, "topic '%s' partition %d: %s", partition->topic->name, (int)partition->number,
                     cause->message);
}

/* A full disk may have been emptied meanwhile: then the partition takes records again. The file was cut back to what is
 * durable when it failed. Lock held. */
static bool revive(struct embedded_partition *partition)
{
    int64_t rested_us = clock_monotonic_us(&clock_system) - partition->failed_us;
    if (partition->failure.code != WEIR_RETRY || rested_us < EMBEDDED_REVIVE_MS * 1000)
        return false;
    partition->failure = (struct weir_error){0};
    return true;
}

void embedded_partition_publish(struct embedded_partition *partition)
{
    int64_t stable = atomic_load(&partition->durable);
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].first < stable)
            stable = partition->open[i].first;
    atomic_store(&partition->stable, stable);
}

void embedded_partition_note(struct embedded_partition *partition, int64_t transaction, int64_t offset)
{
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].transaction == transaction)
            return;
    partition->open =
        memory_grow(partition->open, &partition->open_capacity, partition->open_count + 1, sizeof *partition->open);
    partition->open[partition->open_count++] = (struct embedded_open){transaction, offset};
}

void embedded_partition_end_transaction(struct embedded_partition *partition, int64_t transaction)
{
    pthread_mutex_lock(&partition->lock);
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].transaction == transaction)
            partition->open[i--] = partition->open[--partition->open_count];
    embedded_partition_publish(partition);
    pthread_mutex_unlock(&partition->lock);
}

static bool append_frame(struct embedded_partition *partition, const struct broker_record *record, int64_t transaction,
                         struct weir_error *error)
{
    if (partition->failure.code != WEIR_OK && !revive(partition))
        return embedded_partition_error(partition, &partition->failure, error);
    size_t before = partition->pending.size;
    embedded_frame_append(&partition->pending, record, partition->next, transaction);
    if (transaction != EMBEDDED_NO_TRANSACTION)
        embedded_partition_note(partition, transaction, partition->next);
    atomic_fetch_add_explicit(&partition->broker->flusher.pending_bytes, (int64_t)(partition->pending.size - before),
                              memory_order_relaxed);
    return true;
}

/* A failure came after the record was appended: it lost what was not durable then. Lock held. */
static bool is_lost(struct embedded_partition *partition, struct embedded_receipt receipt)
{
    uint64_t epoch = atomic_load(&partition->epoch);
    bool kept = receipt.epoch + 1 == epoch && receipt.offset < partition->lost_from;
    return receipt.epoch != epoch && !kept;
}

bool embedded_partition_append(struct embedded_partition *partition, const struct broker_record *record,
                               int64_t transaction, const struct embedded_receipt *behind,
                               struct embedded_receipt *receipt, struct weir_error *error)
{
    struct embedded_flusher *flusher = &partition->broker->flusher;
    if (atomic_load_explicit(&flusher->pending_bytes, memory_order_relaxed) >= EMBEDDED_PENDING_BYTES)
        return error_set(error, WEIR_RETRY, "topic '%s' partition %d: the queue of records to write is full",
                         partition->topic->name, (int)partition->number);
    pthread_mutex_lock(&partition->lock);
    bool follows = !behind || !is_lost(partition, *behind);
    bool appended = follows && append_frame(partition, record, transaction, error);
    if (!follows)
        error_set(error, WEIR_FENCED, "what it follows was lost");
    if (appended)
        *receipt = (struct embedded_receipt){partition->next++, atomic_load(&partition->epoch)};
    pthread_mutex_unlock(&partition->lock);
    if (appended)
        embedded_flusher_enqueue(flusher, &partition->flush);
    return appended;
}

static enum embedded_receipt_state state_after_failure(struct embedded_partition *partition,
                                                       struct embedded_receipt receipt)
{
    pthread_mutex_lock(&partition->lock);
    bool lost = is_lost(partition, receipt);
    pthread_mutex_unlock(&partition->lock);
    return lost ? EMBEDDED_LOST : EMBEDDED_DURABLE;
}

/* durable is read before the epoch: offsets are given out again after a failure, so that an old receipt may lie below a
 * durable end that is not its own. */
enum embedded_receipt_state embedded_partition_state(struct embedded_partition *partition,
                                                     struct embedded_receipt receipt)
{
    bool durable = atomic_load(&partition->durable) > receipt.offset;
    if (atomic_load(&partition->epoch) != receipt.epoch)
        return state_after_failure(partition, receipt);
    return durable ? EMBEDDED_DURABLE : EMBEDDED_IN_FLIGHT;
}

void embedded_partition_failure(struct embedded_partition *partition, struct weir_error *error)
{
    pthread_mutex_lock(&partition->lock);
    embedded_partition_error(partition, &partition->last_failure, error);
    pthread_mutex_unlock(&partition->lock);
}

void embedded_partition_roll(struct embedded_partition *partition)
{
    pthread_mutex_lock(&partition->lock);
    partition->roll_wanted = true;
    pthread_mutex_unlock(&partition->lock);
    embedded_flusher_enqueue(&partition->broker->flusher, &partition->flush);
}

int64_t embedded_partition_begin(struct embedded_partition *partition)
{
    pthread_mutex_lock(&partition->lock);
    int64_t begin = partition->segment_count ? partition->segments[0]->base : 0;
    pthread_mutex_unlock(&partition->lock);
    return begin;
}

/* Index of the last segment whose base is not behind the offset; 0 when all are. Lock held. */
static size_t locate(const struct embedded_partition *partition, int64_t offset)
{
    size_t low = 0, high = partition->segment_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (partition->segments[middle]->base <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct embedded_segment *embedded_partition_hold(struct embedded_partition *partition, int64_t *offset,
                                                 struct weir_error *error)
{
    struct weir_error cause = {0};
    struct embedded_segment *segment = NULL;
    pthread_mutex_lock(&partition->lock);
    if (partition->segment_count) {
        segment = partition->segments[locate(partition, *offset)];
        if (!embedded_segment_open(segment, &cause)) {
            segment = NULL;
            embedded_partition_error(partition, &cause, error);
        }
    }
    if (segment) {
        segment->users++;
        if (*offset < segment->base)
            *offset = segment->base;
    }
    pthread_mutex_unlock(&partition->lock);
    return segment;
}

/* A closed segment nobody reads needs no descriptor; there may be thousands of them. Lock held. */
static void forget(struct embedded_segment *segment)
{
    if (segment->users > 0)
        return;
    if (segment->gone)
        embedded_segment_free(segment);
    else if (segment->end >= 0)
        embedded_segment_close(segment);
}

void embedded_partition_release(struct embedded_partition *partition, struct embedded_segment *segment)
{
    if (!segment)
        return;
    pthread_mutex_lock(&partition->lock);
    assert(segment->users > 0);
    segment->users--;
    forget(segment);
    pthread_mutex_unlock(&partition->lock);
}

int64_t embedded_partition_limit(struct embedded_partition *partition, const struct embedded_segment *segment,
                                 int64_t *end)
{
    pthread_mutex_lock(&partition->lock);
    *end = segment->end;
    int64_t limit = segment->end >= 0 ? segment->size : partition->durable_size;
    pthread_mutex_unlock(&partition->lock);
    return limit;
}

void embedded_partition_add(struct embedded_partition *partition, struct embedded_segment *segment)
{
    if (partition->segment_count) {
        struct embedded_segment *last = partition->segments[partition->segment_count - 1];
        last->end = segment->base;
        forget(last);
    }
    partition->segments = memory_grow(partition->segments, &partition->segment_capacity, partition->segment_count + 1,
                                      sizeof(struct embedded_segment *));
    partition->segments[partition->segment_count++] = partition->active = segment;
}

void embedded_partition_splice(struct embedded_partition *partition, size_t first, size_t count,
                               struct embedded_segment *replacement)
{
    assert(first + count <= partition->segment_count);
    for (size_t i = first; i < first + count; i++) {
        partition->segments[i]->gone = true;
        forget(partition->segments[i]);
    }
    size_t kept = replacement ? 1 : 0, behind = partition->segment_count - first - count;
    if (replacement)
        partition->segments[first] = replacement;
    memmove(partition->segments + first + kept, partition->segments + first + count,
            behind * sizeof(struct embedded_segment *));
    partition->segment_count = first + kept + behind;
}
