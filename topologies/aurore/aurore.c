/* aurore.c: the topology `aurore`.
 *
 * Events stay in the partition they came on and are written in two orders, by service and by time, so that a search is a
 * range and pages are stable. What is counted goes to the partition of its service, or of all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "aurore.h"

#include "aurore/cleaning.h"
#include "aurore_views.h"
#include "record/key.h"
#include "record/record.h"
#include "service_event.h"

enum { SERVICE_CHARS_MAX = 100, KEPT_DAYS = RETENTION_DAYS };

/* ---- events ---- */

static int64_t event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    int64_t at = record->value ? service_event_value(record)->timestamp : -1;
    return at >= 0 ? at : record->timestamp_ms; /* is_sound says what is wrong with one before 1970 */
}

/* Characters of UTF-8: bytes that do not continue one. */
static size_t count_chars(weir_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += (((const unsigned char *)text.data)[i] & 0xC0) != 0x80;
    return count;
}

static bool is_sound(weir_context *context, const struct weir_record *record)
{
    const struct service_event *event = record->value ? service_event_value(record) : NULL;
    if (!event)
        weir_drop(context, "null_value");
    else if (event->service.size == 0)
        weir_fail(context, "service: is empty");
    else if (count_chars(event->service) > SERVICE_CHARS_MAX)
        weir_fail(context, "service: has more than %d characters", SERVICE_CHARS_MAX);
    else if (event->timestamp < 0 || event->timestamp > RECORD_TIME_MS_MAX)
        weir_fail(context, "timestamp: is before 1970 or after 9999");
    else
        return true;
    return false;
}

struct self {
    weir_store *by_service, *by_time;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->by_service = weir_store_named(context, "aurore-events");
    self->by_time = weir_store_named(context, "aurore-events-by-time");
}

/* An event that came without an id has its place as one, so that it is the same row when it is processed again. */
static struct kept_event *complete(weir_context *context, const struct service_event *event)
{
    const struct weir_metadata place = weir_record_metadata(context);
    struct kept_event *kept = kept_event_new(context);
    kept->event_id = event->has_event_id
                         ? event->event_id
                         : record_text(context, "%d-%lld", (int)place.partition, (long long)place.offset);
    kept->timestamp = event->timestamp;
    kept->ingested_at = event->has_ingested_at ? event->ingested_at : weir_system_time(context);
    kept->service = event->service;
    kept->message = event->message;
    kept->has_metadata = event->has_metadata;
    kept->metadata = event->metadata;
    return kept;
}

/* What has an id is written to the log under it, so all its copies come to this task. */
static void keep(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct service_event *event = service_event_value(record);
    const struct kept_event *kept = complete(context, event);
    const weir_bytes time = record_time(context, kept->timestamp);
    weir_bytes by_service = record_key(context, (weir_bytes[]){kept->service, time, kept->event_id}, 3);
    weir_bytes by_time = record_key(context, (weir_bytes[]){time, kept->service, kept->event_id}, 3);
    if (event->has_event_id && weir_get(self->by_service, &by_service)) {
        weir_drop(context, "duplicate");
        return;
    }
    weir_put(self->by_service, &by_service, kept);
    weir_put(self->by_time, &by_time, kept);
    weir_forward(context, record);
}

static const struct weir_processor keeper = {.self_size = sizeof(struct self), .open = open, .process = keep};

/* ---- counts ---- */

static const void *service_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &service_event_value(record)->service;
}

static const void *everything(weir_context *context, const struct weir_record *record)
{
    static const weir_bytes all = {"all", 3};
    (void)context, (void)record;
    return &all;
}

static void add_event(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct service_total *total = aggregate;
    int64_t at = service_event_value(record)->timestamp;
    (void)context;
    if (total->events == 0 || at < total->first)
        total->first = at;
    if (at > total->last)
        total->last = at;
    total->events += 1;
}

static void count_events(weir_stream *events)
{
    weir_grouped *by_service = weir_group_by(events, "aurore-by-service", &weir_str_type, service_of);
    weir_aggregate(by_service, "aurore-services", add_event, .value = &service_total_type);
    weir_count(by_service, "aurore-services-per-hour",
               .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(KEPT_DAYS)});
    weir_grouped *all = weir_group_by(events, "aurore-all", &weir_str_type, everything);
    weir_aggregate(all, "aurore-total", add_event, .value = &service_total_type);
    weir_count(all, "aurore-per-minute",
               .window = {.size = weir_minutes(1), .grace = weir_hours(24), .retention = weir_days(2)});
    weir_count(all, "aurore-per-hour",
               .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(KEPT_DAYS)});
    weir_count(
        all, "aurore-last-hour",
        .window = {
            .size = weir_hours(1), .advance = weir_minutes(1), .grace = weir_hours(1), .retention = weir_hours(3)});
    weir_count(
        all, "aurore-last-day",
        .window = {
            .size = weir_hours(24), .advance = weir_hours(1), .grace = weir_hours(1), .retention = weir_hours(50)});
}

static void serve(weir_topology *t)
{
    weir_ingest(t, "/events", "aurore.events", .id = "eventId", .ingested_at = "ingestedAt", .key = "eventId",
                .time = "timestamp",
                .rules = {{"service", .chars_min = 1, .chars_max = SERVICE_CHARS_MAX},
                          {"timestamp", .is_bounded = true, .least = 0, .most = RECORD_TIME_MS_MAX}},
                .about = "Takes an event of a service, or an array of them.");
    weir_search(t, "/events", "timestamp",
                .indexes = {{"aurore-events", {"service"}}, {"aurore-events-by-time", {NULL}}},
                .about = "Events by service and time, oldest first.");
}

weir_topology *aurore_topology(void)
{
    weir_topology *t = weir_topology_new("aurore");
    weir_add_store(t, "aurore-events", &weir_str_type, &kept_event_type, .ttl = weir_days(KEPT_DAYS));
    weir_add_store(t, "aurore-events-by-time", &weir_str_type, &kept_event_type, .ttl = weir_days(KEPT_DAYS));
    weir_stream *events = weir_from(t, "aurore.events", &weir_str_type, &service_event_type, .timestamp = event_time);
    weir_stream *sound = weir_filter(events, is_sound, .name = "sound-events");
    count_events(
        weir_process(sound, &keeper, .stores = {"aurore-events", "aurore-events-by-time"}, .name = "keep-events"));
    serve(t);
    cleaning_add(t);
    return t;
}
