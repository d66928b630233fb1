/* compaction_test.c: retention and compaction of the embedded log.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/embedded.h"
#include "embedded_fixture.h"

#include "base/clock.h"

enum { DAY_MS = 24 * 3600 * 1000 };

TestSuite(compaction, .init = begin_log, .fini = end_log);
TestSuite(retention, .init = begin_log, .fini = end_log);
TestSuite(purge, .init = begin_log, .fini = end_log);

static void clean(int64_t days_later)
{
    embedded_clean((struct embedded *)broker, clock_wall_ms(&clock_system) + days_later * DAY_MS, true);
}

static void make_compacted(void)
{
    make_topic(
        (struct broker_topic_spec){.name = "c", .partitions = 1, .cleanup = BROKER_COMPACT, .segment_bytes = 2000});
}

/* Keys k0..k9 again and again: value "v<i>" at offset i. A NULL value for those in [deleted_from, deleted_to). */
static void write_rounds(int count, int deleted_from, int deleted_to)
{
    struct broker_producer *producer = open_producer();
    for (int i = 0; i < count; i++) {
        char key[16], value[16];
        snprintf(key, sizeof key, "k%d", i % 10);
        snprintf(value, sizeof value, "v%d", i);
        send_record(producer, "c", record_of(key, i >= deleted_from && i < deleted_to ? NULL : value));
    }
    flush(producer);
    broker->ops->producer_close(producer);
}

static struct copy copies[5000];

static const struct copy *latest(int count, const char *key)
{
    const struct copy *found = NULL;
    for (int i = 0; i < count; i++)
        if (strcmp(copies[i].key, key) == 0)
            found = &copies[i];
    return found;
}

static void expect_latest(int count, int written)
{
    for (int i = written - 10; i < written; i++) {
        char key[16], value[16];
        snprintf(key, sizeof key, "k%d", i % 10);
        snprintf(value, sizeof value, "v%d", i);
        const struct copy *copy = latest(count, key);
        cr_assert_not_null(copy);
        cr_assert_str_eq(copy ? copy->value : "", value);
        cr_assert_eq(copy ? copy->offset : -1, i);
    }
}

Test(compaction, keeps_the_latest_of_each_key_at_its_offset)
{
    make_compacted();
    write_rounds(2000, 0, 0);
    clean(0);
    int count = read_from("c", 0, 0, copies, 5000);
    cr_assert_lt(count, 100);
    expect_latest(count, 2000);
    close_log();
    open_log();
    cr_assert_eq(read_from("c", 0, 0, copies, 5000), count);
    expect_latest(count, 2000);
    cr_assert_eq(begin_of("c", 0), 0);
    cr_assert_eq(end_of("c", 0), 2000);
}

Test(compaction, repeated_and_interleaved_with_writes_loses_nothing)
{
    make_compacted();
    for (int i = 1; i <= 5; i++) {
        write_rounds(500, 0, 0);
        clean(0);
        int count = read_from("c", 0, 0, copies, 5000);
        cr_assert_lt(count, 150);
        for (int k = 0; k < 10; k++) {
            char key[8], value[16];
            snprintf(key, sizeof key, "k%d", k);
            snprintf(value, sizeof value, "v%d", 490 + k);
            const struct copy *copy = latest(count, key);
            cr_assert_not_null(copy);
            cr_assert_str_eq(copy ? copy->value : "", value);
            cr_assert_eq(copy ? copy->offset : -1, i * 500 - 10 + k);
        }
        if (i == 3) {
            close_log();
            open_log();
        }
    }
}

Test(compaction, keeps_a_deletion_for_a_day)
{
    make_compacted();
    write_rounds(600, 300, 310);
    struct broker_producer *producer = open_producer();
    send_record(producer, "c", record_of("gone", "x"));
    send_record(producer, "c", record_of("gone", NULL));
    for (int i = 0; i < 200; i++)
        send_record(producer, "c", record_of("k1", "filler"));
    flush(producer);
    broker->ops->producer_close(producer);
    clean(0);
    const struct copy *gone = latest(read_from("c", 0, 0, copies, 5000), "gone");
    cr_assert(gone && !gone->has_value);
    clean(2);
    cr_assert_null(latest(read_from("c", 0, 0, copies, 5000), "gone"));
}

Test(compaction, leaves_a_reader_what_it_holds)
{
    struct weir_error error = {0};
    struct broker_message messages[20];
    make_compacted();
    write_rounds(2000, 0, 0);
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    cr_assert(broker->ops->reader_add(reader, "c", 0, 0, 0, &error));
    cr_assert_eq(broker->ops->reader_poll(reader, messages, 20, 1000, &error), 20);
    clean(0);
    for (int i = 0; i < 20; i++) {
        char value[16];
        snprintf(value, sizeof value, "v%d", i);
        cr_assert(bytes_equal(messages[i].value, bytes_of_text(value)));
        broker->ops->reader_release(reader, &messages[i]);
    }
    int got;
    while ((got = broker->ops->reader_poll(reader, messages, 20, 0, &error)) > 0)
        for (int i = 0; i < got; i++)
            broker->ops->reader_release(reader, &messages[i]);
    cr_assert_eq(got, 0, "%s", error.message);
    cr_assert_eq(broker->ops->reader_position(reader, 0), 2000);
    broker->ops->reader_close(reader);
}

Test(compaction, merges_what_became_small)
{
    make_compacted();
    write_rounds(2000, 0, 0);
    const struct embedded_partition *partition = &embedded_topic_find((struct embedded *)broker, "c")->partitions[0];
    size_t before = partition->segment_count;
    clean(0);
    clean(0);
    cr_assert_gt(before, 40);
    cr_assert_lt(partition->segment_count, 5);
}

static void saved_path(char *out, size_t size, int index)
{
    snprintf(out, size, "%s/saved.%d", directory, index);
}

Test(compaction, that_was_cut_off_between_rename_and_removal_is_finished_at_open)
{
    enum { BASES = 1000 };
    char beside[128];
    make_compacted();
    write_rounds(BASES, 0, 0);
    for (int base = 1; base < BASES; base++) {
        saved_path(beside, sizeof beside, base);
        (void)!link(segment_path("c", 0, base), beside);
    }
    clean(0);
    clean(0);
    int kept = read_from("c", 0, 0, copies, 5000), restored = 0;
    close_log();
    for (int base = 1; base < BASES; base++) { /* the files that the merge has removed are back */
        saved_path(beside, sizeof beside, base);
        if (access(segment_path("c", 0, base), F_OK) != 0)
            restored += link(beside, segment_path("c", 0, base)) == 0;
        unlink(beside);
    }
    cr_assert_gt(restored, 10);
    open_log();
    cr_assert_eq(read_from("c", 0, 0, copies, 5000), kept);
    expect_latest(kept, BASES);
}

Test(compaction, respects_the_lag)
{
    make_topic((struct broker_topic_spec){
        .name = "c", .partitions = 1, .cleanup = BROKER_COMPACT, .segment_bytes = 2000, .compaction_lag_ms = DAY_MS});
    struct broker_producer *producer = open_producer();
    for (int i = 0; i < 500; i++) {
        struct broker_record record = record_of("k", "v");
        record.timestamp_ms = -1;
        send_record(producer, "c", record);
    }
    flush(producer);
    broker->ops->producer_close(producer);
    clean(0);
    cr_assert_eq(read_from("c", 0, 0, copies, 5000), 500);
    clean(2);
    cr_assert_lt(read_from("c", 0, 0, copies, 5000), 100);
}

Test(retention, drops_whole_segments_that_are_old)
{
    make_topic((struct broker_topic_spec){.name = "r", .partitions = 1, .segment_bytes = 2000, .retention_ms = DAY_MS});
    write_numbers("r", 0, 200); /* timestamps 0..199: very old */
    struct broker_record record = record_of("k", "fresh");
    record.timestamp_ms = -1;
    write_record("r", record);
    clean(0);
    int64_t begin = begin_of("r", 0);
    cr_assert_gt(begin, 100);
    int count = read_from("r", 0, 0, copies, 5000);
    cr_assert_eq(copies[0].offset, begin);
    cr_assert_str_eq(copies[count - 1].value, "fresh");
    close_log();
    open_log();
    cr_assert_eq(begin_of("r", 0), begin);
    cr_assert_eq(end_of("r", 0), 201);
}

Test(retention, closes_and_drops_the_last_segment_too)
{
    make_topic((struct broker_topic_spec){.name = "r", .partitions = 1, .retention_ms = DAY_MS});
    write_numbers("r", 0, 20);
    clean(0);
    cr_assert_eq(begin_of("r", 0), 20);
    cr_assert_eq(end_of("r", 0), 20);
    close_log();
    open_log();
    write_numbers("r", 20, 21);
    cr_assert_eq(read_from("r", 0, 0, copies, 10), 1);
    cr_assert_eq(copies[0].offset, 20);
}

Test(retention, for_ever_drops_nothing)
{
    make_topic((struct broker_topic_spec){.name = "r", .partitions = 1, .segment_bytes = 1000, .retention_ms = -1});
    write_numbers("r", 0, 100);
    clean(1000);
    cr_assert_eq(read_from("r", 0, 0, copies, 5000), 100);
}

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    (void)self, (void)group, (void)partition, (void)starts;
}
static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)self, (void)group, (void)partition, (void)lost;
}
static void settled(void *self)
{
    (void)self;
}

static enum broker_purge purge(const char *topic, int64_t offset)
{
    static const char *const topics[] = {"p"};
    const struct broker_subscription subscription = {topics, 1, NULL, NULL};
    const struct broker_offset place = {topic, 0, offset, NULL};
    struct weir_error error = {0};
    struct broker_consumer *consumer = broker->ops->consumer_open(
        broker, "g", "m", &subscription, 1, (struct broker_rebalance){NULL, assigned, revoked, settled}, &error);
    cr_assert_not_null(consumer, "%s", error.message);
    enum broker_purge answer = broker->ops->consumer_purge(consumer, &place, 1, &error);
    broker->ops->consumer_close(consumer);
    return answer;
}

Test(purge, drops_whole_segments_that_nobody_needs)
{
    make_topic((struct broker_topic_spec){.name = "p", .partitions = 1, .segment_bytes = 1000, .retention_ms = -1});
    write_numbers("p", 0, 100);
    cr_assert_eq(purge("p", 60), BROKER_PURGE_ASKED);
    clean(0);
    int64_t begin = begin_of("p", 0);
    cr_assert_gt(begin, 30);
    cr_assert_leq(begin, 60);
    cr_assert_eq(read_from("p", 0, 0, copies, 5000), 100 - (int)begin);
    close_log();
    open_log();
    cr_assert_eq(begin_of("p", 0), begin);
    cr_assert_eq(end_of("p", 0), 100);
}

Test(purge, of_a_topic_that_is_not_there_is_told)
{
    make_topic((struct broker_topic_spec){.name = "p", .partitions = 1});
    cr_assert_eq(purge("nowhere", 1), BROKER_PURGE_FAILED);
}
