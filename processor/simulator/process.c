/* process.c: processes of a simulation: each is an app whose one loop runs on a fiber, and reaches the cluster over a
 * network that does what the seed says.
 *
 * A process is killed by cutting it off from everything that outlives it: from then on its requests fail and its disk
 * takes nothing, so whatever it still does while its memory is given back has no effect.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/loop.h"
#include "simulator/world.h"

enum { SLOW_US_MAX = 4 * 1000 * 1000, RESTART_US_MAX = 2 * 1000 * 1000 };

/* ---- time ---- */

void world_trace(struct simulate_world *world, uint64_t what)
{
    uint64_t *trace = &world->report->trace;
    *trace = (*trace ^ what ^ (uint64_t)world->now_us) * 0x9E3779B97F4A7C15u;
    *trace ^= *trace >> 31;
}

void world_tell(struct simulate_world *world, const char *format, ...)
{
    if (!world->plan->verbose)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%10.3f ms  ", (double)(world->now_us - WORLD_EPOCH_US) / 1000.0);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void world_advance(struct simulate_world *world, int64_t now_us)
{
    if (now_us > world->now_us)
        world->now_us = now_us;
    world->clock.hand_us = world->now_us;
    simulated_tick(world->cluster, world->now_us);
}

/* ---- the network ---- */

static void sleep_us(struct machine *machine, int64_t us)
{
    if (machine->is_killed || !fiber_is_inside())
        return;
    machine->wake_us = machine->world->now_us + us;
    fiber_yield();
}

static void link_wait(void *self, int64_t us)
{
    sleep_us(self, us);
}

static bool strikes(struct machine *machine, uint32_t chance, enum simulate_fault fault)
{
    struct simulate_world *world = machine->world;
    if (!random_chance(&world->random, chance))
        return false;
    world->report->faults[fault]++;
    return true;
}

static void link_travel(void *self)
{
    struct machine *machine = self;
    struct simulate_world *world = machine->world;
    if (machine->is_killed)
        return;
    int64_t us = random_between(&world->random, 1, world->swarm.latency_us);
    if (strikes(machine, world->swarm.slow, SIMULATE_SLOW))
        us = random_between(&world->random, world->swarm.latency_us, SLOW_US_MAX);
    sleep_us(machine, us);
    if (!machine->is_killed && strikes(machine, world->swarm.crash_in_request / 2, SIMULATE_CRASH))
        machine_kill(machine);
}

static enum simulated_fate link_fate(void *self, enum simulated_request request)
{
    struct machine *machine = self;
    const struct swarm *swarm = &machine->world->swarm;
    world_trace(machine->world, (uint64_t)request * 16 + (uint64_t)machine->number);
    if (machine->is_cut_off || strikes(machine, swarm->lost, SIMULATE_LOST))
        return SIMULATED_LOST;
    if (strikes(machine, swarm->unanswered, SIMULATE_UNANSWERED))
        return SIMULATED_UNANSWERED;
    if (request == SIMULATED_COMMIT_TRANSACTION && random_chance(&machine->world->random, swarm->late))
        return SIMULATED_LATE;
    return SIMULATED_ANSWERED;
}

static bool link_sends_now(void *self)
{
    struct machine *machine = self;
    return random_chance(&machine->world->random, machine->world->swarm.batch);
}

/* ---- a process ---- */

struct weir_app *world_open_app(struct simulate_world *world, const char *directory, struct broker *broker,
                                struct weir_error *error)
{
    const struct swarm *swarm = &world->swarm;
    char numbers[6][24];
    const int64_t values[] = {swarm->commit_ms, swarm->poll_ms,  swarm->flush_ms,
                              swarm->idle_ms,   swarm->buffered, swarm->partitions};
    for (size_t i = 0; i < 6; i++)
        snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)values[i]);
    const char *const set[][2] = {
        {"state.dir", directory},
        {"processing.guarantee", swarm->exactly_once ? "exactly_once_v2" : "at_least_once"},
        {"commit.interval.ms", numbers[0]},
        {"poll.ms", numbers[1]},
        {"state.flush.interval.ms", numbers[2]},
        {"max.task.idle.ms", numbers[3]},
        {"buffered.records.per.partition", numbers[4]},
        {"embedded.partitions", numbers[5]},
        {"emit.interval.ms", "0"},
        {"max.future.ms", "-1"},
        {NULL, NULL},
    };
    const struct weir_config config = {.application = "simulated", .set = set};
    return app_open(world->plan->build(), config, broker, error);
}

static void run_loop(struct machine *machine)
{
    struct weir_error error = {0};
    machine->app->watch = &machine->watch;
    machine->app->limits = &machine->world->swarm.limits;
    machine->loop = loop_open(machine->app, 1, &error);
    if (!machine->loop) {
        machine->failure = error;
        return;
    }
    world_tell(machine->world, "machine %d joins", machine->number);
    loop_run(machine->loop);
    weir_app_failure(machine->app, &machine->failure);
}

/* The body of the fiber: from main() to exit(). */
static void live(void *self)
{
    struct machine *machine = self;
    machine->failure = (struct weir_error){0};
    struct weir_error error = {0};
    machine->app = world_open_app(machine->world, machine->directory, machine->broker, &error);
    if (!machine->app) {
        machine->failure = error;
        return;
    }
    run_loop(machine);
    struct loop *loop = machine->loop;
    struct weir_app *app = machine->app;
    machine->loop = NULL;
    machine->app = NULL;
    machine->world->report->rebalances += atomic_load(&app->figures.rebalances);
    loop_close(loop);
    app_close(app);
}

static void start(struct machine *machine)
{
    struct simulate_world *world = machine->world;
    const struct simulated_link link = {machine, link_wait, link_travel, link_fate, link_sends_now};
    world_trace(world, 1000 + (uint64_t)machine->number);
    world_tell(world, "machine %d starts", machine->number);
    machine->is_killed = machine->is_stopping = machine->is_cut_off = false;
    machine->broker = simulated_connect(world->cluster, link, machine);
    machine->watch = witness_watch(world->witness, machine);
    machine->fiber = fiber_new(live, machine);
    machine->state = MACHINE_RUNNING;
    disk_machine_start(machine->disk);
}

/* A process that gives up by itself found something it must not; but when it starts or stops and gets no answer, it may. */
static void look_at_failure(struct machine *machine)
{
    const struct weir_error *failure = &machine->failure;
    if (machine->is_killed || machine->is_stopping || failure->code == WEIR_OK || failure->code == WEIR_RETRY)
        return;
    char what[400];
    snprintf(what, sizeof what, "machine %d gave up: %s: %s", machine->number, error_code_name(failure->code),
             failure->message);
    witness_violated(machine->world->witness, what);
}

static void end(struct machine *machine)
{
    struct simulate_world *world = machine->world;
    world_tell(world, "machine %d has ended%s%s", machine->number, machine->failure.code ? ": " : "",
               machine->failure.message);
    look_at_failure(machine);
    fiber_free(machine->fiber);
    witness_process_ended(world->witness, machine);
    memory_free(machine->watch.self);
    machine->fiber = NULL;
    machine->broker = NULL;
    machine->watch = (struct task_watch){0};
    machine->state = MACHINE_DOWN;
    machine->wake_us = world->now_us + (world->is_calm ? 1 : random_between(&world->random, 1, RESTART_US_MAX));
    if (machine->is_killed && random_chance(&world->random, world->swarm.wipe)) {
        world->report->faults[SIMULATE_WIPED]++;
        disk_machine_wipe(machine->disk);
    }
}

void machine_go_on(struct machine *machine)
{
    struct simulate_world *world = machine->world;
    machine->wake_us = INT64_MAX;
    if (machine->state == MACHINE_DOWN)
        start(machine);
    world->inside = machine;
    fiber_resume(machine->fiber);
    world->inside = NULL;
    if (fiber_has_ended(machine->fiber))
        end(machine);
}

/* ---- what happens to it ---- */

void machine_kill(struct machine *machine)
{
    if (machine->state == MACHINE_DOWN || machine->is_killed)
        return;
    world_trace(machine->world, 2000 + (uint64_t)machine->number);
    world_tell(machine->world, "machine %d is killed", machine->number);
    machine->is_killed = true;
    machine->state = MACHINE_RUNNING;
    simulated_kill(machine->broker);
    disk_machine_crash(machine->disk);
    machine->wake_us = machine->world->now_us; /* gives its memory back */
}

void machine_stop(struct machine *machine)
{
    if (!machine->loop)
        return;
    world_trace(machine->world, 3000 + (uint64_t)machine->number);
    world_tell(machine->world, "machine %d is asked to stop", machine->number);
    machine->is_stopping = true;
    loop_stop(machine->loop);
}

void machine_pause(struct machine *machine, int64_t until_us)
{
    world_trace(machine->world, 4000 + (uint64_t)machine->number);
    world_tell(machine->world, "machine %d stands still", machine->number);
    machine->state = MACHINE_PAUSED;
    machine->until_us = until_us;
    simulated_silence(machine->broker, true);
}

void machine_cut_off(struct machine *machine, int64_t until_us)
{
    world_trace(machine->world, 5000 + (uint64_t)machine->number);
    world_tell(machine->world, "machine %d has no network", machine->number);
    machine->is_cut_off = true;
    machine->until_us = until_us;
    simulated_silence(machine->broker, true);
}

void machine_end_of_fault(struct machine *machine)
{
    if (machine->state == MACHINE_PAUSED) {
        machine->state = MACHINE_RUNNING;
        if (machine->wake_us < machine->world->now_us)
            machine->wake_us = machine->world->now_us;
    }
    machine->is_cut_off = false;
    if (machine->broker)
        simulated_silence(machine->broker, false);
    world_tell(machine->world, "machine %d is itself again", machine->number);
}

void machine_init(struct simulate_world *world, struct machine *machine, int32_t number)
{
    *machine = (struct machine){.world = world, .number = number, .wake_us = INT64_MAX};
    machine->directory = memory_format("%s/%d", world->plan->directory, (int)number);
    machine->disk = disk_machine_new(machine->directory, world->swarm.disk,
                                     (struct random){random_next(&world->random)}, &world->disk_figures);
    machine->wake_us = world->now_us + random_between(&world->random, 0, 500 * 1000);
}

void machine_done(struct machine *machine)
{
    if (machine->fiber) {
        machine_kill(machine);
        machine_go_on(machine);
    }
    disk_machine_free(machine->disk);
    memory_free(machine->directory);
}

/* ---- one that looks on without any network in between ---- */

static void plain_wait(void *self, int64_t us)
{
    (void)self, (void)us;
}

static void plain_travel(void *self)
{
    (void)self;
}

static enum simulated_fate plain_fate(void *self, enum simulated_request request)
{
    (void)self, (void)request;
    return SIMULATED_ANSWERED;
}

static bool plain_sends_now(void *self)
{
    (void)self;
    return true;
}

struct broker *world_connect_plainly(struct simulate_world *world)
{
    const struct simulated_link link = {world, plain_wait, plain_travel, plain_fate, plain_sends_now};
    return simulated_connect(world->cluster, link, NULL);
}
