/* totals.c: adding facts up. Money is added exactly; a sum beyond 18 digits makes the record a dead letter.
 * SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"
#include "parts.h"
#include "views.h"

static void add_money(weir_context *context, weir_decimal *sum, weir_decimal amount)
{
    if (__builtin_add_overflow(sum->unscaled, amount.unscaled, &sum->unscaled))
        weir_fail(context, "the sum of amounts is too large");
}

void add_metric(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct metric *metric = aggregate;
    metric->count += fact_value(record)->quantity;
    add_money(context, &metric->amount, fact_value(record)->amount);
}

void add_cancellation(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct cancellation *cancellation = aggregate;
    cancellation->count += fact_value(record)->quantity;
    add_money(context, &cancellation->amount, fact_value(record)->amount);
}

void add_customer(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct customer *customer = aggregate;
    customer->orders += fact_value(record)->quantity;
    add_money(context, &customer->spend, fact_value(record)->amount);
}

void add_product(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct product *product = aggregate;
    if (__builtin_add_overflow(product->units, fact_value(record)->quantity, &product->units))
        weir_fail(context, "the sum of quantities is too large");
    add_money(context, &product->revenue, fact_value(record)->amount);
}
