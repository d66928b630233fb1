/* globals.h: the global tables of an app: every partition of their topics on every instance, followed by one thread.
 *
 * A table is a task on no partition: its sources are the partitions of its topic (layout.h), its stores keep the rows and,
 * hidden, how far each partition was read. Processing begins when all tables have been loaded to the ends of their topics
 * as they were at the start. From then on the tables follow on their own; what a join sees is the latest there is.
 * Joins read them without a lock of their own: a loop holds the guard for reading while it works (globals_enter). */
#ifndef WEIR_RUNTIME_GLOBALS_H
#define WEIR_RUNTIME_GLOBALS_H
#include "runtime/app.h"

struct globals;
struct store;

/* NULL with an error, or because the topology has no global tables: then the code is WEIR_OK. Opens the stores. */
struct globals *globals_new(struct weir_app *, struct weir_error *);
/* Starts to load and follow; a failure ends the app. */
bool globals_start(struct globals *, struct weir_error *);
void globals_stop(struct globals *); /* waits for the thread */
void globals_free(struct globals *); /* stopped, and nobody reads any more; NULL is fine */

/* For those that process [any]; globals may be NULL. */
struct store *const *globals_stores(const struct globals *); /* by graph_store.global */
bool globals_are_loaded(const struct globals *);
void globals_enter(struct globals *); /* the tables stand still until globals_leave; not twice by one thread */
void globals_leave(struct globals *);
#endif
