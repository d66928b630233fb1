/* transaction_test.c: transactions of the embedded broker, through broker.h; their outcomes, and what a crash leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "embedded/embedded.h"
#include "embedded_fixture.h"

#include "base/clock.h"
#include "base/memory.h"

TestSuite(transaction, .init = begin_log, .fini = end_log);

/* -- a member that holds all partitions of the topic "in", so that offsets may be committed -- */

static struct broker_consumer *member;

static void nothing(void *self, int32_t group, int32_t partition, const struct broker_start *starts)
{
    (void)self, (void)group, (void)partition, (void)starts;
}

static void nothing_more(void *self, int32_t group, int32_t partition, bool lost)
{
    (void)self, (void)group, (void)partition, (void)lost;
}

static void settled(void *self)
{
    (void)self;
}

static struct broker_consumer *join(const char *topic)
{
    struct weir_error error = {0};
    const char *const topics[] = {topic};
    struct broker_subscription subscription = {topics, 1, NULL, NULL};
    struct broker_rebalance rebalance = {NULL, nothing, nothing_more, settled};
    struct broker_consumer *joined = broker->ops->consumer_open(broker, "g", "m", &subscription, 1, rebalance, &error);
    cr_assert_not_null(joined, "%s", error.message);
    struct broker_message message;
    cr_assert_eq(broker->ops->consumer_poll(joined, &message, 1, 0, &error), 0); /* shares start paused */
    return joined;
}

static void begin(int32_t partitions)
{
    make_topic((struct broker_topic_spec){.name = "in", .partitions = 4});
    make_topic((struct broker_topic_spec){.name = "t", .partitions = partitions, .segment_bytes = 3000});
    member = join("in");
}

static void end(void)
{
    broker->ops->consumer_close(member);
}

static struct broker_producer *open_transactional(const char *id)
{
    struct weir_error error = {0};
    struct broker_producer *producer = broker->ops->transaction_open(broker, "test", id, &error);
    cr_assert_not_null(producer, "%s", error.message);
    return producer;
}

static void send_to(struct broker_producer *producer, int32_t partition, const char *key, const char *value)
{
    struct broker_record record = record_of(key, value);
    record.partition = partition;
    send_record(producer, "t", record);
}

static bool commit_offset(struct broker_producer *producer, int32_t partition, int64_t offset, struct weir_error *error)
{
    struct broker_offset commit = {"in", partition, offset, "meta"};
    return broker->ops->transaction_commit(producer, member, &commit, 1, error);
}

static void commit(struct broker_producer *producer, int64_t offset)
{
    struct weir_error error = {0};
    cr_assert(commit_offset(producer, 0, offset, &error), "%s", error.message);
}

static void abort_it(struct broker_producer *producer)
{
    struct weir_error error = {0};
    cr_assert(broker->ops->transaction_abort(producer, &error), "%s", error.message);
}

static int64_t committed(int32_t partition)
{
    int64_t offset = -7;
    cr_assert(broker->ops->committed(broker, "g", "in", partition, &offset, NULL));
    return offset;
}

/* Values of a partition, one letter each. */
static const char *letters(int32_t partition)
{
    static struct copy copies[2000];
    static char text[2001];
    int count = read_from("t", partition, 0, copies, 2000);
    for (int i = 0; i < count; i++)
        text[i] = copies[i].value[0];
    text[count] = 0;
    return text;
}

/* -- what readers see -- */

Test(transaction, is_seen_with_its_commit_and_not_before)
{
    begin(2);
    struct broker_producer *producer = open_transactional("a");
    struct broker_delivery delivery = {0};
    struct broker_record record = record_of("k", "x");
    record.partition = 1;
    record.delivery = &delivery;
    send_to(producer, 0, "k", "w");
    send_record(producer, "t", record);
    flush(producer);
    cr_assert_eq(delivery.next_offset, 1, "known before the commit, because the commit speaks of it");
    cr_assert_str_eq(letters(0), "");
    cr_assert_eq(end_of("t", 1), 0);
    cr_assert_eq(committed(0), BROKER_NO_OFFSET);
    commit(producer, 5);
    cr_assert_str_eq(letters(0), "w");
    cr_assert_str_eq(letters(1), "x");
    cr_assert_eq(committed(0), 5);
    broker->ops->producer_close(producer);
    end();
}

Test(transaction, holds_up_whatever_stands_behind_its_first_record)
{
    begin(1);
    struct broker_producer *first = open_transactional("a"), *second = open_transactional("b");
    write_record("t", record_of("k", "1"));
    send_to(first, 0, "k", "2");
    flush(first);
    write_record("t", record_of("k", "3"));
    send_to(second, 0, "k", "4");
    send_to(first, 0, "k", "5");
    commit(second, 1);
    cr_assert_str_eq(letters(0), "1");
    cr_assert_eq(end_of("t", 0), 1);
    commit(first, 2);
    cr_assert_str_eq(letters(0), "12345");
    broker->ops->producer_close(first);
    broker->ops->producer_close(second);
    end();
}

Test(transaction, leaves_nothing_when_it_is_aborted)
{
    begin(1);
    struct broker_producer *producer = open_transactional("a");
    abort_it(producer); /* there is none */
    for (int round = 0; round < 3; round++) {
        send_to(producer, 0, "k", "a");
        send_to(producer, 0, "k", "a");
        if (round % 2)
            flush(producer);
        abort_it(producer);
        send_to(producer, 0, "k", "c");
        commit(producer, round + 1);
    }
    cr_assert_str_eq(letters(0), "ccc");
    send_to(producer, 0, "k", "a");
    flush(producer);
    broker->ops->producer_close(producer); /* aborts */
    cr_assert_str_eq(letters(0), "ccc");
    cr_assert_eq(committed(0), 3);
    end();
}

Test(transaction, that_was_aborted_at_the_end_is_no_lag)
{
    struct weir_error error = {0};
    struct broker_message message;
    begin(1);
    struct broker_consumer *reader = join("t");
    broker->ops->consumer_resume(reader, 0, 0, 0);
    struct broker_producer *producer = open_transactional("a");
    send_to(producer, 0, "k", "c");
    commit(producer, 1);
    send_to(producer, 0, "k", "a");
    flush(producer);
    abort_it(producer);
    cr_assert_eq(broker->ops->consumer_poll(reader, &message, 1, 0, &error), 1);
    broker->ops->consumer_release(reader, &message);
    cr_assert_eq(broker->ops->consumer_poll(reader, &message, 1, 0, &error), 0);
    cr_assert_eq(broker->ops->consumer_end(reader, 0, 0, 0), 1);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(reader);
    end();
}

Test(transaction, wakes_a_consumer_when_it_ends)
{
    struct weir_error error = {0};
    struct broker_message message;
    begin(1);
    struct broker_consumer *reader = join("t");
    broker->ops->consumer_resume(reader, 0, 0, 0);
    struct broker_producer *producer = open_transactional("a");
    send_to(producer, 0, "k", "c");
    flush(producer);
    cr_assert_eq(broker->ops->consumer_poll(reader, &message, 1, 20, &error), 0);
    commit(producer, 1);
    cr_assert_eq(broker->ops->consumer_poll(reader, &message, 1, 5000, &error), 1);
    broker->ops->consumer_release(reader, &message);
    broker->ops->producer_close(producer);
    broker->ops->consumer_close(reader);
    end();
}

/* -- who may commit -- */

Test(transaction, of_a_share_that_is_not_held_is_refused)
{
    struct weir_error error = {0};
    begin(1);
    struct broker_producer *producer = open_transactional("a");
    send_to(producer, 0, "k", "a");
    end(); /* gives the shares back */
    member = broker->ops->consumer_open(broker, "g", "m",
                                        &(struct broker_subscription){(const char *const[]){"in"}, 1, NULL, NULL}, 1,
                                        (struct broker_rebalance){NULL, nothing, nothing_more, settled}, &error);
    cr_assert_not(commit_offset(producer, 0, 9, &error));
    cr_assert_eq(error.code, WEIR_FENCED, "%s", error.message);
    abort_it(producer);
    cr_assert_str_eq(letters(0), "");
    cr_assert_eq(committed(0), BROKER_NO_OFFSET);
    broker->ops->producer_close(producer);
    end();
}

Test(transaction, is_ended_by_another_writer_of_its_id)
{
    struct weir_error error = {0};
    begin(1);
    struct broker_producer *first = open_transactional("a");
    send_to(first, 0, "k", "1");
    flush(first);
    struct broker_producer *second = open_transactional("a");
    send_to(second, 0, "k", "2");
    commit(second, 2);
    cr_assert_str_eq(letters(0), "2");
    cr_assert_not(commit_offset(first, 0, 1, &error));
    cr_assert_eq(error.code, WEIR_FENCED, "%s", error.message);
    abort_it(first);
    send_to(first, 0, "k", "3");
    commit(first, 3);
    cr_assert_str_eq(letters(0), "23");
    error = (struct weir_error){0};
    send_to(second, 0, "k", "4");
    cr_assert_not(commit_offset(second, 0, 4, &error));
    cr_assert_eq(error.code, WEIR_FENCED, "%s", error.message);
    broker->ops->producer_close(second);
    broker->ops->producer_close(first);
    cr_assert_str_eq(letters(0), "23");
    end();
}

/* -- on disk -- */

static void reopen(void)
{
    end();
    close_log();
    open_log();
    member = join("in");
}

Test(transaction, keeps_its_outcome_over_segments_and_openings)
{
    char expected[401] = "";
    begin(1);
    for (int i = 0; i < 400; i++) { /* of about 70 bytes: a dozen segments */
        struct broker_producer *producer = open_transactional("a");
        send_to(producer, 0, "k", i % 3 ? "c" : "a");
        if (i % 3) {
            commit(producer, i);
            strcat(expected, "c");
        } else {
            flush(producer);
            abort_it(producer);
        }
        broker->ops->producer_close(producer);
        if (i % 100 == 99)
            reopen();
    }
    cr_assert_str_eq(letters(0), expected);
    cr_assert_eq(committed(0), 398);
    end();
}

Test(transaction, is_remembered_when_the_offsets_file_is_written_anew)
{
    static char metadata[4001];
    memset(metadata, 'm', 4000);
    begin(1);
    struct broker_producer *producer = open_transactional("a");
    for (int i = 0; i < 300; i++) { /* four offsets of 4 kB each: more than EMBEDDED_OFFSETS_BYTES */
        struct broker_offset commits[4];
        struct weir_error error = {0};
        for (int p = 0; p < 4; p++)
            commits[p] = (struct broker_offset){"in", p, i, metadata};
        send_to(producer, 0, "k", "c");
        cr_assert(broker->ops->transaction_commit(producer, member, commits, 4, &error), "%s", error.message);
    }
    broker->ops->producer_close(producer);
    reopen();
    cr_assert_eq(strlen(letters(0)), 300);
    cr_assert_eq(committed(3), 299);
    end();
}

Test(transaction, that_was_aborted_hides_nothing_in_a_compacted_topic)
{
    static struct copy copies[200];
    begin(1);
    make_topic(
        (struct broker_topic_spec){.name = "c", .partitions = 1, .cleanup = BROKER_COMPACT, .segment_bytes = 2000});
    struct broker_producer *producer = open_transactional("a"), *other = open_transactional("b");
    for (int i = 0; i < 60; i++) {
        send_record(producer, "c", record_of(i % 2 ? "odd" : "even", i < 50 ? "true" : "never"));
        if (i == 49)
            commit(producer, 1);
    }
    flush(producer);
    abort_it(producer);
    send_record(other, "c", record_of("open", "later"));
    for (int i = 0; i < 60; i++)
        write_record("c", record_of("rest", "true"));
    embedded_clean((struct embedded *)broker, clock_wall_ms(&clock_system), true);
    commit(other, 2);
    int count = read_from("c", 0, 0, copies, 200);
    cr_assert_gt(count, 60, "what stands behind an open transaction is not cleaned");
    for (int i = 0; i < count; i++)
        cr_assert_str_neq(copies[i].value, "never");
    embedded_clean((struct embedded *)broker, clock_wall_ms(&clock_system), true);
    count = read_from("c", 0, 0, copies, 200);
    int seen = 0;
    for (int i = 0; i < count; i++)
        seen += strcmp(copies[i].key, "odd") == 0 || strcmp(copies[i].key, "even") == 0 ||
                strcmp(copies[i].key, "open") == 0;
    cr_assert_eq(seen, 3, "%d of %d", seen, count);
    broker->ops->producer_close(producer);
    broker->ops->producer_close(other);
    end();
}

/* The second process: reads until the value "c" comes; "a" must never come. */
static int watch(int ready)
{
    struct weir_error error = {0};
    struct broker_message message;
    char byte;
    if (read(ready, &byte, 1) != 1 || !(broker = broker_embedded_open(directory, NULL, &error)))
        return __LINE__;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    if (!broker->ops->reader_add(reader, "t", 0, 0, 0, &error))
        return __LINE__;
    int seen = 0;
    for (int64_t until_us = clock_monotonic_us(&clock_system) + 10000000;
         seen < 100 && clock_monotonic_us(&clock_system) < until_us;) {
        if (broker->ops->reader_poll(reader, &message, 1, 1000, &error) != 1)
            continue;
        char value = *(const char *)message.value.data;
        broker->ops->reader_release(reader, &message);
        if (value != 'c')
            return __LINE__;
        seen++;
    }
    broker->ops->reader_close(reader);
    close_log();
    return seen == 100 ? 0 : __LINE__;
}

Test(transaction, is_not_seen_by_another_process_before_its_commit)
{
    int ready[2], status;
    close_log(); /* a fork must not inherit the broker of its parent */
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(watch(ready[0]) % 256);
    open_log();
    begin(1);
    struct broker_producer *producer = open_transactional("a");
    for (int i = 0; i < 100; i++) {
        send_to(producer, 0, "k", "a");
        flush(producer);
        if (i == 3)
            cr_assert_eq(write(ready[1], "x", 1), 1);
        usleep(3000);
        abort_it(producer);
        send_to(producer, 0, "k", "c");
        commit(producer, i);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "line %d (modulo 256)", WEXITSTATUS(status));
    broker->ops->producer_close(producer);
    end();
    close(ready[0]);
    close(ready[1]);
}

/* -- a crash at any step: what a copy of the files says, compared with a model -- */

enum { PARTITIONS = 2, WRITERS = 3, VALUES_MAX = 600, STEPS = 120 };
enum fate { PLAIN, PLAIN_DURABLE, OPEN, COMMITTED, ABORTED };

struct model {
    uint64_t random;
    struct broker_producer *writers[WRITERS]; /* the last one has no transactions */
    struct {
        int32_t partition;
        int writer;
        enum fate fate;
    } values[VALUES_MAX]; /* in the order of sending; the value is the index */
    int count;
    int64_t offset; /* committed by the last transaction */
};

static uint64_t draw(struct model *model, uint64_t below)
{
    model->random = model->random * 6364136223846793005u + 1442695040888963407u;
    return (model->random >> 33) % below;
}

static void set_fates(struct model *model, int writer, enum fate from, enum fate to)
{
    for (int i = 0; i < model->count; i++)
        if (model->values[i].writer == writer && model->values[i].fate == from)
            model->values[i].fate = to;
}

static void send_value(struct model *model, int writer)
{
    char value[16];
    int32_t partition = (int32_t)draw(model, PARTITIONS);
    if (model->count == VALUES_MAX)
        return;
    snprintf(value, sizeof value, "%d", model->count);
    send_to(model->writers[writer], partition, "k", value);
    model->values[model->count].partition = partition;
    model->values[model->count].writer = writer;
    model->values[model->count++].fate = writer == WRITERS - 1 ? PLAIN : OPEN;
}

static void end_transaction(struct model *model, int writer, bool commits)
{
    if (commits) {
        commit(model->writers[writer], ++model->offset);
    } else {
        abort_it(model->writers[writer]);
    }
    set_fates(model, writer, OPEN, commits ? COMMITTED : ABORTED);
}

static void step(struct model *model)
{
    int writer = (int)draw(model, WRITERS);
    uint64_t choice = draw(model, 10);
    if (choice < 6) {
        send_value(model, writer);
    } else if (choice < 7 || writer == WRITERS - 1) {
        flush(model->writers[writer]);
        set_fates(model, writer, PLAIN, PLAIN_DURABLE);
    } else {
        end_transaction(model, writer, choice < 9);
    }
}

/* Not read_from, which expects that nothing becomes durable meanwhile. */
static int read_values(int32_t partition, int values[VALUES_MAX])
{
    struct weir_error error = {0};
    struct broker_message message;
    int count = 0;
    struct broker_reader *reader = broker->ops->reader_open(broker, &error);
    cr_assert(broker->ops->reader_add(reader, "t", partition, 0, 0, &error), "%s", error.message);
    while (broker->ops->reader_poll(reader, &message, 1, 0, &error) == 1) {
        char text[16];
        copy_bytes(text, sizeof text, message.value);
        values[count++] = atoi(text);
        broker->ops->reader_release(reader, &message);
    }
    broker->ops->reader_close(reader);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    return count;
}

/* Reads a partition of the broker at hand: what must be there is there, in order, and what must not is not. */
static void check_partition(const struct model *model, int32_t partition, bool is_live)
{
    int values[VALUES_MAX];
    int count = read_values(partition, values), at = 0;
    bool is_cut = false; /* nothing behind a record that did not reach the disk, or in front of which readers stop */
    for (int i = 0; i < model->count; i++) {
        if (model->values[i].partition != partition)
            continue;
        enum fate fate = model->values[i].fate;
        bool is_found = at < count && values[at] == i;
        at += is_found;
        if (is_found)
            cr_assert(fate != OPEN && fate != ABORTED && !is_cut, "value %d, fate %d", i, fate);
        else if (fate == PLAIN || (fate == OPEN && is_live))
            is_cut = true;
        else if (fate == PLAIN_DURABLE || fate == COMMITTED)
            cr_assert(is_cut && is_live, "value %d, fate %d", i, fate);
    }
    cr_assert_eq(at, count, "value %d is out of order or comes twice", at < count ? values[at] : -1);
}

/* From here on the directory is a copy of the one whose name is kept in `original`. */
static void enter_copy(char original[64])
{
    strcpy(original, directory);
    strcpy(directory, "/tmp/weir-transaction-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    char *command = memory_format("cp -r %s/. %s", original, directory);
    cr_assert_eq(system(command), 0);
    memory_free(command);
}

/* What a process that dies now leaves behind is opened beside it, written to, and opened again. */
static void crash(const struct model *model)
{
    struct broker *living = broker;
    struct broker_consumer *living_member = member;
    char original[64];
    enter_copy(original);
    open_log();
    for (int32_t p = 0; p < PARTITIONS; p++)
        check_partition(model, p, false);
    cr_assert_eq(committed(0), model->offset ? model->offset : BROKER_NO_OFFSET);
    member = join("in");
    struct broker_producer *producer = open_transactional("0");
    send_to(producer, 0, "k", "9999");
    commit(producer, 77);
    broker->ops->producer_close(producer);
    reopen();
    static struct copy copies[VALUES_MAX + 1];
    int count = read_from("t", 0, 0, copies, VALUES_MAX + 1);
    cr_assert(count > 0 && strcmp(copies[count - 1].value, "9999") == 0);
    cr_assert_eq(committed(0), 77);
    end();
    end_log();
    strcpy(directory, original);
    broker = living;
    member = living_member;
}

static void run(uint64_t seed)
{
    struct model model = {.random = seed};
    begin(PARTITIONS);
    for (int i = 0; i < WRITERS; i++) {
        char id[2] = {(char)('0' + i), 0};
        model.writers[i] = i == WRITERS - 1 ? open_producer() : open_transactional(id);
    }
    for (int i = 0; i < STEPS; i++) {
        step(&model);
        for (int32_t p = 0; p < PARTITIONS; p++)
            check_partition(&model, p, true);
        if (draw(&model, 5) == 0)
            crash(&model);
    }
    for (int i = 0; i < WRITERS; i++)
        broker->ops->producer_close(model.writers[i]);
    end();
}

Test(transaction, equals_the_model_after_a_crash_at_any_step)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        run(seed);
        end_log();
        begin_log();
    }
}

/* A commit that is torn at any byte is none: neither its records nor its offsets are there. */
Test(transaction, whose_commit_was_cut_off_was_aborted)
{
    begin(2);
    struct broker_producer *producer = open_transactional("a");
    char *path = memory_format("%s/groups~/g", directory);
    struct stat before, behind;
    send_to(producer, 0, "k", "1");
    commit(producer, 1);
    cr_assert_eq(stat(path, &before), 0);
    memory_free(path);
    send_to(producer, 0, "k", "2");
    send_to(producer, 1, "k", "2");
    commit(producer, 2);
    char original[64];
    struct broker *living = broker;
    for (off_t cut = 1;; cut++) {
        enter_copy(original);
        path = memory_format("%s/groups~/g", directory);
        cr_assert_eq(stat(path, &behind), 0);
        bool is_done = behind.st_size - cut < before.st_size;
        cr_assert_eq(truncate(path, behind.st_size - cut), 0);
        memory_free(path);
        if (!is_done) {
            open_log();
            cr_assert_str_eq(letters(0), "1");
            cr_assert_str_eq(letters(1), "");
            cr_assert_eq(committed(0), 1);
        }
        end_log();
        strcpy(directory, original);
        if (is_done)
            break;
    }
    broker = living;
    broker->ops->producer_close(producer);
    end();
}

/* -- outcomes -- */

static struct embedded_outcomes parse(const char *text, bool *ok)
{
    struct embedded_outcomes outcomes;
    char *copy = memory_text(text);
    embedded_outcomes_init(&outcomes, NULL);
    *ok = embedded_outcomes_parse(&outcomes, copy);
    memory_free(copy);
    return outcomes;
}

Test(outcomes, that_nobody_wrote_are_aborted_at_open)
{
    bool ok;
    struct embedded_outcomes outcomes = parse("limit=20\ncommitted=1-3,7-8,15-15\naborted=4-5\n", &ok);
    cr_assert(ok);
    cr_assert(embedded_outcomes_settle(&outcomes, NULL));
    for (int64_t number = 1; number < 20; number++) {
        bool is_committed = number <= 3 || number == 7 || number == 8 || number == 15;
        cr_expect_eq(embedded_outcomes_of(&outcomes, number), is_committed ? EMBEDDED_COMMITTED : EMBEDDED_ABORTED);
    }
    cr_expect_eq(outcomes.aborted.count, 3);
    cr_expect_eq(embedded_outcomes_begin(&outcomes, NULL), 20);
    embedded_outcomes_done(&outcomes);
}

Test(outcomes, are_one_range_when_all_were_committed)
{
    struct embedded_outcomes outcomes;
    embedded_outcomes_init(&outcomes, NULL);
    static const int order[] = {3, 1, 2, 7, 5, 6, 4, 9, 8};
    for (size_t i = 0; i < 9; i++)
        embedded_outcomes_commit(&outcomes, order[i]);
    cr_expect_eq(outcomes.committed.count, 1);
    cr_expect(outcomes.committed.items[0].first == 1 && outcomes.committed.items[0].last == 9);
    embedded_outcomes_done(&outcomes);
}

Test(outcomes, in_a_file_that_is_not_understood_are_refused)
{
    static const char *const texts[] = {"",
                                        "limit=x\n",
                                        "limit=-4\n",
                                        "limit=9\nsomething=1\n",
                                        "limit=9\ncommitted=1\n",
                                        "limit=9\ncommitted=3-1\n",
                                        "limit=9\ncommitted=1-2,3-4\n", /* one range, written as two */
                                        "limit=9\ncommitted=5-6,1-2\n",
                                        "limit=9\ncommitted=1-2,\n",
                                        "limit=9\ncommitted=1-9\n", /* not below the limit */
                                        "limit=9\naborted=1-99999999999999999999\n",
                                        "committed=1-2\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool ok;
        struct embedded_outcomes outcomes = parse(texts[i], &ok);
        cr_expect_not(ok, "%s", texts[i]);
        embedded_outcomes_done(&outcomes);
    }
}

Test(outcomes, of_a_commit_under_way_cannot_be_aborted)
{
    struct embedded_outcomes outcomes;
    embedded_outcomes_init(&outcomes, NULL);
    int64_t number = embedded_outcomes_begin(&outcomes, NULL);
    cr_assert(embedded_outcomes_claim(&outcomes, number));
    cr_expect_not(embedded_outcomes_abort(&outcomes, number));
    embedded_outcomes_commit(&outcomes, number);
    cr_expect(embedded_outcomes_abort(&outcomes, number)); /* too late, and no harm done */
    cr_expect_eq(embedded_outcomes_of(&outcomes, number), EMBEDDED_COMMITTED);
    int64_t next = embedded_outcomes_begin(&outcomes, NULL);
    cr_assert(embedded_outcomes_abort(&outcomes, next));
    cr_expect_not(embedded_outcomes_claim(&outcomes, next));
    embedded_outcomes_done(&outcomes);
}
