/* cleaning.h: events go by the wall clock, too: every day at 02:00 UTC, and when somebody asks for it. */
#ifndef WEIR_TOPOLOGIES_AURORE_CLEANING_H
#define WEIR_TOPOLOGIES_AURORE_CLEANING_H
#include "weir.h"

enum { RETENTION_DAYS = 30 };

/* Reads aurore.retention (POST /retention) and deletes from aurore-events and aurore-events-by-time. */
void cleaning_add(weir_topology *);
#endif
