/* clock.c: see clock.h. The only file that asks the operating system for the time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_ms(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME) / 1000;
}

static int64_t system_monotonic_us(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

static int64_t hand_wall_ms(const struct clock *clock)
{
    return clock->hand_us / 1000;
}

static int64_t hand_monotonic_us(const struct clock *clock)
{
    return clock->hand_us;
}

const struct clock clock_system = {.wall_ms = system_wall_ms, .monotonic_us = system_monotonic_us};

void clock_init_by_hand(struct clock *clock, int64_t wall_ms)
{
    *clock = (struct clock){.wall_ms = hand_wall_ms, .monotonic_us = hand_monotonic_us, .hand_us = wall_ms * 1000};
}

void clock_turn(struct clock *clock, int64_t ms)
{
    clock->hand_us += ms * 1000;
}

int64_t clock_thread_cpu_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}
