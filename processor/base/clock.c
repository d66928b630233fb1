/* clock.c: see clock.h. The only file that asks the operating system for the time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>
#include <unistd.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const struct clock *stand_in; /* NULL: none */

static int64_t system_wall_ms(const struct clock *clock)
{
    (void)clock;
    return stand_in ? stand_in->wall_ms(stand_in) : read_us(CLOCK_REALTIME) / 1000;
}

static int64_t system_monotonic_us(const struct clock *clock)
{
    (void)clock;
    return stand_in ? stand_in->monotonic_us(stand_in) : read_us(CLOCK_MONOTONIC);
}

static void system_pause_us(const struct clock *clock, int64_t us)
{
    (void)clock;
    if (stand_in)
        stand_in->pause_us(stand_in, us);
    else
        usleep((useconds_t)us);
}

static int64_t hand_wall_ms(const struct clock *clock)
{
    return clock->hand_us / 1000;
}

static int64_t hand_monotonic_us(const struct clock *clock)
{
    return clock->hand_us;
}

const struct clock clock_system = {
    .wall_ms = system_wall_ms, .monotonic_us = system_monotonic_us, .pause_us = system_pause_us};

void clock_stand_in(const struct clock *clock)
{
    stand_in = clock;
}

void clock_pause_ms(int64_t ms)
{
    clock_system.pause_us(&clock_system, ms * 1000);
}

void clock_lock(pthread_mutex_t *lock)
{
    if (!stand_in) {
        pthread_mutex_lock(lock);
        return;
    }
    while (pthread_mutex_trylock(lock) != 0)
        clock_pause_ms(1);
}

void clock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool clock_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    return pthread_cond_timedwait(condition, lock, &until) == 0;
}

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
