/* world.h: events of a marketplace that does not exist, for the demo and the tests. */
#ifndef WEIR_TOPOLOGIES_TRADEX_WORLD_H
#define WEIR_TOPOLOGIES_TRADEX_WORLD_H
#include "simulation/simulation.h"

extern const struct simulation_world tradex_world;
extern const char *const tradex_topics[];
#endif
