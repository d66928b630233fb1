/* Time that goes on while the inputs are quiet: weir_tick. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir.h"

static const struct weir_window ten_on_close = {.size = {10}, .grace = {5}, .emit = WEIR_EMIT_ON_CLOSE};

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static void send(weir_test *test, const char *topic, const char *key, int64_t timestamp_ms)
{
    const weir_bytes text = {key, strlen(key)};
    weir_test_send_raw(test, topic, (struct weir_raw_record){.key = text, .value = text, .timestamp_ms = timestamp_ms});
}

static void wait(weir_test *test, int64_t ms)
{
    struct weir_error error = {0};
    weir_test_advance(test, weir_millis(ms));
    cr_assert(!weir_test_failed(test, &error), "%s", error.message);
}

static size_t show(char *out, size_t room, const struct weir_record *record)
{
    const weir_bytes *key = record->key;
    return (size_t)snprintf(out, room, "%.*s[%" PRId64 ",%" PRId64 ")@%" PRId64 " ", (int)key->size,
                            (const char *)key->data, record->window.start_ms, record->window.end_ms,
                            record->timestamp_ms);
}

/* What has come to "out": key, window and time of each. */
static const char *results(weir_test *test)
{
    static char found[1024];
    struct weir_record record;
    size_t size = 0;
    found[0] = 0;
    while (weir_test_recv(test, "out", &record))
        size += show(found + size, sizeof found - size, &record);
    return found;
}

static weir_stream *input(weir_topology *t)
{
    return weir_from(t, "in", &weir_str_type, &weir_str_type);
}

static weir_table *counted(weir_stream *stream, struct weir_window window)
{
    return weir_count(weir_group(stream), "counts", .window = window);
}

static weir_test *drive_windows(struct weir_window window)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = counted(input(t), window);
    weir_tick(counts, "quiet", weir_millis(100));
    weir_to(weir_changes(counts), "out");
    return drive(t);
}

/* ---- what leaves ---- */

Test(tick, a_window_closes_when_its_input_has_been_quiet)
{
    weir_test *test = drive_windows(ten_on_close);
    send(test, "in", "a", 3);
    wait(test, 99);
    cr_assert_str_eq(results(test), "");
    wait(test, 1);
    cr_assert_str_eq(results(test), "a[0,10)@3 ");
    weir_test_free(test);
}

Test(tick, a_record_begins_the_quiet_time_anew)
{
    weir_test *test = drive_windows(ten_on_close);
    send(test, "in", "a", 3);
    wait(test, 60);
    send(test, "in", "b", 4);
    wait(test, 60);
    cr_assert_str_eq(results(test), "");
    wait(test, 40);
    cr_assert_str_eq(results(test), "a[0,10)@3 b[0,10)@4 ");
    weir_test_free(test);
}

Test(tick, a_record_for_a_window_that_a_tick_has_closed_is_late)
{
    weir_test *test = drive_windows(ten_on_close);
    send(test, "in", "a", 3);
    wait(test, 100);
    send(test, "in", "a", 4);
    cr_assert_eq(weir_test_dropped(test, "late"), 1);
    cr_assert_str_eq(results(test), "a[0,10)@3 ");
    weir_test_free(test);
}

Test(tick, a_session_is_told_when_nothing_more_comes)
{
    weir_test *test = drive_windows((struct weir_window){.gap = {5}, .grace = {5}, .emit = WEIR_EMIT_ON_CLOSE});
    send(test, "in", "a", 3);
    send(test, "in", "a", 6);
    wait(test, 100);
    cr_assert_str_eq(results(test), "a[3,6)@6 ");
    weir_test_free(test);
}

Test(tick, a_sliding_window_is_told_when_nothing_more_comes)
{
    weir_test *test = drive_windows((struct weir_window){.difference = {10}, .grace = {5}, .emit = WEIR_EMIT_ON_CLOSE});
    send(test, "in", "a", 20);
    wait(test, 100);
    cr_assert_str_eq(results(test), "a[10,20)@20 ");
    weir_test_free(test);
}

Test(tick, a_suppressed_change_leaves_when_its_time_is_over)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *rows = weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type);
    weir_table *calm = weir_suppress(rows, "calm", .until = weir_millis(120));
    weir_tick(calm, "quiet", weir_millis(100));
    weir_to(weir_changes(calm), "out");
    weir_test *test = drive(t);
    send(test, "in", "a", 3);
    wait(test, 100);
    cr_assert_str_eq(results(test), "");
    wait(test, 20);
    cr_assert_str_eq(results(test), "a[0,0)@3 ");
    weir_test_free(test);
}

static const void *left_value(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context;
    return left ? left->value : right->value;
}

Test(tick, a_record_that_nobody_meets_leaves_a_left_join_and_is_met_no_more)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *right = weir_from(t, "other", &weir_str_type, &weir_str_type);
    weir_stream *joined = weir_join(input(t), right, "met", left_value, .value = &weir_str_type, .kind = WEIR_LEFT,
                                    .within = weir_millis(10), .grace = weir_millis(5));
    weir_tick(joined, "quiet", weir_millis(100));
    weir_to(joined, "out");
    weir_test *test = drive(t);
    send(test, "in", "a", 3);
    wait(test, 100);
    cr_assert_str_eq(results(test), "a[0,0)@3 ");
    send(test, "other", "a", 4);
    cr_assert_str_eq(results(test), "");
    weir_test_free(test);
}

static void tell_the_time(weir_context *context, int64_t now_ms)
{
    const weir_bytes text = {"timer", 5};
    weir_forward(context, &(struct weir_record){.key = &text, .value = &text, .timestamp_ms = now_ms});
}

static void open_timer(weir_context *context)
{
    weir_schedule(context, WEIR_STREAM_TIME, weir_millis(50), tell_the_time);
}

static void take_nothing(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

Test(tick, timers_by_stream_time_go_off)
{
    static const struct weir_processor timer = {.open = open_timer, .process = take_nothing};
    weir_topology *t = weir_topology_new("t");
    weir_stream *times = weir_process(input(t), &timer);
    weir_tick(times, "quiet", weir_millis(100));
    weir_to(times, "out");
    weir_test *test = drive(t);
    send(test, "in", "a", 3);
    cr_assert_str_eq(results(test), "timer[0,0)@3 ");
    wait(test, 100);
    cr_assert_str_eq(results(test), "timer[0,0)@103 ");
    weir_test_free(test);
}

Test(tick, windows_behind_a_repartition_close_when_nothing_comes_through_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = counted(weir_repartition(input(t), "moved"), ten_on_close);
    weir_tick(counts, "quiet", weir_millis(100));
    weir_to(weir_changes(counts), "out");
    weir_test *test = drive(t);
    send(test, "in", "a", 3);
    wait(test, 100);
    cr_assert_str_eq(results(test), "a[0,10)@3 ");
    weir_test_free(test);
}

/* ---- ticks as records ---- */

static bool next_tick(weir_test *test, struct weir_raw_record *tick)
{
    return weir_test_recv_raw(test, "app-quiet-ticks", tick);
}

Test(tick, a_tick_says_its_time_and_behind_which_records_it_stands)
{
    weir_test *test = drive_windows(ten_on_close);
    struct weir_raw_record tick;
    send(test, "in", "a", 3);
    send(test, "in", "b", 4);
    wait(test, 130);
    cr_assert(next_tick(test, &tick));
    cr_assert_eq(tick.timestamp_ms, 134);
    cr_assert_eq(tick.value.size, strlen("in:0:2"));
    cr_assert_eq(memcmp(tick.value.data, "in:0:2", tick.value.size), 0);
    cr_assert(!next_tick(test, &tick));
    weir_test_free(test);
}

Test(tick, none_is_written_while_nothing_waits)
{
    weir_test *test = drive_windows(ten_on_close);
    struct weir_raw_record tick;
    wait(test, 500);
    send(test, "in", "a", 3);
    wait(test, 100);
    wait(test, 100);
    wait(test, 100);
    cr_assert(next_tick(test, &tick));
    cr_assert(!next_tick(test, &tick));
    weir_test_free(test);
}

/* The results of what was sent before and after a tick; the tick. */
static const char *first_run(struct weir_raw_record *tick, weir_test **test)
{
    *test = drive_windows(ten_on_close);
    send(*test, "in", "a", 3);
    wait(*test, 100);
    send(*test, "in", "a", 4);
    send(*test, "in", "a", 111);
    send(*test, "in", "a", 140);
    cr_assert(next_tick(*test, tick));
    return results(*test);
}

Test(tick, the_same_topics_give_the_same_results_again)
{
    struct weir_raw_record tick;
    weir_test *first, *again = drive_windows(ten_on_close);
    char expected[1024];
    snprintf(expected, sizeof expected, "%s", first_run(&tick, &first));
    cr_assert_str_eq(expected, "a[0,10)@3 a[110,120)@111 ");
    weir_test_send_raw(again, "app-quiet-ticks", tick); /* it waits for the record it stands behind */
    cr_assert_str_eq(results(again), "");
    send(again, "in", "a", 3);
    send(again, "in", "a", 4);
    send(again, "in", "a", 111);
    send(again, "in", "a", 140);
    cr_assert_str_eq(results(again), expected);
    cr_assert_eq(weir_test_dropped(again, "late"), 1);
    weir_test_free(first);
    weir_test_free(again);
}

Test(tick, what_is_no_tick_stops_the_app)
{
    weir_test *test = drive_windows(ten_on_close);
    struct weir_error error = {0};
    send(test, "app-quiet-ticks", "nonsense", 3);
    cr_assert(weir_test_failed(test, &error));
    cr_assert_not_null(strstr(error.message, "app-quiet-ticks"), "%s", error.message);
    weir_test_free(test);
}

/* ---- mistakes ---- */

static void expect_refused(weir_topology *t, const char *why)
{
    struct weir_error error = {0};
    weir_to(input(t), "out");
    cr_assert_null(weir_test_new(t, (struct weir_config){.application = "app"}, &error));
    cr_assert_not_null(strstr(error.message, why), "%s", error.message);
}

Test(tick, a_sub_topology_has_one_clock)
{
    weir_topology *t = weir_topology_new("t");
    weir_tick(input(t), "one", weir_millis(100));
    weir_tick(counted(input(t), ten_on_close), "two", weir_millis(100));
    expect_refused(t, "tick 'two-ticks': its sub-topology has ticks already, 'one-ticks'");
}

Test(tick, its_time_must_be_positive)
{
    weir_topology *t = weir_topology_new("t");
    weir_tick(input(t), "one", weir_millis(0));
    expect_refused(t, "tick 'one': the time without records must be positive");
}
