/* joins.h: orders, stock, contracts and eliminations read together: every kind of join in one place. */
#ifndef WEIR_TOPOLOGIES_JOINS_JOINS_H
#define WEIR_TOPOLOGIES_JOINS_JOINS_H
#include "weir.h"

weir_topology *joins_topology(void);
#endif
