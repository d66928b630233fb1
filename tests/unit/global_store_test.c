/* Global stores that a processor of the author's writes. What they do record by record was compared with Kafka Streams'
 * addGlobalStore, too (tests/oracle). */
#include <stdio.h>

#include "driven.h"

/* Names with their initials as keys: not the keys of the topic. */
static void by_initial(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *name = record->value;
    if (name->size == 0) {
        weir_fail(context, "nobody has no name");
        return;
    }
    const weir_bytes initial = {name->data, 1};
    weir_put(weir_store_named(context, "initials"), &initial, record->key);
    weir_forward(context, record); /* nobody is behind it */
}

static void of_initial(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *key = weir_get(weir_store_named(context, "initials"), record->value);
    struct weir_record out = *record;
    out.value = key ? key : record->value;
    weir_forward(context, &out);
}

static void ring(weir_context *context, int64_t now_ms)
{
    (void)context, (void)now_ms;
}

static void open_with_a_timer(weir_context *context)
{
    weir_schedule(context, WEIR_WALL_CLOCK, weir_seconds(1), ring);
}

static const struct weir_processor writer = {.process = by_initial};
static const struct weir_processor reader = {.process = of_initial};

static weir_topology *initials(const struct weir_processor *processor)
{
    weir_topology *t = weir_topology_new("t");
    weir_global_store(t, "people", "initials", &weir_str_type, &weir_str_type, processor);
    weir_to(weir_process(weir_from(t, "in", &weir_str_type, &weir_str_type), &reader, .stores = {"initials"}), "out");
    return t;
}

Test(global_store, holds_what_its_processor_puts_there)
{
    weir_test *test = drive(initials(&writer));
    put(test, "people", "p1", "Ada", 1);
    put(test, "in", "a", "A", 2);
    put(test, "in", "b", "B", 3);
    put(test, "people", "p2", "Bob", 4);
    put(test, "in", "c", "B", 5);
    expect(test, "a=p1@2 b=B@3 c=p2@5 ");
    end(test);
}

Test(global_store, is_described_as_kafka_streams_does)
{
    struct weir_error error = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    weir_topology *t = initials(&writer);
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, file, &error), "%s", error.message);
    fclose(file);
    cr_expect(strstr(text, "for global store (will not generate tasks)\n"
                           "    Source: KSTREAM-SOURCE-0000000000 (topics: [people])\n"
                           "      --> KTABLE-SOURCE-0000000001\n"
                           "    Processor: KTABLE-SOURCE-0000000001 (stores: [initials])\n"
                           "      --> none\n"),
              "%s", text);
    free(text);
    weir_topology_free(t);
}

Test(global_store, may_have_rows_of_other_types_than_its_topic)
{
    weir_topology *t = weir_topology_new("t");
    weir_global_store(t, "people", "numbers", &weir_str_type, &weir_str_type, &writer, .store_key = &weir_i64_type,
                      .store_value = &weir_double_type);
    weir_foreach(weir_from(t, "in", &weir_str_type, &weir_str_type), by_initial);
    weir_test *test = drive(t);
    struct weir_view_info views[2];
    cr_assert_eq(weir_test_views(test, views, 2), 1);
    cr_expect_eq(views[0].key, &weir_i64_type);
    cr_expect_eq(views[0].value, &weir_double_type);
    cr_expect_eq(views[0].kind, WEIR_VIEW_GLOBAL);
    end(test);
}

Test(global_store, a_record_on_which_its_processor_fails_is_a_dead_letter)
{
    struct weir_raw_record letter;
    weir_test *test = drive(initials(&writer));
    put(test, "people", "p1", "", 1);
    cr_expect(weir_test_recv_raw(test, "people.dlq", &letter));
    end(test);
}

Test(global_store, has_no_punctuators)
{
    static const struct weir_processor processor = {.open = open_with_a_timer, .process = by_initial};
    struct weir_error error = {0};
    cr_expect_null(weir_test_new(initials(&processor), (struct weir_config){0}, &error));
    cr_expect(strstr(error.message, "goes by the records of its topic only"), "%s", error.message);
}

Test(global_store, needs_a_processor)
{
    weir_topology *t = weir_topology_new("t");
    weir_global_store(t, "people", "initials", &weir_str_type, &weir_str_type, NULL);
    expect_refused(t, "global_store 'people': the processor is missing");
}

Test(global_store, is_the_only_reader_of_its_topic)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(t, "people", &weir_str_type, &weir_str_type);
    weir_global_store(t, "people", "initials", &weir_str_type, &weir_str_type, &writer);
    expect_refused(t, "global_store 'people': the topic is read already");
}
