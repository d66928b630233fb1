/* embedded_test.c (threads): producers, members of a group, readers and the cleaner at once; a plain program, so that
 * it runs under ThreadSanitizer. Every producer numbers its records per partition; whoever reads a partition must see
 * each producer's numbers without a gap. Members join and leave meanwhile and must hand over at the committed offset.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/tree.h"
#include "embedded/embedded.h"

enum { PRODUCERS = 2, MEMBERS = 3, PARTITIONS = 4, ROUNDS = 60, BATCH = 50, PER_PARTITION = ROUNDS * BATCH };
static struct broker *broker;
static _Atomic int64_t consumed;
static atomic_bool produced;

#define MUST(condition, error) must((condition), #condition, __LINE__, (error))
static void must(bool condition, const char *text, int line, const struct weir_error *error)
{
    if (condition)
        return;
    fprintf(stderr, "embedded_test.c:%d: %s: %s\n", line, text, error ? error->message : "");
    exit(1);
}

struct stamp {
    int32_t producer, number;
};

static void *produce(void *self)
{
    struct weir_error error = {0};
    int32_t number = 0, id = (int32_t)(intptr_t)self;
    struct broker_producer *producer = broker->ops->producer_open(broker, "p", &error);
    for (int round = 0; round < ROUNDS; round++) {
        struct broker_delivery deliveries[PARTITIONS] = {{0}};
        for (int i = 0; i < BATCH; i++, number++)
            for (int32_t p = 0; p < PARTITIONS; p++) {
                struct stamp stamp = {id, number};
                struct broker_record record = {
                    .partition = p, .timestamp_ms = -1, .key = {&stamp, sizeof stamp}, .value = {&stamp, sizeof stamp}};
                record.delivery = &deliveries[p];
                MUST(broker->ops->producer_send(producer, "t", &record, &error), &error);
            }
        MUST(broker->ops->producer_flush(producer, 60000, &error), &error);
        for (int32_t p = 0; p < PARTITIONS; p++) {
            int64_t begin, end;
            MUST(broker->ops->range(broker, "t", p, &begin, &end, &error), &error);
            MUST(deliveries[p].next_offset >= number && deliveries[p].next_offset <= end, NULL);
        }
    }
    broker->ops->producer_close(producer);
    return NULL;
}

static void *read_all(void *self)
{
    (void)self;
    struct weir_error error = {0};
    struct broker_message messages[64];
    int32_t next[PARTITIONS][PRODUCERS] = {{0}};
    int64_t seen = 0;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    for (int32_t p = 0; p < PARTITIONS; p++)
        MUST(broker->ops->reader_add(reader, "t", p, 0, p, &error), &error);
    while (seen < (int64_t)PARTITIONS * PRODUCERS * PER_PARTITION) {
        int count = broker->ops->reader_poll(reader, messages, 64, 100, &error);
        MUST(count >= 0, &error);
        for (int i = 0; i < count; i++, seen++) {
            struct stamp stamp;
            memcpy(&stamp, messages[i].value.data, sizeof stamp);
            MUST(stamp.number == next[messages[i].group][stamp.producer]++, NULL);
            broker->ops->reader_release(reader, &messages[i]);
        }
    }
    broker->ops->reader_close(reader);
    return NULL;
}

struct member {
    struct broker_consumer *consumer;
    int64_t next[PARTITIONS];
};

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct member *member = self;
    member->next[partition] = starts[0].offset == BROKER_NO_OFFSET ? 0 : starts[0].offset;
    broker->ops->consumer_resume(member->consumer, group, 0, partition);
}

static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)group, (void)lost;
    struct member *member = self;
    struct weir_error error = {0};
    struct broker_offset offset = {"t", partition, member->next[partition], "m"};
    MUST(broker->ops->consumer_commit(member->consumer, &offset, 1, &error), &error);
}

static void settled(void *self)
{
    (void)self;
}

static void take(struct member *member, struct broker_message *messages, int count)
{
    for (int i = count; i-- > 0;) {
        struct broker_message *message = &messages[i];
        if (message->offset >= member->next[message->partition])
            member->next[message->partition] = message->offset + 1;
        broker->ops->consumer_release(member->consumer, message);
    }
    atomic_fetch_add(&consumed, count);
}

/* Joins, takes some, leaves, until everything is taken: exactly once, since every hand-over commits. */
static void *consume(void *self)
{
    static const char *const topics[] = {"t"};
    struct broker_subscription subscription = {topics, 1, NULL, NULL};
    int64_t all = (int64_t)PARTITIONS * PRODUCERS * PER_PARTITION;
    unsigned seed = (unsigned)(intptr_t)self;
    while (atomic_load(&consumed) < all) {
        struct weir_error error = {0};
        struct member member = {0};
        struct broker_message messages[64];
        struct broker_rebalance rebalance = {&member, assigned, revoked, settled};
        member.consumer = broker->ops->consumer_open(broker, "g", "m", &subscription, 1, rebalance, &error);
        MUST(member.consumer != NULL, &error);
        for (int polls = 50 + rand_r(&seed) % 100; polls > 0 && atomic_load(&consumed) < all; polls--) {
            int count = broker->ops->consumer_poll(member.consumer, messages, 1 + rand_r(&seed) % 64, 10, &error);
            MUST(count >= 0, &error);
            take(&member, messages, count);
        }
        broker->ops->consumer_close(member.consumer);
    }
    return NULL;
}

static void *clean(void *self)
{
    (void)self;
    while (!atomic_load(&produced)) {
        embedded_clean((struct embedded *)broker, clock_wall_ms(&clock_system), true);
        usleep(2000);
    }
    return NULL;
}

int main(void)
{
    struct weir_error error = {0};
    char directory[] = "/tmp/weir-embedded-XXXXXX";
    struct broker_topic_spec spec = {
        .name = "t", .partitions = PARTITIONS, .cleanup = BROKER_COMPACT, .segment_bytes = 20000};
    log_set_level(LOG_ERROR);
    MUST(mkdtemp(directory) != NULL, NULL);
    MUST((broker = broker_embedded_open(directory, NULL, &error)) != NULL, &error);
    MUST(broker->ops->ensure(broker, &spec, 1, &error), &error);
    pthread_t producers[PRODUCERS], members[MEMBERS], reader, cleaner;
    pthread_create(&reader, NULL, read_all, NULL);
    pthread_create(&cleaner, NULL, clean, NULL);
    for (intptr_t i = 0; i < MEMBERS; i++)
        pthread_create(&members[i], NULL, consume, (void *)i);
    for (intptr_t i = 0; i < PRODUCERS; i++)
        pthread_create(&producers[i], NULL, produce, (void *)i);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    atomic_store(&produced, true);
    pthread_join(cleaner, NULL);
    for (int i = 0; i < MEMBERS; i++)
        pthread_join(members[i], NULL);
    pthread_join(reader, NULL);
    bool exact = atomic_load(&consumed) == (int64_t)PARTITIONS * PRODUCERS * PER_PARTITION;
    broker->ops->close(broker);
    tree_remove(directory);
    MUST(exact, NULL);
    puts("embedded: every record once, in order");
    return 0;
}
