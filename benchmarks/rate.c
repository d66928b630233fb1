/* rate.c: records at a fixed rate, stamped with the present time.
 *
 *   rate BROKERS TOPIC SHAPE KEYS PER_SECOND SECONDS
 *
 * Each millisecond gets its records as soon as it begins, so that the stamp (whole milliseconds, as Kafka has them) is
 * the moment of sending. Prints how many were sent, and how late the latest of them was.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <time.h>

#include "client.h"
#include "data.h"
#include "measure.h"

enum { FLUSH_MS = 60000 };

struct rate {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    struct data data;
    int64_t per_second, sent, latest_us;
};

static void send_until(struct rate *rate, int64_t count, int64_t timestamp_ms)
{
    struct data_record record;
    for (; rate->sent < count; rate->sent++) {
        data_at(&rate->data, rate->sent, &record);
        client_send(rate->producer, rate->topic, timestamp_ms, record.key, record.key_size, record.value,
                    record.value_size);
    }
    rd_kafka_poll(rate->producer, 0);
}

static void send_all(struct rate *rate, int64_t seconds)
{
    int64_t start_ms = measure_wall_us() / 1000 + 1;
    for (int64_t ms = 0; ms < seconds * 1000; ms++) {
        measure_sleep_until(start_ms + ms);
        int64_t late_us = measure_wall_us() - (start_ms + ms) * 1000;
        rate->latest_us = late_us > rate->latest_us ? late_us : rate->latest_us;
        send_until(rate, (ms + 1) * rate->per_second / 1000, start_ms + ms);
    }
}

int main(int argc, char **argv)
{
    if (argc != 7)
        measure_fail("usage: rate BROKERS TOPIC SHAPE KEYS PER_SECOND SECONDS");
    struct rate rate = {.per_second = measure_number(argv[5])};
    int64_t seconds = measure_number(argv[6]);
    if (!data_open(&rate.data, argv[3], rate.per_second * seconds, measure_number(argv[4])))
        measure_fail("there is no shape %s", argv[3]);
    rate.producer = client_producer(argv[1], NULL, "0", client_check_delivery, NULL);
    rate.topic = rd_kafka_topic_new(rate.producer, argv[2], NULL);
    send_all(&rate, seconds);
    if (rd_kafka_flush(rate.producer, FLUSH_MS))
        measure_fail("%s: not everything was delivered", argv[2]);
    printf("{\"sent\":%" PRId64 ",\"latest_us\":%" PRId64 "}\n", rate.sent, rate.latest_us);
    rd_kafka_topic_destroy(rate.topic);
    rd_kafka_destroy(rate.producer);
    data_close(&rate.data);
    return 0;
}
