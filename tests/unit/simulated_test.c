/* simulated_test.c: the simulated cluster keeps the contract of broker.h, as embedded_test.c and tests/kafka ask it of the others. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "simulated/simulated.h"

enum { PARTITIONS = 4, SECOND = 1000 * 1000 };

static struct simulated *cluster;
static int64_t now_us;

static void ignore_wait(void *self, int64_t us)
{
    (void)self, (void)us;
}
static void ignore_travel(void *self)
{
    (void)self;
}
static enum simulated_fate next_fate;
static enum simulated_fate fate(void *self, enum simulated_request request)
{
    (void)self, (void)request;
    enum simulated_fate drawn = next_fate;
    next_fate = SIMULATED_ANSWERED;
    return drawn;
}
static bool sends_later(void *self)
{
    (void)self;
    return false;
}
static bool sees(void *self, const char *topic)
{
    (void)self, (void)topic;
    return true;
}
static void ignore_offer(void *self, void *owner, uint64_t token, const struct broker_offset *offsets, size_t count)
{
    (void)self, (void)owner, (void)token, (void)offsets, (void)count;
}
static void ignore_commit(void *self, uint64_t token)
{
    (void)self, (void)token;
}
static void fail_on_violation(void *self, const char *what)
{
    (void)self;
    cr_assert(false, "%s", what);
}

static void begin(void)
{
    const struct simulated_witness witness = {NULL, ignore_offer, ignore_commit, fail_on_violation};
    const struct simulated_settings settings = {.session_timeout_us = SECOND, .transaction_timeout_us = 5 * SECOND};
    next_fate = SIMULATED_ANSWERED;
    cluster = simulated_new(settings, witness, (struct random){1});
    simulated_make_topic(cluster, "in", PARTITIONS);
    simulated_make_topic(cluster, "out", 1);
    now_us = 0;
}

static void end(void)
{
    simulated_free(cluster);
}

TestSuite(simulated, .init = begin, .fini = end);

static struct broker *connect(void)
{
    const struct simulated_link link = {NULL, ignore_wait, ignore_travel, fate, sends_later, sees};
    return simulated_connect(cluster, link, NULL);
}

static void pass(int64_t us)
{
    now_us += us;
    simulated_tick(cluster, now_us);
}

static void append(int32_t partition, const char *key)
{
    const struct broker_record record = {
        .partition = partition, .timestamp_ms = 1, .key = bytes_of_text(key), .value = bytes_of_text("v")};
    simulated_append(cluster, "in", &record);
}

struct member {
    struct broker *broker;
    struct broker_consumer *consumer;
    bool held[PARTITIONS];
    int64_t starts[PARTITIONS];
    int lost;
};

static void assigned(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    struct member *member = self;
    cr_assert_not(member->held[partition]);
    member->held[partition] = true;
    member->starts[partition] = starts[0].offset;
    member->broker->ops->consumer_resume(member->consumer, group, 0, partition);
    member->broker->ops->consumer_resume(member->consumer, group, 1, partition);
}
static void revoked(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)group;
    struct member *member = self;
    cr_assert(member->held[partition]);
    member->held[partition] = false;
    member->lost += lost;
}
static void settled(void *self)
{
    (void)self;
}

static void join_to(struct member *member, const struct broker_subscription subscription)
{
    struct weir_error error = {0};
    member->broker = connect();
    member->consumer =
        member->broker->ops->consumer_open(member->broker, "g", "m", &subscription, 1,
                                           (struct broker_rebalance){member, assigned, revoked, settled}, &error);
    cr_assert_not_null(member->consumer, "%s", error.message);
}

static void join(struct member *member)
{
    static const char *const topics[] = {"in"};
    join_to(member, (struct broker_subscription){topics, 1, NULL, NULL});
}

static int poll(struct member *member)
{
    struct weir_error error = {0};
    struct broker_message messages[100];
    int count = member->broker->ops->consumer_poll(member->consumer, messages, 100, 0, &error);
    for (int i = 0; i < count; i++)
        member->broker->ops->consumer_release(member->consumer, &messages[i]);
    return count;
}

static void leave(struct member *member)
{
    member->broker->ops->consumer_close(member->consumer);
    member->broker->ops->close(member->broker);
}

static int held(const struct member *member)
{
    int count = 0;
    for (int i = 0; i < PARTITIONS; i++)
        count += member->held[i];
    return count;
}

static struct broker_producer *open_writer(struct broker *broker, const char *id)
{
    struct weir_error error = {0};
    struct broker_producer *writer = broker->ops->transaction_open(broker, "c", id, &error);
    cr_assert_not_null(writer, "%s", error.message);
    return writer;
}

static void send(struct broker *broker, struct broker_producer *producer, const char *value)
{
    struct weir_error error = {0};
    const struct broker_record record = {
        .partition = 0, .timestamp_ms = 1, .key = bytes_of_text("k"), .value = bytes_of_text(value)};
    cr_assert(broker->ops->producer_send(producer, "out", &record, &error), "%s", error.message);
}

static int64_t end_of_out(struct broker *broker)
{
    int64_t first = 0, last = 0;
    cr_assert(broker->ops->range(broker, "out", 0, &first, &last, NULL));
    return last;
}

static int read_out(struct broker *broker)
{
    struct broker_reader *reader = broker->ops->reader_open(broker, NULL);
    struct broker_message messages[100];
    cr_assert(broker->ops->reader_add(reader, "out", 0, 0, 7, NULL));
    int count = 0, got;
    while ((got = broker->ops->reader_poll(reader, messages, 100, 0, NULL)) > 0)
        for (int i = 0; i < got; i++, count++)
            broker->ops->reader_release(reader, &messages[i]);
    broker->ops->reader_close(reader);
    return count;
}

Test(simulated, gives_a_lone_member_everything_from_the_start)
{
    struct member member = {0};
    for (int i = 0; i < 60; i++)
        append(i % PARTITIONS, "k");
    join(&member);
    int count = 0;
    for (int i = 0; i < 100 && count < 60; i++)
        count += poll(&member);
    cr_assert_eq(count, 60);
    cr_assert_eq(held(&member), PARTITIONS);
    cr_assert_eq(member.starts[0], BROKER_NO_OFFSET);
    leave(&member);
    cr_assert_eq(held(&member), 0);
}

Test(simulated, a_share_has_the_topics_that_have_its_partition)
{
    struct member member = {0};
    static const char *const topics[] = {"in", "out"};
    const struct broker_record record = {.timestamp_ms = 1, .value = bytes_of_text("v")};
    for (int i = 0; i < 20; i++) {
        append(i % PARTITIONS, "k");
        simulated_append(cluster, "out", &record);
    }
    join_to(&member, (struct broker_subscription){topics, 2, NULL, NULL});
    int count = 0;
    for (int i = 0; i < 100 && count < 40; i++)
        count += poll(&member);
    cr_expect_eq(count, 40);
    cr_expect_eq(held(&member), PARTITIONS);
    leave(&member);
    cr_expect_eq(held(&member), 0);
}

Test(simulated, revokes_before_it_assigns)
{
    struct member a = {0}, b = {0};
    join(&a);
    poll(&a);
    join(&b);
    poll(&b);
    cr_assert_eq(held(&b), 0);
    poll(&a);
    poll(&b);
    cr_assert_eq(held(&a), 2);
    cr_assert_eq(held(&b), 2);
    leave(&a);
    poll(&b);
    cr_assert_eq(held(&b), PARTITIONS);
    leave(&b);
}

Test(simulated, gives_the_partitions_of_a_silent_member_to_others_and_tells_it_when_it_is_back)
{
    struct member a = {0}, b = {0};
    struct weir_error error = {0};
    join(&a);
    poll(&a);
    join(&b);
    simulated_silence(a.broker, true);
    pass(2 * SECOND);
    poll(&b);
    cr_assert_eq(held(&b), PARTITIONS);
    simulated_silence(a.broker, false);
    const struct broker_offset offset = {"in", 0, 1, NULL};
    cr_assert_not(a.broker->ops->consumer_commit(a.consumer, &offset, 1, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    poll(&a);
    cr_assert_eq(a.lost, PARTITIONS);
    leave(&a);
    leave(&b);
}

Test(simulated, keeps_the_partitions_of_a_killed_member_until_its_session_is_over)
{
    struct member a = {0}, b = {0};
    join(&a);
    poll(&a);
    simulated_kill(a.broker);
    leave(&a);
    join(&b);
    poll(&b);
    cr_assert_eq(held(&b), 0);
    pass(2 * SECOND);
    poll(&b);
    cr_assert_eq(held(&b), PARTITIONS);
    leave(&b);
}

Test(simulated, resumes_at_the_committed_offset)
{
    struct member a = {0}, b = {0};
    struct weir_error error = {0};
    for (int i = 0; i < 5; i++)
        append(0, "k");
    join(&a);
    poll(&a);
    const struct broker_offset offset = {"in", 0, 3, "m"};
    cr_assert(a.broker->ops->consumer_commit(a.consumer, &offset, 1, &error), "%s", error.message);
    leave(&a);
    join(&b);
    int count = 0;
    for (int i = 0; i < 10; i++)
        count += poll(&b);
    cr_assert_eq(b.starts[0], 3);
    cr_assert_eq(count, 2);
    leave(&b);
}

Test(simulated, refuses_a_commit_of_what_is_not_held)
{
    struct member a = {0}, b = {0};
    struct weir_error error = {0};
    join(&a);
    join(&b);
    poll(&a);
    poll(&b);
    int32_t other = 0;
    while (a.held[other])
        other++;
    const struct broker_offset offset = {"in", other, 1, NULL};
    cr_assert_not(a.broker->ops->consumer_commit(a.consumer, &offset, 1, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    leave(&a);
    leave(&b);
}

Test(simulated, shows_nothing_of_a_transaction_before_its_commit_and_nothing_behind_its_first_record)
{
    struct broker *broker = connect();
    struct broker_producer *writer = open_writer(broker, "w"), *plain = broker->ops->producer_open(broker, "p", NULL);
    send(broker, writer, "a");
    cr_assert(broker->ops->producer_flush(writer, 1000, NULL));
    send(broker, plain, "b");
    cr_assert(broker->ops->producer_flush(plain, 1000, NULL));
    cr_assert_eq(end_of_out(broker), 0);
    cr_assert_eq(read_out(broker), 0);
    cr_assert(broker->ops->transaction_commit(writer, NULL, NULL, 0, NULL));
    pass(0);
    cr_assert_eq(end_of_out(broker), 3); /* the marker takes an offset */
    cr_assert_eq(read_out(broker), 2);
    broker->ops->producer_close(plain);
    broker->ops->producer_close(writer);
    broker->ops->close(broker);
}

Test(simulated, shows_nothing_of_an_aborted_transaction)
{
    struct broker *broker = connect();
    struct broker_producer *writer = open_writer(broker, "w");
    send(broker, writer, "a");
    cr_assert(broker->ops->producer_flush(writer, 1000, NULL));
    cr_assert(broker->ops->transaction_abort(writer, NULL));
    pass(0);
    cr_assert_eq(read_out(broker), 0);
    send(broker, writer, "b");
    cr_assert(broker->ops->transaction_commit(writer, NULL, NULL, 0, NULL));
    pass(0);
    cr_assert_eq(read_out(broker), 1);
    broker->ops->producer_close(writer);
    broker->ops->close(broker);
}

Test(simulated, fences_the_writer_before_the_latest)
{
    struct weir_error error = {0};
    struct broker *old = connect(), *new = connect();
    struct broker_producer *first = open_writer(old, "w");
    send(old, first, "a");
    cr_assert(old->ops->producer_flush(first, 1000, NULL));
    struct broker_producer *second = open_writer(new, "w");
    cr_assert_not(old->ops->transaction_commit(first, NULL, NULL, 0, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    pass(0);
    cr_assert_eq(read_out(new), 0);
    old->ops->producer_close(first);
    new->ops->producer_close(second);
    old->ops->close(old);
    new->ops->close(new);
}

Test(simulated, aborts_a_transaction_that_takes_too_long)
{
    struct weir_error error = {0};
    struct broker *broker = connect();
    struct broker_producer *writer = open_writer(broker, "w");
    send(broker, writer, "a");
    cr_assert(broker->ops->producer_flush(writer, 1000, NULL));
    pass(6 * SECOND);
    cr_assert_not(broker->ops->transaction_commit(writer, NULL, NULL, 0, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    cr_assert(broker->ops->transaction_abort(writer, NULL));
    send(broker, writer, "b");
    cr_assert(broker->ops->transaction_commit(writer, NULL, NULL, 0, NULL));
    pass(0);
    cr_assert_eq(read_out(broker), 1);
    broker->ops->producer_close(writer);
    broker->ops->close(broker);
}

Test(simulated, decides_a_commit_in_doubt_by_an_abort)
{
    struct weir_error error = {0};
    struct broker *broker = connect();
    struct broker_producer *writer = open_writer(broker, "w");
    send(broker, writer, "a");
    next_fate = SIMULATED_LATE;
    cr_assert_not(broker->ops->transaction_commit(writer, NULL, NULL, 0, &error));
    cr_assert_eq(error.code, WEIR_FENCED);
    cr_assert(broker->ops->transaction_abort(writer, NULL));
    pass(10 * SECOND);
    cr_assert_eq(read_out(broker), 0);
    broker->ops->producer_close(writer);
    broker->ops->close(broker);
}

Test(simulated, gives_a_partition_to_nobody_while_a_transaction_may_still_commit_its_offset)
{
    struct weir_error error = {0};
    struct member a = {0}, b = {0};
    append(0, "k");
    join(&a);
    poll(&a);
    struct broker_producer *writer = open_writer(a.broker, "w");
    const struct broker_offset offset = {"in", 0, 1, NULL};
    next_fate = SIMULATED_LATE;
    cr_assert_not(a.broker->ops->transaction_commit(writer, a.consumer, &offset, 1, &error));
    simulated_kill(a.broker);
    pass(SECOND);
    join(&b);
    poll(&b);
    cr_assert_not(b.held[0]);
    pass(10 * SECOND);
    poll(&b);
    cr_assert_eq(held(&b), PARTITIONS);
    cr_assert_eq(b.starts[0], 1);
    a.broker->ops->producer_close(writer);
    leave(&a);
    leave(&b);
}

Test(simulated, forgets_what_a_killed_process_does)
{
    struct weir_error error = {0};
    struct broker *broker = connect(), *other = connect();
    struct broker_producer *producer = broker->ops->producer_open(broker, "p", NULL);
    simulated_kill(broker);
    const struct broker_record record = {.partition = 0, .value = bytes_of_text("v")};
    cr_assert_not(broker->ops->producer_send(producer, "out", &record, &error));
    cr_assert_eq(error.code, WEIR_FATAL);
    cr_assert_not(broker->ops->producer_flush(producer, 1000, NULL));
    cr_assert_eq(end_of_out(other), 0);
    broker->ops->producer_close(producer);
    broker->ops->close(broker);
    other->ops->close(other);
}

Test(simulated, what_a_killed_process_has_sent_arrives_before_its_static_member_is_back)
{
    const struct simulated_witness witness = {NULL, ignore_offer, ignore_commit, fail_on_violation};
    const struct simulated_settings settings = {
        .session_timeout_us = SECOND, .transaction_timeout_us = SECOND, .static_members = true};
    struct weir_error error = {0};
    struct member a = {0}, b = {0};
    simulated_free(cluster);
    cluster = simulated_new(settings, witness, (struct random){1});
    simulated_make_topic(cluster, "in", PARTITIONS);
    simulated_make_topic(cluster, "out", 1);
    join(&a);
    poll(&a);
    struct broker_producer *producer = a.broker->ops->producer_open(a.broker, "p", &error);
    const struct broker_record record = {.partition = 0, .value = bytes_of_text("v")};
    for (int i = 0; i < 20; i++)
        cr_assert(a.broker->ops->producer_send(producer, "out", &record, &error), "%s", error.message);
    simulated_kill(a.broker);
    a.broker->ops->producer_close(producer);
    leave(&a);
    join(&b);
    int64_t arrived = end_of_out(b.broker);
    cr_expect_gt(arrived, 0);
    poll(&b);
    cr_expect_eq(held(&b), PARTITIONS);
    pass(2 * SECOND);
    cr_expect_eq(end_of_out(b.broker), arrived);
    leave(&b);
}

static void purge(struct member *member, int64_t offset)
{
    struct weir_error error = {0};
    const struct broker_offset place = {"in", 0, offset, NULL};
    cr_assert_eq(member->broker->ops->consumer_purge(member->consumer, &place, 1, &error), BROKER_PURGE_ASKED);
}

static void commit_in(struct member *member, int64_t offset)
{
    struct weir_error error = {0};
    const struct broker_offset place = {"in", 0, offset, NULL};
    cr_assert(member->broker->ops->consumer_commit(member->consumer, &place, 1, &error), "%s", error.message);
}

Test(simulated, purges_what_is_committed_after_a_while)
{
    struct member member = {0};
    int64_t begin = -1, end = -1;
    for (int i = 0; i < 10; i++)
        append(0, "k");
    join(&member);
    for (int i = 0; i < 10; i++)
        poll(&member);
    commit_in(&member, 6);
    purge(&member, 6);
    pass(SECOND);
    cr_assert(member.broker->ops->range(member.broker, "in", 0, &begin, &end, NULL));
    cr_assert_eq(begin, 6);
    cr_assert_eq(end, 10);
    cr_assert_eq(simulated_purged(cluster), 6);
    leave(&member);
}

static int violations;
static void count_violation(void *self, const char *what)
{
    (void)self, (void)what;
    violations++;
}

Test(simulated, calls_it_a_violation_to_purge_what_nobody_has_committed)
{
    const struct simulated_witness witness = {NULL, ignore_offer, ignore_commit, count_violation};
    struct member member = {0};
    simulated_free(cluster);
    cluster = simulated_new((struct simulated_settings){.session_timeout_us = SECOND}, witness, (struct random){1});
    simulated_make_topic(cluster, "in", PARTITIONS);
    for (int i = 0; i < 10; i++)
        append(0, "k");
    join(&member);
    for (int i = 0; i < 10; i++)
        poll(&member);
    commit_in(&member, 6);
    purge(&member, 7);
    cr_assert_eq(violations, 1);
    leave(&member);
}
