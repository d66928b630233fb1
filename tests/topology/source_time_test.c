/* Where a record's time comes from, and what becomes of one without. The lines are those of TopologyTestDriver 4.3.1 with
 * extractors of the same kind, over the same values. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir.h"

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static weir_test *drive_with(weir_topology *topology, const char *key, const char *value)
{
    const char *const set[][2] = {{key, value}, {NULL, NULL}};
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app", .set = set}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static weir_test *drive(weir_topology *topology)
{
    return drive_with(topology, "application.id", "app");
}

static void send(weir_test *test, const char *value)
{
    weir_test_send_raw(test, "in", (struct weir_raw_record){.key = text("k"), .value = text(value), .timestamp_ms = 2});
}

static void send_all(weir_test *test)
{
    static const char *const values[] = {"5", "-7", "3", "9", "-1", "4"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        send(test, values[i]);
}

static void expect(weir_test *test, const char *topic, const char *lines)
{
    static char found[1024];
    struct weir_raw_record record;
    int size = 0;
    found[0] = 0;
    while (weir_test_recv_raw(test, topic, &record))
        size += snprintf(found + size, sizeof found - (size_t)size, "%.*s@%" PRId64 " ", (int)record.value.size,
                         (const char *)record.value.data, record.timestamp_ms);
    cr_expect_str_eq(found, lines);
}

static int64_t told[16];
static size_t told_count;

static int64_t number(const struct weir_record *record, int64_t partition_time_ms)
{
    const weir_bytes *value = record->value;
    char digits[24];
    snprintf(digits, sizeof digits, "%.*s", (int)value->size, (const char *)value->data);
    told[told_count++ % 16] = partition_time_ms;
    return strtoll(digits, NULL, 10);
}

static weir_topology *copy(enum weir_untimed untimed)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .timestamp = number, .untimed = untimed), "out");
    return t;
}

Test(source_time, records_without_a_time_are_skipped_and_counted)
{
    weir_test *test = drive(copy(WEIR_UNTIMED_SKIP));
    send_all(test);
    expect(test, "out", "5@5 3@3 9@9 4@4 ");
    expect(test, "in.dlq", "");
    cr_expect_eq(weir_test_dropped(test, "bad_timestamp"), 2);
    weir_test_free(test);
}

Test(source_time, an_extractor_hears_the_time_of_the_partition)
{
    static const int64_t expected[] = {-1, 5, 5, 5, 9, 9};
    weir_test *test = drive(copy(WEIR_UNTIMED_SKIP));
    told_count = 0;
    send_all(test);
    cr_assert_eq(told_count, 6);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(told[i], expected[i], "record %zu: %" PRId64, i, told[i]);
    weir_test_free(test);
}

Test(source_time, records_without_a_time_take_that_of_the_partition)
{
    weir_test *test = drive(copy(WEIR_UNTIMED_PARTITION_TIME));
    send_all(test);
    expect(test, "out", "5@5 -7@5 3@3 9@9 -1@9 4@4 ");
    weir_test_free(test);
}

Test(source_time, a_partition_without_a_time_fails)
{
    weir_test *test = drive(copy(WEIR_UNTIMED_PARTITION_TIME));
    struct weir_error error = {0};
    send(test, "-7");
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "topic in, partition 0, offset 0"), "%s", error.message);
    cr_expect(strstr(error.message, "the time of the partition is not known yet"), "%s", error.message);
    weir_test_free(test);
}

Test(source_time, a_record_without_a_time_stops_the_app_where_that_is_wanted)
{
    weir_test *test = drive_with(copy(WEIR_UNTIMED_DEFAULT), "default.timestamp.extractor", "fail");
    struct weir_error error = {0};
    send_all(test);
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "offset 1"), "%s", error.message);
    cr_expect(strstr(error.message, "timestamp: -7 is negative (default.timestamp.extractor is fail)"), "%s",
              error.message);
    expect(test, "out", "5@5 ");
    weir_test_free(test);
}

Test(source_time, by_default_a_record_without_a_time_is_a_dead_letter)
{
    weir_test *test = drive(copy(WEIR_UNTIMED_DEFAULT));
    send_all(test);
    expect(test, "out", "5@5 3@3 9@9 4@4 ");
    expect(test, "in.dlq", "-7@0 -1@0 ");
    weir_test_free(test);
}

Test(source_time, unreadable_records_and_records_without_a_time_have_policies_of_their_own)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .timestamp = number, .reading = WEIR_FAIL,
                      .untimed = WEIR_UNTIMED_SKIP),
            "out");
    weir_test *test = drive(t);
    send_all(test);
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

Test(source_time, the_wall_clock_is_the_drivers)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .timestamp = weir_wall_clock), "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_millis(70));
    send(test, "v");
    expect(test, "out", "v@70 ");
    weir_test_free(test);
}

Test(source_time, the_settings_may_choose_the_wall_clock)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type), "out");
    weir_test *test = drive_with(t, "default.timestamp.extractor", "wall_clock");
    weir_test_advance(test, weir_millis(70));
    send(test, "v");
    expect(test, "out", "v@70 ");
    weir_test_free(test);
}

Test(source_time, a_time_too_far_ahead_of_the_clock_is_a_dead_letter)
{
    weir_test *test = drive_with(copy(WEIR_UNTIMED_DEFAULT), "max.future.ms", "100");
    weir_test_advance(test, weir_millis(50));
    send(test, "150");
    send(test, "151");
    expect(test, "out", "150@150 ");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    const struct weir_record record = {.headers = letter.headers};
    weir_bytes reason = weir_header(&record, "__streams.errors.reason");
    cr_expect_eq(reason.size, 6);
    cr_expect_eq(memcmp(reason.data, "future", 6), 0);
    weir_test_free(test);
}

Test(source_time, without_the_setting_a_test_has_no_future_guard)
{
    weir_test *test = drive(copy(WEIR_UNTIMED_DEFAULT));
    send(test, "9999999999999");
    expect(test, "out", "9999999999999@9999999999999 ");
    weir_test_free(test);
}

/* ---- max.task.idle.ms ---- */

static void send_to(weir_test *test, const char *topic, const char *value, int64_t ts)
{
    weir_test_send_raw(test, topic,
                       (struct weir_raw_record){.key = text("k"), .value = text(value), .timestamp_ms = ts});
}

static weir_topology *merged(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_merge(weir_from(t, "a", &weir_str_type, &weir_str_type),
                       weir_from(t, "b", &weir_str_type, &weir_str_type)),
            "out");
    return t;
}

Test(source_time, a_task_waits_for_its_empty_input_and_keeps_the_order_of_time)
{
    weir_test *test = drive_with(merged(), "max.task.idle.ms", "100");
    send_to(test, "a", "late", 20);
    weir_test_advance(test, weir_millis(99));
    expect(test, "out", "");
    send_to(test, "b", "early", 10);
    expect(test, "out", "early@10 ");
    weir_test_advance(test, weir_millis(99));
    expect(test, "out", "");
    weir_test_advance(test, weir_millis(1));
    expect(test, "out", "late@20 ");
    weir_test_free(test);
}

Test(source_time, without_an_idle_time_a_task_takes_what_there_is)
{
    weir_test *test = drive(merged());
    send_to(test, "a", "late", 20);
    send_to(test, "b", "early", 10);
    expect(test, "out", "late@20 early@10 ");
    weir_test_free(test);
}
