/* Operators, through a small engine (operators_engine.h): what comes in, what goes out, what is dropped and why. */
#include "operators_engine.h"

static bool is(const void *value, const char *text)
{
    return value && bytes_equal(*(const weir_bytes *)value, bytes_of_text(text));
}

static bool is_even(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value && ((const weir_bytes *)record->value)->size % 2 == 0;
}

static bool is_user_text(weir_context *context, const struct weir_record *record)
{
    return is(record->value, weir_user(context));
}

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static const weir_bytes *concat(weir_context *context, const weir_bytes *a, const char *between, const weir_bytes *b)
{
    struct buffer buffer = {0};
    buffer_append(&buffer, a->data, a->size);
    buffer_text(&buffer, between);
    buffer_append(&buffer, b->data, b->size);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    char *data = weir_alloc(context, buffer.size);
    memcpy(data, buffer.data, buffer.size);
    *out = (weir_bytes){data, buffer.size};
    buffer_done(&buffer);
    return out;
}

static const void *shout(weir_context *context, const struct weir_record *record)
{
    return record->value ? concat(context, record->value, "!", WEIR_STR("")) : NULL;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_table *table(weir_topology *t, const char *name)
{
    return weir_table_from(t, name, name, &weir_str_type, &weir_str_type);
}

/* ---- steps ---- */

Test(operators, a_filter_lets_pass_what_it_tests_true)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_filter(texts(t, "in"), is_even), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "22", 20);
    put(engine, "in", "a", NULL, 30);
    end_with(engine, "out \"a\" \"22\" @20\n");
}

Test(operators, map_values_keeps_the_key_and_sees_tombstones)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_map_values(texts(t, "in"), &weir_str_type, shout), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "hi", 10);
    put(engine, "in", NULL, NULL, 20);
    end_with(engine, "out \"a\" \"hi!\" @10\nout null null @20\n");
}

static void twice(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    weir_forward(context, &out);
    out.key = record->value;
    out.timestamp_ms += 5;
    weir_forward(context, &out);
}

Test(operators, a_flat_map_forwards_as_often_as_it_likes)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_flat_map(texts(t, "in"), &weir_str_type, &weir_str_type, twice), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    end_with(engine, "out \"a\" \"b\" @10\nout \"b\" \"b\" @15\n");
}

static void forward_before_time(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.timestamp_ms = -1;
    weir_forward(context, &out);
}

Test(operators, a_negative_timestamp_is_poison)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_flat_map(texts(t, "in"), NULL, &weir_str_type, forward_before_time), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    expect_error(engine, "with the timestamp -1");
    expect_output(engine, "");
    engine_free(engine);
}

static void forward(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
}

Test(operators, forwarding_from_a_peek_stops_the_task)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_peek(texts(t, "in"), forward), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "only a flat_map or a processor forwards");
    engine_free(engine);
}

static void fail_on_b(weir_context *context, const struct weir_record *record)
{
    if (is(record->value, "b"))
        weir_fail(context, "%s is bad", "b");
    weir_fail(context, "an echo");
}

Test(operators, after_a_failure_nothing_goes_on_and_the_first_message_stays)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_peek(texts(t, "in"), fail_on_b), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    cr_expect_str_eq(engine->error.message, "b is bad");
    expect_output(engine, "");
    engine_free(engine);
}

Test(operators, the_first_matching_branch_wins_with_its_own_user)
{
    weir_topology *t = weir_topology_new("t");
    weir_branches *by = weir_split(texts(t, "in"));
    char one[] = "1", two[] = "22";
    weir_to(weir_branch(by, is_user_text, .user = one), "ones");
    weir_to(weir_branch(by, is_user_text, .user = two), "twos");
    weir_to(weir_branch(by, is_even), "even");
    weir_to(weir_branch_rest(by), "rest");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "22", 2);
    put(engine, "in", "a", "33", 3);
    put(engine, "in", "a", NULL, 4);
    end_with(engine, "ones \"a\" \"1\" @1\ntwos \"a\" \"22\" @2\neven \"a\" \"33\" @3\nrest \"a\" null @4\n");
}

Test(operators, merged_streams_come_as_they_are_processed)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_merge(texts(t, "a"), texts(t, "b")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "b", "k", "1", 9);
    put(engine, "a", "k", "2", 8);
    end_with(engine, "out \"k\" \"1\" @9\nout \"k\" \"2\" @8\n");
}

Test(operators, a_rekey_drops_null_keys)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_rekey(texts(t, "in"), "again", &weir_str_type, value_of), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", "a", NULL, 20);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"b\" \"b\" @10\n");
}

static const void *same_key(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->key;
}

Test(operators, a_tombstone_goes_through_a_repartition)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_rekey(texts(t, "in"), "again", &weir_str_type, same_key), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", NULL, 10);
    end_with(engine, "out \"a\" null @10\n");
}

/* ---- tables ---- */

static void show_change(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    const weir_bytes *old = record->old_value, *new = record->value;
    buffer_format(seen, "%.*s>%.*s ", old ? (int)old->size : 1, old ? (const char *)old->data : "-",
                  new ? (int)new->size : 1, new ? (const char *)new->data : "-");
}

Test(operators, a_table_forwards_changes_with_what_they_replace)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_peek(weir_changes(table(t, "rows"), .old_values = true), show_change, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "rows", "a", "1", 10);
    put(engine, "rows", "a", "2", 5); /* older, and applied all the same */
    put(engine, "rows", "a", NULL, 20);
    put(engine, "rows", "a", NULL, 30);
    put(engine, "rows", NULL, "1", 40);
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "->1 1>2 2>- ->- ");
    buffer_done(&seen);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"a\" \"1\" @10\nout \"a\" \"2\" @5\nout \"a\" null @20\nout \"a\" null @30\n");
}

Test(operators, a_count_skips_null_keys_and_values_and_keeps_the_greatest_time)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group(texts(t, "in")), "counts")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 10);
    put(engine, "in", "a", "x", 5);
    put(engine, "in", "a", NULL, 20);
    put(engine, "in", NULL, "x", 20);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    cr_expect_eq(engine_dropped(engine, "null_value"), 1);
    end_with(engine, "out \"a\" 1 @10\nout \"a\" 2 @10\n");
}

static const void *append(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return concat(context, aggregate, "+", record->value);
}

Test(operators, a_reduce_begins_with_the_first_value)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_reduce(weir_group(texts(t, "in")), "r", append)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 20);
    end_with(engine, "out \"a\" \"1\" @10\nout \"a\" \"1+2\" @20\n");
}

static const void *never(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)record, (void)aggregate;
    return NULL;
}

Test(operators, a_reduce_to_nothing_deletes)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_reduce(weir_group(texts(t, "in")), "r", never)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 20);
    put(engine, "in", "a", "3", 30);
    end_with(engine, "out \"a\" \"1\" @10\nout \"a\" null @20\nout \"a\" \"3\" @30\n");
}

static void collect(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *all = aggregate;
    if (all->size > 4)
        weir_forget(context);
    *all = *concat(context, all, "|", record->value);
}

Test(operators, an_aggregate_begins_with_its_initial_value_and_may_be_forgotten)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *all =
        weir_aggregate(weir_group(texts(t, "in")), "all", collect, .value = &weir_str_type, .initial = WEIR_STR(">"));
    weir_to(weir_peek(weir_changes(all, .old_values = true), show_change, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 20);
    put(engine, "in", "a", "3", 30);
    put(engine, "in", "a", "4", 40);
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, ">>>|1 >|1>>|1|2 >|1|2>- >>>|4 ");
    buffer_done(&seen);
    end_with(engine, "out \"a\" \">|1\" @10\nout \"a\" \">|1|2\" @20\nout \"a\" null @30\nout \"a\" \">|4\" @40\n");
}

static void add_size(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate += (int64_t)((const weir_bytes *)record->value)->size;
}

Test(operators, an_aggregate_without_an_initial_value_begins_with_zero)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_aggregate(weir_group(texts(t, "in")), "sum", add_size, .value = &weir_i64_type)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "123", 10);
    put(engine, "in", "a", "45", 20);
    end_with(engine, "out \"a\" 3 @10\nout \"a\" 5 @20\n");
}

Test(operators, a_group_by_counts_by_the_new_key)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by_value = weir_group_by(texts(t, "in"), "by-value", &weir_str_type, value_of);
    weir_to(weir_changes(weir_count(by_value, "counts")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 10);
    put(engine, "in", "b", "x", 20);
    put(engine, "in", "b", NULL, 20);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"x\" 1 @10\nout \"x\" 2 @20\n");
}

/* ---- windows ---- */

static struct engine *windowed_count(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "counts",
                                    .window = {.size = weir_seconds(10), .grace = weir_seconds(5)});
    weir_to(weir_changes(counts), "out");
    return engine_new(t);
}

Test(operators, a_window_counts_what_lies_in_it)
{
    struct engine *engine = windowed_count();
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", "x", 9999);
    put(engine, "in", "a", "x", 10000);
    put(engine, "in", "a", "x", 5);
    end_with(engine, "out \"a\"[0,10000) 1 @0\nout \"a\"[0,10000) 2 @9999\nout \"a\"[10000,20000) 1 @10000\n"
                     "out \"a\"[0,10000) 3 @9999\n");
}

Test(operators, a_window_closes_when_grace_is_over)
{
    struct engine *engine = windowed_count();
    put(engine, "in", "b", "x", 14999);
    put(engine, "in", "a", "x", 9999);
    put(engine, "in", "b", "x", 15000);
    put(engine, "in", "a", "x", 9999);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "out \"b\"[10000,20000) 1 @14999\nout \"a\"[0,10000) 1 @9999\nout \"b\"[10000,20000) 2 @15000\n");
}

Test(operators, a_windowed_count_counts_tombstones_as_kafka_streams_does)
{
    struct engine *engine = windowed_count();
    put(engine, "in", "a", NULL, 1);
    put(engine, "in", NULL, "x", 99999); /* no key, no time */
    put(engine, "in", "a", "x", 2);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"a\"[0,10000) 1 @1\nout \"a\"[0,10000) 2 @2\n");
}

static const void *append_or_dash(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return concat(context, aggregate, "+", record->value ? record->value : WEIR_STR("-"));
}

Test(operators, a_windowed_reduce_is_asked_about_tombstones_as_in_kafka_streams)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *reduced =
        weir_reduce(weir_group(texts(t, "in")), "r", append_or_dash, .window = {.size = weir_seconds(1)});
    weir_to(weir_changes(reduced), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", NULL, 1); /* what comes first is the aggregate */
    put(engine, "in", "a", "1", 2);
    put(engine, "in", "a", NULL, 3);
    end_with(engine, "out \"a\"[0,1000) null @1\nout \"a\"[0,1000) \"1\" @2\nout \"a\"[0,1000) \"1+-\" @3\n");
}

Test(operators, the_end_of_time_is_a_window_too)
{
    struct engine *engine = windowed_count();
    put(engine, "in", "a", "x", INT64_MAX - 8);
    end_with(engine, "out \"a\"[9223372036854770000,9223372036854775807) 1 @9223372036854775799\n");
}

static struct engine *count_behind_a_repartition(void)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by_value = weir_group_by(texts(t, "in"), "by-value", &weir_str_type, value_of);
    weir_to(weir_changes(weir_count(by_value, "counts", .window = {.size = weir_seconds(10)})), "out");
    return engine_new(t);
}

Test(operators, behind_a_repartition_a_task_read_ahead_makes_nothing_late)
{
    struct engine *engine = count_behind_a_repartition();
    engine->forced_upstream_ms = engine->forced_slowest_ms = 5;
    put(engine, "in", "a", "x", 5);
    engine->forced_upstream_ms = 1000000;
    put(engine, "in", "a", "x", 1000000);
    engine->forced_upstream_ms = 6;
    put(engine, "in", "a", "x", 6);
    cr_expect_eq(engine_dropped(engine, "late"), 0);
    end_with(engine, "out \"x\"[0,10000) 1 @5\nout \"x\"[1000000,1010000) 1 @1000000\nout \"x\"[0,10000) 2 @6\n");
}

Test(operators, behind_a_repartition_a_window_that_the_store_let_go_does_not_begin_again)
{
    struct engine *engine = count_behind_a_repartition();
    engine->forced_upstream_ms = 1000000;
    put(engine, "in", "a", "x", 1000000);
    engine->forced_upstream_ms = 5; /* a task that nobody could know of */
    put(engine, "in", "a", "x", 5);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "out \"x\"[1000000,1010000) 1 @1000000\n");
}

Test(operators, behind_a_repartition_what_was_late_upstream_is_late)
{
    struct engine *engine = count_behind_a_repartition();
    put(engine, "in", "a", "x", 20000);
    put(engine, "in", "a", "x", 9999);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "out \"x\"[20000,30000) 1 @20000\n");
}

/* ---- joins ---- */

static const void *both(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return concat(context, left ? left->value : WEIR_STR("-"), "+", right ? right->value : WEIR_STR("-"));
}

static struct engine *stream_join(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_join_table(texts(t, "left"), table(t, "right"), both, .value = &weir_str_type, .kind = kind), "out");
    struct engine *engine = engine_new(t);
    put(engine, "left", "a", "1", 10);
    put(engine, "right", "a", "x", 50);
    put(engine, "left", "a", "2", 20);
    put(engine, "left", NULL, "3", 30);
    put(engine, "left", "a", NULL, 40);
    put(engine, "right", "a", NULL, 60);
    put(engine, "left", "a", "4", 70);
    return engine;
}

Test(operators, an_inner_join_with_a_table_needs_a_row)
{
    struct engine *engine = stream_join(WEIR_INNER);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    cr_expect_eq(engine_dropped(engine, "null_value"), 1);
    end_with(engine, "out \"a\" \"2+x\" @20\n");
}

Test(operators, a_left_join_with_a_table_keeps_facts_without_a_row_or_key)
{
    struct engine *engine = stream_join(WEIR_LEFT);
    cr_expect_eq(engine_dropped(engine, "null_key"), 0);
    end_with(engine, "out \"a\" \"1+-\" @10\nout \"a\" \"2+x\" @20\nout null \"3+-\" @30\nout \"a\" \"4+-\" @70\n");
}

static struct engine *table_join(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *left = table(t, "left");
    weir_table *right = table(t, "right");
    weir_to(weir_changes(weir_join_tables(left, right, both, .value = &weir_str_type, .kind = kind)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "left", "a", "1", 10);
    put(engine, "right", "a", "x", 5);
    put(engine, "left", "a", NULL, 20);
    put(engine, "right", "a", NULL, 30);
    put(engine, "right", "a", "y", 40);
    return engine;
}

Test(operators, an_inner_join_of_tables_needs_both_sides)
{
    end_with(table_join(WEIR_INNER), "out \"a\" \"1+x\" @10\nout \"a\" null @20\n");
}

Test(operators, a_left_join_of_tables_needs_the_left_side)
{
    end_with(table_join(WEIR_LEFT), "out \"a\" \"1+-\" @10\nout \"a\" \"1+x\" @10\nout \"a\" null @20\n");
}

Test(operators, an_outer_join_of_tables_needs_one_side)
{
    end_with(table_join(WEIR_OUTER), "out \"a\" \"1+-\" @10\nout \"a\" \"1+x\" @10\nout \"a\" \"-+x\" @20\n"
                                     "out \"a\" null @30\nout \"a\" \"-+y\" @40\n");
}

Test(operators, a_join_without_a_store_is_joined_again_where_it_is_looked_into)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *inner = weir_join_tables(table(t, "a"), table(t, "b"), both, .value = &weir_str_type);
    weir_to(weir_join_table(texts(t, "in"), inner, both, .value = &weir_str_type), "out");
    struct engine *engine = engine_new(t);
    put(engine, "a", "k", "1", 10);
    put(engine, "in", "k", "x", 20);
    put(engine, "b", "k", "2", 30);
    put(engine, "in", "k", "y", 40);
    end_with(engine, "out \"k\" \"y+1+2\" @40\n");
}

Test(operators, a_join_with_a_store_keeps_its_result)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *inner = weir_join_tables(table(t, "a"), table(t, "b"), both, .value = &weir_str_type, .store = "both");
    weir_to(weir_join_table(texts(t, "in"), inner, both, .value = &weir_str_type), "out");
    struct engine *engine = engine_new(t);
    cr_expect_eq(engine_source(engine, "in")->children.items[0]->store_count, 1);
    put(engine, "a", "k", "1", 10);
    put(engine, "b", "k", "2", 30);
    put(engine, "in", "k", "y", 40);
    put(engine, "a", "k", NULL, 50);
    put(engine, "in", "k", "z", 60);
    end_with(engine, "out \"k\" \"y+1+2\" @40\n");
}

static const void *sum(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    int64_t *out = weir_alloc(context, sizeof *out);
    *out = *(const int64_t *)left->value * 10 + *(const int64_t *)right->value;
    return out;
}

Test(operators, windowed_tables_join_window_by_window)
{
    weir_topology *t = weir_topology_new("t");
    const struct weir_window window = {.size = weir_seconds(10), .grace = weir_hours(1)};
    weir_table *a = weir_count(weir_group(texts(t, "a")), "as", .window = window);
    weir_table *b = weir_count(weir_group(texts(t, "b")), "bs", .window = window);
    weir_to(weir_changes(weir_join_tables(a, b, sum, .value = &weir_i64_type, .store = "both")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "a", "k", "x", 10);
    put(engine, "b", "k", "x", 10010);
    put(engine, "b", "k", "x", 20);
    put(engine, "a", "k", "x", 30);
    cr_expect_eq(graph_find_store(t, "both")->spec.kind, STORE_WINDOW);
    end_with(engine, "out \"k\"[0,10000) 11 @20\nout \"k\"[0,10000) 21 @30\n");
}

/* ---- processors ---- */

struct dedupe {
    weir_store *seen;
    int64_t dropped;
};

static void dedupe_report(weir_context *context, int64_t now_ms)
{
    const struct dedupe *self = weir_self(context);
    struct weir_record out = {.key = WEIR_STR("dropped"), .timestamp_ms = now_ms};
    out.value = self->dropped > 1 ? WEIR_STR("many") : WEIR_STR("few");
    weir_forward(context, &out);
}

static void dedupe_open(weir_context *context)
{
    struct dedupe *self = weir_self(context);
    self->seen = weir_store_named(context, "seen");
    weir_schedule(context, WEIR_WALL_CLOCK, weir_seconds(1), dedupe_report);
}

static void dedupe_process(weir_context *context, const struct weir_record *record)
{
    struct dedupe *self = weir_self(context);
    cr_expect_eq(weir_partition(context), 3);
    if (weir_get(self->seen, record->key)) {
        self->dropped++;
        weir_drop(context, "repeated");
        return;
    }
    weir_put(self->seen, record->key, &record->timestamp_ms);
    weir_forward(context, record);
}

static int closed;

static void dedupe_close(weir_context *context)
{
    (void)context;
    closed++;
}

static const struct weir_processor dedupe = {
    .self_size = sizeof(struct dedupe), .open = dedupe_open, .process = dedupe_process, .close = dedupe_close};

Test(operators, a_processor_has_memory_stores_and_punctuators)
{
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "seen", &weir_str_type, &weir_i64_type);
    weir_to(weir_process(texts(t, "in"), &dedupe, .stores = {"seen"}), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "2", 2);
    put(engine, "in", "a", "3", 3);
    engine_punctuate(engine, 1000);
    cr_expect_eq(engine_dropped(engine, "repeated"), 2);
    cr_expect_eq(engine->punctuators[0].every_ms, 1000);
    end_with(engine, "out \"a\" \"1\" @1\nout \"dropped\" \"many\" @1000\n");
    cr_expect_eq(closed, 1);
}

Test(operators, a_store_that_is_not_connected_is_an_error)
{
    weir_topology *t = weir_topology_new("t");
    weir_process(texts(t, "in"), &dedupe);
    struct engine *engine = engine_new(t);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "store 'seen' is not connected");
    engine_free(engine);
}

static void keep_first(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "kept");
    const weir_bytes *kept = weir_get(store, record->key);
    if (!kept)
        weir_put(store, record->key, record->value);
    weir_put(store, record->key, WEIR_STR("something else, and longer than what was there")); /* memory may move */
    struct weir_record out = *record;
    out.value = kept ? kept : record->value;
    weir_forward(context, &out);
}

Test(operators, what_was_read_from_a_store_outlives_writes)
{
    static const struct weir_processor processor = {.process = keep_first};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "kept", &weir_str_type, &weir_str_type);
    weir_to(weir_process(texts(t, "in"), &processor, .stores = {"kept"}), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "first", 1);
    put(engine, "in", "a", "second", 2);
    end_with(engine, "out \"a\" \"first\" @1\nout \"a\" \"something else, and longer than what was there\" @2\n");
}

struct walk {
    weir_store *store;
    size_t count;
    int64_t sum;
};

static void take_and_delete(void *self, const struct weir_record *row)
{
    struct walk *walk = self;
    walk->count++;
    walk->sum += *(const int64_t *)row->value;
    weir_put(walk->store, row->key, NULL);
}

static void fill_then_empty(weir_context *context, const struct weir_record *record)
{
    struct walk walk = {.store = weir_store_named(context, "numbers")};
    for (int64_t i = 0; i < 1000; i++)
        weir_put(walk.store, &i, &i);
    weir_each(walk.store, take_and_delete, &walk);
    cr_expect_eq(walk.count, 1000);
    cr_expect_eq(walk.sum, 999 * 500);
    weir_each(walk.store, take_and_delete, &walk);
    cr_expect_eq(walk.count, 1000);
    weir_forward(context, record);
}

Test(operators, a_walk_may_delete_what_it_visits)
{
    static const struct weir_processor processor = {.process = fill_then_empty};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "numbers", &weir_i64_type, &weir_i64_type);
    weir_to(weir_process(texts(t, "in"), &processor, .stores = {"numbers"}), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    end_with(engine, "out \"a\" \"1\" @1\n");
}

static void show_window(void *self, const struct weir_record *row)
{
    struct buffer *out = self;
    const weir_bytes *key = row->key;
    buffer_format(out, "%.*s[%lld,%lld)=%lld@%lld ", (int)key->size, (const char *)key->data,
                  (long long)row->window.start_ms, (long long)row->window.end_ms,
                  (long long)*(const int64_t *)row->value, (long long)row->timestamp_ms);
}

static void use_windows(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "windows");
    struct buffer seen = {0};
    const int64_t one = 1;
    weir_window_put(store, record->key, 100, &one);
    weir_window_put(store, record->key, 200, &record->timestamp_ms);
    weir_window_put(store, record->key, 300, &one);
    weir_window_put(store, record->key, 300, NULL);
    cr_expect_eq(*(const int64_t *)weir_window_get(store, record->key, 200), 50);
    cr_expect_null(weir_window_get(store, record->key, 300));
    weir_each(store, show_window, &seen);
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "a[100,200)=1@50 a[200,300)=50@50 ");
    buffer_done(&seen);
    weir_get(store, record->key);
}

Test(operators, a_window_store_is_read_by_window)
{
    static const struct weir_processor processor = {.process = use_windows};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "windows", &weir_str_type, &weir_i64_type,
                   .window = {.size = weir_millis(100), .retention = weir_millis(300)});
    weir_process(texts(t, "in"), &processor, .stores = {"windows"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 50);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "use weir_window_get");
    engine_free(engine);
}

static void write_an_old_window(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "windows");
    const int64_t one = 1;
    weir_window_put(store, record->key, 900, &one);
    weir_window_put(store, record->key, 601, &one);
    cr_expect_not_null(weir_window_get(store, record->key, 601));
    weir_window_put(store, record->key, 600, &one);
    cr_expect_null(weir_window_get(store, record->key, 600));
}

Test(operators, a_row_that_is_too_old_for_its_store_is_counted)
{
    static const struct weir_processor processor = {.process = write_an_old_window};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "windows", &weir_str_type, &weir_i64_type,
                   .window = {.size = weir_millis(100), .retention = weir_millis(300)});
    weir_process(texts(t, "in"), &processor, .stores = {"windows"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 50);
    cr_expect_eq(engine_dropped(engine, "expired"), 1);
    engine_free(engine);
}

static void get_null(weir_context *context, const struct weir_record *record)
{
    (void)record;
    cr_expect_null(weir_get(weir_store_named(context, "s"), NULL));
}

Test(operators, a_null_key_for_a_store_is_poison)
{
    static const struct weir_processor processor = {.process = get_null};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_i64_type);
    weir_process(texts(t, "in"), &processor, .stores = {"s"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 50);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    expect_error(engine, "store 's': the key is NULL");
    engine_free(engine);
}

static void put_before_1970(weir_context *context, const struct weir_record *record)
{
    weir_put_timestamped(weir_store_named(context, "s"), record->key, record->value, -1);
}

Test(operators, a_negative_timestamp_for_a_store_is_poison)
{
    static const struct weir_processor processor = {.process = put_before_1970};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_str_type);
    weir_process(texts(t, "in"), &processor, .stores = {"s"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 50);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    expect_error(engine, "store 's': a negative timestamp");
    engine_free(engine);
}

static void forget_old(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "s");
    struct weir_record out = *record;
    out.value = weir_get(store, record->key) ? WEIR_STR("known") : WEIR_STR("new");
    weir_put(store, record->key, &record->timestamp_ms);
    weir_forward(context, &out);
}

Test(operators, a_row_untouched_for_its_ttl_is_gone)
{
    static const struct weir_processor processor = {.process = forget_old};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "s", &weir_str_type, &weir_i64_type, .ttl = weir_millis(100));
    weir_to(weir_process(texts(t, "in"), &processor, .stores = {"s"}), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "", 0);
    put(engine, "in", "a", "", 99);
    put(engine, "in", "a", "", 199);
    end_with(engine, "out \"a\" \"new\" @0\nout \"a\" \"known\" @99\nout \"a\" \"new\" @199\n");
}

/* ---- the rest ---- */

static void show_header(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    for (size_t i = 0; i < record->headers.count; i++)
        buffer_format(seen, "%s ", record->headers.items[i].name);
    buffer_text(seen, "; ");
}

static void add_header(weir_context *context, const struct weir_record *record)
{
    const struct weir_header header = {"own", {"1", 1}};
    struct weir_record out = *record;
    out.headers = (struct weir_headers){&header, 1};
    weir_forward(context, &out);
    out.headers = (struct weir_headers){0};
    weir_forward(context, &out);
}

Test(operators, headers_are_inherited_unless_they_are_given)
{
    const struct weir_header trace = {"trace", {"1", 1}};
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_peek(weir_flat_map(texts(t, "in"), NULL, &weir_str_type, add_header), show_header, .user = &seen);
    struct engine *engine = engine_new(t);
    engine_put(engine, "in", (struct weir_record){.value = WEIR_STR("x"), .headers = {&trace, 1}});
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "own ; trace ; ");
    buffer_done(&seen);
    end_with(engine, "");
}

Test(operators, nodes_count_what_enters_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_filter(texts(t, "in"), is_even), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "22", 2);
    const struct graph_nodes *nodes = &t->subtopologies[0].nodes;
    struct context_set *contexts = engine->parts[0].contexts;
    cr_expect_eq(context_of(contexts, nodes->items[0])->records, 2);
    cr_expect_eq(context_of(contexts, nodes->items[1])->records, 2);
    cr_expect_eq(context_of(contexts, nodes->items[2])->records, 1);
    engine_free(engine);
}

static const void *bad_text(weir_context *context, const struct weir_record *record)
{
    (void)record;
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = (weir_bytes){"\xff", 1};
    return out;
}

Test(operators, a_value_that_no_store_can_hold_is_poison)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *bad = weir_map_values(texts(t, "in"), &weir_str_type, bad_text);
    weir_to(weir_changes(weir_reduce(weir_group(bad), "r", append)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    expect_error(engine, "store 'r': ");
    expect_output(engine, "");
    engine_free(engine);
}
