/* latency.c: how old is a record when a reader of the output topic gets it? Age: the reader's clock less the record's
 * time, which the producer of the input stamped (rate.c).
 *
 *   latency BROKERS TOPIC SKIP_S SECONDS [TEXT]
 *
 * With TEXT: of records whose value holds it, by the milliseconds that their keys begin with (domain.c).
 * Reads from the topic's end, committed records only; prints {"begun"} when it does. Counts for SECONDS, from SKIP_S after
 * the first record on.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "client.h"
#include "measure.h"

enum { BIN_US = 100, BINS = 600000, WAIT_MS = 100, FIRST_WITHIN_S = 120, STAMP_DIGITS = 13 };

static int64_t bins[BINS + 1], counted, greatest_us;
static double sum_us;

/* The stamp at the head of the key. */
static int64_t stamp_of(const rd_kafka_message_t *message)
{
    char digits[STAMP_DIGITS + 1] = "";
    if (message->key_len < STAMP_DIGITS)
        measure_fail("a key without a stamp");
    memcpy(digits, message->key, STAMP_DIGITS);
    return measure_number(digits);
}

static bool is_meant(const rd_kafka_message_t *message, const char *text)
{
    return !text || (message->len > 0 && memmem(message->payload, message->len, text, strlen(text)));
}

static void count_age(const rd_kafka_message_t *message, const char *text)
{
    int64_t stamp_ms = text ? stamp_of(message) : rd_kafka_message_timestamp(message, NULL);
    int64_t age_us = measure_wall_us() - stamp_ms * 1000;
    age_us = age_us < 0 ? 0 : age_us;
    int64_t bin = age_us / BIN_US;
    bins[bin > BINS ? BINS : bin]++;
    counted++;
    sum_us += (double)age_us;
    greatest_us = age_us > greatest_us ? age_us : greatest_us;
}

/* The age that this share of the records does not exceed, in milliseconds. */
static double quantile(double share)
{
    int64_t wanted = (int64_t)((double)counted * share), seen = 0;
    for (int64_t bin = 0; bin <= BINS; bin++)
        if ((seen += bins[bin]) > wanted)
            return (double)(bin * BIN_US + BIN_US / 2) / 1e3;
    return 0;
}

static void read_for(rd_kafka_t *consumer, double skip_s, double seconds, const char *text)
{
    double first_s = 0, until_s = measure_seconds() + FIRST_WITHIN_S;
    while (measure_seconds() < until_s) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_MS);
        if (!message)
            continue;
        if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            measure_fail("reading: %s", rd_kafka_message_errstr(message));
        if (!message->err && first_s == 0) {
            first_s = measure_seconds() + skip_s;
            until_s = first_s + seconds;
        }
        if (!message->err && measure_seconds() >= first_s && is_meant(message, text))
            count_age(message, text);
        rd_kafka_message_destroy(message);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5 && argc != 6)
        measure_fail("usage: latency BROKERS TOPIC SKIP_S SECONDS [TEXT]");
    double seconds = (double)measure_number(argv[4]);
    rd_kafka_t *consumer = client_consumer(argv[1], "benchmark-latency");
    client_assign(consumer, argv[2], RD_KAFKA_OFFSET_END);
    printf("{\"begun\":true}\n");
    fflush(stdout);
    read_for(consumer, (double)measure_number(argv[3]), seconds, argc == 6 ? argv[5] : NULL);
    printf("{\"records\":%" PRId64 ",\"per_s\":%.0f,\"mean_ms\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,"
           "\"max_ms\":%.2f}\n",
           counted, (double)counted / seconds, counted ? sum_us / (double)counted / 1e3 : 0, quantile(.5),
           quantile(.99), quantile(.999), (double)greatest_us / 1e3);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return 0;
}
