/* audit.c: audit events in the orders in which people search: by time, by actor and time, by resource and time.
 *
 * Events have no id: actor, action, resource and time together are it, so what is delivered twice is one row.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "audit_event.h"
#include "pieces.h"

enum { TIME_CHARS = 24 };

struct self {
    weir_store *by_time, *by_actor, *by_resource;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->by_time = weir_store_named(context, "platform-audit-by-time");
    self->by_actor = weir_store_named(context, "platform-audit-by-actor");
    self->by_resource = weir_store_named(context, "platform-audit-by-resource");
}

/* The parts with a slash between two of them. */
static weir_bytes key_of(weir_context *context, const weir_bytes *parts, size_t count)
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

/* "2024-12-04T10:30:00.000Z", which sorts as time does. */
static void put_time(char out[TIME_CHARS], int64_t ms)
{
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
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct audit_event *event = record->value ? audit_event_value(record) : NULL;
    if (!event) {
        weir_drop(context, "null_value");
        return;
    }
    if (event->timestamp < 0 || event->timestamp >= 253402300800000) { /* year 10000 */
        weir_fail(context, "timestamp: before 1970 or after 9999");
        return;
    }
    char chars[TIME_CHARS];
    put_time(chars, event->timestamp);
    const weir_bytes time = {chars, TIME_CHARS};
    weir_bytes by_time = key_of(context, (weir_bytes[]){time, event->actor, event->action, event->resource}, 4);
    weir_bytes by_actor = key_of(context, (weir_bytes[]){event->actor, time, event->action, event->resource}, 4);
    weir_bytes by_resource = key_of(context, (weir_bytes[]){event->resource, time, event->action, event->actor}, 4);
    weir_put(self->by_time, &by_time, event);
    weir_put(self->by_actor, &by_actor, event);
    weir_put(self->by_resource, &by_resource, event);
}

const struct weir_processor audit_processor = {.self_size = sizeof(struct self), .open = open, .process = process};

int64_t audit_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? audit_event_value(record)->timestamp : record->timestamp_ms;
}
