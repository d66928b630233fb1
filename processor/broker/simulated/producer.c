/* producer.c: writers, with transactions and without. What was sent waits in the process and leaves it in batches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "simulated/cluster.h"

struct broker_producer {
    struct simulated_connection *connection;
    struct batch waiting;
    struct writer *writer; /* NULL: it writes without transactions */
    int64_t epoch;
    bool has_begun;            /* something was sent since the last commit or abort */
    bool must_abort;           /* a commit has failed */
    struct weir_error failure; /* a record that was sent is lost */
};

enum { LATE_US_MAX = 3 * 1000 * 1000, FLUSH_MS_MAX = 500 };

/* ---- life ---- */

static struct broker_producer *producer_new(struct simulated_connection *connection)
{
    struct broker_producer *producer = memory_new(sizeof *producer);
    producer->connection = connection;
    connection->producers = memory_grow(connection->producers, &connection->producer_capacity,
                                        connection->producer_count + 1, sizeof(struct broker_producer *));
    connection->producers[connection->producer_count++] = producer;
    return producer;
}

struct broker_producer *simulated_producer_open(struct broker *broker, const char *client, struct weir_error *error)
{
    (void)client;
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    return trip_begin(connection, SIMULATED_METADATA, &trip, error) ? producer_new(connection) : NULL;
}

void simulated_producer_close(struct broker_producer *producer)
{
    struct simulated_connection *connection = producer->connection;
    size_t kept = 0;
    for (size_t i = 0; i < connection->producer_count; i++)
        if (connection->producers[i] != producer)
            connection->producers[kept++] = connection->producers[i];
    connection->producer_count = kept;
    if (!connection->dead && producer->writer && producer->writer->epoch == producer->epoch)
        cluster_end(connection->cluster, producer->writer, false);
    memory_free(producer->waiting.items);
    memory_free(producer);
}

/* Whose process was away for longer than its session. */
static bool is_stray(const struct broker_producer *producer)
{
    const struct simulated_connection *connection = producer->connection;
    return !producer->writer && connection->expelled > 0 && !connection->cluster->settings.strays;
}

/* Behind a lost record nothing arrives before the loss is told: an idempotent producer leaves no gap. */
static bool has_lost(const struct broker_producer *producer)
{
    return !producer->writer && producer->failure.code != WEIR_OK;
}

/* What a process has sent arrives before its session runs out, but for strays. */
static int64_t latest_us(const struct broker_producer *producer)
{
    const struct simulated *cluster = producer->connection->cluster;
    if (producer->writer || cluster->settings.strays)
        return LATE_US_MAX;
    return producer->connection->silent_since_us + cluster->settings.session_timeout_us - 1 - cluster->now_us;
}

/* Of what is on its way when the process dies, the first part arrives. */
void simulated_producer_kill(struct broker_producer *producer)
{
    struct simulated *cluster = producer->connection->cluster;
    struct late late = {.writer = producer->writer, .owner = producer->connection->owner, .epoch = producer->epoch};
    size_t part = (size_t)random_below(&cluster->random, producer->waiting.count + 1);
    if (part == 0 || cluster->healed || is_stray(producer))
        return;
    for (size_t i = 0; i < part; i++)
        producer->waiting.items[i].delivery = NULL;
    late.batch = producer->waiting;
    late.batch.count = part;
    late.due_us = cluster->now_us + random_between(&cluster->random, 0, latest_us(producer));
    producer->waiting = (struct batch){0};
    cluster_delay(cluster, late);
}

/* ---- sending ---- */

static void send_waiting(struct broker_producer *producer)
{
    struct simulated *cluster = producer->connection->cluster;
    if (is_stray(producer) || has_lost(producer)) {
        if (producer->waiting.count > 0)
            error_set(&producer->failure, WEIR_FENCED, "the connection was lost for too long");
        producer->waiting.count = 0;
    }
    if (!cluster_take_batch(cluster, &producer->waiting, producer->writer, producer->epoch))
        error_set(&producer->failure, WEIR_FENCED, "a later writer of the same transactions has taken over");
}

static int32_t partition_of(struct simulated *cluster, const struct topic *topic, const struct broker_record *record)
{
    weir_bytes key = record->partition_key.data ? record->partition_key : record->key;
    if (record->partition >= 0)
        return record->partition;
    return key.data ? hash_partition(key, topic->partition_count)
                    : (int32_t)random_below(&cluster->random, (uint64_t)topic->partition_count);
}

bool simulated_producer_send(struct broker_producer *producer, const char *name, const struct broker_record *record,
                             struct weir_error *error)
{
    struct simulated_connection *connection = producer->connection;
    struct simulated *cluster = connection->cluster;
    if (connection->dead)
        return error_set(error, WEIR_FATAL, "the process was killed");
    struct topic *topic = cluster_topic(cluster, name);
    int32_t number = topic ? partition_of(cluster, topic, record) : 0;
    if (!topic || number >= topic->partition_count)
        return error_set(error, WEIR_POISON, "there is no partition %d of topic '%.200s'", (int)number, name);
    struct batch *waiting = &producer->waiting;
    waiting->items = memory_grow(waiting->items, &waiting->capacity, waiting->count + 1, sizeof *waiting->items);
    waiting->items[waiting->count++] = (struct pending_record){
        .partition = &topic->partitions[number], .record = cluster_copy(cluster, record), .delivery = record->delivery};
    producer->has_begun = true;
    if (producer->must_abort)
        cluster->witness.violated(cluster->witness.self,
                                  "a transaction whose commit had failed went on without an abort");
    if (connection->link.sends_now(connection->link.self))
        send_waiting(producer);
    return true;
}

void simulated_producer_poll(struct broker_producer *producer)
{
    (void)producer;
}

/* Where the answer is missing for too long, records are given up: whether they arrived, nobody knows. */
static bool give_up_waiting(struct broker_producer *producer, struct weir_error *error)
{
    for (size_t i = 0; i < producer->waiting.count; i++)
        producer->waiting.items[i].delivery = NULL;
    producer->waiting.count = (size_t)random_below(&producer->connection->cluster->random, producer->waiting.count + 1);
    send_waiting(producer);
    return error_set(error, WEIR_FENCED, "records were not acknowledged in time");
}

bool simulated_producer_flush(struct broker_producer *producer, int timeout_ms, struct weir_error *error)
{
    struct trip trip;
    struct simulated_connection *connection = producer->connection;
    if (!trip_begin(connection, SIMULATED_FLUSH, &trip, error)) {
        connection->link.wait(connection->link.self,
                              (int64_t)(timeout_ms < FLUSH_MS_MAX ? timeout_ms : FLUSH_MS_MAX) * 1000);
        return false;
    }
    if (trip.fate == SIMULATED_UNANSWERED && !producer->writer && producer->waiting.count > 0)
        return give_up_waiting(producer, error);
    send_waiting(producer);
    if (!producer->writer && producer->failure.code != WEIR_OK) {
        error_set(error, producer->failure.code, "%s", producer->failure.message);
        producer->failure = (struct weir_error){0};
        return false;
    }
    trip.fate = SIMULATED_ANSWERED;
    return trip_end(producer->connection, &trip, error);
}

/* ---- transactions ---- */

static void initialise(struct broker_producer *producer)
{
    struct simulated *cluster = producer->connection->cluster;
    producer->writer->epoch++;
    cluster_end(cluster, producer->writer, false);
    producer->epoch = producer->writer->epoch;
    producer->has_begun = producer->must_abort = false;
    producer->failure = (struct weir_error){0};
    producer->waiting.count = 0;
}

struct broker_producer *simulated_transaction_open(struct broker *broker, const char *client, const char *id,
                                                   struct weir_error *error)
{
    (void)client;
    struct simulated_connection *connection = connection_of(broker);
    struct trip trip;
    if (!trip_begin(connection, SIMULATED_OPEN_TRANSACTION, &trip, error))
        return NULL;
    struct broker_producer *producer = producer_new(connection);
    producer->writer = cluster_writer(connection->cluster, id);
    initialise(producer);
    return producer;
}

static bool is_current(struct broker_producer *producer, struct weir_error *error)
{
    struct simulated *cluster = producer->connection->cluster;
    if (producer->failure.code == WEIR_OK && producer->writer->epoch == producer->epoch)
        return true;
    cluster->fenced++;
    return error_set(error, WEIR_FENCED, "the transaction was aborted: %s",
                     producer->failure.code ? producer->failure.message : "it took too long");
}

static bool add_offsets(struct broker_producer *producer, const struct broker_consumer *consumer,
                        const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    struct simulated *cluster = producer->connection->cluster;
    struct writer *writer = producer->writer;
    if (!is_current(producer, error) || (count > 0 && !simulated_consumer_is_member(consumer, error)))
        return false;
    uint64_t transaction = cluster_begin(cluster, writer);
    cluster->witness.offered(cluster->witness.self, producer->connection->owner, transaction, offsets, count);
    for (size_t i = 0; i < count; i++)
        cluster_keep_offset(&writer->pending, &writer->pending_count, &writer->pending_capacity,
                            cluster_partition(cluster, offsets[i].topic, offsets[i].partition), &offsets[i]);
    return true;
}

/* The offsets are with the coordinator; the end of the transaction is another request. */
static bool end_transaction(struct broker_producer *producer, const struct trip *trip, struct weir_error *error)
{
    struct simulated_connection *connection = producer->connection;
    struct simulated *cluster = connection->cluster;
    connection->link.travel(connection->link.self);
    if (connection->dead)
        return error_set(error, WEIR_FATAL, "the process was killed");
    if (!is_current(producer, error))
        return false;
    if (trip->fate == SIMULATED_LATE) {
        int64_t due_us = cluster->now_us + random_between(&cluster->random, 0, LATE_US_MAX);
        cluster_delay(cluster, (struct late){.writer = producer->writer,
                                             .epoch = producer->epoch,
                                             .due_us = due_us,
                                             .ends_transaction = true});
        return error_set(error, WEIR_FENCED, "the end of a transaction was not answered");
    }
    cluster_end(cluster, producer->writer, true);
    producer->has_begun = false;
    struct weir_error unanswered = {0};
    if (trip_end(connection, trip, &unanswered))
        return true;
    return error_set(error, unanswered.code == WEIR_FATAL ? WEIR_FATAL : WEIR_FENCED, "%s", unanswered.message);
}

static bool commit(struct broker_producer *producer, const struct broker_consumer *consumer,
                   const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    struct trip trip;
    struct weir_error lost = {0};
    producer->has_begun = true;
    if (!simulated_consumer_holds(consumer, offsets, count, error))
        return false;
    bool arrived = trip_begin(producer->connection, SIMULATED_COMMIT_TRANSACTION, &trip, &lost);
    if (!arrived && (lost.code == WEIR_FATAL || trip.fate == SIMULATED_LOST))
        return error_set(error, lost.code, "%s", lost.message);
    send_waiting(producer);
    return add_offsets(producer, consumer, offsets, count, error) && end_transaction(producer, &trip, error);
}

bool simulated_transaction_commit(struct broker_producer *producer, struct broker_consumer *consumer,
                                  const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    producer->must_abort = !commit(producer, consumer, offsets, count, error);
    return !producer->must_abort;
}

bool simulated_transaction_abort(struct broker_producer *producer, struct weir_error *error)
{
    struct trip trip;
    producer->must_abort = producer->must_abort && producer->has_begun; /* what is decided needs none */
    if (!producer->has_begun && producer->failure.code == WEIR_OK)
        return true;
    if (!trip_begin(producer->connection, SIMULATED_ABORT_TRANSACTION, &trip, error))
        return false;
    initialise(producer);
    return trip_end(producer->connection, &trip, error);
}
