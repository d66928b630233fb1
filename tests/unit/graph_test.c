/* The verbs of weir.h: what they refuse, and what they say. */
#include <criterion/criterion.h>
#include <string.h>

#include "graph/graph.h"
#include "operators/operators.h"

static void swap(weir_context *context, const struct weir_record *record, struct weir_record *out)
{
    (void)context;
    out->key = record->value;
    out->value = record->key;
}

static bool test_all(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return true;
}

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

static void add(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context, (void)record, (void)aggregate;
}

static const void *first(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)record;
    return aggregate;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_table *table(weir_topology *t, const char *name)
{
    return weir_table_from(t, name, name, &weir_str_type, &weir_str_type);
}

/* Plans, expects an error with that text in it, and frees. */
static void expect_refused(weir_topology *t, const char *part)
{
    struct weir_error error = {0};
    cr_expect_not(graph_plan(t, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(strstr(error.message, part), "expected '%s' in: %s", part, error.message);
    weir_topology_free(t);
}

static void expect_planned(weir_topology *t)
{
    struct weir_error error = {0};
    cr_expect(graph_plan(t, &error), "%s", error.message);
    weir_topology_free(t);
}

Test(graph, an_error_names_its_line_its_verb_and_its_subject)
{
    weir_topology *t = weir_topology_new("t");
    cr_expect_null(weir_from_with(t, "orders", NULL, (struct weir_source_args){.at = "orders.c:31"}));
    expect_refused(t, "orders.c:31: from 'orders': the key's type is missing");
}

Test(graph, the_first_error_wins_and_its_echoes_are_silent)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *none = weir_from(t, "a b", &weir_str_type, &weir_str_type);
    weir_stream *later = weir_from(t, "fine", &weir_str_type, NULL);
    cr_expect_null(later);
    cr_expect_null(weir_filter(none, test_all));
    weir_to(weir_changes(weir_count(weir_group(none), "s")), "out");
    expect_refused(t, "'a b' may hold letters");
}

Test(graph, null_gives_null)
{
    cr_expect_null(weir_from(NULL, "t", &weir_str_type, &weir_str_type));
    cr_expect_null(weir_table_from(NULL, "t", "t", &weir_str_type, &weir_str_type));
    weir_stream *stream = NULL;
    weir_table *table = NULL;
    cr_expect_null(weir_filter(stream, test_all));
    cr_expect_null(weir_filter(table, test_all));
    cr_expect_null(weir_map_values(stream, &weir_str_type, value_of));
    cr_expect_null(weir_map_values(table, &weir_str_type, value_of));
    cr_expect_null(weir_flat_map(NULL, NULL, &weir_str_type, forward));
    cr_expect_null(weir_peek(NULL, forward));
    cr_expect_null(weir_flat_map_values(NULL, &weir_str_type, forward));
    cr_expect_null(weir_map(NULL, &weir_str_type, &weir_str_type, swap));
    cr_expect_null(weir_select_key(NULL, &weir_str_type, value_of));
    cr_expect_null(weir_repartition(NULL, "r"));
    cr_expect_null(weir_to_table(NULL, "s"));
    weir_foreach(NULL, forward);
    weir_print(NULL, stdout);
    cr_expect_null(weir_split(NULL));
    cr_expect_null(weir_branch(NULL, test_all));
    cr_expect_null(weir_branch_rest(NULL));
    cr_expect_null(weir_merge(NULL, NULL));
    cr_expect_null(weir_rekey(NULL, "r", &weir_str_type, value_of));
    cr_expect_null(weir_group(NULL));
    weir_grouped *grouped = weir_group_by(stream, "g", &weir_str_type, value_of);
    weir_grouped_table *regrouped = weir_group_by(table, "g", &weir_str_type, value_of);
    cr_expect_null(grouped);
    cr_expect_null(regrouped);
    cr_expect_null(weir_count(grouped, "c"));
    cr_expect_null(weir_count(regrouped, "c"));
    cr_expect_null(weir_reduce(grouped, "r", first));
    cr_expect_null(weir_reduce(regrouped, "r", first));
    cr_expect_null(weir_aggregate(grouped, "a", add, .value = &weir_i64_type));
    cr_expect_null(weir_aggregate(regrouped, "a", add, .value = &weir_i64_type));
    cr_expect_null(weir_join_table(NULL, NULL, join, .value = &weir_str_type));
    cr_expect_null(weir_join_tables(NULL, NULL, join, .value = &weir_str_type));
    cr_expect_null(weir_changes(NULL));
    cr_expect_null(weir_process(NULL, NULL));
    weir_to(NULL, "out");
    weir_add_store(NULL, "s", &weir_str_type, &weir_str_type);
    weir_topology_free(NULL);
}

Test(graph, a_topology_needs_a_name)
{
    expect_refused(weir_topology_new(NULL), "name is missing");
}

Test(graph, a_topology_needs_a_source)
{
    expect_refused(weir_topology_new("empty"), "'empty' reads nothing");
}

Test(graph, a_topic_name_has_at_most_249_characters)
{
    char name[251];
    memset(name, 'x', 250);
    name[250] = 0;
    weir_topology *t = weir_topology_new("t");
    weir_from(t, name, &weir_str_type, &weir_str_type);
    expect_refused(t, "longer than 249");
}

Test(graph, a_topic_name_is_not_made_of_dots)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t, "in"), "..");
    expect_refused(t, "to '..'");
}

Test(graph, a_function_must_be_given)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter(texts(t, "in"), NULL);
    expect_refused(t, "filter: the function is missing");
}

Test(graph, a_value_type_must_be_given)
{
    weir_topology *t = weir_topology_new("t");
    weir_map_values(texts(t, "in"), NULL, value_of);
    expect_refused(t, "map_values: the value's type is missing");
}

Test(graph, two_readers_of_a_topic_share_its_source)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t, "in"), "a");
    weir_to(texts(t, "in"), "b");
    cr_expect_eq(t->nodes.count, 3);
    cr_expect_eq(t->nodes.items[0]->children.count, 2);
    expect_planned(t);
}

Test(graph, two_readers_of_a_topic_must_agree_on_types)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "in");
    weir_from(t, "in", &weir_str_type, &weir_i64_type);
    expect_refused(t, "topic 'in' has values of type long here and string elsewhere");
}

Test(graph, a_stream_of_a_tables_topic_must_agree_on_types)
{
    weir_topology *t = weir_topology_new("t");
    table(t, "in");
    weir_from(t, "in", &weir_i64_type, &weir_str_type);
    expect_refused(t, "topic 'in' has keys of type long here and string elsewhere");
}

Test(graph, two_readers_of_a_topic_must_agree_on_dead_letters)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "in");
    weir_from(t, "in", &weir_str_type, &weir_str_type, .dead_letters = "bad");
    expect_refused(t, "its dead letters go to 'in.dlq'");
}

Test(graph, two_readers_of_a_topic_must_agree_on_where_it_begins)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "in");
    weir_from(t, "in", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_LATEST);
    expect_refused(t, "it has another .reset already");
}

Test(graph, two_readers_of_a_topic_must_agree_on_how_far_back_it_begins)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "in", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_BY_DURATION, .reset_by = weir_hours(1));
    weir_from(t, "in", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_BY_DURATION, .reset_by = weir_hours(2));
    expect_refused(t, "it has another .reset already");
}

Test(graph, a_duration_is_asked_for_where_a_source_begins_by_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "in", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_LATEST, .reset_by = weir_hours(1));
    expect_refused(t, ".reset_by goes with WEIR_RESET_BY_DURATION");
}

Test(graph, a_source_does_not_begin_in_the_future)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "in", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_BY_DURATION, .reset_by = weir_millis(-1));
    expect_refused(t, "its .reset_by is negative");
}

Test(graph, a_global_table_is_read_from_its_beginning)
{
    weir_topology *t = weir_topology_new("t");
    weir_global(t, "in", "rows", &weir_str_type, &weir_str_type, .reset = WEIR_RESET_LATEST);
    expect_refused(t, "it has no .reset");
}

Test(graph, a_dead_letter_topic_is_not_read)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(texts(t, "in"), "out");
    texts(t, "in.dlq");
    expect_refused(t, "dead letter topic 'in.dlq' is read or written elsewhere");
}

Test(graph, a_store_has_one_owner)
{
    weir_topology *t = weir_topology_new("t");
    table(t, "rows");
    weir_count(weir_group(texts(t, "in")), "rows");
    expect_refused(t, "count 'rows': there is already a store 'rows' (");
}

Test(graph, a_store_that_nobody_uses_is_an_error)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "in");
    weir_add_store(t, "seen", &weir_str_type, &weir_str_type);
    expect_refused(t, "store 'seen' is not used");
}

Test(graph, a_window_store_has_no_ttl)
{
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_str_type, .window = {.size = weir_seconds(1)}, .ttl = weir_seconds(1));
    expect_refused(t, "has a .retention and no .ttl");
}

static const struct weir_processor processor = {.process = forward};

Test(graph, what_is_said_of_a_store_needs_one)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter(table(t, "people"), test_all, .in_memory = true);
    expect_refused(t, "filter: .in_memory is about a store, and it has none");
    t = weir_topology_new("t");
    weir_from(t, "people", &weir_str_type, &weir_str_type, .no_log = true);
    expect_refused(t, "from 'people': .no_log is about a store, and it has none");
}

Test(graph, every_table_may_be_kept_in_memory_and_without_a_changelog)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *people = weir_table_from(t, "people", "people", &weir_str_type, &weir_str_type, .no_log = true);
    weir_filter(people, test_all, .store = "some", .in_memory = true);
    weir_count(weir_group(texts(t, "clicks")), "counts", .window.size = weir_seconds(1), .in_memory = true,
               .no_log = true);
    weir_join(texts(t, "clicks"), texts(t, "orders"), "both", join, .value = &weir_str_type, .kind = WEIR_LEFT,
              .within = weir_seconds(1), .no_log = true);
    weir_suppress(people, "held", .until = weir_seconds(1), .no_log = true);
    static const struct {
        const char *name;
        bool in_memory, no_log;
    } stores[] = {{"people", false, true},
                  {"some", true, false},
                  {"counts", true, true},
                  {"both-this-join-store", false, true},
                  {"both-left-shared-join-store", false, true},
                  {"held-store", false, true}};
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        const struct graph_store *store = graph_find_store(t, stores[i].name);
        cr_assert_not_null(store, "%s", stores[i].name);
        cr_expect_eq(store->spec.in_memory, stores[i].in_memory, "%s", stores[i].name);
        cr_expect_eq(store->spec.no_log, stores[i].no_log, "%s", stores[i].name);
    }
    expect_planned(t);
}

Test(graph, a_processor_names_stores_that_are_declared)
{
    weir_topology *t = weir_topology_new("t");
    weir_process(texts(t, "in"), &processor, .stores = {"seen"});
    expect_refused(t, "there is no store 'seen'");
}

Test(graph, a_processor_names_a_store_once)
{
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "seen", &weir_str_type, &weir_str_type);
    weir_process(texts(t, "in"), &processor, .stores = {"seen", "seen"});
    expect_refused(t, "store 'seen' is named twice");
}

Test(graph, a_processor_is_given)
{
    weir_topology *t = weir_topology_new("t");
    weir_process(texts(t, "in"), NULL);
    expect_refused(t, "the processor is missing");
}

Test(graph, a_window_has_a_kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "c", .window = {.grace = weir_seconds(1)});
    expect_refused(t, "count 'c': the window needs one of .size, .difference, .gap and .unlimited");
}

static void expect_window_refused(struct weir_window window, const char *part)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "c", .window = window);
    expect_refused(t, part);
}

Test(graph, a_window_is_of_one_kind)
{
    expect_window_refused((struct weir_window){.size = {1}, .gap = {1}},
                          "one of .size, .difference, .gap and .unlimited");
    expect_window_refused((struct weir_window){.difference = {1}, .unlimited = true}, ", not several");
    expect_window_refused((struct weir_window){.emit = WEIR_EMIT_ON_CLOSE}, "the window needs one of");
    expect_window_refused((struct weir_window){.advance = {1}}, "the window's .advance needs a .size");
    expect_window_refused((struct weir_window){.size = {1}, .start_ms = 1}, ".start_ms is for .unlimited ones");
}

Test(graph, a_hopping_window_leaves_no_time_out)
{
    expect_window_refused((struct weir_window){.size = {10}, .advance = {11}},
                          "the window's .advance (11 ms) is longer than its .size (10 ms)");
}

Test(graph, a_window_has_no_negative_times)
{
    expect_window_refused((struct weir_window){.size = {-1}}, "the window's .size is negative");
    expect_window_refused((struct weir_window){.size = {2}, .advance = {-1}}, "the window's .advance is negative");
    expect_window_refused((struct weir_window){.difference = {-1}}, "the window's .difference is negative");
    expect_window_refused((struct weir_window){.gap = {-1}}, "the window's .gap is negative");
    expect_window_refused((struct weir_window){.gap = {1}, .retention = {-1}}, "the window's .retention is negative");
}

Test(graph, a_window_that_no_clock_can_measure_is_refused)
{
    expect_window_refused((struct weir_window){.difference = {INT64_MAX / 2 + 1}}, "too long");
    expect_window_refused((struct weir_window){.gap = {1}, .grace = {INT64_MAX}}, "too long");
}

Test(graph, an_unlimited_window_never_ends)
{
    expect_window_refused((struct weir_window){.unlimited = true, .grace = {1}}, "neither .grace nor .retention");
    expect_window_refused((struct weir_window){.unlimited = true, .emit = WEIR_EMIT_ON_CLOSE}, "never closes");
}

Test(graph, sliding_windows_and_sessions_are_kept_as_long_as_records_can_change_them)
{
    expect_window_refused((struct weir_window){.difference = {10}, .grace = {5}, .retention = {24}}, "for 25 ms");
    expect_window_refused((struct weir_window){.gap = {10}, .grace = {5}, .retention = {14}}, "for 15 ms");
}

static void add_other(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    (void)context, (void)record, (void)aggregate, (void)other;
}

Test(graph, an_aggregate_over_sessions_says_how_they_are_merged)
{
    weir_topology *t = weir_topology_new("t");
    weir_aggregate(weir_group(texts(t, "in")), "a", add, .value = &weir_i64_type, .window = {.gap = weir_seconds(1)});
    expect_refused(t, "aggregate 'a': sessions can grow together");
    t = weir_topology_new("t");
    weir_aggregate(weir_group(texts(t, "in")), "a", add, .value = &weir_i64_type, .merge = add_other,
                   .window = {.size = weir_seconds(1)});
    expect_refused(t, "only sessions (.window.gap) are merged");
}

Test(graph, a_store_is_windowed_by_size_or_by_gap)
{
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_str_type, .window = {.difference = weir_seconds(1)});
    expect_refused(t, "the window of a store has a .size or a .gap");
}

Test(graph, a_window_has_no_negative_grace)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(1), .grace = weir_seconds(-1)});
    expect_refused(t, ".grace is negative");
}

Test(graph, a_window_is_kept_at_least_as_long_as_it_is_open)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "c",
               .window = {.size = weir_seconds(1), .grace = weir_seconds(1), .retention = weir_millis(1999)});
    expect_refused(t, ".retention (1999 ms) is too short: records can change it for 2000 ms");
}

Test(graph, retention_is_size_and_grace_unless_it_is_given)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(2), .grace = weir_seconds(1)});
    cr_expect_eq(graph_find_store(t, "c")->spec.retention_ms, 3000);
    cr_expect_eq(graph_find_store(t, "c")->spec.window_size_ms, 2000);
    cr_expect_eq(graph_find_store(t, "c")->spec.kind, STORE_WINDOW);
    expect_planned(t);
}

Test(graph, a_stream_with_another_key_is_not_grouped)
{
    weir_topology *t = weir_topology_new("t");
    weir_group(weir_filter(weir_flat_map(texts(t, "in"), &weir_str_type, &weir_str_type, forward), test_all));
    expect_refused(t, "the key was changed by KSTREAM-FILTER-0000000002");
}

Test(graph, a_stream_with_another_key_is_not_joined)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *changed = weir_flat_map(texts(t, "in"), &weir_str_type, &weir_str_type, forward);
    weir_join_table(changed, table(t, "rows"), join, .value = &weir_str_type);
    expect_refused(t, "weir_rekey or weir_group_by");
}

Test(graph, a_deep_source_folder_does_not_push_the_problem_out_of_the_message)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter_with(texts(t, "in"), (struct weir_step_args){.at = "/home/somebody/projects/of/the/company/in/a/deep/"
                                                                   "and/long/path/src/orders.c:17"});
    struct weir_error error = {0};
    cr_expect_not(graph_plan(t, &error));
    cr_expect_eq(strncmp(error.message, "src/orders.c:17: filter", 23), 0, "%s", error.message);
    weir_topology_free(t);
}

Test(graph, a_flat_map_without_a_key_type_keeps_the_key)
{
    weir_topology *t = weir_topology_new("t");
    cr_expect_not_null(weir_group(weir_flat_map(texts(t, "in"), NULL, &weir_str_type, forward)));
    expect_planned(t);
}

Test(graph, a_rekeyed_stream_may_be_grouped)
{
    weir_topology *t = weir_topology_new("t");
    cr_expect_not_null(weir_group(weir_rekey(texts(t, "in"), "r", &weir_str_type, value_of)));
    expect_planned(t);
}

Test(graph, a_repartition_has_a_name_of_its_own)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_rekey(in, "again", &weir_str_type, value_of);
    weir_rekey(in, "again", &weir_str_type, value_of);
    expect_refused(t, "rekey 'again': the name is taken by another repartition");
}

Test(graph, a_repartition_topic_is_written_by_its_repartition_only)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_rekey(in, "again", &weir_str_type, value_of);
    weir_to(in, "again-repartition");
    expect_refused(t, "it is the topic of a repartition");
}

Test(graph, a_join_needs_keys_of_one_type)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *rows = weir_table_from(t, "rows", "rows", &weir_i64_type, &weir_str_type);
    weir_join_table(texts(t, "in"), rows, join, .value = &weir_str_type);
    expect_refused(t, "join: keys are of type string (KSTREAM-SOURCE-0000000002) and long (KTABLE-SOURCE-0000000001)");
}

Test(graph, a_join_needs_the_type_of_its_result)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_tables(table(t, "a"), table(t, "b"), join);
    expect_refused(t, "the result's type (.value) is missing");
}

Test(graph, a_stream_and_a_table_have_no_outer_join)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "in"), table(t, "rows"), join, .value = &weir_str_type, .kind = WEIR_OUTER);
    expect_refused(t, "no outer join");
}

Test(graph, a_windowed_table_joins_windows_of_its_size_only)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(1)});
    weir_join_tables(table(t, "a"), counts, join, .value = &weir_str_type);
    expect_refused(t, "windows are of 0 ms (KTABLE-SOURCE-");
}

Test(graph, windowed_keys_are_not_grouped_as_they_are)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(1)});
    weir_group(weir_changes(counts));
    expect_refused(t, "choose a plain key with weir_group_by");
}

Test(graph, windowed_keys_are_not_written_to_a_topic_that_is_read)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "out", &weir_str_type, &weir_i64_type);
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(1)});
    weir_to(weir_changes(counts), "out");
    expect_refused(t, "its keys are not windowed as they are at");
}

Test(graph, merged_streams_have_the_same_types)
{
    weir_topology *t = weir_topology_new("t");
    weir_merge(texts(t, "a"), weir_from(t, "b", &weir_str_type, &weir_i64_type));
    expect_refused(t, "merge: values are of type string and long");
}

Test(graph, a_stream_is_not_merged_with_itself)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_merge(in, in);
    expect_refused(t, "both sides are the same stream");
}

Test(graph, inputs_belong_to_one_topology)
{
    weir_topology *t = weir_topology_new("t"), *other = weir_topology_new("other");
    weir_merge(texts(t, "in"), texts(other, "in"));
    expect_refused(t, "belong to two topologies, 't' and 'other'");
    weir_topology_free(other);
}

Test(graph, nothing_branches_off_behind_the_rest)
{
    weir_topology *t = weir_topology_new("t");
    weir_branches *by = weir_split(texts(t, "in"));
    weir_branch_rest(by);
    weir_branch(by, test_all);
    expect_refused(t, "nothing is left for it");
}

Test(graph, node_names_are_unique)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter(weir_filter(texts(t, "in"), test_all, .name = "f"), test_all, .name = "f");
    expect_refused(t, "filter 'f': there is already a node named 'f'");
}

Test(graph, a_topic_is_written_in_one_format)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_to(in, "out");
    weir_to(in, "out", .format = WEIR_FORMAT_AVRO);
    expect_refused(t, "another .format");
}

Test(graph, a_join_without_a_store_counts_the_stores_it_looks_into)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    weir_topology *t = weir_topology_new("t");
    weir_table *joined = table(t, names[0]);
    for (size_t i = 1; i < 9; i++)
        joined = weir_join_tables(joined, table(t, names[i]), join, .value = &weir_str_type);
    weir_join_tables(table(t, names[9]), joined, join, .value = &weir_str_type);
    expect_refused(t, "more than 8 stores");
}

Test(graph, strings_are_copied)
{
    char topic[] = "in", store[] = "rows", at[] = "here:1";
    weir_topology *t = weir_topology_new("t");
    weir_table_with(t, topic, store, &weir_str_type, (struct weir_source_args){.at = at, .value = &weir_str_type});
    topic[0] = store[0] = at[0] = '#';
    cr_expect_not_null(graph_find_topic(t, "in"));
    cr_expect_not_null(graph_find_store(t, "rows"));
    cr_expect_str_eq(graph_find_store(t, "rows")->at, "here:1");
    expect_planned(t);
}

static const void *either(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context;
    return left ? left->value : right->value;
}

/* Found by graph_fuzz: each such join doubles what a lookup costs. */
Test(graph, a_table_joined_with_itself_again_and_again_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *table = weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type);
    for (int i = 0; i < 40; i++)
        table = weir_join_tables(table, table, either, .value = &weir_str_type);
    cr_expect_null(table);
    struct weir_error error = {0};
    cr_expect_not(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, stdout, &error));
    cr_expect(strstr(error.message, "lookups"), "%s", error.message);
    weir_topology_free(t);
}

/* ---- cogroup ---- */

Test(graph, a_stream_is_in_a_cogroup_once)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *grouped = weir_group(texts(t, "in"));
    weir_cogroup_add(weir_cogroup(grouped, add), grouped, add);
    expect_refused(t, "the stream is in the group already");
}

Test(graph, streams_of_a_cogroup_have_keys_of_one_type)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *numbers = weir_group(weir_from(t, "numbers", &weir_i64_type, &weir_str_type));
    weir_cogroup_add(weir_cogroup(weir_group(texts(t, "in")), add), numbers, add);
    expect_refused(t, "cogroup_add: keys are of type");
}

Test(graph, a_cogroup_has_no_emit_on_close)
{
    weir_topology *t = weir_topology_new("t");
    weir_cogroup_aggregate(weir_cogroup(weir_group(texts(t, "in")), add), "a", &weir_i64_type,
                           .window = {.size = weir_seconds(1), .emit = WEIR_EMIT_ON_CLOSE});
    expect_refused(t, "cogroup_aggregate 'a': cogrouped streams emit on update only");
}

Test(graph, a_cogroup_over_sessions_says_how_they_are_merged)
{
    weir_topology *t = weir_topology_new("t");
    weir_cogroup_aggregate(weir_cogroup(weir_group(texts(t, "in")), add), "a", &weir_i64_type,
                           .window = {.gap = weir_seconds(1)});
    expect_refused(t, "cogroup_aggregate 'a': sessions can grow together");
}
