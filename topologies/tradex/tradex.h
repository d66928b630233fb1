/* tradex.h: catalogue, orders and sales of a trading marketplace. */
#ifndef WEIR_TOPOLOGIES_TRADEX_TRADEX_H
#define WEIR_TOPOLOGIES_TRADEX_TRADEX_H
#include "weir.h"

weir_topology *tradex_topology(void);
#endif
