/* world.h: contracts and eliminations that nobody needs to be afraid of, for the demo and the tests. */
#ifndef WEIR_TOPOLOGIES_CONTINENTAL_WORLD_H
#define WEIR_TOPOLOGIES_CONTINENTAL_WORLD_H
#include "simulation/simulation.h"

extern const struct simulation_world continental_world;
extern const char *const continental_topics[], *const joins_topics[]; /* the topology `joins` reads both */
#endif
