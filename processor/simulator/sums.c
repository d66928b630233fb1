/* sums.c: many seeds, as simulate.h tells of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "simulator/simulate.h"

bool simulate_seed_twice(const struct simulate_plan *plan, uint64_t seed, struct simulate_report *report)
{
    struct simulate_report again;
    if (!simulate_seed(plan, seed, report))
        return false;
    if (simulate_seed(plan, seed, &again) && again.trace == report->trace)
        return true;
    snprintf(report->failure, sizeof report->failure,
             "a second run went another way: the topology is not deterministic");
    return false;
}

void simulate_sums_add(struct simulate_sums *sums, const struct simulate_report *report)
{
    sums->seeds++;
    sums->exactly_once += report->exactly_once;
    sums->commits += report->commits;
    sums->records += report->records;
    sums->rebalances += report->rebalances;
    sums->views += report->views;
    sums->standby_views += report->standby_views;
    sums->simulated_ms += report->simulated_ms;
    for (size_t i = 0; i < SIMULATE_FAULTS; i++)
        sums->faults[i] += report->faults[i];
}

void simulate_sums_print(const struct simulate_sums *sums)
{
    printf("%" PRIu64 " seeds (%" PRIu64 " exactly once), %.2f simulated hours, %" PRIu64 " records, %" PRIu64
           " commits, %" PRIu64 " rebalances, %" PRIu64 " views compared, %" PRIu64 " of them standbys'\n",
           sums->seeds, sums->exactly_once, (double)sums->simulated_ms / 3600000.0, sums->records, sums->commits,
           sums->rebalances, sums->views, sums->standby_views);
    for (size_t i = 0; i < SIMULATE_FAULTS; i++)
        printf("  %-20s%" PRIu64 "\n", simulate_fault_names[i], sums->faults[i]);
}
