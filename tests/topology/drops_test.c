/* What is left out of the results, as streams that the topology takes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "weir.h"

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static bool is(weir_bytes bytes, const char *expected)
{
    return bytes.size == strlen(expected) && memcmp(bytes.data, expected, bytes.size) == 0;
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
    weir_test_send_raw(test, "in",
                       (struct weir_raw_record){.key = key ? text(key) : (weir_bytes){0},
                                                .value = value ? text(value) : (weir_bytes){0},
                                                .timestamp_ms = ts});
}

static weir_stream *texts(weir_topology *t)
{
    return weir_from(t, "in", &weir_str_type, &weir_str_type, .reading = WEIR_SKIP);
}

static weir_table *count(weir_stream *s, struct weir_window window)
{
    return weir_count(weir_group(s), "counts", .window = window);
}

static const struct weir_window ten = {.size = {10}, .grace = {5}};

/* ---- late ---- */

Test(drops, late_records_leave_as_they_came)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = count(texts(t), ten);
    weir_to(weir_changes(counts), "out");
    weir_to(weir_late(counts), "late");
    weir_test *test = drive(t);
    struct weir_record out;
    send(test, "k", "a", 5);
    send(test, "k", "b", 15); /* closes [0,10) */
    send(test, "k", "c", 9);
    send(test, "k", "d", 10);
    cr_assert(weir_test_recv(test, "late", &out));
    cr_expect(is(*(const weir_bytes *)out.key, "k") && is(*(const weir_bytes *)out.value, "c"));
    cr_expect_eq(out.timestamp_ms, 9);
    cr_expect_eq(out.window.end_ms, 0);
    cr_expect_not(weir_test_recv(test, "late", &out));
    cr_expect_eq(weir_test_dropped(test, "late"), 1);
    weir_test_free(test);
}

Test(drops, a_record_that_is_late_for_several_windows_is_told_once)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_late(count(texts(t), (struct weir_window){.size = {10}, .advance = {2}})), "late");
    weir_test *test = drive(t);
    struct weir_record out;
    send(test, "k", "a", 100);
    send(test, "k", "b", 50);
    cr_expect(weir_test_recv(test, "late", &out));
    cr_expect_not(weir_test_recv(test, "late", &out));
    cr_expect_eq(weir_test_dropped(test, "late"), 5);
    weir_test_free(test);
}

Test(drops, sessions_and_sliding_windows_have_late_records_too)
{
    static const struct weir_window windows[] = {{.gap = {10}}, {.difference = {10}}};
    for (size_t i = 0; i < 2; i++) {
        weir_topology *t = weir_topology_new("t");
        weir_to(weir_late(count(texts(t), windows[i])), "late");
        weir_test *test = drive(t);
        struct weir_record out;
        send(test, "k", "a", 100);
        send(test, "k", "b", 50);
        cr_expect(weir_test_recv(test, "late", &out));
        cr_expect_eq(out.timestamp_ms, 50);
        weir_test_free(test);
    }
}

Test(drops, what_is_left_out_for_another_reason_is_not_late)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_late(count(texts(t), ten)), "late");
    weir_test *test = drive(t);
    struct weir_record out;
    send(test, NULL, "a", 100);
    cr_expect_not(weir_test_recv(test, "late", &out));
    cr_expect_eq(weir_test_dropped(test, "null_key"), 1);
    weir_test_free(test);
}

Test(drops, a_plain_count_has_no_late_records)
{
    weir_topology *t = weir_topology_new("t");
    struct weir_error error = {0};
    cr_expect_null(weir_late(weir_count(weir_group(texts(t)), "counts")));
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_expect_null(test);
    cr_expect(strstr(error.message, "only a windowed count, reduce or aggregate has late records"), "%s",
              error.message);
}

/* ---- drops ---- */

static const struct weir_dropped *next_drop(weir_test *test, struct weir_record *out)
{
    cr_assert(weir_test_recv(test, "lost", out));
    return out->value;
}

Test(drops, everything_left_out_comes_together)
{
    weir_topology *t = weir_topology_new("t");
    count(texts(t), ten);
    weir_from(t, "numbers", &weir_str_type, &weir_i64_type, .reading = WEIR_SKIP);
    weir_to(weir_drops(t, "lost"), "lost", .format = WEIR_FORMAT_OBJECT);
    weir_test *test = drive(t);
    struct weir_record out;
    send(test, NULL, "a", 20);
    send(test, "k", "b", 20);
    send(test, "k", "c", 1);
    weir_test_send_raw(test, "numbers", (struct weir_raw_record){.key = text("k"), .value = text("no number")});
    const struct weir_dropped *drop = next_drop(test, &out);
    cr_expect_null(out.key);
    cr_expect(is(drop->reason, "null_key") && is(drop->node, "KSTREAM-AGGREGATE-0000000001"));
    cr_expect_not(drop->has_key);
    drop = next_drop(test, &out);
    cr_expect(is(*(const weir_bytes *)out.key, "k"));
    cr_expect_eq(out.timestamp_ms, 1);
    cr_expect(is(drop->reason, "late") && is(drop->topic, "in") && is(drop->key, "k") && is(drop->value, "c"));
    cr_expect_eq(drop->partition, 0);
    cr_expect_eq(drop->offset, 2);
    cr_expect_eq(drop->timestamp, 1);
    drop = next_drop(test, &out);
    cr_expect(is(drop->reason, "unreadable") && is(drop->topic, "numbers") && is(drop->value, "no number"));
    cr_expect_eq(drop->offset, 0);
    cr_expect_not(weir_test_recv(test, "lost", &out));
    weir_test_free(test);
}

static const void *reason_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &((const struct weir_dropped *)record->value)->reason;
}

Test(drops, drops_are_counted_like_anything_else)
{
    weir_topology *t = weir_topology_new("t");
    count(texts(t), ten);
    weir_count(weir_group_by(weir_drops(t, "lost"), "by-reason", &weir_str_type, reason_of), "reasons");
    weir_test *test = drive(t);
    send(test, NULL, "a", 20);
    send(test, NULL, "b", 20);
    cr_expect_eq(*(const int64_t *)weir_test_get(test, "reasons", WEIR_STR("null_key")), 2);
    weir_test_free(test);
}

static void refuse(weir_context *context, const struct weir_record *record)
{
    (void)record;
    weir_drop(context, "refused");
}

Test(drops, what_the_reader_of_drops_leaves_out_is_only_counted)
{
    weir_topology *t = weir_topology_new("t");
    count(texts(t), ten);
    weir_foreach(weir_drops(t, "lost"), refuse);
    weir_test *test = drive(t);
    send(test, NULL, "a", 20);
    cr_expect_eq(weir_test_dropped(test, "refused"), 1);
    weir_test_free(test);
}

Test(drops, a_topology_has_one_stream_of_drops)
{
    weir_topology *t = weir_topology_new("t");
    struct weir_error error = {0};
    weir_drops(t, "lost");
    cr_expect_null(weir_drops(t, "found"));
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_expect_null(test);
    cr_expect(strstr(error.message, "drops 'found': a topology has one stream of drops"), "%s", error.message);
}
