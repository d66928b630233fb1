/* clock.h: the only source of time. Two implementations: the system's and one turned by hand (tests, simulator). */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H
#include "weir.h"

struct clock {
    int64_t (*wall_ms)(const struct clock *);      /* since 1970-01-01 UTC; may jump */
    int64_t (*monotonic_us)(const struct clock *); /* for intervals; never goes back */
    int64_t hand_us;                               /* of a clock turned by hand */
};

extern const struct clock clock_system;
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
/* CPU time of this thread, for figures only. */
int64_t clock_thread_cpu_us(void);
#endif
