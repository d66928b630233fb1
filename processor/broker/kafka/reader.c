/* reader.c: reads partitions that are named one by one, without a group. read_committed, and with end-of-partition
 * events, because only they move the position over a gap at the end (transaction markers, compaction).
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "kafka.h"

struct broker_reader {
    struct kafka_broker *broker;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    struct kafka_routes routes;
    struct kafka_slot **slots; /* of all routes */
    size_t count, capacity;
    struct weir_error pending; /* seen behind messages that had to be returned first */
    rd_kafka_message_t **batch;
    size_t batch_capacity;
    size_t outstanding;
    size_t told_bytes; /* kafka_memory_tell */
    struct kafka_waker waker;
    bool was_full; /* kafka_waker_note */
};

static rd_kafka_t *open_client(struct kafka_broker *broker, struct weir_error *error)
{
    const char *application = config_shown(broker->config, "application.id");
    char *client = memory_format("%s-reader", application && application[0] ? application : "weir");
    /* librdkafka wants a group even of those who never join one. */
    struct kafka_settings settings = {.role = "consumer", .client = client, .group = client};
    rd_kafka_conf_t *conf = kafka_settings_build(broker->config, settings, error);
    free(client);
    if (!conf)
        return NULL;
    rd_kafka_conf_set(conf, "auto.offset.reset", "error", NULL, 0); /* a changelog with a hole is not the state */
    return kafka_client_new(broker, conf, "consumer", error);
}

struct broker_reader *kafka_reader_open(struct broker *base, struct weir_error *error)
{
    rd_kafka_t *client = open_client(kafka_broker_of(base), error);
    if (!client)
        return NULL;
    struct broker_reader *reader = memory_new(sizeof *reader);
    reader->broker = kafka_broker_of(base);
    reader->client = client;
    reader->queue = rd_kafka_queue_get_consumer(client);
    kafka_waker_start(&reader->waker, client);
    return reader;
}

static struct kafka_slot *find_token(const struct broker_reader *reader, int32_t token)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->slots[i]->group == token)
            return reader->slots[i];
    return NULL;
}

static bool change_assignment(struct broker_reader *reader, const struct kafka_slot *slot, bool add,
                              struct weir_error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, slot->route->topic, slot->partition)->offset = slot->position;
    rd_kafka_error_t *failure =
        add ? rd_kafka_incremental_assign(reader->client, list) : rd_kafka_incremental_unassign(reader->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (!failure)
        return true;
    error_set(error, kafka_reading_code_of(rd_kafka_error_code(failure)), "topic %s partition %d: %s",
              slot->route->topic, (int)slot->partition, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return false;
}

static bool check_free(const struct broker_reader *reader, const struct kafka_route *route, int32_t partition,
                       int32_t token, struct weir_error *error)
{
    if (find_token(reader, token))
        return error_set(error, WEIR_INVALID, "reader: token %d is in use", (int)token);
    if (route && kafka_route_slot(route, partition))
        return error_set(error, WEIR_INVALID, "topic %s partition %d: this reader reads it already", route->topic,
                         (int)partition);
    return true;
}

bool kafka_reader_add(struct broker_reader *reader, const char *topic, int32_t partition, int64_t from, int32_t token,
                      struct weir_error *error)
{
    struct kafka_route *route = kafka_routes_named(&reader->routes, topic);
    int64_t begin, end;
    if (!check_free(reader, route, partition, token, error) ||
        !kafka_range(&reader->broker->base, topic, partition, &begin, &end, error))
        return false;
    if (!route)
        route = kafka_routes_add(&reader->routes, reader->client, topic);
    struct kafka_slot *slot = kafka_route_hold(route, partition);
    slot->group = token;
    slot->position = from < begin ? begin : from;
    if (!change_assignment(reader, slot, true, error)) {
        kafka_route_drop(route, partition);
        return false;
    }
    reader->slots = memory_grow(reader->slots, &reader->capacity, reader->count + 1, sizeof(struct kafka_slot *));
    reader->slots[reader->count++] = slot;
    return true;
}

void kafka_reader_remove(struct broker_reader *reader, int32_t token)
{
    for (size_t i = 0; i < reader->count; i++) {
        struct kafka_slot *slot = reader->slots[i];
        if (slot->group != token)
            continue;
        change_assignment(reader, slot, false, NULL); /* fails only for a partition that is gone already */
        reader->slots[i] = reader->slots[--reader->count];
        kafka_route_drop(slot->route, slot->partition);
        return;
    }
}

/* When the log may hold the offset all the same, reading begins there again. Else the local state belongs to another log:
 * delete and restore. */
static void note_unknown_offset(struct broker_reader *reader, struct kafka_slot *slot)
{
    const char *topic = slot->route->topic;
    if (!kafka_may_hold(reader->broker, topic, slot->partition, slot->position)) {
        error_set(&reader->pending, WEIR_CORRUPT, "topic %s partition %d: offset %lld is not in the log", topic,
                  (int)slot->partition, (long long)slot->position);
    } else if (change_assignment(reader, slot, false, &reader->pending)) {
        change_assignment(reader, slot, true, &reader->pending);
    }
}

static void note_failure(struct broker_reader *reader, struct kafka_slot *slot, const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && slot)
        note_unknown_offset(reader, slot);
    else if (kafka_reading_code_of(message->err) != WEIR_RETRY || !message->rkt)
        kafka_message_failed(message, &reader->pending);
}

static int accept_message(struct broker_reader *reader, rd_kafka_message_t *record, struct broker_message *message)
{
    struct kafka_slot *slot = kafka_routes_slot(&reader->routes, record);
    if (slot && (!record->err || record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF))
        slot->position = record->offset + (record->err ? 0 : 1);
    if (slot && !record->err) {
        kafka_message_fill(message, record);
        message->group = slot->group;
        message->source = 0;
        return 1;
    }
    if (record->err && record->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && (slot || !record->rkt))
        note_failure(reader, slot, record);
    rd_kafka_message_destroy(record);
    return 0;
}

static int take_batch(struct broker_reader *reader, struct broker_message *messages, int max)
{
    reader->batch = memory_grow(reader->batch, &reader->batch_capacity, (size_t)max, sizeof(rd_kafka_message_t *));
    size_t found = rd_kafka_queue_length(reader->queue);
    ssize_t count = rd_kafka_consume_batch_queue(reader->queue, 0, reader->batch, (size_t)max);
    int taken = 0;
    struct kafka_taken all = {0};
    for (ssize_t i = 0; i < count; i++) {
        kafka_taken_add(&all, reader->batch[i]);
        taken += accept_message(reader, reader->batch[i], &messages[taken]);
    }
    size_t queued = rd_kafka_queue_length(reader->queue);
    kafka_waker_note(&reader->waker, &reader->was_full, found, queued, all);
    kafka_memory_tell(&reader->broker->fetched_bytes, &reader->told_bytes,
                      kafka_waker_bytes(&reader->waker, queued + (size_t)taken));
    return taken;
}

/* A batch call with a timeout waits for all of it, so the wait is for one message and the batch for what is there. */
static int wait_and_take(struct broker_reader *reader, struct broker_message *messages, int max, int timeout_ms)
{
    int64_t deadline_us = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    for (;;) {
        int taken = take_batch(reader, messages, max);
        if (taken > 0 || reader->pending.code)
            return taken;
        int64_t left_ms = (deadline_us - clock_monotonic_us(&clock_system)) / 1000;
        if (left_ms <= 0)
            return 0;
        rd_kafka_message_t *first = rd_kafka_consumer_poll(reader->client, (int)left_ms);
        taken = first ? accept_message(reader, first, messages) : 0;
        if (taken > 0)
            return taken + (max > 1 ? take_batch(reader, messages + 1, max - 1) : 0);
        if (first)
            return 0; /* an end of a partition: the caller may be waiting for exactly that */
    }
}

int kafka_reader_poll(struct broker_reader *reader, struct broker_message *messages, int max, int timeout_ms,
                      struct weir_error *error)
{
    assert(max > 0);
    int taken = wait_and_take(reader, messages, max, reader->pending.code ? 0 : timeout_ms);
    if (taken == 0 && reader->pending.code) {
        error_set(error, reader->pending.code, "%s", reader->pending.message);
        reader->pending = (struct weir_error){0};
        return -1;
    }
    reader->outstanding += (size_t)taken;
    return taken;
}

void kafka_reader_release(struct broker_reader *reader, struct broker_message *message)
{
    assert(reader->outstanding > 0);
    reader->outstanding--;
    kafka_message_release(message);
}

int64_t kafka_reader_position(struct broker_reader *reader, int32_t token)
{
    struct kafka_slot *slot = find_token(reader, token);
    return slot ? slot->position : -1;
}

void kafka_reader_close(struct broker_reader *reader)
{
    if (!reader)
        return;
    assert(reader->outstanding == 0); /* messages live in the client that is destroyed now */
    kafka_waker_stop(&reader->waker);
    rd_kafka_assign(reader->client, NULL);
    rd_kafka_queue_destroy(reader->queue);
    kafka_routes_done(&reader->routes);
    kafka_memory_tell(&reader->broker->fetched_bytes, &reader->told_bytes, 0);
    rd_kafka_consumer_close(reader->client);
    rd_kafka_destroy(reader->client);
    free(reader->slots);
    free(reader->batch);
    free(reader);
}
