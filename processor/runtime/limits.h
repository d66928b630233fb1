/* limits.h: how much memory a task's stores may use: its part of memory.max.bytes. */
#ifndef WEIR_RUNTIME_LIMITS_H
#define WEIR_RUNTIME_LIMITS_H
#include "runtime/app.h"
#include "state/store.h"

/* Every task has a database of its own, so the more there may be, the smaller the part of each. */
struct database_limits limits_of_task(const struct weir_app *);
/* Of one thread: bytes of committed rows over all its stores, and over those with windows. */
size_t limits_committed(const struct weir_app *);
size_t limits_windows(const struct weir_app *);
#endif
