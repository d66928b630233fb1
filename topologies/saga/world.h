/* world.h: commands of the shop's customers, and deliveries to its stock, for the demo and the tests. */
#ifndef WEIR_TOPOLOGIES_SAGA_WORLD_H
#define WEIR_TOPOLOGIES_SAGA_WORLD_H
#include "simulation/simulation.h"

extern const struct simulation_world saga_world;
extern const char *const saga_topics[];
#endif
