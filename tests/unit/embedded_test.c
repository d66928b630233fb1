/* embedded_test.c: the embedded broker through broker.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "embedded/limits.h"
#include "embedded_fixture.h"

TestSuite(embedded, .init = begin_log, .fini = end_log);

/* -- topics -- */

Test(embedded, lists_its_topics_sorted)
{
    struct weir_error error = {0};
    weir_arena arena;
    const char **names;
    size_t count;
    arena_init(&arena);
    make_topic((struct broker_topic_spec){.name = "b", .partitions = 1});
    make_topic((struct broker_topic_spec){.name = "a", .partitions = 2});
    make_topic((struct broker_topic_spec){.name = "c", .partitions = -3});
    close_log();
    open_log();
    cr_assert(broker->ops->topics(broker, &arena, &names, &count, &error));
    cr_assert_eq(count, 3);
    cr_assert_str_eq(names[0], "a");
    cr_assert_str_eq(names[2], "c");
    cr_assert_eq(broker->ops->partitions(broker, "c", &error), 3);
    cr_assert_eq(broker->ops->partitions(broker, "x", &error), 0);
    cr_assert_eq(error.code, WEIR_OK);
    arena_done(&arena);
}

static struct weir_error ensure_error(struct broker_topic_spec spec)
{
    struct weir_error error = {0};
    cr_assert_not(broker->ops->ensure(broker, &spec, 1, &error));
    cr_assert_eq(error.code, WEIR_INVALID);
    return error;
}

Test(embedded, names_both_partition_counts_when_they_differ)
{
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2});
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2});
    make_topic((struct broker_topic_spec){.name = "t", .partitions = -5});
    struct weir_error error = ensure_error((struct broker_topic_spec){.name = "t", .partitions = 4});
    cr_assert(strstr(error.message, "2") && strstr(error.message, "4"), "%s", error.message);
    ensure_error((struct broker_topic_spec){.name = "t", .partitions = 2, .cleanup = BROKER_COMPACT});
}

Test(embedded, refuses_names_that_kafka_refuses)
{
    static const char *const names[] = {"", ".", "..", "a/b", "a b", "ü", "a~"};
    char long_name[251];
    memset(long_name, 'x', 250);
    long_name[250] = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ensure_error((struct broker_topic_spec){.name = names[i], .partitions = 1});
    ensure_error((struct broker_topic_spec){.name = long_name, .partitions = 1});
    ensure_error((struct broker_topic_spec){.name = "zero", .partitions = 0});
    make_topic((struct broker_topic_spec){.name = long_name + 1, .partitions = 1});
}

Test(embedded, may_have_a_topic_called_groups)
{
    make_topic((struct broker_topic_spec){.name = "groups", .partitions = 1});
    write_numbers("groups", 0, 3);
    cr_assert_eq(end_of("groups", 0), 3);
}

/* -- producing -- */

Test(embedded, writes_deliveries_at_the_flush)
{
    struct broker_delivery first = {0}, second = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2});
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("k", "v");
    record.partition = 1;
    record.delivery = &first;
    send_record(producer, "t", record);
    send_record(producer, "t", record);
    record.delivery = &second;
    send_record(producer, "t", record);
    flush(producer);
    cr_assert_eq(first.next_offset, 2);
    cr_assert_eq(second.next_offset, 3);
    cr_assert_eq(end_of("t", 1), 3);
    cr_assert_eq(end_of("t", 0), 0);
    broker->ops->producer_close(producer);
}

Test(embedded, writes_deliveries_in_a_poll_without_a_flush)
{
    struct broker_delivery delivery = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("k", "v");
    record.delivery = &delivery;
    send_record(producer, "t", record);
    int64_t until_us = clock_monotonic_us(&clock_system) + 5000000;
    while (delivery.next_offset == 0 && clock_monotonic_us(&clock_system) < until_us) {
        broker->ops->producer_poll(producer);
        usleep(1000); /* a poll takes the lock that the flusher needs */
    }
    cr_assert_eq(delivery.next_offset, 1);
    broker->ops->producer_close(producer);
}

static struct weir_error send_error(const char *topic, struct broker_record record)
{
    struct weir_error error = {0};
    struct broker_producer *producer = open_producer();
    cr_assert_not(broker->ops->producer_send(producer, topic, &record, &error));
    broker->ops->producer_close(producer);
    return error;
}

Test(embedded, calls_a_record_that_can_never_be_taken_poison)
{
    static char large[3000];
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2, .message_bytes_max = 2000});
    make_topic((struct broker_topic_spec){.name = "c", .partitions = 1, .cleanup = BROKER_COMPACT});
    struct broker_record record = record_of("k", NULL);
    cr_assert_eq(send_error("nowhere", record).code, WEIR_POISON);
    cr_assert_str_eq(send_error("nowhere", record).message, "there is no topic 'nowhere'");
    record.value = (weir_bytes){large, sizeof large};
    cr_assert_eq(send_error("t", record).code, WEIR_POISON);
    record = record_of("k", "v");
    record.partition = 2;
    cr_assert_eq(send_error("t", record).code, WEIR_POISON);
    cr_assert_eq(send_error("c", record_of(NULL, "v")).code, WEIR_POISON);
}

Test(embedded, keeps_headers_and_absent_keys_and_values)
{
    struct weir_error error = {0};
    struct weir_header headers[] = {{"a", {"1", 1}}, {"b", {NULL, 0}}};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    struct broker_record record = {.partition = -1, .timestamp_ms = 5, .headers = {headers, 2}};
    write_record("t", record);
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    struct broker_message message;
    cr_assert(broker->ops->reader_add(reader, "t", 0, 0, 1, &error));
    cr_assert_eq(broker->ops->reader_poll(reader, &message, 1, 1000, &error), 1);
    cr_assert_null(message.key.data);
    cr_assert_null(message.value.data);
    cr_assert_eq(message.headers.count, 2);
    cr_assert_str_eq(message.headers.items[0].name, "a");
    cr_assert_null(message.headers.items[1].value.data);
    broker->ops->reader_close(reader); /* the message outlives the reader's cursor */
    cr_assert_str_eq(message.headers.items[1].name, "b");
    broker->ops->reader_release(NULL, &message);
}

Test(embedded, sends_a_key_where_kafka_would)
{
    struct copy copy;
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 10});
    write_record("t", record_of("21", "v")); /* murmur2("21") = -973932308; & 0x7fffffff % 10 = 0 */
    int found = -1;
    for (int p = 0; p < 10; p++)
        if (read_from("t", p, 0, &copy, 1))
            found = p;
    cr_assert_eq(found, (int)((uint32_t)(-973932308) & 0x7fffffff) % 10);
}

Test(embedded, writes_nothing_behind_a_lost_record_before_the_loss_is_told)
{
    struct weir_error error = {0};
    struct rlimit limit;
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    write_numbers("t", 0, 10);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){800, limit.rlim_max});
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("k", "a value that does not fit any more");
    for (int i = 0; i < 10; i++)
        send_record(producer, "t", record);
    usleep(200 * 1000); /* the flusher meets the limit */
    setrlimit(RLIMIT_FSIZE, &limit);
    usleep((EMBEDDED_REVIVE_MS + 100) * 1000);
    send_record(producer, "t", record);
    cr_assert_not(broker->ops->producer_flush(producer, 10000, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    cr_assert_eq(end_of("t", 0), 10);
    send_record(producer, "t", record);
    flush(producer);
    cr_assert_eq(end_of("t", 0), 11);
    broker->ops->producer_close(producer);
}

Test(embedded, says_why_records_were_lost_and_takes_records_again_when_there_is_room)
{
    struct weir_error error = {0};
    struct rlimit limit;
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    write_numbers("t", 0, 10);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){800, limit.rlim_max});
    struct broker_delivery delivery = {0};
    struct broker_producer *producer = open_producer();
    struct broker_record record = record_of("k", "a value that does not fit any more");
    record.delivery = &delivery;
    for (int i = 0; i < 10; i++)
        send_record(producer, "t", record);
    cr_assert_not(broker->ops->producer_flush(producer, 10000, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    cr_assert(strstr(error.message, ".log: File too large"), "%s", error.message);
    cr_assert_eq(delivery.next_offset, 0);
    cr_assert_eq(end_of("t", 0), 10);
    setrlimit(RLIMIT_FSIZE, &limit);
    int64_t until_us = clock_monotonic_us(&clock_system) + 5000000;
    bool sent = false;
    while (!sent && clock_monotonic_us(&clock_system) < until_us)
        sent = broker->ops->producer_send(producer, "t", &record, NULL);
    flush(producer);
    cr_assert_eq(delivery.next_offset, 11);
    broker->ops->producer_close(producer);
    close_log();
    open_log();
    cr_assert_eq(end_of("t", 0), 11);
}

/* -- consuming -- */

enum { SHARES = 16 };
struct member {
    struct broker_consumer *consumer;
    int64_t starts[2][SHARES];
    char metadata[64];
    bool held[2][SHARES];
    int assigned, revoked, settled;
    bool commits_on_revoke;
};

static void member_assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct member *member = self;
    member->assigned++;
    member->held[group][partition] = true;
    member->starts[group][partition] = starts[0].offset;
    snprintf(member->metadata, sizeof member->metadata, "%s", starts[0].metadata);
    broker->ops->consumer_resume(member->consumer, group, 0, partition);
    broker->ops->consumer_resume(member->consumer, group, 1, partition);
}

static void member_revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    struct member *member = self;
    cr_assert_not(lost);
    member->revoked++;
    member->held[group][partition] = false;
    if (member->commits_on_revoke) {
        struct weir_error error = {0};
        struct broker_offset offset = {"t", partition, 100 + partition, "left"};
        cr_assert(broker->ops->consumer_commit(member->consumer, &offset, 1, &error), "%s", error.message);
    }
}

static void member_settled(void *self)
{
    ((struct member *)self)->settled++;
}

static void join(struct member *member, const char *group)
{
    static const char *const topics[] = {"t"};
    struct weir_error error = {0};
    struct broker_subscription subscription = {topics, 1, NULL, NULL};
    struct broker_rebalance rebalance = {member, member_assigned, member_revoked, member_settled};
    member->consumer = broker->ops->consumer_open(broker, group, "m", &subscription, 1, rebalance, &error);
    cr_assert_not_null(member->consumer, "%s", error.message);
}

static int poll_all(struct member *member, int timeout_ms)
{
    struct weir_error error = {0};
    struct broker_message messages[100];
    int count = broker->ops->consumer_poll(member->consumer, messages, 100, timeout_ms, &error);
    cr_assert_geq(count, 0, "%s", error.message);
    for (int i = count; i-- > 0;)
        broker->ops->consumer_release(member->consumer, &messages[i]);
    return count;
}

static void leave(struct member *member)
{
    broker->ops->consumer_close(member->consumer);
}

static int held(const struct member *member)
{
    int count = 0;
    for (int p = 0; p < SHARES; p++)
        count += member->held[0][p];
    return count;
}

Test(embedded, gives_a_lone_member_everything_from_the_start)
{
    struct member member = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 4});
    write_numbers("t", 0, 60);
    join(&member, "g");
    int count = 0;
    while (count < 60)
        count += poll_all(&member, 1000);
    cr_assert_eq(held(&member), 4);
    cr_assert_eq(member.settled, 1);
    cr_assert_eq(member.starts[0][2], BROKER_NO_OFFSET);
    leave(&member);
    cr_assert_eq(member.revoked, 4);
}

static void join_two(struct member *member, const char *first, const char *second, struct weir_error *error)
{
    const char *const topics[] = {first, second};
    struct broker_subscription subscription = {topics, 2, NULL, NULL};
    struct broker_rebalance rebalance = {member, member_assigned, member_revoked, member_settled};
    member->consumer = broker->ops->consumer_open(broker, "g", "m", &subscription, 1, rebalance, error);
}

Test(embedded, a_share_has_the_topics_that_have_its_partition)
{
    struct member member = {0};
    struct weir_error error = {0};
    make_topic((struct broker_topic_spec){.name = "wide", .partitions = 4});
    make_topic((struct broker_topic_spec){.name = "narrow", .partitions = 2});
    write_numbers("wide", 0, 60);
    write_numbers("narrow", 0, 60);
    join_two(&member, "wide", "narrow", &error);
    cr_assert_not_null(member.consumer, "%s", error.message);
    int count = 0;
    while (count < 120)
        count += poll_all(&member, 1000);
    cr_expect_eq(held(&member), 4);
    const struct broker_offset offsets[] = {{"wide", 3, 5, NULL}, {"narrow", 1, 6, NULL}};
    cr_expect(broker->ops->consumer_commit(member.consumer, offsets, 2, &error), "%s", error.message);
    leave(&member);
    cr_expect_eq(member.revoked, 4);
}

Test(embedded, topics_are_told_by_their_width)
{
    struct member member = {0};
    struct weir_error error = {0};
    make_topic((struct broker_topic_spec){.name = "wide", .partitions = 4});
    make_topic((struct broker_topic_spec){.name = "narrow", .partitions = 2});
    join_two(&member, "narrow", "wide", &error);
    cr_assert_null(member.consumer);
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect_not_null(strstr(error.message, "'wide' has 4 partitions"), "%s", error.message);
}

Test(embedded, shares_partitions_and_revokes_before_it_assigns)
{
    struct member a = {.commits_on_revoke = true}, b = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 4});
    join(&a, "g");
    poll_all(&a, 0);
    join(&b, "g");
    poll_all(&b, 0);
    cr_assert_eq(b.assigned, 0);
    cr_assert_eq(b.settled, 0, "what it was dealt is still a's");
    poll_all(&a, 0);
    cr_assert_eq(held(&a), 2);
    poll_all(&b, 0);
    cr_assert_eq(held(&b), 2);
    cr_assert_eq(b.settled, 1);
    cr_assert_str_eq(b.metadata, "left");
    for (int p = 0; p < 4; p++)
        if (b.held[0][p])
            cr_assert_eq(b.starts[0][p], 100 + p);
    leave(&a);
    poll_all(&b, 0);
    cr_assert_eq(held(&b), 4);
    leave(&b);
}

Test(embedded, tells_a_member_for_which_nothing_is_left_that_it_has_settled)
{
    struct member a = {0}, b = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    join(&a, "g");
    poll_all(&a, 0);
    join(&b, "g");
    poll_all(&a, 0);
    poll_all(&b, 0);
    cr_assert_eq(held(&a) + held(&b), 1);
    cr_assert_eq(a.settled, 2, "once for each deal");
    cr_assert_eq(b.settled, 1);
    leave(&a);
    leave(&b);
}

Test(embedded, fences_a_commit_for_a_share_of_another)
{
    struct weir_error error = {0};
    struct member a = {0}, b = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2});
    join(&a, "g");
    poll_all(&a, 0);
    join(&b, "g");
    poll_all(&a, 0);
    poll_all(&b, 0);
    struct broker_offset both[] = {{"t", 0, 1, NULL}, {"t", 1, 1, NULL}};
    cr_assert_not(broker->ops->consumer_commit(a.consumer, both, 2, &error));
    cr_assert_eq(error.code, WEIR_FENCED, "%s", error.message);
    int64_t offset;
    for (int p = 0; p < 2; p++) {
        cr_assert(broker->ops->committed(broker, "g", "t", p, &offset, NULL));
        cr_assert_eq(offset, BROKER_NO_OFFSET);
    }
    leave(&a);
    leave(&b);
}

Test(embedded, resumes_at_the_committed_offset_after_a_reopen)
{
    struct weir_error error = {0};
    struct member member = {0};
    int64_t offset;
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    write_numbers("t", 0, 20);
    join(&member, "g");
    poll_all(&member, 0);
    for (int i = 1; i <= 15; i++) {
        struct broker_offset commit = {"t", 0, i, "position=é"};
        cr_assert(broker->ops->consumer_commit(member.consumer, &commit, 1, &error), "%s", error.message);
    }
    leave(&member);
    close_log();
    open_log();
    cr_assert(broker->ops->committed(broker, "g", "t", 0, &offset, &error));
    cr_assert_eq(offset, 15);
    member = (struct member){0};
    join(&member, "g");
    cr_assert_eq(poll_all(&member, 1000), 5);
    cr_assert_eq(member.starts[0][0], 15);
    cr_assert_str_eq(member.metadata, "position=é");
    leave(&member);
}

Test(embedded, delivers_nothing_of_a_paused_source)
{
    struct member member = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2});
    for (int p = 0; p < 2; p++) {
        struct broker_record record = record_of("k", "v");
        record.partition = p;
        write_record("t", record);
    }
    join(&member, "g");
    struct weir_error error = {0};
    struct broker_message message;
    cr_assert_eq(broker->ops->consumer_poll(member.consumer, &message, 1, 0, &error), 1);
    int32_t other = 1 - message.partition;
    broker->ops->consumer_release(member.consumer, &message);
    broker->ops->consumer_pause(member.consumer, 0, 0, other);
    cr_assert_eq(poll_all(&member, 0), 0);
    cr_assert_eq(broker->ops->consumer_end(member.consumer, 0, 0, other), 1);
    broker->ops->consumer_resume(member.consumer, 0, 0, other);
    cr_assert_eq(poll_all(&member, 0), 1);
    leave(&member);
}

Test(embedded, takes_from_several_partitions_in_one_poll)
{
    struct weir_error error = {0};
    struct member member = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 4});
    write_numbers("t", 0, 1000);
    join(&member, "g");
    struct broker_message messages[40];
    int seen[4] = {0};
    cr_assert_eq(broker->ops->consumer_poll(member.consumer, messages, 40, 0, &error), 40);
    for (int i = 0; i < 40; i++) {
        seen[messages[i].partition]++;
        broker->ops->consumer_release(member.consumer, &messages[i]);
    }
    for (int p = 0; p < 4; p++)
        cr_assert_eq(seen[p], 10);
    leave(&member);
}

Test(embedded, names_the_topic_that_is_missing)
{
    static const char *const topics[] = {"absent"};
    struct weir_error error = {0};
    struct broker_subscription subscription = {topics, 1, NULL, NULL};
    cr_assert_null(
        broker->ops->consumer_open(broker, "g", "m", &subscription, 1, (struct broker_rebalance){0}, &error));
    cr_assert_eq(error.code, WEIR_INVALID);
    cr_assert(strstr(error.message, "'absent'"));
}

Test(embedded, shows_records_that_nobody_flushes)
{
    struct member member = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    join(&member, "g");
    poll_all(&member, 0);
    struct broker_producer *producer = open_producer();
    send_record(producer, "t", record_of("k", "v"));
    cr_assert_eq(poll_all(&member, 5000), 1);
    broker->ops->producer_close(producer);
    leave(&member);
}

Test(embedded, shares_one_log_among_the_apps_of_a_process)
{
    struct weir_error error = {0};
    struct broker *again = broker_embedded_open(directory, NULL, &error);
    cr_assert_eq(again, broker);
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    write_numbers("t", 0, 5);
    struct member a = {0}, b = {0};
    join(&a, "app-a");
    join(&b, "app-b");
    cr_assert_eq(poll_all(&a, 1000), 5);
    cr_assert_eq(poll_all(&b, 1000), 5);
    leave(&a);
    leave(&b);
    again->ops->close(again);
    cr_assert_eq(end_of("t", 0), 5);
}

Test(embedded, refuses_metadata_that_is_too_long)
{
    struct weir_error error = {0};
    struct member member = {0};
    static char metadata[4002];
    memset(metadata, 'm', 4001);
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    join(&member, "g");
    poll_all(&member, 0);
    struct broker_offset commit = {"t", 0, 1, metadata};
    cr_assert_not(broker->ops->consumer_commit(member.consumer, &commit, 1, &error));
    cr_assert_eq(error.code, WEIR_INVALID);
    metadata[4000] = 0;
    cr_assert(broker->ops->consumer_commit(member.consumer, &commit, 1, NULL));
    leave(&member);
}

/* -- another process -- */

/* The second process: 0 when all is as it should be, else the line that was not. */
static int watch(int ready)
{
    struct weir_error error = {0};
    struct broker_message message;
    char byte;
    if (read(ready, &byte, 1) != 1 || !(broker = broker_embedded_open(directory, NULL, &error)))
        return __LINE__;
    if (broker->ops->producer_open(broker, "p", &error) || error.code != WEIR_INVALID)
        return __LINE__;
    if (!strstr(error.message, directory) || !strstr(error.message, "in use by another process"))
        return __LINE__;
    error = (struct weir_error){0};
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    if (!broker->ops->reader_add(reader, "t", 0, 0, 0, &error))
        return __LINE__;
    int64_t next = 0;
    while (next < 300 && broker->ops->reader_poll(reader, &message, 1, 5000, &error) == 1) {
        if (message.offset != next++)
            return __LINE__;
        broker->ops->reader_release(reader, &message);
    }
    broker->ops->reader_close(reader);
    int64_t committed = -1;
    if (next != 300 || !broker->ops->committed(broker, "g", "t", 0, &committed, &error) || committed != 3)
        return __LINE__;
    close_log();
    return 0;
}

Test(embedded, lets_a_second_process_read_and_not_write)
{
    int ready[2], status;
    close_log(); /* a fork must not inherit the broker of its parent */
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(watch(ready[0]) % 256);
    open_log();
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1, .segment_bytes = 2000});
    write_numbers("t", 0, 5);
    struct member member = {0};
    join(&member, "g");
    poll_all(&member, 0);
    cr_assert(broker->ops->consumer_commit(member.consumer, &(struct broker_offset){"t", 0, 3, NULL}, 1, NULL));
    cr_assert_eq(write(ready[1], "x", 1), 1);
    for (int i = 5; i < 300; i += 5)
        write_numbers("t", i, i + 5);
    leave(&member);
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "line %d (modulo 256)", WEXITSTATUS(status));
    close(ready[0]);
    close(ready[1]);
}

/* -- in memory -- */

Test(embedded, works_without_a_directory)
{
    struct weir_error error = {0};
    struct broker *disk = broker;
    broker = broker_embedded_open(NULL, NULL, &error);
    struct member member = {0};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 2, .segment_bytes = 1000});
    write_numbers("t", 0, 100);
    join(&member, "g");
    int count = 0;
    while (count < 100)
        count += poll_all(&member, 1000);
    struct broker_offset commit = {"t", 0, 7, NULL};
    int64_t offset;
    cr_assert(broker->ops->consumer_commit(member.consumer, &commit, 1, &error));
    cr_assert(broker->ops->committed(broker, "g", "t", 0, &offset, &error));
    cr_assert_eq(offset, 7);
    leave(&member);
    close_log();
    broker = disk;
}

static int64_t offset_at(int64_t timestamp_ms)
{
    struct weir_error error = {0};
    int64_t offset = -1;
    cr_assert(broker->ops->offset_at(broker, "t", 0, timestamp_ms, &offset, &error), "%s", error.message);
    return offset;
}

Test(embedded, finds_the_first_record_that_is_not_older_than_a_time, .init = begin_log, .fini = end_log)
{
    static const int64_t times[] = {10, 30, 20, 40};
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    cr_expect_eq(offset_at(0), 0);
    struct broker_producer *producer = open_producer();
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct broker_record record = record_of("k", "v");
        record.timestamp_ms = times[i];
        send_record(producer, "t", record);
    }
    flush(producer);
    cr_expect_eq(offset_at(0), 0);
    cr_expect_eq(offset_at(10), 0);
    cr_expect_eq(offset_at(11), 1);
    cr_expect_eq(offset_at(31), 3);
    cr_expect_eq(offset_at(41), 4);
    cr_expect_eq(offset_at(INT64_MAX), 4);
    broker->ops->producer_close(producer);
}
