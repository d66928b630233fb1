/* crew_test.c (threads): items of a round run side by side, each once, and the round ends when all have.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/crew.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { ROUNDS = 2000, ITEMS_MAX = 20, TOGETHER = EMBEDDED_SYNCS + 1, DEADLINE_MS = 60 * 1000 };

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "crew_test.c: %s\n", what);
    exit(1);
}

static void count_up(void *item)
{
    ++*(int *)item; /* not atomic: whoever called the round may look when it is over */
}

static void test_every_item_runs_once(struct embedded_crew *crew)
{
    int counts[ITEMS_MAX] = {0}, expected[ITEMS_MAX] = {0};
    void *items[ITEMS_MAX];
    for (int i = 0; i < ITEMS_MAX; i++)
        items[i] = &counts[i];
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = (size_t)round % (ITEMS_MAX + 1);
        embedded_crew_run(crew, count_up, items, count);
        for (size_t i = 0; i < ITEMS_MAX; i++) {
            expected[i] += i < count;
            must(counts[i] == expected[i], "an item did not run once");
        }
    }
}

static atomic_int begun;

static void wait_for_the_others(void *item)
{
    (void)item;
    int64_t until_us = clock_monotonic_us(&clock_system) + DEADLINE_MS * (int64_t)1000;
    atomic_fetch_add(&begun, 1);
    while (atomic_load(&begun) < TOGETHER && clock_monotonic_us(&clock_system) < until_us)
        clock_pause_ms(1);
    must(atomic_load(&begun) >= TOGETHER, "items waited for one another");
}

static void test_items_run_side_by_side(struct embedded_crew *crew)
{
    void *items[TOGETHER] = {NULL};
    embedded_crew_run(crew, wait_for_the_others, items, TOGETHER);
}

int main(void)
{
    struct embedded_crew crew;
    embedded_crew_start(&crew);
    test_every_item_runs_once(&crew);
    test_items_run_side_by_side(&crew);
    embedded_crew_stop(&crew);
    return 0;
}
