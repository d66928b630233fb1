/* platform_test.c: the rules of the platform, one by one. Whole runs: systems_test.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "audit_event.h"
#include "platform/platform.h"
#include "platform_views.h"

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    driver = weir_test_new(platform_topology(), (struct weir_config){.application = "platform"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(platform, .init = set_up, .fini = tear_down);

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, strlen(chars)};
}

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    return weir_test_get(driver, view, &bytes);
}

static void send(const char *topic, const char *value)
{
    weir_test_send_raw(driver, topic, (struct weir_raw_record){.value = text(value), .timestamp_ms = 1000});
}

/* ---- sessions ---- */

static void session(const char *type, const char *id, const char *user, int minute)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"sessionId\":\"%s\",\"userId\":\"%s\",\"type\":\"%s\",\"timestamp\":\"2024-12-04T1%d:%02d:00.000Z\"}",
             id, user, type, minute / 60, minute % 60);
    send("sessions.events", value);
}

static size_t sessions_of(const char *user)
{
    const struct active_sessions *active = row("platform-active-sessions", user);
    return active ? active->sessions.count : 0;
}

static int32_t end_of(const char *id)
{
    const struct ended_session *ended = row("platform-ended-sessions", id);
    return ended ? ended->reason : -1;
}

static void expect_concurrent(int64_t users, int64_t sessions)
{
    const struct concurrency *now = row("platform-concurrent-users", "all");
    cr_assert_not_null(now);
    cr_expect(now->users == users && now->sessions == sessions, "%ld users, %ld sessions", (long)now->users,
              (long)now->sessions);
}

Test(platform, a_session_begins_and_ends)
{
    session("CREATED", "s-1", "ann", 0);
    session("CREATED", "s-2", "bob", 0);
    expect_concurrent(2, 2);
    session("ENDED", "s-1", "ann", 1);
    cr_expect_eq(sessions_of("ann"), 0u);
    cr_expect_eq(end_of("s-1"), SESSION_END_ENDED);
    expect_concurrent(1, 1);
}

Test(platform, the_oldest_session_ends_when_there_is_one_too_many)
{
    const char *ids[] = {"s-1", "s-2", "s-3", "s-4", "s-5", "s-6"};
    for (int i = 0; i < 6; i++)
        session("CREATED", ids[i], "ann", i);
    cr_expect_eq(sessions_of("ann"), 5u);
    cr_expect_eq(end_of("s-1"), SESSION_END_LIMIT);
    expect_concurrent(1, 5);
}

Test(platform, a_session_that_is_not_used_expires_and_one_that_is_does_not)
{
    session("CREATED", "s-1", "ann", 0);
    session("CREATED", "s-2", "bob", 0);
    session("ACCESSED", "s-2", "bob", 20);
    session("CREATED", "s-3", "eve", 40);
    cr_expect_eq(end_of("s-1"), SESSION_END_EXPIRED);
    cr_expect_eq(sessions_of("ann"), 0u);
    cr_expect_eq(sessions_of("bob"), 1u);
    struct weir_record told;
    cr_assert(weir_test_recv(driver, "platform.sessions.ended", &told));
    cr_expect_eq(ended_session_value(&told)->at, 1733306400000 + 30 * 60000);
    session("CREATED", "s-4", "eve", 51);
    cr_expect_eq(end_of("s-2"), SESSION_END_EXPIRED);
    expect_concurrent(1, 2);
}

Test(platform, what_has_ended_does_not_begin_again_when_it_is_delivered_twice)
{
    session("CREATED", "s-1", "ann", 0);
    session("ENDED", "s-1", "ann", 1);
    session("CREATED", "s-1", "ann", 0);
    cr_expect_eq(sessions_of("ann"), 0u);
    cr_expect_eq(weir_test_dropped(driver, "ended_session"), 1u);
    expect_concurrent(0, 0);
}

Test(platform, visits_are_session_windows)
{
    session("CREATED", "s-1", "ann", 0);
    session("ACCESSED", "s-1", "ann", 20);
    session("CREATED", "s-2", "ann", 60);
    weir_bytes ann = text("ann");
    const int64_t start_ms = 1733306400000;
    const int64_t *count = weir_test_get_session(driver, "platform-visits", &ann, start_ms, start_ms + 20 * 60000);
    cr_assert_not_null(count);
    cr_expect_eq(*count, 2);
}

/* ---- audit ---- */

Test(platform, an_audit_event_is_found_by_time_actor_and_resource_and_stored_once)
{
    const char *event = "{\"actor\":\"ann\",\"action\":\"READ\",\"resource\":\"o-1\",\"outcome\":\"OK\","
                        "\"timestamp\":\"2024-12-04T10:30:00.007Z\",\"details\":{\"a\":[1]}}";
    send("audit.events", event);
    send("audit.events", event);
    cr_expect_not_null(row("platform-audit-by-time", "2024-12-04T10:30:00.007Z/ann/READ/o-1"));
    cr_expect_not_null(row("platform-audit-by-actor", "ann/2024-12-04T10:30:00.007Z/READ/o-1"));
    const struct audit_event *found = row("platform-audit-by-resource", "o-1/2024-12-04T10:30:00.007Z/READ/ann");
    cr_assert_not_null(found);
    cr_expect(found->has_details && found->details.size == strlen("{\"a\":[1]}"));
}

/* ---- decisions ---- */

static void ask(const char *id, const char *client, const char *rest, int second)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"questionId\":\"%s\",\"client\":\"%s\",\"askedAt\":\"2024-12-04T10:%02d:%02d.000Z\"%s}", id, client,
             second / 60, second % 60, rest);
    weir_test_send_raw(driver, "limits.questions",
                       (struct weir_raw_record){.key = text(client), .value = text(value), .timestamp_ms = 1000});
}

static const struct limit_decision *answer_to(const char *id)
{
    const struct limit_decision *decision = row("platform-decisions", id);
    cr_assert_not_null(decision, "%s has no answer", id);
    return decision;
}

Test(platform, no_span_of_a_minute_has_more_grants_than_the_limit)
{
    char id[16];
    for (int i = 0; i < 65; i++) {
        snprintf(id, sizeof id, "q-%d", i);
        ask(id, "ann", "", i < 40 ? 0 : 50);
        cr_expect_eq(answer_to(id)->allow, i < 60, "%s", id);
        cr_expect_eq(answer_to(id)->remaining, i < 60 ? 59 - i : 0, "%s", id);
    }
    cr_expect_eq(answer_to("q-64")->reset, 1733306400000 + 60000);
    ask("almost", "ann", "", 59);
    cr_expect_not(answer_to("almost")->allow);
    ask("then", "ann", "", 60);
    cr_expect(answer_to("then")->allow && answer_to("then")->remaining == 39);
    ask("other", "bob", "", 60);
    cr_expect_eq(answer_to("other")->remaining, 59);
}

Test(platform, a_question_that_is_asked_again_is_answered_as_before_and_counts_once)
{
    ask("q-1", "ann", "", 0);
    ask("q-1", "ann", "", 1);
    cr_expect_eq(answer_to("q-1")->at, 1733306400000);
    ask("q-2", "ann", "", 2);
    cr_expect_eq(answer_to("q-2")->remaining, 58);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 1u);
}

Test(platform, a_route_may_have_a_limit_of_its_own)
{
    char id[16];
    for (int i = 0; i < 6; i++) {
        snprintf(id, sizeof id, "q-%d", i);
        ask(id, "ann", ",\"route\":\"/login\"", i);
        cr_expect_eq(answer_to(id)->allow, i < 5, "%s", id);
    }
    ask("other", "ann", ",\"route\":\"/orders\"", 6);
    cr_expect_eq(answer_to("other")->remaining, 59);
}

Test(platform, a_cost_is_taken_whole_or_not_at_all)
{
    ask("half", "ann", ",\"cost\":30", 0);
    ask("more", "ann", ",\"cost\":31", 10);
    ask("rest", "ann", ",\"cost\":30", 20);
    cr_expect(answer_to("half")->allow && answer_to("rest")->allow);
    cr_expect(!answer_to("more")->allow && answer_to("more")->remaining == 30);
    cr_expect_eq(answer_to("more")->reset, 1733306400000 + 60000);
}

Test(platform, the_clock_of_one_who_is_behind_gives_nothing_back)
{
    ask("q-1", "ann", ",\"cost\":60", 90);
    ask("q-2", "ann", "", 0);
    cr_expect_not(answer_to("q-2")->allow);
    cr_expect_eq(answer_to("q-2")->at, 1733306400000 + 90000);
}

Test(platform, a_question_that_is_not_in_the_partition_of_its_client_is_a_dead_letter)
{
    weir_test_send_raw(driver, "limits.questions",
                       (struct weir_raw_record){.key = text("bob"),
                                                .value = text("{\"questionId\":\"q\",\"client\":\"ann\","
                                                              "\"askedAt\":\"2024-12-04T10:00:00.000Z\"}"),
                                                .timestamp_ms = 1000});
    struct weir_raw_record letter;
    cr_expect(weir_test_recv_raw(driver, "limits.questions.dlq", &letter));
    cr_expect_null(row("platform-decisions", "q"));
}

/* ---- requests ---- */

static void request(const char *client, const char *route, int status, int latency_ms, int second)
{
    char value[300];
    snprintf(
        value, sizeof value,
        "{\"client\":\"%s\",\"route\":\"%s\",\"status\":%d,\"latencyMs\":%d,\"timestamp\":\"2024-12-04T10:%02d:%02d."
        "000Z\"}",
        client, route, status, latency_ms, 30 + second / 60, second % 60);
    send("requests.events", value);
}

Test(platform, the_load_of_a_route_has_rates_and_percentiles)
{
    for (int i = 1; i <= 30; i++)
        request("c", "/orders", i <= 3 ? 500 : 200, i, i);
    weir_bytes route = text("/orders");
    const struct route_load *load = weir_test_get_window(driver, "platform-requests-per-minute", &route, 1733308200000);
    cr_assert_not_null(load);
    cr_expect(load->requests == 30 && load->errors == 3);
    cr_expect(load->per_second.unscaled == 5000 && load->error_rate.unscaled == 1000);
    cr_expect(load->p50_ms == 15 && load->p95_ms == 29 && load->p99_ms == 30);
}

Test(platform, a_client_is_denied_what_is_over_its_limit_until_the_window_has_slid)
{
    for (int i = 0; i < 61; i++)
        request("c", "/orders", 200, 1, 0);
    const struct rate_limit *limit = row("platform-rate-limits", "c");
    cr_expect(!limit->allow && limit->remaining == 0 && limit->denied == 1);
    request("c", "/orders", 200, 1, 60); /* the whole minute before still counts */
    cr_expect_not(((const struct rate_limit *)row("platform-rate-limits", "c"))->allow);
    request("c", "/orders", 200, 1, 90); /* half of it does */
    limit = row("platform-rate-limits", "c");
    cr_expect(limit->allow && limit->remaining == 29);
    request("other", "/orders", 200, 1, 90);
    cr_expect_eq(((const struct rate_limit *)row("platform-rate-limits", "other"))->remaining, 59);
}

static const struct circuit_breaker *breaker(void)
{
    return row("platform-circuit-breakers", "orders");
}

Test(platform, a_breaker_opens_on_errors_tries_after_a_while_and_closes_on_success)
{
    for (int i = 0; i < 20; i++)
        request("c", i % 2 ? "/orders/{id}" : "/orders", i < 10 ? 200 : 503, 1, i);
    cr_expect_eq(breaker()->state, BREAKER_STATE_OPEN);
    request("c", "/orders", 200, 1, 40);
    cr_expect_eq(breaker()->state, BREAKER_STATE_OPEN);
    request("c", "/orders", 503, 1, 49);
    cr_expect(breaker()->state == BREAKER_STATE_OPEN && breaker()->opened == 2);
    request("c", "/orders", 200, 1, 79);
    cr_expect_eq(breaker()->state, BREAKER_STATE_CLOSED);
}
