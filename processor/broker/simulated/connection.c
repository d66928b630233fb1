/* connection.c: a process's way to the cluster: requests that travel, and the questions about topics. See simulated.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "simulated/cluster.h"

struct simulated_connection *connection_of(struct broker *broker)
{
    return (struct simulated_connection *)broker;
}

static bool is_alive(const struct simulated_connection *connection, struct weir_error *error)
{
    return !connection->dead || error_set(error, WEIR_FATAL, "the process was killed");
}

bool trip_begin(struct simulated_connection *connection, enum simulated_request request, struct trip *trip,
                struct weir_error *error)
{
    if (!is_alive(connection, error))
        return false;
    trip->fate = connection->link.fate(connection->link.self, request);
    connection->link.travel(connection->link.self);
    if (!is_alive(connection, error))
        return false;
    if (trip->fate != SIMULATED_LOST && trip->fate != SIMULATED_LATE)
        return true;
    return error_set(error, WEIR_RETRY, "the broker does not answer");
}

bool trip_end(struct simulated_connection *connection, const struct trip *trip, struct weir_error *error)
{
    connection->link.travel(connection->link.self);
    if (!is_alive(connection, error))
        return false;
    return trip->fate != SIMULATED_UNANSWERED || error_set(error, WEIR_RETRY, "the broker does not answer");
}

/* ---- life ---- */

struct broker *simulated_connect(struct simulated *cluster, struct simulated_link link, void *owner)
{
    struct simulated_connection *connection = memory_new(sizeof *connection);
    connection->broker.ops = &simulated_ops;
    connection->cluster = cluster;
    connection->link = link;
    connection->owner = owner;
    connection->silent_since_us = -1;
    cluster->connections = memory_grow(cluster->connections, &cluster->connection_capacity,
                                       cluster->connection_count + 1, sizeof(struct simulated_connection *));
    cluster->connections[cluster->connection_count++] = connection;
    return &connection->broker;
}

void *simulated_owner(const struct simulated_connection *connection)
{
    return connection->owner;
}

static void close(struct broker *broker)
{
    struct simulated_connection *connection = connection_of(broker);
    struct simulated *cluster = connection->cluster;
    size_t kept = 0;
    for (size_t i = 0; i < cluster->connection_count; i++)
        if (cluster->connections[i] != connection)
            cluster->connections[kept++] = cluster->connections[i];
    cluster->connection_count = kept;
    if (connection->polled != connection->released && !connection->dead)
        cluster->witness.violated(cluster->witness.self, "messages were polled and never released");
    memory_free(connection->producers);
    memory_free(connection);
}

void simulated_kill(struct broker *broker)
{
    struct simulated_connection *connection = connection_of(broker);
    if (connection->dead)
        return;
    connection->dead = true;
    simulated_silence(broker, true);
    for (size_t i = 0; i < connection->producer_count; i++)
        simulated_producer_kill(connection->producers[i]);
}

void simulated_silence(struct broker *broker, bool silent)
{
    struct simulated_connection *connection = connection_of(broker);
    if (!silent)
        connection->silent_since_us = connection->dead ? connection->silent_since_us : -1;
    else if (connection->silent_since_us < 0)
        connection->silent_since_us = connection->cluster->now_us;
}

static const char *kind(const struct broker *broker)
{
    (void)broker;
    return "simulated";
}

/* ---- topics ---- */

static int32_t partitions(struct broker *broker, const char *name, struct weir_error *error)
{
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return -1;
    int32_t count = simulated_partitions(connection->cluster, name);
    return trip_end(connection, &trip, error) ? count : -1;
}

static bool ensure_one(struct simulated *cluster, const struct broker_topic_spec *spec, struct weir_error *error)
{
    const struct topic *topic = cluster_topic(cluster, spec->name);
    if (!topic) {
        cluster_make_topic(cluster, spec->name, abs(spec->partitions), spec->cleanup);
        return true;
    }
    if (spec->partitions > 0 && spec->partitions != topic->partition_count)
        return error_set(error, WEIR_INVALID, "topic '%s' has %d partitions, wanted are %d", spec->name,
                         (int)topic->partition_count, (int)spec->partitions);
    return true;
}

static bool ensure(struct broker *broker, const struct broker_topic_spec *specs, size_t count, struct weir_error *error)
{
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!ensure_one(connection->cluster, &specs[i], error))
            return false;
    return trip_end(connection, &trip, error);
}

static bool range(struct broker *broker, const char *topic, int32_t number, int64_t *begin, int64_t *end,
                  struct weir_error *error)
{
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    const struct partition *partition = cluster_partition(connection->cluster, topic, number);
    if (!partition)
        return error_set(error, WEIR_INVALID, "there is no partition %d of topic '%.200s'", (int)number, topic);
    *begin = partition->begin;
    *end = partition_stable_end(partition);
    return trip_end(connection, &trip, error);
}

/* What a simulation puts in is to come out: inputs are read from their beginning, wherever a source would begin. */
static bool offset_at(struct broker *broker, const char *topic, int32_t number, int64_t timestamp_ms, int64_t *offset,
                      struct weir_error *error)
{
    int64_t end;
    (void)timestamp_ms;
    return range(broker, topic, number, offset, &end, error);
}

static bool committed(struct broker *broker, const char *group, const char *topic, int32_t number, int64_t *offset,
                      struct weir_error *error)
{
    (void)group;
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    const struct partition *partition = cluster_partition(connection->cluster, topic, number);
    if (partition && cluster_has_pending_offset(connection->cluster, partition))
        return error_set(error, WEIR_RETRY, "topic '%s' partition %d: a transaction is about to commit its offset",
                         topic, (int)number);
    *offset = simulated_committed(connection->cluster, topic, number, NULL);
    return trip_end(connection, &trip, error);
}

static struct broker_member describe(const struct group *group, const struct member *member, weir_arena *arena)
{
    struct broker_member found = {.client = arena_text(arena, member->client),
                                  .name = arena_text(arena, member->client),
                                  .places = arena_alloc(arena, (group->share_count + 1) * sizeof *found.places)};
    for (size_t i = 0; i < group->share_count; i++)
        if (group->shares[i].target == member)
            found.places[found.place_count++] =
                (struct broker_place){arena_text(arena, group->shares[i].lead), group->shares[i].partition};
    return found;
}

static bool members(struct broker *broker, const char *name, weir_arena *arena, struct broker_member **out,
                    size_t *count, struct weir_error *error)
{
    (void)name;
    struct simulated_connection *connection = connection_of(broker);
    const struct group *group = &connection->cluster->group;
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    if (group_is_rebalancing(connection->cluster))
        return error_set(error, WEIR_RETRY, "partitions are changing hands");
    *out = arena_alloc(arena, (group->member_count + 1) * sizeof **out);
    *count = group->member_count;
    for (size_t i = 0; i < group->member_count; i++)
        (*out)[i] = describe(group, group->members[i], arena);
    return trip_end(connection, &trip, error);
}

static bool commits(struct broker *broker, const char *group, const struct broker_place *places, size_t count,
                    weir_arena *arena, struct broker_start *starts, struct weir_error *error)
{
    (void)group;
    struct simulated_connection *connection = connection_of(broker);
    struct simulated *cluster = connection->cluster;
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct partition *partition = cluster_partition(cluster, places[i].topic, places[i].partition);
        const char *metadata;
        if (partition && cluster_has_pending_offset(cluster, partition))
            return error_set(error, WEIR_RETRY, "topic '%s' partition %d: a transaction is about to commit its offset",
                             places[i].topic, (int)places[i].partition);
        starts[i].offset = simulated_committed(cluster, places[i].topic, places[i].partition, &metadata);
        starts[i].metadata = arena_text(arena, metadata);
    }
    return trip_end(connection, &trip, error);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool topics(struct broker *broker, weir_arena *arena, const char ***names, size_t *count,
                   struct weir_error *error)
{
    struct simulated_connection *connection = connection_of(broker);
    const struct simulated *cluster = connection->cluster;
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_METADATA, &trip, error))
        return false;
    *names = arena_alloc(arena, cluster->topic_count * sizeof **names);
    *count = 0;
    for (size_t i = 0; i < cluster->topic_count; i++)
        if (connection->link.sees(connection->link.self, cluster->topics[i]->name))
            (*names)[(*count)++] = arena_text(arena, cluster->topics[i]->name);
    qsort(*names, *count, sizeof **names, compare_names);
    return trip_end(connection, &trip, error);
}

const struct broker_ops simulated_ops = {
    .close = close,
    .kind = kind,
    .partitions = partitions,
    .ensure = ensure,
    .range = range,
    .offset_at = offset_at,
    .committed = committed,
    .topics = topics,
    .members = members,
    .commits = commits,
    .consumer_open = simulated_consumer_open,
    .consumer_poll = simulated_consumer_poll,
    .consumer_release = simulated_consumer_release,
    .consumer_pause = simulated_consumer_pause,
    .consumer_resume = simulated_consumer_resume,
    .consumer_end = simulated_consumer_end,
    .consumer_is_behind = simulated_consumer_is_behind,
    .consumer_commit = simulated_consumer_commit,
    .consumer_rewind = simulated_consumer_rewind,
    .consumer_purge = simulated_consumer_purge,
    .consumer_wake = simulated_consumer_wake,
    .consumer_close = simulated_consumer_close,
    .producer_open = simulated_producer_open,
    .producer_send = simulated_producer_send,
    .producer_poll = simulated_producer_poll,
    .producer_flush = simulated_producer_flush,
    .producer_close = simulated_producer_close,
    .transaction_open = simulated_transaction_open,
    .transaction_commit = simulated_transaction_commit,
    .transaction_abort = simulated_transaction_abort,
    .reader_open = simulated_reader_open,
    .reader_add = simulated_reader_add,
    .reader_remove = simulated_reader_remove,
    .reader_poll = simulated_reader_poll,
    .reader_release = simulated_reader_release,
    .reader_position = simulated_reader_position,
    .reader_close = simulated_reader_close,
};
