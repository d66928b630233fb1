/* copier.h: the state of tasks fetched from instances that have it, in place of reading whole changelogs (copies.h).
 *
 * A thread asks the other instances one by one, through the door that this instance has (weir_copy_from), whoever should have the state first, fetches the files of one copy at a time
 * into a directory beside the tasks', checks each piece as it comes, and opens the database once to see that it is whole and
 * where its stores stand. The task's thread then puts it in the place of what the task has: copier_install. Whatever goes
 * wrong before is told once in the log, and the task reads its changelogs, as it would have done anyway.
 *
 *   ARRIVAL_UNDERWAY --> ARRIVAL_HERE --copier_install--> the task's stores
 *           `----------> ARRIVAL_FAILED */
#ifndef WEIR_RUNTIME_COPIER_H
#define WEIR_RUNTIME_COPIER_H
#include "runtime/task.h"

struct copier;
struct arrival; /* a copy on its way */
struct weir_app;

enum arrival_state { ARRIVAL_UNDERWAY, ARRIVAL_HERE, ARRIVAL_FAILED };

struct copy_wish { /* of one store */
    uint32_t name_hash;
    int64_t held;      /* what the task has of the changelog; -1: nothing */
    int64_t committed; /* a copy that holds more is of another history */
    int64_t end;       /* to which it is read */
};

/* NULL: there are no other instances to ask, or an error. */
struct copier *copier_start(struct weir_app *, struct weir_error *);
void copier_stop(struct copier *); /* gives up what is under way; NULL is fine */
/* Whom it asks through; NULL: nobody. Returns when no question to the one before is open. [any] */
void copier_from(struct copier *, const struct weir_copy_source *);
/* Asks for a copy that leaves less to be read. NULL: there will be none, because so little is to be read, or the task keeps
 * something that no changelog has. [any] */
struct arrival *copier_ask(struct copier *, const struct task *, const struct copy_wish *, size_t count);
enum arrival_state arrival_state(const struct arrival *); /* [any] */
int64_t arrival_remaining(const struct arrival *);        /* bytes, as far as they are known; [any] */
/* Of one that is here: the task, which restores, is closed and goes on with the stores of the copy. Views do not see it
 * meanwhile. False: the stores are not those of the copy; WEIR_CORRUPT: but empty ones, anything else: the task must end. */
bool copier_install(struct copier *, struct arrival *, struct task *, struct weir_error *);
/* Forgets it; what is under way is given up. */
void copier_drop(struct copier *, struct arrival *);
#endif
