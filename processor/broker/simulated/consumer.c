/* consumer.c: a member of the group, as librdkafka is one: it learns of a rebalance in its poll, and late where it was
 * away. See simulated.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "simulated/cluster.h"

enum { PURGE_US_MAX = 500 * 1000 };

struct source { /* one topic's partition of a share held */
    int32_t group, source;
    const struct partition *partition;
    int64_t position;   /* of the next record */
    bool paused, asked; /* asked: the cluster has said what there is */
};

struct subscription {
    struct topic **topics;
    size_t topic_count;
};

struct broker_consumer {
    struct member *member;
    struct simulated_connection *connection;
    struct broker_rebalance rebalance;
    struct subscription *subscriptions;
    size_t count;
    struct source *held; /* in the order they came */
    size_t held_count, held_capacity, turn;
    int64_t purge_answer_us; /* when the answer to a purge comes */
    bool purge_fails;
};

/* ---- life ---- */

static bool find_topics(struct broker_consumer *consumer, size_t index, const struct broker_subscription *wanted,
                        struct weir_error *error)
{
    struct subscription *subscription = &consumer->subscriptions[index];
    subscription->topics = memory_new(wanted->topic_count * sizeof(struct topic *));
    subscription->topic_count = wanted->topic_count;
    for (size_t i = 0; i < wanted->topic_count; i++) {
        struct topic *topic = cluster_topic(consumer->connection->cluster, wanted->topics[i]);
        if (!topic)
            return error_set(error, WEIR_INVALID, "there is no topic '%.200s'", wanted->topics[i]);
        if (!broker_subscription_check(wanted, i, topic->partition_count,
                                       i ? subscription->topics[i - 1]->partition_count : INT32_MAX, error))
            return false;
        subscription->topics[i] = topic;
    }
    return true;
}

static void free_consumer(struct broker_consumer *consumer)
{
    for (size_t i = 0; i < consumer->count; i++)
        memory_free(consumer->subscriptions[i].topics);
    memory_free(consumer->subscriptions);
    memory_free(consumer->held);
    memory_free(consumer);
}

static void forget_expulsion(struct broker_consumer *consumer)
{
    consumer->connection->expelled -= consumer->member->was_expelled;
    consumer->member->was_expelled = false;
}

static void join(struct broker_consumer *consumer)
{
    forget_expulsion(consumer);
    struct topic **leads = memory_new((consumer->count + 1) * sizeof(struct topic *));
    for (size_t i = 0; i < consumer->count; i++)
        leads[i] = consumer->subscriptions[i].topics[0];
    group_join(consumer->connection->cluster, consumer->member, leads, consumer->count);
    memory_free(leads);
}

struct broker_consumer *simulated_consumer_open(struct broker *broker, const char *group, const char *member,
                                                const struct broker_subscription *subscriptions, size_t count,
                                                struct broker_rebalance rebalance, struct weir_error *error)
{
    (void)group;
    struct simulated_connection *connection = connection_of(broker);
    if (connection->dead) {
        error_set(error, WEIR_FATAL, "the process was killed");
        return NULL;
    }
    struct broker_consumer *consumer = memory_new(sizeof *consumer);
    consumer->connection = connection;
    consumer->member = memory_new(sizeof *consumer->member);
    consumer->member->connection = connection;
    snprintf(consumer->member->client, sizeof consumer->member->client, "%s", member);
    consumer->rebalance = rebalance;
    consumer->subscriptions = memory_new(count * sizeof *consumer->subscriptions);
    consumer->count = count;
    bool found = true;
    for (size_t i = 0; found && i < count; i++)
        found = find_topics(consumer, i, &subscriptions[i], error);
    if (found) {
        join(consumer);
        return consumer;
    }
    memory_free(consumer->member);
    free_consumer(consumer);
    return NULL;
}

/* ---- shares ---- */

static struct source *source_of(const struct broker_consumer *consumer, int32_t group, int32_t source,
                                int32_t partition)
{
    for (size_t i = 0; i < consumer->held_count; i++) {
        struct source *held = &consumer->held[i];
        if (held->group == group && held->source == source && held->partition->number == partition)
            return held;
    }
    return NULL;
}

static void forget_share(struct broker_consumer *consumer, int32_t group, int32_t partition)
{
    size_t kept = 0;
    for (size_t i = 0; i < consumer->held_count; i++)
        if (consumer->held[i].group != group || consumer->held[i].partition->number != partition)
            consumer->held[kept++] = consumer->held[i];
    consumer->held_count = kept;
}

static void give_up(struct broker_consumer *consumer, int32_t group, int32_t partition, bool lost)
{
    consumer->rebalance.revoked(consumer->rebalance.self, group, partition, lost);
    forget_share(consumer, group, partition);
    struct share *share = group_share(consumer->connection->cluster, group, partition);
    if (share && share->owner == consumer->member && !consumer->connection->dead)
        share->owner = NULL;
}

/* The group went on without it. */
static void lose_everything(struct broker_consumer *consumer)
{
    while (consumer->held_count > 0)
        give_up(consumer, consumer->held[0].group, consumer->held[0].partition->number, true);
}

/* How many of its topics have that partition. */
static size_t width(const struct subscription *subscription, int32_t partition)
{
    size_t count = 0;
    while (count < subscription->topic_count && subscription->topics[count]->partition_count > partition)
        count++;
    return count;
}

/* A commit that is about to be decided would move the start: whoever asks waits (KIP-447). */
static bool has_stable_offsets(const struct broker_consumer *consumer, const struct share *share)
{
    const struct subscription *subscription = &consumer->subscriptions[share->group];
    for (size_t i = 0; i < width(subscription, share->partition); i++)
        if (cluster_has_pending_offset(consumer->connection->cluster,
                                       &subscription->topics[i]->partitions[share->partition]))
            return false;
    return true;
}

static void take(struct broker_consumer *consumer, struct share *share)
{
    struct simulated *cluster = consumer->connection->cluster;
    const struct subscription *subscription = &consumer->subscriptions[share->group];
    const int32_t group = share->group, number = share->partition;
    share->owner = consumer->member;
    share->owner_generation = cluster->group.generation;
    weir_arena arena;
    arena_init(&arena);
    const size_t count = width(subscription, number);
    struct broker_start *starts = arena_alloc(&arena, count * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        const struct partition *partition = &subscription->topics[i]->partitions[number];
        const char *metadata;
        starts[i].offset = simulated_committed(cluster, partition->topic, number, &metadata);
        starts[i].metadata = arena_text(&arena, metadata);
        consumer->held =
            memory_grow(consumer->held, &consumer->held_capacity, consumer->held_count + 1, sizeof *consumer->held);
        consumer->held[consumer->held_count++] =
            (struct source){.group = group,
                            .source = (int32_t)i,
                            .partition = partition,
                            .position = starts[i].offset == BROKER_NO_OFFSET ? partition->begin : starts[i].offset,
                            .paused = true};
    }
    consumer->rebalance.assigned(consumer->rebalance.self, group, number, starts);
    arena_done(&arena);
}

static bool step(struct broker_consumer *consumer)
{
    struct simulated *cluster = consumer->connection->cluster;
    bool takes;
    struct share *share = group_next(cluster, consumer->member, &takes);
    if (!share || (takes && !has_stable_offsets(consumer, share)))
        return false;
    if (takes)
        take(consumer, share);
    else
        give_up(consumer, share->group, share->partition, false);
    return true;
}

static void rebalance(struct broker_consumer *consumer)
{
    struct simulated_connection *connection = consumer->connection;
    while (!connection->dead) {
        if (!group_has(connection->cluster, consumer->member)) {
            lose_everything(consumer);
            if (connection->dead)
                return;
            join(consumer);
        } else if (!step(consumer)) {
            break;
        }
    }
    if (!connection->dead && group_has_settled(connection->cluster, consumer->member))
        consumer->rebalance.settled(consumer->rebalance.self);
}

void simulated_consumer_close(struct broker_consumer *consumer)
{
    if (!consumer)
        return;
    while (consumer->held_count > 0)
        give_up(consumer, consumer->held[0].group, consumer->held[0].partition->number,
                consumer->connection->dead || !group_has(consumer->connection->cluster, consumer->member));
    if (consumer->connection->dead) {
        group_bury(consumer->connection->cluster, consumer->member);
    } else {
        forget_expulsion(consumer);
        group_leave(consumer->connection->cluster, consumer->member);
        memory_free(consumer->member);
    }
    free_consumer(consumer);
}

/* ---- polling ---- */

static bool take_one(struct broker_consumer *consumer, struct source *source, struct broker_message *message)
{
    const struct simulated *cluster = consumer->connection->cluster;
    int64_t at = partition_next_visible(cluster, source->partition, source->position);
    source->asked = true;
    source->position = at;
    if (at >= partition_stable_end(source->partition))
        return false;
    const struct simulated_record *record = &source->partition->records[at];
    *message = (struct broker_message){
        .group = source->group,
        .source = source->source,
        .partition = source->partition->number,
        .offset = at,
        .timestamp_ms = record->timestamp_ms,
        .key = record->key,
        .value = record->value,
        .headers = record->headers,
    };
    source->position = at + 1;
    consumer->connection->polled++;
    return true;
}

/* Others have gone on where it stands, and what they had processed is gone; it has not heard of them yet. */
static bool is_outdated(const struct broker_consumer *consumer, const struct source *source)
{
    struct simulated *cluster = consumer->connection->cluster;
    if (source->paused || source->position >= source->partition->begin)
        return false;
    const struct share *share = group_share(cluster, source->group, source->partition->number);
    if (group_has(cluster, consumer->member) && share && share->owner == consumer->member)
        cluster->witness.violated(cluster->witness.self, "records were purged that their owner has yet to read");
    return true;
}

static bool is_up_to_date(const struct broker_consumer *consumer, struct weir_error *error)
{
    for (size_t i = 0; i < consumer->held_count; i++)
        if (is_outdated(consumer, &consumer->held[i]))
            return error_set(error, WEIR_FENCED, "topic %s partition %d: offset %lld is not there now",
                             consumer->held[i].partition->topic, (int)consumer->held[i].partition->number,
                             (long long)consumer->held[i].position);
    return true;
}

/* A part from each source, of any size: a fetch ends where it ends. */
static int collect(struct broker_consumer *consumer, struct broker_message *messages, int max)
{
    int taken = 0;
    struct random *random = &consumer->connection->cluster->random;
    for (size_t i = 0; i < consumer->held_count; i++) {
        struct source *source = &consumer->held[consumer->turn++ % consumer->held_count];
        int part = (int)random_between(random, 1, 40);
        while (!source->paused && part-- > 0 && taken < max && take_one(consumer, source, &messages[taken]))
            taken++;
    }
    return taken;
}

int simulated_consumer_poll(struct broker_consumer *consumer, struct broker_message *messages, int max, int timeout_ms,
                            struct weir_error *error)
{
    struct simulated_connection *connection = consumer->connection;
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_POLL, &trip, error))
        return -1;
    rebalance(consumer);
    if (!connection->dead && timeout_ms > 0) {
        bool something = false;
        for (size_t i = 0; i < consumer->held_count && !something; i++)
            something =
                !consumer->held[i].paused &&
                partition_next_visible(connection->cluster, consumer->held[i].partition, consumer->held[i].position) <
                    partition_stable_end(consumer->held[i].partition);
        if (!something)
            connection->link.wait(connection->link.self, (int64_t)timeout_ms * 1000);
    }
    if (connection->dead) {
        error_set(error, WEIR_FATAL, "the process was killed");
        return -1;
    }
    return is_up_to_date(consumer, error) ? collect(consumer, messages, max) : -1;
}

void simulated_consumer_release(struct broker_consumer *consumer, struct broker_message *message)
{
    (void)message;
    consumer->connection->released++;
}

void simulated_consumer_pause(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct source *found = source_of(consumer, group, source, partition);
    if (found)
        found->paused = true;
}

void simulated_consumer_resume(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    struct source *found = source_of(consumer, group, source, partition);
    if (found)
        found->paused = false;
}

int64_t simulated_consumer_end(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    const struct source *found = source_of(consumer, group, source, partition);
    if (!found)
        return -1;
    int64_t end = partition_stable_end(found->partition);
    return partition_next_visible(consumer->connection->cluster, found->partition, found->position) < end
               ? end
               : found->position;
}

bool simulated_consumer_is_behind(struct broker_consumer *consumer, int32_t group, int32_t source, int32_t partition)
{
    const struct source *found = source_of(consumer, group, source, partition);
    return found && (!found->asked || partition_next_visible(consumer->connection->cluster, found->partition,
                                                             found->position) < partition_stable_end(found->partition));
}

void simulated_consumer_wake(struct broker_consumer *consumer)
{
    (void)consumer; /* polls end soon by themselves */
}

void simulated_consumer_rewind(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < consumer->held_count; h++) {
            struct source *source = &consumer->held[h];
            if (source->partition->number == offsets[i].partition &&
                strcmp(source->partition->topic, offsets[i].topic) == 0)
                source->position = offsets[i].offset == BROKER_NO_OFFSET ? source->partition->begin : offsets[i].offset;
        }
}

/* It goes its own way: nobody waits for it. */
enum broker_purge simulated_consumer_purge(struct broker_consumer *consumer, const struct broker_offset *offsets,
                                           size_t count, struct weir_error *error)
{
    struct simulated_connection *connection = consumer->connection;
    struct simulated *cluster = connection->cluster;
    if (connection->dead || cluster->now_us < consumer->purge_answer_us)
        return BROKER_PURGE_WAITING;
    bool failed = consumer->purge_fails;
    enum simulated_fate fate = connection->link.fate(connection->link.self, SIMULATED_PURGE);
    int64_t due_us = cluster->now_us + random_between(&cluster->random, 0, PURGE_US_MAX);
    for (size_t i = 0; fate != SIMULATED_LOST && i < count; i++)
        cluster_purge(cluster, &offsets[i], due_us);
    consumer->purge_answer_us = due_us;
    consumer->purge_fails = fate != SIMULATED_ANSWERED;
    if (failed)
        error_set(error, WEIR_RETRY, "the broker does not answer");
    return failed ? BROKER_PURGE_FAILED : BROKER_PURGE_ASKED;
}

/* ---- committing ---- */

static bool holds(const struct broker_consumer *consumer, const struct broker_offset *offset)
{
    for (size_t i = 0; i < consumer->held_count; i++)
        if (consumer->held[i].partition->number == offset->partition &&
            strcmp(consumer->held[i].partition->topic, offset->topic) == 0)
            return true;
    return false;
}

bool simulated_consumer_holds(const struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                              struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!holds(consumer, &offsets[i]))
            return error_set(error, WEIR_FENCED, "topic %s partition %d is not ours any more", offsets[i].topic,
                             (int)offsets[i].partition);
    return true;
}

bool simulated_consumer_is_member(const struct broker_consumer *consumer, struct weir_error *error)
{
    struct simulated *cluster = consumer->connection->cluster;
    if (group_has(cluster, consumer->member))
        return true;
    cluster->fenced++;
    return error_set(error, WEIR_FENCED, "no member of the group any more");
}

bool simulated_consumer_commit(struct broker_consumer *consumer, const struct broker_offset *offsets, size_t count,
                               struct weir_error *error)
{
    struct simulated_connection *connection = consumer->connection;
    struct simulated *cluster = connection->cluster;
    struct trip trip;
    uint64_t token = UINT64_MAX - cluster->tokens++;
    if (!simulated_consumer_holds(consumer, offsets, count, error))
        return false;
    cluster->witness.offered(cluster->witness.self, connection->owner, token, offsets, count);
    if (!trip_begin(connection, SIMULATED_COMMIT_OFFSETS, &trip, error) ||
        !simulated_consumer_is_member(consumer, error))
        return false;
    struct group *group = &cluster->group;
    for (size_t i = 0; i < count; i++)
        cluster_keep_offset(&group->offsets, &group->offset_count, &group->offset_capacity,
                            cluster_partition(cluster, offsets[i].topic, offsets[i].partition), &offsets[i]);
    cluster->witness.committed(cluster->witness.self, token);
    return trip_end(connection, &trip, error);
}
