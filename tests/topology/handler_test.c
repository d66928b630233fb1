/* Handlers of failures: what they are told, and that their answer is done. What they are told was compared with the
 * handlers of Kafka Streams, too (tests/oracle). */
#include <criterion/criterion.h>
#include <string.h>

#include "weir.h"

struct heard {
    enum weir_policy answer;
    int count;
    enum weir_stage stage;
    char reason[32], message[96], node[64], input[16], topic[16], key[16], value[16], entered[16];
    int32_t subtopology, partition, input_partition;
    int64_t offset, timestamp_ms;
    enum weir_policy policy;
};

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static void keep_text(char *out, size_t room, const char *given)
{
    snprintf(out, room, "%s", given ? given : "-");
}

static void keep_bytes(char *out, size_t room, const weir_bytes *given)
{
    if (given && given->data)
        snprintf(out, room, "%.*s", (int)given->size, (const char *)given->data);
    else
        keep_text(out, room, NULL);
}

static enum weir_policy hear(void *user, const struct weir_failure *failure)
{
    struct heard *heard = user;
    heard->count++;
    heard->stage = failure->stage;
    heard->subtopology = failure->subtopology;
    heard->partition = failure->partition;
    heard->input_partition = failure->place.partition;
    heard->offset = failure->place.offset;
    heard->timestamp_ms = failure->timestamp_ms;
    heard->policy = failure->policy;
    keep_text(heard->reason, sizeof heard->reason, failure->reason);
    keep_text(heard->message, sizeof heard->message, failure->message);
    keep_text(heard->node, sizeof heard->node, failure->node);
    keep_text(heard->input, sizeof heard->input, failure->place.topic);
    keep_text(heard->topic, sizeof heard->topic, failure->topic);
    keep_bytes(heard->key, sizeof heard->key, &failure->key);
    keep_bytes(heard->value, sizeof heard->value, &failure->value);
    keep_bytes(heard->entered, sizeof heard->entered, failure->record ? failure->record->value : NULL);
    return heard->answer;
}

static const void *upper(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = text("BAD");
    if (memcmp(value->data, "bad", 3) == 0)
        return out;
    return value;
}

static const void *not_bad(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    if (memcmp(value->data, "BAD", 3) == 0)
        weir_fail(context, "bad it is");
    return value;
}

static const char *nowhere(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return NULL;
}

static weir_topology *two_steps(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_str_type);
    weir_to(weir_map_values(weir_map_values(in, &weir_str_type, upper), &weir_str_type, not_bad, .name = "strict"),
            "out");
    return t;
}

static weir_topology *numbers(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_i64_type), "out");
    return t;
}

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app"}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static void send(weir_test *test, const char *value)
{
    weir_test_send_raw(test, "in", (struct weir_raw_record){text("k"), text(value), 7, {NULL, 0}});
}

static bool has_letter(weir_test *test, const char *topic)
{
    struct weir_raw_record letter;
    return weir_test_recv_raw(test, topic, &letter);
}

Test(handler, is_told_everything_of_a_record_on_which_a_callback_failed)
{
    struct heard heard = {.answer = WEIR_SKIP};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "fine");
    send(test, "bad");
    cr_expect_eq(heard.count, 1);
    cr_expect_eq(heard.stage, WEIR_PROCESSING);
    cr_expect_str_eq(heard.reason, "failed");
    cr_expect_str_eq(heard.message, "bad it is");
    cr_expect_str_eq(heard.node, "strict");
    cr_expect_str_eq(heard.input, "in");
    cr_expect_str_eq(heard.topic, "-");
    cr_expect_str_eq(heard.key, "k");
    cr_expect_str_eq(heard.value, "bad");
    cr_expect_str_eq(heard.entered, "BAD");
    cr_expect(heard.subtopology == 0 && heard.partition == 0 && heard.input_partition == 0);
    cr_expect_eq(heard.offset, 1);
    cr_expect_eq(heard.timestamp_ms, 7);
    cr_expect_eq(heard.policy, WEIR_DEAD_LETTER);
    weir_test_free(test);
}

Test(handler, is_told_of_a_record_that_cannot_be_read)
{
    struct heard heard = {.answer = WEIR_SKIP};
    weir_topology *t = numbers();
    weir_on_error(t, .reading_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "short");
    cr_expect_eq(heard.stage, WEIR_READING);
    cr_expect_str_eq(heard.reason, "unreadable");
    cr_expect_str_eq(heard.node, "KSTREAM-SOURCE-0000000000");
    cr_expect_str_eq(heard.value, "short");
    cr_expect_str_eq(heard.entered, "-");
    cr_expect_eq(weir_test_dropped(test, "unreadable"), 1);
    cr_expect_not(has_letter(test, "in.dlq"));
    weir_test_free(test);
}

Test(handler, is_told_of_a_record_that_cannot_be_written)
{
    struct heard heard = {.answer = WEIR_DEAD_LETTER};
    weir_topology *t = weir_topology_new("t");
    weir_to_computed(weir_from(t, "in", &weir_str_type, &weir_str_type), nowhere);
    weir_on_error(t, .producing = WEIR_SKIP, .producing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "v");
    cr_expect_eq(heard.stage, WEIR_PRODUCING);
    cr_expect_str_eq(heard.reason, "unwritable");
    cr_expect_str_eq(heard.entered, "v");
    cr_expect_eq(heard.policy, WEIR_SKIP);
    cr_expect(has_letter(test, "in.dlq"));
    weir_test_free(test);
}

Test(handler, answers_skip_and_the_record_is_counted_only)
{
    struct heard heard = {.answer = WEIR_SKIP};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_expect_eq(weir_test_dropped(test, "failed"), 1);
    cr_expect_not(has_letter(test, "in.dlq"));
    weir_test_free(test);
}

Test(handler, answers_dead_letter_and_there_is_one)
{
    struct heard heard = {.answer = WEIR_DEAD_LETTER};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing = WEIR_FAIL, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_expect(has_letter(test, "in.dlq"));
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

Test(handler, answers_fail_and_the_task_stops_in_front_of_the_record)
{
    struct heard heard = {.answer = WEIR_FAIL};
    struct weir_error error = {0};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "strict") && strstr(error.message, "the handler of weir_on_error") &&
                  strstr(error.message, "handler_test.c"),
              "%s", error.message);
    cr_expect_not(has_letter(test, "in.dlq"));
    weir_test_free(test);
}

Test(handler, leaves_it_to_the_policy)
{
    struct heard heard = {.answer = WEIR_POLICY_DEFAULT};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing = WEIR_SKIP, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_expect_eq(heard.policy, WEIR_SKIP);
    cr_expect_eq(weir_test_dropped(test, "failed"), 1);
    weir_test_free(test);
}

Test(handler, that_answers_no_policy_stops_the_task)
{
    struct heard heard = {.answer = (enum weir_policy)17};
    struct weir_error error = {0};
    weir_topology *t = two_steps();
    weir_on_error(t, .processing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "answered 17, which is no policy"), "%s", error.message);
    weir_test_free(test);
}

Test(handler, is_not_asked_where_the_source_says_it_itself)
{
    struct heard heard = {.answer = WEIR_FAIL};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_i64_type, .reading = WEIR_SKIP), "out");
    weir_on_error(t, .reading_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "short");
    cr_expect_eq(heard.count, 0);
    cr_expect_eq(weir_test_dropped(test, "unreadable"), 1);
    weir_test_free(test);
}

Test(handler, of_one_stage_is_not_asked_about_another)
{
    struct heard heard = {.answer = WEIR_FAIL};
    weir_topology *t = two_steps();
    weir_on_error(t, .reading_handler = hear, .producing_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "bad");
    cr_expect_eq(heard.count, 0);
    cr_expect(has_letter(test, "in.dlq"));
    weir_test_free(test);
}

Test(handler, does_not_see_what_is_confidential)
{
    struct heard heard = {.answer = WEIR_SKIP};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "in", &weir_str_type, &weir_i64_type, .confidential = true), "out");
    weir_on_error(t, .reading_handler = hear, .user = &heard);
    weir_test *test = drive(t);
    send(test, "short");
    cr_expect_str_eq(heard.key, "k");
    cr_expect_str_eq(heard.value, "-");
    weir_test_free(test);
}
