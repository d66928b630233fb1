/* key.c: see key.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <string.h>

enum { TIME_CHARS = 24 };

weir_bytes record_key(weir_context *context, const weir_bytes *parts, size_t count)
{
    size_t size = count - 1;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    char *key = weir_alloc(context, size), *at = key;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = '/';
        memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    return (weir_bytes){key, size};
}

static void put_two(char *out, int number)
{
    out[0] = (char)('0' + number / 10);
    out[1] = (char)('0' + number % 10);
}

/* Days since 1970 to year, month and day (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013). */
static void put_date(char *out, int64_t days)
{
    int64_t shifted = days + 719468, era = shifted / 146097, day_of_era = shifted % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    int year = (int)(year_of_era + era * 400 + (month <= 2));
    put_two(out, year / 100);
    put_two(out + 2, year % 100);
    out[4] = out[7] = '-';
    put_two(out + 5, month);
    put_two(out + 8, (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1));
}

weir_bytes record_time(weir_context *context, int64_t ms)
{
    char *out = weir_alloc(context, TIME_CHARS);
    int64_t of_day = ms % 86400000;
    put_date(out, ms / 86400000);
    out[10] = 'T';
    put_two(out + 11, (int)(of_day / 3600000));
    out[13] = out[16] = ':';
    put_two(out + 14, (int)(of_day / 60000 % 60));
    put_two(out + 17, (int)(of_day / 1000 % 60));
    out[19] = '.';
    out[20] = (char)('0' + of_day % 1000 / 100);
    put_two(out + 21, (int)(of_day % 100));
    out[23] = 'Z';
    return (weir_bytes){out, TIME_CHARS};
}
