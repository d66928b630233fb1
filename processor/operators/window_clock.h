/* window_clock.h: what time it is for windows: for judging a record, and for letting go of state.
 *
 * Now is the greatest timestamp a node has seen, but never more than the stream time of the task the record came from:
 * behind a repartition topic partitions may be read at different speeds, and none of them makes the records of another
 * late (DECISIONS.md 3). For the same reason state is kept, behind a repartition topic, until the slowest task upstream
 * has passed it: it must still be there when its records come.
 * Without a repartition topic both are the greatest timestamp seen. */
#ifndef WEIR_OPERATORS_WINDOW_CLOCK_H
#define WEIR_OPERATORS_WINDOW_CLOCK_H
#include "operators/context.h"

struct window_clock {
    int64_t observed_ms; /* greatest timestamp seen; -1: none */
    int64_t told_ms;     /* what state may know of time; never goes back; -1: nothing */
};

/* told_ms: where it goes on from; -1: from the beginning. */
void window_clock_open(struct window_clock *, int64_t told_ms);
/* A record enters. Returns now; told_ms has moved. */
int64_t window_clock_observe(struct window_clock *, const struct execution *, int64_t timestamp_ms);
#endif
