/* versioned_table_test.c: tables that keep versions of their rows: what is out of order, and joins with what was then. */
#include "graph/handles.h"
#include "operators_engine.h"

static weir_table *table(weir_topology *t, const char *topic, int64_t history_ms)
{
    return weir_table_from(t, topic, topic, &weir_str_type, &weir_str_type, .history = {history_ms});
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static const void *both(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    const weir_bytes *a = left ? left->value : WEIR_STR("-"), *b = right ? right->value : WEIR_STR("-");
    weir_bytes *out = weir_alloc(context, sizeof *out);
    char *text = weir_alloc(context, a->size + b->size + 1);
    memcpy(text, a->data, a->size);
    memcpy(text + a->size, b->data, b->size);
    *out = (weir_bytes){text, a->size + b->size};
    return out;
}

static bool is_short(weir_context *context, const struct weir_record *row)
{
    (void)context;
    return ((const weir_bytes *)row->value)->size == 1;
}

static const void *value_of(weir_context *context, const struct weir_record *row)
{
    (void)context;
    return row->value;
}

static struct engine *join_as_of(enum weir_join_kind kind, int64_t grace_ms)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_join_table(texts(t, "facts"), table(t, "rows", 1000), both, .value = &weir_str_type, .kind = kind,
                            .grace = {grace_ms}, .name = "meet"),
            "out");
    return engine_new(t);
}

Test(versioned_table, a_record_meets_the_row_of_its_own_time)
{
    struct engine *engine = join_as_of(WEIR_LEFT, 0);
    put(engine, "rows", "k", "a", 10);
    put(engine, "rows", "k", "b", 20);
    put(engine, "facts", "k", "1", 15);
    put(engine, "facts", "k", "2", 20);
    put(engine, "facts", "k", "3", 5);
    end_with(engine, "out \"k\" \"1a\" @15\nout \"k\" \"2b\" @20\nout \"k\" \"3-\" @5\n");
}

Test(versioned_table, a_record_waits_until_one_later_by_the_grace_has_come)
{
    struct engine *engine = join_as_of(WEIR_INNER, 5);
    put(engine, "facts", "k", "1", 10);
    put(engine, "rows", "k", "a", 8);
    put(engine, "facts", "k", "2", 14);
    expect_output(engine, "");
    put(engine, "facts", "k", "3", 15);
    expect_output(engine, "out \"k\" \"1a\" @10\n");
    put(engine, "rows", "k", "b", 12);
    put(engine, "facts", "j", "4", 30);
    end_with(engine, "out \"k\" \"2b\" @14\nout \"k\" \"3b\" @15\n");
}

Test(versioned_table, records_that_waited_leave_in_the_order_of_time_then_of_keys_then_as_they_came)
{
    struct engine *engine = join_as_of(WEIR_LEFT, 10);
    put(engine, "facts", "b", "1", 12);
    put(engine, "facts", "b", "2", 12);
    put(engine, "facts", "a", "3", 12);
    put(engine, "facts", "c", "4", 11);
    put(engine, "facts", "z", "5", 22);
    end_with(engine, "out \"c\" \"4-\" @11\nout \"a\" \"3-\" @12\nout \"b\" \"1-\" @12\nout \"b\" \"2-\" @12\n");
}

Test(versioned_table, a_record_that_is_too_late_to_wait_meets_its_row_at_once)
{
    struct engine *engine = join_as_of(WEIR_INNER, 5);
    put(engine, "rows", "k", "a", 1);
    put(engine, "facts", "z", "1", 20);
    put(engine, "facts", "k", "2", 14);
    end_with(engine, "out \"k\" \"2a\" @14\n");
}

Test(versioned_table, more_records_than_a_run_holds_leave_together_in_order)
{
    struct engine *engine = join_as_of(WEIR_LEFT, 1000);
    struct buffer lines = {0};
    for (int i = 0; i < 150; i++) {
        put(engine, "facts", "k", "x", i);
        buffer_format(&lines, "out \"k\" \"x-\" @%d\n", i);
    }
    put(engine, "facts", "z", "y", 2000);
    buffer_byte(&lines, 0);
    end_with(engine, lines.data);
    buffer_done(&lines);
}

Test(versioned_table, what_comes_too_late_for_the_history_is_dropped_and_not_told)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(table(t, "in", 10)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "2", 9);
    put(engine, "in", "a", "3", 10);
    cr_expect_eq(engine_dropped(engine, "expired"), 1);
    end_with(engine, "out \"a\" \"1\" @20\nout \"a\" \"3\" @10\n");
}

static void show_order(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    buffer_format(seen, "%s ", record->out_of_order ? "late" : "new");
}

Test(versioned_table, a_change_says_whether_a_later_version_is_there)
{
    weir_topology *t = weir_topology_new("t");
    struct buffer seen = {0};
    weir_foreach(weir_changes(weir_filter(table(t, "in", 100), is_short)), show_order, .user = &seen);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "2", 10);
    put(engine, "in", "a", NULL, 30);
    put(engine, "in", "a", "3", 25);
    end_with(engine, "");
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "new late new late ");
    buffer_done(&seen);
}

Test(versioned_table, a_filter_sends_deletions_in_vain_because_they_have_a_time)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_filter(table(t, "in", 100), is_short)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    end_with(engine, "out \"a\" null @10\n");
}

Test(versioned_table, a_join_of_tables_takes_no_notice_of_what_is_out_of_order)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *plain = weir_table_from(t, "plain", "plain", &weir_str_type, &weir_str_type);
    weir_to(weir_changes(weir_join_tables(table(t, "rows", 100), plain, both, .value = &weir_str_type)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "plain", "k", "p", 5);
    put(engine, "rows", "k", "b", 20);
    put(engine, "rows", "k", "a", 10);
    put(engine, "plain", "k", "q", 4);
    cr_expect_eq(engine_dropped(engine, "out_of_order"), 1);
    end_with(engine, "out \"k\" \"bp\" @20\nout \"k\" \"bq\" @20\n");
}

Test(versioned_table, what_is_out_of_order_counts_for_no_group)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group_by(table(t, "in", 100), "groups", &weir_str_type, value_of), "counts")),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 20);
    put(engine, "in", "a", "y", 10);
    put(engine, "in", "a", "y", 30);
    end_with(engine, "out \"x\" 1 @20\nout \"x\" 0 @30\nout \"y\" 1 @30\n");
}

Test(versioned_table, a_foreign_key_join_takes_no_notice_of_what_is_out_of_order)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_join_foreign(table(t, "left", 100), table(t, "right", 100), "fk", value_of, both,
                                           .value = &weir_str_type)),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "right", "x", "1", 10);
    put(engine, "left", "a", "x", 20);
    put(engine, "left", "a", "y", 15);
    put(engine, "right", "x", "0", 5);
    cr_expect_eq(engine_dropped(engine, "out_of_order"), 2);
    end_with(engine, "out \"a\" \"x1\" @20\n");
}

/* ---- what is refused ---- */

static void expect_refused(weir_topology *t, const char *part)
{
    cr_expect(strstr(t->error.message, part), "expected '%s' in: %s", part, t->error.message);
    weir_topology_free(t);
}

Test(versioned_table, a_wait_for_the_row_of_a_table_without_a_history_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "facts"), table(t, "rows", 0), both, .value = &weir_str_type, .grace = {5}, .name = "n");
    expect_refused(t, "only a versioned table (.history) keeps");
}

Test(versioned_table, a_wait_that_is_longer_than_the_history_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "facts"), table(t, "rows", 4), both, .value = &weir_str_type, .grace = {5}, .name = "n");
    expect_refused(t, ".grace is 5 ms, but the table's .history only 4 ms");
}

Test(versioned_table, a_wait_without_a_name_for_its_store_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "facts"), table(t, "rows", 9), both, .value = &weir_str_type, .grace = {5});
    expect_refused(t, "give the join a .name");
}

Test(versioned_table, a_history_without_a_store_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter(table(t, "rows", 0), is_short, .history = {5});
    expect_refused(t, ".history is about a store");
}

Test(versioned_table, a_history_of_windows_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(texts(t, "in")), "counts", .window = {.size = {10}}, .history = {5});
    expect_refused(t, "rows of windows have a .retention");
}

Test(versioned_table, a_versioned_table_is_not_held_back)
{
    weir_topology *t = weir_topology_new("t");
    weir_suppress(weir_filter(table(t, "rows", 5), is_short), "calm", .until = {5});
    expect_refused(t, "cannot be held back");
}

Test(versioned_table, a_global_table_keeps_no_history)
{
    weir_topology *t = weir_topology_new("t");
    weir_global(t, "rows", "rows", &weir_str_type, &weir_str_type, .history = {5});
    expect_refused(t, "a global table keeps no .history");
}

/* ---- processors ---- */

static void look_back(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, "v");
    struct weir_version version = {0};
    int64_t to_ms = weir_put_version(store, record->key, record->value, record->timestamp_ms);
    const weir_bytes *newest = weir_get(store, record->key);
    const weir_bytes *then = weir_get_as_of(store, record->key, record->timestamp_ms - 1, &version);
    struct buffer *seen = weir_user(context);
    buffer_format(seen, "%lld:%.*s:%.*s@%lld ", to_ms == WEIR_VERSION_OPEN ? -1LL : (long long)to_ms,
                  newest ? (int)newest->size : 1, newest ? (const char *)newest->data : "-", then ? (int)then->size : 1,
                  then ? (const char *)then->data : "-", (long long)(then ? version.from_ms : 0));
}

static void put_before_1970(weir_context *context, const struct weir_record *record)
{
    cr_expect_eq(weir_put_version(weir_store_named(context, "v"), record->key, record->value, -5),
                 WEIR_VERSION_EXPIRED);
}

Test(versioned_table, a_version_has_no_negative_timestamp)
{
    static const struct weir_processor processor = {.process = put_before_1970};
    weir_topology *t = weir_topology_new("t");
    weir_add_store(t, "v", &weir_str_type, &weir_str_type, .history = {100});
    weir_process(texts(t, "in"), &processor, .stores = {"v"});
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 20);
    cr_expect_eq(engine->error.code, WEIR_POISON);
    expect_error(engine, "store 'v': a negative timestamp");
    engine_free(engine);
}

Test(versioned_table, a_processor_puts_and_gets_versions)
{
    static const struct weir_processor processor = {.process = look_back};
    weir_topology *t = weir_topology_new("t");
    struct buffer seen = {0};
    weir_add_store(t, "v", &weir_str_type, &weir_str_type, .history = {100});
    weir_process(texts(t, "in"), &processor, .stores = {"v"}, .user = &seen);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "2", 30);
    put(engine, "in", "a", "3", 25);
    put(engine, "in", "a", NULL, 40);
    end_with(engine, "");
    buffer_byte(&seen, 0);
    cr_expect_str_eq(seen.data, "-1:1:-@0 -1:2:1@20 30:2:1@20 -1:-:2@30 ");
    buffer_done(&seen);
}
