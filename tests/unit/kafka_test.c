/* kafka_test.c: the Kafka adapter without a broker: its tables, and librdkafka's mock cluster for answers that a real broker
 * gives rarely. What needs a real one is in tests/kafka/broker_kafka.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/config.h"
#include "kafka/kafka.h"

#include <librdkafka/rdkafka_mock.h> /* needs rdkafka.h before it */

enum { PRODUCE = 0, OFFSET_COMMIT = 8 }; /* API keys of the protocol */

/* ---- error codes ------------------------------------------------------------------------------------------------ */

Test(kafka, a_code_says_what_must_happen_next)
{
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_NO_ERROR), WEIR_OK);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR__TRANSPORT), WEIR_RETRY);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS), WEIR_RETRY);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED), WEIR_RETRY);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION), WEIR_FENCED);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID), WEIR_FENCED);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), WEIR_POISON);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION), WEIR_POISON);
    cr_expect_eq(kafka_code_of(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), WEIR_FENCED);
}

Test(kafka, an_unknown_code_is_fatal)
{
    cr_expect_eq(kafka_code_of((rd_kafka_resp_err_t)31999), WEIR_FATAL);
}

Test(kafka, a_reader_cannot_skip_an_unknown_topic)
{
    cr_expect_eq(kafka_reading_code_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), WEIR_FATAL);
    cr_expect_eq(kafka_reading_code_of(RD_KAFKA_RESP_ERR_NOT_COORDINATOR), WEIR_RETRY);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

enum { SIZES = 6, AROUND = 8 };
static const size_t sizes[SIZES] = {1, 63, 64, 8191, 8192, 1 << 20};

/* A value with what stands around it in the batch; the caller frees. */
static unsigned char *around(const unsigned char *front, size_t front_size, size_t size, unsigned char behind)
{
    unsigned char *bytes = calloc(1, AROUND + size + 1);
    memcpy(bytes + AROUND - front_size, front, front_size);
    bytes[AROUND + size] = behind;
    return bytes;
}

static size_t write_varint(uint64_t number, unsigned char *out)
{
    size_t size = 0;
    for (; number > 0x7f; number >>= 7)
        out[size++] = (unsigned char)(number | 0x80);
    out[size++] = (unsigned char)number;
    return size;
}

Test(message, has_its_headers_behind_its_value)
{
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char front[AROUND];
        size_t front_size = write_varint(sizes[i] * 2, front);
        unsigned char *bytes = around(front, front_size, sizes[i], 7);
        cr_expect_eq(kafka_message_headers(bytes + AROUND, sizes[i]), bytes + AROUND + sizes[i], "%zu", sizes[i]);
        free(bytes);
    }
}

/* Nothing is known of what stands behind it: not even that it may be read. */
Test(message, of_an_older_format_is_left_to_librdkafka)
{
    for (size_t size = 1; size < 1 << 21; size = size < 70000 ? size + 1 : size + 4999) {
        unsigned char bytes[AROUND + 4] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        bytes_put_u32(bytes + AROUND, (uint32_t)size);
        cr_assert_null(kafka_message_headers(bytes + sizeof bytes, size), "%zu", size);
    }
}

Test(message, without_bytes_is_left_to_librdkafka)
{
    static const unsigned char bytes[] = {0, 0, 0};
    cr_expect_null(kafka_message_headers(bytes + 1, 0));
}

enum { HEADER_NAME_MAX = 70 };

/* Behind a value of three bytes: a header, as brokers have it, and as long a record as that makes. */
static size_t write_record(unsigned char *out, const char *name, size_t value_size, uint64_t count)
{
    size_t size = write_varint(2 * 3, out), name_size = strlen(name);
    memcpy(out + size, "abc", 3);
    size += 3;
    size += write_varint(count * 2, out + size);
    size += write_varint(name_size * 2, out + size);
    memcpy(out + size, name, name_size);
    size += name_size;
    size += write_varint(value_size * 2, out + size);
    memset(out + size, 'v', value_size);
    return size + value_size;
}

static struct broker_message read_record(const char *name, size_t value_size, uint64_t count, unsigned char **bytes)
{
    unsigned char record[512];
    size_t size = write_record(record, name, value_size, count);
    *bytes = malloc(size); /* of its size, so that a byte too many is seen */
    memcpy(*bytes, record, size);
    return (struct broker_message){.value = {*bytes + 1, 3}};
}

Test(message, has_a_short_header_of_its_own_name_and_value)
{
    static const size_t lengths[] = {0, 1, 14, 63};
    for (size_t n = 0; n < 4; n++)
        for (size_t v = 0; v < 4; v++) {
            char name[HEADER_NAME_MAX] = {0};
            unsigned char *bytes;
            memset(name, 'n', lengths[n]);
            struct broker_message message = read_record(name, lengths[v], 1, &bytes);
            const unsigned char *headers = kafka_message_headers(message.value.data, message.value.size);
            cr_assert(headers && kafka_message_has_short_header(headers));
            struct weir_headers read = kafka_message_short_header(headers);
            cr_assert_eq(read.count, 1);
            cr_expect_str_eq(read.items[0].name, name);
            cr_expect_eq(read.items[0].value.size, lengths[v]);
            cr_expect_eq(read.items[0].value.data, headers + 1 + 1 + lengths[n] + 1);
            free((void *)(uintptr_t)read.items);
            free(bytes);
        }
}

static bool is_read_here(const char *name, size_t value_size, uint64_t count)
{
    unsigned char *bytes;
    struct broker_message message = read_record(name, value_size, count, &bytes);
    bool is_so = kafka_message_has_short_header(kafka_message_headers(message.value.data, message.value.size));
    free(bytes);
    return is_so;
}

Test(message, with_other_headers_is_left_to_librdkafka)
{
    cr_expect(is_read_here("name", 63, 1));
    cr_expect_not(is_read_here("name", 63, 0));
    cr_expect_not(is_read_here("name", 63, 2));
    cr_expect_not(is_read_here("name", 64, 1));
    cr_expect_not(is_read_here("a name of more than sixty-three bytes, which needs two for its size", 1, 1));
    static const unsigned char without_value[] = {2, 2, 'n', 1}; /* -1 */
    cr_expect_not(kafka_message_has_short_header(without_value));
}

/* ---- shelf ------------------------------------------------------------------------------------------------------ */

Test(shelf, gives_back_in_the_order_it_was_given)
{
    static rd_kafka_message_t messages[100];
    struct kafka_shelf shelf = {0};
    size_t pushed = 0, popped = 0;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 2 && pushed < 100; i++)
            kafka_shelf_push(&shelf, &messages[pushed++]);
        cr_assert_eq(kafka_shelf_pop(&shelf), &messages[popped++]);
    }
    while (popped < pushed)
        cr_assert_eq(kafka_shelf_pop(&shelf), &messages[popped++]);
    cr_expect_null(kafka_shelf_pop(&shelf));
    kafka_shelf_done(&shelf);
}

Test(shelf, is_full_by_number_or_by_bytes)
{
    rd_kafka_message_t small = {.len = 10}, large = {.len = 8 << 20, .key_len = 3};
    struct kafka_shelf shelf = {0};
    cr_expect(kafka_shelf_is_low(&shelf));
    kafka_shelf_push(&shelf, &large);
    cr_expect(kafka_shelf_is_full(&shelf) && !kafka_shelf_is_low(&shelf));
    kafka_shelf_pop(&shelf);
    cr_expect(kafka_shelf_is_low(&shelf) && shelf.bytes == 0);
    for (int i = 0; i < 9999; i++)
        kafka_shelf_push(&shelf, &small);
    cr_expect(!kafka_shelf_is_full(&shelf));
    kafka_shelf_push(&shelf, &small);
    cr_expect(kafka_shelf_is_full(&shelf));
    while (kafka_shelf_pop(&shelf))
        continue;
    kafka_shelf_done(&shelf);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

static struct config *config_with(const char *const (*pairs)[2])
{
    struct weir_error error = {0};
    struct config *config = config_new();
    cr_assert(config_set(config, "bootstrap.servers", "127.0.0.1:1", &error), "%s", error.message);
    for (; pairs && (*pairs)[0]; pairs++)
        cr_assert(config_set(config, (*pairs)[0], (*pairs)[1], &error), "%s", error.message);
    return config;
}

static void expect_setting(const char *const (*pairs)[2], struct kafka_settings settings, const char *key,
                           const char *wanted)
{
    char value[100];
    size_t size = sizeof value;
    struct weir_error error = {0};
    struct config *config = config_with(pairs);
    rd_kafka_conf_t *conf = kafka_settings_build(config, settings, &error);
    cr_assert(conf, "%s", error.message);
    cr_assert_eq(rd_kafka_conf_get(conf, key, value, &size), RD_KAFKA_CONF_OK, "%s", key);
    cr_expect_str_eq(value, wanted, "%s is %s, not %s", key, value, wanted);
    rd_kafka_conf_destroy(conf);
    config_free(config);
}

static const struct kafka_settings consumer = {.role = "consumer", .client = "app-7", .group = "app", .joins = true};
static const struct kafka_settings producer = {.role = "producer", .client = "app-7"};

Test(settings, replace_the_unsafe_defaults)
{
    expect_setting(NULL, consumer, "enable.auto.commit", "false");
    expect_setting(NULL, consumer, "enable.auto.offset.store", "false");
    expect_setting(NULL, consumer, "auto.offset.reset", "error");
    expect_setting(NULL, consumer, "check.crcs", "true");
    expect_setting(NULL, consumer, "isolation.level", "read_committed");
    expect_setting(NULL, producer, "enable.idempotence", "true");
    expect_setting(NULL, producer, "request.required.acks", "-1");
    expect_setting(NULL, producer, "partitioner", "murmur2_random");
    expect_setting(NULL, producer, "message.timeout.ms", "0");
}

Test(settings, of_the_user_win_and_the_role_wins_over_all_clients)
{
    static const char *const pairs[][2] = {{"kafka.fetch.wait.max.ms", "7"},
                                           {"consumer.fetch.wait.max.ms", "9"},
                                           {"consumer.auto.offset.reset", "none"},
                                           {"linger.ms", "33"},
                                           {NULL, NULL}};
    expect_setting(pairs, consumer, "fetch.wait.max.ms", "9");
    expect_setting(pairs, producer, "fetch.wait.max.ms", "7");
    expect_setting(pairs, consumer, "auto.offset.reset", "error");
    expect_setting(pairs, producer, "queue.buffering.max.ms", "33");
}

Test(settings, give_each_member_an_instance_name_of_its_own)
{
    static const char *const pairs[][2] = {{"group.instance.id", "pod-3"}, {NULL, NULL}};
    expect_setting(pairs, consumer, "group.instance.id", "pod-3-7");
    struct kafka_settings outsider = consumer;
    outsider.joins = false;
    struct config *config = config_with(pairs);
    rd_kafka_conf_t *conf = kafka_settings_build(config, outsider, NULL);
    char value[100];
    size_t size = sizeof value;
    cr_expect_neq(rd_kafka_conf_get(conf, "group.instance.id", value, &size), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    config_free(config);
}

Test(settings, of_a_thread_name_an_instance_that_survives_a_restart)
{
    static const char *const pairs[][2] = {{"group.instance.id", "pod-3"}, {NULL, NULL}};
    struct kafka_settings thread = consumer;
    thread.client = "shop-00000000-uuid@10.0.0.7:8080-StreamThread-2-consumer";
    expect_setting(NULL, thread, "group.instance.id", "shop-00000000-uuid-2");
    expect_setting(pairs, thread, "group.instance.id", "pod-3-2");
}

Test(settings, share_the_memory_among_the_threads)
{
    static const char *const one[][2] = {{"memory.max.bytes", "536870912"}, {NULL, NULL}};
    static const char *const four[][2] = {{"memory.max.bytes", "536870912"}, {"num.stream.threads", "4"}, {NULL, NULL}};
    expect_setting(one, consumer, "queued.max.messages.kbytes", "13653");
    expect_setting(four, consumer, "queued.max.messages.kbytes", "3413");
}

static size_t setting_of(struct kafka_settings settings, const char *memory, const char *key)
{
    const char *const pairs[][2] = {{"memory.max.bytes", memory}, {NULL, NULL}};
    struct config *config = config_with(pairs);
    rd_kafka_conf_t *conf = kafka_settings_build(config, settings, NULL);
    char value[24];
    size_t size = sizeof value;
    cr_assert_eq(rd_kafka_conf_get(conf, key, value, &size), RD_KAFKA_CONF_OK, "%s", key);
    rd_kafka_conf_destroy(conf);
    config_free(config);
    return strtoul(value, NULL, 10);
}

static size_t setting_number(const char *memory, int32_t partitions, const char *key)
{
    struct kafka_settings settings = consumer;
    settings.partitions = partitions;
    return setting_of(settings, memory, key);
}

static size_t lanes_number(size_t lanes)
{
    struct kafka_settings settings = consumer;
    settings.lanes = lanes;
    return setting_of(settings, "512MiB", "queued.min.messages");
}

/* Messages of 128 bytes, packed to a quarter. */
Test(settings, keep_queue_answer_and_shelves_within_what_may_be_fetched)
{
    static const char *const memories[] = {"96MiB", "128MiB", "256MiB", "512MiB", "4GiB"};
    const size_t message = KAFKA_FETCHED_BYTES + 128;
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
        struct config *config = config_with((const char *const[][2]){{"memory.max.bytes", memories[i]}, {NULL, NULL}});
        size_t share = kafka_memory_share(config, SHARE_FETCHED);
        size_t queue = setting_number(memories[i], 8, "queued.min.messages") * message;
        size_t answer = setting_number(memories[i], 8, "fetch.message.max.bytes") * 8 * 4 / 128 * message;
        cr_expect_leq(queue + answer + share / KAFKA_FETCHED_PARTS, share, "%s: %zu + %zu of %zu", memories[i], queue,
                      answer, share);
        config_free(config);
    }
}

Test(settings, divide_what_is_queued_among_lanes)
{
    cr_expect_eq(lanes_number(0), lanes_number(1));
    cr_expect_lt(lanes_number(4), lanes_number(1));
    cr_expect_eq(lanes_number(1000), 250);
}

Test(settings, ask_less_of_each_partition_where_there_are_more)
{
    cr_expect_eq(setting_number("512MiB", 1, "fetch.message.max.bytes"), 256 * 1024);
    cr_expect_lt(setting_number("512MiB", 8, "fetch.message.max.bytes"), 256 * 1024);
    cr_expect_eq(setting_number("96MiB", 1000, "fetch.message.max.bytes"), 16 * 1024);
}

/* ---- waker ------------------------------------------------------------------------------------------------------ */

static bool was_full; /* by the waker's queue */

static bool wakes(struct kafka_waker *waker, size_t queued, size_t count, size_t size)
{
    waker->is_wanted = false;
    kafka_waker_note(waker, &was_full, queued + count, queued, (struct kafka_taken){count, count * size});
    return waker->is_wanted;
}

static struct kafka_waker new_waker(void)
{
    struct kafka_waker waker = {.full = 1000, .full_bytes = 1000 * 1000};
    pthread_mutex_init(&waker.lock, NULL);
    pthread_cond_init(&waker.changed, NULL);
    return waker;
}

Test(waker, wakes_once_when_a_queue_that_was_full_is_half_empty)
{
    struct kafka_waker waker = new_waker();
    cr_expect_not(wakes(&waker, 300, 100, 10)); /* it never was full */
    cr_expect_not(wakes(&waker, 950, 50, 10));
    cr_expect_not(wakes(&waker, 600, 100, 10));
    cr_expect(wakes(&waker, 300, 100, 10));
    cr_expect_not(wakes(&waker, 200, 100, 10));
}

Test(waker, takes_a_queue_for_full_by_bytes_too)
{
    struct kafka_waker waker = new_waker();
    cr_expect_not(wakes(&waker, 70, 10, 10000));
    cr_expect_not(wakes(&waker, 60, 10, 10000));
    cr_expect(wakes(&waker, 30, 10, 10000));
    cr_expect_eq(kafka_waker_bytes(&waker, 2), 2 * (10000 + KAFKA_FETCHED_BYTES));
}

Test(waker, counts_what_the_fetcher_saw_and_nobody_got)
{
    struct kafka_waker waker = new_waker();
    waker.is_wanted = false;
    kafka_waker_note(&waker, &was_full, 1000, 100, (struct kafka_taken){50, 500});
    cr_expect(waker.is_wanted);
}

Test(waker, is_called_for_what_was_not_there_to_fetch_before)
{
    struct kafka_waker waker = new_waker();
    waker.is_wanted = false;
    kafka_waker_call(&waker);
    cr_expect(waker.is_wanted);
}

static void expect_refusal(const char *key, const char *value, const char *word)
{
    const char *const pairs[][2] = {{key, value}, {NULL, NULL}};
    struct config *config = config_with(pairs);
    struct weir_error error = {0};
    cr_expect_null(kafka_settings_build(config, consumer, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(strstr(error.message, word), "%s", error.message);
    config_free(config);
}

Test(settings, that_cannot_be_are_refused_by_name)
{
    expect_refusal("kafka.no.such.thing", "1", "no.such.thing");
    expect_refusal("consumer.enable.auto.commit", "true", "enable.auto.commit");
    expect_refusal("kafka.delivery.report.only.error", "true", "delivery.report.only.error");
    expect_refusal("consumer.partition.assignment.strategy", "cooperative-sticky", "4059");
    expect_refusal("consumer.fetch.wait.max.ms", "soon", "fetch.wait.max.ms");
}

static bool may_be(const char *role, const char *key, const char *value, struct weir_error *error)
{
    *error = (struct weir_error){0};
    return kafka_rules_allow(role, key, value, error);
}

/* Of each: what would void a promise, a word of the reason, and what is allowed; NULL: nothing is. */
Test(settings, that_would_void_what_weir_promises_are_refused_and_the_reason_is_said)
{
    static const struct {
        const char *key, *wrong, *word, *right;
    } cases[] = {
        {"acks", "0", "lost", "all"},
        {"acks", "1", "lost", "-1"},
        {"request.required.acks", "1", "lost", "all"},
        {"enable.idempotence", "false", "twice", "true"},
        {"max.in.flight", "6", "order", "5"},
        {"max.in.flight.requests.per.connection", "1000000", "order", "1"},
        {"queuing.strategy", "lifo", "order", "fifo"},
        {"retries", "0", "undo", "3"},
        {"message.send.max.retries", "0", "undo", "2147483647"},
        {"message.timeout.ms", "10", "given up", "0"},
        {"delivery.timeout.ms", "4999", "given up", "120000"},
        {"partitioner", "consistent_random", "partitions", "murmur2"},
        {"produce.offset.report", "false", "changelogs", "true"},
        {"delivery.report.only.error", "true", "changelogs", NULL},
        {"isolation.level", "read_uncommitted", "took back", "read_committed"},
        {"check.crcs", "false", "damaged", "true"},
        {"enable.auto.commit", "true", "positions", NULL},
        {"auto.commit.enable", "true", "positions", NULL},
        {"enable.auto.offset.store", "true", "positions", NULL},
        {"offset.store.method", "file", "positions", NULL},
        {"enable.partition.eof", "false", "markers", NULL},
        {"api.version.request", "false", "headers", "true"},
        {"bootstrap.servers", "elsewhere:9092", "cluster", NULL},
        {"metadata.broker.list", "elsewhere:9092", "cluster", NULL},
        {"test.mock.num.brokers", "3", "mock", NULL},
        {"topic.blacklist", "orders", "not read", NULL},
        {"allow.auto.create.topics", "true", "misspelt", NULL},
        {"group.id", "another", "application.id", NULL},
        {"group.protocol", "consumer", "classic", NULL},
        {"group.protocol.type", "connect", "protocol", NULL},
        {"client.id", "me", "find each other", NULL},
        {"transactional.id", "mine", "fences", NULL},
        {"enabled_events", "0", "heeded", NULL},
        {"log.queue", "true", "lines", NULL},
    };
    struct weir_error error;
    char page[65536] = "";
    FILE *file = fopen(SOURCE_DIR "/docs/configuration.md", "r");
    cr_assert(file && fread(page, 1, sizeof page - 1, file) > 0);
    fclose(file);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[64];
        snprintf(name, sizeof name, "`%s`", cases[i].key);
        cr_expect(strstr(page, name), "docs/configuration.md does not name %s", cases[i].key);
        cr_expect_not(may_be("producer", cases[i].key, cases[i].wrong, &error), "%s=%s", cases[i].key, cases[i].wrong);
        cr_expect_eq(error.code, WEIR_INVALID);
        cr_expect(strstr(error.message, cases[i].key) && strstr(error.message, cases[i].word), "%s", error.message);
        cr_expect(!cases[i].right || may_be("producer", cases[i].key, cases[i].right, &error), "%s", error.message);
    }
}

Test(settings, that_are_a_matter_of_taste_are_passed_on)
{
    static const char *const harmless[][2] = {
        {"consumer.auto.offset.reset", "earliest"},
        {"consumer.auto.offset.reset", "none"},
        {"consumer.max.in.flight", "100"},
        {"kafka.auto.commit.interval.ms", "100"},
        {"producer.compression.codec", "zstd"},
        {"producer.transaction.timeout.ms", "60000"},
        {"producer.message.timeout.ms", "0"},
        {"producer.acks", "all"},
        {"producer.retries", "10"},
        {"kafka.socket.timeout.ms", "1000"},
        {"consumer.session.timeout.ms", "6000"},
        {"kafka.reconnect.backoff.ms", "1"},
    };
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        const char *const pairs[][2] = {{harmless[i][0], harmless[i][1]}, {NULL, NULL}};
        struct config *given = config_with(pairs);
        struct weir_error error = {0};
        cr_expect(kafka_settings_check(given, &error), "%s", error.message);
        config_free(given);
    }
}

Test(settings, of_every_role_are_looked_at_before_anything_starts)
{
    static const char *const wrong[][2] = {
        {"producer.acks", "1"}, {"kafka.acks", "0"}, {"consumer.check.crcs", "false"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const pairs[][2] = {{wrong[i][0], wrong[i][1]}, {NULL, NULL}};
        struct config *given = config_with(pairs);
        struct weir_error error = {0};
        cr_expect_null(broker_kafka_open(given, &error), "%s=%s", wrong[i][0], wrong[i][1]);
        cr_expect_eq(error.code, WEIR_INVALID);
        config_free(given);
    }
}

Test(kafka, needs_bootstrap_servers)
{
    struct config *config = config_new();
    struct weir_error error = {0};
    cr_expect_null(broker_kafka_open(config, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(strstr(error.message, "bootstrap.servers"));
    config_free(config);
}

/* ---- librdkafka's mock cluster ------------------------------------------------------------------------------------ */

static rd_kafka_t *owner;
static rd_kafka_mock_cluster_t *cluster;
static struct config *config;
static struct broker *broker;

static void start_with(const char *key, const char *value)
{
    const char *const pairs[][2] = {{key, value}, {NULL, NULL}};
    struct weir_error error = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    cluster = rd_kafka_mock_cluster_new(owner, 1);
    rd_kafka_mock_topic_create(cluster, "orders", 2, 1);
    rd_kafka_mock_topic_create(cluster, "customers", 2, 1);
    config = config_with(key ? pairs : NULL);
    config_set(config, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), &error);
    broker = broker_kafka_open(config, &error);
    cr_assert(broker, "%s", error.message);
}

static void start(void)
{
    start_with(NULL, NULL);
}

static void stop(void)
{
    broker->ops->close(broker);
    config_free(config);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
}

static bool send_one(struct broker_producer *sender, int32_t partition, const char *key,
                     struct broker_delivery *delivery, struct weir_error *error)
{
    struct broker_record record = {.partition = partition,
                                   .timestamp_ms = 77,
                                   .key = bytes_of_text(key),
                                   .value = bytes_of_text("v"),
                                   .delivery = delivery};
    return broker->ops->producer_send(sender, "orders", &record, error);
}

static void fill(int count)
{
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "filler", &error);
    for (int i = 0; i < count; i++)
        cr_assert(send_one(sender, i % 2, "k", NULL, &error), "%s", error.message);
    cr_assert(broker->ops->producer_flush(sender, 10000, &error), "%s", error.message);
    broker->ops->producer_close(sender);
}

Test(kafka, a_client_that_begins_later_does_without_bootstrap_servers, .fini = stop)
{
    start();
    struct weir_error error = {0};
    cr_assert_eq(broker->ops->partitions(broker, "orders", &error), 2, "%s", error.message);
    cr_assert(config_set(config, "bootstrap.servers", "127.0.0.1:1", &error)); /* nobody is there */
    fill(2);
}

static void hear(int code, const char *reason)
{
    kafka_admin_take_error(kafka_broker_of(broker)->admin, code, reason, broker);
}

static bool is_refused_after(int ms, struct weir_error *error)
{
    return kafka_admin_is_refused(kafka_broker_of(broker), clock_monotonic_us(&clock_system) + (int64_t)ms * 1000,
                                  error);
}

/* Listens, and never says a word, so that what is heard of it is what the test says. Returns its port. */
static int mute_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0); /* until the test's process ends */
    cr_assert(bind(listener, (const struct sockaddr *)&address, size) == 0 && listen(listener, 16) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

static char servers[2][32]; /* host:port */

static void open_mute(void)
{
    struct weir_error error = {0};
    char both[80];
    for (size_t i = 0; i < 2; i++)
        snprintf(servers[i], sizeof servers[i], "127.0.0.1:%d", mute_server());
    snprintf(both, sizeof both, "%s, %s", servers[0], servers[1]);
    config = config_with(NULL);
    cr_assert(config_set(config, "bootstrap.servers", both, &error), "%s", error.message);
    broker = broker_kafka_open(config, &error);
    cr_assert(broker, "%s", error.message);
}

static void hear_from(const char *server, int code, const char *what)
{
    char reason[120];
    snprintf(reason, sizeof reason, "sasl_ssl://%s/bootstrap: %s", server, what);
    hear(code, reason);
}

static void close_mute(void)
{
    broker->ops->close(broker);
    config_free(config);
}

Test(kafka_login, is_refused_when_every_broker_we_know_has_refused_it_for_a_while, .fini = close_mute)
{
    open_mute();
    struct weir_error error = {0};
    hear_from(servers[0], RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: wrong");
    cr_expect_not(is_refused_after(60000, &error)); /* the other one may let us in */
    hear_from(servers[1], RD_KAFKA_RESP_ERR__SSL, "SSL handshake failed: not trusted");
    cr_expect_not(is_refused_after(0, &error)); /* a broker may have just started */
    cr_expect(is_refused_after(KAFKA_REFUSED_MS, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(strstr(error.message, "lets us in") && strstr(error.message, "not trusted"), "%s", error.message);
}

Test(kafka_login, is_waited_for_where_a_broker_is_away, .fini = close_mute)
{
    open_mute();
    struct weir_error error = {0};
    hear_from(servers[0], RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: wrong");
    hear_from(servers[1], RD_KAFKA_RESP_ERR__TRANSPORT, "Connect failed: Connection refused");
    cr_expect_not(is_refused_after(60000, &error));
    hear_from(servers[1], RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: wrong");
    hear_from(servers[0], RD_KAFKA_RESP_ERR__TRANSPORT, "Connect failed: Connection refused");
    cr_expect_not(is_refused_after(60000, &error)); /* it restarts, and may know us then */
    hear_from("127.0.0.1", RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: another one");
    cr_expect_not(is_refused_after(60000, &error));
}

Test(kafka_login, is_not_taken_for_refused_once_a_broker_let_us_in, .fini = stop)
{
    start();
    struct weir_error error = {0};
    char reason[200];
    cr_assert_eq(broker->ops->partitions(broker, "orders", &error), 2, "%s", error.message);
    snprintf(reason, sizeof reason, "%s/bootstrap: SASL authentication error: for now",
             rd_kafka_mock_cluster_bootstraps(cluster));
    hear(RD_KAFKA_RESP_ERR__AUTHENTICATION, reason);
    cr_expect_not(is_refused_after(60000, &error));
}

Test(kafka_producer, reports_a_refused_record_at_the_flush_by_topic_and_partition, .fini = stop)
{
    start();
    struct weir_error error = {0};
    struct broker_delivery delivery = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    cr_assert(send_one(sender, 1, "k", &delivery, &error), "%s", error.message);
    cr_expect_not(broker->ops->producer_flush(sender, 10000, &error));
    cr_expect_eq(error.code, WEIR_FENCED); /* whoever goes back to his last commit will be told which */
    cr_expect(strstr(error.message, "topic orders partition 1"), "%s", error.message);
    cr_expect_eq(delivery.next_offset, 0);
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 10000, &error)); /* reported once */
    broker->ops->producer_close(sender);
}

/* Sends a record that is refused, and goes back. */
static struct broker_producer *refused_once(void)
{
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    cr_assert(send_one(sender, 1, "k", NULL, &error), "%s", error.message);
    cr_assert_not(broker->ops->producer_flush(sender, 10000, &error));
    return sender;
}

Test(kafka_producer, a_record_that_is_refused_alone_is_poison_when_it_is_sent, .fini = stop)
{
    start();
    struct broker_producer *sender = refused_once();
    struct weir_error error = {0};
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    for (int tries = 0; tries < 2; tries++) {
        error = (struct weir_error){0};
        cr_expect_not(send_one(sender, 1, "k", NULL, &error));
        cr_expect_eq(error.code, WEIR_POISON);
        cr_expect(strstr(error.message, "topic orders"), "%s", error.message);
    }
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 10000, &error), "%s", error.message);
    broker->ops->producer_close(sender);
}

Test(kafka_producer, a_record_that_was_refused_with_others_may_be_innocent, .fini = stop)
{
    start();
    struct broker_producer *sender = refused_once();
    struct weir_error error = {0};
    struct broker_delivery delivery = {0};
    cr_expect(send_one(sender, 1, "k", &delivery, &error), "%s", error.message);
    cr_expect(broker->ops->producer_flush(sender, 10000, &error), "%s", error.message);
    cr_expect_eq(delivery.next_offset, 1);
    broker->ops->producer_close(sender);
}

Test(kafka_producer, sends_again_what_failed_for_a_moment, .fini = stop)
{
    start();
    struct weir_error error = {0};
    struct broker_delivery delivery = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 2, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    cr_assert(send_one(sender, 0, "k", &delivery, &error), "%s", error.message);
    cr_expect(broker->ops->producer_flush(sender, 20000, &error), "%s", error.message);
    cr_expect_eq(delivery.next_offset, 1);
    broker->ops->producer_close(sender);
}

Test(kafka_producer, asks_to_come_again_when_its_queue_is_full, .fini = stop)
{
    start_with("producer.queue.buffering.max.messages", "10");
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    int taken = 0;
    while (taken < 100000 && send_one(sender, 0, "k", NULL, &error))
        taken++;
    cr_expect_eq(error.code, WEIR_RETRY);
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 10000, &error));
    cr_expect(send_one(sender, 0, "k", NULL, &error));
    broker->ops->producer_close(sender);
}

static int64_t sent_bytes(void)
{
    struct broker_memory memory = {0};
    broker->ops->memory(broker, &memory);
    return memory.sent_bytes;
}

Test(kafka_producer, takes_no_more_than_its_share_of_the_memory, .fini = stop)
{
    start_with("memory.max.bytes", "16MiB"); /* a megabyte of it */
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    int taken = 0;
    while (taken < 100000 && send_one(sender, 0, "k", NULL, &error))
        taken++;
    cr_expect_eq(error.code, WEIR_RETRY);
    cr_expect_eq(taken, (1 << 20) / (KAFKA_SENT_BYTES + 2));
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 20000, &error), "%s", error.message);
    cr_expect_eq(sent_bytes(), 0);
    cr_expect(send_one(sender, 0, "k", NULL, &error), "%s", error.message);
    broker->ops->producer_close(sender);
    cr_expect_eq(sent_bytes(), 0);
}

Test(kafka_producer, takes_one_record_whatever_its_size, .fini = stop)
{
    start_with("memory.max.bytes", "16MiB");
    static char large[3 << 20];
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    struct broker_record record = {.partition = 0, .timestamp_ms = 1, .value = {large, sizeof large}};
    cr_expect(broker->ops->producer_send(sender, "orders", &record, &error), "%s", error.message);
    cr_expect_not(send_one(sender, 0, "k", NULL, &error));
    cr_expect_eq(error.code, WEIR_RETRY);
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 20000, &error), "%s", error.message);
    broker->ops->producer_close(sender);
}

Test(kafka_producer, says_what_is_not_durable_in_time, .fini = stop)
{
    start();
    struct weir_error error = {0};
    struct broker_producer *sender = broker->ops->producer_open(broker, "p", &error);
    cr_assert(send_one(sender, 0, "k", NULL, &error));
    cr_assert(broker->ops->producer_flush(sender, 10000, &error));
    rd_kafka_mock_broker_set_down(cluster, 1);
    cr_assert(send_one(sender, 0, "k", NULL, &error));
    cr_expect_not(broker->ops->producer_flush(sender, 200, &error));
    cr_expect_eq(error.code, WEIR_RETRY);
    cr_expect(strstr(error.message, "1 records"), "%s", error.message);
    rd_kafka_mock_broker_set_up(cluster, 1);
    error = (struct weir_error){0};
    cr_expect(broker->ops->producer_flush(sender, 20000, &error), "%s", error.message);
    broker->ops->producer_close(sender);
}

Test(kafka_reader, stands_at_the_end_when_everything_was_read, .fini = stop)
{
    start();
    fill(10);
    struct weir_error error = {0};
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    cr_assert(broker->ops->reader_add(reader, "orders", 1, 2, 9, &error), "%s", error.message);
    int count = 0;
    for (int64_t until = clock_monotonic_us(&clock_system) + 10000000;
         broker->ops->reader_position(reader, 9) < 5 && clock_monotonic_us(&clock_system) < until;) {
        struct broker_message batch[2];
        int taken = broker->ops->reader_poll(reader, batch, 2, 100, &error);
        for (int i = 0; i < taken; i++, count++) {
            cr_expect_eq(batch[i].group, 9);
            cr_expect_eq(batch[i].timestamp_ms, 77);
            broker->ops->reader_release(reader, &batch[i]);
        }
    }
    cr_expect_eq(count, 3);
    cr_expect_eq(broker->ops->reader_position(reader, 9), 5);
    broker->ops->reader_close(reader);
}

struct member {
    struct broker_consumer *consumer;
    int assigned, revoked;
    struct weir_error late; /* of a commit inside revoked */
};

static void take(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct member *member = self;
    cr_expect_eq(starts[1].offset, BROKER_NO_OFFSET);
    member->assigned++;
    broker->ops->consumer_resume(member->consumer, group, 0, partition);
}

static void give(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)group, (void)partition, (void)lost;
    ((struct member *)self)->revoked++;
}

static void settle(void *self)
{
    (void)self;
}

static void join(struct member *member)
{
    static const char *const topics[] = {"orders", "customers"};
    static const struct broker_subscription subscription = {topics, 2, NULL, NULL};
    struct weir_error error = {0};
    struct broker_rebalance rebalance = {member, take, give, settle};
    member->consumer = broker->ops->consumer_open(broker, "app", "app-1", &subscription, 1, rebalance, &error);
    cr_assert(member->consumer, "%s", error.message);
}

static bool commit_one(struct member *member, int32_t partition, struct weir_error *error)
{
    struct broker_offset offsets[] = {{"orders", partition, 1, "m"}, {"customers", partition, 0, NULL}};
    return broker->ops->consumer_commit(member->consumer, offsets, 2, error);
}

static void expect_commit(struct member *member, rd_kafka_resp_err_t answer, enum weir_code wanted)
{
    struct weir_error error = {0};
    if (answer)
        rd_kafka_mock_push_request_errors(cluster, OFFSET_COMMIT, 1, answer);
    cr_expect_eq(commit_one(member, 0, &error), wanted == WEIR_OK);
    cr_expect_eq(error.code, wanted, "%s: %s", rd_kafka_err2name(answer), error.message);
}

Test(kafka_consumer, commits_only_what_it_holds_and_says_why_not, .fini = stop)
{
    start();
    fill(6);
    struct member member = {0};
    struct weir_error error = {0};
    join(&member);
    cr_expect_not(commit_one(&member, 0, &error)); /* not joined yet */
    cr_expect_eq(error.code, WEIR_FENCED);
    int count = 0;
    for (int64_t until = clock_monotonic_us(&clock_system) + 20000000;
         count < 6 && clock_monotonic_us(&clock_system) < until;) {
        struct broker_message batch[10];
        int taken = broker->ops->consumer_poll(member.consumer, batch, 10, 100, &error);
        for (int i = 0; i < taken; i++, count++)
            broker->ops->consumer_release(member.consumer, &batch[i]);
    }
    cr_assert_eq(count, 6);
    cr_expect_eq(member.assigned, 2);
    expect_commit(&member, RD_KAFKA_RESP_ERR_NO_ERROR, WEIR_OK);
    expect_commit(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, WEIR_RETRY);
    expect_commit(&member, RD_KAFKA_RESP_ERR_NO_ERROR, WEIR_OK);
    error = (struct weir_error){0};
    cr_expect_not(commit_one(&member, 5, &error));
    cr_expect_eq(error.code, WEIR_FENCED);
    cr_expect(strstr(error.message, "topic orders partition 5"));
    expect_commit(&member, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, WEIR_FENCED);
    broker->ops->consumer_close(member.consumer);
    cr_expect_eq(member.revoked, 2);
}
