/* transaction.c: records and offsets that become true together. A transaction is a number: its records carry it, and the
 * group's offsets file says that it was committed (outcomes.h). Readers stop in front of an open one and pass over what
 * was aborted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "embedded/limits.h"
#include "embedded/producer.h"

enum { SETTLE_MS = 60000, FENCE_PAUSE_US = 500 };

/* ---- beginning ---- */

/* The transaction of a writer that was fenced in the middle of a commit ends with that commit. */
static void end_earlier(struct embedded *broker, const struct broker_producer *earlier)
{
    int64_t transaction = __atomic_load_n(&earlier->transaction, __ATOMIC_ACQUIRE);
    if (transaction == EMBEDDED_NO_TRANSACTION)
        return;
    while (!embedded_outcomes_abort(&broker->outcomes, transaction))
        usleep(FENCE_PAUSE_US);
    embedded_end_transaction(broker, transaction);
}

/* Every other writer of the id. writers_lock held. */
static void fence(struct embedded *broker, const char *id, const struct broker_producer *except)
{
    for (struct broker_producer *writer = broker->writers; writer; writer = writer->next_writer)
        if (writer != except && strcmp(writer->id, id) == 0) {
            atomic_store(&writer->is_fenced, true);
            end_earlier(broker, writer);
        }
}

struct broker_producer *embedded_transaction_open(struct broker *base, const char *client, const char *id,
                                                  struct weir_error *error)
{
    struct embedded *broker = (struct embedded *)base;
    struct broker_producer *producer = embedded_producer_open(base, client, error);
    if (!producer)
        return NULL;
    producer->id = memory_text(id);
    pthread_mutex_lock(&broker->writers_lock);
    fence(broker, id, producer);
    producer->next_writer = broker->writers;
    broker->writers = producer;
    pthread_mutex_unlock(&broker->writers_lock);
    return producer;
}

int64_t embedded_transaction_of(struct broker_producer *producer, struct weir_error *error)
{
    if (!producer->id || producer->transaction != EMBEDDED_NO_TRANSACTION)
        return producer->transaction;
    int64_t number = embedded_outcomes_begin(&producer->broker->outcomes, error);
    __atomic_store_n(&producer->transaction, number, __ATOMIC_RELEASE);
    return number;
}

/* ---- ending ---- */

static void end(struct broker_producer *producer)
{
    for (size_t i = 0; i < producer->route_count; i++)
        for (int32_t p = 0; p < producer->routes[i].topic->partition_count; p++) {
            struct embedded_target *target = &producer->routes[i].targets[p];
            if (target->is_touched)
                embedded_partition_end_transaction(target->partition, producer->transaction);
            target->is_touched = false;
        }
    __atomic_store_n(&producer->transaction, EMBEDDED_NO_TRANSACTION, __ATOMIC_RELEASE);
    error_clear(&producer->failure);
    embedded_signal_raise(&producer->broker->changed);
}

/* Everything must be durable, and right, before the entry that makes it true. */
static bool prepare(struct broker_producer *producer, struct weir_error *error)
{
    if (!embedded_producer_settle(producer, SETTLE_MS))
        return error_set(error, WEIR_RETRY, "records are not durable yet after %d ms", SETTLE_MS);
    if (producer->failure.code != WEIR_OK)
        return error_set(error, producer->failure.code, "%s", producer->failure.message);
    return !atomic_load(&producer->is_fenced) ||
           error_set(error, WEIR_FENCED, "another writer has taken the transactional id '%.100s'", producer->id);
}

bool embedded_transaction_commit(struct broker_producer *producer, struct broker_consumer *consumer,
                                 const struct broker_offset *offsets, size_t count, struct weir_error *error)
{
    struct embedded_outcomes *outcomes = &producer->broker->outcomes;
    int64_t transaction = producer->transaction;
    if (!prepare(producer, error) || !failpoint("transaction.begun", error))
        return false;
    if (transaction == EMBEDDED_NO_TRANSACTION)
        return embedded_consumer_commit(consumer, offsets, count, error);
    if (!embedded_outcomes_claim(outcomes, transaction))
        return error_set(error, WEIR_FENCED, "another writer has ended the transaction of '%.100s'", producer->id);
    bool committed = failpoint("transaction.offsets", error) &&
                     embedded_consumer_commit_transaction(consumer, transaction, offsets, count, error);
    if (!committed) {
        embedded_outcomes_unclaim(outcomes, transaction);
        return false;
    }
    end(producer);
    return failpoint("transaction.ended", error);
}

bool embedded_transaction_abort(struct broker_producer *producer, struct weir_error *error)
{
    for (size_t i = 0; i < producer->route_count; i++)
        for (int32_t p = 0; p < producer->routes[i].topic->partition_count; p++) {
            producer->routes[i].targets[p].awaited_count = 0; /* nobody waits for what is undone */
            producer->routes[i].targets[p].waiting = false;
        }
    (void)error;
    if (producer->transaction != EMBEDDED_NO_TRANSACTION) {
        embedded_outcomes_abort(&producer->broker->outcomes, producer->transaction);
        embedded_outcomes_save(&producer->broker->outcomes, NULL); /* only readers in other processes wait for it */
    }
    end(producer);
    if (atomic_load(&producer->is_fenced)) { /* as on Kafka, whoever aborts takes the id back */
        pthread_mutex_lock(&producer->broker->writers_lock);
        fence(producer->broker, producer->id, producer);
        atomic_store(&producer->is_fenced, false);
        pthread_mutex_unlock(&producer->broker->writers_lock);
    }
    return true;
}

void embedded_transaction_close(struct broker_producer *producer)
{
    struct embedded *broker = producer->broker;
    if (!producer->id)
        return;
    embedded_transaction_abort(producer, NULL);
    pthread_mutex_lock(&broker->writers_lock);
    for (struct broker_producer **at = &broker->writers; *at; at = &(*at)->next_writer)
        if (*at == producer) {
            *at = producer->next_writer;
            break;
        }
    pthread_mutex_unlock(&broker->writers_lock);
    free(producer->id);
}
