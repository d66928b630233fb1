/* loop_private.h: the inside of a loop, for the files that make it up: each is named after what it holds.
 * All of it belongs to the loop's thread, but for what is atomic. */
#ifndef WEIR_RUNTIME_LOOP_PRIVATE_H
#define WEIR_RUNTIME_LOOP_PRIVATE_H
#include "runtime/backlog.h"
#include "runtime/collector.h"
#include "runtime/loop.h"
#include "runtime/opening.h"
#include "runtime/purge.h"
#include "runtime/restore.h"
#include "state/database.h"

enum { LOOP_RETRY_PAUSE_MS = 200 };

struct loop {
    struct weir_app *app;
    int32_t number;
    pthread_t thread;
    _Atomic bool stopping, ended, settled;
    struct broker_consumer *consumer;
    const struct layout_inputs **inputs; /* by part: what the consumer reads */
    struct collector collector;
    struct restorer restorer;
    struct purge purge;
    struct openings openings;
    struct backlog backlog;
    struct task **tasks;
    size_t task_count, task_capacity;
    int64_t commit_interval_us, committed_us, lag_us, apply_after_us;
    size_t apply_next;     /* of tasks: whose stores are applied next */
    int64_t apply_rest_us; /* until then none is */
    int64_t poll_ms, max_idle_us;
    int64_t burst_us;   /* when the burst began */
    int processed;      /* records, in the latest turn */
    bool is_far_behind; /* some task has been, since the loop last stood at the end of all inputs */
    size_t buffered_max;
    size_t rows_max, windows_max, overlay_max; /* bytes over all stores (limits.h) */
    struct task_settings settings;
    struct database_limits limits;
    struct weir_error failure; /* set: the loop ends */
    bool is_full;              /* neither the disk nor memory takes more rows: nothing is processed until it does */
    bool recovering;        /* what the tasks hold is not what is committed: nothing happens before recovery_finish */
    bool has_assignment;    /* what the group has dealt, all of it, which may be nothing */
    bool rejoin;            /* the consumer was fenced: close it and join anew */
    int64_t fenced_us;      /* the last time a poll said so */
    int fenced_count;       /* in a row, each within FENCED_WITHIN_US of the one before */
    int64_t letters_second; /* in which the latest dead letters were told */
    int letters_told;       /* in that second */
};

int64_t loop_now_us(void); /* monotonic */
/* Latches the error: the loop ends with it. Returns false. */
bool loop_fail(struct loop *, const struct weir_error *);
/* Of that share; NULL: it is not this loop's. */
struct task *loop_task(const struct loop *, int32_t part, int32_t partition);
void loop_add_task(struct loop *, struct task *);
int32_t loop_part_number(const struct loop *, const struct task *); /* index in the layout */
bool loop_is_paused(const struct loop *);    /* by an admin, or because there is no place for what it would give */
bool loop_is_idle(const struct loop *);      /* no running task has a record to process now */
bool loop_has_progress(const struct loop *); /* some task has something to commit */
#endif
