/* restore.h: stores of newly assigned tasks, brought to the last commit from their changelogs, beside processing.
 *
 * Of a changelog, a store already holds what is below its own position (store.h). What lies between that and the
 * committed position is applied. What lies behind the committed position was sent by a commit that never finished: it
 * must not be applied, and because a later restore could not tell it from committed records, it is undone: for every key
 * found there, the committed row is written again by the task's next commit.
 * With transactions nothing of an unfinished commit is ever read; but the end of a finished one may be told to readers
 * of the changelog a moment after the offsets are, so the restore waits until it has read up to the committed position.
 * Under at-least-once this makes the state of a task exactly consistent with its committed offsets, whatever crashed. */
#ifndef WEIR_RUNTIME_RESTORE_H
#define WEIR_RUNTIME_RESTORE_H
#include "runtime/commit.h"

struct restore_entry;
struct restorer {
    struct broker *broker;
    bool transactional;           /* commits are transactions, so what they wrote may become readable a little later */
    bool stops_at_commit;         /* what lies behind it is not looked at (standbys.h) */
    struct broker_reader *reader; /* opened with the first need */
    struct restore_entry *entries;
    size_t count, capacity;
    uint64_t records; /* for the figures */
};

void restorer_done(struct restorer *);
/* Registers the task's stores. commit: of the lead topic; has_commit: an offset was committed at all. */
bool restore_begin(struct restorer *, struct task *, const struct commit_metadata *, bool has_commit,
                   struct weir_error *);
/* Reads and applies a batch; waits up to timeout_ms for the first record. */
bool restore_step(struct restorer *, int timeout_ms, struct weir_error *);
bool restore_is_done(const struct restorer *, const struct task *);
/* Undoes unfinished writes and forgets the task. Call once restore_is_done. */
bool restore_finish(struct restorer *, struct task *, struct weir_error *);
void restore_abandon(struct restorer *, const struct task *);
static inline bool restore_is_idle(const struct restorer *restorer)
{
    return restorer->count == 0;
}
#endif
