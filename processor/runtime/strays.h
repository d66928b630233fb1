/* strays.h: what somebody else has written to the changelogs of a task.
 *
 * At least once nothing keeps a member from writing that stood still until its partitions were others' (Kafka has epochs for
 * transactions only), and what one that was killed had sent may arrive after its successor has begun. Behind the last commit such
 * records do no harm: a restore undoes them. But the successor's next commit lies behind them, and would make them count.
 * So every record sent to a changelog is counted. When all of them are durable, the offset behind the last one tells whether
 * others lie between; then those are read, and for each of their keys the row is written again, before the offsets are committed.
 * Whoever finds such records although the group has gone on without him is the stray, and undoes nothing. */
#ifndef WEIR_RUNTIME_STRAYS_H
#define WEIR_RUNTIME_STRAYS_H
#include "runtime/app.h"
#include "runtime/task.h"

/* After a flush. *found: turns true where rows were written again; they must be sent and flushed, too. False, WEIR_FENCED: the
 * task is somebody else's; WEIR_RETRY: not to be told now, nothing is lost. */
bool strays_undo(struct weir_app *, struct task *, bool *found, struct weir_error *);
/* After a flush, accounts for what was sent. False, WEIR_RETRY: there are others again. */
bool strays_absent(struct task *, struct weir_error *);
#endif
