/* 07_cogroup.c: how a customer's account stands: what was paid in less what was taken out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static void pay_in(weir_context *context, const struct weir_record *record, void *aggregate)
{
    int64_t *balance = aggregate;
    (void)context;
    *balance += *(const int64_t *)record->value;
}

static void take_out(weir_context *context, const struct weir_record *record, void *aggregate)
{
    int64_t *balance = aggregate;
    (void)context;
    *balance -= *(const int64_t *)record->value;
}

weir_topology *example_cogroup(void)
{
    weir_topology *t = weir_topology_new("example-cogroup");
    weir_stream *in = weir_from(t, "deposits", &weir_str_type, &weir_i64_type, .require_key = true);
    weir_stream *out = weir_from(t, "withdrawals", &weir_str_type, &weir_i64_type, .require_key = true);
    weir_cogrouped *both = weir_cogroup(weir_group(in), pay_in);
    weir_cogroup_add(both, weir_group(out), take_out);
    weir_to(weir_changes(weir_cogroup_aggregate(both, "balances", &weir_i64_type)), "balances");
    return t;
}
