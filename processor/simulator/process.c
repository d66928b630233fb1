/* process.c: processes of a simulation: each is an app whose threads are fibers, and reaches the cluster over a
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
#include "bundled/bundled.h"
#include "runtime/loop.h"
#include "runtime/peers.h"
#include "runtime/standbys.h"
#include "simulator/world.h"

enum { SLOW_US_MAX = 4 * 1000 * 1000, RESTART_US_MAX = 2 * 1000 * 1000, PEERS_EVERY_US = 300 * 1000 };

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
    struct thread *thread = machine->world->inside;
    if (machine->is_killed || !thread)
        return;
    thread->wake_us = machine->world->now_us + us;
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

static bool link_sees(void *self, const char *topic)
{
    struct machine *machine = self;
    const char *const *topics = machine->world->plan->topics;
    for (size_t i = 0; topics && topics[i]; i++)
        if (strcmp(topics[i], topic) == 0)
            return !random_chance(&machine->world->random, machine->world->swarm.unseen);
    return true;
}

/* ---- a process ---- */

struct weir_app *world_open_app(struct simulate_world *world, const char *directory, const char *client,
                                struct broker *broker, struct weir_error *error)
{
    const struct swarm *swarm = &world->swarm;
    char numbers[8][24];
    const int64_t values[] = {swarm->commit_ms, swarm->poll_ms,    swarm->flush_ms, swarm->idle_ms,
                              swarm->buffered,  swarm->partitions, swarm->standbys, swarm->purge_ms};
    for (size_t i = 0; i < 8; i++)
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
        {"num.standby.replicas", numbers[6]},
        {"repartition.purge.interval.ms", numbers[7]},
        {"client.id", client},
        {"repartition.bundles", swarm->bundles ? "true" : "false"},
        {"topology.optimization", swarm->reuses_topics ? "all" : "none"},
        {"emit.interval.ms", "0"},
        {"metadata.max.age.ms", "300"},
        {"max.future.ms", "-1"},
        {NULL, NULL},
    };
    const struct weir_config config = {.application = "simulated", .set = set};
    struct weir_app *app = app_open(world->plan->build(), config, broker, error);
    if (app && swarm->bundles && swarm->holds_back)
        bundled_hold_back(app->broker);
    return app;
}

static void run_thread(struct machine *machine, size_t number, void (*run)(void *self))
{
    struct thread *thread = &machine->threads[number];
    thread->machine = machine;
    thread->fiber = fiber_new(run, machine);
    thread->wake_us = machine->world->now_us;
}

static void run_second_loop(void *self)
{
    const struct machine *machine = self;
    loop_run(machine->app->loops[1]);
}

/* What the runtime has two threads for, here it is one. */
static void keep_standbys(void *self)
{
    const struct machine *machine = self;
    int64_t look_us = 0;
    while (!machine->is_killed && !machine->is_ending) {
        if (machine->world->now_us >= look_us) {
            peers_look(machine->app->peers);
            look_us = machine->world->now_us + PEERS_EVERY_US;
        }
        standbys_turn(machine->app->standbys);
    }
}

/* Of this process's other threads; when it is killed they go on before this one. */
static void wait_for_end(struct machine *machine, size_t number)
{
    while (machine->threads[number].fiber)
        clock_pause_ms(1);
}

static bool open_loops(struct machine *machine, size_t count)
{
    struct weir_app *app = machine->app;
    app->loops = memory_new(count * sizeof(struct loop *));
    app->loop_count = count;
    for (size_t i = 0; i < count; i++) {
        app->loops[i] = loop_open(app, (int32_t)i + 1, &machine->failure);
        if (!app->loops[i])
            return false;
    }
    return true;
}

static void run_loops(struct machine *machine)
{
    struct weir_app *app = machine->app;
    size_t count = (size_t)machine->world->swarm.loops;
    if (open_loops(machine, count)) {
        world_tell(machine->world, "machine %d joins", machine->number);
        machine->has_joined = true;
        if (count > 1)
            run_thread(machine, THREAD_SECOND, run_second_loop);
        loop_run(app->loops[0]);
        wait_for_end(machine, THREAD_SECOND);
        weir_app_failure(app, &machine->failure);
    }
    machine->is_ending = true;
    wait_for_end(machine, THREAD_STANDBYS);
    machine->has_joined = false;
    for (size_t i = 0; i < count; i++)
        loop_close(app->loops[i]);
    app->loop_count = 0;
}

static void count_figures(const struct machine *machine)
{
    struct simulate_report *report = machine->world->report;
    const struct figures *figures = &machine->app->figures;
    report->rebalances += atomic_load(&figures->rebalances);
    report->faults[SIMULATE_PROMOTED] += atomic_load(&figures->standbys_taken);
    report->faults[SIMULATE_DEMOTED] += atomic_load(&figures->standbys_given);
    report->faults[SIMULATE_STRAY] += atomic_load(&figures->strays);
}

/* The body of the main fiber: from main() to exit(). */
static void live(void *self)
{
    struct machine *machine = self;
    machine->failure = (struct weir_error){0};
    struct weir_error error = {0};
    char client[24];
    snprintf(client, sizeof client, "machine-%d", (int)machine->number);
    machine->app = world_open_app(machine->world, machine->directory, client, machine->broker, &error);
    if (!machine->app) {
        machine->failure = error;
        return;
    }
    machine->app->watch = &machine->watch;
    machine->app->limits = &machine->world->swarm.limits;
    machine->app->peers = peers_new(machine->app);
    machine->app->standbys = standbys_new(machine->app);
    if (machine->app->standbys)
        run_thread(machine, THREAD_STANDBYS, keep_standbys);
    run_loops(machine);
    count_figures(machine);
    struct weir_app *app = machine->app;
    machine->app = NULL;
    app_close(app);
}

void machine_start(struct machine *machine)
{
    struct simulate_world *world = machine->world;
    const struct simulated_link link = {machine, link_wait, link_travel, link_fate, link_sends_now, link_sees};
    world_trace(world, 1000 + (uint64_t)machine->number);
    world_tell(world, "machine %d starts", machine->number);
    machine->is_killed = machine->is_stopping = machine->is_ending = machine->is_cut_off = false;
    machine->broker = simulated_connect(world->cluster, link, machine);
    machine->watch = witness_watch(world->witness, machine);
    machine->state = MACHINE_RUNNING;
    disk_machine_start(machine->disk);
    run_thread(machine, THREAD_MAIN, live);
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
    witness_process_ended(world->witness, machine);
    memory_free(machine->watch.self);
    machine->broker = NULL;
    machine->watch = (struct task_watch){0};
    machine->state = MACHINE_DOWN;
    machine->wake_us = world->now_us + (world->is_calm ? 1 : random_between(&world->random, 1, RESTART_US_MAX));
    if (machine->is_killed && random_chance(&world->random, world->swarm.wipe)) {
        world->report->faults[SIMULATE_WIPED]++;
        disk_machine_wipe(machine->disk);
    }
}

void thread_go_on(struct thread *thread)
{
    struct machine *machine = thread->machine;
    struct simulate_world *world = machine->world;
    thread->wake_us = INT64_MAX;
    world->inside = thread;
    fiber_resume(thread->fiber);
    world->inside = NULL;
    if (!fiber_has_ended(thread->fiber))
        return;
    fiber_free(thread->fiber);
    thread->fiber = NULL;
    if (thread == &machine->threads[THREAD_MAIN])
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
    for (size_t i = 0; i < THREADS; i++) /* they give their memory back */
        machine->threads[i].wake_us = machine->world->now_us;
}

void machine_stop(struct machine *machine)
{
    if (!machine->has_joined)
        return;
    world_trace(machine->world, 3000 + (uint64_t)machine->number);
    world_tell(machine->world, "machine %d is asked to stop", machine->number);
    machine->is_stopping = true;
    for (size_t i = 0; i < machine->app->loop_count; i++)
        loop_stop(machine->app->loops[i]);
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
        for (size_t i = 0; i < THREADS; i++)
            if (machine->threads[i].wake_us < machine->world->now_us)
                machine->threads[i].wake_us = machine->world->now_us;
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
    machine_kill(machine);
    while (machine->threads[THREAD_MAIN].fiber)
        for (size_t i = 0; i < THREADS; i++)
            if (machine->threads[i].fiber)
                thread_go_on(&machine->threads[i]);
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

static bool plain_sees(void *self, const char *topic)
{
    (void)self, (void)topic;
    return true;
}

struct broker *world_connect_plainly(struct simulate_world *world)
{
    const struct simulated_link link = {world, plain_wait, plain_travel, plain_fate, plain_sends_now, plain_sees};
    return simulated_connect(world->cluster, link, NULL);
}
