/* consumer.c: a member of a group: takes and gives back shares inside its poll, reads the sources of the shares it
 * holds in turn, commits for them.
 *
 * A share belongs to the member from assigned until revoked has returned, and nobody can take it in between: whether a
 * commit is fenced is known here without asking the group.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "embedded/cursor.h"
#include "embedded/embedded.h"
#include "embedded/group.h"
#include "embedded/limits.h"

struct source { /* one topic's partition of a share held */
    struct embedded_cursor cursor;
    int64_t delivered; /* offset behind the last record polled */
    bool paused;
};

struct subscription {
    struct embedded_topic **topics;
    size_t topic_count;
    int32_t partitions;
    struct source **sources; /* [partition * topic_count + topic]; NULL: not held */
};

struct broker_consumer {
    struct embedded_member member; /* first: the group's view */
    struct embedded *broker;
    struct embedded_group *group;
    struct broker_rebalance rebalance;
    struct subscription *subscriptions;
    size_t count;
    struct source **held; /* all sources of all shares held, in the order they came */
    size_t held_count, held_capacity, turn;
    atomic_bool woken;
};

static struct source **slot(const struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    if (group < 0 || (size_t)group >= consumer->count)
        return NULL;
    const struct subscription *subscription = &consumer->subscriptions[group];
    if (source < 0 || (size_t)source >= subscription->topic_count || partition < 0 ||
        partition >= subscription->partitions)
        return NULL;
    return &subscription->sources[(size_t)partition * subscription->topic_count + (size_t)source];
}

/* How many of its topics have that partition. */
static size_t width(const struct subscription *subscription, int32_t partition)
{
    size_t count = 0;
    while (count < subscription->topic_count && subscription->topics[count]->partition_count > partition)
        count++;
    return count;
}

static struct source *source_of(const struct broker_consumer *consumer, int32_t group, int32_t source,
                                int32_t partition)
{
    struct source **at = slot(consumer, group, source, partition);
    return at ? *at : NULL;
}

/* -- opening and closing -- */

static bool find_topics(struct broker_consumer *consumer, size_t index, const struct broker_subscription *wanted,
                        struct weir_error *error)
{
    struct subscription *subscription = &consumer->subscriptions[index];
    subscription->topics = memory_new(wanted->topic_count * sizeof(struct embedded_topic *));
    subscription->topic_count = wanted->topic_count;
    for (size_t i = 0; i < wanted->topic_count; i++) {
        struct embedded_topic *topic = embedded_topic_find(consumer->broker, wanted->topics[i]);
        if (!topic)
            return error_set(error, WEIR_INVALID, "there is no topic '%.200s'", wanted->topics[i]);
        if (!broker_subscription_check(wanted, i, topic->partition_count,
                                       i ? subscription->topics[i - 1]->partition_count : INT32_MAX, error))
            return false;
        subscription->topics[i] = topic;
    }
    subscription->partitions = subscription->topics[0]->partition_count;
    subscription->sources =
        memory_new((size_t)subscription->partitions * wanted->topic_count * sizeof(struct source *));
    consumer->member.leads[index] = subscription->topics[0];
    return true;
}

static void consumer_free(struct broker_consumer *consumer)
{
    for (size_t i = 0; i < consumer->count; i++) {
        free(consumer->subscriptions[i].topics);
        free(consumer->subscriptions[i].sources);
    }
    free(consumer->subscriptions);
    free(consumer->member.leads);
    free(consumer->held);
    free(consumer);
}

struct broker_consumer *embedded_consumer_open(struct broker *base, const char *group, const char *member,
                                               const struct broker_subscription *subscriptions, size_t count,
                                               struct broker_rebalance rebalance, struct weir_error *error)
{
    (void)member;
    struct embedded *broker = (struct embedded *)base;
    if (!embedded_writable(broker, error))
        return NULL;
    struct broker_consumer *consumer = memory_new(sizeof *consumer);
    consumer->broker = broker;
    consumer->rebalance = rebalance;
    consumer->subscriptions = memory_new(count * sizeof *consumer->subscriptions);
    consumer->member.leads = memory_new(count * sizeof(struct embedded_topic *));
    consumer->count = consumer->member.lead_count = count;
    bool found = true;
    for (size_t i = 0; found && i < count; i++)
        found = find_topics(consumer, i, &subscriptions[i], error);
    if (!found || !(consumer->group = embedded_group_get(broker, group, error))) {
        consumer_free(consumer);
        return NULL;
    }
    embedded_group_join(consumer->group, &consumer->member);
    return consumer;
}

/* -- shares -- */

static void drop_source(struct broker_consumer *consumer, struct source *source)
{
    size_t kept = 0;
    for (size_t i = 0; i < consumer->held_count; i++)
        if (consumer->held[i] != source)
            consumer->held[kept++] = consumer->held[i];
    consumer->held_count = kept;
    embedded_cursor_done(&source->cursor);
    free(source);
}

static void revoke(struct broker_consumer *consumer, int32_t group, int32_t partition)
{
    const struct subscription *subscription = &consumer->subscriptions[group];
    consumer->rebalance.revoked(consumer->rebalance.self, group, partition, false);
    for (size_t i = 0; i < width(subscription, partition); i++) {
        struct source **at = slot(consumer, group, (int32_t)i, partition);
        drop_source(consumer, *at);
        *at = NULL;
    }
}

static void add_source(struct broker_consumer *consumer, struct embedded_step step, size_t index, int64_t from)
{
    struct embedded_topic *topic = consumer->subscriptions[step.group].topics[index];
    struct source *source = memory_new(sizeof *source);
    embedded_cursor_init(&source->cursor, &topic->partitions[step.partition], from);
    source->cursor.group = step.group;
    source->cursor.source = (int32_t)index;
    source->delivered = source->cursor.position;
    source->paused = true;
    consumer->held =
        memory_grow(consumer->held, &consumer->held_capacity, consumer->held_count + 1, sizeof(struct source *));
    consumer->held[consumer->held_count++] = source;
    *slot(consumer, step.group, (int32_t)index, step.partition) = source;
}

static void assign(struct broker_consumer *consumer, struct embedded_step step)
{
    const struct subscription *subscription = &consumer->subscriptions[step.group];
    weir_arena arena;
    arena_init(&arena);
    const size_t count = width(subscription, step.partition);
    struct broker_start *starts = arena_alloc(&arena, count * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        starts[i].offset = embedded_group_committed(consumer->group, subscription->topics[i]->name, step.partition,
                                                    &arena, &starts[i].metadata);
        add_source(consumer, step, i, starts[i].offset);
    }
    consumer->rebalance.assigned(consumer->rebalance.self, step.group, step.partition, starts);
    arena_done(&arena);
}

static void rebalance(struct broker_consumer *consumer)
{
    struct embedded_step step;
    if (atomic_load(&consumer->group->version) == consumer->member.seen_version)
        return;
    while ((step = embedded_group_next(consumer->group, &consumer->member)).kind != EMBEDDED_STEP_NONE) {
        if (step.kind == EMBEDDED_STEP_ASSIGN) {
            assign(consumer, step);
        } else {
            revoke(consumer, step.group, step.partition);
            embedded_group_revoked(consumer->group, &consumer->member, step);
        }
    }
    if (embedded_group_has_settled(consumer->group, &consumer->member))
        consumer->rebalance.settled(consumer->rebalance.self);
}

void embedded_consumer_close(struct broker_consumer *consumer)
{
    if (!consumer)
        return;
    for (size_t g = 0; g < consumer->count; g++)
        for (int32_t p = 0; p < consumer->subscriptions[g].partitions; p++)
            if (source_of(consumer, (int32_t)g, 0, p))
                revoke(consumer, (int32_t)g, p);
    embedded_group_leave(consumer->group, &consumer->member);
    consumer_free(consumer);
}

/* -- polling -- */

static bool flows(const struct source *source)
{
    return !source->paused && embedded_cursor_has_more(&source->cursor);
}

/* A fair part from each source that has something, beginning behind the one served last. */
static int collect(struct broker_consumer *consumer, struct broker_message *messages, int max, struct weir_error *error)
{
    int taken = 0, ready = 0;
    for (size_t i = 0; i < consumer->held_count; i++)
        ready += flows(consumer->held[i]);
    for (size_t i = 0; i < consumer->held_count && ready > 0 && taken < max; i++) {
        struct source *source = consumer->held[consumer->turn++ % consumer->held_count];
        if (!flows(source))
            continue;
        int part = (max - taken) / ready--;
        int got = embedded_cursor_take(&source->cursor, messages + taken, part > 0 ? part : 1, taken ? NULL : error);
        if (got < 0)
            return taken ? taken : -1;
        taken += got;
        if (got > 0)
            source->delivered = messages[taken - 1].offset + 1;
    }
    return taken;
}

int embedded_consumer_poll(struct broker_consumer *consumer, struct broker_message *messages, int max, int timeout_ms,
                           struct weir_error *error)
{
    struct embedded_signal *changed = &consumer->broker->changed;
    int64_t until_us = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    for (;;) {
        uint64_t seen = atomic_load(&changed->count);
        rebalance(consumer);
        int taken = collect(consumer, messages, max, error);
        if (taken != 0 || atomic_exchange(&consumer->woken, false) || timeout_ms <= 0 ||
            clock_monotonic_us(&clock_system) >= until_us)
            return taken;
        embedded_signal_wait(changed, seen, until_us);
    }
}

void embedded_consumer_release(struct broker_consumer *consumer, struct broker_message *message)
{
    (void)consumer;
    embedded_message_release(message);
}

void embedded_consumer_pause(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct source *found = source_of(consumer, group, source, partition);
    if (found)
        found->paused = true;
}

void embedded_consumer_resume(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct source *found = source_of(consumer, group, source, partition);
    if (found)
        found->paused = false;
}

int64_t embedded_consumer_end(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    const struct source *found = source_of(consumer, group, source, partition);
    if (!found)
        return -1;
    return embedded_cursor_has_more(&found->cursor) ? embedded_partition_end(found->cursor.partition)
                                                    : found->delivered;
}

bool embedded_consumer_is_behind(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    const struct source *found = source_of(consumer, group, source, partition);
    return found && embedded_cursor_has_more(&found->cursor);
}

void embedded_consumer_wake(struct broker_consumer *consumer)
{
    atomic_store(&consumer->woken, true);
    embedded_signal_raise(&consumer->broker->changed);
}

static void rewind_source(struct source *source, int64_t offset)
{
    struct embedded_cursor *cursor = &source->cursor, old = *cursor;
    embedded_cursor_done(cursor);
    embedded_cursor_init(cursor, old.partition, offset);
    cursor->group = old.group;
    cursor->source = old.source;
    source->delivered = cursor->position;
}

void embedded_consumer_rewind(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < consumer->held_count; h++) {
            const struct embedded_partition *partition = consumer->held[h]->cursor.partition;
            if (partition->number == offsets[i].partition && strcmp(partition->topic->name, offsets[i].topic) == 0)
                rewind_source(consumer->held[h], offsets[i].offset);
        }
}

/* -- committing -- */

/* Whether the member holds a share with this source. */
static bool holds(const struct broker_consumer *consumer, const struct broker_offset *offset, bool *subscribed)
{
    *subscribed = false;
    for (size_t g = 0; g < consumer->count; g++)
        for (size_t s = 0; s < consumer->subscriptions[g].topic_count; s++) {
            if (strcmp(consumer->subscriptions[g].topics[s]->name, offset->topic) != 0)
                continue;
            *subscribed = true;
            if (source_of(consumer, (int32_t)g, (int32_t)s, offset->partition))
                return true;
        }
    return false;
}

static bool check_offset(const struct broker_consumer *consumer, const struct broker_offset *offset,
                         struct weir_error *error)
{
    bool subscribed;
    if (offset->metadata && strlen(offset->metadata) > EMBEDDED_METADATA_MAX)
        return error_set(error, WEIR_INVALID, "topic '%s' partition %d: metadata of a commit is longer than %d bytes",
                         offset->topic, (int)offset->partition, EMBEDDED_METADATA_MAX);
    if (holds(consumer, offset, &subscribed))
        return offset->offset >= 0 ||
               error_set(error, WEIR_INVALID, "topic '%s' partition %d: a negative offset cannot be committed",
                         offset->topic, (int)offset->partition);
    if (!subscribed)
        return error_set(error, WEIR_INVALID, "topic '%.200s' is not subscribed to", offset->topic);
    return error_set(error, WEIR_FENCED, "topic '%s' partition %d belongs to another member of group '%s'",
                     offset->topic, (int)offset->partition, consumer->group->name);
}

bool embedded_consumer_commit_transaction(struct broker_consumer *consumer, int64_t transaction,
                                          const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!check_offset(consumer, &offsets[i], error))
            return false;
    return embedded_group_commit(consumer->group, transaction, offsets, count, error);
}

bool embedded_consumer_commit(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                              struct weir_error *error)
{
    return count == 0 || embedded_consumer_commit_transaction(consumer, EMBEDDED_NO_TRANSACTION, offsets, count, error);
}

/* By whole segments, in the cleaner's next round. */
enum broker_purge embedded_consumer_purge(struct broker_consumer *consumer, const struct broker_offset *offsets,
                                          size_t count, struct weir_error *error)
{
    enum broker_purge done = BROKER_PURGE_ASKED;
    for (size_t i = 0; i < count; i++) {
        struct embedded_partition *partition =
            embedded_partition_find(consumer->broker, offsets[i].topic, offsets[i].partition, error);
        if (!partition)
            done = BROKER_PURGE_FAILED;
        else if (offsets[i].offset > atomic_load(&partition->needed))
            atomic_store(&partition->needed, offsets[i].offset);
    }
    return done;
}
