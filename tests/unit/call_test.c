/* call_test.c: does a call of a service keep its promises, whatever the service does? The transport is one that this test
 * plays; time is turned by hand.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "weir.h"

/* ---- a service ---- */

enum { ASKED_MAX = 256 };

static struct asked {
    uint64_t id;
    char url[100], key[100], trace[60];
    bool is_answered;
} asked[ASKED_MAX];
static size_t asked_count;
static int32_t status; /* of every answer; 0: it does not come; -1: none at all yet */

static void *open_line(void)
{
    return &asked;
}

static void copy(char *out, size_t size, weir_bytes bytes)
{
    snprintf(out, size, "%.*s", (int)bytes.size, (const char *)bytes.data);
}

static bool send_request(void *self, const struct weir_transport_request *request)
{
    (void)self;
    cr_assert_lt(asked_count, (size_t)ASKED_MAX);
    struct asked *call = &asked[asked_count++];
    *call = (struct asked){.id = request->id};
    snprintf(call->url, sizeof call->url, "%s", request->url);
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct weir_header *header = &request->headers.items[i];
        if (strcmp(header->name, "Idempotency-Key") == 0)
            copy(call->key, sizeof call->key, header->value);
        if (strcmp(header->name, "traceparent") == 0)
            copy(call->trace, sizeof call->trace, header->value);
    }
    return true;
}

static bool take_result(void *self, weir_arena *arena, struct weir_transport_result *out)
{
    (void)self, (void)arena;
    for (size_t i = 0; status >= 0 && i < asked_count; i++) {
        if (asked[i].is_answered)
            continue;
        asked[i].is_answered = true;
        *out = (struct weir_transport_result){.id = asked[i].id, .status = status, .body = {"ok", 2}};
        out->error = status == 0 ? "nobody answers" : NULL;
        return true;
    }
    return false;
}

static void close_line(void *self)
{
    (void)self;
}

static const struct weir_transport played = {open_line, send_request, take_result, close_line};

/* ---- a topology ---- */

static void request(weir_context *context, const struct weir_record *record, struct weir_request *out)
{
    const weir_bytes value = *(const weir_bytes *)record->value;
    char *url = weir_alloc(context, value.size + 20);
    if (value.size == 0)
        weir_fail(context, "there is nothing to say");
    sprintf(url, "http://service/%.*s", (int)value.size, (const char *)value.data);
    out->url = url;
    out->body = value;
}

static const void *answer(weir_context *context, const struct weir_record *record, const struct weir_answer *answer)
{
    const weir_bytes value = *(const weir_bytes *)record->value;
    weir_bytes *out = weir_alloc(context, sizeof *out);
    char *text = weir_alloc(context, value.size + 60);
    out->size = (size_t)sprintf(text, "%.*s: %s after %d", (int)value.size, (const char *)value.data,
                                answer->succeeded ? "done" : "failed", (int)answer->attempts);
    out->data = text;
    return out;
}

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("calls");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_str_type);
    weir_stream *out =
        weir_call(in, "calls", request, .answer = answer, .value = &weir_str_type, .retries = 3,
                  .first_retry = weir_seconds(3), .breaker_failures = 5, .breaker_open = weir_seconds(60),
                  .concurrency = 4, .max_pending = 6, .transport = &played);
    weir_to(out, "out");
    asked_count = 0;
    status = 200;
    driver = weir_test_new(t, (struct weir_config){.application = "calls"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(call, .init = set_up, .fini = tear_down);

static void send(const char *key, const char *value)
{
    struct weir_header trace = {"traceparent", {"00-1-2-01", 9}};
    weir_test_send_raw(
        driver, "in",
        (struct weir_raw_record){
            .key = {key, strlen(key)}, .value = {value, strlen(value)}, .timestamp_ms = 1000, .headers = {&trace, 1}});
}

static void expect(const char *text)
{
    struct weir_raw_record out;
    cr_assert(weir_test_recv_raw(driver, "out", &out), "nothing came, but %s was expected", text);
    cr_expect(out.value.size == strlen(text) && memcmp(out.value.data, text, out.value.size) == 0, "%.*s is not %s",
              (int)out.value.size, (const char *)out.value.data, text);
}

static void expect_nothing(void)
{
    struct weir_raw_record out;
    cr_expect_not(weir_test_recv_raw(driver, "out", &out), "%.*s came", (int)out.value.size,
                  (const char *)out.value.data);
}

static void wait_ms(int64_t ms)
{
    for (; ms > 0; ms -= 20)
        weir_test_advance(driver, weir_millis(20));
}

/* ---- tests ---- */

Test(call, an_answer_is_given_with_the_record)
{
    send("a", "one");
    cr_expect_eq(asked_count, 1u);
    cr_expect_str_eq(asked[0].url, "http://service/one");
    cr_expect_str_eq(asked[0].trace, "00-1-2-01");
    expect_nothing();
    wait_ms(20);
    expect("one: done after 1");
}

Test(call, a_failed_call_is_made_again_after_twice_the_time_each_with_the_same_idempotency_key)
{
    status = 500;
    send("a", "one");
    wait_ms(20);
    cr_expect_eq(asked_count, 1u);
    wait_ms(2980);
    cr_expect_eq(asked_count, 1u);
    wait_ms(40);
    cr_expect_eq(asked_count, 2u);
    wait_ms(5960);
    cr_expect_eq(asked_count, 2u);
    status = 200;
    wait_ms(100);
    cr_expect_eq(asked_count, 3u);
    expect("one: done after 3");
    cr_expect_str_eq(asked[0].key, asked[2].key);
    cr_expect_str_neq(asked[0].key, "");
}

Test(call, calls_of_one_key_keep_their_order_and_others_go_on)
{
    status = 503;
    send("a", "one");
    wait_ms(20);
    status = 200;
    send("a", "two");
    send("b", "three");
    wait_ms(40);
    expect("three: done after 1");
    expect_nothing();
    wait_ms(4000);
    expect("one: done after 2");
    expect("two: done after 1");
}

Test(call, a_key_that_is_the_beginning_of_another_is_a_key_of_its_own)
{
    status = 503;
    send("a/b", "one");
    wait_ms(20);
    status = 200;
    send("a", "two");
    wait_ms(40);
    expect("two: done after 1");
}

Test(call, after_the_last_try_the_record_is_a_dead_letter_and_the_failure_is_told)
{
    status = 0;
    send("a", "one");
    wait_ms(3000 + 6000 + 12000 + 1000);
    cr_expect_eq(asked_count, 4u);
    expect("one: failed after 4");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "in.dlq", &letter));
    cr_expect(letter.value.size == 5 && memcmp(letter.value.data, "\"one\"", 5) == 0);
    for (size_t i = 0; i < letter.headers.count; i++)
        if (strcmp(letter.headers.items[i].name, "__streams.errors.retries") == 0)
            cr_expect(letter.headers.items[i].value.size == 1 &&
                      *(const char *)letter.headers.items[i].value.data == '3');
    wait_ms(100000);
    cr_expect_eq(asked_count, 4u);
}

Test(call, a_request_that_is_wrong_is_not_repeated)
{
    status = 404;
    send("a", "one");
    wait_ms(20);
    expect("one: failed after 1");
}

Test(call, a_record_of_which_no_request_can_be_made_is_given_up_and_the_next_one_goes)
{
    send("a", "");
    send("a", "two");
    wait_ms(60);
    expect(": failed after 1");
    expect("two: done after 1");
    struct weir_raw_record letter;
    cr_expect(weir_test_recv_raw(driver, "in.dlq", &letter));
}

Test(call, the_breaker_opens_tries_one_call_and_closes)
{
    const char *keys[] = {"a", "b", "c", "d", "e"};
    status = 500;
    for (int i = 0; i < 5; i++)
        send(keys[i], keys[i]);
    wait_ms(60);
    cr_expect_eq(asked_count, 5u);
    wait_ms(50000);
    cr_expect_eq(asked_count, 5u, "an open breaker lets a call through");
    status = -1;
    wait_ms(15000);
    cr_expect_eq(asked_count, 6u, "a half-open breaker lets %zu calls through", asked_count - 5);
    status = 200;
    wait_ms(100);
    for (int i = 0; i < 5; i++) {
        struct weir_raw_record out;
        cr_expect(weir_test_recv_raw(driver, "out", &out));
    }
}

Test(call, a_breaker_opens_again_when_its_trial_fails)
{
    const char *keys[] = {"a", "b", "c", "d", "e"};
    status = 500;
    for (int i = 0; i < 5; i++)
        send(keys[i], keys[i]);
    wait_ms(61000);
    cr_expect_eq(asked_count, 6u);
    wait_ms(58000);
    cr_expect_eq(asked_count, 6u);
    wait_ms(4000);
    cr_expect_eq(asked_count, 7u);
}

Test(call, no_more_calls_are_under_way_than_agreed)
{
    const char *keys[] = {"a", "b", "c", "d", "e", "f"};
    status = -1;
    for (int i = 0; i < 6; i++)
        send(keys[i], keys[i]);
    cr_expect_eq(asked_count, 4u);
    status = 200;
    wait_ms(60);
    cr_expect_eq(asked_count, 6u);
}

static void count(void *self, const struct weir_record *record)
{
    (void)record;
    ++*(int *)self;
}

static int rows(const char *store)
{
    int found = 0;
    weir_test_each(driver, store, count, &found);
    return found;
}

Test(call, inputs_wait_while_too_many_calls_are_pending)
{
    status = 500;
    for (int i = 0; i < 9; i++)
        send("a", "x");
    cr_expect_eq(rows("calls"), 6);
    status = 200;
    wait_ms(10000);
    cr_expect_eq(rows("calls"), 0);
    for (int i = 0; i < 9; i++) {
        struct weir_raw_record out;
        cr_expect(weir_test_recv_raw(driver, "out", &out), "answer %d is missing", i);
    }
}

Test(call, nothing_is_left_of_a_call_that_is_over)
{
    send("a", "one");
    wait_ms(40);
    cr_expect_eq(rows("calls") + rows("calls-records") + rows("calls-due"), 0);
}
