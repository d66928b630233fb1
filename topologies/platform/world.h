/* world.h: events of a platform that does not exist, for the demo and the tests. */
#ifndef WEIR_TOPOLOGIES_PLATFORM_WORLD_H
#define WEIR_TOPOLOGIES_PLATFORM_WORLD_H
#include "simulation/simulation.h"

extern const struct simulation_world platform_world;
extern const char *const platform_topics[];
#endif
