/* time.c: instants as ISO-8601 text and back, in the proleptic Gregorian calendar, without the C library's time zone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "schemas/codec.h"
#include "schemas/time.h"

static const int64_t DAY_MS = 86400000;

/* Days since 1970-01-01 of a date, and back; years begin in March so that the leap day comes last (H. Hinnant,
 * "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

bool time_has_text(int64_t ms)
{
    return ms >= TIME_MS_MIN && ms <= TIME_MS_MAX;
}

static char *put_digits(char *out, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + count;
}

/* Instants beyond the four-digit years are written as the first or the last one that has a text. */
void time_write(int64_t ms, char out[25])
{
    ms = ms < TIME_MS_MIN ? TIME_MS_MIN : ms > TIME_MS_MAX ? TIME_MS_MAX : ms;
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int64_t rest = ms - days * DAY_MS;
    int64_t year;
    int month, day;
    date_of(days, &year, &month, &day);
    out = put_digits(out, year, 4);
    *out++ = '-';
    out = put_digits(out, month, 2);
    *out++ = '-';
    out = put_digits(out, day, 2);
    *out++ = 'T';
    out = put_digits(out, rest / 3600000, 2);
    *out++ = ':';
    out = put_digits(out, rest / 60000 % 60, 2);
    *out++ = ':';
    out = put_digits(out, rest / 1000 % 60, 2);
    *out++ = '.';
    out = put_digits(out, rest % 1000, 3);
    *out++ = 'Z';
    *out = 0;
}

static bool read_digits(const char **at, int count, int *value)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        sum = sum * 10 + (c - '0');
    }
    *at += count;
    *value = sum;
    return true;
}

static bool read_mark(const char **at, char mark)
{
    return *(*at)++ == mark;
}

static int days_in(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

/* The 19 characters of "2024-12-04T10:30:00". A leap second :60 is the first instant of the next minute. */
static bool read_date_time(const char *at, int64_t *ms)
{
    int year, month, day, hour, minute, second;
    if (!read_digits(&at, 4, &year) || !read_mark(&at, '-') || !read_digits(&at, 2, &month) || !read_mark(&at, '-') ||
        !read_digits(&at, 2, &day))
        return false;
    if (*at != 'T' && *at != 't' && *at != ' ')
        return false;
    at++;
    if (!read_digits(&at, 2, &hour) || !read_mark(&at, ':') || !read_digits(&at, 2, &minute) || !read_mark(&at, ':') ||
        !read_digits(&at, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60)
        return false;
    *ms =
        days_of(year, month, day) * DAY_MS + hour * INT64_C(3600000) + minute * INT64_C(60000) + second * INT64_C(1000);
    return true;
}

/* ".123456789": digits beyond milliseconds are dropped, as every Kafka client does. Returns NULL when it is wrong. */
static const char *read_fraction(const char *at, const char *end, int64_t *ms)
{
    if (at == end || *at != '.')
        return at;
    const char *start = ++at;
    int weight = 100;
    for (; at < end && *at >= '0' && *at <= '9'; at++, weight /= 10)
        *ms += (*at - '0') * weight;
    return at == start || at - start > 9 ? NULL : at;
}

/* "Z", "+02:00" or "+0200". */
static bool read_offset(const char *at, const char *end, int64_t *ms)
{
    if (end - at == 1)
        return *at == 'Z' || *at == 'z';
    bool has_colon = end - at == 6;
    if ((!has_colon && end - at != 5) || (*at != '+' && *at != '-'))
        return false;
    int sign = *at++ == '-' ? -1 : 1;
    int hours, minutes;
    if (!read_digits(&at, 2, &hours) || (has_colon && !read_mark(&at, ':')) || !read_digits(&at, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *ms -= sign * (hours * INT64_C(3600000) + minutes * INT64_C(60000));
    return true;
}

bool time_read(weir_bytes text, int64_t *ms)
{
    enum { DATE_TIME = 19, FORM_MIN = DATE_TIME + 1 };
    const char *at = text.data;
    int64_t value;
    if (text.size < FORM_MIN || !read_date_time(at, &value))
        return false;
    const char *end = at + text.size;
    at = read_fraction(at + DATE_TIME, end, &value);
    if (!at || at == end || !read_offset(at, end, &value) || !time_has_text(value))
        return false;
    *ms = value;
    return true;
}
