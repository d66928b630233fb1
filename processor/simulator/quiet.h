/* quiet.h: what the processes come to when nothing happens to them any more, within a bounded time: all run, also those for
 * which no partition is left; every partition is active in one place, and its standbys are in step in others. */
#ifndef WEIR_SIMULATOR_QUIET_H
#define WEIR_SIMULATOR_QUIET_H
#include "simulator/world.h"

/* What is still missing, in the arena of the inputs; NULL: nothing. */
const char *quiet_missing(struct simulate_world *);
#endif
