/* continental_test.c: is every elimination paid once, whatever the contracts service does? The service is played here, and
 * keeps a ledger of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "continental/continental.h"
#include "continental_views.h"

/* ---- the service ---- */

enum { ELIMINATIONS = 200, ASSASSINS = 12, LINE = 64 };

static struct {
    uint64_t id;
    char elimination[40], url[120];
} under_way[LINE];
static size_t flying;
static int failing_per_mille;
static bool is_down;
static unsigned state;        /* of the chance */
static char closed[4096][40]; /* what the service has done, by idempotency key */
static size_t closed_count;
static char last_url[120];

static int chance(int limit)
{
    state = state * 1664525u + 1013904223u;
    return (int)((state >> 8) % (unsigned)limit);
}

static void *open_line(void)
{
    flying = 0;
    return under_way;
}

static bool send_request(void *line, const struct weir_transport_request *request)
{
    (void)line;
    cr_assert_lt(flying, (size_t)LINE);
    under_way[flying].id = request->id;
    snprintf(under_way[flying].url, sizeof under_way->url, "%s", request->url);
    for (size_t i = 0; i < request->headers.count; i++)
        if (strcmp(request->headers.items[i].name, "Idempotency-Key") == 0)
            snprintf(under_way[flying].elimination, sizeof under_way->elimination, "%.*s",
                     (int)request->headers.items[i].value.size, (const char *)request->headers.items[i].value.data);
    flying++;
    return true;
}

static bool is_closed_already(const char *elimination)
{
    for (size_t i = 0; i < closed_count; i++)
        if (strcmp(closed[i], elimination) == 0)
            return true;
    return false;
}

/* A failure may be one of the answer only: the service has done it, but nobody hears. */
static bool take_result(void *line, weir_arena *arena, struct weir_transport_result *out)
{
    (void)line, (void)arena;
    if (flying == 0)
        return false;
    flying--;
    bool fails = is_down || chance(1000) < failing_per_mille;
    bool is_done = !is_down && (!fails || chance(2) == 0);
    if (is_done && !is_closed_already(under_way[flying].elimination))
        snprintf(closed[closed_count++], sizeof *closed, "%s", under_way[flying].elimination);
    snprintf(last_url, sizeof last_url, "%s", under_way[flying].url);
    *out = (struct weir_transport_result){.id = under_way[flying].id, .status = fails ? (is_down ? 0 : 503) : 200};
    out->error = is_down ? "connection refused" : NULL;
    return true;
}

static void close_line(void *line)
{
    (void)line;
}

static const struct weir_transport played = {open_line, send_request, take_result, close_line};

/* ---- the topology ---- */

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    failing_per_mille = 0;
    is_down = false;
    state = 7;
    closed_count = 0;
    driver = weir_test_new(continental_topology_over(&played), (struct weir_config){.application = "hotel"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(continental, .init = set_up, .fini = tear_down);

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, strlen(chars)};
}

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    return weir_test_get(driver, view, &bytes);
}

static void send(const char *topic, const char *key, const char *value)
{
    weir_test_send_raw(driver, topic,
                       (struct weir_raw_record){.key = text(key), .value = text(value), .timestamp_ms = 1000});
}

static void open_contract(const char *id)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"contractId\":\"%s\",\"target\":\"t\",\"reward\":500,\"status\":\"OPEN\",\"openedAt\":\"1970-01-01T00:"
             "00:00.000Z\"}",
             id);
    send("contracts", id, value);
}

static void eliminate(int number, const char *contract, int assassin, int coins)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"eliminationId\":\"e-%d\",\"contractId\":\"%s\",\"assassinId\":\"a-%02d\",\"coinsAmount\":%d.50,"
             "\"verifiedAt\":\"1970-01-01T00:00:00.000Z\"}",
             number, contract, assassin, coins);
    send("eliminations.verified", contract, value);
}

static void wait_ms(int64_t ms)
{
    for (; ms > 0; ms -= 20)
        weir_test_advance(driver, weir_millis(20));
}

static const struct contract_state *contract(const char *id)
{
    const struct contract_state *found = row("continental-contracts", id);
    cr_assert_not_null(found);
    return found;
}

/* ---- one contract ---- */

Test(continental, a_contract_is_closing_until_the_service_has_closed_it)
{
    is_down = true;
    open_contract("c 1");
    cr_expect_not(contract("c 1")->has_closing);
    eliminate(1, "c 1", 3, 100);
    wait_ms(1000);
    cr_expect_eq(contract("c 1")->closing, CLOSING_STATE_CLOSING);
    cr_expect_null(row("continental-assassins", "a-03"));
    is_down = false;
    wait_ms(3000);
    cr_expect_eq(contract("c 1")->closing, CLOSING_STATE_CLOSED);
    cr_expect_eq(contract("c 1")->attempts, 2);
    cr_expect_str_eq(last_url, "http://127.0.0.1:8089/contracts/c%201/close");
    const struct assassin *assassin = row("continental-assassins", "a-03");
    cr_assert_not_null(assassin);
    cr_expect(assassin->eliminations == 1 && assassin->coins.unscaled == 1005000);
}

Test(continental, an_elimination_that_is_delivered_twice_is_paid_once)
{
    eliminate(1, "c-1", 3, 100);
    eliminate(1, "c-1", 3, 100);
    wait_ms(100);
    cr_expect_eq(closed_count, 1u);
    cr_expect_eq(((const struct assassin *)row("continental-assassins", "a-03"))->eliminations, 1);
}

Test(continental, after_five_retries_it_is_given_up_with_an_alert_and_a_dead_letter)
{
    is_down = true;
    open_contract("c-1");
    eliminate(1, "c-1", 3, 100);
    wait_ms((3 + 6 + 12 + 24 + 48) * 1000 + 30000 + 2000); /* the breaker opens once in between */
    cr_expect_eq(contract("c-1")->closing, CLOSING_STATE_FAILED);
    cr_expect_eq(contract("c-1")->attempts, 6);
    struct weir_record alert;
    cr_assert(weir_test_recv(driver, "continental.alerts", &alert));
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "eliminations.verified.dlq", &letter));
    cr_expect_not_null(memmem(letter.value.data, letter.value.size, "\"e-1\"", 5));
    is_down = false;
    wait_ms(200000);
    cr_expect_eq(closed_count, 0u);
}

static void replay_letter(void)
{
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "eliminations.verified.dlq", &letter));
    weir_test_send_raw(
        driver, "eliminations.verified",
        (struct weir_raw_record){.key = letter.key, .value = letter.value, .timestamp_ms = letter.timestamp_ms});
}

Test(continental, what_was_given_up_is_closed_and_paid_when_its_dead_letter_is_replayed)
{
    is_down = true;
    open_contract("c-1");
    eliminate(1, "c-1", 3, 100);
    wait_ms((3 + 6 + 12 + 24 + 48) * 1000 + 30000 + 2000);
    cr_expect_eq(contract("c-1")->closing, CLOSING_STATE_FAILED);
    is_down = false;
    replay_letter();
    eliminate(1, "c-1", 3, 100); /* that it is tried again is no reason to try it twice */
    wait_ms(100);
    cr_expect_eq(contract("c-1")->closing, CLOSING_STATE_CLOSED);
    cr_expect_eq(((const struct assassin *)row("continental-assassins", "a-03"))->eliminations, 1);
    weir_bytes all = text("all");
    const struct coins_paid *paid = weir_test_get_window(driver, "continental-coins-per-day", &all, 0);
    cr_assert_not_null(paid);
    cr_expect(paid->payments == 1 && paid->coins.unscaled == 1005000);
}

Test(continental, figures_of_a_minute_say_how_the_service_does)
{
    is_down = true;
    eliminate(1, "c-1", 1, 100);
    wait_ms(1000);
    is_down = false;
    wait_ms(3000);
    eliminate(2, "c-2", 1, 100);
    wait_ms(100);
    weir_bytes all = text("all");
    const struct closing_load *load = weir_test_get_window(driver, "continental-closings-per-minute", &all, 0);
    cr_assert_not_null(load);
    cr_expect(load->closed == 2 && load->failed == 0 && load->errors == 1 && load->retry_rate.unscaled == 3333);
    cr_expect(load->mean_ms > 1400 && load->mean_ms < 1700, "%ld", (long)load->mean_ms);
    const struct coins_paid *paid = weir_test_get_window(driver, "continental-coins-per-hour", &all, 0);
    cr_assert_not_null(paid);
    cr_expect(paid->payments == 2 && paid->coins.unscaled == 2 * 1005000);
}

/* ---- many, against the ledger of the service ---- */

static int coins_of(int number)
{
    return 100 + number * 7 % 400;
}

static int assassin_of_number(int number)
{
    return number * number % ASSASSINS;
}

struct outcomes {
    int closed, failed;
    int64_t coins[ASSASSINS], eliminations[ASSASSINS];
};

static struct outcomes read_outcomes(void)
{
    struct outcomes outcomes = {0};
    struct weir_record record;
    bool seen[ELIMINATIONS] = {false};
    while (weir_test_recv(driver, "continental.closings", &record)) {
        const struct closing_outcome *outcome = closing_outcome_value(&record);
        int number = atoi((const char *)outcome->elimination_id.data + 2);
        cr_expect_not(seen[number], "e-%d has two outcomes", number);
        seen[number] = true;
        bool is_success = outcome->outcome == CLOSING_STATE_CLOSED;
        outcomes.closed += is_success;
        outcomes.failed += !is_success;
        outcomes.coins[assassin_of_number(number)] += is_success ? coins_of(number) * 10000 + 5000 : 0;
        outcomes.eliminations[assassin_of_number(number)] += is_success;
        char id[20];
        snprintf(id, sizeof id, "e-%d", number);
        cr_expect(!is_success || is_closed_already(id), "%s is paid, but its contract is not closed", id);
    }
    return outcomes;
}

static void expect_ranks(const struct outcomes *outcomes)
{
    const struct leaderboard *board = row("continental-leaderboard", "all");
    cr_assert_not_null(board);
    cr_expect_eq(board->assassins.count, (size_t)ASSASSINS);
    for (size_t i = 0; i < board->assassins.count; i++) {
        const struct ranked_assassin *ranked = leaderboard_assassins(board, i);
        int number = atoi((const char *)ranked->assassin_id.data + 2);
        cr_expect_eq(ranked->rank, (int)i + 1);
        cr_expect_eq(ranked->coins.unscaled, outcomes->coins[number]);
        cr_expect(i == 0 || leaderboard_assassins(board, i - 1)->coins.unscaled >= ranked->coins.unscaled);
    }
}

Test(continental, every_elimination_is_paid_once_or_given_up_while_the_service_is_down_and_flapping)
{
    failing_per_mille = 350;
    for (int number = 0; number < ELIMINATIONS; number++) {
        char id[20];
        snprintf(id, sizeof id, "c-%d", number % 70);
        is_down = number % 50 > 40;
        eliminate(number, id, assassin_of_number(number), coins_of(number));
        if (number % 9 == 0)
            eliminate(number, id, assassin_of_number(number), coins_of(number));
        wait_ms(500);
    }
    is_down = false;
    wait_ms(3600 * 1000 / 4);
    struct outcomes outcomes = read_outcomes();
    cr_expect_eq(outcomes.closed + outcomes.failed, ELIMINATIONS, "%d closed, %d failed", outcomes.closed,
                 outcomes.failed);
    cr_expect_gt(outcomes.closed, ELIMINATIONS / 2);
    for (int i = 0; i < ASSASSINS; i++) {
        char id[20];
        snprintf(id, sizeof id, "a-%02d", i);
        const struct assassin *assassin = row("continental-assassins", id);
        cr_expect_eq(assassin ? assassin->coins.unscaled : 0, outcomes.coins[i]);
        cr_expect_eq(assassin ? assassin->eliminations : 0, outcomes.eliminations[i]);
    }
    for (int i = 0; i < ASSASSINS; i++)
        if (outcomes.eliminations[i] == 0)
            return; /* not everybody is on the board */
    expect_ranks(&outcomes);
}
