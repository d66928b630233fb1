/* swarm.c: see swarm.h. Each fault is absent from a third of the stories, so that others get to happen without it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/swarm.h"

enum { MS = 1000, SECOND = 1000 * 1000, UNSEEN = 300000 };

/* Zero, or a chance whose logarithm is evenly spread. */
static uint32_t draw_chance(struct random *random, uint32_t most)
{
    if (random_below(random, 3) == 0)
        return 0;
    return (uint32_t)random_between(random, 1, most >> random_below(random, 6));
}

static int64_t draw_period(struct random *random, int64_t least, int64_t most)
{
    return random_below(random, 3) == 0 ? 0 : random_between(random, least, most);
}

static int64_t draw_one(struct random *random, const int64_t *choices, size_t count)
{
    return choices[random_below(random, count)];
}
#define DRAW_ONE(random, ...)                                                                                          \
    draw_one((random), (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static bool draw_guarantee(struct random *random, enum simulate_guarantee wanted)
{
    bool coin = random_below(random, 2) == 0;
    return wanted == SIMULATE_BOTH ? coin : wanted == SIMULATE_EXACTLY_ONCE;
}

static void draw_faults(struct swarm *swarm, struct random *random)
{
    swarm->crash_in_request = draw_chance(random, 8000);
    swarm->lost = draw_chance(random, 40000);
    swarm->unanswered = draw_chance(random, 60000);
    swarm->late = draw_chance(random, 100000);
    swarm->slow = draw_chance(random, 20000);
    swarm->crash_every_us = draw_period(random, 1 * SECOND, 10 * SECOND);
    swarm->stop_every_us = draw_period(random, 2 * SECOND, 10 * SECOND);
    swarm->pause_every_us = draw_period(random, 2 * SECOND, 10 * SECOND);
    swarm->cut_every_us = draw_period(random, 2 * SECOND, 10 * SECOND);
    swarm->wipe = draw_chance(random, 500000);
    swarm->disk = (struct disk_faults){.flush = draw_chance(random, 900000),
                                       .full = draw_chance(random, 100000),
                                       .damage = draw_chance(random, 200000)};
}

static void draw_inputs(struct swarm *swarm, struct random *random)
{
    swarm->records = random_between(random, 10, 160);
    swarm->keys = random_between(random, 1, 12);
    swarm->tombstone = draw_chance(random, 150000);
    swarm->no_key = 0;
    swarm->out_of_order = draw_chance(random, 400000);
    swarm->input_every_us = swarm->safety_us / (swarm->records + 1);
}

struct swarm swarm_draw(struct random *random, const struct simulate_plan *plan)
{
    struct swarm swarm = {
        .machines = (int32_t)random_between(random, 1, 3),
        .partitions = (int32_t)random_between(random, 1, 4),
        .loops = (int32_t)DRAW_ONE(random, 1, 1, 2),
        .standbys = (int32_t)DRAW_ONE(random, 0, 1, 1, 2),
        .exactly_once = draw_guarantee(random, plan->guarantee),
        .safety_us = random_between(random, 3 * SECOND, 15 * SECOND),
        .commit_ms = DRAW_ONE(random, 20, 100, 400, 1500),
        .poll_ms = DRAW_ONE(random, 100, 200, 400),
        .flush_ms = DRAW_ONE(random, 0, 100, 1000, 10000),
        .idle_ms = DRAW_ONE(random, -1, 0, 0, 200),
        .buffered = DRAW_ONE(random, 1, 10, 1000),
        .latency_us = DRAW_ONE(random, 200, 2000, 10000),
        .batch = (uint32_t)DRAW_ONE(random, 0, 100000, 500000, 1000000),
    };
    swarm.broker = (struct simulated_settings){
        .session_timeout_us = random_between(random, 1 * SECOND, 3 * SECOND),
        .transaction_timeout_us = random_between(random, 2 * SECOND, 6 * SECOND),
        .marker_delay_us = DRAW_ONE(random, 0, 5 * MS, 300 * MS),
        .eager = random_below(random, 2) == 0,
        .static_members = random_below(random, 2) == 0,
        .strays = random_below(random, 2) == 0,
    };
    swarm.limits = (struct database_limits){
        .committed_bytes_max = (size_t)DRAW_ONE(random, 1, 4000, 1 << 25),
        .windows_bytes_max = (size_t)DRAW_ONE(random, 1, 4000, 1 << 25),
        .restore_bytes_max = (size_t)DRAW_ONE(random, 1, 500, 1 << 20),
        .apply_interval_ms = swarm.flush_ms,
    };
    draw_faults(&swarm, random);
    draw_inputs(&swarm, random);
    swarm.reuses_topics = random_below(random, 2) == 0;
    swarm.purge_ms = DRAW_ONE(random, 1, 20, 200, 2000);
    swarm.bundles = random_below(random, 2) == 0;
    swarm.holds_back = random_below(random, 2) == 0;
    swarm.unseen = plan->topics ? UNSEEN : 0;
    return swarm;
}

void swarm_calm(struct swarm *swarm)
{
    swarm->crash_in_request = swarm->lost = swarm->unanswered = swarm->late = swarm->slow = 0;
    swarm->crash_every_us = swarm->stop_every_us = swarm->pause_every_us = swarm->cut_every_us = 0;
    swarm->disk = (struct disk_faults){.flush = swarm->disk.flush};
    swarm->wipe = swarm->unseen = 0;
}
