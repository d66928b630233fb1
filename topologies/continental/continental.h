/* continental.h: eliminations close their contracts at the contracts service, and are paid for. */
#ifndef WEIR_TOPOLOGIES_CONTINENTAL_CONTINENTAL_H
#define WEIR_TOPOLOGIES_CONTINENTAL_CONTINENTAL_H
#include "weir.h"

weir_topology *continental_topology(void);
/* The same, over another transport than HTTP; for tests. */
weir_topology *continental_topology_over(const struct weir_transport *);
#endif
