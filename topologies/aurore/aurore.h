/* aurore.h: events of services: kept, found again, counted. */
#ifndef WEIR_TOPOLOGIES_AURORE_AURORE_H
#define WEIR_TOPOLOGIES_AURORE_AURORE_H
#include "weir.h"

weir_topology *aurore_topology(void);
#endif
