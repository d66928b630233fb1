/* time_test.c: instants and their ISO-8601 text. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "schemas/codec.h"

static bool reads_as(const char *text, int64_t expected)
{
    int64_t ms = -4711;
    return time_read((weir_bytes){text, strlen(text)}, &ms) && ms == expected;
}

static bool is_refused(const char *text)
{
    int64_t ms = -4711;
    return !time_read((weir_bytes){text, strlen(text)}, &ms) && ms == -4711;
}

Test(time, writes_24_characters_in_utc)
{
    char text[25];
    time_write(1733308200000, text);
    cr_assert_str_eq(text, "2024-12-04T10:30:00.000Z");
    time_write(-1, text);
    cr_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
}

Test(time, reads_zero_to_nine_fraction_digits)
{
    cr_assert(reads_as("2024-12-04T10:30:00Z", 1733308200000));
    cr_assert(reads_as("2024-12-04T10:30:00.5Z", 1733308200500));
    cr_assert(reads_as("2024-12-04T10:30:00.123Z", 1733308200123));
    cr_assert(reads_as("2024-12-04T10:30:00.123999999Z", 1733308200123));
    cr_assert(is_refused("2024-12-04T10:30:00.Z"));
    cr_assert(is_refused("2024-12-04T10:30:00.1234567890Z"));
}

Test(time, reads_offsets)
{
    cr_assert(reads_as("2024-12-04T12:30:00+02:00", 1733308200000));
    cr_assert(reads_as("2024-12-04T05:00:00.000-0530", 1733308200000));
    cr_assert(is_refused("2024-12-04T10:30:00"));
    cr_assert(is_refused("2024-12-04T10:30:00+2"));
    cr_assert(is_refused("2024-12-04T10:30:00+24:00"));
    cr_assert(is_refused("2024-12-04T10:30:00Zx"));
}

Test(time, knows_the_calendar)
{
    cr_assert(reads_as("2000-02-29T00:00:00Z", 951782400000));
    cr_assert(is_refused("1900-02-29T00:00:00Z"));
    cr_assert(is_refused("2023-02-29T00:00:00Z"));
    cr_assert(is_refused("2024-13-01T00:00:00Z"));
    cr_assert(is_refused("2024-00-01T00:00:00Z"));
    cr_assert(is_refused("2024-04-31T00:00:00Z"));
    cr_assert(is_refused("2024-01-01T24:00:00Z"));
    cr_assert(is_refused("2024-01-01T00:60:00Z"));
}

Test(time, takes_a_leap_second_as_the_next_minute)
{
    cr_assert(reads_as("2016-12-31T23:59:60Z", 1483228800000));
}

Test(time, refuses_what_is_no_time)
{
    const char *const texts[] = {
        "", "2024", "2024-12-04", "yesterday, about noon", "2024-12-04T1a:30:00Z", "-2024-12-04T10:30:00Z"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert(is_refused(texts[i]), "%s", texts[i]);
}

Test(time, covers_the_years_0000_to_9999)
{
    char text[25];
    cr_assert(reads_as("0000-01-01T00:00:00.000Z", INT64_C(-62167219200000)));
    cr_assert(reads_as("9999-12-31T23:59:59.999Z", INT64_C(253402300799999)));
    cr_assert(is_refused("9999-12-31T23:59:59-01:00"));
    cr_assert(is_refused("0000-01-01T00:00:00+01:00"));
    time_write(INT64_MAX, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    time_write(INT64_MIN, text);
    cr_assert_str_eq(text, "0000-01-01T00:00:00.000Z");
}

Test(time, agrees_with_the_c_library_every_week_from_1600_to_2600)
{
    for (int64_t second = -11676096000; second < 19880899200; second += 7 * 86400 + 12345) {
        time_t when = (time_t)second;
        struct tm parts;
        char expected[64], text[25];
        gmtime_r(&when, &parts);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
        time_write(second * 1000, text);
        cr_assert_str_eq(text, expected);
        cr_assert(reads_as(text, second * 1000));
    }
}
