/* Stream-stream joins, through the small engine of operators_engine.h: who meets whom, who leaves alone and when. */
#include "operators/join_store.h"
#include "operators_engine.h"
#include "state/keys.h"
#include "state/packed.h"

static const void *pair(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    struct buffer buffer = {0};
    for (int side = 0; side < 2; side++) {
        const struct weir_record *record = side ? right : left;
        const weir_bytes *value = record ? record->value : NULL;
        buffer_text(&buffer, side ? "+" : "");
        buffer_append(&buffer, value ? value->data : "-", value ? value->size : 1);
    }
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = arena_bytes(context->execution->arena, buffer_bytes(&buffer));
    buffer_done(&buffer);
    return out;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

/* Left and right within 10 ms, grace 5 ms. */
static struct engine *join(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type, .kind = kind,
                      .within = weir_millis(10), .grace = weir_millis(5)),
            "out");
    return engine_new(t);
}

Test(join_streams, both_edges_of_the_window_belong_to_it)
{
    struct engine *engine = join(WEIR_INNER);
    put(engine, "l", "k", "a", 100);
    put(engine, "r", "k", "w", 89);
    put(engine, "r", "k", "x", 90);
    put(engine, "r", "k", "y", 110);
    put(engine, "r", "k", "z", 111);
    end_with(engine, "out \"k\" \"a+x\" @100\nout \"k\" \"a+y\" @110\n");
}

Test(join_streams, a_record_meets_what_came_before_it_in_order_of_time)
{
    struct engine *engine = join(WEIR_INNER);
    put(engine, "l", "k", "late", 108);
    put(engine, "l", "k", "first", 100);
    put(engine, "l", "k", "second", 100);
    put(engine, "l", "other", "no", 100);
    put(engine, "r", "k", "x", 104);
    end_with(engine, "out \"k\" \"first+x\" @104\nout \"k\" \"second+x\" @104\nout \"k\" \"late+x\" @108\n");
}

Test(join_streams, before_and_after_are_seen_from_the_left)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type, .before = weir_millis(-2),
                      .after = weir_millis(8)),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "l", "k", "a", 100);
    put(engine, "r", "k", "at+1", 101);
    put(engine, "r", "k", "at+2", 102);
    put(engine, "r", "k", "at+8", 108);
    put(engine, "r", "k", "at+9", 109);
    put(engine, "l", "k", "b", 103);
    end_with(engine, "out \"k\" \"a+at+2\" @102\nout \"k\" \"a+at+8\" @108\nout \"k\" \"b+at+8\" @108\n"
                     "out \"k\" \"b+at+9\" @109\n");
}

Test(join_streams, a_record_without_a_key_or_a_value_is_dropped_by_an_inner_join)
{
    struct engine *engine = join(WEIR_INNER);
    put(engine, "l", NULL, "a", 100);
    put(engine, "r", "k", NULL, 100);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    cr_expect_eq(engine_dropped(engine, "null_value"), 1);
    end_with(engine, "");
}

Test(join_streams, a_record_without_a_key_leaves_an_outer_join_alone)
{
    struct engine *engine = join(WEIR_OUTER);
    put(engine, "l", NULL, "a", 100);
    put(engine, "r", NULL, "b", 100);
    put(engine, "r", NULL, NULL, 100);
    end_with(engine, "out null \"a+-\" @100\nout null \"-+b\" @100\n");
}

Test(join_streams, only_the_left_side_of_a_left_join_leaves_alone)
{
    struct engine *engine = join(WEIR_LEFT);
    put(engine, "l", "k", "a", 100);
    put(engine, "r", "q", "b", 100);
    put(engine, "r", NULL, "c", 100);
    put(engine, "l", "k", "z", 300);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"k\" \"a+-\" @100\n");
}

/* Having looked at 116, Kafka Streams knows of one that waits since 115 and looks again behind 130. */
Test(join_streams, who_has_met_nobody_leaves_when_window_and_grace_are_over_and_not_before)
{
    struct engine *engine = join(WEIR_OUTER);
    put(engine, "l", "k", "a", 100);
    put(engine, "r", "q", "b", 101);
    put(engine, "l", "m", "c", 115);
    expect_output(engine, "");
    put(engine, "l", "m", "d", 116);
    expect_output(engine, "out \"k\" \"a+-\" @100\n");
    put(engine, "l", "m", "e", 130);
    expect_output(engine, "");
    put(engine, "l", "m", "f", 131);
    end_with(engine, "out \"q\" \"-+b\" @101\nout \"m\" \"c+-\" @115\n");
}

Test(join_streams, who_has_met_somebody_does_not_leave_alone)
{
    struct engine *engine = join(WEIR_OUTER);
    put(engine, "l", "k", "a", 100);
    put(engine, "r", "k", "x", 101);
    put(engine, "r", "q", "later", 200);
    end_with(engine, "out \"k\" \"a+x\" @101\n");
}

Test(join_streams, equal_keys_and_times_wait_together)
{
    struct engine *engine = join(WEIR_LEFT);
    put(engine, "l", "k", "a", 100);
    put(engine, "l", "k", "b", 100);
    put(engine, "r", "q", "later", 200);
    end_with(engine, "out \"k\" \"a+-\" @100\nout \"k\" \"b+-\" @100\n");
}

Test(join_streams, who_comes_when_its_window_is_over_leaves_at_once)
{
    struct engine *engine = join(WEIR_LEFT);
    put(engine, "l", "m", "now", 200);
    put(engine, "l", "k", "late", 189);
    end_with(engine, "out \"k\" \"late+-\" @189\n");
}

Test(join_streams, a_record_older_than_the_retention_of_its_side_is_late)
{
    struct engine *engine = join(WEIR_INNER);
    put(engine, "l", "k", "now", 200);
    put(engine, "l", "k", "kept", 176);
    put(engine, "l", "k", "late", 175);
    cr_expect_eq(engine_dropped(engine, "late"), 1);
    put(engine, "r", "k", "x", 176);
    end_with(engine, "out \"k\" \"kept+x\" @176\n");
}

Test(join_streams, a_failing_callback_is_not_asked_again_for_the_same_record)
{
    struct engine *engine = join(WEIR_LEFT);
    put(engine, "l", "k", "\xff", 100);
    put(engine, "r", "q", "b", 200);
    cr_expect_neq(engine->error.code, WEIR_OK);
    engine->error = (struct weir_error){0};
    put(engine, "r", "q", "c", 300);
    end_with(engine, "");
}

Test(join_streams, a_stream_joined_with_itself_needs_one_store)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *s = texts(t, "in");
    weir_to(weir_join(s, s, "pairs", pair, .value = &weir_str_type, .within = weir_millis(10)), "out");
    struct engine *engine = engine_new(t);
    cr_expect_eq(t->store_count, 1);
    put(engine, "in", "k", "a", 100);
    put(engine, "in", "k", "b", 105);
    put(engine, "in", "k", "c", 98);
    end_with(engine, "out \"k\" \"a+a\" @100\nout \"k\" \"b+a\" @105\nout \"k\" \"a+b\" @105\nout \"k\" \"b+b\" @105\n"
                     "out \"k\" \"c+a\" @100\nout \"k\" \"c+b\" @105\nout \"k\" \"c+c\" @98\nout \"k\" \"a+c\" @100\n"
                     "out \"k\" \"b+c\" @105\n");
}

/* ---- behind a repartition topic ---- */

static const void *key_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->key;
}

Test(join_streams, a_slow_partition_behind_a_repartition_topic_still_meets_its_records)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *l = weir_rekey(texts(t, "l"), "by-k", &weir_str_type, key_of);
    weir_to(weir_join(l, texts(t, "r"), "pairs", pair, .value = &weir_str_type, .kind = WEIR_LEFT,
                      .within = weir_millis(10)),
            "out");
    struct engine *engine = engine_new(t);
    engine->forced_upstream_ms = engine->forced_slowest_ms = 100;
    put(engine, "l", "k", "a", 100);
    engine->forced_upstream_ms = 1000;
    put(engine, "l", "m", "fast", 1000);
    put(engine, "r", "k", "x", 101);
    end_with(engine, "out \"k\" \"a+x\" @101\n");
}

Test(join_streams, a_record_without_a_key_passes_a_repartition_in_front_of_an_outer_join)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *l = weir_rekey(texts(t, "l"), "by-k", &weir_str_type, key_of);
    weir_to(weir_join(l, texts(t, "r"), "pairs", pair, .value = &weir_str_type, .kind = WEIR_OUTER,
                      .within = weir_millis(10)),
            "out");
    struct engine *engine = engine_new(t);
    put(engine, "l", NULL, "a", 100);
    end_with(engine, "out null \"a+-\" @100\n");
}

/* ---- the stores hold what Kafka Streams' do ---- */

static struct store *store_of(struct engine *engine, const char *name)
{
    struct graph_store *store = graph_find_store(engine->topology, name);
    cr_assert_not_null(store, "there is no store %s", name);
    return engine->parts[store->subtopology].stores[store->index];
}

static void keep_row(void *self, const struct store_row *row)
{
    struct buffer *out = self;
    buffer_format(out, "%d:", (int)row->timestamp_ms);
    for (size_t i = 0; i < row->key.size; i++)
        buffer_format(out, "%02x", ((const unsigned char *)row->key.data)[i]);
    buffer_text(out, "=");
    for (size_t i = 0; i < row->value.size; i++)
        buffer_format(out, "%02x", ((const unsigned char *)row->value.data)[i]);
    buffer_text(out, row->value.data ? " " : "- ");
}

static void expect_rows(struct engine *engine, const char *store, const char *rows)
{
    struct buffer out = {0};
    store_overlay_each(store_of(engine, store), keep_row, &out);
    buffer_byte(&out, 0);
    cr_expect_str_eq(out.data, rows);
    buffer_done(&out);
}

/* Kafka Streams stops at the second value of the row, not at the row behind it, and so looks again sooner. */
Test(join_streams, a_row_of_two_values_is_where_the_next_look_begins)
{
    struct engine *engine = join(WEIR_OUTER);
    put(engine, "r", "k1", "x", 46);
    put(engine, "r", "k0", "y", 60);
    put(engine, "l", "k1", "b", 60);
    put(engine, "l", "k1", "c", 60);
    put(engine, "l", "k5", "d", 61);
    put(engine, "l", "k9", "e", 62);
    put(engine, "l", "k8", "f", 76);
    end_with(engine, "out \"k1\" \"-+x\" @46\nout \"k0\" \"-+y\" @60\n"
                     "out \"k1\" \"b+-\" @60\nout \"k1\" \"c+-\" @60\n");
}

Test(join_streams, sequence_numbers_begin_at_one)
{
    struct engine *engine = join(WEIR_INNER);
    put(engine, "l", "k", "a", 1);
    put(engine, "l", "k", "b", 1);
    expect_rows(engine, "pairs-this-join-store",
                "1:6b0000800000000000000100000001=61 1:6b0000800000000000000100000002=62 ");
    engine_free(engine);
}

/* A record of the changelog holds up to PACKED_ROWS_MAX rows, each with a number of its own. */
Test(join_streams, sequence_numbers_go_on_behind_all_that_the_changelog_may_hold)
{
    cr_expect_eq(join_store_sequence(-1), 0);
    cr_expect_eq(join_store_sequence(0), 0);
    cr_expect_eq(join_store_sequence(1), PACKED_ROWS_MAX);
    cr_expect_eq(join_store_sequence(1000), 1000 * PACKED_ROWS_MAX);
    cr_expect_eq(join_store_sequence(INT64_C(1) << 40), 0, "they count round");
}

Test(join_streams, who_waits_is_kept_as_kafka_streams_keeps_it)
{
    struct engine *engine = join(WEIR_OUTER);
    put(engine, "l", "k", "a", 1);
    put(engine, "l", "k", "bc", 1);
    put(engine, "r", "q", "x", 2);
    expect_rows(engine, "pairs-outer-shared-join-store",
                "1:0000000000000001016b=0100000002000000020161000000030162"
                "63 "
                "2:00000000000000020071=0100000001000000020078 ");
    put(engine, "r", "k", "y", 3);
    expect_rows(engine, "pairs-outer-shared-join-store",
                "3:0000000000000001016b=- 2:00000000000000020071=0100000001000000020078 ");
    engine_free(engine);
}

/* ---- mistakes ---- */

static void expect_refused(weir_topology *t, const char *part)
{
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
    weir_topology_free(t);
}

Test(join_streams, a_window_must_be_given)
{
    weir_topology *t = weir_topology_new("t");
    weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type);
    expect_refused(t, "join 'pairs': the window is missing");
}

Test(join_streams, a_window_is_given_in_one_way)
{
    weir_topology *t = weir_topology_new("t");
    weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type, .within = weir_millis(1),
              .after = weir_millis(1));
    expect_refused(t, "give one or the other");
}

Test(join_streams, a_window_does_not_end_before_it_begins)
{
    weir_topology *t = weir_topology_new("t");
    weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type, .before = weir_millis(-5),
              .after = weir_millis(4));
    expect_refused(t, "ends (.after 4 ms) before it begins (.before -5 ms)");
}

Test(join_streams, an_endless_window_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_join(texts(t, "l"), texts(t, "r"), "pairs", pair, .value = &weir_str_type, .within = weir_millis(INT64_MAX));
    expect_refused(t, "too great");
}

Test(join_streams, a_changed_key_must_be_moved_first)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *changed = weir_flat_map(texts(t, "l"), &weir_str_type, &weir_str_type, weir_forward);
    weir_join(texts(t, "r"), changed, "pairs", pair, .value = &weir_str_type, .within = weir_millis(1));
    expect_refused(t, "move the data with ");
}

Test(join_streams, keys_are_of_one_type)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *numbers = weir_from(t, "n", &weir_i64_type, &weir_str_type);
    weir_join(texts(t, "r"), numbers, "pairs", pair, .value = &weir_str_type, .within = weir_millis(1));
    expect_refused(t, "keys are of type string");
}

Test(join_streams, no_processor_takes_a_store_of_a_join)
{
    static const struct weir_processor processor = {.process = weir_forward};
    weir_topology *t = weir_topology_new("t");
    weir_stream *l = texts(t, "l");
    weir_join(l, texts(t, "r"), "pairs", pair, .value = &weir_str_type, .within = weir_millis(1));
    weir_process(l, &processor, .stores = {"pairs-this-join-store"});
    expect_refused(t, "there is no store 'pairs-this-join-store'");
}

/* ---- described as Kafka Streams 4.3.1 prints them ---- */

static void expect_text(weir_topology *t, const char *text)
{
    char *found = NULL;
    size_t size = 0;
    struct weir_error error = {0};
    FILE *out = open_memstream(&found, &size);
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, out, &error), "%s", error.message);
    fclose(out);
    cr_expect_str_eq(found, text);
    free(found);
    weir_topology_free(t);
}

Test(join_streams, an_inner_join_is_described_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *left = texts(t, "left"), *right = texts(t, "right");
    weir_to(weir_join(left, right, "pairs", pair, .value = &weir_str_type, .within = weir_seconds(10)), "out");
    expect_text(t, "Topologies:\n"
                   "   Sub-topology: 0\n"
                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
                   "      --> KSTREAM-WINDOWED-0000000002\n"
                   "    Source: KSTREAM-SOURCE-0000000001 (topics: [right])\n"
                   "      --> KSTREAM-WINDOWED-0000000003\n"
                   "    Processor: KSTREAM-WINDOWED-0000000002 (stores: [pairs-this-join-store])\n"
                   "      --> KSTREAM-JOINTHIS-0000000004\n"
                   "      <-- KSTREAM-SOURCE-0000000000\n"
                   "    Processor: KSTREAM-WINDOWED-0000000003 (stores: [pairs-other-join-store])\n"
                   "      --> KSTREAM-JOINOTHER-0000000005\n"
                   "      <-- KSTREAM-SOURCE-0000000001\n"
                   "    Processor: KSTREAM-JOINOTHER-0000000005 (stores: [pairs-this-join-store])\n"
                   "      --> KSTREAM-MERGE-0000000006\n"
                   "      <-- KSTREAM-WINDOWED-0000000003\n"
                   "    Processor: KSTREAM-JOINTHIS-0000000004 (stores: [pairs-other-join-store])\n"
                   "      --> KSTREAM-MERGE-0000000006\n"
                   "      <-- KSTREAM-WINDOWED-0000000002\n"
                   "    Processor: KSTREAM-MERGE-0000000006 (stores: [])\n"
                   "      --> KSTREAM-SINK-0000000007\n"
                   "      <-- KSTREAM-JOINTHIS-0000000004, KSTREAM-JOINOTHER-0000000005\n"
                   "    Sink: KSTREAM-SINK-0000000007 (topic: out)\n"
                   "      <-- KSTREAM-MERGE-0000000006\n"
                   "\n");
}

Test(join_streams, a_named_left_join_is_described_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *left = texts(t, "left"), *right = texts(t, "right");
    weir_to(weir_join(left, right, "pairs", pair, .value = &weir_str_type, .kind = WEIR_LEFT,
                      .within = weir_seconds(10), .name = "meet"),
            "out");
    expect_text(t,
                "Topologies:\n"
                "   Sub-topology: 0\n"
                "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
                "      --> meet-this-windowed\n"
                "    Source: KSTREAM-SOURCE-0000000001 (topics: [right])\n"
                "      --> meet-other-windowed\n"
                "    Processor: meet-other-windowed (stores: [pairs-outer-other-join-store])\n"
                "      --> meet-outer-other-join\n"
                "      <-- KSTREAM-SOURCE-0000000001\n"
                "    Processor: meet-this-windowed (stores: [pairs-this-join-store])\n"
                "      --> meet-this-join\n"
                "      <-- KSTREAM-SOURCE-0000000000\n"
                "    Processor: meet-outer-other-join (stores: [pairs-left-shared-join-store, pairs-this-join-store])\n"
                "      --> meet-merge\n"
                "      <-- meet-other-windowed\n"
                "    Processor: meet-this-join (stores: [pairs-left-shared-join-store, pairs-outer-other-join-store])\n"
                "      --> meet-merge\n"
                "      <-- meet-this-windowed\n"
                "    Processor: meet-merge (stores: [])\n"
                "      --> KSTREAM-SINK-0000000007\n"
                "      <-- meet-this-join, meet-outer-other-join\n"
                "    Sink: KSTREAM-SINK-0000000007 (topic: out)\n"
                "      <-- meet-merge\n"
                "\n");
}

Test(join_streams, a_self_join_is_described_as_kafka_streams_prints_it_optimised)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *s = texts(t, "in");
    weir_to(weir_join(s, s, "pairs", pair, .value = &weir_str_type, .within = weir_seconds(10)), "out");
    expect_text(t, "Topologies:\n"
                   "   Sub-topology: 0\n"
                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                   "      --> KSTREAM-WINDOWED-0000000001\n"
                   "    Processor: KSTREAM-WINDOWED-0000000001 (stores: [pairs-this-join-store])\n"
                   "      --> KSTREAM-MERGE-0000000005\n"
                   "      <-- KSTREAM-SOURCE-0000000000\n"
                   "    Processor: KSTREAM-MERGE-0000000005 (stores: [pairs-this-join-store])\n"
                   "      --> KSTREAM-SINK-0000000006\n"
                   "      <-- KSTREAM-WINDOWED-0000000001\n"
                   "    Sink: KSTREAM-SINK-0000000006 (topic: out)\n"
                   "      <-- KSTREAM-MERGE-0000000005\n"
                   "\n");
}
