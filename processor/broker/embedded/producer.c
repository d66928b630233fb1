/* producer.c: checks a record, chooses its partition, appends it, and later tells what became of it.
 *
 * Per partition written to, the producer keeps the receipt of its last record (records of a partition become durable in
 * order) and one entry per distinct broker_delivery. Deliveries are written in the producer's own thread only.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "embedded/limits.h"
#include "embedded/producer.h"

struct broker_producer *embedded_producer_open(struct broker *base, const char *client, struct weir_error *error)
{
    (void)client;
    struct embedded *broker = (struct embedded *)base;
    if (!embedded_writable(broker, error))
        return NULL;
    struct broker_producer *producer = memory_new(sizeof *producer);
    producer->broker = broker;
    return producer;
}

static struct embedded_route *add_route(struct broker_producer *producer, const char *name)
{
    struct embedded_topic *topic = embedded_topic_find(producer->broker, name);
    if (!topic)
        return NULL;
    producer->routes =
        memory_grow(producer->routes, &producer->route_capacity, producer->route_count + 1, sizeof *producer->routes);
    struct embedded_route *route = &producer->routes[producer->route_count++];
    *route = (struct embedded_route){.topic = topic};
    route->targets = memory_new((size_t)topic->partition_count * sizeof *route->targets);
    for (int32_t i = 0; i < topic->partition_count; i++)
        route->targets[i].partition = &topic->partitions[i];
    return route;
}

/* The same topic comes many times in a row, and usually as the same pointer. */
static struct embedded_route *find_route(struct broker_producer *producer, const char *name)
{
    for (size_t i = 0; i < producer->route_count; i++) {
        size_t at = (producer->latest + i) % producer->route_count;
        struct embedded_route *route = &producer->routes[at];
        if (strcmp(route->topic->name, name) == 0) {
            producer->latest = at;
            return route;
        }
    }
    return add_route(producer, name);
}

static bool check_record(const struct embedded_topic *topic, const struct broker_record *record,
                         struct weir_error *error)
{
    size_t size = embedded_frame_bytes(record) - EMBEDDED_FRAME_HEAD;
    size_t most = EMBEDDED_FRAME_BYTES_MAX - EMBEDDED_FRAME_HEAD - EMBEDDED_FRAME_TRANSACTION;
    if (size > (size_t)topic->message_bytes_max || size > most)
        return error_set(error, WEIR_POISON, "topic '%s': a record of %zu bytes is larger than max.message.bytes = %d",
                         topic->name, size, (int)topic->message_bytes_max);
    if (topic->cleanup != BROKER_DELETE && !record->key.data)
        return error_set(error, WEIR_POISON, "topic '%s' is compacted: a record without a key cannot be kept",
                         topic->name);
    if (record->partition < -1 || record->partition >= topic->partition_count)
        return error_set(error, WEIR_POISON, "topic '%s' has %d partitions: there is no partition %d", topic->name,
                         (int)topic->partition_count, (int)record->partition);
    return true;
}

static int32_t choose_partition(struct embedded_route *route, const struct broker_record *record)
{
    if (record->partition >= 0)
        return record->partition;
    weir_bytes hashed = record->partition_key.data ? record->partition_key : record->key;
    if (hashed.data)
        return hash_partition(hashed, route->topic->partition_count);
    route->turn = (route->turn + 1) % route->topic->partition_count;
    return route->turn;
}

static void await(struct embedded_target *target, struct broker_delivery *delivery, struct embedded_receipt receipt)
{
    for (size_t i = target->awaited_count; i-- > 0;)
        if (target->awaited[i].delivery == delivery) {
            target->awaited[i].receipt = receipt;
            return;
        }
    target->awaited =
        memory_grow(target->awaited, &target->awaited_capacity, target->awaited_count + 1, sizeof *target->awaited);
    target->awaited[target->awaited_count++] = (struct embedded_awaited){delivery, receipt};
}

static void note_failure(struct broker_producer *producer, struct embedded_target *target)
{
    if (producer->failure.code == WEIR_OK)
        embedded_partition_failure(target->partition, &producer->failure);
}

/* Nothing follows a record that was lost: a reader who has seen what came behind it would take it for a repetition when
 * it is sent again. So until the flush has told of the loss, records are taken and forgotten. */
static bool append(struct broker_producer *producer, struct embedded_target *target, const struct broker_record *record,
                   struct weir_error *error)
{
    struct embedded_receipt receipt;
    struct weir_error cause;
    if (producer->failure.code != WEIR_OK)
        return true;
    int64_t transaction = embedded_transaction_of(producer, error);
    if (producer->id && transaction == EMBEDDED_NO_TRANSACTION)
        return false;
    error_clear(&cause);
    if (!embedded_partition_append(target->partition, record, transaction, target->waiting ? &target->last : NULL,
                                   &receipt, &cause)) {
        if (cause.code != WEIR_FENCED)
            return error_set(error, cause.code, "%s", cause.message);
        note_failure(producer, target);
        return true;
    }
    target->is_touched = true;
    target->last = receipt;
    target->waiting = true;
    if (record->delivery)
        await(target, record->delivery, receipt);
    return true;
}

bool embedded_producer_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                            struct weir_error *error)
{
    struct embedded_route *route = find_route(producer, topic);
    if (!route)
        return error_set(error, WEIR_POISON, "there is no topic '%.200s'", topic);
    if (!check_record(route->topic, record, error))
        return false;
    struct broker_record timed = *record;
    if (timed.timestamp_ms < 0 || route->topic->append_time)
        timed.timestamp_ms = clock_wall_ms(&clock_system);
    return append(producer, &route->targets[choose_partition(route, record)], &timed, error);
}

static void deliver(struct embedded_awaited *awaited)
{
    if (awaited->receipt.offset + 1 > awaited->delivery->next_offset)
        awaited->delivery->next_offset = awaited->receipt.offset + 1;
}

/* Takes what is known about the target's records; false: some are still in flight. */
static bool settle_target(struct broker_producer *producer, struct embedded_target *target)
{
    size_t kept = 0;
    if (!target->waiting)
        return true;
    /* Asked first: once the last record is decided, so are those before it. Asked last, it could be decided by then while one
     * before it was still in flight when it was looked at, and would never be told of. */
    enum embedded_receipt_state last = embedded_partition_state(target->partition, target->last);
    for (size_t i = 0; i < target->awaited_count; i++) {
        struct embedded_awaited *awaited = &target->awaited[i];
        enum embedded_receipt_state state = embedded_partition_state(target->partition, awaited->receipt);
        if (state == EMBEDDED_IN_FLIGHT)
            target->awaited[kept++] = *awaited;
        else if (state == EMBEDDED_DURABLE)
            deliver(awaited);
    }
    target->awaited_count = kept;
    if (last == EMBEDDED_LOST)
        note_failure(producer, target);
    target->waiting = last == EMBEDDED_IN_FLIGHT;
    return !target->waiting;
}

static bool settle(void *self)
{
    struct broker_producer *producer = self;
    bool all = true;
    for (size_t i = 0; i < producer->route_count; i++)
        for (int32_t p = 0; p < producer->routes[i].topic->partition_count; p++)
            all = settle_target(producer, &producer->routes[i].targets[p]) && all;
    return all;
}

void embedded_producer_poll(struct broker_producer *producer)
{
    settle(producer);
}

bool embedded_producer_settle(struct broker_producer *producer, int timeout_ms)
{
    return settle(producer) || embedded_flusher_wait(&producer->broker->flusher, settle, producer, timeout_ms);
}

bool embedded_producer_flush(struct broker_producer *producer, int timeout_ms, struct weir_error *error)
{
    if (!embedded_producer_settle(producer, timeout_ms))
        return error_set(error, WEIR_RETRY, "records are not durable yet after %d ms", timeout_ms);
    if (producer->failure.code == WEIR_OK || producer->id) /* a transaction's failure is its commit's to tell */
        return true;
    bool passes = producer->failure.code == WEIR_RETRY;
    error_set(error, passes ? WEIR_FENCED : producer->failure.code, "%s", producer->failure.message);
    producer->failure = (struct weir_error){0};
    return false;
}

void embedded_producer_close(struct broker_producer *producer)
{
    if (!producer)
        return;
    embedded_transaction_close(producer);
    for (size_t i = 0; i < producer->route_count; i++) {
        for (int32_t p = 0; p < producer->routes[i].topic->partition_count; p++)
            free(producer->routes[i].targets[p].awaited);
        free(producer->routes[i].targets);
    }
    free(producer->routes);
    free(producer);
}
