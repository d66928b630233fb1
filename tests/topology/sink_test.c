/* Sinks that compute their topic, and partitioners, in the test driver; beside TopologyTestDriver 4.3.1. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "weir.h"

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static bool is(const void *bytes, const char *expected)
{
    const weir_bytes *value = bytes;
    return value->size == strlen(expected) && memcmp(value->data, expected, value->size) == 0;
}

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static void send(weir_test *test, const char *key, const char *value, int64_t ts)
{
    weir_test_send_raw(
        test, "in",
        (struct weir_raw_record){.key = key ? text(key) : (weir_bytes){0}, .value = text(value), .timestamp_ms = ts});
}

/* "null" has no topic; all others go to "t-" and the value. */
static const char *by_value(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    struct weir_metadata from = weir_record_metadata(context);
    cr_expect_str_eq(from.topic, "in");
    if (is(value, "null"))
        return NULL;
    char *topic = weir_alloc(context, value->size + 3);
    snprintf(topic, value->size + 3, "t-%.*s", (int)value->size, (const char *)value->data);
    return topic;
}

static int32_t none_of_none(const struct weir_record *record, int32_t partitions)
{
    cr_expect_eq(partitions, 1);
    if (!record->key)
        return WEIR_PARTITION_BY_KEY;
    return is(record->key, "none") ? WEIR_PARTITION_NONE : is(record->key, "all") ? WEIR_PARTITION_ALL : 0;
}

static weir_topology *computed(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_to_computed(weir_from(t, "in", &weir_str_type, &weir_str_type), by_value, .partition_of = none_of_none,
                     .name = "dyn");
    return t;
}

Test(sink, the_topic_is_what_the_function_says)
{
    weir_test *test = drive(computed());
    struct weir_record out;
    send(test, "k", "a", 1);
    send(test, NULL, "a", 3);
    send(test, "all", "b", 4);
    cr_assert(weir_test_recv(test, "t-a", &out));
    cr_expect(is(out.key, "k") && is(out.value, "a"));
    cr_assert(weir_test_recv(test, "t-a", &out));
    cr_expect_null(out.key);
    cr_expect_eq(out.timestamp_ms, 3);
    cr_assert(weir_test_recv(test, "t-b", &out));
    cr_expect_not(weir_test_recv(test, "t-b", &out));
    weir_test_free(test);
}

Test(sink, what_goes_to_no_partition_is_dropped_and_counted)
{
    weir_test *test = drive(computed());
    struct weir_record out;
    send(test, "none", "b", 2);
    cr_expect_not(weir_test_recv(test, "t-b", &out));
    cr_expect_eq(weir_test_dropped(test, "no_partition"), 1);
    weir_test_free(test);
}

Test(sink, a_record_without_a_topic_cannot_be_written)
{
    weir_test *test = drive(computed());
    struct weir_raw_record letter;
    send(test, "k", "null", 2);
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    const struct weir_record record = {.headers = letter.headers};
    weir_bytes reason = weir_header(&record, "__streams.errors.reason");
    weir_bytes exception = weir_header(&record, "__streams.errors.exception");
    cr_expect(is(&reason, "unwritable") && is(&exception, "weir.producing"));
    weir_test_free(test);
}

Test(sink, a_record_that_cannot_be_written_stops_the_app_where_that_is_wanted)
{
    weir_topology *t = computed();
    weir_on_error(t, .producing = WEIR_FAIL);
    weir_test *test = drive(t);
    struct weir_error error = {0};
    send(test, "k", "null", 2);
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "gave no topic (production.exception.handler is fail)"), "%s", error.message);
    weir_test_free(test);
}

Test(sink, a_record_that_cannot_be_written_is_skipped_where_that_is_wanted)
{
    weir_topology *t = computed();
    weir_on_error(t, .producing = WEIR_SKIP);
    weir_test *test = drive(t);
    struct weir_raw_record letter;
    send(test, "k", "null", 2);
    cr_expect_not(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_eq(weir_test_dropped(test, "unwritable"), 1);
    weir_test_free(test);
}

Test(sink, a_computed_sink_is_described_as_kafka_streams_does)
{
    weir_topology *t = computed();
    char *described = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&described, &size);
    struct weir_error error = {0};
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, out, &error), "%s", error.message);
    fclose(out);
    cr_expect(strstr(described, "    Sink: dyn (extractor class: topology/sink_test.c:"), "%s", described);
    free(described);
    weir_topology_free(t);
}

static int32_t far_away(const struct weir_record *record, int32_t partitions)
{
    return is(record->value, "less") ? -4 : partitions;
}

Test(sink, a_partition_that_is_not_there_cannot_be_written_to)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type), "out", .partition_of = far_away);
    weir_test *test = drive(t);
    send(test, "k", "less", 1);
    send(test, "k", "more", 2);
    cr_expect_eq(weir_test_dropped(test, "dead_letter"), 2);
    weir_test_free(test);
}
