/* Global tables and joins with them, through the test driver. */
#include "driven.h"

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_global_table *people(weir_topology *t)
{
    return weir_global(t, "people", "people", &weir_str_type, &weir_str_type);
}

/* An order is of the person its value names; "-" names nobody. */
static const void *person_of(weir_context *context, const struct weir_record *order)
{
    (void)context;
    return bytes_equal(*(const weir_bytes *)order->value, bytes_of_text("-")) ? NULL : order->value;
}

static weir_test *join(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *orders = texts(t, "orders");
    weir_to(weir_join_global(orders, people(t), person_of, both, .value = &weir_str_type, .kind = kind), "out");
    return drive(t);
}

static const void *person_unknown(weir_context *context, const struct weir_record *order)
{
    (void)order;
    weir_fail(context, "whose it is cannot be told");
    return NULL;
}

Test(global, a_fact_that_fails_is_not_dropped_for_its_missing_key_too)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_on_error(t, .processing = WEIR_SKIP);
    weir_to(weir_join_global(texts(t, "orders"), people(t), person_unknown, both, .value = &weir_str_type), "out");
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    put(test, "orders", "o1", "ann", 1);
    cr_expect_eq(weir_test_dropped(test, "null_key"), 0);
    cr_expect_eq(weir_test_dropped(test, NULL), 1);
    end(test);
}

Test(global, a_fact_meets_the_row_of_the_key_it_names_and_keeps_its_own)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "people", "ann", "Ann", 100);
    put(test, "orders", "o1", "ann", 50);
    put(test, "people", "ann", "Anna", 10);
    put(test, "orders", "o2", "ann", 60);
    expect(test, "o1=ann+Ann@50 o2=ann+Anna@60 ");
    end(test);
}

Test(global, the_table_alone_causes_nothing)
{
    weir_test *test = join(WEIR_LEFT);
    put(test, "people", "ann", "Ann", 100);
    put(test, "people", "ann", NULL, 100);
    expect(test, "");
    end(test);
}

Test(global, who_is_not_found_ends_an_inner_join_and_passes_a_left_one)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "orders", "o1", "bob", 50);
    expect(test, "");
    end(test);
    test = join(WEIR_LEFT);
    put(test, "people", "bob", "Bob", 40);
    put(test, "people", "bob", NULL, 45);
    put(test, "orders", "o1", "bob", 50);
    expect(test, "o1=bob+nobody@50 ");
    end(test);
}

Test(global, who_names_nobody_is_dropped_by_an_inner_join_and_passes_a_left_one)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "orders", "o1", "-", 50);
    expect(test, "");
    cr_expect_eq(weir_test_dropped(test, "null_key"), 1);
    end(test);
    test = join(WEIR_LEFT);
    put(test, "orders", "o1", "-", 50);
    expect(test, "o1=-+nobody@50 ");
    end(test);
}

Test(global, a_fact_without_a_value_is_dropped_and_one_without_a_key_is_not)
{
    weir_test *test = join(WEIR_LEFT);
    put(test, "people", "ann", "Ann", 10);
    put(test, "orders", "o1", NULL, 50);
    put(test, "orders", NULL, "ann", 60);
    cr_expect_eq(weir_test_dropped(test, "null_value"), 1);
    expect(test, "=ann+Ann@60 ");
    end(test);
}

Test(global, a_record_of_the_table_without_a_key_is_dropped)
{
    weir_test *test = join(WEIR_LEFT);
    put(test, "people", NULL, "Ann", 10);
    cr_expect_eq(weir_test_dropped(test, "null_key"), 1);
    end(test);
}

Test(global, what_the_topology_writes_to_the_tables_topic_is_in_the_table)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_stream *orders = texts(t, "orders");
    weir_to(texts(t, "news"), "people");
    weir_to(weir_join_global(orders, people(t), person_of, both, .value = &weir_str_type), "out");
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    put(test, "news", "ann", "Ann", 10);
    put(test, "orders", "o1", "ann", 50);
    expect(test, "o1=ann+Ann@50 ");
    end(test);
}

Test(global, the_test_driver_shows_its_rows)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "people", "ann", "Ann", 100);
    const weir_bytes *value = weir_test_get(test, "people", WEIR_STR("ann"));
    cr_assert_not_null(value);
    cr_expect(bytes_equal(*value, bytes_of_text("Ann")));
    end(test);
}

/* ---- the graph ---- */

Test(global, nothing_else_reads_its_topic)
{
    weir_topology *t = weir_topology_new("t");
    people(t);
    texts(t, "people");
    expect_refused(t, "from 'people': a global table (");
    t = weir_topology_new("t");
    texts(t, "people");
    people(t);
    expect_refused(t, "global 'people': the topic is read already");
}

static void count_name(void *self, const struct weir_record *row)
{
    (void)row;
    ++*(size_t *)self;
}

/* The name of the person, and how many there are. */
static void look_up(weir_context *context, const struct weir_record *order)
{
    weir_store *store = weir_store_named(context, "people");
    const weir_bytes *name = weir_get(store, order->value);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    struct weir_record record = *order;
    struct buffer text = {0};
    size_t count = 0;
    weir_each(store, count_name, &count);
    buffer_format(&text, "%.*s of %zu", name ? (int)name->size : 6, name ? (const char *)name->data : "nobody", count);
    char *data = weir_alloc(context, text.size);
    memcpy(data, text.data, text.size);
    *out = (weir_bytes){data, text.size};
    buffer_done(&text);
    record.value = out;
    weir_forward(context, &record);
}

static void put_one(weir_context *context, const struct weir_record *record)
{
    weir_put(weir_store_named(context, "people"), record->key, record->value);
}

static weir_test *process(const struct weir_processor *processor)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    people(t);
    weir_to(weir_process(texts(t, "orders"), processor, .stores = {"people"}), "out");
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

Test(global, a_processor_reads_its_store)
{
    static const struct weir_processor processor = {.process = look_up};
    weir_test *test = process(&processor);
    put(test, "people", "p", "Ada", 1);
    put(test, "orders", "a", "p", 2);
    put(test, "people", "q", "Bob", 3);
    put(test, "orders", "b", "r", 4);
    expect(test, "a=Ada of 1@2 b=nobody of 2@4 ");
    end(test);
}

Test(global, a_processor_does_not_write_to_its_store)
{
    static const struct weir_processor processor = {.process = put_one};
    struct weir_error error = {0};
    weir_test *test = process(&processor);
    put(test, "orders", "a", "p", 2);
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "a processor only reads it"), "%s", error.message);
    weir_test_free(test);
}

Test(global, a_join_needs_the_function_that_gives_the_key)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_global(texts(t, "in"), people(t), NULL, both, .value = &weir_str_type);
    expect_refused(t, "the function that gives the table's key is missing");
}

Test(global, there_is_no_outer_join)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_global(texts(t, "in"), people(t), person_of, both, .value = &weir_str_type, .kind = WEIR_OUTER);
    expect_refused(t, "an inner and a left join");
}

/* Kafka Streams 4.3.1 names the inner join so, too. */
Test(global, it_is_described_as_kafka_streams_prints_it)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_stream *left = texts(t, "left");
    weir_global_table *right = weir_global(t, "right", "rows", &weir_str_type, &weir_str_type);
    weir_to(weir_join_global(left, right, person_of, both, .value = &weir_str_type), "out");
    char *found = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&found, &size);
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, out, &error), "%s", error.message);
    fclose(out);
    cr_expect_str_eq(found, "Topologies:\n"
                            "   Sub-topology: 0\n"
                            "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
                            "      --> KSTREAM-LEFTJOIN-0000000003\n"
                            "    Processor: KSTREAM-LEFTJOIN-0000000003 (stores: [])\n"
                            "      --> KSTREAM-SINK-0000000004\n"
                            "      <-- KSTREAM-SOURCE-0000000000\n"
                            "    Sink: KSTREAM-SINK-0000000004 (topic: out)\n"
                            "      <-- KSTREAM-LEFTJOIN-0000000003\n"
                            "\n"
                            "  Sub-topology: 1 for global store (will not generate tasks)\n"
                            "    Source: KSTREAM-SOURCE-0000000001 (topics: [right])\n"
                            "      --> KTABLE-SOURCE-0000000002\n"
                            "    Processor: KTABLE-SOURCE-0000000002 (stores: [rows])\n"
                            "      --> none\n"
                            "      <-- KSTREAM-SOURCE-0000000001\n");
    free(found);
    weir_topology_free(t);
}
