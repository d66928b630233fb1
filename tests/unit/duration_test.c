/* duration.c: ISO 8601, as Java's Duration.parse reads it. */
#include <criterion/criterion.h>

#include "base/duration.h"

static int64_t ms_of(const char *text)
{
    int64_t ms = 0;
    cr_expect(duration_read(text, &ms), "%s", text);
    return ms;
}

Test(duration, each_part_counts)
{
    cr_expect_eq(ms_of("PT15M"), 15 * 60000);
    cr_expect_eq(ms_of("PT10H"), 10 * 3600000);
    cr_expect_eq(ms_of("P2D"), 2 * (int64_t)86400000);
    cr_expect_eq(ms_of("P2DT3H4M"), 2 * (int64_t)86400000 + 3 * 3600000 + 4 * 60000);
    cr_expect_eq(ms_of("p1dt0h0m1s"), 86401000);
    cr_expect_eq(ms_of("PT0S"), 0);
}

Test(duration, seconds_have_fractions)
{
    cr_expect_eq(ms_of("PT20.345S"), 20345);
    cr_expect_eq(ms_of("PT1,5S"), 1500);
    cr_expect_eq(ms_of("PT0.000999999S"), 0);
    cr_expect_eq(ms_of("PT1.S"), 1000);
}

Test(duration, parts_and_the_whole_have_signs)
{
    cr_expect_eq(ms_of("PT-6H+3M"), -6 * 3600000 + 3 * 60000);
    cr_expect_eq(ms_of("-PT-6H+3M"), 6 * 3600000 - 3 * 60000);
    cr_expect_eq(ms_of("PT-1.5S"), -1500);
}

Test(duration, anything_else_is_refused)
{
    static const char *const wrong[] = {"",
                                        "P",
                                        "PT",
                                        "P1DT",
                                        "T1H",
                                        "1H",
                                        "P1H",
                                        "PT1D",
                                        "PT1M1H",
                                        "PT1H1H",
                                        "PT1.5M",
                                        "PT1",
                                        "PT 1S",
                                        "PT1S ",
                                        "P1Y",
                                        "PTS",
                                        "PT--1S",
                                        "P1DT1HT1M",
                                        "PT0.0000000001S",
                                        "PT9223372036854775807S",
                                        "PT99999999999999999999S",
                                        "P-",
                                        "PT.5S"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms;
        cr_expect_not(duration_read(wrong[i], &ms), "%s", wrong[i]);
    }
}
