/* check.c: what an output topic holds, read_committed, from its beginning to its end.
 *
 *   check BROKERS TOPIC all|last     all: every record counts; last: the last value of each key
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "client.h"
#include "digest.h"
#include "measure.h"

enum { BATCH = 1000, WAIT_MS = 100, PARTITIONS_MAX = 1024 };

struct check {
    struct digest digest;
    bool last;
    int open; /* partitions whose end was not seen yet */
    bool ended[PARTITIONS_MAX];
};

static void take(struct check *check, const rd_kafka_message_t *message)
{
    struct digest_bytes key = {message->key, message->key_len}, value = {message->payload, message->len};
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        check->open -= !check->ended[message->partition];
        check->ended[message->partition] = true;
    } else if (message->err) {
        measure_fail("reading: %s", rd_kafka_message_errstr(message));
    } else if (check->last) {
        digest_put(&check->digest, key, value);
    } else {
        digest_add(&check->digest, key, value);
    }
}

static void read_all(struct check *check, rd_kafka_t *consumer)
{
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    while (check->open > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            take(check, batch[i]);
            rd_kafka_message_destroy(batch[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        measure_fail("usage: check BROKERS TOPIC all|last");
    static struct check check;
    check.last = strcmp(argv[3], "last") == 0;
    rd_kafka_t *consumer = client_consumer(argv[1], "benchmark-check");
    check.open = client_partitions(consumer, argv[2]);
    if (check.open > PARTITIONS_MAX)
        measure_fail("%s: more than %d partitions", argv[2], PARTITIONS_MAX);
    client_assign(consumer, argv[2], RD_KAFKA_OFFSET_BEGINNING);
    read_all(&check, consumer);
    digest_print(&check.digest);
    digest_done(&check.digest);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return 0;
}
