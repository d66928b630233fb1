/* commit.h: the one order in which anything becomes true.
 *
 *   tell        operators forward what they hold until the commit (task_tell), so that it belongs to it
 *   changelog   every row of the overlays is sent to its changelog
 *   a. flush    until every record sent is durable
 *   b. latch    a failed delivery ends the commit here, and what others wrote to the changelogs is undone (strays.h)
 *   c. offsets  of all inputs, together with the changelog positions of the same tasks
 *   d. publish  the overlays become committed, and views see them
 *   dispatch    operators forward what they have written down for behind the commit (task_dispatch); it belongs to the next
 * Invariant: changelog >= offsets >= store.
 *
 * The changelog positions travel in the metadata of the lead topic's offset, so that offsets and positions are committed
 * by one request. A restore therefore knows which changelog records belong to a finished commit (restore.h).
 * Form: "weir1 t=<stream time> p=<partition time> <name hash>=<position> … @<name hash>=<time> … ><name hash>=<time> …",
 * numbers in hexadecimal, stores in order; behind the positions the times up to which windows of a store have been emitted,
 * and the greatest time in the keys of those stores that were written ahead of stream time (by a processor); of the other
 * topics, without positions and those times. The lead topic of a pattern has no records, so its offset stays 0; there
 * " n=<commits>" stands behind the partition time and tells one commit from another. */
#ifndef WEIR_RUNTIME_COMMIT_H
#define WEIR_RUNTIME_COMMIT_H
#include "runtime/collector.h"
#include "runtime/task.h"

struct commit_metadata { /* of one task */
    bool ours;           /* false: empty, or another program's */
    int64_t stream_time_ms;
    int64_t partition_time_ms;    /* greatest timestamp of the source whose metadata it is; -1: unknown */
    int64_t commits;              /* of a pattern's lead topic: how many there were, this one included; else 0 */
    const char *text, *positions; /* the second inside the first */
};

/* Of one source; the lead one's has the positions, as of the deliveries. NUL-terminated. */
void commit_metadata_write(const struct task *, size_t source, struct buffer *);
struct commit_metadata commit_metadata_read(const char *text);
/* Position of a store's changelog; -1: the commit did not know that store. */
int64_t commit_metadata_position(const struct commit_metadata *, uint32_t name_hash);

/* What grows with the commits of a lead topic's partition: its offset, or the number of them. */
int64_t commit_progress(const struct layout_source *lead, const struct broker_start *committed);
int64_t commit_progress_of(const struct task *); /* as the task has last committed */

/* Up to when the windows of a store have been emitted, also as Kafka Streams' own commit has it; INT64_MIN: not at all. */
int64_t commit_metadata_emitted(const struct commit_metadata *, const struct layout_store *);
/* The greatest time in the keys of a store, where that was ahead of stream time; INT64_MIN: it was not. */
int64_t commit_metadata_written(const struct commit_metadata *, const struct layout_store *);

/* Sends what the overlays hold to the changelogs (and what the lineage remembers to its stores first). */
bool commit_log(struct task *, struct collector *, struct weir_error *);
/* Sends one row of each store, ahead of the commit that sends them all: the changelogs join the transaction then. */
bool commit_log_first(struct task *, struct collector *, struct weir_error *);
/* Offsets to commit for the task, appended to a list; metadata is kept in the arena. */
struct commit_offsets {
    struct broker_offset *items;
    size_t count, capacity;
};
void commit_offsets_add(struct commit_offsets *, const struct task *, weir_arena *);
/* The task's positions alone, without metadata. */
void commit_offsets_add_positions(struct commit_offsets *, const struct task *);
/* Step d for one task. */
void commit_publish(struct task *);
#endif
