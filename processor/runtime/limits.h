/* limits.h: how much memory stores may use: the parts of memory.max.bytes (base/shares.h) that are theirs. */
#ifndef WEIR_RUNTIME_LIMITS_H
#define WEIR_RUNTIME_LIMITS_H
#include "base/shares.h"
#include "runtime/app.h"
#include "state/store.h"

/* Bytes of the whole app. */
size_t limits_share(const struct weir_app *, enum memory_share);
/* The shares of the cache and of rows, or what of them is of use. */
size_t limits_cache(const struct weir_app *);
size_t limits_rows_of_app(const struct weir_app *);
/* Every task has a database of its own, so the more there may be, the smaller the part of each. */
struct database_limits limits_of_task(const struct weir_app *);
struct database_limits limits_of_global(const struct weir_app *); /* an app that has global tables */
/* Of one thread: bytes of rows over all its stores, those of the open commit among them; of committed ones over its stores
 * whose rows leave early (windows, sessions, joins, subscriptions); of the open commit, which ends early when it has more. */
size_t limits_rows(const struct weir_app *);
size_t limits_windows(const struct weir_app *);
size_t limits_overlay(const struct weir_app *);
#endif
