/* Foreign-key joins: what the sides tell each other, and what comes out, through the test driver. */
#include "base/hash.h"
#include "driven.h"
#include "operators/subscription.h"

/* ---- bytes; the hashes were printed by Kafka Streams 4.3.1's Murmur3 ---- */

static void expect_hash(const char *text, uint64_t high, uint64_t low)
{
    struct subscription_hash hash = subscription_hash_of(bytes_of_text(text));
    cr_expect(hash.is_there);
    cr_expect_eq(hash.high, high, "%s", text);
    cr_expect_eq(hash.low, low, "%s", text);
}

Test(foreign, values_are_hashed_as_kafka_streams_does)
{
    expect_hash("", 0x9d2764a018e32942, 0x8c3cf3b035938518);
    expect_hash("a", 0x3361634e7e0f5188, 0xe9c7dda24eae326b);
    expect_hash("hello", 0x30bfb4f39919e764, 0x566aea857401d1c6);
    expect_hash("0123456789abcdef", 0x1a6e941ec6a76967, 0xd7d82808f505d6b1);
    expect_hash("The quick brown fox jumps over the lazy dog", 0xe74c5921af0f99c8, 0xb7f85ec81df06726);
}

static void expect_bytes(struct buffer *buffer, const char *data, size_t size)
{
    cr_expect(bytes_equal(buffer_bytes(buffer), (weir_bytes){data, size}));
}

Test(foreign, a_subscription_has_the_bytes_of_kafka_streams)
{
    struct buffer buffer = {0};
    const struct subscription asked = {SUBSCRIPTION_ANSWER, {0x0102, 0x0304, true}, {"pk", 2}, 5};
    subscription_write(&asked, &buffer);
    expect_bytes(&buffer, "\1\2\0\0\0\0\0\0\1\2\0\0\0\0\0\0\3\4pk\0\0\0\5", 24);
    struct subscription read;
    cr_assert(subscription_read(buffer_bytes(&buffer), &read));
    cr_expect_eq(read.instruction, SUBSCRIPTION_ANSWER);
    cr_expect(subscription_hash_equal(&read.hash, &asked.hash));
    cr_expect(bytes_equal(read.primary_key, asked.primary_key));
    cr_expect_eq(read.primary_partition, 5);
    buffer_done(&buffer);
}

Test(foreign, a_subscription_without_a_hash_says_so)
{
    struct buffer buffer = {0};
    const struct subscription asked = {SUBSCRIPTION_DELETE, {0}, {"k", 1}, 0};
    subscription_write(&asked, &buffer);
    expect_bytes(&buffer, "\x81\1k\0\0\0\0", 7);
    struct subscription read;
    cr_assert(subscription_read(buffer_bytes(&buffer), &read));
    cr_expect_not(read.hash.is_there);
    buffer_done(&buffer);
}

Test(foreign, a_subscription_of_version_0_does_not_say_where_the_left_row_lives)
{
    struct subscription read;
    cr_assert(subscription_read((weir_bytes){"\x80\3key", 5}, &read));
    cr_expect_eq(read.instruction, SUBSCRIPTION_ANSWER_IF_THERE);
    cr_expect(bytes_equal(read.primary_key, (weir_bytes){"key", 3}));
    cr_expect_eq(read.primary_partition, -1);
}

Test(foreign, what_is_no_subscription_is_refused)
{
    struct subscription read;
    cr_expect_not(subscription_read((weir_bytes){"", 0}, &read));
    cr_expect_not(subscription_read((weir_bytes){"\x81", 1}, &read));
    cr_expect_not(subscription_read((weir_bytes){"\x81\4k\0\0\0\0", 7}, &read), "instruction 4");
    cr_expect_not(subscription_read((weir_bytes){"\x82\1k\0\0\0\0", 7}, &read), "version 2");
    cr_expect_not(subscription_read((weir_bytes){"\1\1short hash", 12}, &read));
    cr_expect_not(subscription_read((weir_bytes){"\x81\1\0\0\0", 5}, &read), "no room for a partition");
    cr_expect_not(subscription_read((weir_bytes){"\x81\1k\xff\xff\xff\xff", 7}, &read), "partition -1");
}

Test(foreign, a_response_has_the_bytes_of_kafka_streams)
{
    struct buffer buffer = {0};
    struct subscription_response read, told = {{0x0102, 0x0304, true}, {"v", 1}};
    subscription_response_write(&told, &buffer);
    expect_bytes(&buffer, "\0\0\0\0\0\0\0\1\2\0\0\0\0\0\0\3\4v", 18);
    cr_assert(subscription_response_read(buffer_bytes(&buffer), &read));
    cr_expect(subscription_hash_equal(&read.hash, &told.hash));
    cr_expect(bytes_equal(read.value, told.value));
    buffer_clear(&buffer);
    told = (struct subscription_response){0};
    subscription_response_write(&told, &buffer);
    expect_bytes(&buffer, "\x80", 1);
    cr_assert(subscription_response_read(buffer_bytes(&buffer), &read));
    cr_expect_not(read.hash.is_there);
    cr_expect_null(read.value.data);
    buffer_done(&buffer);
}

Test(foreign, what_is_no_response_is_refused)
{
    struct subscription_response read;
    cr_expect_not(subscription_response_read((weir_bytes){"", 0}, &read));
    cr_expect_not(subscription_response_read((weir_bytes){"\1", 1}, &read), "version 1");
    cr_expect_not(subscription_response_read((weir_bytes){"\0short hash", 11}, &read));
}

Test(foreign, subscriptions_are_kept_under_the_combined_key_of_kafka_streams)
{
    struct buffer buffer = {0};
    subscription_key_write((weir_bytes){"fk", 2}, (weir_bytes){"pk", 2}, &buffer);
    expect_bytes(&buffer, "\0\0\0\2fkpk", 8);
    buffer_clear(&buffer);
    subscription_key_prefix((weir_bytes){"fk", 2}, &buffer);
    expect_bytes(&buffer, "\0\0\0\2fk", 6);
    buffer_done(&buffer);
}

/* ---- the join: orders name a customer before a colon, "-" names nobody ---- */

static const void *customer_of(weir_context *context, const struct weir_record *order)
{
    const weir_bytes *value = order->value;
    const char *colon = memchr(value->data, ':', value->size);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    *out = (weir_bytes){value->data, colon ? (size_t)(colon - (const char *)value->data) : value->size};
    return bytes_equal(*out, bytes_of_text("-")) ? NULL : out;
}

static weir_topology *topology(enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *orders = weir_table_from(t, "left", "left-store", &weir_str_type, &weir_str_type);
    weir_table *customers = weir_table_from(t, "right", "right-store", &weir_str_type, &weir_str_type);
    weir_table *joined = weir_join_foreign(orders, customers, "fk", customer_of, both, .value = &weir_str_type,
                                           .kind = kind, .store = "joined");
    weir_to(weir_changes(joined), "out");
    return t;
}

static weir_test *join(enum weir_join_kind kind)
{
    return drive(topology(kind));
}

Test(foreign, either_side_may_come_first)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "left", "o1", "ann:1", 10);
    expect(test, "");
    put(test, "right", "ann", "Ann", 20);
    expect(test, "o1=ann:1+Ann@20 ");
    put(test, "left", "o2", "ann:2", 15);
    expect(test, "o2=ann:2+Ann@20 ");
    end(test);
}

Test(foreign, a_change_of_a_right_row_reaches_all_who_name_it)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "left", "o1", "ann:1", 10);
    put(test, "left", "o2", "ann:2", 10);
    put(test, "left", "o3", "anna:3", 10);
    put(test, "right", "ann", "Ann", 20);
    expect(test, "o1=ann:1+Ann@20 o2=ann:2+Ann@20 ");
    put(test, "right", "ann", NULL, 30);
    expect(test, "o1=null@30 o2=null@30 ");
    end(test);
}

Test(foreign, a_left_row_that_names_another_leaves_the_first)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "right", "ann", "Ann", 1);
    put(test, "right", "bob", "Bob", 1);
    put(test, "left", "o1", "ann:1", 10);
    put(test, "left", "o1", "bob:1", 20);
    expect(test, "o1=ann:1+Ann@10 o1=bob:1+Bob@20 ");
    put(test, "right", "ann", "Anna", 30);
    expect(test, "");
    put(test, "left", "o1", "eve:1", 40);
    expect(test, "o1=null@40 ");
    end(test);
}

Test(foreign, a_left_row_that_names_nobody_is_dropped_by_an_inner_join)
{
    weir_test *test = join(WEIR_INNER);
    put(test, "right", "ann", "Ann", 1);
    put(test, "left", "o1", "-:1", 10);
    expect(test, "");
    cr_expect_eq(weir_test_dropped(test, "null_foreign_key"), 1);
    put(test, "left", "o1", "ann:1", 20);
    put(test, "left", "o1", "-:1", 30);
    expect(test, "o1=ann:1+Ann@20 o1=null@30 ");
    end(test);
}

Test(foreign, a_left_join_has_every_left_row)
{
    weir_test *test = join(WEIR_LEFT);
    put(test, "left", "o1", "-:1", 10);
    put(test, "left", "o2", "ann:2", 10);
    expect(test, "o1=-:1+nobody@10 o2=ann:2+nobody@10 ");
    put(test, "right", "ann", "Ann", 20);
    put(test, "right", "ann", NULL, 30);
    expect(test, "o2=ann:2+Ann@20 o2=ann:2+nobody@30 ");
    put(test, "left", "o1", NULL, 40);
    put(test, "left", "o1", NULL, 50);
    expect(test, "o1=null@40 ");
    end(test);
}

Test(foreign, the_result_is_kept_and_can_be_joined_on)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *orders = weir_table_from(t, "left", "left-store", &weir_str_type, &weir_str_type);
    weir_table *customers = weir_table_from(t, "right", "right-store", &weir_str_type, &weir_str_type);
    weir_table *joined =
        weir_join_foreign(orders, customers, "fk", customer_of, both, .value = &weir_str_type, .store = "joined");
    weir_stream *looks = weir_from(t, "looks", &weir_str_type, &weir_str_type);
    weir_to(weir_join_table(looks, joined, both, .value = &weir_str_type), "out");
    weir_test *test = weir_test_new(t, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    put(test, "left", "o1", "ann:1", 10);
    put(test, "right", "ann", "Ann", 20);
    put(test, "looks", "o1", "look", 30);
    expect(test, "o1=look+ann:1+Ann@30 ");
    end(test);
}

Test(foreign, its_topics_have_the_names_of_kafka_streams)
{
    struct weir_raw_record record;
    weir_test *test = join(WEIR_INNER);
    put(test, "right", "ann", "Ann", 1);
    put(test, "left", "o1", "ann:1", 10);
    cr_assert(weir_test_recv_raw(test, "t-fk-subscription-registration-topic", &record));
    cr_expect(bytes_equal(record.key, bytes_of_text("ann")));
    cr_expect(weir_test_recv_raw(test, "t-fk-subscription-response-topic", &record));
    cr_expect(weir_test_recv_raw(test, "t-fk-subscription-store-changelog", &record));
    end(test);
}

/* ---- mistakes ---- */

static weir_table *rows(weir_topology *t, const char *name)
{
    return weir_table_from(t, name, name, &weir_str_type, &weir_str_type);
}

Test(foreign, the_function_that_gives_the_foreign_key_is_needed)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_foreign(rows(t, "l"), rows(t, "r"), "fk", NULL, both, .value = &weir_str_type);
    expect_refused(t, "join 'fk': the function that gives the foreign key is missing");
}

Test(foreign, there_is_no_outer_join)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_foreign(rows(t, "l"), rows(t, "r"), "fk", customer_of, both, .value = &weir_str_type, .kind = WEIR_OUTER);
    expect_refused(t, "an inner and a left join only");
}

static int32_t everywhere(const struct weir_record *record, int32_t partitions)
{
    (void)record, (void)partitions;
    return WEIR_PARTITION_ALL;
}

static int32_t by_key_alone(const struct weir_record *record, int32_t partitions)
{
    return record->key && !record->value ? partitions - 1 : partitions;
}

static weir_test *spread(weir_partition_of *partition_of)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *joined = weir_join_foreign(rows(t, "l"), rows(t, "r"), "fk", customer_of, both, .value = &weir_str_type,
                                           .partition_of = partition_of, .other_partition_of = partition_of);
    weir_to(weir_changes(joined), "out");
    return drive(t);
}

Test(foreign, a_partitioner_hears_of_the_key_alone)
{
    weir_test *test = spread(by_key_alone);
    put(test, "r", "c", "C", 1);
    put(test, "l", "o", "c", 2);
    expect(test, "o=c+C@2 ");
    end(test);
}

Test(foreign, a_partitioner_that_names_no_single_partition_makes_a_dead_letter)
{
    struct weir_raw_record letter;
    weir_test *test = spread(everywhere);
    put(test, "l", "o", "c", 2);
    cr_expect(weir_test_recv_raw(test, "l.dlq", &letter));
    end(test);
}

Test(foreign, another_join_has_no_partitioners)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_tables(rows(t, "l"), rows(t, "r"), both, .value = &weir_str_type, .partition_of = everywhere);
    expect_refused(t, "only a foreign-key join has a .partition_of");
}

Test(foreign, two_joins_have_two_names)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *l = rows(t, "l"), *r = rows(t, "r");
    weir_join_foreign(l, r, "fk", customer_of, both, .value = &weir_str_type);
    weir_join_foreign(l, r, "fk", customer_of, both, .value = &weir_str_type);
    expect_refused(t, "the name is taken by another join");
}

/* As Kafka Streams 4.3.1 prints it with TableJoined.as("fk"). */
static void expect_text(const char *text)
{
    char *found = NULL;
    size_t size = 0;
    struct weir_error error = {0};
    weir_topology *t = topology(WEIR_INNER);
    FILE *out = open_memstream(&found, &size);
    cr_assert(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, out, &error), "%s", error.message);
    fclose(out);
    cr_expect_str_eq(found, text);
    free(found);
    weir_topology_free(t);
}

Test(foreign, it_is_described_as_kafka_streams_prints_it)
{
    expect_text("Topologies:\n"
                "   Sub-topology: 0\n"
                "    Source: fk-subscription-response-source (topics: [fk-subscription-response-topic])\n"
                "      --> fk-subscription-response-resolver\n"
                "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
                "      --> KTABLE-SOURCE-0000000001\n"
                "    Processor: fk-subscription-response-resolver (stores: [left-store])\n"
                "      --> fk-result\n"
                "      <-- fk-subscription-response-source\n"
                "    Processor: KTABLE-SOURCE-0000000001 (stores: [left-store])\n"
                "      --> fk-subscription-registration-processor\n"
                "      <-- KSTREAM-SOURCE-0000000000\n"
                "    Processor: fk-result (stores: [joined])\n"
                "      --> KTABLE-TOSTREAM-0000000017\n"
                "      <-- fk-subscription-response-resolver\n"
                "    Processor: KTABLE-TOSTREAM-0000000017 (stores: [])\n"
                "      --> KSTREAM-SINK-0000000018\n"
                "      <-- fk-result\n"
                "    Processor: fk-subscription-registration-processor (stores: [])\n"
                "      --> fk-subscription-registration-sink\n"
                "      <-- KTABLE-SOURCE-0000000001\n"
                "    Sink: KSTREAM-SINK-0000000018 (topic: out)\n"
                "      <-- KTABLE-TOSTREAM-0000000017\n"
                "    Sink: fk-subscription-registration-sink (topic: fk-subscription-registration-topic)\n"
                "      <-- fk-subscription-registration-processor\n"
                "\n"
                "  Sub-topology: 1\n"
                "    Source: KSTREAM-SOURCE-0000000002 (topics: [right])\n"
                "      --> KTABLE-SOURCE-0000000003\n"
                "    Source: fk-subscription-registration-source (topics: [fk-subscription-registration-topic])\n"
                "      --> fk-subscription-receive\n"
                "    Processor: KTABLE-SOURCE-0000000003 (stores: [right-store])\n"
                "      --> fk-foreign-join-subscription\n"
                "      <-- KSTREAM-SOURCE-0000000002\n"
                "    Processor: fk-subscription-receive (stores: [fk-subscription-store])\n"
                "      --> fk-subscription-join-foreign\n"
                "      <-- fk-subscription-registration-source\n"
                "    Processor: fk-foreign-join-subscription (stores: [fk-subscription-store])\n"
                "      --> fk-subscription-response-sink\n"
                "      <-- KTABLE-SOURCE-0000000003\n"
                "    Processor: fk-subscription-join-foreign (stores: [right-store])\n"
                "      --> fk-subscription-response-sink\n"
                "      <-- fk-subscription-receive\n"
                "    Sink: fk-subscription-response-sink (topic: fk-subscription-response-topic)\n"
                "      <-- fk-subscription-join-foreign, fk-foreign-join-subscription\n"
                "\n");
}
