/* commerce.h: the analytic topology of the shop: views of orders, money, customers, products and stock. */
#ifndef WEIR_TOPOLOGIES_COMMERCE_COMMERCE_H
#define WEIR_TOPOLOGIES_COMMERCE_COMMERCE_H
#include "weir.h"

weir_topology *commerce_topology(void);
#endif
