/* contracts_service_test.c: does every promise of continental hold while its contracts service is well, down, slow and flapping, one
 * after the other? The service is played here and notes every call; what it noted is judged call by call.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "call_state.h"
#include "continental/continental.h"
#include "continental_views.h"

enum {
    TICK_MS = 20,
    LATENCY_MS = 2 * TICK_MS,
    TIMEOUT_MS = 5000,
    OPEN_MS = 30000,
    FIRST_RETRY_MS = 3000,
    ATTEMPTS = 6
};
enum {
    WELL_UNTIL_MS = 60 * 1000,
    DOWN_UNTIL_MS = 240 * 1000,
    SLOW_UNTIL_MS = 420 * 1000,
    FLAPPING_UNTIL_MS = 900 * 1000
};
enum { EVERY_MS = 4000, ELIMINATIONS = FLAPPING_UNTIL_MS / EVERY_MS, CONTRACTS = 12, ASSASSINS = 5 };
enum { DOOMED = SLOW_UNTIL_MS / EVERY_MS + 40, ONE_AT_A_TIME = 16, CALLS_MAX = 8 * ELIMINATIONS };
enum { TICKS_MAX = 4 * FLAPPING_UNTIL_MS / TICK_MS };

/* ---- the service ---- */

struct call {
    int elimination;
    int64_t began_ms, over_ms;
    bool succeeded;
};

static struct call calls[CALLS_MAX];
static size_t call_count;
static struct {
    uint64_t id;
    size_t call;
} under_way[ONE_AT_A_TIME];
static size_t flying;
static int64_t now_ms;
static bool is_mended;            /* whatever it was, it is over */
static bool closed[ELIMINATIONS]; /* what the service did, heard or not */
static unsigned chance;

static void *open_line(void)
{
    return under_way;
}

static int elimination_of(const struct weir_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strcmp(headers->items[i].name, "Idempotency-Key") == 0)
            return atoi((const char *)headers->items[i].value.data + strlen("e-"));
    cr_assert_fail("a call has no idempotency key");
    return 0;
}

/* Flapping: every second call fails, by chance; the doomed one always does. */
static bool is_answered_well(int elimination)
{
    if (is_mended || now_ms < WELL_UNTIL_MS)
        return true;
    chance = chance * 1664525u + 1013904223u;
    return now_ms >= SLOW_UNTIL_MS && elimination != DOOMED && chance >> 31 == 0;
}

static bool is_slow(void)
{
    return !is_mended && now_ms >= DOWN_UNTIL_MS && now_ms < SLOW_UNTIL_MS;
}

static bool send_request(void *line, const struct weir_transport_request *request)
{
    (void)line;
    cr_assert(flying < ONE_AT_A_TIME && call_count < CALLS_MAX);
    int elimination = elimination_of(&request->headers);
    cr_assert(elimination >= 0 && elimination < ELIMINATIONS);
    bool succeeded = is_answered_well(elimination);
    closed[elimination] = closed[elimination] || succeeded || is_slow();
    calls[call_count] = (struct call){.elimination = elimination,
                                      .began_ms = now_ms,
                                      .over_ms = now_ms + (is_slow() ? TIMEOUT_MS : LATENCY_MS),
                                      .succeeded = succeeded};
    under_way[flying].id = request->id;
    under_way[flying++].call = call_count++;
    return true;
}

static bool take_result(void *line, weir_arena *arena, struct weir_transport_result *out)
{
    (void)line, (void)arena;
    for (size_t i = 0; i < flying; i++) {
        const struct call *call = &calls[under_way[i].call];
        if (call->over_ms > now_ms)
            continue;
        *out = (struct weir_transport_result){.id = under_way[i].id, .status = call->succeeded ? 200 : 0};
        out->error = call->succeeded ? NULL : "no answer";
        under_way[i] = under_way[--flying];
        return true;
    }
    return false;
}

static void close_line(void *line)
{
    (void)line;
}

static const struct weir_transport played = {open_line, send_request, take_result, close_line};

/* ---- a quarter of an hour, in ticks ---- */

static weir_test *driver;
static unsigned char breaker[TICKS_MAX]; /* its state at the end of each tick */
static unsigned char busy[TICKS_MAX];    /* calls under way */
static int64_t ticks;

static void set_up(void)
{
    struct weir_error error = {0};
    driver = weir_test_new(continental_topology_over(&played), (struct weir_config){.application = "hotel"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(contracts_service, .init = set_up, .fini = tear_down);

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = {key, strlen(key)};
    return weir_test_get(driver, view, &bytes);
}

static void tick(void)
{
    cr_assert_lt(ticks, TICKS_MAX);
    now_ms += TICK_MS;
    weir_test_advance(driver, weir_millis(TICK_MS));
    const struct call_breaker *now = row("continental-calls-breaker", "partition-0");
    breaker[ticks] = now ? (unsigned char)now->state : CALL_BREAKER_STATE_CLOSED;
    busy[ticks++] = (unsigned char)flying;
}

static void wait_until(int64_t time_ms)
{
    while (now_ms < time_ms)
        tick();
}

static int contract_of(int elimination)
{
    return elimination == DOOMED ? CONTRACTS : elimination % CONTRACTS;
}

static void eliminate(int number)
{
    char key[16], value[300];
    snprintf(key, sizeof key, "c-%d", contract_of(number));
    snprintf(value, sizeof value,
             "{\"eliminationId\":\"e-%d\",\"contractId\":\"%s\",\"assassinId\":\"a-%d\",\"coinsAmount\":%d.25,"
             "\"verifiedAt\":\"1970-01-01T00:00:00.000Z\"}",
             number, key, number % ASSASSINS, number);
    weir_test_send_raw(
        driver, "eliminations.verified",
        (struct weir_raw_record){.key = {key, strlen(key)}, .value = {value, strlen(value)}, .timestamp_ms = now_ms});
}

static void live_through_it(void)
{
    for (int number = 0; number < ELIMINATIONS; number++) {
        eliminate(number);
        if (number % 7 == 0)
            eliminate(number); /* its producer does not know whether it was heard */
        wait_until((number + 1) * (int64_t)EVERY_MS);
    }
    is_mended = true;
    wait_until(FLAPPING_UNTIL_MS + 300 * 1000);
}

/* ---- what was promised ---- */

/* Each call of an elimination, in order. NULL: there is none behind. */
static const struct call *next_call(const struct call *call, int elimination)
{
    for (call = call ? call + 1 : calls; call < calls + call_count; call++)
        if (call->elimination == elimination)
            return call;
    return NULL;
}

static const struct call never;

static const struct call *first_call(int elimination)
{
    const struct call *first = next_call(NULL, elimination);
    cr_expect_not_null(first, "e-%d is never called", elimination);
    return first ? first : &never;
}

static const struct call *last_call(int elimination)
{
    const struct call *last = first_call(elimination);
    for (const struct call *call = NULL; (call = next_call(call, elimination));)
        last = call;
    return last;
}

static bool was_free(int64_t from_ms, int64_t to_ms)
{
    for (int64_t i = from_ms / TICK_MS - 1; i <= to_ms / TICK_MS; i++)
        if (breaker[i] != CALL_BREAKER_STATE_CLOSED || busy[i] >= ONE_AT_A_TIME)
            return false;
    return true;
}

/* Never early, and on time unless the breaker or the number of calls under way was in between. Returns how many were on time. */
static int judge_back_off(int elimination)
{
    int on_time = 0, number = 1;
    for (const struct call *call = next_call(NULL, elimination), *again; call; call = again, number++) {
        again = next_call(call, elimination);
        if (!again)
            break;
        int64_t due_ms = call->over_ms + (FIRST_RETRY_MS << (number - 1));
        cr_expect_not(call->succeeded, "e-%d is called again after success", elimination);
        cr_expect_geq(again->began_ms, due_ms, "e-%d: attempt %d is early", elimination, number + 1);
        if (was_free(due_ms, again->began_ms)) {
            cr_expect_leq(again->began_ms, due_ms + 2 * TICK_MS, "e-%d: attempt %d is late", elimination, number + 1);
            on_time++;
        }
    }
    cr_expect_leq(number, ATTEMPTS, "e-%d: %d attempts", elimination, number);
    return on_time;
}

static void judge_order_of_contract(int contract)
{
    const struct call *before = NULL;
    for (const struct call *call = calls; call < calls + call_count; call++) {
        if (contract_of(call->elimination) != contract)
            continue;
        if (before)
            cr_expect(call->elimination >= before->elimination && call->began_ms >= before->over_ms,
                      "e-%d overtakes e-%d", call->elimination, before->elimination);
        before = call;
    }
}

static int calls_begun(int64_t from_ms, int64_t to_ms)
{
    int begun = 0;
    for (size_t i = 0; i < call_count; i++)
        begun += calls[i].began_ms > from_ms && calls[i].began_ms <= to_ms;
    return begun;
}

/* The view says OPEN for thirty seconds, in which nothing is called; then one call at a time is tried. */
static void judge_breaker(void)
{
    int opened = 0;
    for (int64_t i = 1, since = 0; i < ticks; i++) {
        since = breaker[i] == breaker[i - 1] ? since : i;
        if (breaker[i] == CALL_BREAKER_STATE_OPEN && since < i)
            cr_expect_eq(calls_begun(i * TICK_MS, (i + 1) * TICK_MS), 0, "a call was made while the breaker was open");
        if (breaker[i] == CALL_BREAKER_STATE_HALF_OPEN)
            cr_expect_leq(busy[i], 1, "%d calls try a breaker that is half open", busy[i]);
        if (breaker[i] != CALL_BREAKER_STATE_HALF_OPEN || since != i)
            continue;
        opened++;
        cr_expect_eq(breaker[i - 1], CALL_BREAKER_STATE_OPEN);
        cr_expect(i * TICK_MS >= OPEN_MS && breaker[i - OPEN_MS / TICK_MS + 2] == CALL_BREAKER_STATE_OPEN &&
                  breaker[i - OPEN_MS / TICK_MS - 2] != CALL_BREAKER_STATE_OPEN);
    }
    cr_expect_gt(opened, 6, "the breaker opened %d times only", opened);
    cr_expect_eq(breaker[ticks - 1], CALL_BREAKER_STATE_CLOSED);
}

static void judge_others_while_one_is_doomed(void)
{
    int64_t from_ms = first_call(DOOMED)->began_ms, to_ms = last_call(DOOMED)->over_ms;
    int others = 0;
    for (size_t i = 0; i < call_count; i++)
        others += calls[i].succeeded && calls[i].began_ms > from_ms && calls[i].began_ms < to_ms;
    cr_expect_geq(to_ms - from_ms, 93 * 1000, "given up after %lld ms", (long long)(to_ms - from_ms));
    cr_expect_gt(others, ATTEMPTS, "%d others were closed meanwhile", others);
}

static void judge_well_times(void)
{
    for (int number = 0; number < WELL_UNTIL_MS / EVERY_MS; number++) {
        const struct call *only = first_call(number);
        cr_expect_leq(only->over_ms - number * (int64_t)EVERY_MS, 1000, "e-%d took more than a second", number);
        cr_expect(only->succeeded && !next_call(only, number));
    }
}

/* One outcome for each, and the one that the service knows. Returns how many were given up. */
static int judge_outcomes(bool *is_given_up)
{
    struct weir_record record;
    int outcomes = 0, given_up = 0;
    while (weir_test_recv(driver, "continental.closings", &record)) {
        const struct closing_outcome *outcome = closing_outcome_value(&record);
        int number = atoi((const char *)outcome->elimination_id.data + strlen("e-"));
        bool is_closed = outcome->outcome == CLOSING_STATE_CLOSED;
        cr_expect_eq(is_closed, last_call(number)->succeeded, "e-%d", number);
        cr_expect(is_closed || outcome->attempts == ATTEMPTS, "e-%d: given up after %d", number, outcome->attempts);
        cr_expect(!is_closed || closed[number]);
        is_given_up[number] = !is_closed;
        given_up += !is_closed;
        outcomes++;
    }
    cr_expect_eq(outcomes, ELIMINATIONS);
    cr_expect(is_given_up[DOOMED]);
    return given_up;
}

static void judge_alerts(const bool *is_given_up, int given_up)
{
    struct weir_record alert;
    int alerts = 0;
    for (; weir_test_recv(driver, "continental.alerts", &alert); alerts++)
        cr_expect(is_given_up[atoi((const char *)closing_outcome_value(&alert)->elimination_id.data + strlen("e-"))]);
    cr_expect_eq(alerts, given_up);
}

/* As `weir dlq replay` does. */
static void replay(int given_up)
{
    struct weir_raw_record letter;
    int letters = 0;
    for (; weir_test_recv_raw(driver, "eliminations.verified.dlq", &letter); letters++)
        weir_test_send_raw(
            driver, "eliminations.verified",
            (struct weir_raw_record){.key = letter.key, .value = letter.value, .timestamp_ms = letter.timestamp_ms});
    cr_expect_eq(letters, given_up);
    wait_until(now_ms + 2000);
}

static void judge_payments(void)
{
    for (int assassin = 0; assassin < ASSASSINS; assassin++) {
        int64_t coins = 0, eliminations = 0;
        for (int number = assassin; number < ELIMINATIONS; number += ASSASSINS, eliminations++)
            coins += number * 10000 + 2500;
        char id[16];
        snprintf(id, sizeof id, "a-%d", assassin);
        const struct assassin *paid = row("continental-assassins", id);
        cr_assert_not_null(paid);
        cr_expect_eq(paid->eliminations, eliminations, "%s: %lld eliminations", id, (long long)paid->eliminations);
        cr_expect_eq(paid->coins.unscaled, coins, "%s: %lld coins", id, (long long)paid->coins.unscaled);
    }
    for (int number = 0; number < ELIMINATIONS; number++)
        cr_expect(closed[number], "e-%d is paid, but not closed", number);
}

Test(contracts_service, every_promise_holds_while_it_is_down_slow_and_flapping)
{
    static bool is_given_up[ELIMINATIONS];
    live_through_it();
    int on_time = 0;
    for (int number = 0; number < ELIMINATIONS; number++)
        on_time += judge_back_off(number);
    cr_expect_gt(on_time, ELIMINATIONS / 3, "%d attempts on time", on_time);
    for (int contract = 0; contract <= CONTRACTS; contract++)
        judge_order_of_contract(contract);
    judge_breaker();
    judge_well_times();
    judge_others_while_one_is_doomed();
    int given_up = judge_outcomes(is_given_up);
    judge_alerts(is_given_up, given_up);
    replay(given_up);
    judge_payments();
}
