/* continental.c: the graph of the topology `continental`.
 *
 * An elimination closes its contract by a call of the contracts service, which is repeated until it succeeds or is given
 * up. Only what succeeded is paid: the coins of an assassin are the sum of closed contracts, each once per eliminationId. What was
 * given up is forgotten, so that its dead letter can be replayed when the service is well again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "continental.h"

#include "continental_views.h"
#include "contract.h"
#include "elimination_verified.h"
#include "pieces.h"
#include "record/once.h"

static weir_stream *read_eliminations(weir_topology *t)
{
    static struct once once = {.store = "continental-seen", .identity = continental_identity};
    weir_add_store(t, "continental-seen", &weir_str_type, &weir_i64_type);
    weir_stream *events = weir_from(t, "eliminations.verified", &weir_str_type, &elimination_verified_type,
                                    .timestamp = continental_time, .require_key = true);
    return weir_process(events, &once_processor, .stores = {"continental-seen"}, .user = &once,
                        .name = "eliminations-once");
}

static weir_stream *close_contracts(weir_stream *eliminations, const struct weir_transport *transport)
{
    return weir_call(eliminations, "continental-calls", closing_request, .answer = closing_outcome_of,
                     .value = &closing_outcome_type, .retries = 5, .first_retry = weir_seconds(3),
                     .timeout = weir_seconds(5), .transport = transport);
}

static void keep_contracts(weir_topology *t, weir_stream *eliminations, weir_stream *outcomes)
{
    weir_table *contracts =
        weir_table_from(t, "contracts", "continental-known-contracts", &weir_str_type, &contract_type);
    weir_stream *begun = weir_map_values(eliminations, &closing_outcome_type, closing_begun, .name = "closings-begun");
    weir_table *closings = weir_to_table(weir_merge(begun, outcomes), "continental-closings");
    weir_join_tables(contracts, closings, contract_with_closing, .value = &contract_state_type, .kind = WEIR_LEFT,
                     .store = "continental-contracts", .name = "contracts-with-closings");
}

/* Brings outcomes to the partition of a key and passes each once there. An answer has no input record by which its repetition could
 * be recognised: when Weir is killed between answer and commit, the call is made again and its outcome is sent again. */
static weir_stream *move_once(weir_stream *outcomes, const char *name, weir_mapper *key, struct once *once)
{
    weir_stream *moved = weir_rekey(outcomes, name, &weir_str_type, key);
    return weir_process(moved, &once_processor, .stores = {once->store}, .user = once);
}

static void pay_assassins(weir_topology *t, weir_stream *outcomes)
{
    static struct once once = {.store = "continental-paid", .identity = outcome_identity};
    weir_add_store(t, "continental-paid", &weir_str_type, &weir_i64_type);
    weir_stream *closed = weir_filter(outcomes, is_closed, .name = "closed");
    weir_stream *payments = move_once(closed, "continental-by-assassin", assassin_of, &once);
    weir_table *assassins =
        weir_aggregate(weir_group(payments), "continental-assassins", add_assassin, .value = &assassin_type);
    weir_aggregate(weir_group_by(assassins, "continental-ranking", &weir_str_type, everybody,
                                 .value = &ranked_assassin_type, .map_value = ranked_of),
                   "continental-leaderboard", rank_assassin, .subtract = unrank_assassin, .value = &leaderboard_type);
}

static void watch(weir_topology *t, weir_stream *outcomes)
{
    static struct once once = {.store = "continental-counted", .identity = counted_identity};
    weir_add_store(t, "continental-counted", &weir_str_type, &weir_i64_type);
    weir_stream *counted = move_once(outcomes, "continental-outcomes", everybody, &once);
    weir_aggregate(weir_group(counted), "continental-closings-per-minute", add_closing, .value = &closing_load_type,
                   .window = {.size = weir_minutes(1), .grace = weir_hours(1), .retention = weir_days(7)});
    weir_grouped *closed = weir_group(weir_filter(counted, is_closed, .name = "payments"));
    weir_aggregate(closed, "continental-coins-per-hour", add_coins, .value = &coins_paid_type,
                   .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(90)});
    weir_aggregate(closed, "continental-coins-per-day", add_coins, .value = &coins_paid_type,
                   .window = {.size = weir_days(1), .grace = weir_hours(24), .retention = weir_days(3650)});
    weir_to(outcomes, "continental.closings");
}

static void raise_alerts(weir_stream *outcomes)
{
    static struct once once = {.store = "continental-seen", .identity = outcome_identity};
    weir_stream *given_up = weir_filter(outcomes, is_given_up, .name = "given-up");
    weir_to(weir_process(given_up, &forget_processor, .stores = {"continental-seen"}, .user = &once,
                         .name = "eliminations-anew"),
            "continental.alerts");
}

weir_topology *continental_topology_over(const struct weir_transport *transport)
{
    weir_topology *t = weir_topology_new("continental");
    weir_stream *eliminations = read_eliminations(t);
    weir_stream *outcomes = close_contracts(eliminations, transport);
    keep_contracts(t, eliminations, outcomes);
    pay_assassins(t, outcomes);
    watch(t, outcomes);
    raise_alerts(outcomes);
    return t;
}

weir_topology *continental_topology(void)
{
    return continental_topology_over(NULL);
}
