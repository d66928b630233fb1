/* log_crash.c: the child and the judge of the kill -9 loop in tests/crash/log.
 *
 *   log_crash write DIRECTORY    goes on from the end of each partition; after every flush it notes, in its own file
 *                                beside the log, up to where it was told that records are durable; commits offsets too
 *   log_crash check DIRECTORY    exit 0: everything noted is there, whole and in order, and no commit was lost
 *
 * The record at offset n has the key n and a value of (n * 37 % 3000) bytes that follow from n.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

enum { PARTITIONS = 3, VALUE_MAX = 3000 };

struct notes { /* a shared mapping's worth of truth: survives kill -9 in the page cache */
    int64_t acknowledged[PARTITIONS];
    int64_t committed;
};

static struct broker *broker;

static void must(bool done, const struct weir_error *error)
{
    if (!done) {
        fprintf(stderr, "log_crash: %s\n", error->message);
        exit(2);
    }
}

static size_t fill_value(char *value, int64_t n)
{
    size_t size = (size_t)(n * 37 % VALUE_MAX);
    for (size_t i = 0; i < size; i++)
        value[i] = (char)(n + (int64_t)i);
    return size;
}

static int open_notes(const char *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s.notes", directory);
    int fd = open(path, O_RDWR | O_CREAT, 0666);
    if (fd < 0) {
        perror(path);
        exit(2);
    }
    return fd;
}

static void open_log(const char *directory)
{
    struct weir_error error = {0};
    struct broker_topic_spec spec = {.name = "t", .partitions = PARTITIONS, .segment_bytes = 1 << 20};
    broker = broker_embedded_open(directory, NULL, &error);
    must(broker != NULL, &error);
    must(broker->ops->ensure(broker, &spec, 1, &error), &error);
}

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    (void)self, (void)group, (void)partition, (void)starts;
}

static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)self, (void)group, (void)partition, (void)lost;
}

static void settled(void *self)
{
    (void)self;
}

static struct broker_consumer *join(void)
{
    static const char *const topics[] = {"t"};
    struct weir_error error = {0};
    struct broker_subscription subscription = {topics, 1, NULL, NULL};
    struct broker_rebalance rebalance = {NULL, assigned, revoked, settled};
    struct broker_consumer *consumer =
        broker->ops->consumer_open(broker, "g", "m", &subscription, 1, rebalance, &error);
    must(consumer != NULL, &error);
    must(broker->ops->consumer_poll(consumer, NULL, 0, 0, &error) == 0, &error);
    return consumer;
}

static void send_some(struct broker_producer *producer, int64_t *next, int count)
{
    static char value[VALUE_MAX];
    for (int i = 0; i < count; i++) {
        struct weir_error error = {0};
        int32_t partition = i % PARTITIONS;
        int64_t n = next[partition]++;
        struct broker_record record = {
            .partition = partition, .timestamp_ms = n, .key = {&n, sizeof n}, .value = {value, fill_value(value, n)}};
        must(broker->ops->producer_send(producer, "t", &record, &error), &error);
    }
}

static void write_until_killed(const char *directory)
{
    struct weir_error error = {0};
    struct notes notes = {0};
    int64_t begin, next[PARTITIONS];
    int fd = open_notes(directory);
    open_log(directory);
    (void)!pread(fd, &notes, sizeof notes, 0);
    struct broker_consumer *consumer = join();
    struct broker_producer *producer = broker->ops->producer_open(broker, "p", &error);
    for (int32_t p = 0; p < PARTITIONS; p++)
        must(broker->ops->range(broker, "t", p, &begin, &next[p], &error), &error);
    for (int round = 0;; round++) {
        send_some(producer, next, 1 + round * 29 % 200);
        must(broker->ops->producer_flush(producer, 60000, &error), &error);
        memcpy(notes.acknowledged, next, sizeof next);
        (void)!pwrite(fd, &notes, sizeof notes, 0);
        struct broker_offset offset = {"t", 0, next[0], "round"};
        must(broker->ops->consumer_commit(consumer, &offset, 1, &error), &error);
        notes.committed = next[0];
        (void)!pwrite(fd, &notes, sizeof notes, 0);
    }
}

static bool is_whole(const struct broker_message *message)
{
    static char value[VALUE_MAX];
    size_t size = fill_value(value, message->offset);
    return message->timestamp_ms == message->offset && message->key.size == sizeof message->offset &&
           memcmp(message->key.data, &message->offset, sizeof message->offset) == 0 && message->value.size == size &&
           memcmp(message->value.data, value, size) == 0;
}

/* The end of what is whole and in order. */
static int64_t read_partition(int32_t partition)
{
    struct weir_error error = {0};
    struct broker_message messages[256];
    int64_t next = 0;
    int count;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    must(broker->ops->reader_add(reader, "t", partition, 0, 0, &error), &error);
    while ((count = broker->ops->reader_poll(reader, messages, 256, 0, &error)) > 0)
        for (int i = 0; i < count; i++) {
            if (messages[i].offset != next++ || !is_whole(&messages[i])) {
                printf("partition %d: offset %lld is torn or out of order\n", (int)partition,
                       (long long)messages[i].offset);
                exit(1);
            }
            broker->ops->reader_release(reader, &messages[i]);
        }
    must(count == 0, &error);
    broker->ops->reader_close(reader);
    return next;
}

static void check(const char *directory)
{
    struct weir_error error = {0};
    struct notes notes = {0};
    int64_t committed;
    (void)!pread(open_notes(directory), &notes, sizeof notes, 0);
    open_log(directory);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t end = read_partition(p);
        printf("%lld of %lld%s", (long long)end, (long long)notes.acknowledged[p], p < PARTITIONS - 1 ? ", " : "\n");
        if (end < notes.acknowledged[p])
            exit(1);
    }
    must(broker->ops->committed(broker, "g", "t", 0, &committed, &error), &error);
    if (notes.committed && committed < notes.committed) {
        printf("committed offset %lld, was acknowledged as %lld\n", (long long)committed, (long long)notes.committed);
        exit(1);
    }
    broker->ops->close(broker);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 64;
    if (strcmp(arguments[1], "write") == 0)
        write_until_killed(arguments[2]);
    else
        check(arguments[2]);
    return 0;
}
