/* feeder.c: see feeder.h. A record that the app cannot take now is offered again until it can.
 * SPDX-License-Identifier: Apache-2.0 */
#include "feeder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { BATCH = 500, TICK_MS = 50, RETRY_MS = 200 };

struct batch {
    weir_arena arena;
    struct generator_event events[BATCH];
    size_t count;
};

struct feeder {
    pthread_t thread;
    atomic_bool stopping;
    weir_app *app;
    struct feeder_plan plan;
    struct system_events *events;
    struct batch batch;
};

static void pause_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static void fill(struct feeder *feeder, int64_t until_ms)
{
    struct batch *batch = &feeder->batch;
    struct generator_event event;
    arena_clear(&batch->arena);
    for (batch->count = 0; batch->count < BATCH && system_events_next(feeder->events, until_ms, &event);
         batch->count++) {
        event.key = event.key ? arena_text(&batch->arena, event.key) : NULL;
        event.value = arena_text(&batch->arena, event.value);
        batch->events[batch->count] = event;
    }
}

static void send(struct feeder *feeder, const char *topic, const struct weir_raw_record *records, size_t count)
{
    struct weir_error error = {0};
    while (count > 0 && !atomic_load(&feeder->stopping)) {
        error = (struct weir_error){0};
        if (weir_produce(feeder->app, topic, records, count, NULL, &error))
            return;
        if (error.code != WEIR_RETRY) {
            log_warning("demo", "%s", error.message);
            return;
        }
        pause_ms(RETRY_MS);
    }
}

static void send_batch(struct feeder *feeder)
{
    struct weir_raw_record records[BATCH];
    const char *const *topics = feeder->plan.system->topics;
    for (size_t t = 0; topics[t]; t++) {
        size_t count = 0;
        for (size_t i = 0; i < feeder->batch.count; i++) {
            const struct generator_event *event = &feeder->batch.events[i];
            if (strcmp(event->topic, topics[t]) == 0)
                records[count++] = (struct weir_raw_record){.key = bytes_of_text(event->key),
                                                            .value = bytes_of_text(event->value),
                                                            .timestamp_ms = event->timestamp_ms};
        }
        send(feeder, topics[t], records, count);
    }
}

static void send_until(struct feeder *feeder, int64_t until_ms)
{
    do {
        fill(feeder, until_ms);
        send_batch(feeder);
    } while (feeder->batch.count == BATCH && !atomic_load(&feeder->stopping));
}

static void *feed(void *self)
{
    struct feeder *feeder = self;
    send_until(feeder, clock_wall_ms(&clock_system));
    if (feeder->plan.events_per_second == 0)
        return NULL;
    system_events_set_pace(feeder->events, feeder->plan.events_per_second);
    while (!atomic_load(&feeder->stopping)) {
        send_until(feeder, clock_wall_ms(&clock_system));
        pause_ms(TICK_MS);
    }
    return NULL;
}

struct feeder *feeder_start(weir_app *app, struct feeder_plan plan)
{
    struct feeder *feeder = memory_new(sizeof *feeder);
    feeder->app = app;
    feeder->plan = plan;
    arena_init(&feeder->batch.arena);
    double pace =
        plan.backlog_ms > 0 ? (double)plan.backlog_events * 1000 / (double)plan.backlog_ms : plan.events_per_second;
    feeder->events = system_events_new(plan.system, plan.seed, clock_wall_ms(&clock_system) - plan.backlog_ms, pace);
    if (pthread_create(&feeder->thread, NULL, feed, feeder) == 0)
        return feeder;
    system_events_free(feeder->events);
    arena_done(&feeder->batch.arena);
    memory_free(feeder);
    return NULL;
}

void feeder_stop(struct feeder *feeder)
{
    if (!feeder)
        return;
    atomic_store(&feeder->stopping, true);
    pthread_join(feeder->thread, NULL);
    system_events_free(feeder->events);
    arena_done(&feeder->batch.arena);
    memory_free(feeder);
}
