/* witness.h: what the topology has to have done, by what was committed; and whether it has.
 *
 * Every task of every process tells which records it enters, in which order (task_watch). When the cluster accepts a
 * commit, what its members had entered since their last one becomes history: one line of it per sub-topology and
 * partition, whoever owned it. A task of the same code that nothing ever happens to (the reference) goes through the same
 * history. From this follow the checks:
 *   - the history of each source is all its visible records, in order, each once; the committed offset is behind them;
 *   - each record gave rise to what it gave rise to in the reference (hashes of what was sent, in order);
 *   - a view shows, for the positions it tells, the rows the reference had at that commit: nothing uncommitted, no loss;
 *   - at the end the topics hold what was sent by history (exactly once: no more than that), views and changelogs the
 *     rows of the reference. */
#ifndef WEIR_SIMULATOR_WITNESS_H
#define WEIR_SIMULATOR_WITNESS_H
#include "runtime/app.h"
#include "runtime/task.h"
#include "simulated/simulated.h"

struct witness;

struct witness_settings {
    bool exactly_once;
    bool
        restarts_show; /* the topology may tell a restart (processors with memory of their own): the reference restarts too */
};

/* layout: of an app whose topics have been made; it stays until the witness is freed. */
struct witness *witness_new(struct simulated *, const struct layout *, struct witness_settings);
void witness_free(struct witness *);

/* For app->watch of the process `owner`, which lives as long as the process. */
struct task_watch witness_watch(struct witness *, void *owner);
void witness_process_ended(struct witness *, void *owner);

void witness_offered(struct witness *, void *owner, uint64_t token, const struct broker_offset *, size_t count);
void witness_committed(struct witness *, uint64_t token);
void witness_violated(struct witness *, const char *what);

/* Compares the views of a running process, those of its standbys too. */
void witness_look_at(struct witness *, struct weir_app *);
/* After the end: everything was consumed; outputs, and changelogs. apps: those that run. */
void witness_conclude(struct witness *);
/* All records of all sources that can be seen have been committed. */
bool witness_is_finished(const struct witness *);
const char *witness_failure(const struct witness *); /* the first; NULL: none */
uint64_t witness_hash(const struct witness *);       /* of everything it has seen */
uint64_t witness_commits(const struct witness *);
uint64_t witness_records(const struct witness *); /* of history */
uint64_t witness_looks(const struct witness *);   /* views compared */
uint64_t witness_standby_looks(const struct witness *);
/* Rows of a store of the reference, in key order, over all partitions. */
void witness_rows(struct witness *, const char *store, void (*visit)(void *self, const struct store_row *), void *self);
#endif
