/* platform.h: sessions, audit and rate limits of a large user base. */
#ifndef WEIR_TOPOLOGIES_PLATFORM_PLATFORM_H
#define WEIR_TOPOLOGIES_PLATFORM_PLATFORM_H
#include "weir.h"

weir_topology *platform_topology(void);
#endif
