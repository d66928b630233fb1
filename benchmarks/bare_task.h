/* bare_task.h: one task of a topology without a broker: records come from memory, what it writes is counted and
 * forgotten, its stores are in RocksDB. What the engine costs by itself. */
#ifndef WEIR_BENCHMARKS_BARE_TASK_H
#define WEIR_BENCHMARKS_BARE_TASK_H
#include "data.h"
#include "runtime/commit.h"

struct bare_task {
    struct layout layout;
    struct config *config;
    struct task *task;
    struct collector changelogs;
    int64_t sent, logged; /* records to topics, and to changelogs */
    struct weir_error error;
};

/* The topology has one sub-topology. */
void bare_task_open(struct bare_task *, weir_topology *, const char *directory);
/* Records from..to of data into a source, processed in the order of their times. */
void bare_task_push(struct bare_task *, size_t source, const struct data *, int64_t from, int64_t to);
void bare_task_process(struct bare_task *);
/* Overlays go to the changelogs, and become committed. The rows written to changelogs so far are in `logged`. */
void bare_task_commit(struct bare_task *);
/* Committed rows go to RocksDB: those that are due, or all. */
void bare_task_apply(struct bare_task *, bool all);
void bare_task_close(struct bare_task *);
#endif
