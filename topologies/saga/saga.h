/* saga.h: the orchestration of the shop: a command becomes an order, which is reserved, decided and told. */
#ifndef WEIR_TOPOLOGIES_SAGA_SAGA_H
#define WEIR_TOPOLOGIES_SAGA_SAGA_H
#include "weir.h"

weir_topology *saga_topology(void);
/* The same, over another transport than HTTP; for tests. */
weir_topology *saga_topology_over(const struct weir_transport *);
#endif
