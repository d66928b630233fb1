/* combine_test.c: records made one until the commit: which leave, when, and what is left of them after a restart or a commit that
 * failed. */
#include "operators_engine.h"

static const void *joined(weir_context *context, const struct weir_record *record, const void *before)
{
    const weir_bytes *left = before, *right = record->value;
    if (bytes_equal(*right, bytes_of_text("nothing")))
        return NULL;
    if (bytes_equal(*right, bytes_of_text("forget")))
        weir_forget(context);
    if (bytes_equal(*right, bytes_of_text("poison")))
        weir_fail(context, "poison");
    char *bytes = weir_alloc(context, left->size + right->size + 1);
    weir_bytes *both = weir_alloc(context, sizeof *both);
    *both = (weir_bytes){bytes, left->size + right->size};
    memcpy(bytes, left->data, left->size);
    memcpy(bytes + left->size, right->data, right->size);
    return both;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static struct engine *combining(bool at_least_once, int64_t slice_ms)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_combine(texts(t, "in"), "both", joined, .slice = {slice_ms}), "out");
    struct engine *engine = engine_new(t);
    engine->parts[0].execution.at_least_once = at_least_once;
    engine->parts[0].execution.dispatch_at = INT64_MAX;
    return engine;
}

static struct execution *execution_of(struct engine *engine)
{
    return &engine->parts[0].execution;
}

static void tell(struct engine *engine)
{
    execution_of(engine)->timestamp_ms = execution_of(engine)->stream_time_ms;
    context_tell_all(engine->parts[0].contexts);
}

static void publish(struct engine *engine)
{
    for (size_t i = 0; i < engine->parts[0].store_count; i++)
        store_publish(engine->parts[0].stores[i], 0);
    execution_of(engine)->commits++;
}

static void dispatch(struct engine *engine)
{
    execution_of(engine)->dispatch_at = INT64_MAX;
    context_dispatch_all(engine->parts[0].contexts);
}

static void commit(struct engine *engine)
{
    tell(engine);
    publish(engine);
}

/* As a task is opened whose predecessor has ended somehow: what was not committed is gone. */
static void restart(struct engine *engine)
{
    struct engine_part *part = &engine->parts[0];
    context_close(part->contexts);
    context_free(part->contexts);
    for (size_t i = 0; i < part->store_count; i++)
        store_drop(part->stores[i]);
    execution_of(engine)->commits = 0;
    execution_of(engine)->dispatch_at = INT64_MAX;
    part->contexts = context_build(&engine->topology->subtopologies[0], &part->execution, part->stores);
    context_open(part->contexts);
}

/* ---- exactly once ---- */

Test(combine, exactly_once_records_of_a_key_leave_as_one_when_the_commit_begins)
{
    struct engine *engine = combining(false, 0);
    put(engine, "in", "a", "1", 30);
    put(engine, "in", "b", "x", 10);
    put(engine, "in", "a", "2", 20);
    expect_output(engine, "");
    cr_expect_gt(execution_of(engine)->held_bytes, 0);
    tell(engine);
    expect_output(engine, "out \"a\" \"12\" @30\nout \"b\" \"x\" @10\n");
    cr_expect_eq(execution_of(engine)->held_bytes, 0);
    publish(engine);
    dispatch(engine);
    commit(engine);
    end_with(engine, "");
}

Test(combine, slices_of_time_are_kept_apart)
{
    struct engine *engine = combining(false, 100);
    put(engine, "in", "a", "1", 99);
    put(engine, "in", "a", "2", 100);
    put(engine, "in", "a", "3", 0);
    put(engine, "in", "a", "4", 199);
    tell(engine);
    end_with(engine, "out \"a\" \"13\" @99\nout \"a\" \"24\" @199\n");
}

Test(combine, what_is_nothing_together_does_not_leave)
{
    struct engine *engine = combining(false, 0);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "nothing", 2);
    put(engine, "in", "b", "1", 1);
    put(engine, "in", "b", "forget", 2);
    put(engine, "in", "b", "2", 3);
    tell(engine);
    end_with(engine, "out \"b\" \"2\" @3\n");
}

Test(combine, a_record_without_key_or_value_is_dropped)
{
    struct engine *engine = combining(false, 0);
    put(engine, "in", NULL, "1", 1);
    put(engine, "in", "a", NULL, 2);
    put(engine, "in", "", "", 3);
    tell(engine);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    cr_expect_eq(engine_dropped(engine, "null_value"), 1);
    end_with(engine, "out \"\" \"\" @3\n");
}

Test(combine, a_record_that_cannot_be_added_leaves_what_was_there)
{
    struct engine *engine = combining(false, 0);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "a", "poison", 2);
    put(engine, "in", "a", "2", 3);
    tell(engine);
    expect_output(engine, "out \"a\" \"12\" @3\n");
    expect_error(engine, "poison");
    engine_free(engine);
}

/* ---- at least once ---- */

Test(combine, at_least_once_they_leave_when_the_commit_is_done)
{
    struct engine *engine = combining(true, 0);
    put(engine, "in", "a", "1", 30);
    put(engine, "in", "b", "x", 10);
    put(engine, "in", "a", "2", 20);
    tell(engine);
    cr_expect_eq(execution_of(engine)->dispatch_at, 1);
    dispatch(engine);
    expect_output(engine, "");
    publish(engine);
    dispatch(engine);
    expect_output(engine, "out \"a\" \"12\" @30\nout \"b\" \"x\" @10\n");
    cr_expect_eq(execution_of(engine)->held_bytes, 0);
    dispatch(engine);
    commit(engine);
    dispatch(engine);
    end_with(engine, "");
}

Test(combine, after_a_restart_the_batch_that_was_committed_leaves_as_it_was)
{
    struct engine *engine = combining(true, 100);
    put(engine, "in", "a", "1", 150);
    put(engine, "in", "b", "x", 20);
    put(engine, "in", "a", "2", 160);
    commit(engine);
    put(engine, "in", "a", "3", 170);
    for (int times = 0; times < 2; times++) {
        restart(engine);
        cr_expect_eq(execution_of(engine)->dispatch_at, 0);
        put(engine, "in", "c", "new", 180);
        dispatch(engine);
        expect_output(engine, "out \"a\" \"12\" @160\nout \"b\" \"x\" @20\n");
    }
    commit(engine);
    restart(engine);
    dispatch(engine);
    end_with(engine, "out \"c\" \"new\" @180\n");
}

Test(combine, a_batch_that_has_left_does_not_leave_after_the_next_commit)
{
    struct engine *engine = combining(true, 0);
    put(engine, "in", "a", "1", 1);
    put(engine, "in", "b", "2", 1);
    commit(engine);
    dispatch(engine);
    expect_output(engine, "out \"a\" \"1\" @1\nout \"b\" \"2\" @1\n");
    publish(engine);
    restart(engine);
    cr_expect_eq(execution_of(engine)->dispatch_at, INT64_MAX);
    dispatch(engine);
    end_with(engine, "");
}

/* Nobody knows whether that commit has taken place, so its batch must not grow; and what came since must not be forgotten. */
Test(combine, what_comes_behind_a_commit_that_failed_is_a_batch_of_the_next_one)
{
    struct engine *engine = combining(true, 0);
    put(engine, "in", "a", "1", 1);
    tell(engine);
    put(engine, "in", "a", "2", 2);
    tell(engine);
    tell(engine);
    publish(engine);
    for (int times = 0; times < 2; times++) {
        restart(engine);
        dispatch(engine);
        expect_output(engine, "out \"a\" \"1\" @1\nout \"a\" \"2\" @2\n");
    }
    publish(engine);
    restart(engine);
    dispatch(engine);
    end_with(engine, "");
}

Test(combine, only_batches_whose_commit_is_done_leave)
{
    struct engine *engine = combining(true, 0);
    put(engine, "in", "a", "1", 1);
    commit(engine);
    put(engine, "in", "a", "2", 2);
    tell(engine);
    dispatch(engine);
    expect_output(engine, "out \"a\" \"1\" @1\n");
    publish(engine);
    dispatch(engine);
    end_with(engine, "out \"a\" \"2\" @2\n");
}

struct seen_origin {
    uint32_t name_hash;
    int64_t number, upstream_time_ms;
};

static void see_origin(weir_context *context, const struct weir_record *record)
{
    struct seen_origin *seen = weir_user(context);
    const struct origin *origin = context->execution->origin;
    (void)record;
    *seen = (struct seen_origin){.upstream_time_ms = context->execution->upstream_time_ms};
    if (origin) {
        seen->name_hash = origin->name_hash;
        seen->number = origin->number;
    }
}

static struct seen_origin after(struct engine *engine, struct seen_origin *seen, void (*step)(struct engine *))
{
    *seen = (struct seen_origin){0};
    step(engine);
    dispatch(engine);
    return *seen;
}

Test(combine, a_batch_has_the_same_number_when_it_comes_again_and_the_next_one_has_a_greater)
{
    struct seen_origin seen;
    weir_topology *t = weir_topology_new("t");
    weir_foreach(weir_combine(texts(t, "in"), "both", joined), see_origin, .user = &seen);
    struct engine *engine = engine_new(t);
    execution_of(engine)->at_least_once = true;
    execution_of(engine)->input_time_ms = 40;
    put(engine, "in", "a", "1", 50);
    execution_of(engine)->input_time_ms = 70;
    put(engine, "in", "a", "2", 60);
    struct seen_origin first = after(engine, &seen, commit), again = after(engine, &seen, restart);
    cr_expect_neq(first.name_hash, 0);
    cr_expect_eq(first.number, 1);
    cr_expect_eq(first.upstream_time_ms, 40);
    cr_expect_eq(again.name_hash, first.name_hash);
    cr_expect_eq(again.number, 1);
    cr_expect_eq(again.upstream_time_ms, 40);
    put(engine, "in", "a", "3", 3);
    struct seen_origin next = after(engine, &seen, commit);
    cr_expect_eq(next.name_hash, first.name_hash);
    cr_expect_eq(next.number, 2);
    cr_expect_null(execution_of(engine)->origin);
    end_with(engine, "");
}

/* The guarantee was changed between two runs. */
Test(combine, exactly_once_a_batch_of_at_least_once_leaves_too)
{
    struct engine *engine = combining(true, 0);
    put(engine, "in", "a", "1", 1);
    commit(engine);
    execution_of(engine)->at_least_once = false;
    restart(engine);
    dispatch(engine);
    expect_output(engine, "out \"a\" \"1\" @1\n");
    put(engine, "in", "a", "2", 2);
    tell(engine);
    expect_output(engine, "out \"a\" \"2\" @2\n");
    publish(engine);
    restart(engine);
    dispatch(engine);
    end_with(engine, "");
}

Test(combine, a_row_that_is_none_is_corrupt)
{
    struct engine *engine = combining(true, 0);
    struct engine_part *part = &engine->parts[0];
    store_put(part->stores[0], (weir_bytes){"\0\0\0\0\0\0\0\1\0\0\0\0", 12}, (weir_bytes){"short", 5}, 1);
    store_publish(part->stores[0], 0);
    restart(engine);
    cr_expect_eq(execution_of(engine)->error.code, WEIR_CORRUPT);
    cr_expect(strstr(execution_of(engine)->error.message, "both-store"), "found: %s",
              execution_of(engine)->error.message);
    engine_free(engine);
}

/* ---- building ---- */

static void expect_refusal(weir_topology *t, const char *part)
{
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
    weir_topology_free(t);
}

Test(combine, what_cannot_be_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_combine(texts(t, "in"), "both", NULL);
    expect_refusal(t, "combine 'both'");
    t = weir_topology_new("t");
    weir_combine(texts(t, "in"), NULL, joined);
    expect_refusal(t, "the name");
    t = weir_topology_new("t");
    weir_combine(texts(t, "in"), "both", joined, .slice = {-1});
    expect_refusal(t, ".slice is negative");
    t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "counts", .window = {.size = {10}});
    weir_combine(weir_changes(counts), "both", joined);
    expect_refusal(t, "is windowed");
    t = weir_topology_new("t");
    weir_combine(weir_combine(texts(t, "in"), "both", joined), "both", joined);
    expect_refusal(t, "both");
}

/* ---- the test driver commits every record ---- */

static void twice(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
    weir_forward(context, record);
}

static void send(weir_test *test, const char *key, const char *value, int64_t timestamp_ms)
{
    weir_test_send_raw(test, "in",
                       (struct weir_raw_record){bytes_of_text(key), bytes_of_text(value), timestamp_ms, {NULL, 0}});
}

static void expect_out(weir_test *test, const char *wanted)
{
    struct weir_record record;
    cr_assert(weir_test_recv(test, "out", &record));
    cr_expect(bytes_equal(*(const weir_bytes *)record.value, bytes_of_text(wanted)));
    cr_expect_not(weir_test_recv(test, "out", &record));
}

Test(combine, in_the_test_driver_the_records_of_one_input_are_one)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *doubled = weir_flat_map_values(texts(t, "in"), &weir_str_type, twice);
    weir_to(weir_repartition(weir_combine(doubled, "both", joined), "moved"), "out");
    struct weir_error error = {0};
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    send(test, "a", "1", 1);
    expect_out(test, "11");
    send(test, "a", "2", 2);
    expect_out(test, "22");
    cr_expect_not(weir_test_failed(test, &error), "%s", error.message);
    weir_test_free(test);
}
