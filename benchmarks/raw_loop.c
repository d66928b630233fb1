/* raw_loop.c: how fast can librdkafka alone read a topic, and pass it on?
 *
 *   raw_loop BROKERS consume|stateless IN OUT RECORDS GUARANTEE COMMIT
 *
 * stateless filters and extends each record as workloads.c does, and keeps its time: what a stateless topology can come
 * near to. consume reads and does nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fields.h"
#include "measure.h"
#include "raw.h"

enum { VALUE_MAX = 65536 };

static rd_kafka_topic_t *out;

static void ignore(struct raw *raw, const rd_kafka_message_t *message)
{
    (void)raw, (void)message;
}

static void pass_on(struct raw *raw, const rd_kafka_message_t *message)
{
    char value[VALUE_MAX + FIELDS_ADDED_MAX];
    int64_t qty = fields_number(message->payload, message->len, "\"qty\":");
    if (qty <= 0 || message->len > VALUE_MAX)
        return;
    int64_t price = fields_number(message->payload, message->len, "\"price\":");
    size_t size = fields_add(value, message->payload, message->len, "\"total\":", qty * price);
    client_send(raw->producer, out, rd_kafka_message_timestamp(message, NULL), message->key, message->key_len, value,
                size);
}

int main(int argc, char **argv)
{
    if (argc != 8)
        measure_fail("usage: raw_loop BROKERS consume|stateless IN OUT RECORDS GUARANTEE COMMIT");
    struct raw raw;
    double began = measure_seconds();
    raw_open(&raw, (struct raw_options){.brokers = argv[1],
                                        .in = argv[3],
                                        .records = measure_number(argv[5]),
                                        .guarantee = argv[6],
                                        .commit = argv[7]});
    out = raw_topic(&raw, argv[4]);
    raw_run(&raw, strcmp(argv[2], "consume") == 0 ? ignore : pass_on);
    double seconds = measure_seconds() - began;
    raw_print(&raw, seconds);
    if (out)
        rd_kafka_topic_destroy(out);
    raw_close(&raw);
    return 0;
}
