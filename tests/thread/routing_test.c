/* Sinks on the embedded log: computed topics that exist or do not, partitioners that see how many partitions there are,
 * and what becomes of records that cannot be written. A plain program, so that it runs under ThreadSanitizer too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/tree.h"
#include "broker/broker.h"

static int failures;
static char folder[64], log_directory[96], state_directory[96];

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
        }                                                                                                              \
    } while (0)

static const char *by_value(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    char *topic = weir_alloc(context, value->size + 1);
    memcpy(topic, value->data, value->size);
    return topic;
}

static int32_t by_first_digit(const struct weir_record *record, int32_t partitions)
{
    const char *key = ((const weir_bytes *)record->key)->data;
    return *key == '*' ? WEIR_PARTITION_ALL : (*key - '0') % partitions;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("routing");
    weir_to_computed(weir_from(t, "in", &weir_str_type, &weir_str_type), by_value, .partition_of = by_first_digit);
    return t;
}

static weir_app *start(const char *policy)
{
    struct weir_error error = {0};
    const char *const set[][2] = {{"log.dir", log_directory},
                                  {"state.dir", state_directory},
                                  {"commit.interval.ms", "10"},
                                  {"production.exception.handler", policy},
                                  {NULL, NULL}};
    weir_app *app = weir_start(build(), (struct weir_config){.application = "routing", .set = set}, &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    return app;
}

static void send(weir_app *app, const char *key, const char *value)
{
    const struct weir_raw_record record = {.key = bytes_of_text(key), .value = bytes_of_text(value), .timestamp_ms = 1};
    struct weir_error error = {0};
    CHECK(weir_produce(app, "in", &record, 1, NULL, &error), "weir_produce: %s", error.message);
}

/* Keys of the records of a partition, one letter each. */
static void read_keys(struct broker *log, const char *topic, int32_t partition, size_t expected, char *out)
{
    struct weir_error error = {0};
    struct broker_reader *reader = log->ops->reader_open(log, &error);
    CHECK(reader && log->ops->reader_add(reader, topic, partition, 0, 0, &error), "%s", error.message);
    size_t count = 0;
    for (int tries = 0; count < expected && tries < 200; tries++) {
        struct broker_message messages[16];
        int got = log->ops->reader_poll(reader, messages, 16, 50, &error);
        for (int i = 0; i < got; i++) {
            out[count++] = *(const char *)messages[i].key.data;
            log->ops->reader_release(reader, &messages[i]);
        }
    }
    out[count] = 0;
    log->ops->reader_close(reader);
}

static void expect_keys(struct broker *log, const char *topic, int32_t partition, const char *keys)
{
    char found[32];
    read_keys(log, topic, partition, strlen(keys), found);
    CHECK(strcmp(found, keys) == 0, "topic %s, partition %d: \"%s\", not \"%s\"", topic, partition, found, keys);
}

static void records_go_where_they_are_sent(struct broker *log)
{
    struct weir_error error = {0};
    weir_app *app = start("dead_letter");
    send(app, "0", "wide");
    send(app, "2", "wide");
    send(app, "4", "wide");
    send(app, "*", "wide");
    send(app, "7", "missing");
    send(app, "8", "../outside");
    send(app, "5", "wide");
    expect_keys(log, "wide", 0, "0*");
    expect_keys(log, "wide", 1, "4*");
    expect_keys(log, "wide", 2, "2*5");
    expect_keys(log, "in.dlq", 0, "78");
    CHECK(log->ops->partitions(log, "missing", &error) == 0, "the topic was made");
    CHECK(weir_stop(app, weir_seconds(30), &error), "weir_stop: %s", error.message);
}

static void fail_stops_at_a_topic_that_is_missing(void)
{
    struct weir_error error = {0};
    weir_app *app = start("fail");
    send(app, "7", "missing");
    for (int tries = 0; tries < 1000 && !weir_app_failure(app, &error); tries++)
        usleep(5000);
    CHECK(strstr(error.message, "topic in, partition 0, offset 7") && strstr(error.message, "topic missing"), "%s",
          error.message);
    error = (struct weir_error){0};
    CHECK(!weir_stop(app, weir_seconds(30), &error), "it stopped as if nothing had happened");
}

int main(void)
{
    strcpy(folder, "/tmp/weir-routing-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);
    struct weir_error error = {0};
    struct broker *log = broker_embedded_open(log_directory, NULL, &error);
    const struct broker_topic_spec topics[] = {{.name = "in", .partitions = 1}, {.name = "wide", .partitions = 3}};
    CHECK(log && log->ops->ensure(log, topics, 2, &error), "%s", error.message);
    if (log) {
        records_go_where_they_are_sent(log);
        fail_stops_at_a_topic_that_is_missing();
        log->ops->close(log);
    }
    tree_remove(folder);
    return failures > 0;
}
