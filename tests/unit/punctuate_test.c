/* punctuate.c: due punctuators fire by time, then by registration, and stay aligned. */
#include <criterion/criterion.h>

#include "runtime/punctuate.h"

struct log {
    int64_t every[16];
    size_t count;
};

static void note(void *self, const struct punctuation *item)
{
    struct log *log = self;
    log->every[log->count++] = item->every_ms;
}

Test(punctuate, nothing_fires_before_its_time)
{
    struct punctuations p = {0};
    struct log log = {0};
    punctuations_add(&p, NULL, NULL, 100, 100);
    cr_expect_not(punctuations_fire(&p, 99, note, &log));
    cr_expect(punctuations_fire(&p, 100, note, &log));
    cr_expect_eq(punctuations_next(&p), 200);
    punctuations_done(&p);
}

Test(punctuate, missed_intervals_fire_once_and_stay_aligned)
{
    struct punctuations p = {0};
    struct log log = {0};
    punctuations_add(&p, NULL, NULL, 10, 0);
    punctuations_fire(&p, 57, note, &log);
    cr_expect_eq(log.count, 1);
    cr_expect_eq(punctuations_next(&p), 60);
    punctuations_done(&p);
}

Test(punctuate, order_is_time_then_registration)
{
    struct punctuations p = {0};
    struct log log = {0};
    punctuations_add(&p, NULL, NULL, 30, 30);
    punctuations_add(&p, NULL, NULL, 20, 20);
    punctuations_add(&p, NULL, NULL, 21, 20);
    punctuations_fire(&p, 30, note, &log);
    cr_assert_eq(log.count, 3);
    cr_expect_eq(log.every[0], 20);
    cr_expect_eq(log.every[1], 21);
    cr_expect_eq(log.every[2], 30);
    punctuations_done(&p);
}
