/* time.c: see time.h. Days and dates are converted with Howard Hinnant's civil calendar arithmetic ("chrono-Compatible
 * Low-Level Date Algorithms"), which needs no table and no locale.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/time.h"

#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };
#define EARLIEST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LATEST_MS INT64_C(253402300799999)   /* 9999-12-31T23:59:59.999Z */

static int64_t days_of_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *put_number(char *at, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digits;
}

void time_text(int64_t ms, char out[TIME_TEXT_BYTES + 1])
{
    ms = ms < EARLIEST_MS ? EARLIEST_MS : ms > LATEST_MS ? LATEST_MS : ms;
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int rest = (int)(ms - days * DAY_MS);
    int year, month, day;
    date_of_days(days, &year, &month, &day);
    const int parts[] = {year, month, day, rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000};
    static const int widths[] = {4, 2, 2, 2, 2, 2, 3};
    static const char behind[] = "--T::.Z";
    for (int i = 0; i < 7; i++) {
        out = put_number(out, parts[i], widths[i]);
        *out++ = behind[i];
    }
    *out = 0;
}

/* Reads exactly `digits` digits and the byte behind them, if one is asked for. */
static bool take(weir_bytes *text, int digits, char behind, int *number)
{
    const char *at = text->data;
    size_t size = (size_t)digits + (behind ? 1 : 0);
    *number = 0;
    if (text->size < size)
        return false;
    for (int i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *number = *number * 10 + (at[i] - '0');
    }
    if (behind && (at[digits] | 0x20) != (behind | 0x20))
        return false;
    *text = (weir_bytes){at + size, text->size - size};
    return true;
}

static bool take_fraction(weir_bytes *text, int *ms)
{
    const char *at = text->data;
    *ms = 0;
    if (text->size == 0 || at[0] != '.')
        return true;
    size_t n = 1;
    for (int scale = 100; n < text->size && at[n] >= '0' && at[n] <= '9'; n++, scale /= 10)
        *ms += (at[n] - '0') * scale;
    *text = (weir_bytes){at + n, text->size - n};
    return n > 1 && n <= 10;
}

static bool take_offset(weir_bytes *text, int *minutes)
{
    const char *at = text->data;
    int hours, rest;
    *minutes = 0;
    if (text->size == 1 && (at[0] | 0x20) == 'z')
        return true;
    if (text->size != 6 || (at[0] != '+' && at[0] != '-'))
        return false;
    weir_bytes digits = {at + 1, 5};
    if (!take(&digits, 2, ':', &hours) || !take(&digits, 2, 0, &rest) || hours > 23 || rest > 59)
        return false;
    *minutes = (hours * 60 + rest) * (at[0] == '-' ? -1 : 1);
    return true;
}

static bool read_date_time(weir_bytes text, int64_t *ms)
{
    int year, month, day, hour, minute, second, fraction, offset;
    if (!take(&text, 4, '-', &year) || !take(&text, 2, '-', &month) || !take(&text, 2, 'T', &day) ||
        !take(&text, 2, ':', &hour) || !take(&text, 2, ':', &minute) || !take(&text, 2, 0, &second) ||
        !take_fraction(&text, &fraction) || !take_offset(&text, &offset))
        return false;
    int back_year, back_month, back_day;
    int64_t days = month >= 1 && month <= 12 ? days_of_date(year, month, day) : 0;
    date_of_days(days, &back_year, &back_month, &back_day); /* 31 April comes back as 1 May */
    if (back_year != year || back_month != month || back_day != day || hour > 23 || minute > 59 || second > 59)
        return false;
    *ms = days * DAY_MS + ((int64_t)hour * 60 + minute - offset) * 60000 + second * 1000 + fraction;
    return true;
}

static bool read_integer(weir_bytes text, int64_t *number)
{
    const char *at = text.data;
    size_t i = text.size > 0 && at[0] == '-' ? 1 : 0;
    int64_t sum = 0;
    if (i == text.size || text.size > 18)
        return false;
    for (; i < text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        sum = sum * 10 + (at[i] - '0');
    }
    *number = at[0] == '-' ? -sum : sum;
    return true;
}

bool time_of_text(weir_bytes text, int64_t *ms)
{
    return read_integer(text, ms) || read_date_time(text, ms);
}
