/* bundled.h: a broker whose internal topics hold bundles, over the embedded one. Offsets: 256 to a message, the last record at 255. */
#include "base/arena.h"
#include "embedded_fixture.h"

enum { PAST_MESSAGE = BROKER_INTERNAL_STEP };

static struct broker_consumer *consumer;
static int64_t begun; /* where the partition was said to begin */

static void wrap_log(void)
{
    broker = broker_bundled_open(broker);
    make_topic((struct broker_topic_spec){.name = "inner", .partitions = 1, .is_internal = true});
    make_topic((struct broker_topic_spec){.name = "outer", .partitions = 1});
}

static void set_up(void)
{
    begin_log();
    wrap_log();
}

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    (void)self, (void)group, (void)partition;
    begun = starts[0].offset;
}

static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)self, (void)group, (void)partition, (void)lost;
}

static void open_consumer(const char *topic)
{
    struct weir_error error = {0};
    const char *const topics[] = {topic};
    const struct broker_subscription subscription = {.topics = topics, .topic_count = 1};
    const struct broker_rebalance calls = {.assigned = assigned, .revoked = revoked};
    begun = -2;
    consumer = broker->ops->consumer_open(broker, "group", "member", &subscription, 1, calls, &error);
    cr_assert_not_null(consumer, "%s", error.message);
    for (struct broker_message none; begun == -2;)
        cr_assert_eq(broker->ops->consumer_poll(consumer, &none, 1, 100, &error), 0, "a share starts paused");
    broker->ops->consumer_resume(consumer, 0, 0, 0);
}

static void close_consumer(void)
{
    if (consumer)
        broker->ops->consumer_close(consumer);
    consumer = NULL;
}

static void tear_down(void)
{
    close_consumer();
    end_log();
}

TestSuite(bundled, .init = set_up, .fini = tear_down);

/* These offsets come next, and with them these values. */
static void expect(const int64_t *offsets, const char *const *values, int count)
{
    struct weir_error error = {0};
    for (int i = 0; i < count; i++) {
        struct broker_message message;
        cr_assert_eq(broker->ops->consumer_poll(consumer, &message, 1, 5000, &error), 1, "%d of %d: %s", i, count,
                     error.message);
        cr_expect_eq(message.offset, offsets[i], "%lld", (long long)message.offset);
        cr_expect(bytes_equal(message.value, bytes_of_text(values[i])));
        broker->ops->consumer_release(consumer, &message);
    }
}

static void expect_nothing(void)
{
    struct weir_error error = {0};
    struct broker_message message;
    cr_expect_eq(broker->ops->consumer_poll(consumer, &message, 1, 20, &error), 0);
}

static void commit(const char *topic, int64_t offset)
{
    struct weir_error error = {0};
    const struct broker_offset place = {topic, 0, offset, "metadata"};
    cr_assert(broker->ops->consumer_commit(consumer, &place, 1, &error), "%s", error.message);
}

static void write_values(const char *topic, const char *const *values, int count)
{
    struct broker_producer *producer = open_producer();
    for (int i = 0; i < count; i++) {
        struct broker_record record = record_of("key", values[i]);
        record.is_internal = true;
        send_record(producer, topic, record);
    }
    flush(producer);
    broker->ops->producer_close(producer);
}

static const char *const values[] = {"a", "b", "c"};

Test(bundled, records_that_are_sent_together_share_a_message)
{
    write_values("inner", values, 3);
    write_values("inner", values, 1);
    cr_expect_eq(end_of("inner", 0), 2 * PAST_MESSAGE);
    open_consumer("inner");
    expect((int64_t[]){0, 1, PAST_MESSAGE - 1, 2 * PAST_MESSAGE - 1}, (const char *const[]){"a", "b", "c", "a"}, 4);
    expect_nothing();
    cr_expect_eq(broker->ops->consumer_end(consumer, 0, 0, 0), 2 * PAST_MESSAGE);
    cr_expect_not(broker->ops->consumer_is_behind(consumer, 0, 0, 0));
}

Test(bundled, other_topics_are_as_they_were)
{
    write_values("outer", values, 2);
    open_consumer("outer");
    expect((int64_t[]){0, 1}, values, 2);
    cr_expect_eq(end_of("outer", 0), 2);
}

Test(bundled, what_is_committed_may_lie_within_a_message)
{
    struct weir_error error = {0};
    weir_arena arena;
    struct broker_start start;
    write_values("inner", values, 3);
    open_consumer("inner");
    expect((int64_t[]){0}, values, 1);
    commit("inner", 1);
    close_consumer();
    open_consumer("inner");
    cr_expect_eq(begun, 1);
    expect((int64_t[]){1, PAST_MESSAGE - 1}, values + 1, 2);
    commit("inner", PAST_MESSAGE);
    close_consumer();
    open_consumer("inner");
    cr_expect_eq(begun, PAST_MESSAGE);
    expect_nothing();
    if (!broker->ops->commits)
        return;
    arena_init(&arena);
    cr_assert(broker->ops->commits(broker, "group", &(struct broker_place){"inner", 0}, 1, &arena, &start, &error));
    cr_expect_eq(start.offset, PAST_MESSAGE);
    arena_done(&arena);
}

Test(bundled, goes_back_into_a_message)
{
    write_values("inner", values, 3);
    open_consumer("inner");
    expect((int64_t[]){0, 1}, values, 2);
    broker->ops->consumer_rewind(consumer, &(struct broker_offset){.topic = "inner", .offset = 1}, 1);
    expect((int64_t[]){1, PAST_MESSAGE - 1}, values + 1, 2);
    broker->ops->consumer_rewind(consumer, &(struct broker_offset){.topic = "inner", .offset = 0}, 1);
    expect((int64_t[]){0, 1, PAST_MESSAGE - 1}, values, 3);
}

Test(bundled, a_pause_holds_within_a_message)
{
    write_values("inner", values, 3);
    open_consumer("inner");
    expect((int64_t[]){0}, values, 1);
    broker->ops->consumer_pause(consumer, 0, 0, 0);
    expect_nothing();
    cr_expect(broker->ops->consumer_is_behind(consumer, 0, 0, 0));
    broker->ops->consumer_resume(consumer, 0, 0, 0);
    expect((int64_t[]){1, PAST_MESSAGE - 1}, values + 1, 2);
}

Test(bundled, waits_for_company_until_it_is_pushed)
{
    struct weir_error error = {0};
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("key", "a");
    record.is_internal = true;
    open_consumer("inner");
    send_record(producer, "inner", record);
    expect_nothing();
    cr_assert(broker->ops->producer_push(producer, &error));
    flush(producer);
    expect((int64_t[]){PAST_MESSAGE - 1}, values, 1);
    broker->ops->producer_close(producer);
}

/* It keeps its place among those that are. */
Test(bundled, a_large_record_goes_alone)
{
    struct weir_error error = {0};
    static char large[64 * 1024];
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("key", "a");
    struct broker_message message;
    record.is_internal = true;
    send_record(producer, "inner", record);
    record.value = (weir_bytes){large, sizeof large};
    send_record(producer, "inner", record);
    record.value = bytes_of_text("b");
    send_record(producer, "inner", record);
    flush(producer);
    open_consumer("inner");
    expect((int64_t[]){PAST_MESSAGE - 1}, values, 1);
    cr_assert_eq(broker->ops->consumer_poll(consumer, &message, 1, 5000, &error), 1);
    cr_expect_eq(message.value.size, sizeof large);
    cr_expect_eq(message.offset, 2 * PAST_MESSAGE - 1);
    broker->ops->consumer_release(consumer, &message);
    expect((int64_t[]){3 * PAST_MESSAGE - 1}, values + 1, 1);
    broker->ops->producer_close(producer);
}

/* As it was before there were bundles, and as Kafka Streams writes. */
Test(bundled, reads_records_that_share_nothing_too)
{
    close_log();
    open_log();
    write_values("inner", values, 2);
    broker = broker_bundled_open(broker);
    make_topic((struct broker_topic_spec){.name = "inner", .partitions = 1, .is_internal = true});
    write_values("inner", values, 2);
    open_consumer("inner");
    expect((int64_t[]){PAST_MESSAGE - 1, 2 * PAST_MESSAGE - 1, 2 * PAST_MESSAGE, 3 * PAST_MESSAGE - 1},
           (const char *const[]){"a", "b", "a", "b"}, 4);
}
