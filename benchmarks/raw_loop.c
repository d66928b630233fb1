/* raw_loop.c: what does it cost to move records with librdkafka and nothing else?
 *
 *   raw_loop BROKERS IN OUT|- RECORDS
 *
 * Reads that many records of IN from the beginning and produces each of them to OUT with its key, value and timestamp,
 * or only reads them where OUT is "-". Ends when all of them are delivered. No group, no state, no commit: the limit
 * that a stateless topology can come near to.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "client.h"
#include "measure.h"

enum { BATCH = 1000, WAIT_MS = 50, FLUSH_MS = 60000 };

static int64_t delivered, refused;

static void count_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer, (void)opaque;
    if (message->err)
        refused++;
    else
        delivered++;
}

static void begin_reading(rd_kafka_t *consumer, const char *topic)
{
    int partitions = client_partitions(consumer, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int p = 0; p < partitions; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer, list);
    if (code)
        measure_fail("%s: %s", topic, rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
}

struct totals {
    int64_t records, bytes;
};

static void pass_on(rd_kafka_t *producer, const char *out, const rd_kafka_message_t *message)
{
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    client_produce(producer, out, timestamp_ms, message->key, message->key_len, message->payload, message->len);
}

static void take(rd_kafka_message_t *message, rd_kafka_t *producer, const char *out, struct totals *totals)
{
    if (message->err)
        measure_fail("reading: %s", rd_kafka_message_errstr(message));
    totals->records++;
    totals->bytes += (int64_t)(message->key_len + message->len);
    if (producer)
        pass_on(producer, out, message);
    rd_kafka_message_destroy(message);
}

static struct totals move(rd_kafka_t *consumer, rd_kafka_t *producer, const char *out, int64_t wanted)
{
    struct totals totals = {0};
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    while (totals.records < wanted) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, batch, BATCH);
        for (ssize_t i = 0; i < count; i++)
            take(batch[i], producer, out, &totals);
        if (producer)
            rd_kafka_poll(producer, 0);
    }
    rd_kafka_queue_destroy(queue);
    return totals;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        measure_fail("usage: raw_loop BROKERS IN OUT|- RECORDS");
    double began = measure_seconds();
    bool produces = strcmp(argv[3], "-") != 0;
    rd_kafka_t *consumer = client_consumer(argv[1], "raw-loop");
    rd_kafka_t *producer = produces ? client_producer(argv[1], count_delivery, NULL) : NULL;
    begin_reading(consumer, argv[2]);
    struct totals totals = move(consumer, producer, argv[3], measure_number(argv[4]));
    if (producer && rd_kafka_flush(producer, FLUSH_MS))
        measure_fail("%s: not everything was delivered", argv[3]);
    double seconds = measure_seconds() - began;
    printf("{\"records\":%lld,\"bytes\":%lld,\"delivered\":%lld,\"refused\":%lld,\"seconds\":%.3f}\n",
           (long long)totals.records, (long long)totals.bytes, (long long)delivered, (long long)refused, seconds);
    if (producer)
        rd_kafka_destroy(producer);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return refused ? 1 : 0;
}
