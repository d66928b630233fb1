/* restore.h: stores of newly assigned tasks, brought to the last commit from their changelogs, beside processing.
 *
 * Of a changelog, a store already holds what is below its own position (store.h). What lies between that and the
 * committed position is applied. What lies behind the committed position was sent by a commit that never finished: it
 * must not be applied, and because a later restore could not tell it from committed records, it is undone: for every key
 * found there, the committed row is written again by the task's next commit.
 * With transactions nothing of an unfinished commit is ever read; but the end of a finished one may be told to readers
 * of the changelog a moment after the offsets are, so the restore waits until it has read up to the committed position. A
 * changelog that stays shorter than what is committed of it was deleted and made anew: that is an error, also for a store that
 * has all of it.
 * Where much is to be read and another instance has the stores, they are copied from there first (copier.h), and what is
 * newer is read behind them.
 * A table whose topic is its changelog is restored from that, up to the committed offset: what lies behind is still to be
 * processed, so there is nothing to undo.
 * Under at-least-once this makes the state of a task exactly consistent with its committed offsets, whatever crashed. */
#ifndef WEIR_RUNTIME_RESTORE_H
#define WEIR_RUNTIME_RESTORE_H
#include "runtime/commit.h"

struct copier;
struct restore_copy;
struct restore_entry;
struct restorer {
    struct broker *broker;
    struct copier *copier;        /* NULL: changelogs only */
    bool stops_at_commit;         /* what lies behind it is not looked at (standbys.h) */
    struct broker_reader *reader; /* opened with the first need */
    struct restore_entry *entries;
    size_t count, capacity;
    struct restore_copy *copies; /* of tasks that wait for one */
    size_t copy_count, copy_capacity;
    struct restored_rows { /* of the changelog in hand */
        struct store_row *items;
        size_t count, capacity;
    } rows;
    uint64_t records; /* for the figures */
    bool got_nothing; /* in its last step */
    int64_t told_us;  /* when the log was told last what is left */
};

void restorer_done(struct restorer *);
/* Registers the task's stores; its sources are at their committed positions. commit: of the lead topic; has_commit: an offset was committed at all. */
bool restore_begin(struct restorer *, struct task *, const struct commit_metadata *, bool has_commit,
                   struct weir_error *);
/* The greatest time of a record that the commit contains; INT64_MAX: not known. */
int64_t restore_latest_ms(const struct commit_metadata *, bool has_commit);
/* Tells the task's stores up to when there are rows of the commit, so that what an unfinished one wrote tells no time. */
void restore_until(const struct task *, const struct commit_metadata *, bool has_commit);
/* Takes copies that have arrived, then reads and applies a batch; waits up to timeout_ms for the first record. */
bool restore_step(struct restorer *, int timeout_ms, struct weir_error *);
/* Where what lies behind the commit is not looked at: the task's stores are a copy now, made after the commit that its restore
 * began with; it must be begun again with what is committed by now. */
bool restore_must_begin_again(const struct restorer *, const struct task *);
bool restore_is_done(const struct restorer *, const struct task *);
/* Undoes unfinished writes and forgets the task. Call once restore_is_done. */
bool restore_finish(struct restorer *, struct task *, struct weir_error *);
/* The rows of the store that a record of the changelog holds, in its order, until visit says false; they live in the arena or the
 * message. False: visit has said so. */
bool restore_rows(const struct layout_part *, size_t store, int64_t latest_ms, const struct broker_message *,
                  weir_arena *, bool (*visit)(void *self, const struct store_row *), void *self);
/* Writes the row of the key again as the store has it, so that it stands in the changelog behind what somebody else has
 * written there. False: it cannot be read. */
bool restore_write_again(struct store *, weir_bytes key, weir_arena *, struct weir_error *);
void restore_abandon(struct restorer *, const struct task *);
static inline bool restore_is_idle(const struct restorer *restorer)
{
    return restorer->count == 0 && restorer->copy_count == 0;
}
#endif
