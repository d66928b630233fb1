/* cleaner.c: see cleaner.h. The rounds, retention and purging; compaction is in compaction.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/cleaner.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "embedded/embedded.h"
#include "embedded/limits.h"

/* The first segment if it is closed, held; NULL: none, or an error. */
static struct embedded_segment *hold_first(struct embedded_partition *partition, struct weir_error *error)
{
    struct embedded_segment *first = NULL;
    pthread_mutex_lock(&partition->lock);
    if (partition->segment_count > 1 && embedded_segment_open(partition->segments[0], error)) {
        first = partition->segments[0];
        first->users++;
    }
    pthread_mutex_unlock(&partition->lock);
    return first;
}

static void drop_first(struct embedded_partition *partition, const struct embedded_segment *first)
{
    pthread_mutex_lock(&partition->lock);
    assert(partition->segments[0] == first);
    embedded_partition_splice(partition, 0, 1, NULL);
    pthread_mutex_unlock(&partition->lock);
    if (first->path)
        unlink(first->path);
}

struct roll_wait {
    struct embedded_partition *partition;
    int64_t base;
};

static bool has_rolled(void *self)
{
    const struct roll_wait *wait = self;
    pthread_mutex_lock(&wait->partition->lock);
    bool rolled = wait->partition->segments[wait->partition->segment_count - 1]->base != wait->base;
    pthread_mutex_unlock(&wait->partition->lock);
    return rolled;
}

/* Without it the last segment of a topic that is seldom written to would be kept for ever. */
static void close_expired(struct embedded_partition *partition, int64_t horizon_ms)
{
    bool expired = false;
    struct roll_wait wait = {.partition = partition};
    pthread_mutex_lock(&partition->lock);
    if (partition->segment_count) {
        struct embedded_segment *last = partition->segments[partition->segment_count - 1];
        wait.base = last->base;
        pthread_mutex_lock(&last->index_lock);
        expired = partition->durable_size > EMBEDDED_SEGMENT_HEAD && last->newest_ms < horizon_ms &&
                  partition->next == atomic_load(&partition->durable);
        pthread_mutex_unlock(&last->index_lock);
    }
    pthread_mutex_unlock(&partition->lock);
    if (!expired)
        return;
    embedded_partition_roll(partition);
    embedded_flusher_wait(&partition->broker->flusher, has_rolled, &wait, EMBEDDED_REVIVE_MS);
}

static bool is_expired(struct embedded_segment *segment, int64_t horizon_ms, struct weir_error *error)
{
    if (!embedded_segment_scan(segment, error))
        return false;
    pthread_mutex_lock(&segment->index_lock);
    bool expired = segment->newest_ms < horizon_ms;
    pthread_mutex_unlock(&segment->index_lock);
    return expired;
}

bool embedded_expire(struct embedded_partition *partition, int64_t now_ms, struct weir_error *error)
{
    const struct embedded_topic *topic = partition->topic;
    if (topic->cleanup == BROKER_COMPACT || topic->retention_ms < 0)
        return true;
    struct embedded_segment *first;
    bool expired = true;
    close_expired(partition, now_ms - topic->retention_ms);
    while (expired && (first = hold_first(partition, error))) {
        expired = is_expired(first, now_ms - topic->retention_ms, error);
        if (expired)
            drop_first(partition, first);
        embedded_partition_release(partition, first);
    }
    return error->code == WEIR_OK;
}

bool embedded_purge(struct embedded_partition *partition, struct weir_error *error)
{
    struct embedded_segment *first;
    int64_t needed = atomic_load(&partition->needed);
    bool dropped = needed > 0;
    while (dropped && (first = hold_first(partition, error))) {
        dropped = first->end <= needed;
        if (dropped)
            drop_first(partition, first);
        embedded_partition_release(partition, first);
    }
    return error->code == WEIR_OK;
}

static void clean_partition(struct embedded_partition *partition, int64_t now_ms, bool eager)
{
    struct weir_error cause = {0}, error = {0};
    if (!embedded_purge(partition, &cause) || !embedded_expire(partition, now_ms, &cause) ||
        !embedded_compact(partition, now_ms, eager, &cause)) {
        embedded_partition_error(partition, &cause, &error);
        log_warning("embedded", "cleaning: %s", error.message);
    }
}

/* The list may grow meanwhile; topics themselves stay. */
static struct embedded_topic *topic_at(struct embedded *broker, size_t index)
{
    pthread_mutex_lock(&broker->lock);
    struct embedded_topic *topic = index < broker->topic_count ? broker->topics[index] : NULL;
    pthread_mutex_unlock(&broker->lock);
    return topic;
}

static bool is_stopping(struct embedded_cleaner *cleaner)
{
    return __atomic_load_n(&cleaner->stopping, __ATOMIC_ACQUIRE);
}

void embedded_clean(struct embedded *broker, int64_t now_ms, bool eager)
{
    struct embedded_topic *topic;
    pthread_mutex_lock(&broker->cleaner.lock);
    for (size_t i = 0; (topic = topic_at(broker, i)); i++)
        for (int32_t p = 0; p < topic->partition_count && !is_stopping(&broker->cleaner); p++)
            clean_partition(&topic->partitions[p], now_ms, eager);
    pthread_mutex_unlock(&broker->cleaner.lock);
}

static bool rest(struct embedded_cleaner *cleaner)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + (int64_t)EMBEDDED_CLEAN_INTERVAL_MS * 1000;
    pthread_mutex_lock(&cleaner->lock);
    while (!is_stopping(cleaner) && clock_condition_wait(&cleaner->wake, &cleaner->lock, until_us))
        continue;
    pthread_mutex_unlock(&cleaner->lock);
    return !is_stopping(cleaner);
}

static void *clean_for_ever(void *self)
{
    struct embedded *broker = self;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10); /* Linux: of this thread */
    while (rest(&broker->cleaner))
        embedded_clean(broker, clock_wall_ms(&clock_system), false);
    return NULL;
}

void embedded_cleaner_start(struct embedded *broker)
{
    struct embedded_cleaner *cleaner = &broker->cleaner;
    pthread_mutex_init(&cleaner->lock, NULL);
    clock_condition_init(&cleaner->wake);
    int failed = pthread_create(&cleaner->thread, NULL, clean_for_ever, broker);
    assert(failed == 0);
    cleaner->started = true;
}

void embedded_cleaner_stop(struct embedded *broker)
{
    struct embedded_cleaner *cleaner = &broker->cleaner;
    if (!cleaner->started)
        return;
    __atomic_store_n(&cleaner->stopping, true, __ATOMIC_RELEASE);
    pthread_mutex_lock(&cleaner->lock);
    pthread_cond_signal(&cleaner->wake);
    pthread_mutex_unlock(&cleaner->lock);
    pthread_join(cleaner->thread, NULL);
    pthread_cond_destroy(&cleaner->wake);
    pthread_mutex_destroy(&cleaner->lock);
    cleaner->started = false;
}
