/* contracts.c: contracts, what was paid for them, and what their targets have ordered.
 * SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"
#include "elimination_verified.h"
#include "joins_views.h"
#include "pieces.h"

void add_payout(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct payouts *payouts = aggregate;
    payouts->eliminations += 1;
    if (__builtin_add_overflow(payouts->coins.unscaled, elimination_verified_value(record)->coins_amount.unscaled,
                               &payouts->coins.unscaled))
        weir_fail(context, "the sum of coins is too large");
}

const void *contract_with_payouts(weir_context *context, const struct weir_record *left, const struct weir_record *paid)
{
    const struct contract *contract = contract_value(left);
    struct contract_view *view = contract_view_new(context);
    view->target = contract->target;
    view->reward = contract->reward;
    view->status = contract->status;
    if (paid) {
        view->eliminations = payouts_value(paid)->eliminations;
        view->coins = payouts_value(paid)->coins;
    }
    return view;
}

const void *target_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &contract_view_value(record)->target;
}

const void *contract_with_orders(weir_context *context, const struct weir_record *contract,
                                 const struct weir_record *orders)
{
    struct contract_view *view = contract_view_new(context);
    *view = *contract_view_value(contract);
    if (orders) {
        view->orders = user_orders_value(orders)->orders;
        view->spend = user_orders_value(orders)->spend;
    }
    return view;
}
