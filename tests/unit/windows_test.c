/* windows_test.c: aggregates over hopping, unlimited and sliding windows and over sessions, as Kafka Streams makes them.
 * Tumbling windows are in operators_test.c. */
#include "operators_engine.h"

static weir_grouped *grouped(weir_topology *t)
{
    return weir_group(weir_from(t, "in", &weir_str_type, &weir_str_type));
}

static struct engine *count_over(struct weir_window window)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(grouped(t), "counts", .window = window)), "out");
    return engine_new(t);
}

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static const void *concat(weir_context *context, const weir_bytes *a, const char *between, const weir_bytes *b)
{
    char *text = arena_format(context->execution->arena, "%.*s%s%.*s", (int)a->size, (const char *)a->data, between,
                              (int)b->size, (const char *)b->data);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = bytes_of_text(text);
    return out;
}

static const void *append(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return concat(context, aggregate, "+", record->value);
}

static void add_text(weir_context *context, const struct weir_record *record, void *aggregate)
{
    *(weir_bytes *)aggregate = *(const weir_bytes *)concat(context, aggregate, "|", record->value);
}

static void add_session(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    (void)record;
    *(weir_bytes *)aggregate = *(const weir_bytes *)concat(context, aggregate, "/", other);
}

static void show_replaced(weir_context *context, const struct weir_record *record)
{
    struct buffer *out = weir_user(context);
    const weir_bytes none = {"-", 1}, *old = record->old_value ? record->old_value : &none;
    buffer_format(out, "%.*s ", (int)old->size, (const char *)old->data);
}

/* ---- hopping, unlimited ---- */

Test(windows, a_record_changes_every_hopping_window_it_falls_into_in_order)
{
    struct engine *engine = count_over((struct weir_window){.size = weir_millis(10), .advance = weir_millis(4)});
    put(engine, "in", "a", "x", 3);
    put(engine, "in", "a", "x", 9);
    end_with(engine, "out \"a\"[0,10) 1 @3\n"
                     "out \"a\"[0,10) 2 @9\nout \"a\"[4,14) 1 @9\nout \"a\"[8,18) 1 @9\n");
}

Test(windows, each_hopping_window_that_has_closed_is_a_late_one)
{
    struct engine *engine = count_over((struct weir_window){.size = weir_millis(10), .advance = weir_millis(5)});
    put(engine, "in", "b", "x", 15);
    put(engine, "in", "a", "x", 7); /* [0,10) has closed, [5,15) too, at 15 */
    put(engine, "in", "a", "x", 12);
    cr_expect_eq(engine_dropped(engine, "late"), 3);
    end_with(engine, "out \"b\"[10,20) 1 @15\nout \"b\"[15,25) 1 @15\nout \"a\"[10,20) 1 @12\n");
}

Test(windows, an_unlimited_window_takes_everything_from_its_start_on)
{
    struct engine *engine = count_over((struct weir_window){.unlimited = true, .start_ms = 100});
    put(engine, "in", "a", "x", 99);
    put(engine, "in", "a", "x", 100);
    put(engine, "in", "a", "x", INT64_MAX);
    put(engine, "in", "a", "x", 101);
    cr_expect_eq(engine_dropped(engine, "early"), 1);
    end_with(engine, "out \"a\"[100,9223372036854775807) 1 @100\n"
                     "out \"a\"[100,9223372036854775807) 2 @9223372036854775807\n"
                     "out \"a\"[100,9223372036854775807) 3 @9223372036854775807\n");
}

/* ---- sliding ---- */

static const struct weir_window sliding = {.difference = {10}, .grace = {5}};

Test(windows, a_record_has_a_left_window_and_gives_the_one_before_a_right_window)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "a", "x", 25);
    end_with(engine, "out \"a\"[10,20) 1 @20\nout \"a\"[21,31) 1 @25\nout \"a\"[15,25) 2 @25\n");
}

Test(windows, a_record_in_between_begins_its_own_windows_from_those_around_it)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "a", "x", 25);
    expect_output(engine, "out \"a\"[10,20) 1 @20\nout \"a\"[21,31) 1 @25\nout \"a\"[15,25) 2 @25\n");
    put(engine, "in", "a", "x", 22);
    end_with(engine,
             "out \"a\"[21,31) 2 @25\nout \"a\"[15,25) 3 @25\nout \"a\"[12,22) 2 @22\nout \"a\"[23,33) 1 @25\n");
}

Test(windows, a_second_record_of_one_time_changes_the_windows_of_the_first)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "a", "x", 20);
    end_with(engine, "out \"a\"[10,20) 1 @20\nout \"a\"[10,20) 2 @20\n");
}

Test(windows, early_records_share_the_first_sliding_window)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "a", "x", 3);
    put(engine, "in", "a", "x", 7);
    put(engine, "in", "a", "x", 5);
    end_with(engine, "out \"a\"[0,10) 1 @3\n"
                     "out \"a\"[4,14) 1 @7\nout \"a\"[0,10) 2 @7\n"
                     "out \"a\"[4,14) 2 @7\nout \"a\"[6,16) 1 @7\nout \"a\"[0,10) 3 @7\n");
}

Test(windows, a_sliding_window_needs_keys_and_values)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "a", NULL, 20);
    put(engine, "in", NULL, "x", 99);
    put(engine, "in", "a", "x", 21);
    cr_expect_eq(engine_dropped(engine, "null_value"), 1);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"a\"[11,21) 1 @21\n");
}

Test(windows, a_sliding_window_closes_when_grace_is_over)
{
    struct engine *engine = count_over(sliding);
    put(engine, "in", "b", "x", 50);
    put(engine, "in", "a", "x", 34); /* its right window ended at 44 */
    put(engine, "in", "a", "x", 35); /* its left window has ended, its right one has nothing in it */
    cr_expect_eq(engine_dropped(engine, "late"), 2);
    end_with(engine, "out \"b\"[40,50) 1 @50\n");
}

Test(windows, an_aggregate_over_sliding_windows_is_not_shared_between_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_aggregate(grouped(t), "texts", add_text, .value = &weir_str_type, .window = sliding);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "3", 25);
    put(engine, "in", "a", "2", 22); /* begins [23,33) with what [21,31) held before it */
    struct weir_store store = {
        .store = engine->parts[0].stores[0], .spec = &t->stores[0]->spec, .execution = &engine->parts[0].execution};
    cr_expect(bytes_equal(*(const weir_bytes *)typed_window_get(&store, WEIR_STR("a"), 23, NULL), *WEIR_STR("|3")));
    cr_expect(bytes_equal(*(const weir_bytes *)typed_window_get(&store, WEIR_STR("a"), 21, NULL), *WEIR_STR("|3|2")));
    end_with(engine, "");
}

/* ---- sessions ---- */

static const struct weir_window session = {.gap = {5}};

Test(windows, records_within_the_gap_are_one_session_and_what_was_there_leaves)
{
    struct engine *engine = count_over(session);
    put(engine, "in", "a", "x", 10);
    put(engine, "in", "a", "x", 15);
    put(engine, "in", "a", "x", 21);
    end_with(engine, "out \"a\"[10,10) 1 @10\n"
                     "out \"a\"[10,10) null @10\nout \"a\"[10,15) 2 @15\n"
                     "out \"a\"[21,21) 1 @21\n");
}

Test(windows, a_record_joins_two_sessions)
{
    struct engine *engine = count_over((struct weir_window){.gap = weir_millis(5), .grace = weir_millis(50)});
    put(engine, "in", "a", "x", 10);
    put(engine, "in", "a", "x", 18);
    put(engine, "in", "a", "x", 14);
    end_with(engine, "out \"a\"[10,10) 1 @10\nout \"a\"[18,18) 1 @18\n"
                     "out \"a\"[10,10) null @10\nout \"a\"[18,18) null @18\nout \"a\"[10,18) 3 @18\n");
}

Test(windows, a_second_record_of_a_session_of_one_moment_replaces_it)
{
    struct engine *engine = count_over(session);
    put(engine, "in", "a", "x", 0);
    put(engine, "in", "a", NULL, 0); /* is counted, as Kafka Streams does */
    end_with(engine, "out \"a\"[0,0) 1 @0\nout \"a\"[0,0) 2 @0\n");
}

Test(windows, a_session_is_late_when_nothing_it_joins_is_open)
{
    struct engine *engine = count_over(session);
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "b", "x", 27);
    put(engine, "in", "a", "x", 16); /* alone it would be late; so is all of it */
    put(engine, "in", "a", "x", 24);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "out \"a\"[20,20) 1 @20\nout \"b\"[27,27) 1 @27\nout \"a\"[24,24) 1 @24\n");
}

Test(windows, sessions_are_merged_by_time_and_say_what_they_replace)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *texts = weir_aggregate(grouped(t), "texts", add_text, .value = &weir_str_type, .merge = add_session,
                                       .window = {.gap = weir_millis(5), .grace = weir_millis(50)});
    weir_to(weir_peek(weir_changes(texts, .old_values = true), show_replaced, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "2", 18);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "3", 14);
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "- - |1 |2 - ");
    buffer_done(&seen);
    end_with(engine, "out \"a\"[18,18) \"|2\" @18\nout \"a\"[10,10) \"|1\" @10\n"
                     "out \"a\"[10,10) null @10\nout \"a\"[18,18) null @18\nout \"a\"[10,18) \"/|1/|2|3\" @18\n");
}

Test(windows, a_reduce_over_sessions_reduces_what_it_merges)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *texts =
        weir_reduce(grouped(t), "texts", append, .window = {.gap = weir_millis(5), .grace = weir_millis(50)});
    weir_to(weir_changes(texts), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 18);
    put(engine, "in", "a", "3", 14);
    end_with(engine, "out \"a\"[10,10) \"1\" @10\nout \"a\"[18,18) \"2\" @18\n"
                     "out \"a\"[10,10) null @10\nout \"a\"[18,18) null @18\nout \"a\"[10,18) \"1+2+3\" @18\n");
}

static void show_headers(weir_context *context, const struct weir_record *record)
{
    size_t *most = weir_user(context);
    if (record->headers.count > *most)
        *most = record->headers.count;
}

Test(windows, sessions_carry_no_headers_and_windows_those_of_the_record)
{
    size_t of_sessions = 0, of_windows = 0;
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by_key = grouped(t);
    weir_peek(weir_changes(weir_count(by_key, "s", .window = session)), show_headers, .user = &of_sessions);
    weir_peek(weir_changes(weir_count(by_key, "w", .window = sliding)), show_headers, .user = &of_windows);
    struct engine *engine = engine_new(t);
    const struct weir_header header = {"trace", {"1", 1}};
    engine_put(engine, "in",
               (struct weir_record){.key = WEIR_STR("a"), .value = WEIR_STR("x"), .headers = {&header, 1}});
    cr_expect_eq(of_sessions, 0);
    cr_expect_eq(of_windows, 1);
    end_with(engine, "");
}

/* ---- stores of processors ---- */

static void use_sessions(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "sessions");
    weir_session_put(store, record->key, 10, 20, record->value);
    weir_session_put(store, record->key, 30, 30, record->value);
    weir_session_put(store, record->key, 30, 30, NULL);
    cr_expect_not_null(weir_session_get(store, record->key, 10, 20));
    cr_expect_null(weir_session_get(store, record->key, 10, 21));
    cr_expect_null(weir_session_get(store, record->key, 30, 30));
    weir_session_put(store, record->key, 2, 1, record->value);
}

Test(windows, a_session_store_is_read_by_session)
{
    static const struct weir_processor processor = {.process = use_sessions};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "sessions", &weir_str_type, &weir_str_type, .window = {.gap = weir_millis(100)});
    weir_process(weir_from(t, "in", &weir_str_type, &weir_str_type), &processor, .stores = {"sessions"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 0);
    expect_error(engine, "a session that ends before it begins");
    engine_free(engine);
}

/* ---- emit on close ---- */

Test(windows, a_window_leaves_once_when_it_has_closed)
{
    struct engine *engine =
        count_over((struct weir_window){.size = weir_millis(10), .grace = weir_millis(5), .emit = WEIR_EMIT_ON_CLOSE});
    put(engine, "in", "b", "x", 3);
    put(engine, "in", "a", "x", 7);
    put(engine, "in", "a", "x", 14);
    put(engine, "in", "a", "x", 5);
    expect_output(engine, "");
    put(engine, "in", "c", "x", 15);
    expect_output(engine, "out \"a\"[0,10) 2 @7\nout \"b\"[0,10) 1 @3\n");
    put(engine, "in", "a", "x", 6); /* too late */
    put(engine, "in", "c", "x", 24);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "");
}

Test(windows, a_jump_in_time_closes_every_window_before_it)
{
    struct engine *engine = count_over((struct weir_window){.size = weir_millis(10), .emit = WEIR_EMIT_ON_CLOSE});
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "b", "x", 12);
    put(engine, "in", "a", "x", 15);
    put(engine, "in", "a", "x", 1000000);
    end_with(engine, "out \"a\"[0,10) 1 @1\nout \"a\"[10,20) 1 @15\nout \"b\"[10,20) 1 @12\n");
}

Test(windows, a_sliding_window_leaves_behind_its_last_moment)
{
    struct engine *engine = count_over((struct weir_window){.difference = weir_millis(10), .emit = WEIR_EMIT_ON_CLOSE});
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "a", "x", 20);
    expect_output(engine, "");
    put(engine, "in", "a", "x", 21);
    expect_output(engine, "out \"a\"[10,20) 2 @20\n");
    put(engine, "in", "a", "x", 31);
    end_with(engine, "out \"a\"[11,21) 3 @21\n");
}

Test(windows, a_session_leaves_when_nothing_can_join_it_any_more)
{
    struct engine *engine =
        count_over((struct weir_window){.gap = weir_millis(5), .grace = weir_millis(2), .emit = WEIR_EMIT_ON_CLOSE});
    put(engine, "in", "a", "x", 10);
    put(engine, "in", "a", "x", 14);
    put(engine, "in", "b", "x", 14);
    put(engine, "in", "b", "x", 11);
    put(engine, "in", "c", "x", 21);
    expect_output(engine, "");
    put(engine, "in", "c", "x", 22);
    end_with(engine, "out \"a\"[10,14) 2 @14\nout \"b\"[11,14) 2 @14\n");
}

Test(windows, what_has_closed_is_looked_for_only_so_often)
{
    struct engine *engine = count_over((struct weir_window){.size = weir_millis(10), .emit = WEIR_EMIT_ON_CLOSE});
    engine->parts[0].execution.emit_interval_ms = 1000;
    put(engine, "in", "a", "x", 1); /* the first look */
    engine->system_time_ms += 999;
    put(engine, "in", "a", "x", 11);
    put(engine, "in", "a", "x", 35);
    expect_output(engine, "");
    engine->system_time_ms += 1;
    put(engine, "in", "a", "x", 36);
    end_with(engine, "out \"a\"[0,10) 1 @1\nout \"a\"[10,20) 1 @11\n");
}

static void forget(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)record, (void)aggregate;
    weir_forget(context);
}

Test(windows, an_aggregate_that_was_deleted_does_not_leave)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *none = weir_aggregate(grouped(t), "none", forget, .value = &weir_i64_type,
                                      .window = {.size = weir_millis(10), .emit = WEIR_EMIT_ON_CLOSE});
    weir_to(weir_changes(none), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "a", "x", 11);
    end_with(engine, "");
}

Test(windows, what_waits_is_found_again_and_what_has_left_is_not)
{
    struct engine *engine = count_over((struct weir_window){.size = weir_millis(10),
                                                            .advance = weir_millis(5),
                                                            .emit = WEIR_EMIT_ON_CLOSE,
                                                            .retention = weir_millis(1000)});
    put(engine, "in", "a", "x", 6);
    put(engine, "in", "a", "x", 11);
    expect_output(engine, "out \"a\"[0,10) 1 @6\n");
    context_close(engine->parts[0].contexts); /* as when the task is opened anew */
    context_open(engine->parts[0].contexts);
    put(engine, "in", "a", "x", 15);
    end_with(engine, "out \"a\"[5,15) 2 @11\n");
}

Test(windows, behind_a_repartition_windows_close_with_the_slowest_task)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by_value =
        weir_group_by(weir_from(t, "in", &weir_str_type, &weir_str_type), "by-value", &weir_str_type, value_of);
    weir_to(
        weir_changes(weir_count(by_value, "counts", .window = {.size = weir_millis(10), .emit = WEIR_EMIT_ON_CLOSE})),
        "out");
    struct engine *engine = engine_new(t);
    engine->forced_slowest_ms = 3;
    engine->forced_upstream_ms = 100;
    put(engine, "in", "k", "a", 100);
    engine->forced_upstream_ms = 3;
    put(engine, "in", "k", "a", 3);
    expect_output(engine, "");
    engine->forced_upstream_ms = engine->forced_slowest_ms = 15;
    put(engine, "in", "k", "a", 15);
    expect_output(engine, "out \"a\"[0,10) 1 @3\n");
    engine->forced_upstream_ms = 4; /* a task that nobody knew of: the window has left */
    put(engine, "in", "k", "a", 4);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "");
}
