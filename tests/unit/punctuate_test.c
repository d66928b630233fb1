/* punctuate.c: due punctuators fire by time; equal times as in Kafka Streams' queue; they stay aligned. */
#include <criterion/criterion.h>

#include "runtime/punctuate.h"

struct log {
    struct punctuations *punctuations;
    uint64_t id[32];
    size_t count;
    uint64_t cancels; /* the punctuator that cancels another */
    uint64_t cancelled;
    uint64_t adds; /* the punctuator that schedules another one */
};

static void add(struct punctuations *p, uint64_t id, int64_t every_ms, int64_t first_ms)
{
    punctuations_add(p, (struct punctuation){.id = id, .every_ms = every_ms, .next_ms = first_ms});
}

static void note(void *self, const struct punctuation *item)
{
    struct log *log = self;
    log->id[log->count++] = item->id;
    if (item->id == log->cancels)
        punctuations_cancel(log->punctuations, log->cancelled);
    if (item->id == log->adds)
        add(log->punctuations, 99, 20, 0);
}

static void expect_ids(const struct log *log, const uint64_t *ids, size_t count)
{
    cr_assert_eq(log->count, count);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(log->id[i], ids[i], "place %zu: %d, not %d", i, (int)log->id[i], (int)ids[i]);
}

Test(punctuate, nothing_fires_before_its_time)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, 100, 100);
    cr_expect_not(punctuations_fire(&p, 99, note, &log));
    cr_expect(punctuations_fire(&p, 100, note, &log));
    cr_expect_eq(punctuations_next(&p), 200);
    punctuations_done(&p);
}

Test(punctuate, missed_intervals_fire_once_and_stay_aligned)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, 10, 0);
    punctuations_fire(&p, 57, note, &log);
    cr_expect_eq(log.count, 1);
    cr_expect_eq(punctuations_next(&p), 60);
    punctuations_done(&p);
}

Test(punctuate, an_interval_that_is_just_over_is_not_missed)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, 10, 20);
    punctuations_fire(&p, 30, note, &log);
    cr_expect_eq(punctuations_next(&p), 40);
    punctuations_done(&p);
}

Test(punctuate, earlier_times_fire_first)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, 100, 30);
    add(&p, 2, 100, 20);
    add(&p, 3, 100, 10);
    punctuations_fire(&p, 30, note, &log);
    expect_ids(&log, (const uint64_t[]){3, 2, 1}, 3);
    punctuations_done(&p);
}

/* The orders are those in which TopologyTestDriver of Kafka Streams 4.3.1 fired the same timers. */
Test(punctuate, equal_times_fire_in_the_order_of_the_heap)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p, .cancels = 6, .cancelled = 6, .adds = 6};
    for (uint64_t id = 1; id <= 5; id++)
        add(&p, id, id % 2 ? 10 : 15, 0);
    add(&p, 6, 7, 0);
    add(&p, 7, 10, 3);
    punctuations_fire(&p, 0, note, &log);
    expect_ids(&log, (const uint64_t[]){1, 2, 4, 5, 3, 6, 99}, 7);
    log.count = 0;
    punctuations_fire(&p, 31, note, &log);
    expect_ids(&log, (const uint64_t[]){7, 3, 1, 5, 2, 4, 99}, 7);
    log.count = 0;
    punctuations_fire(&p, 100, note, &log);
    expect_ids(&log, (const uint64_t[]){7, 99, 1, 5, 3, 2, 4}, 7);
    punctuations_done(&p);
}

Test(punctuate, what_is_cancelled_does_not_fire)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, 10, 10);
    punctuations_cancel(&p, 1);
    cr_expect_not(punctuations_fire(&p, 10, note, &log));
    cr_expect_eq(punctuations_next(&p), INT64_MAX);
    punctuations_done(&p);
}

Test(punctuate, a_punctuator_may_cancel_itself)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p, .cancels = 1, .cancelled = 1};
    add(&p, 1, 10, 10);
    cr_expect(punctuations_fire(&p, 10, note, &log));
    cr_expect_not(punctuations_fire(&p, 100, note, &log));
    punctuations_done(&p);
}

Test(punctuate, a_punctuator_may_cancel_another_that_is_due)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p, .cancels = 1, .cancelled = 2};
    add(&p, 1, 10, 1);
    add(&p, 2, 10, 2);
    punctuations_fire(&p, 5, note, &log);
    expect_ids(&log, (const uint64_t[]){1}, 1);
    punctuations_done(&p);
}

Test(punctuate, what_a_punctuator_schedules_fires_at_once_when_it_is_due)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p, .adds = 1};
    add(&p, 1, 100, 5);
    punctuations_fire(&p, 5, note, &log);
    expect_ids(&log, (const uint64_t[]){1, 99}, 2);
    punctuations_done(&p);
}

Test(punctuate, time_beyond_all_bounds_does_not_overflow)
{
    struct punctuations p = {0};
    struct log log = {.punctuations = &p};
    add(&p, 1, INT64_MAX / 2, 0);
    cr_expect(punctuations_fire(&p, INT64_MAX - 1, note, &log));
    cr_expect_eq(punctuations_next(&p), INT64_MAX);
    punctuations_done(&p);
}
