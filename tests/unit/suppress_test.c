/* suppress_test.c: tables whose changes are held back, as Kafka Streams' suppress does it. */
#include "graph/handles.h"
#include "operators/suppress_row.h"
#include "operators_engine.h"

static weir_table *counted(weir_topology *t, struct weir_window window)
{
    return weir_count(weir_group(weir_from(t, "in", &weir_str_type, &weir_str_type)), "counts", .window = window);
}

static struct engine *engine_of(weir_table *table)
{
    weir_topology *t = table ? table->topology : NULL;
    cr_assert_not_null(t);
    weir_to(weir_changes(table), "out");
    return engine_new(t);
}

#define count_until_closed(wanted, ...)                                                                                \
    engine_of(weir_suppress(counted(weir_topology_new("t"), wanted), "final", .until_window_closes = true, __VA_ARGS__))
#define rows(t) weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type)
#define rows_until(...) engine_of(weir_suppress(rows(weir_topology_new("t")), "calm", __VA_ARGS__))

static const struct weir_window ten_and_five = {.size = {10}, .grace = {5}};

/* ---- until the window closes ---- */

Test(suppress, a_window_is_told_once_when_its_grace_is_over_with_the_time_of_its_latest_record)
{
    struct engine *engine = count_until_closed(ten_and_five, .max_records = 0);
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "a", "x", 3);
    put(engine, "in", "a", "x", 2);
    put(engine, "in", "b", "x", 14);
    expect_output(engine, "");
    put(engine, "in", "c", "x", 15);
    end_with(engine, "out \"a\"[0,10) 3 @3\n");
}

Test(suppress, windows_leave_in_the_order_of_their_ends_then_of_their_keys)
{
    struct engine *engine = count_until_closed(ten_and_five, .max_records = 0);
    put(engine, "in", "c", "x", 11);
    put(engine, "in", "b", "x", 2);
    put(engine, "in", "a", "x", 12);
    put(engine, "in", "z", "x", 100);
    end_with(engine, "out \"b\"[0,10) 1 @2\nout \"a\"[10,20) 1 @12\nout \"c\"[10,20) 1 @11\n");
}

Test(suppress, a_session_that_was_joined_by_another_is_not_told)
{
    struct engine *engine = count_until_closed(((struct weir_window){.gap = {5}, .grace = {5}}), .max_records = 0);
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", "x", 8);
    put(engine, "in", "a", "x", 4);
    put(engine, "in", "b", "x", 17);
    expect_output(engine, "");
    put(engine, "in", "b", "x", 18);
    end_with(engine, "out \"a\"[0,8) 3 @8\n");
}

Test(suppress, behind_a_repartition_nothing_is_final_before_the_slowest_task_has_passed_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_repartition(weir_from(t, "in", &weir_str_type, &weir_str_type), "moved");
    weir_table *counts = weir_count(weir_group(moved), "counts", .window = ten_and_five);
    struct engine *engine = engine_of(weir_suppress(counts, "final", .until_window_closes = true));
    put(engine, "in", "a", "x", 1);
    engine->forced_slowest_ms = 14;
    put(engine, "in", "b", "x", 40);
    expect_output(engine, "");
    engine->forced_slowest_ms = 15;
    put(engine, "in", "b", "x", 41);
    end_with(engine, "out \"a\"[0,10) 1 @1\n");
}

Test(suppress, more_windows_than_may_wait_stop_the_app)
{
    struct engine *engine = count_until_closed(ten_and_five, .max_records = 1);
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "b", "x", 1);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "final holds back more than it may: 2 records (.max_records 1)");
    engine_free(engine);
}

/* ---- for a time ---- */

Test(suppress, the_latest_change_leaves_when_the_first_one_has_waited_long_enough)
{
    struct engine *engine = rows_until(.until = weir_millis(10));
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", "y", 5);
    put(engine, "in", "b", "x", 9);
    expect_output(engine, "");
    put(engine, "in", "c", "x", 10);
    end_with(engine, "out \"a\" \"y\" @5\n");
}

Test(suppress, a_deletion_leaves_too)
{
    struct engine *engine = rows_until(.until = weir_millis(10));
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", NULL, 1);
    put(engine, "in", "b", "x", 10);
    end_with(engine, "out \"a\" null @1\n");
}

Test(suppress, when_it_is_full_what_waits_longest_leaves_early)
{
    struct engine *engine = rows_until(.until = weir_millis(1000), .max_records = 2);
    put(engine, "in", "b", "x", 0);
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "b", "y", 2);
    expect_output(engine, "");
    put(engine, "in", "c", "x", 3);
    end_with(engine, "out \"b\" \"y\" @2\n");
}

Test(suppress, bytes_are_counted_as_kafka_streams_counts_them)
{
    const int64_t one_row = 8 + 1 + 8 + 8 + 4 + 1; /* time it waits by, key, time, offset, partition, value */
    struct engine *engine = rows_until(.until = weir_millis(1000), .max_bytes = one_row);
    put(engine, "in", "a", "x", 0);
    expect_output(engine, "");
    put(engine, "in", "b", "x", 1);
    expect_output(engine, "out \"a\" \"x\" @0\n");
    put(engine, "in", "b", "xy", 2); /* and what it replaces */
    end_with(engine, "out \"b\" \"xy\" @2\n");
}

Test(suppress, when_it_is_full_it_stops_the_app_if_it_was_told_to)
{
    struct engine *engine = rows_until(.until = weir_millis(1000), .max_records = 1, .when_full = WEIR_SHUT_DOWN);
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "b", "x", 1);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "calm holds back more than it may: 2 records (.max_records 1)");
    expect_output(engine, "");
    engine_free(engine);
}

/* ---- state ---- */

/* What the changelog would get. */
struct logged {
    weir_arena arena;
    struct store_row rows[8];
    size_t count;
};

static void log_row(void *self, const struct store_row *row)
{
    struct logged *logged = self;
    cr_assert_lt(logged->count, sizeof logged->rows / sizeof *logged->rows);
    logged->rows[logged->count++] = (struct store_row){
        arena_bytes(&logged->arena, row->key),
        row->value.data ? arena_bytes(&logged->arena, row->value) : (weir_bytes){0}, row->timestamp_ms};
}

static struct store *suppress_store(struct engine *engine)
{
    const struct graph_store *store = graph_find_store(engine->topology, "calm-store");
    cr_assert_not_null(store);
    return engine->parts[store->subtopology].stores[store->index];
}

static void reopen(struct engine *engine, struct logged *logged)
{
    struct engine_part *part = &engine->parts[0];
    struct weir_error error = {0};
    context_close(part->contexts);
    cr_assert(store_restore(suppress_store(engine), logged->rows, logged->count, 7, &error), "%s", error.message);
    cr_assert(store_restored(suppress_store(engine), &error), "%s", error.message);
    context_open(part->contexts);
    cr_assert_eq(part->execution.error.code, WEIR_OK, "%s", part->execution.error.message);
    arena_done(&logged->arena);
}

Test(suppress, what_waited_goes_on_waiting_after_a_restore_from_the_changelog)
{
    struct logged logged = {0};
    struct engine *before = rows_until(.until = weir_millis(10), .max_records = 2);
    put(before, "in", "a", "x", 0);
    put(before, "in", "b", "x", 2);
    put(before, "in", "b", "y", 3);
    put(before, "in", "c", "x", 10); /* a leaves */
    store_overlay_each(suppress_store(before), log_row, &logged);
    end_with(before, "out \"a\" \"x\" @0\n");

    struct engine *after = rows_until(.until = weir_millis(10), .max_records = 2);
    reopen(after, &logged);
    put(after, "in", "d", "x", 11); /* b and c wait, too */
    expect_output(after, "out \"b\" \"y\" @3\n");
    put(after, "in", "d", "y", 20);
    end_with(after, "out \"c\" \"x\" @10\n");
}

Test(suppress, a_row_that_is_cut_short_is_refused)
{
    weir_arena arena = {0};
    struct buffer bytes = {0};
    const struct weir_header header = {"h", {"v", 1}};
    const struct suppress_row row = {.timestamp_ms = 1,
                                     .metadata = {"topic", 2, 3},
                                     .headers = {&header, 1},
                                     .prior = {"p", 1},
                                     .old = {"p", 1},
                                     .value = {"v", 1},
                                     .due_ms = 4};
    struct suppress_row read;
    suppress_row_write(&row, &bytes);
    for (size_t size = 0; size < bytes.size; size++)
        cr_expect_not(suppress_row_read((weir_bytes){bytes.data, size}, &arena, &read), "%zu bytes", size);
    cr_assert(suppress_row_read(buffer_bytes(&bytes), &arena, &read));
    cr_expect_str_eq(read.metadata.topic, "topic");
    cr_expect_str_eq(read.headers.items[0].name, "h");
    cr_expect(bytes_equal(read.old, row.prior));
    cr_expect_eq(read.due_ms, 4);
    buffer_done(&bytes);
    arena_done(&arena);
}

Test(suppress, a_row_has_the_bytes_of_kafka_streams_changelog)
{
    static const char expected[] = "\0\0\0\0\0\0\0\1" /* time */
                                   "\0\0\0\0\0\0\0\3" /* offset */
                                   "\0\0\0\2in"
                                   "\0\0\0\2"                          /* partition */
                                   "\0\0\0\1\0\0\0\1h\xff\xff\xff\xff" /* headers */
                                   "\xff\xff\xff\xff"                  /* prior */
                                   "\0\0\0\1o"                         /* old */
                                   "\0\0\0\1v"                         /* value */
                                   "\0\0\0\0\0\0\0\4";                 /* buffer time */
    struct buffer bytes = {0};
    const struct weir_header header = {"h", {0}};
    suppress_row_write(&(struct suppress_row){.timestamp_ms = 1,
                                              .metadata = {"in", 2, 3},
                                              .headers = {&header, 1},
                                              .old = {"o", 1},
                                              .value = {"v", 1},
                                              .due_ms = 4},
                       &bytes);
    cr_expect(bytes_equal(buffer_bytes(&bytes), (weir_bytes){expected, sizeof expected - 1}));
    buffer_done(&bytes);
}

/* ---- what others see ---- */

static void show_header(weir_context *context, const struct weir_record *record)
{
    weir_bytes value = weir_header(record, "h");
    buffer_format(weir_user(context), "%.*s ", (int)value.size, value.data ? (const char *)value.data : "");
}

Test(suppress, a_change_leaves_with_its_own_headers)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *calm = weir_suppress(rows(t), "calm", .until = weir_millis(10));
    weir_foreach(weir_changes(calm), show_header, .user = &seen);
    struct engine *engine = engine_new(t);
    const weir_bytes key = {"a", 1};
    const struct weir_header one = {"h", {"one", 3}}, two = {"h", {"two", 3}};
    engine_put(engine, "in", (struct weir_record){.key = &key, .value = &key, .headers = {&one, 1}});
    const weir_bytes other = {"b", 1};
    engine_put(engine, "in",
               (struct weir_record){.key = &other, .value = &key, .timestamp_ms = 10, .headers = {&two, 1}});
    engine_put(engine, "in", (struct weir_record){.key = &key, .value = &key, .timestamp_ms = 20});
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "one two ");
    buffer_done(&seen);
    end_with(engine, "");
}

static void show_replaced(weir_context *context, const struct weir_record *record)
{
    const weir_bytes none = {"-", 1}, *old = record->old_value ? record->old_value : &none;
    buffer_format(weir_user(context), "%.*s ", (int)old->size, (const char *)old->data);
}

Test(suppress, a_change_replaces_what_its_latest_one_replaced)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *calm = weir_suppress(rows(t), "calm", .until = weir_millis(10));
    weir_foreach(weir_changes(calm, .old_values = true), show_replaced, .user = &seen);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", "y", 1);
    put(engine, "in", "b", "x", 10);
    put(engine, "in", "c", "x", 20);
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "x - ");
    buffer_done(&seen);
    end_with(engine, "");
}

static const void *left_value(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)right;
    return left->value;
}

Test(suppress, a_join_sees_the_table_as_it_was_before_a_change_was_held_back)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *calm = weir_suppress(rows(t), "calm", .until = weir_millis(10));
    weir_table *right = weir_table_from(t, "right", "rights", &weir_str_type, &weir_str_type);
    struct engine *engine = engine_of(weir_join_tables(calm, right, left_value, .value = &weir_str_type));
    put(engine, "in", "a", "x", 0);
    put(engine, "right", "a", "r", 1); /* x is not known yet */
    expect_output(engine, "");
    put(engine, "in", "b", "x", 10);
    expect_output(engine, "out \"a\" \"x\" @1\n" /* the join's time is the later one */);
    put(engine, "in", "a", "y", 11);
    put(engine, "right", "a", "s", 12);
    end_with(engine, "out \"a\" \"x\" @12\n");
}

/* ---- the verb ---- */

Test(suppress, the_node_has_the_given_name_and_its_store_too)
{
    weir_topology *t = weir_topology_new("t");
    struct buffer text = {0};
    weir_to(weir_changes(weir_suppress(counted(t, ten_and_five), "final", .until_window_closes = true)), "out");
    struct weir_error error = {0};
    cr_assert(graph_plan(t, &error), "%s", error.message);
    describe_text(t, &text);
    buffer_byte(&text, 0);
    cr_expect_str_eq(text.data, "Topologies:\n"
                                "   Sub-topology: 0\n"
                                "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                "      --> KSTREAM-AGGREGATE-0000000001\n"
                                "    Processor: KSTREAM-AGGREGATE-0000000001 (stores: [counts])\n"
                                "      --> final\n"
                                "      <-- KSTREAM-SOURCE-0000000000\n"
                                "    Processor: final (stores: [final-store])\n"
                                "      --> KTABLE-TOSTREAM-0000000002\n"
                                "      <-- KSTREAM-AGGREGATE-0000000001\n"
                                "    Processor: KTABLE-TOSTREAM-0000000002 (stores: [])\n"
                                "      --> KSTREAM-SINK-0000000003\n"
                                "      <-- final\n"
                                "    Sink: KSTREAM-SINK-0000000003 (topic: out)\n"
                                "      <-- KTABLE-TOSTREAM-0000000002\n\n");
    buffer_done(&text);
    weir_topology_free(t);
}

static void expect_refused(weir_topology *t, const weir_table *table, const char *problem)
{
    cr_expect_null(table);
    cr_expect(strstr(t->error.message, problem), "found: %s", t->error.message);
    weir_topology_free(t);
}

Test(suppress, what_has_no_windows_cannot_wait_for_their_end)
{
    weir_topology *t = weir_topology_new("t");
    expect_refused(t, weir_suppress(rows(t), "final", .until_window_closes = true), "no windows that could close");
}

Test(suppress, an_unlimited_window_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = counted(t, (struct weir_window){.unlimited = true});
    expect_refused(t, weir_suppress(counts, "final", .until_window_closes = true), "never closes");
}

Test(suppress, it_must_be_said_how_long_changes_wait)
{
    weir_topology *t = weir_topology_new("t");
    expect_refused(t, weir_suppress(rows(t), "calm", .max_records = 1), "one of .until_window_closes and .until");
}

Test(suppress, a_final_result_cannot_leave_early)
{
    weir_topology *t = weir_topology_new("t");
    expect_refused(t,
                   weir_suppress(counted(t, ten_and_five), "final", .until_window_closes = true, .max_records = 1,
                                 .when_full = WEIR_EMIT_EARLY),
                   "not the final one");
}

Test(suppress, a_name_is_required)
{
    weir_topology *t = weir_topology_new("t");
    expect_refused(t, weir_suppress(rows(t), NULL, .until = weir_millis(1)), "the name is missing");
}
