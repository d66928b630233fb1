/* load.c: creates a topic and fills it with records whose totals are known, for the programs that are measured.
 *
 *   load BROKERS TOPIC PARTITIONS empty
 *   load BROKERS TOPIC PARTITIONS commerce RECORDS       order events of a shop (orders.h)
 *   load BROKERS TOPIC PARTITIONS SHAPE RECORDS KEYS     the shapes of data.h
 *
 * Prints the totals as JSON. The same arguments always give the same records; partitions as Kafka's default
 * partitioner.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "data.h"
#include "measure.h"
#include "orders.h"

enum { FLUSH_MS = 120000, POLL_EVERY = 1000 };

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
    rd_kafka_topic_t *topic;
    const char *name;
    int64_t records;
};

static void send_record(const struct load *load, int64_t number, int64_t timestamp_ms, const char *key,
                        const char *value, size_t size)
{
    client_send(load->producer, load->topic, timestamp_ms, key, strlen(key), value, size);
    if (number % POLL_EVERY == 0)
        rd_kafka_poll(load->producer, 0);
}

static void load_shape(const struct load *load, const char *shape, int64_t keys)
{
    struct data data;
    struct data_record record;
    if (!data_open(&data, shape, load->records, keys))
        measure_fail("there is no shape %s", shape);
    for (int64_t i = 0; i < load->records; i++) {
        data_at(&data, i, &record);
        send_record(load, i, record.timestamp_ms, record.key, record.value, record.value_size);
    }
    data_close(&data);
}

static struct orders_totals load_commerce(const struct load *load)
{
    struct orders orders = {.seed = 1, .start_ms = DATA_START_MS};
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

static void fill(struct load *load, int argc, char **argv)
{
    struct orders_totals totals = {0};
    if (argc == 7)
        load_shape(load, argv[4], measure_number(argv[6]));
    else if (argc == 6)
        totals = load_commerce(load);
    if (rd_kafka_flush(load->producer, FLUSH_MS) || delivered != load->records)
        measure_fail("%s: %" PRId64 " of %" PRId64 " records were delivered", load->name, delivered, load->records);
    print_totals(&totals);
}

int main(int argc, char **argv)
{
    const char *shape = argc > 4 ? argv[4] : "";
    if (!(argc == 5 && strcmp(shape, "empty") == 0) && !(argc == 6 && strcmp(shape, "commerce") == 0) && argc != 7)
        measure_fail("usage: load BROKERS TOPIC PARTITIONS empty | commerce RECORDS | SHAPE RECORDS KEYS");
    client_create_topic(argv[1], argv[2], (int)measure_number(argv[3]));
    struct load load = {.name = argv[2], .records = argc > 5 ? measure_number(argv[5]) : 0};
    load.producer = client_producer(argv[1], NULL, "5", count_delivery, NULL);
    load.topic = rd_kafka_topic_new(load.producer, load.name, NULL);
    fill(&load, argc, argv);
    rd_kafka_topic_destroy(load.topic);
    rd_kafka_destroy(load.producer);
    return 0;
}
