/* duration.c: see duration.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { MS_DIGITS = 3, FRACTION_DIGITS_MAX = 9 };

struct unit {
    char letter;
    int64_t ms;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_sign(const char **at)
{
    bool is_negative = **at == '-';
    *at += is_negative || **at == '+';
    return is_negative;
}

static bool read_whole(const char **at, int64_t *out)
{
    char *end = NULL;
    if (!is_digit(**at))
        return false;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    *at = end;
    return errno == 0;
}

/* Of seconds: ".5" are 500 ms. */
static bool read_fraction(const char **at, int64_t *ms)
{
    int digits = 0;
    *ms = 0;
    for (++*at; is_digit(**at); ++*at)
        if (++digits <= MS_DIGITS)
            *ms = *ms * 10 + (**at - '0');
    for (int i = digits; i < MS_DIGITS; i++)
        *ms *= 10;
    return digits <= FRACTION_DIGITS_MAX;
}

static const struct unit *find_unit(const struct unit *units, char letter)
{
    while (units->letter && units->letter != toupper((unsigned char)letter))
        units++;
    return units->letter ? units : NULL;
}

/* One number and its unit, which lies at or behind `units`; those in front of it are used up. */
static bool read_part(const char **at, const struct unit **units, int64_t *sum)
{
    int64_t number, fraction_ms = 0, ms;
    bool is_negative = read_sign(at);
    if (!read_whole(at, &number))
        return false;
    bool has_fraction = **at == '.' || **at == ',';
    if (has_fraction && !read_fraction(at, &fraction_ms))
        return false;
    const struct unit *unit = find_unit(*units, **at);
    if (!unit || (has_fraction && unit->letter != 'S') || __builtin_mul_overflow(number, unit->ms, &ms) ||
        __builtin_add_overflow(ms, fraction_ms, &ms))
        return false;
    ++*at;
    *units = unit + 1;
    return !__builtin_add_overflow(*sum, is_negative ? -ms : ms, sum);
}

static bool read_parts(const char **at, const struct unit *units, int64_t *sum)
{
    while (**at && toupper((unsigned char)**at) != 'T')
        if (!read_part(at, &units, sum))
            return false;
    return true;
}

bool duration_read(const char *text, int64_t *ms)
{
    static const struct unit days[] = {{'D', 86400000}, {0, 0}};
    static const struct unit times[] = {{'H', 3600000}, {'M', 60000}, {'S', 1000}, {0, 0}};
    int64_t sum = 0;
    bool is_negative = read_sign(&text);
    if (toupper((unsigned char)*text) != 'P' || !text[1])
        return false;
    text++;
    if (!read_parts(&text, days, &sum))
        return false;
    if (*text && (!text[1] || (text++, !read_parts(&text, times, &sum))))
        return false;
    *ms = is_negative ? -sum : sum;
    return *text == 0;
}
