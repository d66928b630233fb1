/* 15_pattern.c: the sales of all shops, each of which has a topic of its own, also of those that open tomorrow.
 *
 *   echo '{"topic":"sales-lyon","key":"s1","value":"pen","ts":0}' | weir test example-pattern
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const void *what_was_sold(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

weir_topology *example_pattern(void)
{
    weir_topology *t = weir_topology_new("example-pattern");
    weir_stream *sales =
        weir_from_pattern(t, "sales", "sales-[a-z]+", &weir_str_type, &weir_str_type, .require_key = true);
    weir_table *counts =
        weir_count(weir_group_by(sales, "sales-by-article", &weir_str_type, what_was_sold), "sold-articles");
    weir_to(weir_changes(counts), "sold-articles");
    return t;
}
