/* cogroup_test.c: streams that share one aggregate, plain, windowed and over sessions, as Kafka Streams makes it. */
#include "operators_engine.h"

static void append(weir_context *context, const struct weir_record *record, void *aggregate)
{
    const weir_bytes *value = record->value;
    weir_bytes *all = aggregate;
    const char *side = weir_user(context);
    *all = bytes_of_text(arena_format(context->execution->arena, "%.*s%s%.*s", (int)all->size, (const char *)all->data,
                                      side, (int)value->size, (const char *)value->data));
}

static void join_sessions(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    const weir_bytes *b = other;
    weir_bytes *a = aggregate;
    (void)record;
    *a = bytes_of_text(arena_format(context->execution->arena, "%.*s/%.*s", (int)a->size, (const char *)a->data,
                                    (int)b->size, (const char *)b->data));
}

static weir_cogrouped *two_streams(weir_topology *t)
{
    static char left[] = "<", right[] = ">";
    weir_grouped *lefts = weir_group(weir_from(t, "left", &weir_str_type, &weir_str_type));
    weir_grouped *rights = weir_group(weir_from(t, "right", &weir_str_type, &weir_str_type));
    return weir_cogroup_add(weir_cogroup(lefts, append, .user = left), rights, append, .user = right);
}

static struct engine *engine_of(weir_topology *t, weir_table *table)
{
    weir_to(weir_changes(table), "out");
    return engine_new(t);
}

Test(cogroup, each_stream_has_its_own_step_and_all_share_the_row)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine = engine_of(t, weir_cogroup_aggregate(two_streams(t), "both", &weir_str_type));
    put(engine, "left", "a", "1", 1);
    put(engine, "right", "a", "2", 2);
    put(engine, "right", "b", "3", 3);
    end_with(engine, "out \"a\" \"<1\" @1\nout \"a\" \"<1>2\" @2\nout \"b\" \">3\" @3\n");
}

Test(cogroup, it_begins_with_the_initial_value)
{
    const weir_bytes initial = bytes_of_text("0");
    weir_topology *t = weir_topology_new("t");
    struct engine *engine =
        engine_of(t, weir_cogroup_aggregate(two_streams(t), "both", &weir_str_type, .initial = &initial));
    put(engine, "right", "a", "1", 1);
    end_with(engine, "out \"a\" \"0>1\" @1\n");
}

Test(cogroup, windows_are_shared_and_each_stream_is_late_by_its_own_time)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine =
        engine_of(t, weir_cogroup_aggregate(two_streams(t), "both", &weir_str_type,
                                            .window = {.size = weir_millis(10), .retention = weir_millis(100)}));
    put(engine, "left", "a", "1", 15);
    put(engine, "left", "a", "2", 5); /* late */
    put(engine, "right", "a", "3", 5);
    put(engine, "right", "a", "4", 12);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    end_with(engine, "out \"a\"[10,20) \"<1\" @15\nout \"a\"[0,10) \">3\" @5\nout \"a\"[10,20) \"<1>4\" @15\n");
}

Test(cogroup, sessions_of_all_streams_grow_together)
{
    weir_topology *t = weir_topology_new("t");
    struct engine *engine =
        engine_of(t, weir_cogroup_aggregate(two_streams(t), "both", &weir_str_type, .window = {.gap = weir_millis(10)},
                                            .merge = join_sessions));
    put(engine, "left", "a", "1", 1);
    put(engine, "right", "a", "2", 8);
    end_with(engine, "out \"a\"[1,1) \"<1\" @1\nout \"a\"[1,1) null @1\nout \"a\"[1,8) \"/<1>2\" @8\n");
}

static void show_replaced(weir_context *context, const struct weir_record *record)
{
    struct buffer *out = weir_user(context);
    const weir_bytes *old = record->old_value;
    buffer_format(out, "%.*s;", (int)old->size, (const char *)old->data);
}

Test(cogroup, its_table_says_what_a_change_replaces)
{
    struct buffer replaced = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *table = weir_cogroup_aggregate(two_streams(t), "both", &weir_str_type);
    weir_foreach(weir_changes(table, .old_values = true), show_replaced, .user = &replaced);
    struct engine *engine = engine_new(t);
    put(engine, "left", "a", "1", 1);
    put(engine, "right", "a", "2", 2);
    put(engine, "left", "a", "3", 3);
    buffer_byte(&replaced, 0);
    cr_expect_str_eq(replaced.data, ";<1;<1>2;");
    buffer_done(&replaced);
    end_with(engine, "");
}
