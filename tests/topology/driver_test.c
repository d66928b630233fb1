/* The test driver, and through it the verbs: what goes in, what comes out, in which order, with which timestamps. */
#include <criterion/criterion.h>
#include <string.h>

#include "weir.h"

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static void send(weir_test *test, const char *topic, const char *key, const char *value, int64_t ts)
{
    weir_test_send_raw(test, topic,
                       (struct weir_raw_record){.key = key ? text(key) : (weir_bytes){0},
                                                .value = value ? text(value) : (weir_bytes){0},
                                                .timestamp_ms = ts});
}

static bool is(weir_bytes bytes, const char *expected)
{
    return bytes.size == strlen(expected) && memcmp(bytes.data, expected, bytes.size) == 0;
}

static void expect_long(weir_test *test, const char *topic, const char *key, int64_t value, int64_t ts)
{
    struct weir_record out;
    cr_assert(weir_test_recv(test, topic, &out), "nothing on %s", topic);
    cr_expect(is(*(const weir_bytes *)out.key, key));
    cr_expect_eq(*(const int64_t *)out.value, value);
    cr_expect_eq(out.timestamp_ms, ts);
}

static bool is_long_text(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value && ((const weir_bytes *)record->value)->size > 2;
}

static const void *value_as_key(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void fail_on_bad(weir_context *context, const struct weir_record *record)
{
    if (is(*(const weir_bytes *)record->value, "bad"))
        weir_fail(context, "this is bad");
    weir_forward(context, record);
}

Test(driver, a_filter_keeps_timestamp_key_and_headers)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_filter(weir_from(t, "in", &weir_str_type, &weir_str_type), is_long_text), "out");
    weir_test *test = drive(t);
    const struct weir_header header = {"trace", text("abc")};
    weir_test_send_raw(test, "in", (struct weir_raw_record){text("k"), text("long"), 5, {&header, 1}});
    send(test, "in", "k", "no", 6);
    struct weir_raw_record out;
    cr_assert(weir_test_recv_raw(test, "out", &out));
    cr_expect(is(out.key, "k") && is(out.value, "long"));
    cr_expect_eq(out.timestamp_ms, 5);
    cr_assert_eq(out.headers.count, 1);
    cr_expect(is(out.headers.items[0].value, "abc"));
    cr_expect_not(weir_test_recv_raw(test, "out", &out));
    weir_test_free(test);
}

Test(driver, counts_go_through_a_repartition_topic)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by_value =
        weir_group_by(weir_from(t, "in", &weir_str_type, &weir_str_type), "by-value", &weir_str_type, value_as_key);
    weir_to(weir_changes(weir_count(by_value, "counts")), "out");
    weir_test *test = drive(t);
    send(test, "in", "1", "a", 10);
    send(test, "in", "2", "b", 20);
    send(test, "in", "3", "a", 15);
    expect_long(test, "out", "a", 1, 10);
    expect_long(test, "out", "b", 1, 20);
    expect_long(test, "out", "a", 2, 15);
    const int64_t *count = weir_test_get(test, "counts", WEIR_STR("a"));
    cr_assert_not_null(count);
    cr_expect_eq(*count, 2);
    weir_test_free(test);
}

Test(driver, internal_topics_and_lineage_stay_inside)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *rekeyed =
        weir_rekey(weir_from(t, "in", &weir_str_type, &weir_str_type), "again", &weir_str_type, value_as_key);
    weir_to(rekeyed, "out");
    weir_test *test = drive(t);
    send(test, "in", "1", "a", 10);
    const char *topic = NULL;
    struct weir_raw_record out;
    cr_assert(weir_test_recv_any(test, &topic, &out));
    cr_expect_str_eq(topic, "out");
    cr_expect_eq(out.headers.count, 0);
    cr_expect_not(weir_test_recv_any(test, &topic, &out));
    weir_test_free(test);
}

Test(driver, a_tumbling_window_drops_what_is_later_than_grace)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *grouped = weir_group(weir_from(t, "in", &weir_str_type, &weir_str_type));
    weir_count(grouped, "counts",
               .window = {.size = weir_seconds(10), .grace = weir_seconds(5), .retention = weir_minutes(1)});
    weir_test *test = drive(t);
    send(test, "in", "k", "1", 1000);
    send(test, "in", "k", "2", 14999); /* closes nothing: window end 10000 + grace 5000 > 14999 */
    send(test, "in", "k", "3", 9999);
    send(test, "in", "k", "4", 15000);
    send(test, "in", "k", "5", 9999);
    const int64_t *count = weir_test_get_window(test, "counts", WEIR_STR("k"), 0);
    cr_assert_not_null(count);
    cr_expect_eq(*count, 2);
    cr_expect_eq(weir_test_dropped(test, "late"), 1);
    weir_test_free(test);
}

Test(driver, poison_is_a_dead_letter_with_its_place_and_reason)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_flat_map(weir_from(t, "in", &weir_str_type, &weir_str_type), NULL, &weir_str_type, fail_on_bad),
            "out");
    weir_test *test = drive(t);
    send(test, "in", "k", "bad", 1);
    send(test, "in", "k", "fine", 2);
    struct weir_raw_record letter, out;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect(is(letter.value, "bad"));
    bool has_topic = false, has_message = false;
    for (size_t i = 0; i < letter.headers.count; i++) {
        has_topic |=
            !strcmp(letter.headers.items[i].name, "__streams.errors.topic") && is(letter.headers.items[i].value, "in");
        has_message |= !strcmp(letter.headers.items[i].name, "__streams.errors.message") &&
                       is(letter.headers.items[i].value, "this is bad");
    }
    cr_expect(has_topic && has_message);
    cr_assert(weir_test_recv_raw(test, "out", &out));
    cr_expect(is(out.value, "fine"));
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

Test(driver, a_dead_letter_bears_the_time_of_its_failure)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_i64_type), "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_days(365));
    send(test, "in", "k", "12345", 1);
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_eq(letter.timestamp_ms, weir_days(365).ms,
                 "a broker that keeps letters for 30 days would delete it at once");
    weir_test_free(test);
}

Test(driver, bytes_that_cannot_be_read_are_dead_letters)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_i64_type), "out");
    weir_test *test = drive(t);
    send(test, "in", "k", "12345", 1);
    struct weir_raw_record letter;
    cr_expect(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_eq(weir_test_dropped(test, "dead_letter"), 1);
    weir_test_free(test);
}

static const void *glue(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    weir_bytes a = *(const weir_bytes *)left->value, b = right ? *(const weir_bytes *)right->value : text("-");
    char *joined = weir_alloc(context, a.size + b.size + 1);
    memcpy(joined, a.data, a.size);
    memcpy(joined + a.size, b.data, b.size);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = (weir_bytes){joined, a.size + b.size};
    return out;
}

Test(driver, a_stream_joins_what_the_table_holds_then)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *left = weir_from(t, "left", &weir_str_type, &weir_str_type);
    weir_table *right = weir_table_from(t, "right", "right-store", &weir_str_type, &weir_str_type);
    weir_to(weir_join_table(left, right, glue, .value = &weir_str_type, .kind = WEIR_LEFT), "out");
    weir_test *test = drive(t);
    send(test, "left", "k", "a", 1);
    send(test, "right", "k", "x", 2);
    send(test, "left", "k", "b", 3);
    struct weir_raw_record out;
    cr_assert(weir_test_recv_raw(test, "out", &out));
    cr_expect(is(out.value, "a-"));
    cr_assert(weir_test_recv_raw(test, "out", &out));
    cr_expect(is(out.value, "bx"));
    weir_test_free(test);
}

struct ticker {
    int64_t ticks;
};

static void tick(weir_context *context, int64_t now_ms)
{
    struct ticker *self = weir_self(context);
    int64_t *count = weir_alloc(context, sizeof *count);
    *count = ++self->ticks;
    weir_forward(context, &(struct weir_record){.key = WEIR_STR("tick"), .value = count, .timestamp_ms = now_ms});
}

static void ticker_open(weir_context *context)
{
    weir_schedule(context, WEIR_WALL_CLOCK, weir_seconds(1), tick);
}

static void ticker_process(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

Test(driver, a_wall_clock_punctuator_fires_as_the_clock_is_turned)
{
    static const struct weir_processor ticker = {sizeof(struct ticker), ticker_open, ticker_process, NULL};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(weir_from(t, "in", &weir_str_type, &weir_str_type), &ticker, .key = &weir_str_type,
                         .value = &weir_i64_type),
            "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_millis(999));
    weir_test_advance(test, weir_millis(1));
    weir_test_advance(test, weir_seconds(5));
    expect_long(test, "out", "tick", 1, 1000);
    expect_long(test, "out", "tick", 2, 6000);
    weir_test_free(test);
}

Test(driver, a_mistake_is_reported_with_its_line)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group(NULL), "x")), "out");
    weir_from(t, "", &weir_str_type, &weir_str_type);
    struct weir_error error = {0};
    cr_expect_null(weir_test_new(t, (struct weir_config){.application = "app"}, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect_not_null(strstr(error.message, "driver_test.c:"));
}

Test(driver, poison_behind_a_repartition_is_a_dead_letter_too)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved =
        weir_rekey(weir_from(t, "in", &weir_str_type, &weir_str_type), "moved", &weir_str_type, value_as_key);
    weir_to(weir_flat_map(moved, NULL, &weir_str_type, fail_on_bad), "out");
    weir_test *test = drive(t);
    send(test, "in", "k", "bad", 1);
    send(test, "in", "k", "fine", 2);
    struct weir_raw_record letter, out;
    cr_assert(weir_test_recv_raw(test, "app-moved-repartition.dlq", &letter));
    cr_expect(is(letter.value, "bad"));
    cr_assert(weir_test_recv_raw(test, "out", &out));
    cr_expect(is(out.value, "fine"));
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

struct rows {
    int count;
    int64_t sum;
};

static void add_row(void *self, const struct weir_record *row)
{
    struct rows *rows = self;
    rows->count++;
    rows->sum += *(const int64_t *)row->value;
}

static weir_topology *counts_in_two_topics(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(weir_from(t, "in", &weir_str_type, &weir_str_type)), "counts");
    weir_to(weir_changes(counts), "out");
    weir_to(weir_changes(counts), "other");
    return t;
}

Test(driver, shows_all_rows_of_a_store)
{
    weir_test *test = drive(counts_in_two_topics());
    struct rows rows = {0};
    send(test, "in", "a", "x", 1);
    send(test, "in", "b", "x", 2);
    send(test, "in", "a", "x", 3);
    weir_test_each(test, "counts", add_row, &rows);
    cr_expect_eq(rows.count, 2);
    cr_expect_eq(rows.sum, 3);
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_each(test, "no-such-store", add_row, &rows);
    cr_expect(weir_test_failed(test, NULL));
    weir_test_free(test);
}

Test(driver, changelogs_can_be_read_by_name)
{
    weir_test *test = drive(counts_in_two_topics());
    struct weir_raw_record row;
    send(test, "in", "a", "x", 1);
    send(test, "in", "a", "x", 2);
    for (int i = 1; i <= 2; i++) {
        cr_assert(weir_test_recv_raw(test, "app-counts-changelog", &row));
        cr_expect(is(row.key, "a"));
        cr_expect_eq(((const char *)row.value.data)[7], i);
        cr_expect_eq(row.timestamp_ms, i);
    }
    cr_expect_not(weir_test_recv_raw(test, "app-counts-changelog", &row));
    weir_test_free(test);
}

Test(driver, a_table_without_a_changelog_writes_none)
{
    weir_topology *t = weir_topology_new("app");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_str_type);
    weir_count(weir_group(in), "counts", .no_log = true);
    weir_test *test = drive(t);
    struct weir_raw_record row;
    send(test, "in", "a", "x", 1);
    cr_expect_not(weir_test_recv_raw(test, "app-counts-changelog", &row));
    cr_expect_eq(*(const int64_t *)weir_test_get(test, "counts", &(weir_bytes){"a", 1}), 1);
    weir_test_free(test);
}

Test(driver, records_of_two_topics_are_taken_apart_and_together)
{
    weir_test *test = drive(counts_in_two_topics());
    struct weir_raw_record raw;
    const char *topic;
    send(test, "in", "a", "x", 1);
    send(test, "in", "b", "x", 2);
    for (int i = 0; i < 2; i++) {
        cr_expect(weir_test_recv_raw(test, "other", &raw));
        cr_expect(weir_test_recv_any(test, &topic, &raw));
        cr_expect_str_eq(topic, "out");
        cr_expect(weir_test_recv_any(test, &topic, &raw));
        cr_expect_str_eq(topic, "other");
    }
    cr_expect_not(weir_test_recv_raw(test, "other", &raw));
    cr_expect_not(weir_test_recv_any(test, &topic, &raw));
    weir_test_free(test);
}
