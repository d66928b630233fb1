/* json_number.c: see json_number.h. Never depends on the process's locale.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/json_number.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/json_scan.h"

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert(c_locale);
}

/* Digits up to 19, which always fit; more are out of every range. NULL: no digits, or a leading zero. */
static inline const unsigned char *read_digits(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
    const unsigned char *start = at;
    uint64_t sum = 0;
    for (; at < end && (unsigned)(*at - '0') < 10 && at - start < 20; at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *value = sum;
    return at == start || (*start == '0' && at - start > 1) ? NULL : at;
}

/* 5.0 is an integer, too (JSON Schema 2020-12, 6.1.1 of the validation): some languages print their numbers so. */
static const unsigned char *skip_zero_fraction(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *zeros = at + 1;
    if (at == end || *at != '.' || zeros == end || *zeros != '0')
        return at;
    while (zeros < end && *zeros == '0')
        zeros++;
    return zeros < end && (unsigned)(*zeros - '0') < 10 ? at : zeros;
}

bool json_read_integer(struct reader *reader, int64_t min, int64_t max, const char *expected, int64_t *out)
{
    bool negative = json_peek(reader) == '-';
    const unsigned char *start = reader->at + negative;
    uint64_t magnitude;
    const unsigned char *at = read_digits(start, reader->end, &magnitude);
    if (!at)
        return json_unexpected(reader, expected);
    const unsigned char *digits_end = at;
    at = skip_zero_fraction(at, reader->end);
    if (at < reader->end && (*at == '.' || *at == 'e' || *at == 'E'))
        return problem_set(&reader->problem, "expected %s, found a number with a fraction or an exponent", expected);
    if (digits_end - start > 19 || magnitude > (uint64_t)INT64_MAX + negative)
        return problem_set(&reader->problem, "an integer is out of range");
    int64_t value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (value < min || value > max)
        return problem_set(&reader->problem, "an integer is out of range");
    reader->at = at;
    *out = value;
    return true;
}

bool json_read_i32(struct reader *reader, int32_t *out)
{
    int64_t value = 0;
    if (!json_read_integer(reader, INT32_MIN, INT32_MAX, "an integer", &value))
        return false;
    *out = (int32_t)value;
    return true;
}

/* Most amounts are plain: up to 13 digits, no sign, and no more fraction digits than the scale, which is at most 5, so
 * that 18 digits are never passed. Anything else goes to decimal_read; false says so, and nothing is consumed. */
static inline bool read_plain_decimal(struct reader *reader, int32_t scale, int64_t *out)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000};
    enum { WHOLE_MAX = 13, FRACTION_MAX = 4, SCALE_MAX = 5 };
    const unsigned char *end = reader->end;
    const unsigned char *start = reader->at;
    const unsigned char *at = start;
    int64_t value = 0;
    int32_t fraction = 0;
    for (; at < end && (unsigned)(*at - '0') < 10 && at - start <= WHOLE_MAX; at++)
        value = value * 10 + (*at - '0');
    if (scale > SCALE_MAX || at == start || at - start > WHOLE_MAX || (*start == '0' && at - start > 1))
        return false;
    if (at < end && *at == '.') {
        for (at++; at < end && (unsigned)(*at - '0') < 10 && fraction <= FRACTION_MAX; at++, fraction++)
            value = value * 10 + (*at - '0');
        if (fraction == 0)
            return false;
    }
    if (fraction > FRACTION_MAX || fraction > scale || scale - fraction > FRACTION_MAX)
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        return false;
    reader->at = at;
    *out = value * powers[scale - fraction];
    return true;
}

bool json_read_decimal(struct reader *reader, int32_t scale, weir_decimal *out)
{
    weir_bytes text = {NULL, 0};
    if (read_plain_decimal(reader, scale, &out->unscaled))
        return true;
    bool is_string = json_peek(reader) == '"';
    if (is_string ? !json_scan_string(reader, &text) : !json_scan_number(reader, "a number", &text))
        return false;
    return decimal_read(text, scale, &out->unscaled) ||
           problem_set(&reader->problem, "not a decimal number of at most 18 digits");
}

/* Up to 15 digits and a power of ten up to 22 are exact in a double, so that one division or product rounds once
 * (W. Clinger, "How to read floating point numbers accurately", 1990). */
static bool read_exact_double(weir_bytes text, double *out)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    enum { DIGITS_MAX = 15 };
    const char *digits = text.data;
    bool negative = *digits == '-';
    uint64_t value = 0;
    size_t count = 0, fraction = 0;
    bool in_fraction = false;
    for (size_t i = negative; i < text.size; i++) {
        if (digits[i] == '.') {
            in_fraction = true;
            continue;
        }
        if (digits[i] < '0' || digits[i] > '9' || ++count > DIGITS_MAX)
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
        fraction += in_fraction;
    }
    double magnitude = (double)value / powers[fraction];
    *out = negative ? -magnitude : magnitude;
    return true;
}

/* strtod needs a NUL behind the text. */
static char *terminated(struct reader *reader, weir_bytes text)
{
    char *copy = reader_alloc(reader, text.size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    pthread_once(&c_locale_once, open_c_locale);
    return copy;
}

bool json_read_double(struct reader *reader, double *out)
{
    weir_bytes text = {NULL, 0};
    if (!json_scan_number(reader, "a number", &text))
        return false;
    if (read_exact_double(text, out))
        return true;
    char *copy = terminated(reader, text);
    if (!copy)
        return false;
    *out = strtod_l(copy, NULL, c_locale);
    return isfinite(*out) || problem_set(&reader->problem, "a number is out of range");
}

bool json_read_float(struct reader *reader, float *out)
{
    weir_bytes text = {NULL, 0};
    if (!json_scan_number(reader, "a number", &text))
        return false;
    char *copy = terminated(reader, text);
    if (!copy)
        return false;
    *out = strtof_l(copy, NULL, c_locale);
    return isfinite(*out) || problem_set(&reader->problem, "a number is out of range");
}

static size_t print(double value, int digits, char out[32])
{
    locale_t before = uselocale(c_locale);
    int size = snprintf(out, 32, "%.*g", digits, value);
    uselocale(before);
    assert(size > 0 && size < 32);
    return (size_t)size;
}

/* Whole numbers, the most frequent ones, do not need printf. */
static size_t whole_text(double value, char out[32])
{
    char digits[24];
    size_t count = 0, size = 0;
    uint64_t left = (uint64_t)fabs(value);
    do
        digits[count++] = (char)('0' + left % 10);
    while (left /= 10);
    if (signbit(value))
        out[size++] = '-';
    while (count)
        out[size++] = digits[--count];
    out[size] = 0;
    return size;
}

size_t json_double_text(double value, char out[32])
{
    assert(isfinite(value));
    if (fabs(value) < 1e15 && trunc(value) == value)
        return whole_text(value, out);
    pthread_once(&c_locale_once, open_c_locale);
    size_t size = 0;
    for (int digits = 15; digits <= 17; digits++) {
        size = print(value, digits, out);
        if (strtod_l(out, NULL, c_locale) == value)
            break;
    }
    return size;
}

size_t json_float_text(float value, char out[32])
{
    assert(isfinite(value));
    if (fabsf(value) < 1e6f && truncf(value) == value)
        return whole_text((double)value, out);
    pthread_once(&c_locale_once, open_c_locale);
    size_t size = 0;
    for (int digits = 6; digits <= 9; digits++) {
        size = print((double)value, digits, out);
        if (strtof_l(out, NULL, c_locale) == value)
            break;
    }
    return size;
}
