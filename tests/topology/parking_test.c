/* Records of a key wait while an earlier one of it is a dead letter (.park), and replays bring them back in order. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "weir.h"

static bool broken;

/* While broken, values that begin with '!' fail, and those with '?' in two nodes. */
static const void *pass(weir_context *context, const struct weir_record *record)
{
    const char *value = ((const weir_bytes *)record->value)->data;
    if (broken && (*value == '!' || *value == '?'))
        weir_fail(context, "broken for now");
    return record->value;
}

static const void *pass_beside(weir_context *context, const struct weir_record *record)
{
    if (broken && *(const char *)((const weir_bytes *)record->value)->data == '?')
        weir_fail(context, "broken here, too");
    return record->value;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("parking");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_str_type, .park = "parked");
    weir_to(weir_map_values(in, &weir_str_type, pass), "out");
    weir_to(weir_map_values(in, &weir_str_type, pass_beside), "beside");
    weir_stream *numbers = weir_from(t, "numbers", &weir_str_type, &weir_i64_type, .park = "parked-numbers");
    weir_to(numbers, "numbers-out");
    return t;
}

static weir_test *start(void)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(build(), (struct weir_config){.application = "parking"}, &error);
    cr_assert(test, "%s", error.message);
    broken = true;
    return test;
}

static void send(weir_test *test, const char *key, const char *value)
{
    weir_test_send_raw(test, "in", (struct weir_raw_record){bytes_of_text(key), bytes_of_text(value), 1000, {0}});
}

/* The values that came to a topic since the last time, in order. */
static const char *values(weir_test *test, const char *topic)
{
    static char text[256];
    struct weir_raw_record record;
    text[0] = 0;
    while (weir_test_recv_raw(test, topic, &record))
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)record.value.size,
                 (const char *)record.value.data);
    return text;
}

static weir_bytes header(const struct weir_raw_record *letter, const char *name)
{
    return weir_header(&(struct weir_record){.headers = letter->headers}, name);
}

static struct weir_headers without_reasons(const struct weir_raw_record *letter, struct weir_header *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < letter->headers.count; i++)
        if (strncmp(letter->headers.items[i].name, "__streams.errors.", 17) != 0)
            kept[count++] = letter->headers.items[i];
    return (struct weir_headers){kept, count};
}

/* As weir_app_replay does it: the letters there are when it begins. How many they were. */
static int replay(weir_test *test, const char *topic, const char *letters)
{
    struct weir_raw_record found[32];
    struct weir_header kept[32];
    int count = 0;
    while (count < 32 && weir_test_recv_raw(test, letters, &found[count]))
        count++;
    for (int i = 0; i < count; i++)
        weir_test_send_raw(
            test, topic,
            (struct weir_raw_record){found[i].key, found[i].value, 1000, without_reasons(&found[i], kept)});
    return count;
}

static void end(weir_test *test)
{
    struct weir_error error = {0};
    cr_expect(!weir_test_failed(test, &error), "%s", error.message);
    weir_test_free(test);
}

Test(parking, records_of_a_key_wait_behind_its_dead_letter_and_other_keys_go_on)
{
    weir_test *test = start();
    send(test, "a", "!1");
    send(test, "a", "2");
    send(test, "b", "3");
    send(test, "a", "4");
    cr_expect_str_eq(values(test, "out"), "3 ");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect(bytes_equal(header(&letter, "__streams.errors.reason"), bytes_of_text("failed")));
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect(bytes_equal(header(&letter, "__streams.errors.reason"), bytes_of_text("parked")));
    cr_expect(bytes_equal(letter.value, bytes_of_text("2")));
    cr_expect(bytes_equal(header(&letter, "__streams.errors.message"),
                          bytes_of_text("it waits for a record of its key that failed: offset 0 (failed)")));
    end(test);
}

Test(parking, a_replay_brings_a_key_back_in_order_and_then_it_is_free)
{
    weir_test *test = start();
    send(test, "a", "!1");
    send(test, "a", "2");
    send(test, "a", "3");
    broken = false;
    cr_expect_eq(replay(test, "in", "in.dlq"), 3);
    cr_expect_str_eq(values(test, "out"), "!1 2 3 ");
    send(test, "a", "4");
    cr_expect_str_eq(values(test, "out"), "4 ");
    end(test);
}

Test(parking, what_comes_in_between_waits_until_the_letters_before_it_are_done)
{
    weir_test *test = start();
    send(test, "a", "!1");
    send(test, "a", "2");
    struct weir_raw_record first, second;
    struct weir_header kept[32];
    cr_assert(weir_test_recv_raw(test, "in.dlq", &first) && weir_test_recv_raw(test, "in.dlq", &second));
    broken = false;
    weir_test_send_raw(test, "in", (struct weir_raw_record){first.key, first.value, 1, without_reasons(&first, kept)});
    send(test, "a", "3");
    weir_test_send_raw(test, "in",
                       (struct weir_raw_record){second.key, second.value, 1, without_reasons(&second, kept)});
    cr_expect_str_eq(values(test, "out"), "!1 2 ");
    cr_expect_eq(replay(test, "in", "in.dlq"), 1);
    cr_expect_str_eq(values(test, "out"), "3 ");
    end(test);
}

Test(parking, a_letter_that_fails_again_keeps_its_place_before_those_behind_it)
{
    weir_test *test = start();
    send(test, "a", "!1");
    send(test, "a", "2");
    cr_expect_eq(replay(test, "in", "in.dlq"), 2);
    cr_expect_str_eq(values(test, "out"), "");
    send(test, "a", "3");
    broken = false;
    cr_expect_eq(replay(test, "in", "in.dlq"), 3);
    cr_expect_str_eq(values(test, "out"), "!1 2 3 ");
    end(test);
}

Test(parking, letters_in_the_wrong_order_are_put_right_by_further_replays)
{
    weir_test *test = start();
    send(test, "a", "!1");
    send(test, "a", "2");
    send(test, "a", "3");
    struct weir_raw_record letters[3];
    struct weir_header kept[32];
    for (int i = 0; i < 3; i++)
        cr_assert(weir_test_recv_raw(test, "in.dlq", &letters[i]));
    broken = false;
    for (int i = 2; i >= 0; i--)
        weir_test_send_raw(
            test, "in",
            (struct weir_raw_record){letters[i].key, letters[i].value, 1, without_reasons(&letters[i], kept)});
    cr_expect_str_eq(values(test, "out"), "!1 ");
    cr_expect_eq(replay(test, "in", "in.dlq"), 2);
    cr_expect_str_eq(values(test, "out"), "2 ");
    cr_expect_eq(replay(test, "in", "in.dlq"), 1);
    cr_expect_str_eq(values(test, "out"), "3 ");
    cr_expect_eq(replay(test, "in", "in.dlq"), 0);
    end(test);
}

Test(parking, a_letter_that_is_sent_twice_is_processed_once)
{
    weir_test *test = start();
    send(test, "a", "!1");
    struct weir_raw_record letter;
    struct weir_header kept[32];
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    broken = false;
    for (int i = 0; i < 2; i++)
        weir_test_send_raw(test, "in",
                           (struct weir_raw_record){letter.key, letter.value, 1, without_reasons(&letter, kept)});
    cr_expect_str_eq(values(test, "out"), "!1 ");
    cr_expect_eq(weir_test_dropped(test, "repeated"), 1);
    end(test);
}

Test(parking, a_record_that_fails_in_two_nodes_is_one_letter)
{
    weir_test *test = start();
    send(test, "a", "?1");
    broken = false;
    cr_expect_eq(replay(test, "in", "in.dlq"), 1);
    cr_expect_str_eq(values(test, "out"), "?1 ");
    end(test);
}

Test(parking, what_cannot_be_read_parks_its_key)
{
    weir_test *test = start();
    int64_t seven = 7;
    weir_test_send_raw(test, "numbers",
                       (struct weir_raw_record){bytes_of_text("a"), bytes_of_text("no number"), 1, {0}});
    weir_test_send(test, "numbers", (struct weir_record){.key = WEIR_STR("a"), .value = &seven, .timestamp_ms = 2});
    cr_expect_str_eq(values(test, "numbers-out"), "");
    cr_expect_eq(replay(test, "numbers", "numbers.dlq"), 2); /* it cannot be read now either */
    cr_expect_eq(replay(test, "numbers", "numbers.dlq"), 2);
    cr_expect_str_eq(values(test, "numbers-out"), "");
    end(test);
}

Test(parking, records_without_a_key_wait_for_nobody)
{
    weir_test *test = start();
    weir_test_send_raw(test, "in", (struct weir_raw_record){{0}, bytes_of_text("!1"), 1, {0}});
    weir_test_send_raw(test, "in", (struct weir_raw_record){{0}, bytes_of_text("2"), 1, {0}});
    cr_expect_str_eq(values(test, "out"), "2 ");
    end(test);
}

Test(parking, the_header_of_a_letter_does_not_leave_the_topology)
{
    weir_test *test = start();
    struct weir_raw_record record;
    send(test, "a", "!1");
    broken = false;
    replay(test, "in", "in.dlq");
    cr_assert(weir_test_recv_raw(test, "out", &record));
    cr_expect_eq(record.headers.count, 0);
    end(test);
}

Test(parking, a_key_is_let_go_when_its_letters_are_no_longer_kept)
{
    weir_test *test = start();
    send(test, "a", "!1");
    weir_test_advance(test, weir_days(30));
    send(test, "a", "2");
    cr_expect_str_eq(values(test, "out"), "");
    weir_test_advance(test, weir_days(31));
    send(test, "a", "3");
    cr_expect_str_eq(values(test, "out"), "3 ");
    end(test);
}

Test(parking, a_header_that_is_nonsense_is_none)
{
    weir_test *test = start();
    static const char *const places[] = {"in:0:-1", "in:0:99", "in:0:", "in:0:0x", "in:1:0", "", "::::", "in:0:0:0"};
    send(test, "a", "!1");
    broken = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct weir_header said = {"__weir.parked", bytes_of_text(places[i])};
        weir_test_send_raw(test, "in", (struct weir_raw_record){bytes_of_text("a"), bytes_of_text("2"), 1, {&said, 1}});
    }
    cr_expect_str_eq(values(test, "out"), "");
    end(test);
}

static void expect_refused(weir_topology *t, const char *why)
{
    struct weir_error error = {0};
    cr_expect_null(weir_test_new(t, (struct weir_config){.application = "parking"}, &error));
    cr_expect(strstr(error.message, why), "%s", error.message);
}

Test(parking, a_confidential_source_cannot_park)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .park = "parked", .confidential = true), "out");
    expect_refused(t, "a .confidential source cannot .park");
}

Test(parking, a_global_table_cannot_park)
{
    weir_topology *t = weir_topology_new("t");
    weir_global(t, "in", "rows", &weir_str_type, &weir_str_type, .park = "parked");
    expect_refused(t, "a global table has no records that could .park");
}

Test(parking, readers_of_one_topic_must_agree)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .park = "parked"), "out");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type, .park = "others"), "out");
    expect_refused(t, "it has another .park already");
}
