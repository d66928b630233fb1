/* per_commit_test.c: changes of a table that wait for the commit: which are told, in which order, with what; and the test
 * driver, which commits every record. */
#include "operators_engine.h"

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_table *rows(weir_topology *t)
{
    return weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type);
}

static struct engine *told(weir_topology *t, weir_table *table)
{
    weir_to(weir_changes(table, .per_commit = true), "out");
    return engine_new(t);
}

/* A commit begins; what goes to internal topics is carried over behind it. */
static void commit(struct engine *engine)
{
    for (size_t i = 0; i < engine->topology->subtopology_count; i++) {
        struct execution *execution = &engine->parts[i].execution;
        context_tell_all(engine->parts[i].contexts);
        if (execution->error.code != WEIR_OK && engine->error.code == WEIR_OK)
            engine->error = execution->error;
    }
    for (size_t i = 0; i < engine->pending_count; i++)
        engine_enter(engine, engine->pending[i].topic->name, engine->pending[i].record,
                     engine->pending[i].upstream_time_ms);
    engine->pending_count = 0;
}

Test(per_commit, the_latest_change_of_a_key_is_told_once_when_the_commit_begins)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 20);
    put(engine, "in", "a", "3", 15);
    expect_output(engine, "");
    commit(engine);
    end_with(engine, "out \"a\" \"3\" @15\n");
}

Test(per_commit, keys_are_told_in_the_order_of_their_first_changes)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    put(engine, "in", "b", "1", 1);
    put(engine, "in", "a", "1", 2);
    put(engine, "in", "c", "1", 3);
    put(engine, "in", "b", "a value that is much longer than the one in front of it, which had less room", 4);
    commit(engine);
    end_with(engine, "out \"b\" \"a value that is much longer than the one in front of it, which had less room\" @4\n"
                     "out \"a\" \"1\" @2\n"
                     "out \"c\" \"1\" @3\n");
}

Test(per_commit, a_commit_tells_what_changed_since_the_last_one_and_nothing_else)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    commit(engine);
    expect_output(engine, "");
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "b", "1", 2);
    commit(engine);
    expect_output(engine, "out \"a\" \"1\" @1\nout \"b\" \"1\" @2\n");
    put(engine, "in", "b", "2", 3);
    commit(engine);
    expect_output(engine, "out \"b\" \"2\" @3\n");
    commit(engine);
    end_with(engine, "");
}

Test(per_commit, empty_texts_are_no_deletions)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    put(engine, "in", "", "", 1);
    put(engine, "in", "a", "", 2);
    commit(engine);
    end_with(engine, "out \"\" \"\" @1\nout \"a\" \"\" @2\n");
}

Test(per_commit, a_deletion_is_told_also_of_a_key_that_came_since)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", NULL, 2);
    commit(engine);
    expect_output(engine, "out \"a\" null @2\n");
    put(engine, "in", "a", "2", 3);
    commit(engine);
    end_with(engine, "out \"a\" \"2\" @3\n");
}

/* "old>new " of each change. */
static void show_change(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    const weir_bytes none = {"-", 1}, *old = record->old_value ? record->old_value : &none,
                     *value = record->value ? record->value : &none;
    buffer_format(seen, "%.*s>%.*s ", (int)old->size, (const char *)old->data, (int)value->size,
                  (const char *)value->data);
}

static void expect_seen(struct buffer *seen, const char *text)
{
    buffer_byte(seen, 0);
    cr_expect_str_eq(seen->data, text);
    buffer_clear(seen);
}

Test(per_commit, the_old_value_is_what_was_there_at_the_last_commit)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_foreach(weir_changes(rows(t), .old_values = true, .per_commit = true), show_change, .user = &seen);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "2", 2);
    commit(engine);
    expect_seen(&seen, "->2 ");
    put(engine, "in", "a", "3", 3);
    put(engine, "in", "a", NULL, 4);
    put(engine, "in", "a", "4", 5);
    put(engine, "in", "a", "5", 6);
    commit(engine);
    expect_seen(&seen, "2>5 ");
    put(engine, "in", "a", "6", 7);
    put(engine, "in", "a", NULL, 8);
    commit(engine);
    expect_seen(&seen, "5>- ");
    buffer_done(&seen);
    end_with(engine, "");
}

Test(per_commit, nobody_who_did_not_ask_for_it_sees_what_a_change_replaces)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *table = rows(t);
    weir_foreach(weir_changes(table, .per_commit = true), show_change, .user = &seen);
    weir_changes(table, .old_values = true);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    commit(engine);
    put(engine, "in", "a", "2", 2);
    commit(engine);
    expect_seen(&seen, "->1 ->2 ");
    buffer_done(&seen);
    end_with(engine, "");
}

Test(per_commit, windows_of_a_key_are_told_apart)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, weir_count(weir_group(texts(t, "in")), "counts",
                                               .window = {.size = weir_millis(10), .grace = weir_millis(10)}));
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "a", "x", 12);
    put(engine, "in", "a", "x", 5);
    commit(engine);
    end_with(engine, "out \"a\"[0,10) 2 @5\nout \"a\"[10,20) 1 @12\n");
}

Test(per_commit, a_session_that_grew_leaves_a_deletion_of_the_one_before)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine =
        told(t, weir_count(weir_group(texts(t, "in")), "counts", .window = {.gap = weir_millis(10)}));
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "a", "x", 6);
    put(engine, "in", "a", "x", 8);
    commit(engine);
    end_with(engine, "out \"a\"[1,1) null @1\nout \"a\"[1,6) null @6\nout \"a\"[1,8) 3 @8\n");
}

static void show_headers(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    for (size_t i = 0; i < record->headers.count; i++)
        buffer_format(seen, "%s=%.*s ", record->headers.items[i].name, (int)record->headers.items[i].value.size,
                      record->headers.items[i].value.data ? (const char *)record->headers.items[i].value.data : "");
    buffer_text(seen, "; ");
}

static void put_with(struct engine *engine, const char *key, struct weir_header *headers, size_t count)
{
    const weir_bytes key_bytes = bytes_of_text(key), value = bytes_of_text("x");
    engine_put(
        engine, "in",
        (struct weir_record){.key = &key_bytes, .value = &value, .timestamp_ms = 1, .headers = {headers, count}});
}

Test(per_commit, headers_are_those_of_the_latest_change)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_foreach(weir_changes(rows(t), .per_commit = true), show_headers, .user = &seen);
    struct engine *engine = engine_new(t);
    struct weir_header first[] = {{"a", {"1", 1}}}, second[] = {{"b", {"2", 1}}, {"none", {NULL, 0}}};
    put_with(engine, "k", first, 1);
    put_with(engine, "k", second, 2);
    put_with(engine, "l", first, 1);
    put_with(engine, "l", NULL, 0);
    commit(engine);
    expect_seen(&seen, "b=2 none= ; ; ");
    buffer_done(&seen);
    end_with(engine, "");
}

Test(per_commit, what_comes_of_it_in_another_table_is_told_by_the_same_commit)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *copy = weir_to_table(weir_changes(rows(t), .per_commit = true), "copy");
    struct engine *engine = told(t, copy);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "2", 2);
    commit(engine);
    expect_output(engine, "out \"a\" \"2\" @2\n");
    commit(engine);
    end_with(engine, "");
}

static const void *value_itself(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

Test(per_commit, it_goes_through_repartition_topics)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *changes = weir_changes(rows(t), .per_commit = true);
    weir_to(weir_changes(weir_count(weir_group_by(changes, "by-value", &weir_str_type, value_itself), "counts")),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 1);
    put(engine, "in", "a", "y", 2);
    put(engine, "in", "b", "y", 3);
    commit(engine);
    end_with(engine, "out \"y\" 1 @2\nout \"y\" 2 @3\n");
}

/* Of a change that was no later than its upstream task knew then, although others have come since. */
Test(per_commit, windows_behind_judge_a_change_by_the_time_it_came)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_repartition(texts(t, "in"), "moved");
    weir_stream *changes = weir_changes(weir_to_table(moved, "rows"), .per_commit = true);
    weir_to(weir_changes(weir_count(weir_group(changes), "counts", .window = {.size = weir_millis(10)})), "out");
    struct engine *engine = engine_new(t);
    engine->forced_upstream_ms = 5;
    put(engine, "in", "a", "x", 100);
    put(engine, "in", "b", "x", 5);
    commit(engine);
    cr_expect_eq(engine_dropped(engine, "late"), 0);
    end_with(engine, "out \"a\"[100,110) 1 @100\nout \"b\"[0,10) 1 @5\n");
}

Test(per_commit, what_is_held_is_counted_until_it_is_told)
{
    enum { SIZE = 100000 };
    static char large[SIZE + 1];
    memset(large, 'x', SIZE);
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, weir_table_from(t, "in", NULL, &weir_str_type, &weir_str_type));
    const struct execution *execution = &engine->parts[0].execution;
    cr_expect_eq(execution->held_bytes, 0);
    put(engine, "in", "a", large, 1);
    cr_expect_gt(execution->held_bytes, (size_t)SIZE);
    put(engine, "in", "a", large, 2);
    cr_expect_lt(execution->held_bytes, 2 * (size_t)SIZE);
    put(engine, "in", "b", large, 3);
    cr_expect_gt(execution->held_bytes, 2 * (size_t)SIZE);
    commit(engine);
    cr_expect_eq(execution->held_bytes, 0);
    engine_free(engine);
}

Test(per_commit, operators_that_are_opened_anew_have_forgotten_what_was_held)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = told(t, rows(t));
    struct engine_part *part = &engine->parts[0];
    put(engine, "in", "a", "1", 1);
    context_close(part->contexts);
    context_free(part->contexts);
    cr_expect_eq(part->execution.held_bytes, 0);
    part->contexts = context_build(&engine->topology->subtopologies[0], &part->execution, part->stores);
    context_open(part->contexts);
    commit(engine);
    end_with(engine, "");
}

static void fail_at_two(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    if (bytes_equal(*value, bytes_of_text("2")))
        weir_fail(context, "no two");
}

Test(per_commit, what_fails_behind_it_latches_and_nothing_is_forgotten)
{
    weir_topology *t = weir_topology_new("t");
    weir_foreach(weir_changes(rows(t), .per_commit = true), fail_at_two);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "b", "2", 2);
    put(engine, "in", "c", "3", 3);
    commit(engine);
    expect_error(engine, "no two");
    cr_expect_gt(engine->parts[0].execution.held_bytes, 0);
    engine_free(engine);
}

static void expect_refusal(weir_topology *t, const char *part)
{
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
    weir_topology_free(t);
}

Test(per_commit, a_versioned_table_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *table = weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type, .history = weir_seconds(1));
    weir_changes(weir_filter(table, NULL), .per_commit = true);
    weir_topology_free(t);
    t = weir_topology_new("t");
    table = weir_table_from(t, "in", "rows", &weir_str_type, &weir_str_type, .history = weir_seconds(1));
    weir_changes(table, .per_commit = true);
    expect_refusal(t, "versioned table");
}

Test(per_commit, the_description_tells_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *table = rows(t);
    weir_foreach(weir_changes(table, .per_commit = true, .name = "told"), fail_at_two);
    weir_foreach(weir_changes(table, .name = "all"), fail_at_two);
    char *text = NULL;
    size_t size = 0;
    struct weir_error error = {0};
    FILE *file = open_memstream(&text, &size);
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_JSON, file, &error), "%s", error.message);
    fclose(file);
    const char *mark = strstr(text, "\"per_commit\":true");
    cr_assert(mark);
    cr_expect_gt(mark, strstr(text, "\"name\":\"told\""));
    cr_expect_lt(mark, strstr(text, "\"name\":\"all\""));
    cr_expect_null(strstr(mark + 1, "\"per_commit\""));
    free(text);
    weir_topology_free(t);
}

/* ---- the test driver ---- */

static weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static void send(weir_test *test, const char *key, const char *value, int64_t timestamp_ms)
{
    weir_test_send_raw(test, "in",
                       (struct weir_raw_record){bytes_of_text(key), bytes_of_text(value), timestamp_ms, {NULL, 0}});
}

/* "key=count " of all that has come to "out". */
static void expect_out(weir_test *test, const char *wanted)
{
    struct buffer text = {0};
    struct weir_record record;
    while (weir_test_recv(test, "out", &record)) {
        const weir_bytes *key = record.key;
        buffer_format(&text, "%.*s=%lld ", (int)key->size, (const char *)key->data,
                      (long long)*(const int64_t *)record.value);
    }
    buffer_byte(&text, 0);
    cr_expect_str_eq(text.data, wanted);
    buffer_done(&text);
}

static void end_driver(weir_test *test)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(test, &error), "%s", error.message);
    weir_test_free(test);
}

Test(per_commit, the_test_driver_commits_every_record_so_each_change_is_told)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group(texts(t, "in")), "counts"), .per_commit = true), "out");
    weir_test *test = drive(t);
    send(test, "a", "x", 1);
    expect_out(test, "a=1 ");
    send(test, "a", "x", 2);
    send(test, "b", "x", 3);
    expect_out(test, "a=2 b=1 ");
    end_driver(test);
}

static void twice(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
    weir_forward(context, record);
}

Test(per_commit, in_the_test_driver_the_changes_of_one_record_are_one)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *doubled = weir_flat_map_values(texts(t, "in"), &weir_str_type, twice);
    weir_to(weir_changes(weir_count(weir_group(doubled), "counts"), .per_commit = true), "out");
    weir_test *test = drive(t);
    send(test, "a", "x", 1);
    send(test, "a", "x", 2);
    expect_out(test, "a=2 a=4 ");
    end_driver(test);
}

static void forward_text(weir_context *context, int64_t now_ms)
{
    const weir_bytes key = bytes_of_text("timer"), value = bytes_of_text("x");
    weir_forward(context, &(struct weir_record){.key = &key, .value = &value, .timestamp_ms = now_ms});
}

static void open_timer(weir_context *context)
{
    weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(10), forward_text);
}

static void nothing(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

Test(per_commit, what_a_commit_of_the_test_driver_sends_round_arrives)
{
    static const struct weir_processor timer = {.open = open_timer, .process = nothing};
    weir_topology *t = weir_topology_new("t");
    weir_stream *ticks = weir_process(texts(t, "in"), &timer, .key = &weir_str_type, .value = &weir_str_type);
    weir_table *latest = weir_to_table(weir_repartition(ticks, "ticks"), "latest");
    weir_stream *changes = weir_changes(latest, .per_commit = true);
    weir_to(weir_changes(weir_count(weir_group_by(changes, "by-value", &weir_str_type, value_itself), "counts"),
                         .per_commit = true),
            "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_millis(10));
    expect_out(test, "x=1 ");
    weir_test_advance(test, weir_millis(10));
    expect_out(test, "x=2 ");
    end_driver(test);
}

Test(per_commit, the_test_driver_tells_what_fails_behind_it_as_a_dead_letter)
{
    weir_topology *t = weir_topology_new("t");
    weir_foreach(weir_changes(rows(t), .per_commit = true), fail_at_two);
    weir_test *test = drive(t);
    struct weir_raw_record letter;
    send(test, "a", "2", 1);
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_null(letter.value.data);
    cr_expect_not(weir_test_recv_raw(test, "in.dlq", &letter));
    send(test, "b", "3", 2);
    cr_expect_not(weir_test_recv_raw(test, "in.dlq", &letter));
    end_driver(test);
}
