/* decimal_test.c: decimal text, exactly. */
#include <criterion/criterion.h>
#include <string.h>

#include "schemas/codec.h"

static bool reads_as(const char *text, int32_t scale, int64_t expected)
{
    int64_t unscaled = -4711;
    return decimal_read((weir_bytes){text, strlen(text)}, scale, &unscaled) && unscaled == expected;
}

static bool is_refused(const char *text, int32_t scale)
{
    int64_t unscaled = -4711;
    return !decimal_read((weir_bytes){text, strlen(text)}, scale, &unscaled) && unscaled == -4711;
}

static bool writes_as(int64_t unscaled, int32_t scale, const char *expected)
{
    char text[32];
    return decimal_write(unscaled, scale, text) == strlen(expected) && strcmp(text, expected) == 0;
}

Test(decimal, reads_plain_numbers)
{
    cr_assert(reads_as("0", 4, 0));
    cr_assert(reads_as("1059.97", 4, 10599700));
    cr_assert(reads_as("-0.5", 2, -50));
    cr_assert(reads_as("99999.00", 2, 9999900));
}

Test(decimal, reads_every_exponent_form)
{
    cr_assert(reads_as("1e3", 2, 100000));
    cr_assert(reads_as("1.5E+2", 0, 150));
    cr_assert(reads_as("12345e-2", 2, 12345));
    cr_assert(reads_as("1e-400", 4, 0));
    cr_assert(reads_as("0e999999999999", 4, 0));
    cr_assert(reads_as("0.000000000000000000000001e24", 2, 100));
}

Test(decimal, rounds_half_away_from_zero)
{
    cr_assert(reads_as("0.005", 2, 1));
    cr_assert(reads_as("0.0049999999999999999999999999", 2, 0));
    cr_assert(reads_as("-0.005", 2, -1));
    cr_assert(reads_as("2.5", 0, 3));
    cr_assert(reads_as("-2.5", 0, -3));
    cr_assert(reads_as("0.5", 0, 1));
    cr_assert(reads_as("0.05", 0, 0));
    cr_assert(reads_as("0.12345678901234567890123456789", 4, 1235));
}

Test(decimal, takes_18_digits_and_no_more)
{
    cr_assert(reads_as("999999999999999999", 0, INT64_C(999999999999999999)));
    cr_assert(reads_as("-999999999999999999", 0, INT64_C(-999999999999999999)));
    cr_assert(is_refused("1000000000000000000", 0));
    cr_assert(is_refused("999999999999999999.5", 0));
    cr_assert(is_refused("99999999999999999", 4));
    cr_assert(is_refused("1e18", 0));
    cr_assert(is_refused("1e99999999999999999999", 0));
    cr_assert(is_refused("123456789012345678901234567890", 0));
}

Test(decimal, refuses_what_is_not_a_number)
{
    const char *const texts[] = {"",    "-",  ".",  "1.",   ".5",  "01",    "+1",  "1e",    "1e+",
                                 "1,5", "1 ", " 1", "0x10", "NaN", "1.5.2", "--1", "1e2.5", "Infinity"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert(is_refused(texts[i], 2), "%s", texts[i]);
}

Test(decimal, writes_at_least_two_fraction_digits)
{
    cr_assert(writes_as(10599700, 4, "1059.97"));
    cr_assert(writes_as(50000, 4, "5.00"));
    cr_assert(writes_as(12345, 4, "1.2345"));
    cr_assert(writes_as(-5, 4, "-0.0005"));
    cr_assert(writes_as(0, 4, "0.00"));
    cr_assert(writes_as(0, 0, "0"));
    cr_assert(writes_as(70, 1, "7.0"));
    cr_assert(writes_as(-1, 18, "-0.000000000000000001"));
    cr_assert(writes_as(INT64_MIN, 0, "-9223372036854775808"));
}

Test(decimal, reads_what_it_wrote)
{
    for (int32_t scale = 0; scale <= 18; scale++) {
        for (int64_t value = 1; value < INT64_C(999999999999999999) / 7; value = value * 7 + 3) {
            char text[32];
            decimal_write(-value, scale, text);
            cr_assert(reads_as(text, scale, -value), "%s", text);
        }
    }
}
