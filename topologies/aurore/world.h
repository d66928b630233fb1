/* world.h: events of services that do not exist, for the demo and the tests. */
#ifndef WEIR_TOPOLOGIES_AURORE_WORLD_H
#define WEIR_TOPOLOGIES_AURORE_WORLD_H
#include "simulation/simulation.h"

extern const struct simulation_world aurore_world;
extern const char *const aurore_topics[];
#endif
