/* sim.c: seeds, one after the other: sim [--from SEED] [--seeds N] [--topology NAME] [--once] [--verbose]
 *
 * Seed S simulates the topology S modulo their number, unless one is named. Every seed is run twice and must leave the same
 * trace (--once: it is not). It ends with 1 at the first seed that fails, and says how to replay it; at the end it tells how
 * often each fault struck, and ends with 1 where one never did in 500 seeds or more.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "topologies.h"

struct options {
    uint64_t from, seeds;
    const char *topology;
    bool once, verbose, restarts;
};

static const struct simulated_topology *find(const struct simulated_topology *among, const char *name)
{
    for (; among->name; among++)
        if (strcmp(among->name, name) == 0)
            return among;
    return NULL;
}

static const struct simulated_topology *topology_of(const struct options *options, uint64_t seed)
{
    size_t count = 0;
    while (simulated_topologies[count].name)
        count++;
    if (!options->topology)
        return &simulated_topologies[seed % count];
    const struct simulated_topology *found = find(simulated_topologies, options->topology);
    return found ? found : find(simulated_by_name, options->topology);
}

static bool run_seed(const struct options *options, const char *directory, uint64_t seed, struct simulate_sums *sums)
{
    const struct simulated_topology *topology = topology_of(options, seed);
    assert(topology);
    size_t given = 0;
    const struct simulate_input *inputs = topology->inputs ? topology->inputs(seed, &given) : NULL;
    const struct simulate_plan plan = {.build = topology->build,
                                       .guarantee = topology->guarantee,
                                       .restarts_show = topology->restarts_show || options->restarts,
                                       .inputs = inputs,
                                       .input_count = given,
                                       .judge = topology->judge,
                                       .topics = topology->topics,
                                       .directory = directory,
                                       .verbose = options->verbose};
    struct simulate_report report;
    bool ok = options->once ? simulate_seed(&plan, seed, &report) : simulate_seed_twice(&plan, seed, &report);
    simulate_sums_add(sums, &report);
    if (!ok)
        printf("seed %" PRIu64 " (%s, %s): %s\n  replay: sim --from %" PRIu64 " --seeds 1 --topology %s --verbose\n",
               seed, topology->name, report.exactly_once ? "exactly once" : "at least once", report.failure, seed,
               topology->name);
    return ok;
}

/* A run whose faults did not strike proves nothing. */
static bool tell(const struct simulate_sums *sums)
{
    bool all = true;
    simulate_sums_print(sums);
    for (size_t i = 0; i < SIMULATE_FAULTS; i++)
        all = all && (sums->faults[i] > 0 || sums->seeds < 500);
    return all;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    *options = (struct options){.from = 1, .seeds = 500};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--once") == 0)
            options->once = true;
        else if (strcmp(argv[i], "--verbose") == 0)
            options->verbose = true;
        else if (strcmp(argv[i], "--restarts") == 0)
            options->restarts = true;
        else if (!value)
            return false;
        else if (strcmp(argv[i], "--from") == 0)
            options->from = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0)
            options->seeds = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--topology") == 0)
            options->topology = argv[++i];
        else
            return false;
    }
    return topology_of(options, 0) != NULL;
}

int main(int argc, char **argv)
{
    struct options options;
    struct simulate_sums sums = {0};
    char directory[] = "/tmp/weir-sim-XXXXXX";
    if (!read_options(&options, argc, argv) || !mkdtemp(directory)) {
        fprintf(stderr, "usage: sim [--from SEED] [--seeds N] [--topology NAME] [--once] [--verbose]\n");
        return 2;
    }
    log_set_level(options.verbose ? LOG_DEBUG : LOG_NOTHING);
    bool ok = true;
    for (uint64_t i = 0; i < options.seeds && ok; i++)
        ok = run_seed(&options, directory, options.from + i, &sums);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ok = system(command) == 0 && ok;
    return tell(&sums) && ok ? 0 : 1;
}
