/* Sub-topologies: what belongs together, in which order, and where stores live. */
#include <criterion/criterion.h>
#include <string.h>

#include "graph/graph.h"
#include "operators/operators.h"

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void forward(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
}

static const void *join(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)right;
    return left->value;
}

static void add(weir_context *context, const struct weir_record *record, void *sum)
{
    (void)context, (void)record;
    *(int64_t *)sum += 1;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_table *table(weir_topology *t, const char *name)
{
    return weir_table_from(t, name, name, &weir_str_type, &weir_str_type);
}

static void plan(weir_topology *t)
{
    struct weir_error error = {0};
    cr_assert(graph_plan(t, &error), "%s", error.message);
}

Test(plan, streams_that_never_meet_are_sub_topologies_of_their_own)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t, "a"), "x");
    weir_to(texts(t, "b"), "y");
    plan(t);
    cr_assert_eq(t->subtopology_count, 2);
    cr_expect_str_eq(t->subtopologies[0].sources.items[0]->topic->name, "a");
    cr_expect_str_eq(t->subtopologies[1].sources.items[0]->topic->name, "b");
    weir_topology_free(t);
}

static int32_t copartition_of(const weir_topology *t, const char *topic)
{
    for (size_t i = 0; i < t->nodes.count; i++)
        if (t->nodes.items[i]->kind == GRAPH_SOURCE && strcmp(t->nodes.items[i]->topic->name, topic) == 0)
            return t->nodes.items[i]->copartition;
    return -1;
}

Test(plan, streams_that_are_only_merged_may_have_any_number_of_partitions)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_merge(texts(t, "a"), texts(t, "b")), "x");
    plan(t);
    cr_expect_eq(copartition_of(t, "a"), 0);
    cr_expect_eq(copartition_of(t, "b"), 0);
    weir_topology_free(t);
}

Test(plan, what_is_joined_must_have_the_same_number_of_partitions_also_through_merges_and_other_joins)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *merged = weir_merge(texts(t, "a"), texts(t, "b"));
    weir_stream *joined = weir_join_table(merged, table(t, "c"), join, .value = &weir_str_type);
    weir_join(joined, texts(t, "d"), "pairs", join, .value = &weir_str_type, .within = weir_seconds(1));
    weir_to(weir_merge(joined, texts(t, "e")), "x");
    plan(t);
    int32_t group = copartition_of(t, "a");
    cr_expect_neq(group, 0);
    cr_expect_eq(copartition_of(t, "b"), group);
    cr_expect_eq(copartition_of(t, "c"), group);
    cr_expect_eq(copartition_of(t, "d"), group);
    cr_expect_eq(copartition_of(t, "e"), 0);
    weir_topology_free(t);
}

Test(plan, two_joins_that_share_nothing_are_two_groups)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "a"), table(t, "b"), join, .value = &weir_str_type);
    weir_join_tables(table(t, "c"), table(t, "d"), join, .value = &weir_str_type);
    plan(t);
    cr_expect_eq(copartition_of(t, "a"), copartition_of(t, "b"));
    cr_expect_eq(copartition_of(t, "c"), copartition_of(t, "d"));
    cr_expect_neq(copartition_of(t, "a"), copartition_of(t, "c"));
    weir_topology_free(t);
}

Test(plan, cogrouped_streams_must_have_the_same_number_of_partitions)
{
    weir_topology *t = weir_topology_new("t");
    weir_cogrouped *both =
        weir_cogroup_add(weir_cogroup(weir_group(texts(t, "a")), add), weir_group(texts(t, "b")), add);
    weir_cogroup_aggregate(both, "sums", &weir_i64_type);
    plan(t);
    cr_expect_neq(copartition_of(t, "a"), 0);
    cr_expect_eq(copartition_of(t, "a"), copartition_of(t, "b"));
    weir_topology_free(t);
}

Test(plan, the_topics_of_a_foreign_key_join_lie_with_the_tables_they_go_to)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_foreign(table(t, "a"), table(t, "b"), "fk", value_of, join, .value = &weir_str_type);
    plan(t);
    cr_expect_neq(copartition_of(t, "a"), copartition_of(t, "b"));
    cr_expect_eq(copartition_of(t, "fk-subscription-registration-topic"), copartition_of(t, "b"));
    cr_expect_eq(copartition_of(t, "fk-subscription-response-topic"), copartition_of(t, "a"));
    weir_topology_free(t);
}

Test(plan, a_repartition_cuts)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group_by(texts(t, "a"), "by", &weir_str_type, value_of), "counts");
    plan(t);
    cr_assert_eq(t->subtopology_count, 2);
    cr_expect_eq(graph_find_store(t, "counts")->subtopology, 1);
    cr_expect_eq(graph_find_store(t, "counts")->index, 0);
    cr_expect_eq(t->subtopologies[1].store_count, 1);
    cr_expect(t->subtopologies[1].sources.items[0]->topic->internal);
    cr_expect_null(t->subtopologies[1].sources.items[0]->dead_letters);
    weir_topology_free(t);
}

Test(plan, a_table_joined_by_two_streams_holds_all_together)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *rows = table(t, "rows");
    weir_join_table(texts(t, "a"), rows, join, .value = &weir_str_type);
    weir_join_table(texts(t, "b"), rows, join, .value = &weir_str_type);
    plan(t);
    cr_assert_eq(t->subtopology_count, 1);
    cr_expect_eq(t->subtopologies[0].sources.count, 3);
    weir_topology_free(t);
}

Test(plan, processors_that_share_a_store_are_together)
{
    static const struct weir_processor processor = {.process = forward};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "shared", &weir_str_type, &weir_str_type);
    weir_process(texts(t, "a"), &processor, .stores = {"shared"});
    weir_to(texts(t, "alone"), "out");
    weir_process(texts(t, "b"), &processor, .stores = {"shared"});
    plan(t);
    cr_assert_eq(t->subtopology_count, 2);
    cr_expect_eq(t->subtopologies[0].sources.count, 2);
    cr_expect_eq(graph_find_store(t, "shared")->subtopology, 0);
    weir_topology_free(t);
}

Test(plan, the_lead_topic_is_a_user_topic_where_there_is_one)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_rekey(texts(t, "a"), "moved", &weir_str_type, value_of);
    weir_join_table(moved, table(t, "rows"), join, .value = &weir_str_type);
    plan(t);
    const struct graph_subtopology *second = &t->subtopologies[1];
    cr_assert_eq(second->sources.count, 2);
    cr_expect_str_eq(second->sources.items[0]->topic->name, "rows");
    cr_expect(second->sources.items[1]->topic->internal);
    weir_topology_free(t);
}

Test(plan, nodes_know_their_place_and_come_behind_their_parents)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *both = weir_join_tables(table(t, "a"), table(t, "b"), join, .value = &weir_str_type);
    weir_to(weir_changes(both), "out");
    plan(t);
    const struct graph_subtopology *part = &t->subtopologies[0];
    for (size_t i = 0; i < part->nodes.count; i++) {
        const struct graph_node *node = part->nodes.items[i];
        cr_expect_eq(node->index, (int32_t)i);
        for (size_t p = 0; p < node->parents.count; p++)
            cr_expect_lt(node->parents.items[p]->index, node->index);
    }
    weir_topology_free(t);
}

Test(plan, planning_twice_changes_nothing)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "a")), "counts");
    plan(t);
    const struct graph_subtopology *parts = t->subtopologies;
    plan(t);
    cr_expect_eq(t->subtopologies, parts);
    weir_topology_free(t);
}

Test(plan, a_verb_after_the_plan_is_planned_too)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "a");
    plan(t);
    weir_to(in, "out");
    weir_to(texts(t, "b"), "out");
    plan(t);
    cr_expect_eq(t->subtopology_count, 2);
    cr_expect_eq(t->subtopologies[0].nodes.count, 2);
    weir_topology_free(t);
}

Test(plan, a_grouping_is_created_when_it_is_first_aggregated)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *grouped = weir_group_by(texts(t, "a"), "by", &weir_str_type, value_of);
    weir_table *b = table(t, "b");
    weir_count(grouped, "counts");
    weir_to(weir_changes(b), "out");
    plan(t);
    cr_expect_eq(graph_find_store(t, "b")->subtopology, 1);
    cr_expect_eq(graph_find_store(t, "counts")->subtopology, 2);
    weir_topology_free(t);
}

static bool passes_null_keys(const weir_topology *t, const char *filter)
{
    for (size_t i = 0; i < t->nodes.count; i++)
        if (strcmp(t->nodes.items[i]->name, filter) == 0)
            return t->nodes.items[i]->passes_null_keys;
    cr_assert_fail("there is no node %s", filter);
    return false;
}

Test(plan, a_repartition_keeps_null_keys_for_a_left_join_anywhere_behind_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *twice =
        weir_rekey(weir_rekey(texts(t, "a"), "one", &weir_str_type, value_of), "two", &weir_str_type, value_of);
    weir_join_table(twice, table(t, "b"), join, .value = &weir_str_type, .kind = WEIR_LEFT);
    weir_join_table(weir_rekey(texts(t, "a"), "three", &weir_str_type, value_of), table(t, "c"), join,
                    .value = &weir_str_type);
    plan(t);
    cr_expect(passes_null_keys(t, "one-repartition-filter"));
    cr_expect(passes_null_keys(t, "two-repartition-filter"));
    cr_expect_not(passes_null_keys(t, "three-repartition-filter"));
    weir_topology_free(t);
}
