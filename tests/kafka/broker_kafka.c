/* broker_kafka.c: the Kafka adapter against a real broker. Usage: broker_kafka HOST:PORT [NAME…]; prints "ok <name>" per
 * test, ends with 1 when one failed. Topics carry the process id, so that runs do not meet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/hash.h"
#include "broker/broker.h"

static struct broker *broker;
static const char *bootstrap;
static int failures;
#define CHECK(claim)                                                                                                   \
    do {                                                                                                               \
        if (!(claim)) {                                                                                                \
            printf("  line %d: not true: %s\n", __LINE__, #claim);                                                     \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)
#define CHECK_OK(call)                                                                                                 \
    do {                                                                                                               \
        struct weir_error error = {0};                                                                                 \
        bool good = (call);                                                                                            \
        if (!good) {                                                                                                   \
            printf("  line %d: %s: code %d: %s\n", __LINE__, #call, (int)error.code, error.message);                   \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static int64_t now_ms(void)
{
    return clock_monotonic_us(&clock_system) / 1000;
}

static const char *unique(const char *name)
{
    static char names[64][80];
    static int next;
    char *slot = names[next++ % 64];
    snprintf(slot, sizeof names[0], "%s-%d", name, (int)getpid());
    return slot;
}

static struct config *settings(const char *const (*pairs)[2])
{
    struct weir_error error = {0};
    struct config *config = config_new();
    config_set(config, "bootstrap.servers", bootstrap, &error);
    for (; pairs && (*pairs)[0]; pairs++)
        if (!config_set(config, (*pairs)[0], (*pairs)[1], &error))
            printf("  setting %s: %s\n", (*pairs)[0], error.message);
    return config;
}

static const char *create(const char *name, int32_t partitions, enum broker_cleanup cleanup)
{
    const char *topic = unique(name);
    struct broker_topic_spec spec = {.name = topic, .partitions = partitions, .cleanup = cleanup};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    return topic;
}

static weir_bytes text(const char *words)
{
    return bytes_of_text(words);
}

static void produce(const char *topic, int32_t partition, const char *key, const char *value, int64_t timestamp_ms,
                    struct broker_delivery *delivery, struct broker_producer *producer)
{
    struct broker_record record = {.partition = partition,
                                   .timestamp_ms = timestamp_ms,
                                   .key = text(key),
                                   .value = text(value),
                                   .delivery = delivery};
    CHECK_OK(broker->ops->producer_send(producer, topic, &record, &error));
}

static struct broker_producer *open_producer(void)
{
    struct weir_error error = {0};
    struct broker_producer *producer = broker->ops->producer_open(broker, "test-producer", &error);
    if (!producer)
        printf("  producer: %s\n", error.message), exit(1);
    return producer;
}

static void produce_numbers(const char *topic, int32_t partition, int from, int to)
{
    struct broker_producer *producer = open_producer();
    for (int i = from; i < to; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        produce(topic, partition, key, "value", 1000 + i, NULL, producer);
    }
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer);
}

/* ---- topics --------------------------------------------------------------------------------------------------- */

static void topics_are_created_checked_and_listed(void)
{
    const char *name = create("created", 3, BROKER_COMPACT);
    struct weir_error error = {0};
    CHECK(broker->ops->partitions(broker, name, &error) == 3);
    CHECK(broker->ops->partitions(broker, unique("absent"), &error) == 0 && error.code == WEIR_OK);
    struct broker_topic_spec spec = {.name = name, .partitions = 3, .cleanup = BROKER_COMPACT};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    spec.partitions = -7;
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    spec.partitions = 4;
    CHECK(!broker->ops->ensure(broker, &spec, 1, &error) && error.code == WEIR_INVALID);
    CHECK(strstr(error.message, name) && strstr(error.message, "3 partitions") && strstr(error.message, "4 are"));
    error = (struct weir_error){0};
    spec.partitions = 3, spec.cleanup = BROKER_DELETE;
    CHECK(!broker->ops->ensure(broker, &spec, 1, &error) && error.code == WEIR_INVALID);
    CHECK(strstr(error.message, "compact") && strstr(error.message, "delete"));
    weir_arena *arena = weir_arena_new();
    const char **names;
    size_t count = 0, seen = 0;
    CHECK_OK(broker->ops->topics(broker, arena, &names, &count, &error));
    for (size_t i = 0; i < count; i++) {
        seen += strcmp(names[i], name) == 0;
        CHECK(i == 0 || strcmp(names[i - 1], names[i]) < 0);
    }
    CHECK(seen == 1);
    weir_arena_free(arena);
}

static void topic_settings_reach_the_broker(void)
{
    struct broker_topic_spec specs[] = {
        {.name = unique("window-log"), .partitions = 1, .cleanup = BROKER_COMPACT_DELETE, .retention_ms = 86400000},
        {.name = unique("segments"),
         .partitions = -2,
         .segment_bytes = 2 << 20,
         .message_bytes_max = 3 << 20,
         .compaction_lag_ms = 5},
    };
    CHECK_OK(broker->ops->ensure(broker, specs, 2, &error));
    CHECK_OK(broker->ops->ensure(broker, specs, 2, &error));
    struct weir_error error = {0};
    CHECK(broker->ops->partitions(broker, specs[1].name, &error) == 2);
}

static void range_and_absent_partitions(void)
{
    const char *name = create("range", 2, BROKER_DELETE);
    int64_t begin = 7, end = 7;
    CHECK_OK(broker->ops->range(broker, name, 0, &begin, &end, &error));
    CHECK(begin == 0 && end == 0);
    produce_numbers(name, 0, 0, 5);
    CHECK_OK(broker->ops->range(broker, name, 0, &begin, &end, &error));
    CHECK(begin == 0 && end == 5);
    struct weir_error error = {0};
    CHECK(!broker->ops->range(broker, name, 2, &begin, &end, &error) && error.code == WEIR_ABSENT);
    error = (struct weir_error){0};
    CHECK(!broker->ops->range(broker, unique("nowhere"), 0, &begin, &end, &error) && error.code == WEIR_ABSENT);
}

/* ---- a reader that collects everything ------------------------------------------------------------------------- */

struct copy {
    int32_t token, partition;
    int64_t offset, timestamp_ms;
    char key[64], value[64];
    bool has_key, has_value;
    size_t value_size, header_count;
    char header[64];
};

static void copy_text(char *to, weir_bytes from)
{
    size_t size = from.size < 63 ? from.size : 63;
    if (size)
        memcpy(to, from.data, size);
    to[size] = 0;
}

static struct copy copy_of(const struct broker_message *message)
{
    struct copy copy = {.token = message->group,
                        .partition = message->partition,
                        .offset = message->offset,
                        .timestamp_ms = message->timestamp_ms,
                        .has_key = message->key.data,
                        .has_value = message->value.data,
                        .value_size = message->value.size,
                        .header_count = message->headers.count};
    copy_text(copy.key, message->key);
    copy_text(copy.value, message->value);
    for (size_t i = 0; i < message->headers.count; i++) {
        weir_bytes value = message->headers.items[i].value;
        size_t used = strlen(copy.header);
        snprintf(copy.header + used, sizeof copy.header - used, "%s=%.*s;", message->headers.items[i].name,
                 value.data ? (int)value.size : 4, value.data ? (const char *)value.data : "NULL");
    }
    return copy;
}

static struct copy copies[200000];

/* Reads token's partition up to `end`; returns how many messages came. */
static int read_to(struct broker_reader *reader, int32_t token, int64_t end)
{
    int count = 0;
    for (int64_t until = now_ms() + 20000; now_ms() < until && broker->ops->reader_position(reader, token) < end;) {
        struct broker_message batch[500];
        struct weir_error error = {0};
        int taken = broker->ops->reader_poll(reader, batch, 500, 200, &error);
        if (taken < 0) {
            printf("  reader: %s\n", error.message);
            break;
        }
        for (int i = 0; i < taken; i++) {
            copies[count++ % 200000] = copy_of(&batch[i]);
            broker->ops->reader_release(reader, &batch[i]);
        }
    }
    return count;
}

static struct broker_reader *open_reader(void)
{
    struct weir_error error = {0};
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    if (!reader)
        printf("  reader: %s\n", error.message), exit(1);
    return reader;
}

static int read_all(const char *topic, int32_t partition)
{
    struct weir_error error = {0};
    int64_t begin = 0, end = 0;
    CHECK_OK(broker->ops->range(broker, topic, partition, &begin, &end, &error));
    struct broker_reader *reader = open_reader();
    CHECK(broker->ops->reader_add(reader, topic, partition, 0, 1, &error));
    int count = read_to(reader, 1, end);
    CHECK(broker->ops->reader_position(reader, 1) >= end); /* beyond it, when a transaction has ended meanwhile */
    broker->ops->reader_close(reader);
    return count;
}

/* ---- producing -------------------------------------------------------------------------------------------------- */

static void a_record_comes_back_as_it_was_sent(void)
{
    const char *topic = create("whole", 1, BROKER_DELETE);
    struct broker_producer *producer = open_producer();
    struct weir_header headers[] = {{"trace", text("abc")}, {"empty", {"", 0}}, {"none", {NULL, 0}}};
    struct broker_record record = {
        .partition = 0, .timestamp_ms = 1234567, .key = text("k"), .value = text("v"), .headers = {headers, 3}};
    CHECK_OK(broker->ops->producer_send(producer, topic, &record, &error));
    struct broker_record absent = {.partition = 0, .timestamp_ms = 0};
    CHECK_OK(broker->ops->producer_send(producer, topic, &absent, &error));
    struct broker_record empty = {.partition = 0, .timestamp_ms = -1, .key = text(""), .value = text("")};
    CHECK_OK(broker->ops->producer_send(producer, topic, &empty, &error));
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer);
    CHECK(read_all(topic, 0) == 3);
    CHECK(copies[0].timestamp_ms == 1234567 && !strcmp(copies[0].key, "k") && !strcmp(copies[0].value, "v"));
    CHECK(copies[0].header_count == 3 && !strcmp(copies[0].header, "trace=abc;empty=;none=NULL;"));
    CHECK(!copies[1].has_key && !copies[1].has_value && copies[1].header_count == 0);
    CHECK(copies[1].timestamp_ms == 1);
    CHECK(copies[2].has_key && copies[2].has_value && copies[2].value_size == 0);
    CHECK(llabs(copies[2].timestamp_ms - clock_wall_ms(&clock_system)) < 60000);
}

static void deliveries_carry_the_next_offset(void)
{
    const char *topic = create("deliveries", 2, BROKER_DELETE);
    struct broker_producer *producer = open_producer();
    struct broker_delivery deliveries[2] = {{0}, {0}};
    for (int i = 0; i < 1000; i++)
        produce(topic, i % 4 == 0, "k", "v", 5, &deliveries[i % 4 == 0], producer);
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    CHECK(deliveries[0].next_offset == 750 && deliveries[1].next_offset == 250);
    int64_t start = now_ms();
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    CHECK(now_ms() - start < 100);
    broker->ops->producer_close(producer);
}

static void keys_are_placed_as_by_java(void)
{
    static const struct {
        const char *key;
        int32_t hash; /* of Kafka's own UtilsTest */
    } known[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"a-little-bit-longer-string", -1486304829},
                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                 {"abc", 479470107}};
    const char *topic = create("placement", 7, BROKER_DELETE);
    struct broker_producer *producer = open_producer();
    for (size_t i = 0; i < 6; i++)
        produce(topic, -1, known[i].key, "v", 5, NULL, producer);
    produce(topic, -1, "", "empty key", 5, NULL, producer);
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer);
    int found = 0;
    for (int32_t partition = 0; partition < 7; partition++) {
        int count = read_all(topic, partition);
        for (int m = 0; m < count; m++) {
            CHECK(hash_partition(text(copies[m].key), 7) == partition);
            for (size_t i = 0; i < 6; i++)
                if (strcmp(known[i].key, copies[m].key) == 0) {
                    CHECK((known[i].hash & 0x7fffffff) % 7 == partition);
                    found++;
                }
        }
    }
    CHECK(found == 6);
}

/* Filled by tests/kafka/broker_test with Kafka's console producer. */
static void a_topic_written_by_java_is_placed_by_our_hash(void)
{
    struct weir_error error = {0};
    int32_t count = broker->ops->partitions(broker, "java-placement", &error);
    int found = 0;
    for (int32_t partition = 0; partition < count; partition++) {
        int messages = read_all("java-placement", partition);
        for (int m = 0; m < messages; m++, found++)
            CHECK(hash_partition(text(copies[m].key), count) == partition);
    }
    CHECK(found == (count > 0 ? 200 : 0));
}

/* Bytes that no codec makes smaller. */
static char *noise(size_t size)
{
    char *bytes = calloc(1, size);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < size; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        bytes[i] = (char)(state >> 32);
    }
    return bytes;
}

static void what_can_never_be_taken_is_poison(void)
{
    struct broker_topic_spec spec = {.name = unique("small"), .partitions = 1, .message_bytes_max = 20000};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    struct broker_producer *producer = open_producer();
    char *large = noise(20 << 20);
    struct weir_error error = {0};
    struct broker_delivery delivery = {0};
    struct broker_record record = {.partition = 0, .value = {large, 20 << 20}, .delivery = &delivery};
    CHECK(!broker->ops->producer_send(producer, spec.name, &record, &error) && error.code == WEIR_POISON);
    CHECK(strstr(error.message, spec.name) != NULL);
    record.value.size = 100000; /* librdkafka takes it, the topic does not */
    error = (struct weir_error){0};
    CHECK_OK(broker->ops->producer_send(producer, spec.name, &record, &error));
    CHECK(!broker->ops->producer_flush(producer, 30000, &error) && error.code == WEIR_FENCED);
    CHECK(strstr(error.message, spec.name) && strstr(error.message, "partition 0"));
    error = (struct weir_error){0}; /* whoever goes back and sends it again is told */
    CHECK(!broker->ops->producer_send(producer, spec.name, &record, &error) && error.code == WEIR_POISON);
    CHECK(strstr(error.message, spec.name) && strstr(error.message, "100000 bytes"));
    CHECK(delivery.next_offset == 0);
    error = (struct weir_error){0};
    record.value.size = 100;
    CHECK(!broker->ops->producer_send(producer, unique("never"), &record, &error) && error.code == WEIR_POISON);
    error = (struct weir_error){0};
    record.partition = 3;
    CHECK(!broker->ops->producer_send(producer, spec.name, &record, &error) && error.code == WEIR_POISON);
    record.partition = 0; /* and the producer lives on */
    CHECK_OK(broker->ops->producer_send(producer, spec.name, &record, &error));
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    CHECK(delivery.next_offset == 1);
    broker->ops->producer_close(producer);
    free(large);
}

/* The broker refuses a batch as a whole. */
static void one_record_too_large_is_found_in_its_batch(void)
{
    struct broker_topic_spec spec = {.name = unique("batch"), .partitions = 1, .message_bytes_max = 20000};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    struct broker_producer *producer = open_producer();
    char *large = noise(100000);
    struct weir_error error = {0};
    struct broker_record records[] = {{.value = {large, 100}}, {.value = {large, 100000}}, {.value = {large + 1, 100}}};
    for (int i = 0; i < 3; i++)
        CHECK_OK(broker->ops->producer_send(producer, spec.name, &records[i], &error));
    CHECK(!broker->ops->producer_flush(producer, 30000, &error) && error.code == WEIR_FENCED);
    error = (struct weir_error){0};
    CHECK_OK(broker->ops->producer_send(producer, spec.name, &records[0], &error));
    CHECK(!broker->ops->producer_send(producer, spec.name, &records[1], &error) && error.code == WEIR_POISON);
    CHECK_OK(broker->ops->producer_send(producer, spec.name, &records[2], &error));
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer);
    free(large);
    CHECK(read_all(spec.name, 0) >= 2);
}

static void large_values_pass(void)
{
    struct broker_topic_spec spec = {.name = unique("large"), .partitions = 1, .message_bytes_max = 17 << 20};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    struct broker_producer *producer = open_producer();
    static const size_t sizes[] = {2 << 20, 100, 16 << 20, 2 << 20};
    char *large = noise(16 << 20);
    for (int i = 0; i < 4; i++) {
        struct broker_record record = {.partition = 0, .value = {large, sizes[i]}};
        CHECK_OK(broker->ops->producer_send(producer, spec.name, &record, &error));
    }
    CHECK_OK(broker->ops->producer_flush(producer, 60000, &error));
    broker->ops->producer_close(producer);
    free(large);
    CHECK(read_all(spec.name, 0) == 4);
    for (int i = 0; i < 4; i++)
        CHECK(copies[i].value_size == sizes[i]);
}

static void a_producer_may_be_closed_with_records_on_their_way(void)
{
    const char *topic = create("closed", 1, BROKER_DELETE);
    struct broker_producer *producer = open_producer();
    struct broker_delivery *delivery = calloc(1, sizeof *delivery);
    for (int i = 0; i < 10000; i++)
        produce(topic, 0, "k", "v", 5, delivery, producer);
    free(delivery);
    broker->ops->producer_close(producer);
}

/* ---- consuming in a group --------------------------------------------------------------------------------------- */

enum { GROUPS = 2, SOURCES = 2, PARTITIONS = 4 };
struct member {
    struct broker_consumer *consumer;
    bool owns[GROUPS][PARTITIONS];
    int64_t next[GROUPS][SOURCES][PARTITIONS], start[GROUPS][SOURCES][PARTITIONS];
    char metadata[64];
    int assigned, revoked, lost, settled, messages, gaps;
    bool keep_paused, commit_on_revoke;
    const char *topics[GROUPS][SOURCES];
    int32_t counts[GROUPS][SOURCES]; /* of partitions; 0: PARTITIONS */
    struct weir_error failure;
    enum weir_code revoke_code;
};

static bool has_source(const struct member *member, int32_t group, int source, int32_t partition)
{
    int32_t count = member->counts[group][source] ? member->counts[group][source] : PARTITIONS;
    return member->topics[group][source] && partition < count;
}

static void take_share(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct member *member = self;
    member->assigned++;
    CHECK(!member->owns[group][partition]);
    member->owns[group][partition] = true;
    for (int source = 0; source < SOURCES; source++) {
        if (!has_source(member, group, source, partition))
            continue;
        member->start[group][source][partition] = starts[source].offset;
        member->next[group][source][partition] = starts[source].offset < 0 ? 0 : starts[source].offset;
        snprintf(member->metadata, sizeof member->metadata, "%s", starts[source].metadata);
        if (!member->keep_paused)
            broker->ops->consumer_resume(member->consumer, group, source, partition);
    }
}

static bool commit_share(struct member *member, int32_t group, int32_t partition, const char *metadata,
                         struct weir_error *error)
{
    struct broker_offset offsets[SOURCES];
    size_t count = 0;
    for (int source = 0; source < SOURCES; source++)
        if (has_source(member, group, source, partition))
            offsets[count++] = (struct broker_offset){member->topics[group][source], partition,
                                                      member->next[group][source][partition], metadata};
    return broker->ops->consumer_commit(member->consumer, offsets, count, error);
}

static void give_share(void *self, int32_t group, int32_t partition, bool lost)
{
    struct member *member = self;
    member->revoked++;
    member->lost += lost;
    CHECK(member->owns[group][partition]);
    if (member->commit_on_revoke) {
        struct weir_error error = {0};
        commit_share(member, group, partition, "revoked", &error);
        member->revoke_code = error.code;
    }
    member->owns[group][partition] = false;
}

static void settle(void *self)
{
    ((struct member *)self)->settled++;
}

static bool join(struct member *member, const char *group, const char *name)
{
    struct broker_subscription subscriptions[GROUPS] = {{0}};
    size_t count = 0;
    for (; count < GROUPS && member->topics[count][0]; count++)
        subscriptions[count] =
            (struct broker_subscription){member->topics[count], member->topics[count][1] ? 2 : 1, NULL, NULL};
    struct broker_rebalance rebalance = {member, take_share, give_share, settle};
    member->consumer =
        broker->ops->consumer_open(broker, group, name, subscriptions, count, rebalance, &member->failure);
    return member->consumer;
}

/* One poll; checks that offsets are contiguous. -1: failed. */
static int turn(struct member *member, int max, int timeout_ms)
{
    struct broker_message batch[1000];
    int taken = broker->ops->consumer_poll(member->consumer, batch, max, timeout_ms, &member->failure);
    for (int i = 0; i < taken; i++) {
        const struct broker_message *message = &batch[i];
        CHECK(member->owns[message->group][message->partition]);
        int64_t *next = &member->next[message->group][message->source][message->partition];
        if (*next != message->offset && member->gaps++ < 5)
            printf("  group %d source %d partition %d: offset %" PRId64 " where %" PRId64 " was expected\n",
                   message->group, message->source, message->partition, message->offset, *next);
        *next = message->offset + 1;
        member->messages++;
        broker->ops->consumer_release(member->consumer, &batch[i]);
    }
    return taken;
}

static bool turn_until(struct member *member, int messages, int timeout_ms)
{
    for (int64_t until = now_ms() + timeout_ms; now_ms() < until && member->messages < messages;)
        if (turn(member, 500, 100) < 0) {
            printf("  poll: %s\n", member->failure.message);
            return false;
        }
    return member->messages >= messages;
}

static int owned(const struct member *member)
{
    int count = 0;
    for (int group = 0; group < GROUPS; group++)
        for (int partition = 0; partition < PARTITIONS; partition++)
            count += member->owns[group][partition];
    return count;
}

static void fill(struct member *member, int records)
{
    for (int group = 0; group < GROUPS; group++)
        for (int source = 0; source < SOURCES; source++)
            for (int partition = 0; has_source(member, group, source, partition); partition++)
                produce_numbers(member->topics[group][source], partition, 0, records);
}

static void name_topics(struct member *member, const char *prefix)
{
    char name[64];
    for (int group = 0; group < GROUPS; group++)
        for (int source = 0; source < (group == 0 ? 2 : 1); source++) {
            snprintf(name, sizeof name, "%s-%d-%d", prefix, group, source);
            member->topics[group][source] = create(name, PARTITIONS, BROKER_DELETE);
        }
}

static void a_member_alone_gets_everything_with_co_partitions(void)
{
    struct member member = {0};
    name_topics(&member, "alone");
    fill(&member, 100);
    CHECK(join(&member, unique("alone"), "member-1"));
    CHECK(turn_until(&member, 3 * PARTITIONS * 100, 20000));
    CHECK(member.assigned == 2 * PARTITIONS && member.settled == 1 && member.gaps == 0);
    CHECK(member.start[0][1][3] == BROKER_NO_OFFSET && member.metadata[0] == 0);
    CHECK(broker->ops->consumer_end(member.consumer, 0, 1, 2) == 100);
    struct weir_error error = {0};
    CHECK(turn(&member, 500, 200) == 0 && member.messages == 3 * PARTITIONS * 100);
    CHECK(commit_share(&member, 0, 2, "position=17", &error));
    int64_t offset = 0;
    CHECK_OK(broker->ops->committed(broker, unique("alone"), member.topics[0][1], 2, &offset, &error));
    CHECK(offset == 100);
    CHECK_OK(broker->ops->committed(broker, unique("alone"), member.topics[0][1], 1, &offset, &error));
    CHECK(offset == BROKER_NO_OFFSET);
    CHECK_OK(broker->ops->committed(broker, unique("nobody"), member.topics[0][1], 1, &offset, &error));
    CHECK(offset == BROKER_NO_OFFSET);
    broker->ops->consumer_close(member.consumer);
    CHECK(member.revoked == 2 * PARTITIONS && member.lost == 0 && member.settled == 1);
}

static void a_share_has_the_topics_that_have_its_partition(void)
{
    struct member member = {.counts = {{0, 2}}};
    member.topics[0][0] = create("wide", PARTITIONS, BROKER_DELETE);
    member.topics[0][1] = create("narrow", 2, BROKER_DELETE);
    member.topics[1][0] = create("beside", PARTITIONS, BROKER_DELETE);
    fill(&member, 10);
    CHECK(join(&member, unique("uneven"), "member-1"));
    CHECK(turn_until(&member, (2 * PARTITIONS + 2) * 10, 20000));
    CHECK(member.assigned == 2 * PARTITIONS && member.gaps == 0);
    for (int32_t partition = 0; partition < PARTITIONS; partition++)
        CHECK_OK(commit_share(&member, 0, partition, "m", &error));
    int64_t offset = 0;
    CHECK_OK(broker->ops->committed(broker, unique("uneven"), member.topics[0][1], 1, &offset, &error));
    CHECK(offset == 10);
    broker->ops->consumer_close(member.consumer);
    CHECK(member.revoked == 2 * PARTITIONS && member.lost == 0);
}

static void topics_are_told_by_their_width(void)
{
    struct member member = {0};
    member.topics[0][0] = create("narrower", 2, BROKER_DELETE);
    member.topics[0][1] = create("wider", PARTITIONS, BROKER_DELETE);
    member.topics[1][0] = create("aside", PARTITIONS, BROKER_DELETE);
    CHECK(!join(&member, unique("widths"), "member-1"));
    CHECK(member.failure.code == WEIR_INVALID && strstr(member.failure.message, member.topics[0][1]));
}

static void offsets_and_metadata_come_back(void)
{
    struct member first = {0};
    name_topics(&first, "again");
    fill(&first, 10);
    const char *group = unique("again");
    CHECK(join(&first, group, "member-1"));
    CHECK(turn_until(&first, 3 * PARTITIONS * 10, 20000));
    char large[4001] = {0};
    memset(large, 'x', 4000);
    struct broker_offset offset = {first.topics[1][0], 0, 3, large};
    CHECK_OK(broker->ops->consumer_commit(first.consumer, &offset, 1, &error));
    for (int partition = 0; partition < PARTITIONS; partition++)
        CHECK_OK(commit_share(&first, 0, partition, "meta=1", &error));
    offset = (struct broker_offset){first.topics[1][0], 0, 4, "meta=1"};
    CHECK_OK(broker->ops->consumer_commit(first.consumer, &offset, 1, &error));
    broker->ops->consumer_close(first.consumer);
    struct member second = {.keep_paused = true};
    memcpy(second.topics, first.topics, sizeof first.topics);
    CHECK(join(&second, group, "member-1"));
    for (int64_t until = now_ms() + 20000; now_ms() < until && !second.settled;)
        turn(&second, 500, 100);
    for (int i = 0; i < 5; i++)
        CHECK(turn(&second, 500, 50) == 0); /* a share starts paused */
    CHECK(second.start[0][0][0] == 10 && second.start[0][1][3] == 10 && second.start[1][0][0] == 4);
    CHECK(second.start[1][0][1] == BROKER_NO_OFFSET);
    for (int partition = 0; partition < PARTITIONS; partition++)
        broker->ops->consumer_resume(second.consumer, 1, 0, partition);
    CHECK(turn_until(&second, 6 + 30, 20000));
    turn(&second, 500, 200);
    CHECK(second.messages == 36 && second.gaps == 0);
    broker->ops->consumer_close(second.consumer);
}

static void two_members_share_and_hand_over(void)
{
    struct member one = {.commit_on_revoke = true}, two = {.commit_on_revoke = true};
    name_topics(&one, "shared");
    fill(&one, 200);
    memcpy(two.topics, one.topics, sizeof one.topics);
    const char *group = unique("shared");
    CHECK(join(&one, group, "member-1"));
    CHECK(turn_until(&one, 3 * PARTITIONS * 200, 20000));
    CHECK(join(&two, group, "member-2"));
    int64_t begun = now_ms();
    while (now_ms() < begun + 20000 && !(owned(&two) > 0 && owned(&one) > 0))
        turn(&one, 500, 10), turn(&two, 500, 10);
    printf("  two members after %d ms: %d and %d shares\n", (int)(now_ms() - begun), owned(&one), owned(&two));
    CHECK(owned(&one) == PARTITIONS && owned(&two) == PARTITIONS);
    CHECK(one.revoke_code == WEIR_OK && !strcmp(two.metadata, "revoked"));
    for (int g = 0; g < GROUPS; g++)
        for (int partition = 0; partition < PARTITIONS; partition++)
            CHECK(one.owns[g][partition] != two.owns[g][partition]);
    fill(&one, 50);
    for (int64_t until = now_ms() + 20000; now_ms() < until && one.messages + two.messages < 3 * PARTITIONS * 250;)
        turn(&one, 500, 10), turn(&two, 500, 10);
    turn(&one, 500, 100), turn(&two, 500, 100);
    CHECK(one.messages + two.messages == 3 * PARTITIONS * 250 && one.gaps == 0 && two.gaps == 0);
    int32_t foreign = one.owns[0][0] ? 1 : 0;
    struct member *stranger = foreign ? &two : &one;
    struct weir_error error = {0};
    CHECK(!commit_share(stranger, 0, 0, "", &error) && error.code == WEIR_FENCED);
    broker->ops->consumer_close(two.consumer);
    for (int64_t until = now_ms() + 20000; now_ms() < until && owned(&one) < 2 * PARTITIONS;)
        turn(&one, 500, 10);
    CHECK(owned(&one) == 2 * PARTITIONS && one.gaps == 0 && one.lost == 0);
    broker->ops->consumer_close(one.consumer);
}

static void pause_and_resume_lose_and_repeat_nothing(void)
{
    struct member member = {0};
    member.topics[0][0] = create("flap", PARTITIONS, BROKER_DELETE);
    int per_partition = 40000;
    fill(&member, per_partition);
    CHECK(join(&member, unique("flap"), "member-1"));
    unsigned step = 1;
    bool paused[PARTITIONS] = {false};
    for (int64_t until = now_ms() + 60000; now_ms() < until && member.messages < PARTITIONS * per_partition;) {
        step = step * 1103515245u + 12345u;
        int32_t partition = (int32_t)(step >> 16) % PARTITIONS;
        if (owned(&member)) {
            if (paused[partition])
                broker->ops->consumer_resume(member.consumer, 0, 0, partition);
            else
                broker->ops->consumer_pause(member.consumer, 0, 0, partition);
            if ((step >> 20) % 3 == 0) /* idempotent */
                broker->ops->consumer_resume(member.consumer, 0, 0, partition), paused[partition] = false;
            else
                paused[partition] = !paused[partition];
        }
        int64_t before = member.next[0][0][partition];
        int taken = turn(&member, 1 + (int)(step >> 18) % 900, 5);
        CHECK(!paused[partition] || member.next[0][0][partition] == before);
        if (taken == 0 && owned(&member))
            for (int p = 0; p < PARTITIONS; p++)
                broker->ops->consumer_resume(member.consumer, 0, 0, p), paused[p] = false;
    }
    CHECK(member.messages == PARTITIONS * per_partition && member.gaps == 0);
    broker->ops->consumer_close(member.consumer);
}

/* One partition stands still long enough for its shelf to fill, so that it is stopped at librdkafka and continued. */
static void a_long_pause_holds_little_and_loses_nothing(void)
{
    struct member member = {0};
    member.topics[0][0] = create("standing", PARTITIONS, BROKER_DELETE);
    fill(&member, 50000);
    CHECK(join(&member, unique("standing"), "member-1"));
    while (!owned(&member) && member.failure.code == WEIR_OK)
        turn(&member, 1, 100);
    broker->ops->consumer_pause(member.consumer, 0, 0, 2);
    int64_t stood = member.next[0][0][2];
    for (int64_t until = now_ms() + 30000; now_ms() < until && member.messages < 150000 + (int)stood;)
        turn(&member, 1000, 20);
    CHECK(member.next[0][0][2] == stood && member.messages == 150000 + (int)stood);
    broker->ops->consumer_resume(member.consumer, 0, 0, 2);
    CHECK(turn_until(&member, 200000, 30000));
    CHECK(member.gaps == 0);
    broker->ops->consumer_close(member.consumer);
}

/* Else a join would go on without the records of its table that the consumer already holds. */
static void what_a_pause_keeps_back_is_still_to_be_read(void)
{
    struct member member = {0};
    enum { EACH = 500, PAUSED = 2 };
    member.topics[0][0] = create("kept-back", PARTITIONS, BROKER_DELETE);
    fill(&member, EACH);
    CHECK(join(&member, unique("kept-back"), "member-1"));
    while (!owned(&member) && member.failure.code == WEIR_OK)
        turn(&member, 1, 100);
    broker->ops->consumer_pause(member.consumer, 0, 0, PAUSED);
    int others = (PARTITIONS - 1) * EACH + (int)member.next[0][0][PAUSED];
    CHECK(turn_until(&member, others, 20000));
    for (int64_t until = now_ms() + 1000; now_ms() < until;) /* the end of the partition is heard of meanwhile */
        turn(&member, 500, 20);
    CHECK(broker->ops->consumer_is_behind(member.consumer, 0, 0, PAUSED));
    CHECK(broker->ops->consumer_end(member.consumer, 0, 0, PAUSED) == EACH);
    broker->ops->consumer_resume(member.consumer, 0, 0, PAUSED);
    CHECK(turn_until(&member, PARTITIONS * EACH, 20000));
    for (int64_t until = now_ms() + 1000; now_ms() < until;)
        turn(&member, 500, 20);
    CHECK(!broker->ops->consumer_is_behind(member.consumer, 0, 0, PAUSED));
    broker->ops->consumer_close(member.consumer);
}

static void *wake_later(void *consumer)
{
    usleep(100 * 1000);
    broker->ops->consumer_wake(consumer);
    return NULL;
}

static void a_wait_ends_when_woken_or_when_a_message_comes(void)
{
    struct member member = {0};
    member.topics[0][0] = create("wait", PARTITIONS, BROKER_DELETE);
    fill(&member, 1);
    CHECK(join(&member, unique("wait"), "member-1"));
    CHECK(turn_until(&member, PARTITIONS, 20000));
    pthread_t thread;
    pthread_create(&thread, NULL, wake_later, member.consumer);
    int64_t start = now_ms();
    CHECK(turn(&member, 500, 5000) == 0);
    CHECK(now_ms() - start >= 80 && now_ms() - start < 1000);
    pthread_join(thread, NULL);
    start = now_ms();
    CHECK(turn(&member, 500, 150) == 0 && now_ms() - start >= 145);
    struct broker_producer *producer = open_producer();
    int64_t worst = 0, sum = 0;
    for (int i = 0; i < 50; i++) {
        produce(member.topics[0][0], i % PARTITIONS, "k", "v", 5, NULL, producer);
        start = clock_monotonic_us(&clock_system);
        CHECK_OK(broker->ops->producer_flush(producer, 5000, &error));
        while (turn(&member, 500, 1000) == 0)
            continue;
        int64_t took = clock_monotonic_us(&clock_system) - start;
        sum += took, worst = took > worst ? took : worst;
    }
    printf("  produce, flush, poll: %.1f ms mean, %.1f ms worst\n", (double)sum / 50e3, (double)worst / 1e3);
    CHECK(sum / 50 < 200000 && member.gaps == 0);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
}

static void wrong_subscriptions_are_refused_by_name(void)
{
    struct member member = {0};
    member.topics[0][0] = unique("not-there");
    CHECK(!join(&member, unique("g"), "member-1") && member.failure.code == WEIR_FATAL);
    CHECK(strstr(member.failure.message, member.topics[0][0]) != NULL);
    struct member twice = {0};
    twice.topics[0][0] = twice.topics[1][0] = create("twice", 2, BROKER_DELETE);
    CHECK(!join(&twice, unique("g"), "member-1") && twice.failure.code == WEIR_INVALID);
    CHECK(strstr(twice.failure.message, "source of two") != NULL);
    struct member uneven = {0};
    uneven.topics[0][0] = twice.topics[0][0];
    uneven.topics[0][1] = create("uneven", 3, BROKER_DELETE);
    CHECK(!join(&uneven, unique("g"), "member-1") && uneven.failure.code == WEIR_INVALID);
}

static void a_member_that_was_away_loses_its_shares_and_comes_back(void)
{
    static const char *const short_patience[][2] = {
        {"consumer.max.poll.interval.ms", "6000"}, {"consumer.session.timeout.ms", "6000"}, {NULL, NULL}};
    struct config *config = settings(short_patience);
    struct weir_error problem = {0};
    struct broker *usual = broker;
    broker = broker_kafka_open(config, &problem);
    struct member member = {.commit_on_revoke = true};
    member.topics[0][0] = create("away", PARTITIONS, BROKER_DELETE);
    fill(&member, 10);
    CHECK(join(&member, unique("away"), "member-1"));
    CHECK(turn_until(&member, PARTITIONS * 10, 20000));
    usleep(7500 * 1000);
    int code = 0, assigned = member.assigned;
    for (int64_t until = now_ms() + 20000; now_ms() < until && member.assigned == assigned;) {
        member.failure = (struct weir_error){0};
        if (turn(&member, 500, 100) < 0)
            code = (int)member.failure.code;
    }
    CHECK(code == WEIR_RETRY && member.lost == PARTITIONS && member.revoke_code == WEIR_FENCED);
    CHECK(member.assigned == 2 * PARTITIONS && member.start[0][0][0] == BROKER_NO_OFFSET);
    CHECK(turn_until(&member, PARTITIONS * 20, 20000));
    CHECK(member.gaps == 0);
    broker->ops->consumer_close(member.consumer);
    broker->ops->close(broker);
    broker = usual;
    config_free(config);
}

static void the_older_of_two_instances_of_one_name_is_fenced(void)
{
    static const char *const named[][2] = {{"group.instance.id", "pod-0"}, {NULL, NULL}};
    struct config *config = settings(named);
    struct weir_error problem = {0};
    struct broker *usual = broker;
    broker = broker_kafka_open(config, &problem);
    struct member older = {0}, newer = {0};
    older.topics[0][0] = newer.topics[0][0] = create("named", PARTITIONS, BROKER_DELETE);
    fill(&older, 10);
    CHECK(join(&older, unique("named"), "app-1"));
    CHECK(turn_until(&older, PARTITIONS * 10, 20000));
    CHECK(join(&newer, unique("named"), "other-1"));
    int code = 0;
    for (int64_t until = now_ms() + 20000; now_ms() < until && code >= 0;)
        turn(&newer, 500, 10), code = turn(&older, 500, 10);
    CHECK(code == -1 &&
          older.failure.code == WEIR_FENCED); /* whoever polls joins again, or gives up after some turns */
    printf("  %s\n", older.failure.message);
    CHECK(turn_until(&newer, PARTITIONS * 10, 20000));
    broker->ops->consumer_close(older.consumer);
    broker->ops->consumer_close(newer.consumer);
    broker->ops->close(broker);
    broker = usual;
    config_free(config);
}

/* The session times out after 45 s: until then a member that has not left has its partitions. */
static void a_clean_stop_gives_up_the_place_of_a_name_of_our_own(void)
{
    enum { AT_ONCE_MS = 10000 };
    struct member first = {0}, second = {0}, third = {0};
    first.topics[0][0] = second.topics[0][0] = third.topics[0][0] = create("left", PARTITIONS, BROKER_DELETE);
    fill(&first, 10);
    const char *group = unique("left");
    for (int i = 0; i < 5; i++) {
        struct member brief = {.topics[0][0] = first.topics[0][0]};
        char name[64];
        snprintf(name, sizeof name, "app-brief-%d-StreamThread-1", i);
        CHECK(join(&brief, group, name));
        usleep((useconds_t)i * 20000);
        broker->ops->consumer_close(brief.consumer); /* while it joins */
        CHECK(brief.messages == 0);
    }
    CHECK(join(&first, group, "app-disk-1-StreamThread-1"));
    CHECK(turn_until(&first, PARTITIONS * 10, AT_ONCE_MS));
    int64_t start = now_ms();
    broker->ops->consumer_close(first.consumer);
    printf("  left in %d ms\n", (int)(now_ms() - start));
    CHECK(first.revoked == PARTITIONS && first.lost == 0);
    CHECK(join(&second, group, "app-disk-2-StreamThread-1"));
    CHECK(turn_until(&second, PARTITIONS * 10, AT_ONCE_MS));
    CHECK(join(&third, group, "app-disk-3-StreamThread-1"));
    for (int64_t until = now_ms() + AT_ONCE_MS; now_ms() < until && second.revoked < PARTITIONS;)
        turn(&second, 500, 10);
    CHECK(second.revoked == PARTITIONS);
    int held = second.assigned;
    broker->ops->consumer_close(second.consumer); /* in the middle of a rebalance */
    CHECK(second.assigned == held);
    CHECK(turn_until(&third, PARTITIONS * 10, AT_ONCE_MS));
    broker->ops->consumer_close(third.consumer);
}

/* KAFKA_RESTART: a command that kills the broker and starts it again; absent: nothing is tested. */
static void a_restart_of_the_broker_is_survived(void)
{
    const char *command = getenv("KAFKA_RESTART");
    if (!command)
        return;
    struct member member = {0};
    member.topics[0][0] = create("restart", PARTITIONS, BROKER_DELETE);
    fill(&member, 100);
    CHECK(join(&member, unique("restart"), "member-1"));
    CHECK(turn_until(&member, PARTITIONS * 100, 20000));
    CHECK_OK(commit_share(&member, 0, 1, "before", &error));
    struct broker_producer *producer = open_producer();
    produce(member.topics[0][0], 0, "k", "v", 5, NULL, producer);
    CHECK_OK(broker->ops->producer_flush(producer, 5000, &error));
    CHECK(system(command) == 0);
    for (int i = 0; i < 100; i++)
        produce(member.topics[0][0], i % PARTITIONS, "k", "v", 5, NULL, producer);
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    for (int64_t until = now_ms() + 60000; now_ms() < until && member.messages < PARTITIONS * 100 + 101;) {
        member.failure = (struct weir_error){0};
        CHECK(turn(&member, 500, 100) >= 0 || member.failure.code == WEIR_RETRY);
    }
    CHECK(member.messages == PARTITIONS * 100 + 101 && member.gaps == 0);
    struct weir_error error = {0};
    for (int64_t until = now_ms() + 30000; now_ms() < until;) {
        error = (struct weir_error){0};
        if (commit_share(&member, 0, 1, "after", &error) || error.code != WEIR_RETRY)
            break;
        turn(&member, 500, 100);
    }
    CHECK(error.code == WEIR_OK);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
}

/* Not a test of speed, but a line in the log that would show a fall. */
static void speed_is_written_down(void)
{
    enum { RECORDS = 400000 };
    struct member member = {0};
    member.topics[0][0] = create("speed", PARTITIONS, BROKER_DELETE);
    struct broker_producer *producer = open_producer();
    int64_t start = now_ms();
    char value[84] = {0};
    for (int i = 0; i < RECORDS;) {
        char key[17];
        snprintf(key, sizeof key, "%016d", i);
        struct broker_record record = {.partition = -1, .timestamp_ms = i + 1, .key = {key, 16}, .value = {value, 84}};
        struct weir_error error = {0};
        bool taken = broker->ops->producer_send(producer, member.topics[0][0], &record, &error);
        CHECK(taken || error.code == WEIR_RETRY);
        i += taken;
        if (!taken || i % 1000 == 0)
            broker->ops->producer_poll(producer);
    }
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer);
    int64_t produced = now_ms();
    CHECK(join(&member, unique("speed"), "member-1"));
    CHECK(turn_until(&member, RECORDS, 60000));
    CHECK(member.gaps == 0);
    printf("  %d records of 100 bytes: produced in %d ms, consumed in %d ms\n", RECORDS, (int)(produced - start),
           (int)(now_ms() - produced));
    broker->ops->consumer_close(member.consumer);
}

/* Deletes what is before `offset`, with librdkafka itself: the adapter deletes only what is committed. */
static void delete_records(const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteRecords(client, &request, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
    CHECK(event && !rd_kafka_event_error(event));
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

static void an_offset_that_retention_took_stops_with_its_name(void)
{
    struct member member = {0};
    member.topics[0][0] = create("expired", PARTITIONS, BROKER_DELETE);
    fill(&member, 100);
    const char *group = unique("expired");
    CHECK(join(&member, group, "member-1"));
    CHECK(turn_until(&member, PARTITIONS * 100, 20000));
    struct broker_offset offset = {member.topics[0][0], 1, 20, NULL};
    CHECK_OK(broker->ops->consumer_commit(member.consumer, &offset, 1, &error));
    broker->ops->consumer_close(member.consumer);
    delete_records(member.topics[0][0], 1, 60);
    struct member late = {0};
    late.topics[0][0] = member.topics[0][0];
    CHECK(join(&late, group, "member-1"));
    int code = 0;
    for (int64_t until = now_ms() + 20000; now_ms() < until && code >= 0;)
        code = turn(&late, 500, 100);
    CHECK(code == -1 && late.failure.code == WEIR_FATAL);
    printf("  %s\n", late.failure.message);
    CHECK(strstr(late.failure.message, late.topics[0][0]) && strstr(late.failure.message, "partition 1"));
    CHECK(strstr(late.failure.message, "offset 20 ") != NULL);
    broker->ops->consumer_close(late.consumer);
}

static void wait_until_purged(struct member *member, const struct broker_offset *offset)
{
    int64_t begin = 0, end = 0;
    for (int64_t until = now_ms() + 30000; now_ms() < until && begin < offset->offset; turn(member, 500, 20))
        CHECK_OK(broker->ops->range(broker, offset->topic, offset->partition, &begin, &end, &error));
    CHECK(begin == offset->offset && end == 100);
}

static enum broker_purge purge(struct member *member, const struct broker_offset *offset, struct weir_error *error)
{
    enum broker_purge before = BROKER_PURGE_WAITING;
    for (int64_t until = now_ms() + 30000; now_ms() < until && before == BROKER_PURGE_WAITING; turn(member, 500, 20))
        before = broker->ops->consumer_purge(member->consumer, offset, 1, error);
    return before;
}

static void what_is_committed_is_purged_and_a_member_that_is_behind_it_is_fenced(void)
{
    struct member member = {0};
    member.topics[0][0] = create("purged", PARTITIONS, BROKER_DELETE);
    fill(&member, 100);
    CHECK(join(&member, unique("purged"), "member-1"));
    CHECK(turn_until(&member, PARTITIONS * 100, 20000));
    const struct broker_offset done = {member.topics[0][0], 1, 60, NULL}, before = {member.topics[0][0], 1, 20, NULL};
    CHECK_OK(broker->ops->consumer_commit(member.consumer, &done, 1, &error));
    struct weir_error none = {0};
    CHECK(purge(&member, &done, &none) == BROKER_PURGE_ASKED);
    wait_until_purged(&member, &done);
    CHECK(purge(&member, &done, &none) == BROKER_PURGE_ASKED && none.code == WEIR_OK);
    broker->ops->consumer_rewind(member.consumer, &before, 1);
    int code = 0;
    for (int64_t until = now_ms() + 20000; now_ms() < until && code >= 0;)
        code = turn(&member, 500, 100);
    CHECK(code == -1 && member.failure.code == WEIR_FENCED);
    printf("  %s\n", member.failure.message);
    broker->ops->consumer_close(member.consumer);
}

static void a_purge_that_fails_is_told_by_the_next(void)
{
    struct member member = {0};
    member.topics[0][0] = create("not-purged", PARTITIONS, BROKER_DELETE);
    fill(&member, 100);
    CHECK(join(&member, unique("not-purged"), "member-1"));
    CHECK(turn_until(&member, PARTITIONS * 100, 20000));
    const struct broker_offset beyond = {member.topics[0][0], 1, 1000, NULL}, fine = {member.topics[0][0], 1, 10, NULL};
    struct weir_error error = {0};
    CHECK(purge(&member, &beyond, &error) == BROKER_PURGE_ASKED);
    CHECK(purge(&member, &fine, &error) == BROKER_PURGE_FAILED);
    printf("  %s\n", error.message);
    CHECK(strstr(error.message, member.topics[0][0]) && strstr(error.message, "partition 1"));
    wait_until_purged(&member, &fine);
    broker->ops->consumer_close(member.consumer);
}

/* ---- readers ----------------------------------------------------------------------------------------------------- */

static void a_reader_takes_and_drops_partitions_at_run_time(void)
{
    const char *topic = create("read", 3, BROKER_DELETE);
    for (int32_t partition = 0; partition < 3; partition++)
        produce_numbers(topic, partition, 0, 1000);
    struct broker_reader *reader = open_reader();
    CHECK_OK(broker->ops->reader_add(reader, topic, 0, 0, 70, &error));
    CHECK_OK(broker->ops->reader_add(reader, topic, 1, 990, 71, &error));
    struct weir_error error = {0};
    CHECK(!broker->ops->reader_add(reader, topic, 1, 0, 72, &error) && error.code == WEIR_INVALID);
    CHECK(broker->ops->reader_position(reader, 71) == 990 && broker->ops->reader_position(reader, 99) == -1);
    int count = read_to(reader, 70, 1000);
    count += read_to(reader, 71, 1000);
    CHECK(count == 1010);
    broker->ops->reader_remove(reader, 70);
    CHECK_OK(broker->ops->reader_add(reader, topic, 2, 500, 70, &error));
    CHECK_OK(broker->ops->reader_add(reader, topic, 0, 0, 73, &error));
    count = read_to(reader, 70, 1000);
    count += read_to(reader, 73, 1000);
    CHECK(count == 1500);
    broker->ops->reader_close(reader);
}

static void a_reader_begins_at_the_first_offset_there_is(void)
{
    const char *topic = create("clamped", 1, BROKER_DELETE);
    produce_numbers(topic, 0, 0, 100);
    delete_records(topic, 0, 60);
    int64_t begin, end;
    CHECK_OK(broker->ops->range(broker, topic, 0, &begin, &end, &error));
    CHECK(begin == 60 && end == 100);
    CHECK(read_all(topic, 0) == 40 && copies[0].offset == 60);
    struct broker_reader *reader = open_reader();
    CHECK_OK(broker->ops->reader_add(reader, topic, 0, 5000, 1, &error));
    struct broker_message batch[10];
    struct weir_error error = {0};
    int code = 0;
    for (int64_t until = now_ms() + 10000; now_ms() < until && code == 0;)
        code = broker->ops->reader_poll(reader, batch, 10, 100, &error);
    CHECK(code == -1 && error.code == WEIR_CORRUPT && strstr(error.message, "5000"));
    broker->ops->reader_close(reader);
}

static int64_t end_of(const char *topic)
{
    int64_t begin = -1, end = -1;
    CHECK_OK(broker->ops->range(broker, topic, 0, &begin, &end, &error));
    return end;
}

/* The coordinator answers before the marker is in the partition. */
static void wait_for_end(const char *topic, int64_t wanted)
{
    for (int64_t until = now_ms() + 10000; now_ms() < until && end_of(topic) != wanted;)
        usleep(10 * 1000);
    CHECK(end_of(topic) == wanted);
}

/* Commits 10 records, aborts 10: the last offsets of the partition can never be read. While the second transaction is
 * open, the partition ends before it. */
static void a_reader_reaches_the_end_over_an_aborted_transaction(void)
{
    const char *topic = create("aborted", 1, BROKER_DELETE);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    rd_kafka_conf_set(conf, "transactional.id", topic, NULL, 0);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    CHECK(!rd_kafka_init_transactions(client, 20000));
    for (int round = 0; round < 2; round++) {
        CHECK(!rd_kafka_begin_transaction(client));
        for (int i = 0; i < 10; i++)
            rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("v", 1),
                              RD_KAFKA_V_END);
        CHECK(rd_kafka_flush(client, 10000) == 0); /* an abort would purge them */
        int64_t open_end = end_of(topic);
        printf("  end while transaction %d is open: %" PRId64 "\n", round + 1, open_end);
        CHECK(open_end == round * 11);
        CHECK(round == 0 || read_all(topic, 0) == 10);
        CHECK(!(round == 0 ? rd_kafka_commit_transaction(client, 20000) : rd_kafka_abort_transaction(client, 20000)));
        wait_for_end(topic, (round + 1) * 11);
    }
    rd_kafka_destroy(client);
    CHECK(read_all(topic, 0) == 10);
}

static void a_reader_reaches_the_end_of_a_compacted_topic(void)
{
    static const char *const quick[][2] = {{"topic.segment.ms", "200"},
                                           {"topic.min.cleanable.dirty.ratio", "0.01"},
                                           {"topic.delete.retention.ms", "100"},
                                           {"topic.cleanup.policy", "delete"}, /* must not win */
                                           {NULL, NULL}};
    struct config *config = settings(quick);
    struct weir_error problem = {0};
    struct broker *special = broker_kafka_open(config, &problem);
    struct broker_topic_spec spec = {.name = unique("compacted"), .partitions = 1, .cleanup = BROKER_COMPACT};
    CHECK_OK(special->ops->ensure(special, &spec, 1, &error));
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    special->ops->close(special);
    config_free(config);
    struct broker_producer *producer = open_producer();
    int64_t until = now_ms() + 40000;
    int sent = 0, count = 0;
    do {
        for (int i = 0; i < 100; i++, sent++)
            produce(spec.name, 0, "the same key", "v", -1, NULL, producer);
        produce(spec.name, 0, "tombstone", NULL, -1, NULL, producer), sent++;
        CHECK_OK(broker->ops->producer_flush(producer, 10000, &error));
        usleep(500 * 1000);
        count = read_all(spec.name, 0);
    } while (count == sent && now_ms() < until);
    printf("  %d of %d records are left\n", count, sent);
    CHECK(count < sent);
    broker->ops->producer_close(producer);
}

/* ---- transactions ----------------------------------------------------------------------------------------------- */

static struct broker_producer *open_transactional(const char *id)
{
    struct weir_error error = {0};
    struct broker_producer *producer = broker->ops->transaction_open(broker, "test-transactions", id, &error);
    if (!producer)
        printf("  transactions: %s\n", error.message), exit(1);
    return producer;
}

/* A member that has read `records` of each partition of an input topic of its own. */
static void join_and_read(struct member *member, const char *name, int records)
{
    member->topics[0][0] = create(name, PARTITIONS, BROKER_DELETE);
    for (int partition = 0; partition < PARTITIONS; partition++)
        produce_numbers(member->topics[0][0], partition, 0, records);
    CHECK(join(member, unique(name), "member-1"));
    CHECK(turn_until(member, PARTITIONS * records, 20000));
}

static bool commit_transaction(struct broker_producer *producer, struct member *member, int32_t partition,
                               struct weir_error *error)
{
    struct broker_offset offset = {member->topics[0][0], partition, member->next[0][0][partition], "meta"};
    return broker->ops->producer_flush(producer, 30000, error) &&
           broker->ops->transaction_commit(producer, member->consumer, &offset, 1, error);
}

static int64_t committed(const struct member *member, const char *group, int32_t partition)
{
    int64_t offset = -7;
    CHECK_OK(broker->ops->committed(broker, group, member->topics[0][0], partition, &offset, &error));
    return offset;
}

static int count_readable(const char *topic, int expected)
{
    int count = read_all(topic, 0);
    for (int64_t until = now_ms() + 5000; count < expected && now_ms() < until;) /* the marker is on its way */
        count = read_all(topic, 0);
    return count;
}

static void records_and_offsets_of_a_transaction_become_true_together(void)
{
    struct member member = {0};
    join_and_read(&member, "together", 10);
    const char *output = create("together-out", 1, BROKER_DELETE), *group = unique("together");
    struct broker_producer *producer = open_transactional(unique("together"));
    struct broker_delivery delivery = {0};
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 100; i++)
            produce(output, 0, "k", "v", 5, &delivery, producer);
        CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
        CHECK(delivery.next_offset == round * 101 - 1); /* one marker per transaction before */
        CHECK(read_all(output, 0) == (round - 1) * 100 && committed(&member, group, round) == BROKER_NO_OFFSET);
        CHECK_OK(commit_transaction(producer, &member, round, &error));
        CHECK(count_readable(output, round * 100) == round * 100 && committed(&member, group, round) == 10);
    }
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
}

static void an_aborted_transaction_leaves_nothing(void)
{
    struct member member = {0};
    join_and_read(&member, "given-up", 10);
    const char *output = create("given-up-out", 1, BROKER_DELETE);
    struct broker_producer *producer = open_transactional(unique("given-up"));
    CHECK_OK(broker->ops->transaction_abort(producer, &error)); /* there is none */
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 50; i++)
            produce(output, 0, "never", "v", 5, NULL, producer);
        if (round % 2) /* else some of them are still on their way */
            CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
        CHECK_OK(broker->ops->transaction_abort(producer, &error));
        produce(output, 0, "true", "v", 5, NULL, producer);
        CHECK_OK(commit_transaction(producer, &member, 0, &error));
        CHECK(count_readable(output, round) == round && !strcmp(copies[round - 1].key, "true"));
    }
    produce(output, 0, "never", "v", 5, NULL, producer);
    CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
    broker->ops->producer_close(producer); /* aborts */
    CHECK(read_all(output, 0) == 3);
    broker->ops->consumer_close(member.consumer);
}

static void a_writer_of_the_same_id_fences_the_one_before(void)
{
    struct member member = {0};
    join_and_read(&member, "twins", 10);
    const char *output = create("twins-out", 1, BROKER_DELETE), *group = unique("twins");
    struct broker_producer *first = open_transactional(unique("twins"));
    produce(output, 0, "first", "v", 5, NULL, first);
    CHECK_OK(broker->ops->producer_flush(first, 30000, &error));
    struct broker_producer *second = open_transactional(unique("twins"));
    struct weir_error error = {0};
    CHECK(!commit_transaction(first, &member, 0, &error) && error.code == WEIR_FENCED);
    CHECK(committed(&member, group, 0) == BROKER_NO_OFFSET);
    produce(output, 0, "first", "v", 5, NULL, first); /* said to be sent; the commit knows better */
    error = (struct weir_error){0};
    CHECK(!commit_transaction(first, &member, 0, &error) && error.code == WEIR_FENCED);
    produce(output, 0, "second", "v", 5, NULL, second);
    CHECK_OK(commit_transaction(second, &member, 0, &error));
    CHECK(count_readable(output, 1) == 1 && !strcmp(copies[0].key, "second") && committed(&member, group, 0) == 10);
    CHECK_OK(broker->ops->transaction_abort(first, &error)); /* takes the id back */
    produce(output, 0, "first", "v", 5, NULL, first);
    CHECK_OK(commit_transaction(first, &member, 1, &error));
    CHECK(count_readable(output, 2) == 2);
    broker->ops->producer_close(first);
    broker->ops->producer_close(second);
    broker->ops->consumer_close(member.consumer);
}

static void offsets_of_nobody_are_not_committed_in_a_transaction(void)
{
    struct member member = {0};
    member.topics[0][0] = create("nobody-in", PARTITIONS, BROKER_DELETE);
    const char *output = create("nobody-out", 1, BROKER_DELETE), *group = unique("nobody-in");
    struct broker_producer *producer = open_transactional(unique("nobody-in"));
    CHECK(join(&member, group, "member-1")); /* no poll: nothing is assigned yet */
    produce(output, 0, "never", "v", 5, NULL, producer);
    struct weir_error error = {0};
    CHECK(!commit_transaction(producer, &member, 0, &error) && error.code == WEIR_FENCED);
    CHECK_OK(broker->ops->transaction_abort(producer, &error));
    while (!owned(&member) && turn(&member, 1, 100) >= 0)
        continue;
    struct broker_offset foreign = {output, 0, 1, ""};
    error = (struct weir_error){0};
    CHECK(!broker->ops->transaction_commit(producer, member.consumer, &foreign, 1, &error) &&
          error.code == WEIR_FENCED);
    CHECK(read_all(output, 0) == 0 && committed(&member, group, 0) == BROKER_NO_OFFSET);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
}

static void a_record_that_is_refused_does_not_end_the_transaction(void)
{
    struct member member = {0};
    join_and_read(&member, "refused", 1);
    const char *output = create("refused-out", 1, BROKER_DELETE);
    struct broker_producer *producer = open_transactional(unique("refused"));
    char *large = noise(20 << 20);
    struct weir_error error = {0};
    struct broker_record record = {.partition = 0, .value = {large, 20 << 20}};
    produce(output, 0, "k", "v", 5, NULL, producer);
    CHECK(!broker->ops->producer_send(producer, output, &record, &error) && error.code == WEIR_POISON);
    produce(output, 0, "k", "v", 5, NULL, producer);
    CHECK_OK(commit_transaction(producer, &member, 0, &error));
    CHECK(count_readable(output, 2) == 2);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
    free(large);
}

static bool send_and_commit(struct broker_producer *producer, struct member *member, const char *topic,
                            const struct broker_record *record, struct weir_error *error)
{
    *error = (struct weir_error){0};
    return broker->ops->producer_send(producer, topic, record, error) &&
           broker->ops->producer_flush(producer, 30000, error) && commit_transaction(producer, member, 0, error);
}

/* The first transaction tells that there is one, the second which, and the third has it refused at once. */
static void a_record_that_the_broker_refuses_is_found_in_its_transaction(void)
{
    struct member member = {0};
    join_and_read(&member, "late", 1);
    struct broker_topic_spec spec = {.name = unique("late-out"), .partitions = 1, .message_bytes_max = 20000};
    CHECK_OK(broker->ops->ensure(broker, &spec, 1, &error));
    struct broker_producer *producer = open_transactional(unique("late"));
    char *large = noise(100000);
    struct weir_error error = {0};
    const struct broker_record record = {.partition = 0, .value = {large, 100000}};
    for (int tries = 0; tries < 2; tries++) {
        CHECK(!send_and_commit(producer, &member, spec.name, &record, &error) && error.code == WEIR_RETRY);
        CHECK_OK(broker->ops->transaction_abort(producer, &error));
    }
    error = (struct weir_error){0};
    CHECK(!broker->ops->producer_send(producer, spec.name, &record, &error) && error.code == WEIR_POISON);
    produce(spec.name, 0, "k", "v", 5, NULL, producer);
    CHECK_OK(commit_transaction(producer, &member, 0, &error));
    CHECK(count_readable(spec.name, 1) == 1);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(member.consumer);
    free(large);
}

/* Half of what was read, or all of it, is to come again. */
static size_t list_halves(struct member *member, struct broker_offset *offsets, int *left)
{
    size_t count = 0;
    for (int group = 0; group < GROUPS; group++)
        for (int source = 0; source < (group == 0 ? 2 : 1); source++)
            for (int partition = 0; partition < PARTITIONS; partition++) {
                int64_t *next = &member->next[group][source][partition];
                *next = partition == 1 ? 0 : *next / 2;
                *left += 20000 - (int)*next;
                offsets[count++] = (struct broker_offset){member->topics[group][source], partition,
                                                          *next ? *next : BROKER_NO_OFFSET, NULL};
            }
    return count;
}

static void a_consumer_goes_back_and_reads_again(void)
{
    struct member member = {0};
    struct broker_offset offsets[3 * PARTITIONS];
    int left = 0;
    name_topics(&member, "back");
    fill(&member, 20000);
    CHECK(join(&member, unique("back"), "member-1"));
    CHECK(turn_until(&member, 30000, 20000)); /* with much more fetched already */
    broker->ops->consumer_pause(member.consumer, 0, 1, 3);
    size_t count = list_halves(&member, offsets, &left);
    broker->ops->consumer_rewind(member.consumer, offsets, count);
    int64_t stood = member.next[0][1][3];
    member.messages = 0;
    CHECK(turn_until(&member, left - (20000 - (int)stood), 30000));
    CHECK(member.gaps == 0 && member.next[0][1][3] == stood);
    broker->ops->consumer_resume(member.consumer, 0, 1, 3);
    CHECK(turn_until(&member, left, 30000));
    turn(&member, 500, 300);
    CHECK(member.gaps == 0 && member.messages == left);
    broker->ops->consumer_close(member.consumer);
}

static void markers_behind_the_last_record_are_no_lag(void)
{
    struct member writer = {0}, reader = {0};
    join_and_read(&writer, "markers-in", 1);
    reader.topics[0][0] = create("markers", 1, BROKER_DELETE);
    CHECK(join(&reader, unique("markers"), "member-1"));
    struct broker_producer *producer = open_transactional(unique("markers"));
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 10; i++)
            produce(reader.topics[0][0], 0, "k", "v", 5, NULL, producer);
        CHECK_OK(commit_transaction(producer, &writer, 0, &error));
        produce(reader.topics[0][0], 0, "never", "v", 5, NULL, producer);
        CHECK_OK(broker->ops->producer_flush(producer, 30000, &error));
        CHECK_OK(broker->ops->transaction_abort(producer, &error));
        reader.next[0][0][0] = (round - 1) * 13; /* ten records and a marker, one record and a marker */
        CHECK(turn_until(&reader, round * 10, 20000));
        int64_t end = -1;
        for (int64_t until = now_ms() + 5000; now_ms() < until && end != round * 13 - 3;) {
            turn(&reader, 500, 20);
            end = broker->ops->consumer_end(reader.consumer, 0, 0, 0);
        }
        CHECK(reader.messages == round * 10 && reader.gaps == 0 && end == round * 13 - 3);
    }
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(reader.consumer);
    broker->ops->consumer_close(writer.consumer);
}

/* ---- configuration ------------------------------------------------------------------------------------------------ */

static void refused(const char *key, const char *value, const char *word)
{
    const char *const pairs[][2] = {{key, value}, {NULL, NULL}};
    struct config *config = settings(pairs);
    struct weir_error error = {0};
    struct broker *other = broker_kafka_open(config, &error);
    if (other) {
        struct broker_rebalance rebalance = {0};
        const char *topic = "t";
        struct broker_subscription subscription = {&topic, 1, NULL, NULL};
        CHECK(!other->ops->consumer_open(other, "g", "m", &subscription, 1, rebalance, &error));
        other->ops->close(other);
    }
    CHECK(error.code == WEIR_INVALID && strstr(error.message, word));
    config_free(config);
}

static void settings_that_cannot_be_are_refused_by_name(void)
{
    refused("kafka.no.such.property", "1", "no.such.property");
    refused("consumer.enable.auto.commit", "true", "enable.auto.commit");
    refused("consumer.partition.assignment.strategy", "cooperative-sticky", "cooperative-sticky");
    refused("kafka.fetch.wait.max.ms", "soon", "fetch.wait.max.ms");
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
#define TEST(name)                                                                                                     \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
    TEST(topics_are_created_checked_and_listed),
    TEST(topic_settings_reach_the_broker),
    TEST(range_and_absent_partitions),
    TEST(a_record_comes_back_as_it_was_sent),
    TEST(deliveries_carry_the_next_offset),
    TEST(keys_are_placed_as_by_java),
    TEST(a_topic_written_by_java_is_placed_by_our_hash),
    TEST(what_can_never_be_taken_is_poison),
    TEST(one_record_too_large_is_found_in_its_batch),
    TEST(large_values_pass),
    TEST(a_producer_may_be_closed_with_records_on_their_way),
    TEST(a_member_alone_gets_everything_with_co_partitions),
    TEST(a_share_has_the_topics_that_have_its_partition),
    TEST(topics_are_told_by_their_width),
    TEST(offsets_and_metadata_come_back),
    TEST(two_members_share_and_hand_over),
    TEST(pause_and_resume_lose_and_repeat_nothing),
    TEST(a_long_pause_holds_little_and_loses_nothing),
    TEST(what_a_pause_keeps_back_is_still_to_be_read),
    TEST(a_wait_ends_when_woken_or_when_a_message_comes),
    TEST(wrong_subscriptions_are_refused_by_name),
    TEST(a_member_that_was_away_loses_its_shares_and_comes_back),
    TEST(the_older_of_two_instances_of_one_name_is_fenced),
    TEST(a_clean_stop_gives_up_the_place_of_a_name_of_our_own),
    TEST(a_restart_of_the_broker_is_survived),
    TEST(speed_is_written_down),
    TEST(an_offset_that_retention_took_stops_with_its_name),
    TEST(what_is_committed_is_purged_and_a_member_that_is_behind_it_is_fenced),
    TEST(a_purge_that_fails_is_told_by_the_next),
    TEST(a_reader_takes_and_drops_partitions_at_run_time),
    TEST(a_reader_begins_at_the_first_offset_there_is),
    TEST(a_reader_reaches_the_end_over_an_aborted_transaction),
    TEST(a_reader_reaches_the_end_of_a_compacted_topic),
    TEST(records_and_offsets_of_a_transaction_become_true_together),
    TEST(an_aborted_transaction_leaves_nothing),
    TEST(a_writer_of_the_same_id_fences_the_one_before),
    TEST(offsets_of_nobody_are_not_committed_in_a_transaction),
    TEST(a_record_that_is_refused_does_not_end_the_transaction),
    TEST(a_record_that_the_broker_refuses_is_found_in_its_transaction),
    TEST(a_consumer_goes_back_and_reads_again),
    TEST(markers_behind_the_last_record_are_no_lag),
    TEST(settings_that_cannot_be_are_refused_by_name),
};

static bool is_wanted(const char *name, char **words, int count)
{
    for (int i = 0; i < count; i++)
        if (strstr(name, words[i]))
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: broker_kafka HOST:PORT [NAME…]\n"), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bootstrap = argv[1];
    struct config *config = settings(NULL);
    struct weir_error error = {0};
    broker = broker_kafka_open(config, &error);
    if (!broker)
        return printf("open: %s\n", error.message), 1;
    int failed = 0;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (!is_wanted(tests[i].name, argv + 2, argc - 2))
            continue;
        int64_t start = now_ms();
        failures = 0;
        tests[i].run();
        printf("%s %s (%d ms)\n", failures ? "FAILED" : "ok", tests[i].name, (int)(now_ms() - start));
        failed += failures > 0;
    }
    broker->ops->close(broker);
    config_free(config);
    return failed ? 1 : 0;
}
