/* cluster.c: topics, records, transactions and what is late: see cluster.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulated/cluster.h"

#include <assert.h>
#include <string.h>

/* ---- topics ---- */

struct topic *cluster_topic(const struct simulated *cluster, const char *name)
{
    for (size_t i = 0; i < cluster->topic_count; i++)
        if (strcmp(cluster->topics[i]->name, name) == 0)
            return cluster->topics[i];
    return NULL;
}

struct topic *cluster_make_topic(struct simulated *cluster, const char *name, int32_t partitions,
                                 enum broker_cleanup cleanup)
{
    struct topic *topic = memory_new(sizeof *topic);
    topic->name = memory_text(name);
    topic->partition_count = partitions;
    topic->cleanup = cleanup;
    topic->partitions = memory_new((size_t)partitions * sizeof *topic->partitions);
    for (int32_t i = 0; i < partitions; i++)
        topic->partitions[i] = (struct partition){.topic = topic->name, .number = i};
    cluster->topics =
        memory_grow(cluster->topics, &cluster->topic_capacity, cluster->topic_count + 1, sizeof(struct topic *));
    cluster->topics[cluster->topic_count++] = topic;
    return topic;
}

struct partition *cluster_partition(const struct simulated *cluster, const char *name, int32_t number)
{
    struct topic *topic = cluster_topic(cluster, name);
    return topic && number >= 0 && number < topic->partition_count ? &topic->partitions[number] : NULL;
}

static weir_bytes keep_bytes(struct simulated *cluster, weir_bytes bytes)
{
    return bytes.data ? arena_bytes(&cluster->arena, bytes) : bytes;
}

struct simulated_record cluster_copy(struct simulated *cluster, const struct broker_record *record)
{
    struct weir_header *headers = arena_alloc(&cluster->arena, record->headers.count * sizeof *headers);
    for (size_t i = 0; i < record->headers.count; i++)
        headers[i] = (struct weir_header){arena_text(&cluster->arena, record->headers.items[i].name),
                                          keep_bytes(cluster, record->headers.items[i].value)};
    return (struct simulated_record){
        .timestamp_ms = record->timestamp_ms < 0 ? cluster->now_us / 1000 : record->timestamp_ms,
        .key = keep_bytes(cluster, record->key),
        .value = keep_bytes(cluster, record->value),
        .headers = {headers, record->headers.count},
    };
}

static void note_open(struct partition *partition, uint64_t transaction, int64_t offset)
{
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].transaction == transaction)
            return;
    partition->open =
        memory_grow(partition->open, &partition->open_capacity, partition->open_count + 1, sizeof *partition->open);
    partition->open[partition->open_count++] = (struct open_transaction){transaction, offset};
}

int64_t partition_append(struct simulated *cluster, struct partition *partition, struct simulated_record record)
{
    (void)cluster;
    record.offset = (int64_t)partition->count;
    if (record.transaction != 0 && !record.is_marker)
        note_open(partition, record.transaction, record.offset);
    partition->records =
        memory_grow(partition->records, &partition->capacity, partition->count + 1, sizeof *partition->records);
    partition->records[partition->count++] = record;
    return record.offset;
}

int64_t partition_stable_end(const struct partition *partition)
{
    int64_t end = (int64_t)partition->count;
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].first < end)
            end = partition->open[i].first;
    return end;
}

static bool is_shown(const struct simulated *cluster, const struct simulated_record *record)
{
    return !record->is_marker &&
           (record->transaction == 0 || cluster->outcomes[record->transaction - 1] == TRANSACTION_COMMITTED);
}

int64_t partition_next_visible(const struct simulated *cluster, const struct partition *partition, int64_t from)
{
    int64_t end = partition_stable_end(partition);
    int64_t at = from < 0 ? 0 : from;
    while (at < end && !is_shown(cluster, &partition->records[at]))
        at++;
    return at < end ? at : end;
}

/* ---- transactions ---- */

struct writer *cluster_writer(struct simulated *cluster, const char *id)
{
    for (size_t i = 0; i < cluster->writer_count; i++)
        if (strcmp(cluster->writers[i]->id, id) == 0)
            return cluster->writers[i];
    struct writer *writer = memory_new(sizeof *writer);
    writer->id = memory_text(id);
    cluster->writers =
        memory_grow(cluster->writers, &cluster->writer_capacity, cluster->writer_count + 1, sizeof(struct writer *));
    cluster->writers[cluster->writer_count++] = writer;
    return writer;
}

uint64_t cluster_begin(struct simulated *cluster, struct writer *writer)
{
    if (writer->transaction != 0)
        return writer->transaction;
    cluster->outcomes = memory_grow(cluster->outcomes, &cluster->transaction_capacity, cluster->transaction_count + 1,
                                    sizeof *cluster->outcomes);
    cluster->outcomes[cluster->transaction_count++] = TRANSACTION_OPEN;
    writer->transaction = cluster->transaction_count;
    writer->begun_us = cluster->now_us;
    return writer->transaction;
}

static struct kept_offset *find_offset(struct kept_offset *offsets, size_t count, const struct partition *partition)
{
    for (size_t i = 0; i < count; i++)
        if (offsets[i].partition == partition)
            return &offsets[i];
    return NULL;
}

void cluster_keep_offset(struct kept_offset **offsets, size_t *count, size_t *capacity,
                         const struct partition *partition, const struct broker_offset *given)
{
    struct kept_offset *kept = find_offset(*offsets, *count, partition);
    if (!kept) {
        *offsets = memory_grow(*offsets, capacity, *count + 1, sizeof **offsets);
        kept = &(*offsets)[(*count)++];
        *kept = (struct kept_offset){.partition = partition};
    }
    memory_free(kept->metadata);
    kept->offset = given->offset;
    kept->metadata = memory_text(given->metadata ? given->metadata : "");
}

bool cluster_has_pending_offset(const struct simulated *cluster, const struct partition *partition)
{
    for (size_t i = 0; i < cluster->writer_count; i++)
        if (find_offset(cluster->writers[i]->pending, cluster->writers[i]->pending_count, partition))
            return true;
    return false;
}

static void write_marker(struct simulated *cluster, struct partition *partition, uint64_t transaction)
{
    size_t kept = 0;
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].transaction != transaction)
            partition->open[kept++] = partition->open[i];
    partition->open_count = kept;
    partition_append(cluster, partition, (struct simulated_record){.transaction = transaction, .is_marker = true});
}

static bool is_open_in(const struct partition *partition, uint64_t transaction)
{
    for (size_t i = 0; i < partition->open_count; i++)
        if (partition->open[i].transaction == transaction)
            return true;
    return false;
}

/* The markers follow the decision, each partition's in its own time. */
static void plan_markers(struct simulated *cluster, uint64_t transaction)
{
    for (size_t t = 0; t < cluster->topic_count; t++)
        for (int32_t p = 0; p < cluster->topics[t]->partition_count; p++) {
            struct partition *partition = &cluster->topics[t]->partitions[p];
            if (!is_open_in(partition, transaction))
                continue;
            int64_t delay_us = random_between(&cluster->random, 0, cluster->settings.marker_delay_us);
            cluster->markers = memory_grow(cluster->markers, &cluster->marker_capacity, cluster->marker_count + 1,
                                           sizeof *cluster->markers);
            cluster->markers[cluster->marker_count++] =
                (struct marker){partition, transaction, cluster->now_us + delay_us};
        }
}

static void take_pending(struct simulated *cluster, const struct writer *writer)
{
    struct group *group = &cluster->group;
    for (size_t i = 0; i < writer->pending_count; i++) {
        const struct kept_offset *kept = &writer->pending[i];
        const struct broker_offset offset = {.offset = kept->offset, .metadata = kept->metadata};
        cluster_keep_offset(&group->offsets, &group->offset_count, &group->offset_capacity, kept->partition, &offset);
    }
    cluster->witness.committed(cluster->witness.self, writer->transaction);
}

static void forget_pending(struct writer *writer)
{
    for (size_t i = 0; i < writer->pending_count; i++)
        memory_free(writer->pending[i].metadata);
    writer->pending_count = 0;
}

void cluster_end(struct simulated *cluster, struct writer *writer, bool commit)
{
    if (writer->transaction == 0)
        return;
    cluster->outcomes[writer->transaction - 1] = commit ? TRANSACTION_COMMITTED : TRANSACTION_ABORTED;
    if (commit)
        take_pending(cluster, writer);
    else
        cluster->aborted++;
    forget_pending(writer);
    plan_markers(cluster, writer->transaction);
    writer->transaction = 0;
}

/* ---- records on their way ---- */

bool cluster_take_batch(struct simulated *cluster, struct batch *batch, struct writer *writer, int64_t epoch)
{
    bool taken = !writer || writer->epoch == epoch;
    for (size_t i = 0; taken && i < batch->count; i++) {
        struct pending_record *item = &batch->items[i];
        item->record.transaction = writer ? cluster_begin(cluster, writer) : 0;
        int64_t offset = partition_append(cluster, item->partition, item->record);
        if (item->delivery && offset + 1 > item->delivery->next_offset)
            item->delivery->next_offset = offset + 1;
    }
    cluster->fenced += !taken && batch->count > 0;
    batch->count = 0;
    return taken;
}

void cluster_delay(struct simulated *cluster, struct late late)
{
    cluster->late = memory_grow(cluster->late, &cluster->late_capacity, cluster->late_count + 1, sizeof *cluster->late);
    cluster->late[cluster->late_count++] = late;
}

static void arrive_late(struct simulated *cluster, struct late *late)
{
    bool taken = cluster_take_batch(cluster, &late->batch, late->writer, late->epoch);
    memory_free(late->batch.items);
    cluster->came_late++;
    if (!late->ends_transaction || !taken)
        return;
    cluster_end(cluster, late->writer, true);
}

/* ---- time ---- */

static void end_old_transactions(struct simulated *cluster)
{
    for (size_t i = 0; i < cluster->writer_count; i++) {
        struct writer *writer = cluster->writers[i];
        if (writer->transaction == 0 || cluster->now_us - writer->begun_us < cluster->settings.transaction_timeout_us)
            continue;
        writer->epoch++;
        cluster_end(cluster, writer, false);
    }
}

static void expel_the_silent(struct simulated *cluster)
{
    struct group *group = &cluster->group;
    for (size_t i = 0; i < group->member_count;) {
        struct member *member = group->members[i];
        int64_t since_us = member->connection ? member->connection->silent_since_us : member->silent_since_us;
        if (since_us < 0 || cluster->now_us - since_us < cluster->settings.session_timeout_us) {
            i++;
            continue;
        }
        cluster->expelled++;
        group_expel(cluster, member);
    }
}

static void write_due_markers(struct simulated *cluster)
{
    size_t kept = 0;
    for (size_t i = 0; i < cluster->marker_count; i++) {
        struct marker marker = cluster->markers[i];
        if (marker.due_us <= cluster->now_us)
            write_marker(cluster, marker.partition, marker.transaction);
        else
            cluster->markers[kept++] = marker;
    }
    cluster->marker_count = kept;
}

static void take_late(struct simulated *cluster)
{
    for (size_t i = 0; i < cluster->late_count;) {
        struct late late = cluster->late[i];
        if (late.due_us > cluster->now_us) {
            i++;
            continue;
        }
        memmove(&cluster->late[i], &cluster->late[i + 1], (--cluster->late_count - i) * sizeof late);
        arrive_late(cluster, &late);
    }
}

static void purge_due(struct simulated *cluster)
{
    size_t kept = 0;
    for (size_t i = 0; i < cluster->purge_count; i++) {
        const struct purge purge = cluster->purges[i];
        if (purge.due_us > cluster->now_us) {
            cluster->purges[kept++] = purge;
        } else if (purge.offset > purge.partition->begin) {
            cluster->purged += (uint64_t)(purge.offset - purge.partition->begin);
            purge.partition->begin = purge.offset;
        }
    }
    cluster->purge_count = kept;
}

void cluster_purge(struct simulated *cluster, const struct broker_offset *offset, int64_t due_us)
{
    struct partition *partition = cluster_partition(cluster, offset->topic, offset->partition);
    if (offset->offset > simulated_committed(cluster, offset->topic, offset->partition, NULL)) {
        cluster->witness.violated(cluster->witness.self, "records were purged that nobody has committed");
        return;
    }
    cluster->purges =
        memory_grow(cluster->purges, &cluster->purge_capacity, cluster->purge_count + 1, sizeof *cluster->purges);
    cluster->purges[cluster->purge_count++] = (struct purge){partition, offset->offset, due_us};
}

void cluster_hurry(struct simulated *cluster, const void *owner)
{
    for (size_t i = 0; i < cluster->late_count; i++)
        if (!cluster->late[i].writer && cluster->late[i].owner == owner)
            cluster->late[i].due_us = cluster->now_us;
    take_late(cluster);
}

void simulated_tick(struct simulated *cluster, int64_t now_us)
{
    assert(now_us >= cluster->now_us);
    cluster->now_us = now_us;
    take_late(cluster);
    purge_due(cluster);
    end_old_transactions(cluster);
    write_due_markers(cluster);
    expel_the_silent(cluster);
}

void simulated_heal(struct simulated *cluster)
{
    cluster->healed = true;
    for (size_t i = 0; i < cluster->late_count; i++)
        cluster->late[i].due_us = cluster->now_us;
    cluster->settings.marker_delay_us = 0;
}

/* ---- life ---- */

struct simulated *simulated_new(struct simulated_settings settings, struct simulated_witness witness,
                                struct random random)
{
    struct simulated *cluster = memory_new(sizeof *cluster);
    cluster->settings = settings;
    cluster->witness = witness;
    cluster->random = random;
    arena_init(&cluster->arena);
    return cluster;
}

static void free_topic(struct topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        memory_free(topic->partitions[i].records);
        memory_free(topic->partitions[i].open);
    }
    memory_free(topic->partitions);
    memory_free(topic->name);
    memory_free(topic);
}

static void free_writer(struct writer *writer)
{
    forget_pending(writer);
    memory_free(writer->pending);
    memory_free(writer->id);
    memory_free(writer);
}

static void free_group(struct group *group)
{
    for (size_t i = 0; i < group->member_count; i++)
        memory_free(group->members[i]); /* killed, each */
    for (size_t i = 0; i < group->offset_count; i++)
        memory_free(group->offsets[i].metadata);
    memory_free(group->offsets);
    memory_free(group->members);
    memory_free(group->shares);
}

void simulated_free(struct simulated *cluster)
{
    assert(cluster->connection_count == 0);
    for (size_t i = 0; i < cluster->topic_count; i++)
        free_topic(cluster->topics[i]);
    for (size_t i = 0; i < cluster->writer_count; i++)
        free_writer(cluster->writers[i]);
    for (size_t i = 0; i < cluster->late_count; i++)
        memory_free(cluster->late[i].batch.items);
    free_group(&cluster->group);
    memory_free(cluster->topics);
    memory_free(cluster->writers);
    memory_free(cluster->outcomes);
    memory_free(cluster->markers);
    memory_free(cluster->late);
    memory_free(cluster->purges);
    memory_free(cluster->connections);
    arena_done(&cluster->arena);
    memory_free(cluster);
}

/* ---- looking on ---- */

int32_t simulated_partitions(const struct simulated *cluster, const char *name)
{
    const struct topic *topic = cluster_topic(cluster, name);
    return topic ? topic->partition_count : 0;
}

const struct simulated_record *simulated_at(const struct simulated *cluster, const char *topic, int32_t number,
                                            int64_t offset)
{
    const struct partition *partition = cluster_partition(cluster, topic, number);
    return partition && offset >= 0 && offset < (int64_t)partition->count ? &partition->records[offset] : NULL;
}

bool simulated_is_visible(const struct simulated *cluster, const char *topic, int32_t number,
                          const struct simulated_record *record)
{
    const struct partition *partition = cluster_partition(cluster, topic, number);
    return partition && record->offset < partition_stable_end(partition) && is_shown(cluster, record);
}

bool simulated_is_committed(const struct simulated *cluster, uint64_t transaction)
{
    return transaction == 0 || cluster->outcomes[transaction - 1] == TRANSACTION_COMMITTED;
}

void simulated_make_topic(struct simulated *cluster, const char *name, int32_t partitions)
{
    if (!cluster_topic(cluster, name))
        cluster_make_topic(cluster, name, partitions, BROKER_DELETE);
}

void simulated_append(struct simulated *cluster, const char *name, const struct broker_record *record)
{
    struct partition *partition = cluster_partition(cluster, name, record->partition);
    assert(partition);
    struct simulated_record copy = cluster_copy(cluster, record);
    copy.is_from_outside = true;
    partition_append(cluster, partition, copy);
}

int64_t simulated_committed(const struct simulated *cluster, const char *topic, int32_t number, const char **metadata)
{
    const struct kept_offset *kept =
        find_offset(cluster->group.offsets, cluster->group.offset_count, cluster_partition(cluster, topic, number));
    if (metadata)
        *metadata = kept ? kept->metadata : "";
    return kept ? kept->offset : BROKER_NO_OFFSET;
}

uint64_t simulated_expelled(const struct simulated *cluster)
{
    return cluster->expelled;
}

uint64_t simulated_fenced(const struct simulated *cluster)
{
    return cluster->fenced;
}

uint64_t simulated_late(const struct simulated *cluster)
{
    return cluster->came_late;
}

uint64_t simulated_returned(const struct simulated *cluster)
{
    return cluster->returned;
}

uint64_t simulated_purged(const struct simulated *cluster)
{
    return cluster->purged;
}

uint64_t simulated_aborted(const struct simulated *cluster)
{
    return cluster->aborted;
}
