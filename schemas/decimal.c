/* decimal.c: decimal numbers and their text, exactly; nothing here goes through floating point.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/codec.h"

enum { DIGITS_MAX = 18, EXPONENT_MAX = 1000000 };
static const int64_t UNSCALED_MAX = INT64_C(999999999999999999);

size_t decimal_write(int64_t unscaled, int32_t scale, char out[32])
{
    assert(scale >= 0 && scale <= DIGITS_MAX);
    char digits[24];
    size_t count = 0;
    uint64_t left = unscaled < 0 ? 0 - (uint64_t)unscaled : (uint64_t)unscaled;
    int32_t fraction = scale;
    while (fraction > 2 && left % 10 == 0) {
        left /= 10;
        fraction--;
    }
    for (; left || count <= (size_t)fraction; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    size_t size = 0;
    if (unscaled < 0)
        out[size++] = '-';
    while (count > 0) {
        if (count == (size_t)fraction)
            out[size++] = '.';
        out[size++] = digits[--count];
    }
    out[size] = 0;
    return size;
}

/* The parts of a number: up to 19 significant digits, how many were left out behind them, and the exponent of the
 * last digit kept. */
struct parts {
    uint64_t digits;
    int count;     /* of digits kept, leading zeros not counted */
    int64_t power; /* value = digits * 10^power, plus what was left out */
};

static void add_digit(struct parts *parts, char digit, bool is_fraction)
{
    if (parts->count <= DIGITS_MAX) {
        parts->digits = parts->digits * 10 + (uint64_t)(digit - '0');
        parts->count += parts->digits != 0;
        parts->power -= is_fraction;
    } else {
        parts->power += !is_fraction; /* beyond 19 digits: cannot change how the 18 that may remain are rounded */
    }
}

static const char *read_digits(const char *at, const char *end, struct parts *parts, bool is_fraction)
{
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        add_digit(parts, *at, is_fraction);
    return at;
}

/* `at` stands behind the e. NULL: no digits. A huge exponent saturates: only its sign matters then. */
static const char *read_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *start = at;
    int64_t value = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        value = value > EXPONENT_MAX ? value : value * 10 + (*at - '0');
    *exponent = negative ? -value : value;
    return at == start ? NULL : at;
}

static bool read_parts(const char *at, const char *end, struct parts *parts)
{
    const char *start = at;
    at = read_digits(at, end, parts, false);
    if (at == start || (*start == '0' && at - start > 1))
        return false;
    if (at < end && *at == '.') {
        start = ++at;
        at = read_digits(at, end, parts, true);
        if (at == start)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        int64_t exponent;
        at = read_exponent(at + 1, end, &exponent);
        parts->power += exponent;
    }
    return at == end;
}

/* Moves the digits to 10^-scale: drops those behind it, rounding half away from zero, or appends zeros. */
static bool scale_parts(struct parts *parts, int32_t scale)
{
    int64_t shift = parts->power + scale;
    uint64_t value = parts->digits;
    int dropped = 0;
    for (; shift < 0 && value; shift++) {
        dropped = (int)(value % 10);
        value /= 10;
    }
    if (shift < 0)
        dropped = 0; /* the first digit dropped is a zero in front of all of them */
    value += dropped >= 5;
    for (; shift > 0 && value; shift--) {
        if (value > (uint64_t)UNSCALED_MAX)
            return false;
        value *= 10;
    }
    parts->digits = value;
    return value <= (uint64_t)UNSCALED_MAX;
}

bool decimal_read(weir_bytes text, int32_t scale, int64_t *unscaled)
{
    assert(scale >= 0 && scale <= DIGITS_MAX);
    const char *at = text.data;
    const char *end = at + text.size;
    bool negative = text.size > 0 && *at == '-';
    struct parts parts = {0};
    if (!read_parts(at + negative, end, &parts) || !scale_parts(&parts, scale))
        return false;
    *unscaled = negative ? -(int64_t)parts.digits : (int64_t)parts.digits;
    return true;
}
