/* load.c: fills a topic with records whose totals are known, for the programs that are measured.
 *
 *   load BROKERS TOPIC PARTITIONS empty
 *   load BROKERS TOPIC PARTITIONS bytes RECORDS KEYS BYTES   keys key-00000000 and on, evenly drawn; values of BYTES
 *   load BROKERS TOPIC PARTITIONS orders RECORDS             order events (orders.h)
 *
 * Prints the totals as JSON. The same arguments always give the same records; partitions as Kafka's default
 * partitioner.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "client.h"
#include "measure.h"
#include "orders.h"

enum { FLUSH_MS = 120000, POLL_EVERY = 1000, VALUE_BYTES_MAX = 65536 };
static const int64_t start_ms = 1733308200000; /* 2024-12-04T10:30:00Z */

static int64_t delivered;

static void count_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer, (void)opaque;
    if (message->err)
        measure_fail("delivery: %s", rd_kafka_err2str(message->err));
    delivered++;
}

struct load {
    rd_kafka_t *producer;
    const char *topic;
    int64_t records;
};

static void send_record(const struct load *load, int64_t number, int64_t timestamp_ms, const char *key,
                        const void *value, size_t size)
{
    client_produce(load->producer, load->topic, timestamp_ms, key, strlen(key), value, size);
    if (number % POLL_EVERY == 0)
        rd_kafka_poll(load->producer, 0);
}

/* Letters that repeat as they do in text, so that compression has something to do. */
static void fill(char *value, int64_t bytes, uint64_t *random)
{
    static const char words[] = "stream table window record topic offset commit state broker changes ";
    size_t from = measure_random(random) % (sizeof words - 1);
    for (int64_t i = 0; i < bytes; i++)
        value[i] = words[(from + (size_t)i * 7) % (sizeof words - 1)];
}

static void load_bytes(const struct load *load, int64_t keys, int64_t bytes)
{
    char key[32], value[VALUE_BYTES_MAX];
    uint64_t random = 1;
    if (keys < 1 || bytes < 1 || bytes > VALUE_BYTES_MAX)
        measure_fail("KEYS and BYTES are at least 1, BYTES at most %d", VALUE_BYTES_MAX);
    for (int64_t i = 0; i < load->records; i++) {
        snprintf(key, sizeof key, "key-%08" PRIu64, measure_random(&random) % (uint64_t)keys);
        fill(value, bytes, &random);
        send_record(load, i, start_ms + i, key, value, (size_t)bytes);
    }
}

static struct orders_totals load_orders(const struct load *load)
{
    struct orders orders = {.seed = 1, .start_ms = start_ms};
    struct orders_event event;
    for (int64_t i = 0; i < load->records; i++) {
        orders_next(&orders, i, &event);
        send_record(load, i, event.timestamp_ms, event.key, event.value, strlen(event.value));
    }
    return orders.totals;
}

static void print_totals(const struct orders_totals *totals)
{
    printf("{\"records\":%" PRId64 ",\"created\":%" PRId64 ",\"confirmed\":%" PRId64 ",\"cancelled\":%" PRId64
           ",\"created_cents\":%" PRId64 ",\"confirmed_cents\":%" PRId64 ",\"cancelled_cents\":%" PRId64 "}\n",
           delivered, totals->created, totals->confirmed, totals->cancelled, totals->created_amount,
           totals->confirmed_amount, totals->cancelled_amount);
}

int main(int argc, char **argv)
{
    const char *shape = argc > 4 ? argv[4] : "";
    bool is_empty = strcmp(shape, "empty") == 0, is_bytes = strcmp(shape, "bytes") == 0 && argc == 8;
    bool is_orders = strcmp(shape, "orders") == 0 && argc == 6;
    if (!is_empty && !is_bytes && !is_orders)
        measure_fail("usage: load BROKERS TOPIC PARTITIONS empty | bytes RECORDS KEYS BYTES | orders RECORDS");
    client_create_topic(argv[1], argv[2], (int)measure_number(argv[3]));
    struct load load = {.topic = argv[2], .records = is_empty ? 0 : measure_number(argv[5])};
    struct orders_totals totals = {0};
    load.producer = client_producer(argv[1], count_delivery, NULL);
    if (is_bytes)
        load_bytes(&load, measure_number(argv[6]), measure_number(argv[7]));
    if (is_orders)
        totals = load_orders(&load);
    if (rd_kafka_flush(load.producer, FLUSH_MS) || delivered != load.records)
        measure_fail("%s: %" PRId64 " of %" PRId64 " records were delivered", load.topic, delivered, load.records);
    rd_kafka_destroy(load.producer);
    print_totals(&totals);
    return 0;
}
