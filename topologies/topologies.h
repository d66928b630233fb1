/* topologies.h: the topologies that are compiled into the command, by name. */
#ifndef WEIR_TOPOLOGIES_TOPOLOGIES_H
#define WEIR_TOPOLOGIES_TOPOLOGIES_H
#include "weir.h"

/* Ended by a NULL name. */
extern const struct weir_entry topologies_builtin[];
#endif
