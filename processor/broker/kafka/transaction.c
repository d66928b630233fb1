/* transaction.c: records and offsets in one transaction of Kafka's (KIP-98, KIP-447).
 *
 * Offsets are sent with the metadata of the subscribed consumer, so that the group coordinator fences a member that is
 * none any more; metadata without a member would be accepted unfenced. librdkafka does not speak the transactions of
 * KIP-890: a request that was on its way when a transaction failed may reach the next one of the same producer epoch. So
 * an abort replaces the client: initialising it ends what was open, one way or the other, and bumps the epoch.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "kafka.h"

enum { RETRY_PAUSE_MS = 50, TRIES_MS = 20000 };

/* Takes the failure. */
static bool fail(rd_kafka_error_t *failure, enum weir_code verb, const char *doing, struct weir_error *error)
{
    error_set(error, verb, "%s: %s", doing, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return false;
}

/* ---- beginning ---- */

static bool initialise(struct broker_producer *producer, struct weir_error *error)
{
    rd_kafka_error_t *failure = rd_kafka_init_transactions(producer->client, KAFKA_INIT_TIMEOUT_MS);
    if (!failure) {
        error_clear(&producer->failure);
        producer->is_ready = true;
        return true;
    }
    if (!rd_kafka_error_is_retriable(failure)) /* this client will never do; the next try has a new one */
        kafka_producer_disconnect(producer);
    enum weir_code verb = kafka_transaction_code_of(rd_kafka_error_code(failure));
    return fail(failure, verb == WEIR_FENCED ? WEIR_RETRY : verb, "preparing transactions", error);
}

struct broker_producer *kafka_transaction_open(struct broker *base, const char *client, const char *id,
                                               struct weir_error *error)
{
    struct broker_producer *producer = kafka_producer_new(base, client, id);
    if (kafka_producer_connect(producer, error) && initialise(producer, error))
        return producer;
    kafka_producer_close(producer);
    return NULL;
}

bool kafka_transaction_begin(struct broker_producer *producer, struct weir_error *error)
{
    if (producer->is_begun)
        return true;
    rd_kafka_error_t *failure = rd_kafka_begin_transaction(producer->client);
    if (failure)
        return fail(failure, WEIR_FENCED, "beginning a transaction", error);
    producer->is_begun = true;
    return true;
}

/* ---- committing ---- */

/* librdkafka has no accessor: the generation stands behind the magic of the serialised form. */
static bool has_generation(const rd_kafka_consumer_group_metadata_t *metadata)
{
    static const char magic[] = "CGMDv2:";
    size_t skipped = sizeof magic - 1, size = 0;
    void *bytes = NULL;
    int32_t generation = -1;
    rd_kafka_error_t *failure = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    if (failure) {
        rd_kafka_error_destroy(failure);
        return false;
    }
    if (size > skipped + sizeof generation && memcmp(bytes, magic, skipped) == 0)
        memcpy(&generation, (const char *)bytes + skipped, sizeof generation);
    rd_kafka_mem_free(NULL, bytes);
    return generation >= 0;
}

static bool is_tried_again(rd_kafka_error_t *failure, int64_t deadline_us)
{
    if (!failure || !rd_kafka_error_is_retriable(failure) || clock_monotonic_us(&clock_system) >= deadline_us)
        return false;
    rd_kafka_error_destroy(failure);
    usleep(RETRY_PAUSE_MS * 1000);
    return true;
}

static int64_t deadline(void)
{
    return clock_monotonic_us(&clock_system) + (int64_t)TRIES_MS * 1000;
}

static bool send_offsets(struct broker_producer *producer, const struct broker_consumer *consumer,
                         const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer->client);
    if (!metadata || !has_generation(metadata)) {
        if (metadata)
            rd_kafka_consumer_group_metadata_destroy(metadata);
        return error_set(error, WEIR_FENCED, "nothing committed: the group has no generation for this member");
    }
    rd_kafka_topic_partition_list_t *list = kafka_commit_list(consumer->client, offsets, count);
    int64_t deadline_us = deadline();
    rd_kafka_error_t *failure;
    do
        failure = rd_kafka_send_offsets_to_transaction(producer->client, list, metadata, -1);
    while (is_tried_again(failure, deadline_us));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    if (!failure)
        return true;
    bool is_fatal = rd_kafka_error_is_fatal(failure);
    enum weir_code verb = kafka_transaction_code_of(rd_kafka_error_code(failure));
    return fail(failure, is_fatal && verb == WEIR_RETRY ? WEIR_FENCED : verb, "offsets of a transaction", error);
}

/* From the first request on the outcome may be unknown, also when librdkafka asks for an abort. */
static bool end(struct broker_producer *producer, struct weir_error *error)
{
    int64_t deadline_us = deadline();
    rd_kafka_error_t *failure;
    do
        failure = rd_kafka_commit_transaction(producer->client, -1);
    while (is_tried_again(failure, deadline_us));
    if (failure) {
        enum weir_code verb = kafka_transaction_code_of(rd_kafka_error_code(failure));
        return fail(failure, verb == WEIR_FATAL ? WEIR_FATAL : WEIR_FENCED, "committing a transaction", error);
    }
    producer->is_begun = false;
    return true;
}

/* Deliveries are known here: the caller has flushed. */
static bool look_at_failure(struct broker_producer *producer, struct weir_error *error)
{
    if (producer->client && kafka_producer_is_fatal(producer, error))
        return false;
    const struct weir_error *failure = &producer->failure;
    return failure->code == WEIR_OK || error_set(error, failure->code, "%s", failure->message);
}

bool kafka_transaction_commit(struct broker_producer *producer, struct broker_consumer *consumer,
                              const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    return look_at_failure(producer, error) && kafka_commit_check(consumer, offsets, count, error) &&
           kafka_transaction_begin(producer, error) && failpoint("transaction.begun", error) &&
           (count == 0 || send_offsets(producer, consumer, offsets, count, error)) &&
           failpoint("transaction.offsets", error) && end(producer, error) && failpoint("transaction.ended", error);
}

/* ---- aborting ---- */

bool kafka_transaction_abort(struct broker_producer *producer, struct weir_error *error)
{
    if (producer->is_ready && !producer->is_begun && producer->failure.code == WEIR_OK)
        return true;
    if (producer->is_ready)
        kafka_producer_disconnect(producer);
    return (producer->client || kafka_producer_connect(producer, error)) && initialise(producer, error);
}
