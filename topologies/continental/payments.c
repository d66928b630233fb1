/* payments.c: who was paid what, and how the contracts service does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "continental_views.h"
#include "pieces.h"
#include "record/record.h"
#include "sketch/sketch.h"

enum { RATE_UNIT = 10000, RANKS = 100 };

weir_bytes outcome_identity(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return closing_outcome_value(record)->elimination_id;
}

weir_bytes counted_identity(weir_context *context, const struct weir_record *record)
{
    weir_bytes id = outcome_identity(context, record);
    return is_given_up(context, record) ? record_text(context, "%.*s/FAILED", RECORD_CHARS(id)) : id;
}

const void *assassin_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &closing_outcome_value(record)->assassin_id;
}

const void *everybody(weir_context *context, const struct weir_record *record)
{
    static const weir_bytes all = {"all", 3};
    (void)context, (void)record;
    return &all;
}

static void add_money(weir_context *context, weir_decimal *sum, weir_decimal amount)
{
    if (__builtin_add_overflow(sum->unscaled, amount.unscaled, &sum->unscaled))
        weir_fail(context, "the sum of coins is too large");
}

void add_assassin(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct assassin *assassin = aggregate;
    assassin->eliminations += 1;
    add_money(context, &assassin->coins, closing_outcome_value(record)->coins_amount);
}

void add_coins(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct coins_paid *paid = aggregate;
    paid->payments += 1;
    add_money(context, &paid->coins, closing_outcome_value(record)->coins_amount);
}

/* ---- the leaderboard: who is on it can only climb, so what falls off its end is not missed ---- */

const void *ranked_of(weir_context *context, const struct weir_record *record)
{
    struct ranked_assassin *ranked = ranked_assassin_new(context);
    ranked->assassin_id = *(const weir_bytes *)record->key;
    ranked->eliminations = assassin_value(record)->eliminations;
    ranked->coins = assassin_value(record)->coins;
    return ranked;
}

static int compare_ids(weir_bytes a, weir_bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, shared);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool is_ahead(const struct ranked_assassin *a, const struct ranked_assassin *b)
{
    if (a->coins.unscaled != b->coins.unscaled)
        return a->coins.unscaled > b->coins.unscaled;
    return compare_ids(a->assassin_id, b->assassin_id) < 0;
}

static struct ranked_assassin *others(weir_context *context, const struct leaderboard *board, weir_bytes id,
                                      size_t *count)
{
    struct ranked_assassin *kept = weir_alloc(context, (board->assassins.count + 1) * sizeof *kept);
    *count = 0;
    for (size_t i = 0; i < board->assassins.count; i++)
        if (compare_ids(leaderboard_assassins(board, i)->assassin_id, id) != 0)
            kept[(*count)++] = *leaderboard_assassins(board, i);
    return kept;
}

static void number(struct leaderboard *board, struct ranked_assassin *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        items[i].rank = (int32_t)i + 1;
    board->assassins = (weir_array){items, count < RANKS ? count : RANKS};
}

void rank_assassin(weir_context *context, const struct weir_record *record, void *aggregate)
{
    const struct ranked_assassin *assassin = ranked_assassin_value(record);
    size_t count;
    struct ranked_assassin *items = others(context, aggregate, assassin->assassin_id, &count);
    size_t at = count++;
    for (; at > 0 && is_ahead(assassin, &items[at - 1]); at--)
        items[at] = items[at - 1];
    items[at] = *assassin;
    number(aggregate, items, count);
}

void unrank_assassin(weir_context *context, const struct weir_record *record, void *aggregate)
{
    size_t count;
    struct ranked_assassin *items = others(context, aggregate, ranked_assassin_value(record)->assassin_id, &count);
    number(aggregate, items, count);
}

/* ---- the service ---- */

static void measure(weir_context *context, struct closing_load *load, int64_t wait_ms)
{
    weir_bytes old = load->has_sketch ? load->sketch : (weir_bytes){NULL, 0};
    unsigned char *room = weir_alloc(context, sketch_room(old));
    load->has_sketch = true;
    load->sketch = (weir_bytes){room, sketch_add(old, wait_ms, room)};
    struct sketch_percentiles percentiles = sketch_percentiles(load->sketch);
    load->p50_ms = percentiles.p50;
    load->p95_ms = percentiles.p95;
    load->p99_ms = percentiles.p99;
}

void add_closing(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct closing_load *load = aggregate;
    const struct closing_outcome *outcome = closing_outcome_value(record);
    bool is_success = outcome->outcome == CLOSING_STATE_CLOSED;
    load->closed += is_success;
    load->failed += !is_success;
    load->errors += outcome->attempts - is_success;
    load->retry_rate.unscaled = load->errors * RATE_UNIT / (load->errors + load->closed);
    load->total_ms += outcome->at - outcome->accepted_at;
    load->mean_ms = load->total_ms / (load->closed + load->failed);
    measure(context, load, outcome->at - outcome->verified_at);
}
