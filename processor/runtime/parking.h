/* parking.h: records of a key wait while an earlier one of it is a dead letter (.park of a source).
 *
 * A source that parks has a store with a row per key that has had a letter. Letters of a key are numbered; a letter says its
 * number, and of which parking it is, in the header PARKED_HEADER: "topic:offset:number", topic and offset being those of the
 * record that failed first. While letters wait, further records of the key become letters behind them. A replayed letter
 * passes when its number is next, whatever else came in between; one that fails again keeps its number, and those behind it
 * wait again. So the records of a key are processed in their order, each once, by as many replays as it takes.
 * Rows are state like any other: committed with the task, logged, restored. One is forgotten when nothing has happened to it
 * for as long as letters are kept. */
#ifndef WEIR_RUNTIME_PARKING_H
#define WEIR_RUNTIME_PARKING_H
#include "weir.h"

#define PARKED_HEADER "__weir.parked"
enum { PARKED_DAYS = 30 }; /* as topics of dead letters (topics.c) */

struct task;
struct task_source;
struct parked_key;

struct parking {
    int64_t rows; /* in the store; 0: nobody needs to look */
    /* Of the record in hand: */
    struct parked_key *row; /* of its key; NULL: there is none. In the task's arena */
    bool is_stored;         /* the row */
    int64_t number;         /* of the record among the letters of its key; -1: it is not one yet */
    bool is_buried;         /* a letter was written of it */
};

enum parking_turn {
    PARKING_PASSES,
    PARKING_WAITS,    /* it is a letter now, or the execution has latched why not */
    PARKING_REPEATED, /* it was processed before, and is counted as repeated */
};

/* Counts what is parked. The operators are open. What fails is latched in the execution. */
void parking_open(struct task *);
/* The head of the source is taken in hand. */
void parking_begin(struct task *, struct task_source *);
enum parking_turn parking_turn(struct task *, struct task_source *);
/* The record in hand is about to become a letter: what its header says; NULL: nothing, it is not waited for. */
const char *parking_place(struct task *, struct task_source *, const char *reason, weir_arena *);
void parking_buried(struct task *, struct task_source *);    /* the letter with that place is written */
void parking_processed(struct task *, struct task_source *); /* the record in hand went through the topology */
#endif
