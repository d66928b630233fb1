/* producer.c: idempotent, acks=all. A send copies into librdkafka's queue; a delivery report says later what became of
 * it, and the first one that failed is latched until the flush that reports it; in a transaction, until its commit. What
 * failed because of the record itself is a reason to go back and send it again, alone (refused.c).
 *
 * Delivery reports run in producer_poll and producer_flush, on the caller's thread, so nothing here is locked.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "kafka.h"

enum { ABORT_MS = 3000, PURGE_MS = 1000, ALONE_MS = 30 * 1000 };

struct kafka_target {
    const char *seen; /* the pointer it was last asked by */
    char *name;
    rd_kafka_topic_t *handle; /* with metadata: a cold topic costs the first commit up to a second */
    int32_t partitions;
};

static enum weir_code code_for(const struct broker_producer *producer, rd_kafka_resp_err_t code)
{
    return producer->transactional_id ? kafka_transaction_code_of(code) : kafka_code_of(code);
}

/* In a transaction the one that was alone has failed it, too. */
static bool is_told_at_once(struct broker_producer *producer, const rd_kafka_message_t *message)
{
    if (!kafka_is_of_a_record(message->err))
        return false;
    const weir_bytes key = {message->key, message->key_len}, value = {message->payload, message->len};
    kafka_refused_note(&producer->broker->refused, kafka_refused_record(rd_kafka_topic_name(message->rkt), key, value),
                       producer->is_alone ? KAFKA_HOPELESS : KAFKA_SUSPECT, rd_kafka_err2str(message->err));
    return producer->is_alone && !producer->transactional_id;
}

static void take_failure(struct broker_producer *producer, const rd_kafka_message_t *message)
{
    if (is_told_at_once(producer, message))
        return;
    bool is_tried_again = kafka_is_of_a_record(message->err);
    error_set(&producer->failure, is_tried_again ? WEIR_RETRY : code_for(producer, message->err),
              "topic %s partition %d: delivering a record: %s", rd_kafka_topic_name(message->rkt),
              (int)message->partition, rd_kafka_err2str(message->err));
}

static void take_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct broker_producer *producer = opaque;
    struct broker_delivery *delivery = message->_private;
    (void)client;
    size_t size = message->key_len + message->len + KAFKA_SENT_BYTES;
    producer->waiting_bytes -= size < producer->waiting_bytes ? size : producer->waiting_bytes;
    if (producer->is_closing)
        return;
    if (message->err)
        take_failure(producer, message);
    else if (delivery && delivery->next_offset < message->offset + 1)
        delivery->next_offset = message->offset + 1;
}

bool kafka_producer_connect(struct broker_producer *producer, struct weir_error *error)
{
    struct kafka_settings settings = {
        .role = "producer", .client = producer->name, .transactional_id = producer->transactional_id};
    rd_kafka_conf_t *conf = kafka_settings_build(producer->broker->config, settings, error);
    if (!conf)
        return false;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, take_delivery);
    producer->waiting_bytes = 0;
    producer->client = kafka_client_new(producer->broker, conf, "producer", error);
    return producer->client != NULL;
}

struct broker_producer *kafka_producer_new(struct broker *base, const char *client, const char *transactional_id)
{
    struct broker_producer *producer = memory_new(sizeof *producer);
    producer->broker = kafka_broker_of(base);
    producer->waiting_bytes_max = kafka_memory_share(producer->broker->config, SHARE_SENT);
    producer->name = memory_text(client);
    producer->transactional_id = transactional_id ? memory_text(transactional_id) : NULL;
    return producer;
}

struct broker_producer *kafka_producer_open(struct broker *base, const char *client, struct weir_error *error)
{
    struct broker_producer *producer = kafka_producer_new(base, client, NULL);
    if (kafka_producer_connect(producer, error))
        return producer;
    kafka_producer_close(producer);
    return NULL;
}

/* 0 or less: error. */
static int32_t count_partitions(struct broker_producer *producer, rd_kafka_topic_t *handle, struct weir_error *error)
{
    int32_t count = kafka_topic_partitions(producer->broker, producer->client, handle, NULL, error);
    if (count == 0)
        error_set(error, WEIR_POISON, "topic %s: there is no such topic", rd_kafka_topic_name(handle));
    return count;
}

static struct kafka_target *open_target(struct broker_producer *producer, const char *topic, struct weir_error *error)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client, topic, NULL);
    if (!handle) {
        error_set(error, WEIR_POISON, "topic %s: no valid name", topic);
        return NULL;
    }
    int32_t partitions = count_partitions(producer, handle, error);
    if (partitions <= 0) {
        rd_kafka_topic_destroy(handle);
        return NULL;
    }
    producer->targets =
        memory_grow(producer->targets, &producer->capacity, producer->count + 1, sizeof *producer->targets);
    struct kafka_target *target = &producer->targets[producer->count++];
    *target = (struct kafka_target){topic, memory_text(topic), handle, partitions};
    return target;
}

/* The pointer is only a hint: the caller may have reused its memory for another name. */
static struct kafka_target *find_target(struct broker_producer *producer, const char *topic, struct weir_error *error)
{
    for (size_t i = 0; i < producer->count; i++)
        if (producer->targets[i].seen == topic && strcmp(producer->targets[i].name, topic) == 0)
            return &producer->targets[i];
    for (size_t i = 0; i < producer->count; i++)
        if (strcmp(producer->targets[i].name, topic) == 0) {
            producer->targets[i].seen = topic;
            return &producer->targets[i];
        }
    return open_target(producer, topic, error);
}

static rd_kafka_headers_t *copy_headers(struct weir_headers headers)
{
    if (headers.count == 0)
        return NULL;
    rd_kafka_headers_t *copy = rd_kafka_headers_new(headers.count);
    for (size_t i = 0; i < headers.count; i++) {
        const struct weir_header *header = &headers.items[i];
        rd_kafka_header_add(copy, header->name, -1, header->value.data, (ssize_t)header->value.size);
    }
    return copy;
}

/* librdkafka takes a timestamp of 0 for "now"; the first millisecond of 1970 is the nearest it can send. */
static int64_t timestamp_of(const struct broker_record *record)
{
    return record->timestamp_ms < 0 ? 0 : record->timestamp_ms == 0 ? 1 : record->timestamp_ms;
}

static void *without_const(const void *data)
{
    void *same;
    memcpy(&same, &data, sizeof same);
    return same;
}

/* Keys are spread by librdkafka (murmur2_random), unless something else than the key is to be hashed. */
static int32_t choose_partition(const struct kafka_target *target, const struct broker_record *record)
{
    if (record->partition >= 0)
        return record->partition;
    if (record->partition_key.data)
        return hash_partition(record->partition_key, target->partitions);
    return RD_KAFKA_PARTITION_UA;
}

static size_t size_of(const struct broker_record *record)
{
    return record->key.size + record->value.size + KAFKA_SENT_BYTES;
}

/* One record is taken whatever its size. */
static bool is_full(const struct broker_producer *producer, const struct broker_record *record)
{
    return producer->waiting_bytes > 0 && producer->waiting_bytes + size_of(record) > producer->waiting_bytes_max;
}

static rd_kafka_error_t *produce(struct broker_producer *producer, const struct kafka_target *target,
                                 const struct broker_record *record)
{
    rd_kafka_headers_t *headers = copy_headers(record->headers);
    rd_kafka_vu_t values[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = target->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = choose_partition(target, record)},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {without_const(record->key.data), record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {without_const(record->value.data), record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = timestamp_of(record)},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = record->delivery},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof values / sizeof *values - (headers ? 0 : 1);
    rd_kafka_error_t *failure = rd_kafka_produceva(producer->client, values, count);
    if (failure && headers) /* librdkafka owns them only when it took the record */
        rd_kafka_headers_destroy(headers);
    producer->waiting_bytes += failure ? 0 : size_of(record);
    return failure;
}

bool kafka_producer_is_fatal(const struct broker_producer *producer, struct weir_error *error)
{
    char reason[160];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(producer->client, reason, sizeof reason);
    if (!code)
        return false;
    enum weir_code verb = code_for(producer, code);
    bool is_replaced = verb == WEIR_FENCED || (producer->transactional_id && verb == WEIR_RETRY);
    error_set(error, is_replaced ? WEIR_FENCED : WEIR_FATAL, "producer: %s", reason);
    return true;
}

static bool refuse_for_now(const char *topic, struct weir_error *error)
{
    return error_set(error, WEIR_RETRY, "topic %s: the producer's queue is full", topic);
}

/* librdkafka takes nothing more once it knows that a transaction has failed. The report that tells why, and of which record, may
 * still be on its way. */
static void note_failed_transaction(struct broker_producer *producer, const char *topic)
{
    rd_kafka_poll(producer->client, 0);
    error_set(&producer->failure, WEIR_RETRY, "topic %s: the transaction has failed", topic);
}

static bool refuse(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                   rd_kafka_error_t *failure, struct weir_error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(failure);
    if (code == RD_KAFKA_RESP_ERR__STATE && producer->transactional_id && !kafka_producer_is_fatal(producer, error))
        note_failed_transaction(producer, topic);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        refuse_for_now(topic, error);
    else if (!kafka_producer_is_fatal(producer, error))
        error_set(error, kafka_code_of(code), "topic %s partition %d, record of %zu bytes: %s", topic,
                  (int)record->partition, record->key.size + record->value.size, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return false;
}

static bool is_hopeless(const char *topic, const struct broker_record *record, const struct kafka_refusal *refusal,
                        struct weir_error *error)
{
    return error_set(error, WEIR_POISON, "topic %s, record of %zu bytes: %s", topic,
                     record->key.size + record->value.size, refusal->reason);
}

/* Nothing else is on its way, so the report is about this record. What failed before stays the flush's to tell. */
static bool send_alone(struct broker_producer *producer, const struct kafka_target *target,
                       const struct broker_record *record, struct kafka_refusal *refusal, struct weir_error *error)
{
    struct kafka_refused *refused = &producer->broker->refused;
    bool is_quiet = !rd_kafka_flush(producer->client, ALONE_MS) && producer->failure.code == WEIR_OK;
    producer->is_alone = is_quiet;
    rd_kafka_error_t *failure = produce(producer, target, record);
    bool is_told = !failure && is_quiet && !rd_kafka_flush(producer->client, ALONE_MS);
    producer->is_alone = false;
    if (failure)
        return refuse(producer, target->name, record, failure, error);
    if (!is_told || producer->failure.code != WEIR_OK)
        return true;
    if (kafka_refused_find(refused, target->name, record->key, record->value, refusal) == KAFKA_HOPELESS)
        return is_hopeless(target->name, record, refusal, error);
    kafka_refused_note(refused, refusal->record, KAFKA_INNOCENT, NULL);
    return true;
}

static bool send_now(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                     struct weir_error *error)
{
    if (is_full(producer, record))
        return refuse_for_now(topic, error);
    struct kafka_target *target = find_target(producer, topic, error);
    if (!target)
        return false;
    struct kafka_refusal refusal;
    switch (kafka_refused_find(&producer->broker->refused, topic, record->key, record->value, &refusal)) {
    case KAFKA_HOPELESS:
        return is_hopeless(topic, record, &refusal, error);
    case KAFKA_SUSPECT:
        return send_alone(producer, target, record, &refusal, error);
    case KAFKA_INNOCENT:
        break;
    }
    rd_kafka_error_t *failure = produce(producer, target, record);
    return !failure || refuse(producer, topic, record, failure, error);
}

/* Once a transaction has failed, everything else of it is only said to be sent: it is processed again after the abort. */
static bool send_in_transaction(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                                struct weir_error *error)
{
    struct weir_error cause;
    error_clear(&cause);
    if (producer->failure.code != WEIR_OK ||
        (kafka_transaction_begin(producer, &cause) && send_now(producer, topic, record, &cause)) ||
        producer->failure.code != WEIR_OK)
        return true;
    if (cause.code == WEIR_POISON || cause.code == WEIR_RETRY)
        return error_set(error, cause.code, "%s", cause.message);
    producer->failure = cause;
    return true;
}

bool kafka_producer_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                         struct weir_error *error)
{
    return producer->transactional_id ? send_in_transaction(producer, topic, record, error)
                                      : send_now(producer, topic, record, error);
}

static void tell_memory(struct broker_producer *producer)
{
    kafka_memory_tell(&producer->broker->sent_bytes, &producer->told_bytes, producer->waiting_bytes);
}

void kafka_producer_poll(struct broker_producer *producer)
{
    rd_kafka_poll(producer->client, 0);
    tell_memory(producer);
}

static bool report_failure(struct broker_producer *producer, struct weir_error *error)
{
    struct weir_error failure = producer->failure;
    if (failure.code == WEIR_OK || producer->transactional_id) /* a transaction's failure is its commit's to tell */
        return true;
    error_clear(&producer->failure);
    return error_set(error, failure.code == WEIR_RETRY ? WEIR_FENCED : failure.code, "%s", failure.message);
}

bool kafka_producer_flush(struct broker_producer *producer, int timeout_ms, struct weir_error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(producer->client, timeout_ms);
    if (!code)
        producer->waiting_bytes = 0; /* also where the user has switched reports of success off */
    tell_memory(producer);
    if (!report_failure(producer, error))
        return false;
    if (!code || (producer->transactional_id && rd_kafka_fatal_error(producer->client, NULL, 0)))
        return true;
    if (kafka_producer_is_fatal(producer, error))
        return false;
    return error_set(error, WEIR_RETRY, "%d records are not durable after %d ms", rd_kafka_outq_len(producer->client),
                     timeout_ms);
}

/* So that its readers need not wait until it times out. And librdkafka (2.0.2, and no better since) ends the process when a
 * client is destroyed while it registers a partition with its transaction: the request is answered with __DESTROY before it is
 * counted (rdkafka_txnmgr.c, rd_kafka_txn_register_partitions). An abort ends the registering before anything else, also when
 * it does not end in time. It is sent to the coordinator only when no record is on its way any more. */
static void end_transaction(struct broker_producer *producer)
{
    rd_kafka_error_destroy(rd_kafka_abort_transaction(producer->client, ABORT_MS));
}

void kafka_producer_disconnect(struct broker_producer *producer)
{
    if (!producer->client)
        return;
    producer->is_closing = true;
    if (producer->is_begun)
        end_transaction(producer);
    rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer->client, PURGE_MS); /* takes the reports of what was purged */
    for (size_t i = 0; i < producer->count; i++) {
        rd_kafka_topic_destroy(producer->targets[i].handle);
        free(producer->targets[i].name);
    }
    producer->count = 0;
    rd_kafka_destroy(producer->client);
    producer->client = NULL;
    producer->is_closing = producer->is_ready = producer->is_begun = false;
}

void kafka_producer_close(struct broker_producer *producer)
{
    if (!producer)
        return;
    kafka_producer_disconnect(producer);
    kafka_memory_tell(&producer->broker->sent_bytes, &producer->told_bytes, 0);
    free(producer->targets);
    free(producer->name);
    free(producer->transactional_id);
    free(producer);
}
