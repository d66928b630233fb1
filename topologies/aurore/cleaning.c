/* cleaning.c: see cleaning.h.
 *
 * The stores' own ttl goes by the time of the events, so the last events of services that have fallen silent would stay for ever.
 * A run is a row of a store: it deletes a few thousand events at a time, so that it holds nobody up, and one that was cut
 * short goes on where it was.
 * SPDX-License-Identifier: Apache-2.0 */
#include "aurore/cleaning.h"

#include "aurore_views.h"
#include "record/key.h"
#include "record/record.h"
#include "retention.h"

enum { STEP_MS = 200, STEP_EVENTS = 5000 };

struct self {
    weir_store *by_service, *by_time, *runs;
};

static weir_bytes run_key(weir_context *context)
{
    return record_text(context, "partition-%d", (int)weir_partition(context));
}

static bool is_under_way(const struct retention_run *run)
{
    return run && !run->has_finished_at;
}

/* One that is under way goes further; it does not begin anew. */
static void begin_run(weir_context *context, int64_t now_ms)
{
    const struct self *self = weir_self(context);
    const weir_bytes key = run_key(context);
    const struct retention_run *latest = weir_get(self->runs, &key);
    struct retention_run *run = retention_run_new(context);
    run->started_at = now_ms;
    run->reached = (weir_bytes){"", 0};
    if (is_under_way(latest))
        *run = *latest;
    run->before = now_ms - weir_days(RETENTION_DAYS).ms;
    weir_put(self->runs, &key, run);
}

struct step {
    weir_context *context;
    struct retention_run *run;
    int events;
};

static bool delete_event(void *argument, const struct weir_record *row)
{
    struct step *step = argument;
    const struct self *self = weir_self(step->context);
    const struct kept_event *event = kept_event_value(row);
    const weir_bytes time = record_time(step->context, event->timestamp);
    const weir_bytes by_service = record_key(step->context, (weir_bytes[]){event->service, time, event->event_id}, 3);
    const weir_bytes by_time = record_text(step->context, "%.*s", RECORD_CHARS(*(const weir_bytes *)row->key));
    weir_put(self->by_service, &by_service, NULL);
    weir_put(self->by_time, &by_time, NULL);
    step->run->reached = by_time;
    step->run->deleted++;
    return ++step->events < STEP_EVENTS;
}

static void take_step(weir_context *context, int64_t now_ms)
{
    const struct self *self = weir_self(context);
    const weir_bytes key = run_key(context);
    const struct retention_run *latest = weir_get(self->runs, &key);
    if (!is_under_way(latest) || latest->before < 0)
        return;
    struct retention_run *run = retention_run_new(context);
    *run = *latest;
    struct step step = {context, run, 0};
    const weir_bytes to = record_time(context, run->before), from = run->reached;
    weir_range_each(self->by_time, (struct weir_range){.from = &from, .to = &to}, delete_event, &step);
    run->has_finished_at = step.events < STEP_EVENTS;
    run->finished_at = run->has_finished_at ? now_ms : 0;
    weir_put(self->runs, &key, run);
}

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->by_service = weir_store_named(context, "aurore-events");
    self->by_time = weir_store_named(context, "aurore-events-by-time");
    self->runs = weir_store_named(context, "aurore-retention");
    weir_schedule_from(context, WEIR_WALL_CLOCK, weir_hours(2).ms, weir_days(1), begin_run);
    weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(STEP_MS), take_step);
}

static void begin_when_asked(weir_context *context, const struct weir_record *record)
{
    (void)record;
    begin_run(context, weir_system_time(context));
}

static const struct weir_processor sweeper = {
    .self_size = sizeof(struct self), .open = open, .process = begin_when_asked};

/* A request moves no time: what the ttl of the stores takes is not what a run counts. */
static int64_t no_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)record, (void)partition_time_ms;
    return 0;
}

static int32_t every_partition(const struct weir_record *record, int32_t partitions)
{
    (void)record, (void)partitions;
    return WEIR_PARTITION_ALL;
}

void cleaning_add(weir_topology *t)
{
    weir_add_store(t, "aurore-retention", &weir_str_type, &retention_run_type);
    weir_stream *asked =
        weir_from(t, "aurore.retention", &weir_str_type, &retention_request_type, .timestamp = no_time);
    weir_process(weir_repartition(asked, "aurore-retention", .partition_of = every_partition), &sweeper,
                 .stores = {"aurore-events", "aurore-events-by-time", "aurore-retention"}, .name = "delete-events");
    weir_ingest(t, "/retention", "aurore.retention", .id = "requestId", .ingested_at = "requestedAt",
                .key = "requestId", .about = "Deletes the events that are older than events are kept, now.");
}
