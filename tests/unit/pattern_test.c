/* Sources by a pattern of topics: what the verb refuses, what matches, and the test driver. */
#include "base/pattern.h"
#include "driven.h"
#include "graph/handles.h"

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_stream *matching(weir_topology *t, const char *name, const char *pattern)
{
    return weir_from_pattern(t, name, pattern, &weir_str_type, &weir_str_type);
}

static const void *topic_of(weir_context *context, const struct weir_record *record)
{
    (void)record;
    weir_bytes *topic = weir_alloc(context, sizeof *topic);
    *topic = bytes_of_text(weir_record_metadata(context).topic);
    return topic;
}

static weir_test *drive_topics(const char *pattern)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_map_values(matching(t, "all", pattern), &weir_str_type, topic_of), "out");
    return drive(t);
}

/* ---- expressions ---- */

Test(pattern, an_expression_matches_whole_names)
{
    struct weir_error error = {0};
    struct pattern pattern;
    cr_assert(pattern_open(&pattern, "a|orders-[0-9]+", &error));
    cr_expect(pattern_matches(&pattern, "a"));
    cr_expect(pattern_matches(&pattern, "orders-17"));
    cr_expect_not(pattern_matches(&pattern, "ab"));
    cr_expect_not(pattern_matches(&pattern, "my-orders-17"));
    cr_expect_not(pattern_matches(&pattern, "orders-17x"));
    pattern_close(&pattern);
}

Test(pattern, what_is_no_expression_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    matching(t, "all", "orders-(");
    expect_refused(t, "is not a regular expression");
}

Test(pattern, an_empty_pattern_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    matching(t, "all", "");
    expect_refused(t, "the pattern is missing");
}

/* ---- who reads what ---- */

Test(pattern, a_topic_that_is_read_by_name_does_not_match)
{
    weir_topology *t = weir_topology_new("t");
    texts(t, "orders-1");
    matching(t, "all", "orders-.*");
    expect_refused(t, "it matches the topic 'orders-1'");
}

Test(pattern, a_topic_that_matches_is_not_read_by_name)
{
    weir_topology *t = weir_topology_new("t");
    matching(t, "all", "orders-.*");
    texts(t, "orders-1");
    expect_refused(t, "matches the pattern 'orders-.*'");
}

Test(pattern, readers_of_a_pattern_share_its_source)
{
    weir_topology *t = weir_topology_new("t");
    const weir_stream *one = matching(t, "all", "a.*"), *two = matching(t, "all", "a.*");
    cr_expect_eq(one->node, two->node);
    weir_topology_free(t);
}

Test(pattern, a_pattern_has_one_name)
{
    weir_topology *t = weir_topology_new("t");
    matching(t, "all", "a.*");
    matching(t, "others", "a.*");
    expect_refused(t, "the pattern has another name already");
}

Test(pattern, a_name_has_one_pattern)
{
    weir_topology *t = weir_topology_new("t");
    matching(t, "all", "a.*");
    matching(t, "all", "b.*");
    expect_refused(t, "the name is taken by another pattern");
}

Test(pattern, records_of_a_pattern_are_not_parked)
{
    weir_topology *t = weir_topology_new("t");
    weir_from_pattern(t, "all", "a.*", &weir_str_type, &weir_str_type, .park = "waiting");
    expect_refused(t, ".park goes with topics that have names");
}

Test(pattern, topics_beside_a_pattern_are_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_from_pattern(t, "all", "a.*", &weir_str_type, &weir_str_type, .also = {"b"});
    expect_refused(t, "merge them");
}

/* ---- descriptions ---- */

static void expect_description(enum weir_describe_format format, const char *part)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(matching(t, "all", "orders-[0-9]+"), "out");
    char *text = NULL;
    size_t size = 0;
    struct weir_error error = {0};
    FILE *out = open_memstream(&text, &size);
    cr_assert(weir_topology_describe(t, format, out, &error), "%s", error.message);
    fclose(out);
    cr_expect(strstr(text, part), "%s", text);
    free(text);
    weir_topology_free(t);
}

Test(pattern, is_described_as_kafka_streams_does)
{
    expect_description(WEIR_DESCRIBE_TEXT, "Source: KSTREAM-SOURCE-0000000000 (topics: orders-[0-9]+)\n");
}

Test(pattern, is_a_field_of_its_own_in_json)
{
    expect_description(WEIR_DESCRIBE_JSON, "\"topics\":[],\"pattern\":\"orders-[0-9]+\"");
}

/* ---- the test driver ---- */

Test(pattern, a_record_keeps_the_name_of_its_topic)
{
    weir_test *test = drive_topics("orders-.*");
    put(test, "orders-1", "k", "a", 10);
    put(test, "orders-2", "k", "b", 20);
    put(test, "orders-1", "k", "c", 30);
    expect(test, "k=orders-1@10 k=orders-2@20 k=orders-1@30 ");
    weir_test_free(test);
}

Test(pattern, typed_records_are_sent_to_topics_that_match)
{
    weir_test *test = drive_topics("orders-.*");
    const weir_bytes key = bytes_of_text("k"), value = bytes_of_text("v");
    weir_test_send(test, "orders-9", (struct weir_record){.key = &key, .value = &value, .timestamp_ms = 5});
    expect(test, "k=orders-9@5 ");
    weir_test_free(test);
}

Test(pattern, a_topic_that_does_not_match_is_not_read)
{
    struct weir_error error = {0};
    weir_test *test = drive_topics("orders-.*");
    put(test, "customers", "k", "a", 10);
    cr_expect(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "does not read the topic 'customers'"), "%s", error.message);
    weir_test_free(test);
}

Test(pattern, what_the_topology_writes_comes_round_where_it_matches)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(matching(t, "all", "in|again"), "out");
    weir_to(texts(t, "first"), "again");
    weir_test *test = drive(t);
    put(test, "first", "k", "v", 10);
    expect(test, "k=v@10 ");
    weir_test_free(test);
}

Test(pattern, changelogs_and_repartition_topics_never_match)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *all = matching(t, "all", ".*[a-z]");
    weir_stream *moved = weir_rekey(all, "moved", &weir_str_type, topic_of);
    weir_to(weir_changes(weir_count(weir_group(moved), "counts")), "9");
    weir_test *test = drive(t);
    struct weir_error error = {0};
    put(test, "in", "k", "v", 10);
    cr_expect_not(weir_test_failed(test, &error), "%s", error.message);
    struct weir_raw_record record;
    size_t count = 0;
    while (weir_test_recv_raw(test, "9", &record))
        count++;
    cr_expect_eq(count, 1);
    weir_test_free(test);
}

Test(pattern, dead_letters_of_what_matches_never_match)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_from_pattern(t, "all", ".*in.*", &weir_str_type, &weir_i64_type, .reading = WEIR_DEAD_LETTER), "out");
    weir_test *test = drive(t);
    struct weir_raw_record record;
    put(test, "in", "k", "no number", 10);
    cr_expect(weir_test_recv_raw(test, "in.dlq", &record));
    cr_expect_not(weir_test_recv_raw(test, "in.dlq.dlq", &record));
    weir_test_free(test);
}
