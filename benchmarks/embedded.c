/* embedded.c: how fast does the embedded log take records that must be durable, and how fast does it give them back?
 *
 *   embedded [RECORDS [FLUSH_EVERY]]
 *
 * Records of 100 bytes over four partitions; a flush (which waits until all is on disk) every FLUSH_EVERY records.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "broker/broker.h"
#include "directory.h"
#include "measure.h"

enum { RECORDS = 2000000, FLUSH_EVERY = 10000, PARTITIONS = 4, VALUE_BYTES = 100, BATCH = 1000, FLUSH_MS = 60000 };

static struct weir_error error;
static const char topic[] = "records";

static void must(bool done)
{
    if (!done)
        measure_fail("embedded: %s", error.message);
}

static struct broker *open_log(const char *directory)
{
    struct broker *broker = broker_embedded_open(directory, NULL, &error);
    must(broker != NULL);
    struct broker_topic_spec spec = {
        .name = topic, .partitions = PARTITIONS, .cleanup = BROKER_DELETE, .retention_ms = -1};
    must(broker->ops->ensure(broker, &spec, 1, &error));
    return broker;
}

static void append_all(struct broker *broker, int64_t records, int64_t flush_every)
{
    char key[32], value[VALUE_BYTES];
    uint64_t random = 1;
    struct broker_producer *producer = broker->ops->producer_open(broker, "benchmark", &error);
    must(producer != NULL);
    memset(value, 'x', sizeof value);
    for (int64_t i = 0; i < records; i++) {
        int size = snprintf(key, sizeof key, "key-%08" PRIu64, measure_random(&random) % 100000);
        struct broker_record record = {
            .partition = -1, .timestamp_ms = i + 1, .key = {key, (size_t)size}, .value = {value, sizeof value}};
        while (!broker->ops->producer_send(producer, topic, &record, &error)) {
            must(error.code == WEIR_RETRY);
            error = (struct weir_error){0};
            must(broker->ops->producer_flush(producer, FLUSH_MS, &error));
        }
        if ((i + 1) % flush_every == 0)
            must(broker->ops->producer_flush(producer, FLUSH_MS, &error));
    }
    must(broker->ops->producer_flush(producer, FLUSH_MS, &error));
    broker->ops->producer_close(producer);
}

static int64_t scan_all(struct broker *broker)
{
    static struct broker_message batch[BATCH];
    int64_t records = 0;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    must(reader != NULL);
    for (int32_t p = 0; p < PARTITIONS; p++)
        must(broker->ops->reader_add(reader, topic, p, 0, p, &error));
    int count;
    while ((count = broker->ops->reader_poll(reader, batch, BATCH, 0, &error)) > 0) {
        for (int i = 0; i < count; i++)
            broker->ops->reader_release(reader, &batch[i]);
        records += count;
    }
    must(count == 0);
    broker->ops->reader_close(reader);
    return records;
}

int main(int argc, char **argv)
{
    int64_t records = argc > 1 ? measure_number(argv[1]) : RECORDS;
    int64_t flush_every = argc > 2 ? measure_number(argv[2]) : FLUSH_EVERY;
    const char *directory = directory_new();
    if (records < 1 || flush_every < 1)
        measure_fail("RECORDS and FLUSH_EVERY are at least 1");
    log_set_level(LOG_ERROR);
    struct broker *broker = open_log(directory);
    double began = measure_seconds(), began_cpu = measure_cpu_seconds();
    append_all(broker, records, flush_every);
    double appended = measure_seconds(), appended_cpu = measure_cpu_seconds();
    int64_t scanned = scan_all(broker);
    double end = measure_seconds(), end_cpu = measure_cpu_seconds();
    if (scanned != records)
        measure_fail("embedded: %" PRId64 " of %" PRId64 " records were read back", scanned, records);
    broker->ops->close(broker);
    directory_remove(directory);
    double million = (double)records / 1e6;
    printf("{\"records\":%" PRId64 ",\"flush_every\":%" PRId64
           ",\"append_per_s\":%.0f,\"append_cpu_s_per_million\":%.3f,"
           "\"scan_per_s\":%.0f,\"scan_cpu_s_per_million\":%.3f}\n",
           records, flush_every, (double)records / (appended - began), (appended_cpu - began_cpu) / million,
           (double)records / (end - appended), (end_cpu - appended_cpu) / million);
    return 0;
}
