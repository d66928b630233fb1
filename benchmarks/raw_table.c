/* raw_table.c: how fast can orders be joined with a table at all? The table is read first, whole, and stays in memory; its
 * topic is its changelog, so that nothing else is written than the output.
 *
 *   raw_table BROKERS ORDERS,PRODUCTS OUT - RECORDS GUARANTEE COMMIT -
 *
 * RECORDS are those of both. An order becomes what workloads.c makes of it and of the last record of its product that there is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "measure.h"
#include "raw.h"
#include "raw_rows.h"

enum { BATCH = 1000, WAIT_MS = 100 };

static struct raw raw;
static struct raw_rows products;
static rd_kafka_topic_t *out;

/* Of what stands in front of the end of each partition. */
static void read_table(const char *brokers, const char *topic)
{
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_t *consumer = client_consumer(brokers, "raw-table");
    int open = client_partitions(consumer, topic);
    client_assign(consumer, topic, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    while (open > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            if (batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                open--;
            else if (batch[i]->err)
                measure_fail("%s: %s", topic, rd_kafka_message_errstr(batch[i]));
            else
                raw_rows_keep(&products, batch[i]);
            rd_kafka_message_destroy(batch[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

static void join_one(struct raw *self, const rd_kafka_message_t *message)
{
    char value[RAW_VALUE_MAX + FIELDS_ADDED_MAX];
    const struct raw_row *row = raw_rows_find(&products, message->key, message->key_len);
    if (!row)
        return;
    if (message->len > RAW_VALUE_MAX)
        measure_fail("an order of %zu bytes is too much", message->len);
    int64_t stock = fields_number(row->value, row->size, "\"stock\":");
    size_t size = fields_add(value, message->payload, message->len, "\"stock\":", stock);
    client_send(self->producer, out, rd_kafka_message_timestamp(message, NULL), message->key, message->key_len, value,
                size);
}

int main(int argc, char **argv)
{
    char *comma = argc == 9 ? strchr(argv[2], ',') : NULL;
    if (!comma)
        measure_fail("usage: raw_table BROKERS ORDERS,PRODUCTS OUT - RECORDS GUARANTEE COMMIT -");
    *comma = '\0';
    double began = measure_seconds();
    read_table(argv[1], comma + 1);
    raw_open(&raw, raw_options_of(argv));
    out = raw_topic(&raw, argv[3]);
    raw.taken = (int64_t)products.used; /* each came once */
    raw_run(&raw, join_one);
    raw_print(&raw, measure_seconds() - began);
    rd_kafka_topic_destroy(out);
    raw_close(&raw);
    raw_rows_done(&products);
    return 0;
}
