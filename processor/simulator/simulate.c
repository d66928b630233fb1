/* simulate.c: see simulate.h. What happens next is whatever is due first; ties go to the machines by number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/simulate.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "operators/operators.h"
#include "simulator/quiet.h"
#include "simulator/service.h"
#include "simulator/world.h"

enum {
    SECOND = 1000 * 1000,
    LIVENESS_US = 120 * SECOND, /* of virtual time, until everything is consumed after the last fault */
    STEPS_MAX = 2000000,
    LOOK_EVERY_US = 500 * 1000,
    SETTLE_US = 5 * SECOND, /* after the end, until views are whole */
    QUIET_US = 30 * SECOND, /* and until every standby is in step */
};

const char *const simulate_fault_names[SIMULATE_FAULTS] = {
    [SIMULATE_CRASH] = "crash",
    [SIMULATE_STOP] = "clean stop",
    [SIMULATE_PAUSE] = "pause",
    [SIMULATE_CUT_OFF] = "cut off",
    [SIMULATE_EXPELLED] = "expelled",
    [SIMULATE_FENCED] = "fenced",
    [SIMULATE_SLOW] = "slow",
    [SIMULATE_LOST] = "lost request",
    [SIMULATE_UNANSWERED] = "lost answer",
    [SIMULATE_LATE] = "late request",
    [SIMULATE_ABORTED] = "aborted",
    [SIMULATE_TORN_STORE] = "torn store",
    [SIMULATE_WIPED] = "lost disk",
    [SIMULATE_DISK_FULL] = "disk full",
    [SIMULATE_DAMAGED] = "damaged store",
    [SIMULATE_RETURNED] = "static member back",
    [SIMULATE_PROMOTED] = "standby promoted",
    [SIMULATE_DEMOTED] = "task demoted",
    [SIMULATE_PURGED] = "record purged",
    [SIMULATE_STRAY] = "stray undone",
};

/* ---- what the world does ---- */

static int64_t draw_next(struct simulate_world *world, int64_t average_us)
{
    return average_us == 0 ? INT64_MAX : world->now_us + random_between(&world->random, 1, 2 * average_us);
}

static struct machine *any_machine(struct simulate_world *world)
{
    return &world->machines[random_below(&world->random, (uint64_t)world->swarm.machines)];
}

static bool is_well(const struct machine *machine)
{
    return machine->state == MACHINE_RUNNING && !machine->is_killed && !machine->is_cut_off;
}

static int64_t draw_absence(struct simulate_world *world)
{
    return world->now_us + random_between(&world->random, world->swarm.broker.session_timeout_us / 2,
                                          world->swarm.broker.session_timeout_us * 3);
}

static void crash_one(struct simulate_world *world)
{
    struct machine *machine = any_machine(world);
    world->next_crash_us = draw_next(world, world->swarm.crash_every_us);
    if (machine->state == MACHINE_DOWN || machine->is_killed)
        return;
    world->report->faults[SIMULATE_CRASH]++;
    machine_kill(machine);
}

static void stop_one(struct simulate_world *world)
{
    struct machine *machine = any_machine(world);
    world->next_stop_us = draw_next(world, world->swarm.stop_every_us);
    if (!is_well(machine) || !machine->has_joined || machine->is_stopping)
        return;
    world->report->faults[SIMULATE_STOP]++;
    machine_stop(machine);
}

static void pause_one(struct simulate_world *world)
{
    struct machine *machine = any_machine(world);
    world->next_pause_us = draw_next(world, world->swarm.pause_every_us);
    if (!is_well(machine))
        return;
    world->report->faults[SIMULATE_PAUSE]++;
    machine_pause(machine, draw_absence(world));
}

static void cut_one_off(struct simulate_world *world)
{
    struct machine *machine = any_machine(world);
    world->next_cut_us = draw_next(world, world->swarm.cut_every_us);
    if (!is_well(machine))
        return;
    world->report->faults[SIMULATE_CUT_OFF]++;
    machine_cut_off(machine, draw_absence(world));
}

static void append_input(struct simulate_world *world)
{
    world_append_input(world);
    world->next_input_us =
        world->input_next < world->input_count ? world->now_us + world->swarm.input_every_us : INT64_MAX;
}

static void look(struct simulate_world *world)
{
    world->next_look_us = world->now_us + LOOK_EVERY_US;
    for (int32_t i = 0; i < world->swarm.machines; i++)
        if (world->machines[i].app && world->machines[i].has_joined)
            witness_look_at(world->witness, world->machines[i].app);
}

/* ---- one thing after the other ---- */

struct due {
    int64_t at_us;
    void (*happens)(struct simulate_world *);
    struct machine *starts, *is_well_again;
    struct thread *goes_on;
};

static void consider(struct due *first, struct due due)
{
    if (due.at_us < first->at_us)
        *first = due;
}

static struct due find_due(struct simulate_world *world)
{
    struct due first = {.at_us = INT64_MAX};
    for (int32_t i = 0; i < world->swarm.machines; i++) {
        struct machine *machine = &world->machines[i];
        if (machine->state == MACHINE_PAUSED || machine->is_cut_off)
            consider(&first, (struct due){.at_us = machine->until_us, .is_well_again = machine});
        if (machine->state == MACHINE_DOWN)
            consider(&first, (struct due){.at_us = machine->wake_us, .starts = machine});
        for (size_t t = 0; machine->state == MACHINE_RUNNING && t < THREADS; t++)
            if (machine->threads[t].fiber)
                consider(&first, (struct due){.at_us = machine->threads[t].wake_us, .goes_on = &machine->threads[t]});
    }
    consider(&first, (struct due){.at_us = world->next_input_us, .happens = append_input});
    consider(&first, (struct due){.at_us = world->next_crash_us, .happens = crash_one});
    consider(&first, (struct due){.at_us = world->next_stop_us, .happens = stop_one});
    consider(&first, (struct due){.at_us = world->next_pause_us, .happens = pause_one});
    consider(&first, (struct due){.at_us = world->next_cut_us, .happens = cut_one_off});
    consider(&first, (struct due){.at_us = world->next_look_us, .happens = look});
    return first;
}

static void step(struct simulate_world *world)
{
    struct due due = find_due(world);
    world_advance(world, due.at_us);
    if (due.goes_on)
        thread_go_on(due.goes_on);
    else if (due.starts)
        machine_start(due.starts);
    else if (due.is_well_again)
        machine_end_of_fault(due.is_well_again);
    else
        due.happens(world);
}

static bool run_until(struct simulate_world *world, int64_t until_us, bool (*is_done)(const struct simulate_world *))
{
    for (int steps = 0; steps < STEPS_MAX && world->now_us < until_us; steps++) {
        if (witness_failure(world->witness) || is_done(world))
            return true;
        step(world);
    }
    return is_done(world);
}

static bool never(const struct simulate_world *world)
{
    (void)world;
    return false;
}

static bool is_finished(const struct simulate_world *world)
{
    return world->input_next == world->input_count && witness_is_finished(world->witness);
}

/* ---- beginning and end ---- */

static void watch_committed(void *self, uint64_t token)
{
    struct simulate_world *world = self;
    world_trace(world, 7000);
    witness_committed(world->witness, token);
}

static void watch_offered(void *self, void *owner, uint64_t token, const struct broker_offset *offsets, size_t count)
{
    struct simulate_world *world = self;
    if (owner)
        witness_offered(world->witness, owner, token, offsets, count);
}

static void watch_violated(void *self, const char *what)
{
    struct simulate_world *world = self;
    witness_violated(world->witness, what);
}

static void start_faults(struct simulate_world *world)
{
    world->next_crash_us = draw_next(world, world->swarm.crash_every_us);
    world->next_stop_us = draw_next(world, world->swarm.stop_every_us);
    world->next_pause_us = draw_next(world, world->swarm.pause_every_us);
    world->next_cut_us = draw_next(world, world->swarm.cut_every_us);
    world->next_look_us = world->now_us + LOOK_EVERY_US;
    world->next_input_us = world->input_count > 0 ? world->now_us : INT64_MAX;
}

/* They are sent between records, which the witness does not follow. */
static bool has_ticks(const struct layout *layout)
{
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++)
            if (layout->parts[p].sources[s].node->topic->is_ticks)
                return true;
    return false;
}

/* Those that match a pattern are there before anybody reads them; given inputs name them, too. */
static void make_topics(struct simulate_world *world)
{
    const struct simulate_plan *plan = world->plan;
    const int32_t partitions = world->swarm.partitions;
    for (int32_t i = 0; plan->topics && plan->topics[i]; i++)
        simulated_make_topic(world->cluster, plan->topics[i], i < partitions ? partitions - i : 1);
    weir_topology *topology = plan->inputs ? plan->build() : NULL;
    for (size_t i = 0; topology && i < plan->input_count; i++) {
        const struct graph_topic *read = graph_find_input(topology, plan->inputs[i].topic);
        if (read && read->is_pattern && simulated_partitions(world->cluster, plan->inputs[i].topic) == 0)
            simulated_make_topic(world->cluster, plan->inputs[i].topic, partitions);
    }
    weir_topology_free(topology);
}

static bool lacks_topics(const struct layout *layout)
{
    size_t matches = 0;
    for (size_t p = 0; p < layout->part_count; p++)
        for (size_t s = 0; s < layout->parts[p].source_count; s++)
            matches += layout->parts[p].sources[s].is_match;
    return layout->pattern_count > 0 && matches == 0;
}

static bool begin(struct simulate_world *world, struct weir_error *error)
{
    const struct simulated_witness witness = {world, watch_offered, watch_committed, watch_violated};
    world->cluster = simulated_new(world->swarm.broker, witness, (struct random){random_next(&world->random)});
    world_advance(world, WORLD_EPOCH_US);
    make_topics(world);
    char *directory = memory_format("%s/plain", world->plan->directory);
    world->plain = world_open_app(world, directory, "plain", world_connect_plainly(world), error);
    memory_free(directory);
    if (!world->plain)
        return false;
    if (has_ticks(&world->plain->layout))
        return error_set(error, WEIR_INVALID, "a topology with ticks cannot be simulated");
    if (lacks_topics(&world->plain->layout))
        return error_set(error, WEIR_INVALID,
                         "a topology that reads a pattern of topics is simulated with inputs, which name them");
    if (!world_make_inputs(world, error))
        return false;
    const struct witness_settings settings = {world->swarm.exactly_once, world->plan->restarts_show};
    world->witness = witness_new(world->cluster, &world->plain->layout, settings);
    for (int32_t i = 0; i < world->swarm.machines; i++)
        machine_init(world, &world->machines[i], i);
    start_faults(world);
    return true;
}

static void heal(struct simulate_world *world)
{
    world_tell(world, "all faults end");
    world->is_calm = true;
    swarm_calm(&world->swarm);
    simulated_heal(world->cluster);
    world->next_crash_us = world->next_stop_us = world->next_pause_us = world->next_cut_us = INT64_MAX;
    for (int32_t i = 0; i < world->swarm.machines; i++) {
        struct machine *machine = &world->machines[i];
        disk_machine_faults(machine->disk, world->swarm.disk);
        if (machine->state == MACHINE_PAUSED || machine->is_cut_off)
            machine_end_of_fault(machine);
    }
    world_advance(world, world->now_us);
}

static void wait_for_quiet(struct simulate_world *world)
{
    const int64_t end_us = world->now_us + QUIET_US;
    const char *missing;
    while ((missing = quiet_missing(world)) && world->now_us < end_us)
        run_until(world, world->now_us + SECOND, never);
    if (missing)
        witness_violated(world->witness, missing);
}

static void conclude(struct simulate_world *world)
{
    if (witness_failure(world->witness))
        return;
    run_until(world, world->now_us + SETTLE_US, never);
    wait_for_quiet(world);
    look(world);
    witness_conclude(world->witness);
    if (world->plan->judge && !witness_failure(world->witness))
        world->plan->judge(world);
}

static void tell_story(struct simulate_world *world)
{
    run_until(world, world->now_us + world->swarm.safety_us, never);
    if (witness_failure(world->witness))
        return;
    heal(world);
    if (!run_until(world, world->now_us + LIVENESS_US, is_finished))
        witness_violated(world->witness, "records are left that nobody has processed two minutes after the last fault");
    conclude(world);
}

static void fill_report(struct simulate_world *world, const struct weir_error *error)
{
    struct simulate_report *report = world->report;
    const char *failure = world->witness ? witness_failure(world->witness) : NULL;
    if (world->witness) {
        report->commits = witness_commits(world->witness);
        report->records = witness_records(world->witness);
        report->views = witness_looks(world->witness);
        report->standby_views = witness_standby_looks(world->witness);
        world_trace(world, witness_hash(world->witness));
    }
    report->faults[SIMULATE_EXPELLED] = simulated_expelled(world->cluster);
    report->faults[SIMULATE_FENCED] = simulated_fenced(world->cluster);
    report->faults[SIMULATE_LATE] = simulated_late(world->cluster);
    report->faults[SIMULATE_ABORTED] = simulated_aborted(world->cluster);
    report->faults[SIMULATE_RETURNED] = simulated_returned(world->cluster);
    report->faults[SIMULATE_PURGED] = simulated_purged(world->cluster);
    report->faults[SIMULATE_TORN_STORE] = world->disk_figures.lost_batches;
    report->faults[SIMULATE_DISK_FULL] = world->disk_figures.full;
    report->faults[SIMULATE_DAMAGED] = world->disk_figures.damaged;
    report->simulated_ms = (world->now_us - WORLD_EPOCH_US) / 1000;
    report->exactly_once = world->swarm.exactly_once;
    snprintf(report->failure, sizeof report->failure, "%s", failure ? failure : error->message);
}

static void finish(struct simulate_world *world)
{
    for (int32_t i = 0; i < world->swarm.machines; i++)
        if (world->machines[i].world)
            machine_done(&world->machines[i]);
    if (world->witness)
        witness_free(world->witness);
    if (world->plain)
        app_close(world->plain);
    simulated_free(world->cluster);
    memory_free(world->inputs);
    arena_done(&world->arena);
}

static int64_t wall_ms(const struct clock *clock)
{
    return clock->hand_us / 1000;
}

static int64_t monotonic_us(const struct clock *clock)
{
    return clock->hand_us;
}

static struct simulate_world *now_told; /* a process has one clock, so there is one world at a time */

/* Somebody waits: the process whose fiber it is. */
static void pause_us(const struct clock *clock, int64_t us)
{
    (void)clock;
    struct simulate_world *world = now_told;
    if (!world->inside)
        return;
    world->inside->wake_us = world->now_us + (world->inside->machine->is_killed ? 0 : us);
    fiber_yield();
}

bool simulate_seed(const struct simulate_plan *plan, uint64_t seed, struct simulate_report *report)
{
    struct weir_error error = {0};
    struct simulate_world *world = memory_new(sizeof *world);
    *report = (struct simulate_report){.trace = 1};
    world->plan = plan;
    world->report = report;
    world->random = (struct random){seed};
    world->swarm = swarm_draw(&world->random, plan);
    world->clock = (struct clock){.wall_ms = wall_ms, .monotonic_us = monotonic_us, .pause_us = pause_us};
    arena_init(&world->arena);
    now_told = world;
    clock_stand_in(&world->clock);
    rocks_level = &disk_ops;
    call_stand_in(&simulated_service);
    if (begin(world, &error))
        tell_story(world);
    fill_report(world, &error);
    finish(world);
    call_stand_in(NULL);
    rocks_level = &rocks_disk;
    clock_stand_in(NULL);
    memory_free(world);
    return report->failure[0] == 0;
}

/* ---- for a judge ---- */

void simulate_fail(struct simulate_world *world, const char *what)
{
    witness_violated(world->witness, what);
}

void simulate_each_record(struct simulate_world *world, const char *topic,
                          void (*visit)(void *self, const struct weir_raw_record *), void *self)
{
    for (int32_t p = 0; p < simulated_partitions(world->cluster, topic); p++) {
        const struct simulated_record *record;
        for (int64_t at = 0; (record = simulated_at(world->cluster, topic, p, at)); at++) {
            const struct weir_raw_record raw = {record->key, record->value, record->timestamp_ms, record->headers};
            if (!record->is_marker && simulated_is_committed(world->cluster, record->transaction))
                visit(self, &raw);
        }
    }
}

void simulate_each_row(struct simulate_world *world, const char *store,
                       void (*visit)(void *self, const struct store_row *), void *self)
{
    witness_rows(world->witness, store, visit, self);
}
