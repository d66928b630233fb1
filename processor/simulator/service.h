/* service.h: the services that topologies call (weir_call), as one that now and then fails, is busy, refuses, or is slow. What it answers is
 * told by the request and by how often its line was asked, so a task that goes the same way again hears the same. */
#ifndef WEIR_SIMULATOR_SERVICE_H
#define WEIR_SIMULATOR_SERVICE_H
#include "weir.h"

extern const struct weir_transport simulated_service;
#endif
