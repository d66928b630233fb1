/* Tables grouped anew: what leaves a group, what enters one, and what becomes of their aggregates. */
#include "operators_engine.h"

static weir_bytes *part(weir_context *context, const struct weir_record *row, bool is_group)
{
    const weir_bytes *value = row->value;
    const char *data = value->data;
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = is_group ? (weir_bytes){data, 1} : (weir_bytes){data + 1, value->size - 1};
    return out;
}

/* A row "xN" is N in the group x; "-N" is in no group, "x" brings nothing. */
static const void *group_of(weir_context *context, const struct weir_record *row)
{
    weir_bytes *group = part(context, row, true);
    return *(const char *)group->data == '-' ? NULL : group;
}

static const void *number_of(weir_context *context, const struct weir_record *row)
{
    weir_bytes *text = part(context, row, false);
    int64_t *number = weir_alloc(context, sizeof *number);
    for (size_t i = 0; i < text->size; i++)
        *number = *number * 10 + ((const char *)text->data)[i] - '0';
    return text->size ? number : NULL;
}

static void add(weir_context *context, const struct weir_record *record, void *sum)
{
    (void)context;
    *(int64_t *)sum += *(const int64_t *)record->value;
}

static void subtract(weir_context *context, const struct weir_record *record, void *sum)
{
    *(int64_t *)sum -= *(const int64_t *)record->value;
    if (*(int64_t *)sum == 0)
        weir_forget(context);
}

static const void *plus(weir_context *context, const struct weir_record *record, const void *sum)
{
    int64_t *next = weir_alloc(context, sizeof *next);
    *next = *(const int64_t *)sum + *(const int64_t *)record->value;
    return next;
}

static const void *minus(weir_context *context, const struct weir_record *record, const void *sum)
{
    int64_t *next = weir_alloc(context, sizeof *next);
    *next = *(const int64_t *)sum - *(const int64_t *)record->value;
    return next;
}

static weir_table *rows(weir_topology *t)
{
    return weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type);
}

static weir_grouped_table *numbers(weir_topology *t)
{
    return weir_group_by(rows(t), "by-group", &weir_str_type, group_of, .value = &weir_i64_type,
                         .map_value = number_of);
}

static struct engine *sums(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *sum = weir_aggregate(numbers(t), "sums", add, .subtract = subtract, .value = &weir_i64_type);
    weir_to(weir_changes(sum), "out");
    return engine_new(t);
}

Test(regroup, a_row_is_added_to_its_group)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x2", 20);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 3 @20\n");
}

Test(regroup, a_row_that_changes_groups_leaves_the_old_one_first)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x2", 20);
    put(engine, "in", "b", "y3", 30);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 3 @20\nout \"x\" 1 @30\nout \"y\" 3 @30\n");
}

Test(regroup, a_row_that_stays_in_its_group_changes_it_once)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x2", 20);
    put(engine, "in", "b", "x5", 30);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 3 @20\nout \"x\" 6 @30\n");
}

Test(regroup, a_deleted_row_leaves_its_group)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x2", 20);
    put(engine, "in", "a", NULL, 30);
    put(engine, "in", "a", NULL, 40);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 3 @20\nout \"x\" 2 @30\n");
}

Test(regroup, a_row_without_a_group_or_a_value_is_in_none)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "-1", 10);
    put(engine, "in", "b", "x", 20);
    put(engine, "in", "a", "x1", 30);
    put(engine, "in", "a", "-1", 40);
    end_with(engine, "out \"x\" 1 @30\nout \"x\" null @40\n");
}

Test(regroup, an_aggregate_is_as_young_as_the_youngest_row_that_touched_it)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 20);
    put(engine, "in", "b", "x2", 10);
    put(engine, "in", "b", "y2", 15);
    end_with(engine, "out \"x\" 1 @20\nout \"x\" 3 @20\nout \"x\" 1 @20\nout \"y\" 2 @15\n");
}

/* "x1" to "x2" alone in its group: subtracting forgets the aggregate, adding begins with the initial value. */
Test(regroup, a_forgotten_aggregate_begins_anew)
{
    struct engine *engine = sums();
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "a", "x2", 20);
    put(engine, "in", "a", NULL, 30);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 2 @20\nout \"x\" null @30\n");
}

Test(regroup, a_count_goes_back_to_zero)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(numbers(t), "counts")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x1", 20);
    put(engine, "in", "a", NULL, 30);
    put(engine, "in", "b", NULL, 40);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 2 @20\nout \"x\" 1 @30\nout \"x\" 0 @40\n");
}

Test(regroup, a_reduce_begins_with_the_first_value)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_reduce(numbers(t), "r", plus, .subtract = minus)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x1", 10);
    put(engine, "in", "b", "x2", 20);
    put(engine, "in", "a", "x4", 30);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 3 @20\nout \"x\" 6 @30\n");
}

Test(regroup, the_row_itself_is_grouped_where_no_value_is_chosen)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped_table *grouped = weir_group_by(rows(t), "by-group", &weir_str_type, group_of);
    weir_to(weir_changes(weir_count(grouped, "counts")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 10);
    end_with(engine, "out \"x\" 1 @10\n");
}

Test(regroup, aggregates_of_one_grouping_share_its_topic)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped_table *grouped = numbers(t);
    weir_to(weir_changes(weir_count(grouped, "counts")), "out");
    weir_to(weir_changes(weir_reduce(grouped, "r", plus, .subtract = minus)), "out");
    struct engine *engine = engine_new(t);
    cr_expect_eq(t->subtopology_count, 2);
    put(engine, "in", "a", "x5", 10);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 5 @10\n");
}

/* ---- what is refused ---- */

static void expect_refused(weir_topology *t, const char *text)
{
    struct weir_error error = {0};
    cr_expect_not(graph_plan(t, &error));
    cr_expect(strstr(error.message, text), "found: %s", error.message);
    weir_topology_free(t);
}

Test(regroup, an_aggregate_of_a_grouped_table_needs_its_subtractor)
{
    weir_topology *t = weir_topology_new("t");
    weir_aggregate(numbers(t), "sums", add, .value = &weir_i64_type);
    expect_refused(t, "(.subtract) is missing");
}

Test(regroup, an_aggregate_of_a_stream_takes_no_subtractor)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_i64_type);
    weir_reduce(weir_group(in), "r", plus, .subtract = minus);
    expect_refused(t, ".subtract is for grouped tables");
}

Test(regroup, a_table_that_keeps_no_rows_cannot_be_grouped)
{
    weir_topology *t = weir_topology_new("t");
    weir_group_by(weir_table_from(t, "in", NULL, &weir_str_type, &weir_str_type), "g", &weir_str_type, group_of);
    expect_refused(t, "keeps no rows; give it a store");
}

Test(regroup, a_grouping_that_chooses_values_says_of_which_type)
{
    weir_topology *t = weir_topology_new("t");
    weir_group_by(rows(t), "g", &weir_str_type, group_of, .map_value = number_of);
    expect_refused(t, "(.value) is missing");
}
