/* quiet.c: see quiet.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/quiet.h"

struct copies { /* of one share */
    int32_t active, standbys;
    bool has_commit; /* there is something for the standbys to hold */
};

static void count_task(const struct task *task, struct copies *copies)
{
    if (!atomic_load(&task->is_standby) && atomic_load(&task->shown_state) == TASK_RUNNING) {
        copies->active++;
        copies->has_commit = atomic_load(&task->committed[0]) >= 0;
    }
    copies->standbys += atomic_load(&task->has_caught_up);
}

static struct copies count_copies(const struct simulate_world *world, const struct layout_part *part, int32_t partition)
{
    struct copies copies = {0};
    for (int32_t m = 0; m < world->swarm.machines; m++) {
        const struct weir_app *app = world->machines[m].app;
        for (size_t i = 0; app && i < app->task_count; i++)
            if (app->tasks[i]->part->subtopology->id == part->subtopology->id && app->tasks[i]->partition == partition)
                count_task(app->tasks[i], &copies);
    }
    return copies;
}

static int32_t wanted_standbys(const struct simulate_world *world, const struct layout_part *part, struct copies found)
{
    int32_t others = world->swarm.machines - 1;
    if (!found.has_commit || !layout_has_changelog(part))
        return 0;
    return world->swarm.standbys < others ? world->swarm.standbys : others;
}

static const char *missing_of(struct simulate_world *world, const struct layout_part *part, int32_t partition)
{
    const struct copies found = count_copies(world, part, partition);
    const int32_t wanted = wanted_standbys(world, part, found);
    if (found.active == 1 && found.standbys >= wanted)
        return NULL;
    return arena_format(&world->arena, "sub-topology %d partition %d: active %d times, %d standbys in step of %d",
                        part->subtopology->id, (int)partition, (int)found.active, (int)found.standbys, (int)wanted);
}

static bool is_running(const struct machine *machine)
{
    return machine->app && machine->app->state == WEIR_RUNNING;
}

const char *quiet_missing(struct simulate_world *world)
{
    const struct layout *layout = &world->plain->layout;
    const char *missing = NULL;
    for (int32_t i = 0; i < world->swarm.machines; i++)
        if (!is_running(&world->machines[i]))
            return arena_format(&world->arena, "machine %d does not run", (int)i);
    for (size_t p = 0; p < layout->part_count && !missing; p++)
        for (int32_t n = 0; n < layout->parts[p].partitions && !missing; n++)
            missing = missing_of(world, &layout->parts[p], n);
    return missing;
}
