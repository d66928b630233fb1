/* embedded_fixture.h: a log in a fresh directory, and short ways to write to it and read it back. */
#ifndef WEIR_TESTS_EMBEDDED_FIXTURE_H
#define WEIR_TESTS_EMBEDDED_FIXTURE_H
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/tree.h"
#include "broker/broker.h"

static char directory[64];
static struct broker *broker;

static inline void open_log(void)
{
    struct weir_error error = {0};
    broker = broker_embedded_open(directory, NULL, &error);
    cr_assert_not_null(broker, "%s", error.message);
}

static inline void close_log(void)
{
    broker->ops->close(broker);
    broker = NULL;
}

static inline void begin_log(void)
{
    log_set_level(LOG_ERROR);
    strcpy(directory, "/tmp/weir-embedded-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    open_log();
}

static inline void end_log(void)
{
    if (broker)
        close_log();
    tree_remove(directory);
}

static inline void make_topic(struct broker_topic_spec spec)
{
    struct weir_error error = {0};
    cr_assert(broker->ops->ensure(broker, &spec, 1, &error), "%s", error.message);
}

static inline struct broker_record record_of(const char *key, const char *value)
{
    return (struct broker_record){
        .partition = -1, .timestamp_ms = 1000, .key = bytes_of_text(key), .value = bytes_of_text(value)};
}

static inline struct broker_producer *open_producer(void)
{
    struct weir_error error = {0};
    struct broker_producer *producer = broker->ops->producer_open(broker, "test", &error);
    cr_assert_not_null(producer, "%s", error.message);
    return producer;
}

static inline void send_record(struct broker_producer *producer, const char *topic, struct broker_record record)
{
    struct weir_error error = {0};
    cr_assert(broker->ops->producer_send(producer, topic, &record, &error), "%s", error.message);
}

static inline void flush(struct broker_producer *producer)
{
    struct weir_error error = {0};
    cr_assert(broker->ops->producer_flush(producer, 10000, &error), "%s", error.message);
}

/* One record, durable. */
static inline void write_record(const char *topic, struct broker_record record)
{
    struct broker_producer *producer = open_producer();
    send_record(producer, topic, record);
    flush(producer);
    broker->ops->producer_close(producer);
}

/* Records "k<i>" = "value <i>" for i in [from, to), each timestamp_ms = i, durable. */
static inline void write_numbers(const char *topic, int from, int to)
{
    struct broker_producer *producer = open_producer();
    for (int i = from; i < to; i++) {
        char key[16], value[32];
        snprintf(key, sizeof key, "k%d", i);
        snprintf(value, sizeof value, "value %d", i);
        struct broker_record record = record_of(key, value);
        record.timestamp_ms = i;
        send_record(producer, topic, record);
    }
    flush(producer);
    broker->ops->producer_close(producer);
}

static inline int64_t end_of(const char *topic, int32_t partition)
{
    struct weir_error error = {0};
    int64_t begin, end;
    cr_assert(broker->ops->range(broker, topic, partition, &begin, &end, &error), "%s", error.message);
    return end;
}

static inline int64_t begin_of(const char *topic, int32_t partition)
{
    struct weir_error error = {0};
    int64_t begin, end;
    cr_assert(broker->ops->range(broker, topic, partition, &begin, &end, &error), "%s", error.message);
    return begin;
}

struct copy {
    int64_t offset, timestamp_ms;
    char key[32], value[64];
    bool has_key, has_value;
};

static inline void copy_bytes(char *out, size_t size, weir_bytes bytes)
{
    cr_assert_lt(bytes.size, size);
    if (bytes.data)
        memcpy(out, bytes.data, bytes.size);
    out[bytes.size] = 0;
}

/* Everything of a partition from an offset on, up to max; the count. */
static inline int read_from(const char *topic, int32_t partition, int64_t from, struct copy *copies, int max)
{
    struct weir_error error = {0};
    struct broker_message message;
    int count = 0;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    cr_assert(broker->ops->reader_add(reader, topic, partition, from, 7, &error), "%s", error.message);
    while (count < max && broker->ops->reader_poll(reader, &message, 1, 0, &error) == 1) {
        cr_assert_eq(message.group, 7);
        struct copy *copy = &copies[count++];
        copy->offset = message.offset;
        copy->timestamp_ms = message.timestamp_ms;
        copy->has_key = message.key.data != NULL;
        copy->has_value = message.value.data != NULL;
        copy_bytes(copy->key, sizeof copy->key, message.key);
        copy_bytes(copy->value, sizeof copy->value, message.value);
        broker->ops->reader_release(reader, &message);
    }
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    if (count < max)
        cr_assert_eq(broker->ops->reader_position(reader, 7), end_of(topic, partition));
    broker->ops->reader_close(reader);
    return count;
}

/* Path of the segment with this base. */
static inline const char *segment_path(const char *topic, int32_t partition, long long base)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s/%d/%020lld.log", directory, topic, (int)partition, base);
    return path;
}

/* The error of opening the directory; the log must be closed. */
static inline struct weir_error refused_open(void)
{
    struct weir_error error = {0};
    struct broker *opened = broker_embedded_open(directory, NULL, &error);
    if (opened)
        opened->ops->close(opened);
    return error;
}
#endif
