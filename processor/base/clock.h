/* clock.h: the only source of time. Two implementations: the system's and one turned by hand (tests). The simulator puts
 * its own in the place of the system's. */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H
#include <pthread.h>

#include "weir.h"

struct clock {
    int64_t (*wall_ms)(const struct clock *);           /* since 1970-01-01 UTC; may jump */
    int64_t (*monotonic_us)(const struct clock *);      /* for intervals; never goes back */
    void (*pause_us)(const struct clock *, int64_t us); /* returns when so much time has passed; NULL: cannot */
    int64_t hand_us;                                    /* of a clock turned by hand */
};

extern const struct clock clock_system;
/* From now on clock_system shows the time of this clock, and pauses are its pauses; NULL: the operating system's again.
 * For the whole process, while it has one thread. */
void clock_stand_in(const struct clock *);
void clock_init_by_hand(struct clock *, int64_t wall_ms);
void clock_turn(struct clock *, int64_t ms);

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock);
}
static inline int64_t clock_monotonic_us(const struct clock *clock)
{
    return clock->monotonic_us(clock);
}
/* Waits, by clock_system. */
void clock_pause_ms(int64_t ms);
/* Takes the lock. Where a clock stands in, all is done on one thread: whoever has the lock goes on while this one pauses. */
void clock_lock(pthread_mutex_t *);
void clock_condition_init(pthread_cond_t *); /* one that is waited on by the monotonic clock */
/* Waits on such a condition until the monotonic time of the operating system; false: it has passed. */
bool clock_condition_wait(pthread_cond_t *, pthread_mutex_t *, int64_t until_us);
/* CPU time of this thread, for figures only. */
int64_t clock_thread_cpu_us(void);
#endif
