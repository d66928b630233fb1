/* The stateless verbs of streams: new keys and values, ends, tables made of streams, and moving data. */
#include "graph/handles.h"
#include "operators_engine.h"

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static bool is_short(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value && ((const weir_bytes *)record->value)->size == 1;
}

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void expect_refused(weir_topology *t, const char *part)
{
    struct weir_error error = {0};
    cr_expect_not(graph_plan(t, &error));
    cr_expect(strstr(error.message, part), "found: %s", error.message);
    weir_topology_free(t);
}

/* ---- several topics ---- */

Test(stream_verbs, several_topics_are_one_stream)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from(t, "a", &weir_str_type, &weir_str_type, .also = {"b", "c"}), "out");
    struct engine *engine = engine_new(t);
    put(engine, "b", "k", "2", 10);
    put(engine, "a", "k", "1", 20);
    put(engine, "c", "k", "3", 30);
    end_with(engine, "out \"k\" \"2\" @10\nout \"k\" \"1\" @20\nout \"k\" \"3\" @30\n");
}

Test(stream_verbs, readers_of_the_same_topics_share_a_source)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *one = weir_from(t, "a", &weir_str_type, &weir_str_type, .also = {"b"});
    weir_stream *two = weir_from(t, "b", &weir_str_type, &weir_str_type, .also = {"a"});
    cr_expect_eq(one->node, two->node);
    weir_topology_free(t);
}

Test(stream_verbs, a_topic_is_not_read_alone_and_with_others)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "a", &weir_str_type, &weir_str_type, .also = {"b"});
    texts(t, "b");
    expect_refused(t, "reads it together with other topics");
}

Test(stream_verbs, topics_that_are_read_apart_are_not_read_together)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "b");
    weir_from(t, "a", &weir_str_type, &weir_str_type, .also = {"b"});
    expect_refused(t, "reads some of these topics, but not 'a'");
}

Test(stream_verbs, a_topic_is_named_once)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "a", &weir_str_type, &weir_str_type, .also = {"a"});
    expect_refused(t, "the topic 'a' is named twice");
}

Test(stream_verbs, a_table_is_made_of_one_topic)
{
    weir_topology *t = weir_topology_new("t");
    weir_table_from(t, "a", "rows", &weir_str_type, &weir_str_type, .also = {"b"});
    expect_refused(t, "a table is made of one topic");
}

/* ---- keys and values ---- */

Test(stream_verbs, a_filter_not_lets_pass_what_its_test_denies)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_filter_not(texts(t, "in"), is_short), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "22", 20);
    put(engine, "in", "a", NULL, 30);
    end_with(engine, "out \"a\" \"22\" @20\nout \"a\" null @30\n");
}

static void swap(weir_context *context, const struct weir_record *record, struct weir_record *out)
{
    (void)context;
    out->key = record->value;
    out->value = record->key;
    out->timestamp_ms = 1; /* not its business */
}

Test(stream_verbs, a_map_changes_key_and_value_and_nothing_else)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_map(texts(t, "in"), &weir_str_type, &weir_str_type, swap), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", NULL, "b", 20);
    end_with(engine, "out \"b\" \"a\" @10\nout \"b\" null @20\n");
}

Test(stream_verbs, a_selected_key_may_be_none)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_select_key(texts(t, "in"), &weir_str_type, value_of), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", "a", NULL, 20);
    end_with(engine, "out \"b\" \"b\" @10\nout null null @20\n");
}

Test(stream_verbs, a_selected_key_must_be_moved_before_it_is_grouped)
{
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(weir_select_key(texts(t, "in"), &weir_str_type, value_of)), "counts");
    expect_refused(t, "move the data with weir_repartition, weir_rekey or weir_group_by first");
}

Test(stream_verbs, a_mapped_key_must_be_moved_before_it_becomes_a_table)
{
    weir_topology *t = weir_topology_new("t");
    weir_to_table(weir_map(texts(t, "in"), &weir_str_type, &weir_str_type, swap), "rows");
    expect_refused(t, "move the data with weir_repartition");
}

static void twice(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    weir_forward(context, &out);
    out.value = record->key;
    weir_forward(context, &out);
}

Test(stream_verbs, flat_map_values_forwards_as_often_as_it_likes)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_flat_map_values(texts(t, "in"), &weir_str_type, twice), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    end_with(engine, "out \"a\" \"b\" @10\nout \"a\" \"a\" @10\n");
}

static void forward_another_key(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.key = record->value;
    weir_forward(context, &out);
}

Test(stream_verbs, flat_map_values_keeps_the_key)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_flat_map_values(texts(t, "in"), &weir_str_type, forward_another_key), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    expect_error(engine, "flat_map_values keeps the record's key");
    expect_output(engine, "");
    engine_free(engine);
}

Test(stream_verbs, flat_map_values_leaves_the_stream_in_its_partitions)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group(weir_flat_map_values(texts(t, "in"), &weir_str_type, twice)), "c")),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    end_with(engine, "out \"a\" 1 @10\nout \"a\" 2 @10\n");
}

/* ---- ends ---- */

static void note(weir_context *context, const struct weir_record *record)
{
    (void)record;
    ++*(int *)weir_user(context);
}

Test(stream_verbs, foreach_sees_every_record)
{
    int seen = 0;
    weir_topology *t = weir_topology_new("t");
    weir_foreach(texts(t, "in"), note, .user = &seen);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", NULL, NULL, 20);
    cr_expect_eq(seen, 2);
    end_with(engine, "");
}

static void expect_printed(FILE *file, const char *text)
{
    char printed[256] = {0};
    rewind(file);
    size_t size = fread(printed, 1, sizeof printed - 1, file);
    cr_expect_str_eq(printed, text);
    cr_expect_eq(size, strlen(text));
    fclose(file);
}

Test(stream_verbs, print_writes_the_node_in_front_key_and_value)
{
    FILE *file = tmpfile();
    weir_topology *t = weir_topology_new("t");
    weir_print(texts(t, "in"), file);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b c", 10);
    put(engine, "in", NULL, NULL, 20);
    end_with(engine, "");
    expect_printed(file, "[KSTREAM-SOURCE-0000000000]: a, b c\n[KSTREAM-SOURCE-0000000000]: null, null\n");
}

Test(stream_verbs, print_writes_what_it_is_told)
{
    FILE *file = tmpfile();
    weir_topology *t = weir_topology_new("t");
    weir_print(texts(t, "in"), file, .label = "seen", .map = value_of);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", "a", NULL, 20);
    end_with(engine, "");
    expect_printed(file, "[seen]: b\n[seen]: null\n");
}

Test(stream_verbs, print_writes_windows_behind_keys)
{
    FILE *file = tmpfile();
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "c", .window = {.size = weir_seconds(10)});
    weir_print(weir_changes(counts), file, .label = "c");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 12000);
    end_with(engine, "");
    expect_printed(file, "[c]: [a@10000/20000], 1\n");
}

Test(stream_verbs, a_file_that_cannot_be_written_stops_the_task)
{
    FILE *file = fopen("/dev/null", "r");
    weir_topology *t = weir_topology_new("t");
    weir_print(texts(t, "in"), file);
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine->error.code, WEIR_FATAL);
    expect_error(engine, "the file cannot be written");
    engine_free(engine);
    fclose(file);
}

/* ---- together and apart ---- */

Test(stream_verbs, many_streams_are_merged_two_at_a_time)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *a = texts(t, "a"), *b = texts(t, "b"), *c = texts(t, "c");
    weir_to(weir_merge(a, b, c, .name = "all"), "out");
    cr_expect_str_eq(t->nodes.items[3]->name, "KSTREAM-MERGE-0000000003");
    cr_expect_str_eq(t->nodes.items[4]->name, "all");
    struct engine *engine = engine_new(t);
    put(engine, "b", "k", "2", 10);
    put(engine, "c", "k", "3", 20);
    put(engine, "a", "k", "1", 30);
    end_with(engine, "out \"k\" \"2\" @10\nout \"k\" \"3\" @20\nout \"k\" \"1\" @30\n");
}

Test(stream_verbs, names_of_branches_stand_behind_that_of_their_split)
{
    weir_topology *t = weir_topology_new("t");
    weir_branches *by = weir_split(texts(t, "in"), .name = "size-");
    cr_expect_str_eq(weir_branch(by, is_short, .name = "short")->node->name, "size-short");
    cr_expect_str_eq(weir_branch(by, is_short)->node->name, "size-2");
    cr_expect_str_eq(weir_branch_rest(by, .name = "long")->node->name, "size-long");
    weir_topology_free(t);
}

/* ---- tables made of streams ---- */

Test(stream_verbs, a_stream_becomes_a_table_of_its_latest_values)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_filter(weir_to_table(texts(t, "in"), "rows"), is_short)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", NULL, "1", 30);
    put(engine, "in", "a", NULL, 40);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"a\" \"1\" @20\nout \"a\" null @40\n");
}

/* ---- moving data ---- */

Test(stream_verbs, a_repartition_moves_keys_that_were_selected)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_repartition(weir_select_key(texts(t, "in"), &weir_str_type, value_of), "moved");
    weir_to(weir_changes(weir_count(weir_group(moved), "c")), "out");
    struct engine *engine = engine_new(t);
    cr_expect_eq(t->subtopology_count, 2);
    put(engine, "in", "a", "b", 10);
    put(engine, "in", "x", "b", 20);
    end_with(engine, "out \"b\" 1 @10\nout \"b\" 2 @20\n");
}

Test(stream_verbs, a_repartition_cannot_have_a_negative_number_of_partitions)
{
    weir_topology *t = weir_topology_new("t");
    weir_repartition(texts(t, "in"), "moved", .partitions = -1);
    expect_refused(t, "there cannot be -1 partitions");
}

static const void *left_or_right(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context;
    return right ? right->value : left->value;
}

static const void *null_key(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return NULL;
}

static struct engine *moved_and_joined(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *rows = weir_table_from(t, "rows", "rows", &weir_str_type, &weir_str_type);
    weir_stream *moved = weir_rekey(texts(t, "in"), "moved", &weir_str_type, null_key);
    weir_to(weir_join_table(moved, rows, left_or_right, .value = &weir_str_type, .kind = kind), "out");
    return engine_new(t);
}

Test(stream_verbs, a_repartition_drops_records_without_a_key)
{
    struct engine *engine = moved_and_joined(WEIR_INNER);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "");
}

Test(stream_verbs, a_repartition_passes_records_without_a_key_to_a_left_join)
{
    struct engine *engine = moved_and_joined(WEIR_LEFT);
    put(engine, "in", "a", "b", 10);
    cr_expect_eq(engine_dropped(engine, "null_key"), 0);
    end_with(engine, "out null \"b\" @10\n");
}
