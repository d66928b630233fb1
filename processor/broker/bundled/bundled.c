/* bundled.c: see bundled.h. What topics it knows as internal, their offsets, and all that is the broker's beneath.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bundled.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

#define NUMBER_MARK " r=" /* at the end of metadata: records of the message that are done */

/* ---- topics ---- */

static struct bundled_topic *find(const struct bundled *bundled, const char *topic)
{
    for (size_t i = 0; i < bundled->count; i++)
        if (strcmp(bundled->topics[i].name, topic) == 0)
            return &bundled->topics[i];
    return NULL;
}

bool bundled_has(struct bundled *bundled, const char *topic)
{
    pthread_mutex_lock(&bundled->lock);
    bool is_there = find(bundled, topic) != NULL;
    pthread_mutex_unlock(&bundled->lock);
    return is_there;
}

int32_t bundled_partitions(struct bundled *bundled, const char *topic)
{
    pthread_mutex_lock(&bundled->lock);
    const struct bundled_topic *found = find(bundled, topic);
    int32_t count = found ? found->partitions : 0;
    pthread_mutex_unlock(&bundled->lock);
    return count;
}

static void learn(struct bundled *bundled, const char *topic, int32_t count)
{
    pthread_mutex_lock(&bundled->lock);
    struct bundled_topic *found = find(bundled, topic);
    if (!found) {
        bundled->topics = memory_grow(bundled->topics, &bundled->capacity, bundled->count + 1, sizeof *bundled->topics);
        found = &bundled->topics[bundled->count++];
        *found = (struct bundled_topic){.name = memory_text(topic)};
    }
    found->partitions = count;
    pthread_mutex_unlock(&bundled->lock);
}

/* ---- offsets ---- */

static struct broker_offset commit_of(struct bundled *bundled, const struct broker_offset *offset, weir_arena *arena)
{
    struct broker_offset beneath = *offset;
    if (!bundled_has(bundled, offset->topic))
        return beneath;
    beneath.offset = bundled_offset_beneath(offset->offset);
    int64_t done = offset->offset < 0 ? 0 : offset->offset % BUNDLE_RECORDS_MAX;
    if (done > 0)
        beneath.metadata =
            arena_format(arena, "%s" NUMBER_MARK "%" PRIx64, offset->metadata ? offset->metadata : "", (uint64_t)done);
    return beneath;
}

struct broker_offset *bundled_commits(struct bundled *bundled, const struct broker_offset *offsets, size_t count,
                                      weir_arena *arena)
{
    struct broker_offset *beneath = arena_alloc(arena, (count ? count : 1) * sizeof *beneath);
    for (size_t i = 0; i < count; i++)
        beneath[i] = commit_of(bundled, &offsets[i], arena);
    return beneath;
}

struct broker_start bundled_start(const struct broker_start *beneath)
{
    struct broker_start start = *beneath;
    start.offset = bundled_offset(start.offset);
    const char *mark = start.metadata ? strrchr(start.metadata, ' ') : NULL;
    if (start.offset < 0 || !mark || strncmp(mark, NUMBER_MARK, sizeof NUMBER_MARK - 1) != 0)
        return start;
    int64_t done = (int64_t)strtoull(mark + sizeof NUMBER_MARK - 1, NULL, 16);
    start.offset += done < BUNDLE_RECORDS_MAX ? done : 0;
    return start;
}

/* ---- what is asked of topics ---- */

static bool ensure(struct broker *base, const struct broker_topic_spec *specs, size_t count, struct weir_error *error)
{
    struct bundled *bundled = bundled_of(base);
    struct broker *beneath = bundled->beneath;
    if (!beneath->ops->ensure(beneath, specs, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        int32_t found = specs[i].is_internal ? beneath->ops->partitions(beneath, specs[i].name, error) : 0;
        if (found < 0)
            return false;
        if (specs[i].is_internal)
            learn(bundled, specs[i].name, found);
    }
    return true;
}

static int32_t partitions(struct broker *base, const char *topic, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->partitions(beneath, topic, error);
}

static bool range(struct broker *base, const char *topic, int32_t partition, int64_t *begin, int64_t *end,
                  struct weir_error *error)
{
    struct bundled *bundled = bundled_of(base);
    if (!bundled->beneath->ops->range(bundled->beneath, topic, partition, begin, end, error))
        return false;
    if (bundled_has(bundled, topic)) {
        *begin = bundled_offset(*begin);
        *end = bundled_offset(*end);
    }
    return true;
}

static bool offset_at(struct broker *base, const char *topic, int32_t partition, int64_t timestamp_ms, int64_t *offset,
                      struct weir_error *error)
{
    struct bundled *bundled = bundled_of(base);
    if (!bundled->beneath->ops->offset_at(bundled->beneath, topic, partition, timestamp_ms, offset, error))
        return false;
    *offset = bundled_has(bundled, topic) ? bundled_offset(*offset) : *offset;
    return true;
}

/* Without metadata it is that of the message: what is said to be done, is. */
static bool committed(struct broker *base, const char *group, const char *topic, int32_t partition, int64_t *offset,
                      struct weir_error *error)
{
    struct bundled *bundled = bundled_of(base);
    if (!bundled->beneath->ops->committed(bundled->beneath, group, topic, partition, offset, error))
        return false;
    *offset = bundled_has(bundled, topic) ? bundled_offset(*offset) : *offset;
    return true;
}

static bool commits(struct broker *base, const char *group, const struct broker_place *places, size_t count,
                    weir_arena *arena, struct broker_start *starts, struct weir_error *error)
{
    struct bundled *bundled = bundled_of(base);
    if (!bundled->beneath->ops->commits(bundled->beneath, group, places, count, arena, starts, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (bundled_has(bundled, places[i].topic))
            starts[i] = bundled_start(&starts[i]);
    return true;
}

static bool topics(struct broker *base, weir_arena *arena, const char ***names, size_t *count, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->topics(beneath, arena, names, count, error);
}

static bool topics_delete(struct broker *base, const char *const *names, size_t count, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->topics_delete(beneath, names, count, error);
}

static bool group_delete(struct broker *base, const char *group, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->group_delete(beneath, group, error);
}

static bool members(struct broker *base, const char *group, weir_arena *arena, struct broker_member **found,
                    size_t *count, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->members(beneath, group, arena, found, count, error);
}

static const char *kind(const struct broker *base)
{
    const struct broker *beneath = ((const struct bundled *)(const void *)base)->beneath;
    return beneath->ops->kind(beneath);
}

static void tell_memory(struct broker *base, struct broker_memory *memory)
{
    struct broker *beneath = bundled_of(base)->beneath;
    beneath->ops->memory(beneath, memory);
}

/* ---- opening ---- */

static struct broker_reader *reader_open(struct broker *base, struct weir_error *error)
{
    struct broker *beneath = bundled_of(base)->beneath;
    return beneath->ops->reader_open(beneath, error);
}

static void close_bundled(struct broker *base)
{
    struct bundled *bundled = bundled_of(base);
    bundled->beneath->ops->close(bundled->beneath);
    for (size_t i = 0; i < bundled->count; i++)
        memory_free(bundled->topics[i].name);
    memory_free(bundled->topics);
    pthread_mutex_destroy(&bundled->lock);
    memory_free(bundled);
}

/* Readers read what is not internal, and are those of the broker beneath. */
static void take_readers(struct broker_ops *ops, const struct broker_ops *beneath)
{
    ops->reader_open = reader_open;
    ops->reader_add = beneath->reader_add;
    ops->reader_remove = beneath->reader_remove;
    ops->reader_poll = beneath->reader_poll;
    ops->reader_release = beneath->reader_release;
    ops->reader_position = beneath->reader_position;
    ops->reader_close = beneath->reader_close;
}

struct broker *broker_bundled_open(struct broker *beneath)
{
    struct bundled *bundled = memory_new(sizeof *bundled);
    const struct broker_ops *under = beneath->ops;
    bundled->beneath = beneath;
    bundled->base.ops = &bundled->ops;
    pthread_mutex_init(&bundled->lock, NULL);
    bundled->ops = (struct broker_ops){
        .close = close_bundled,
        .kind = kind,
        .memory = under->memory ? tell_memory : NULL,
        .partitions = partitions,
        .ensure = ensure,
        .range = range,
        .offset_at = offset_at,
        .committed = committed,
        .topics = topics,
        .topics_delete = under->topics_delete ? topics_delete : NULL,
        .group_delete = under->group_delete ? group_delete : NULL,
        .members = under->members ? members : NULL,
        .commits = under->commits ? commits : NULL,
        .consumer_open = bundled_consumer_open,
        .consumer_poll = bundled_consumer_poll,
        .consumer_release = bundled_consumer_release,
        .consumer_pause = bundled_consumer_pause,
        .consumer_resume = bundled_consumer_resume,
        .consumer_end = bundled_consumer_end,
        .consumer_is_behind = bundled_consumer_is_behind,
        .consumer_commit = bundled_consumer_commit,
        .consumer_rewind = bundled_consumer_rewind,
        .consumer_purge = bundled_consumer_purge,
        .consumer_wake = bundled_consumer_wake,
        .consumer_close = bundled_consumer_close,
        .producer_open = bundled_producer_open,
        .producer_send = bundled_producer_send,
        .producer_push = bundled_producer_push,
        .producer_poll = bundled_producer_poll,
        .producer_flush = bundled_producer_flush,
        .producer_close = bundled_producer_close,
        .transaction_open = bundled_transaction_open,
        .transaction_commit = bundled_transaction_commit,
        .transaction_abort = bundled_transaction_abort,
    };
    take_readers(&bundled->ops, under);
    return &bundled->base;
}

void bundled_hold_back(struct broker *base)
{
    bundled_of(base)->ops.producer_push = NULL;
}
