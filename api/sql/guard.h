/* guard.h: what a query may not do. */
#ifndef WEIR_SQL_GUARD_H
#define WEIR_SQL_GUARD_H
#include "sql/run.h"

/* Before anything is prepared: limits, and an authorizer that allows reading views and nothing else. False: out of
 * memory. */
bool guard_set(struct run *);
#endif
