/* domain.c: records of the systems that come with Weir, for those that are measured as a whole.
 *
 *   domain BROKERS KIND RECORDS PER_SECOND     PER_SECOND 0: as fast as it goes
 *
 *   stock     levels that are never used up, one per SKU                           inventory.stock
 *   commands  orders of one line; their ids begin with the millisecond of sending  orders.commands
 *   audit     audit events of now; no two are one                                  audit.events
 *   sessions  sessions that begin now, five to a user                              sessions.events
 *
 * The topic is there. Each millisecond gets its records as soon as it begins (rate.c). Prints how many were sent, within
 * which time, and how late the latest of them was.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "client.h"
#include "measure.h"

/* Of the clients of a shop, of which there are many, one stands for all. The ages of what is measured begin before. */
#define LINGER_MS "20"

enum { FLUSH_MS = 60000, VALUE_MAX = 400, KEY_MAX = 40, SKUS = 500, CUSTOMERS = 100000, POLL_EVERY = 1000 };

struct record {
    char key[KEY_MAX], value[VALUE_MAX];
};

/* ISO 8601, as the systems want times. */
struct stamp {
    char text[32];
};

static struct stamp stamp_of(int64_t ms)
{
    struct stamp stamp;
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t size = strftime(stamp.text, sizeof stamp.text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(stamp.text + size, sizeof stamp.text - size, ".%03dZ", (int)(ms % 1000));
    return stamp;
}

static void make_stock(struct record *record, int64_t number, int64_t ms)
{
    snprintf(record->key, KEY_MAX, "SKU-%03" PRId64, number % SKUS);
    snprintf(record->value, VALUE_MAX, "{\"sku\":\"%s\",\"quantity\":1000000000,\"timestamp\":\"%s\"}", record->key,
             stamp_of(ms).text);
}

static void make_command(struct record *record, int64_t number, int64_t ms)
{
    uint64_t state = (uint64_t)number;
    uint64_t drawn = measure_random(&state);
    snprintf(record->key, KEY_MAX, "%013" PRId64 "-%09" PRId64, ms, number);
    snprintf(record->value, VALUE_MAX,
             "{\"type\":\"CREATE_ORDER\",\"order_id\":\"%s\",\"customer_id\":\"customer-%05u\",\"items\":[{\"sku\":"
             "\"SKU-%03u\",\"quantity\":%u,\"unit_price\":%u.99}],\"timestamp\":\"%s\"}",
             record->key, (unsigned)(drawn % CUSTOMERS), (unsigned)(drawn >> 20) % SKUS,
             1 + (unsigned)(drawn >> 40) % 3, 5 + (unsigned)(drawn >> 44) % 900, stamp_of(ms).text);
}

static void make_audit(struct record *record, int64_t number, int64_t ms)
{
    snprintf(record->key, KEY_MAX, "user-%05" PRId64, number % CUSTOMERS);
    snprintf(record->value, VALUE_MAX,
             "{\"actor\":\"%s\",\"action\":\"read\",\"resource\":\"order-%09" PRId64
             "\",\"outcome\":\"allowed\",\"ip\":\"192.0.2.17\",\"timestamp\":\"%s\"}",
             record->key, number, stamp_of(ms).text);
}

static void make_session(struct record *record, int64_t number, int64_t ms)
{
    snprintf(record->key, KEY_MAX, "user-%07" PRId64, number / 5);
    snprintf(record->value, VALUE_MAX,
             "{\"sessionId\":\"session-%09" PRId64 "\",\"userId\":\"%s\",\"type\":\"CREATED\",\"ip\":\"192.0.2.17\","
             "\"userAgent\":\"Mozilla/5.0\",\"timestamp\":\"%s\"}",
             number, record->key, stamp_of(ms).text);
}

struct kind {
    const char *name, *topic;
    void (*make)(struct record *, int64_t number, int64_t ms);
};

static const struct kind kinds[] = {
    {"stock", "inventory.stock", make_stock},
    {"commands", "orders.commands", make_command},
    {"audit", "audit.events", make_audit},
    {"sessions", "sessions.events", make_session},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    measure_fail("there is no kind %s", name);
}

struct run {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    const struct kind *kind;
    int64_t records, per_second, sent, latest_us;
};

static void send_until(struct run *run, int64_t count, int64_t ms)
{
    struct record record;
    for (; run->sent < count; run->sent++) {
        run->kind->make(&record, run->sent, ms);
        client_send(run->producer, run->topic, ms, record.key, strlen(record.key), record.value, strlen(record.value));
        if (run->sent % POLL_EVERY == 0)
            rd_kafka_poll(run->producer, 0);
    }
    rd_kafka_poll(run->producer, 0);
}

static void send_at_once(struct run *run)
{
    while (run->sent < run->records)
        send_until(run, run->sent + POLL_EVERY < run->records ? run->sent + POLL_EVERY : run->records,
                   measure_wall_us() / 1000);
}

static void send_in_time(struct run *run)
{
    int64_t start_ms = measure_wall_us() / 1000 + 1;
    for (int64_t ms = 0; run->sent < run->records; ms++) {
        measure_sleep_until(start_ms + ms);
        int64_t late_us = measure_wall_us() - (start_ms + ms) * 1000, due = (ms + 1) * run->per_second / 1000;
        run->latest_us = late_us > run->latest_us ? late_us : run->latest_us;
        send_until(run, due < run->records ? due : run->records, start_ms + ms);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        measure_fail("usage: domain BROKERS stock|commands|audit|sessions RECORDS PER_SECOND");
    struct run run = {
        .kind = kind_of(argv[2]), .records = measure_number(argv[3]), .per_second = measure_number(argv[4])};
    run.producer = client_producer(argv[1], NULL, LINGER_MS, client_check_delivery, NULL);
    run.topic = rd_kafka_topic_new(run.producer, run.kind->topic, NULL);
    double began = measure_seconds();
    (run.per_second ? send_in_time : send_at_once)(&run);
    if (rd_kafka_flush(run.producer, FLUSH_MS))
        measure_fail("%s: not everything was delivered", run.kind->topic);
    printf("{\"sent\":%" PRId64 ",\"seconds\":%.3f,\"latest_us\":%" PRId64 "}\n", run.sent, measure_seconds() - began,
           run.latest_us);
    rd_kafka_topic_destroy(run.topic);
    rd_kafka_destroy(run.producer);
    return 0;
}
