/* raw.c: see raw.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

enum { BATCH = 1000, WAIT_MS = 10, FLUSH_MS = 60000, ANSWER_MS = 30000 };

static void must(rd_kafka_resp_err_t code, const char *what)
{
    if (code)
        measure_fail("%s: %s", what, rd_kafka_err2str(code));
}

static void must_not(rd_kafka_error_t *error, const char *what)
{
    if (error)
        measure_fail("%s: %s", what, rd_kafka_error_string(error));
}

static void count_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct raw *raw = opaque;
    (void)producer;
    must(message->err, "delivery");
    raw->delivered++;
}

static void begin_transaction(struct raw *raw)
{
    if (raw->transactional)
        must_not(rd_kafka_begin_transaction(raw->producer), "begin of a transaction");
}

uint64_t raw_hash(const char *key, size_t size)
{
    uint64_t h = size;
    for (; size >= 8; key += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, key, 8);
        h = (h ^ word) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    for (; size > 0; key++, size--)
        h = (h ^ (uint8_t)*key) * 0x100000001b3u;
    return h ^ (h >> 29);
}

static void begin_at_first(struct raw *raw, const char *topic)
{
    raw->partitions = client_partitions(raw->consumer, topic);
    for (int32_t p = 0; p < raw->partitions; p++)
        rd_kafka_topic_partition_list_add(raw->positions, topic, p)->offset = 0;
}

static void begin_inputs(struct raw *raw)
{
    char topic[256];
    raw->positions = rd_kafka_topic_partition_list_new(1);
    for (const char *in = raw->options.in, *end; in; in = *end ? end + 1 : NULL) {
        end = strchrnul(in, ',');
        snprintf(topic, sizeof topic, "%.*s", (int)(end - in), in);
        begin_at_first(raw, topic);
    }
}

int raw_input(const struct raw *raw, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    int input = 0;
    while (strcmp(raw->positions->elems[input * raw->partitions].topic, topic) != 0)
        input++;
    return input;
}

struct raw_options raw_options_of(char **argv)
{
    return (struct raw_options){
        .brokers = argv[1], .in = argv[2], .records = measure_number(argv[5]), .guarantee = argv[6], .commit = argv[7]};
}

void raw_open(struct raw *raw, struct raw_options options)
{
    char name[64];
    snprintf(name, sizeof name, "raw-%ld-%.0f", (long)getpid(), measure_seconds());
    *raw = (struct raw){.options = options, .transactional = strcmp(options.guarantee, "exactly_once_v2") == 0};
    raw->consumer = client_consumer(options.brokers, name);
    const char *linger = strchr(options.commit, ',');
    raw->producer = client_producer(options.brokers, raw->transactional ? name : NULL, linger ? linger + 1 : "5",
                                    count_delivery, raw);
    if (raw->transactional)
        must_not(rd_kafka_init_transactions(raw->producer, ANSWER_MS), "begin of transactions");
    begin_transaction(raw);
    begin_inputs(raw);
    must(rd_kafka_assign(raw->consumer, raw->positions), options.in);
    raw->commit_s = atof(options.commit) / 1e3;
    raw->commit_at_s = measure_seconds() + raw->commit_s;
}

rd_kafka_topic_t *raw_topic(struct raw *raw, const char *name)
{
    return strcmp(name, "-") == 0 ? NULL : rd_kafka_topic_new(raw->producer, name, NULL);
}

static void commit_transaction(struct raw *raw)
{
    rd_kafka_consumer_group_metadata_t *member = rd_kafka_consumer_group_metadata(raw->consumer);
    must_not(rd_kafka_send_offsets_to_transaction(raw->producer, raw->positions, member, ANSWER_MS), "offsets");
    must_not(rd_kafka_commit_transaction(raw->producer, ANSWER_MS), "commit");
    rd_kafka_consumer_group_metadata_destroy(member);
    begin_transaction(raw);
}

static void commit(struct raw *raw)
{
    if (raw->before_commit)
        raw->before_commit(raw->self);
    if (raw->transactional) {
        commit_transaction(raw);
    } else {
        must(rd_kafka_flush(raw->producer, FLUSH_MS), "flush");
        must(rd_kafka_commit(raw->consumer, raw->positions, 0), "commit");
    }
    raw->commit_at_s = measure_seconds() + raw->commit_s;
}

static void take_one(struct raw *raw, const rd_kafka_message_t *message,
                     void (*take)(struct raw *, const rd_kafka_message_t *))
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return;
    must(message->err, "reading");
    take(raw, message);
    raw->taken++;
    raw->positions->elems[raw_input(raw, message) * raw->partitions + message->partition].offset = message->offset + 1;
}

void raw_run(struct raw *raw, void (*take)(struct raw *, const rd_kafka_message_t *))
{
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(raw->consumer);
    while (raw->taken < raw->options.records + raw->own) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            take_one(raw, batch[i], take);
            rd_kafka_message_destroy(batch[i]);
        }
        rd_kafka_poll(raw->producer, 0);
        if (measure_seconds() >= raw->commit_at_s)
            commit(raw);
    }
    commit(raw);
    rd_kafka_queue_destroy(queue);
}

void raw_print(const struct raw *raw, double seconds)
{
    printf("{\"records\":%" PRId64 ",\"delivered\":%" PRId64 ",\"seconds\":%.3f}\n", raw->taken - raw->own,
           raw->delivered, seconds);
}

void raw_close(struct raw *raw)
{
    if (raw->transactional)
        must_not(rd_kafka_abort_transaction(raw->producer, ANSWER_MS), "end");
    rd_kafka_topic_partition_list_destroy(raw->positions);
    rd_kafka_destroy(raw->producer);
    rd_kafka_consumer_close(raw->consumer);
    rd_kafka_destroy(raw->consumer);
}
