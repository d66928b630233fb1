/* 08_payments.c: two streams meet: an order and its payment, if it comes within an hour.
 *
 * An order that nobody has paid for is told, too, when no payment can come in time any more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const weir_bytes unpaid = {"unpaid", 6};

static const void *settle(weir_context *context, const struct weir_record *order, const struct weir_record *payment)
{
    (void)context, (void)order;
    return payment ? payment->value : &unpaid;
}

weir_topology *example_payments(void)
{
    weir_topology *t = weir_topology_new("example-payments");
    weir_stream *orders = weir_from(t, "placed-orders", &weir_str_type, &weir_str_type, .require_key = true);
    weir_stream *payments = weir_from(t, "payments", &weir_str_type, &weir_str_type, .require_key = true);
    weir_stream *settled = weir_join(orders, payments, "settled", settle, .value = &weir_str_type, .kind = WEIR_LEFT,
                                     .after = weir_hours(1), .grace = weir_minutes(5));
    weir_to(settled, "settled-orders");
    return t;
}
