/* 13_tables.c: who lives where: residents per town, and the towns with more than one.
 *
 * Someone who moves is subtracted from the old town and added to the new one; someone who is deleted, only subtracted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const void *town_of(weir_context *context, const struct weir_record *person)
{
    (void)context;
    return person->value;
}

static bool is_shared(weir_context *context, const struct weir_record *town)
{
    (void)context;
    return *(const int64_t *)town->value > 1;
}

weir_topology *example_tables(void)
{
    weir_topology *t = weir_topology_new("example-tables");
    weir_table *people = weir_table_from(t, "people", "people", &weir_str_type, &weir_str_type);
    weir_table *residents = weir_count(weir_group_by(people, "people-by-town", &weir_str_type, town_of), "residents");
    weir_to(weir_changes(residents), "residents");
    weir_table *shared = weir_filter(residents, is_shared, .store = "shared-towns");
    weir_to(weir_changes(shared), "shared-towns");
    return t;
}
