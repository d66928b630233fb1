/* task.h: one sub-topology on one partition: its queues, contexts, stores, and the way of a record through them.
 *
 *   TASK_RESTORING --task_restored--> TASK_RUNNING --task_close--> gone
 *          ^                               |
 *     task_resume ---- TASK_STANDBY <-- task_stand_by
 *
 * A task belongs to one thread. What views and figures read of it is marked [any]. It knows no broker: its records leave
 * through task_output, its inputs are pushed by the loop or the test driver, which also commits it (commit.h). */
#ifndef WEIR_RUNTIME_TASK_H
#define WEIR_RUNTIME_TASK_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "operators/build.h"
#include "runtime/hot_keys.h"
#include "runtime/layout.h"
#include "runtime/lineage.h"
#include "runtime/parking.h"
#include "runtime/punctuate.h"
#include "runtime/queue.h"
#include "runtime/tick.h"
#include "runtime/upstream.h"
#include "state/packed.h"

enum task_state { TASK_RESTORING, TASK_RUNNING, TASK_STANDBY };

struct feeds;
struct task;
struct task_source;
struct writers;

struct task_output {
    void *self;
    /* False: WEIR_POISON (this record can never be taken) or worse. Waits while the producer's queue is full. sink: the
     * node that writes it; NULL: the engine itself. */
    bool (*send)(void *self, const struct graph_node *sink, const char *topic, const struct broker_record *,
                 struct weir_error *);
    /* How many partitions a topic has; 0: there is no such topic, -1: error. */
    int32_t (*partitions)(void *self, const char *topic, struct weir_error *);
    void (*release)(void *self, struct broker_message *);
    /* For the figures: one record dropped, one dead letter written. */
    void (*dropped)(void *self, const struct weir_drop *);
    void (*dead)(void *self, const struct weir_dead_letter *); /* strings live until it returns */
};

/* Somebody who looks on, on the task's thread: the simulator. */
struct task_watch {
    void *self;
    void (*began)(void *self, const struct task *); /* at a commit, its last one or another's, with operators anew */
    void (*entering)(void *self, const struct task *, const struct task_source *, const struct broker_message *);
    void (*punctuating)(void *self, const struct task *, int64_t wall_ms);
    void (*telling)(void *self, const struct task *);     /* a commit begins, and operators hold something for it */
    void (*dispatching)(void *self, const struct task *); /* a commit is done, and something leaves behind it */
    void (*sending)(void *self, const char *topic,
                    const struct broker_record *);  /* by the task that was told of last */
    void (*ended)(void *self, const struct task *); /* it is being closed, whether it has begun or not */
};

struct task_settings {
    const struct clock *clock;
    int64_t max_future_ms;    /* -1: no guard */
    bool lineage;             /* repartition records carry it; repetitions are dropped wherever they do */
    int64_t emit_interval_ms; /* context.h */
    struct store *const *globals;
    const struct task_watch *watch; /* NULL: nobody */
    struct feeds *feeds;            /* who follows views; NULL: nobody can */
};

enum { AHEAD_STORES_MAX = 4 };

struct task_source {
    const struct layout_source *layout;
    weir_context *context;
    struct queue queue;
    struct store *ahead[AHEAD_STORES_MAX]; /* whose rows are fetched ahead of their records */
    size_t ahead_count;
    int64_t stream_time_ms; /* greatest timestamp this source has given; -1: none yet */
    int64_t committed_stream_time_ms;
    int64_t position;                  /* offset behind the last record that was processed; -1: none */
    int64_t looked_position, moved_us; /* what position was, and when it last was another (backlog.h) */
    int64_t begun;                     /* offset that was committed when the task was assigned; -1: none */
    int64_t first;                     /* offset of the first record that came; -1: none yet */
    int64_t taken;                     /* records, since first */
    bool paused;
    int64_t
        idle_until_us; /* the queue is empty, here and at the broker: so long it is waited for (ready.h); 0: it is not */
    bool behind;       /* the broker may hold more of an empty queue's records, as of asked_us */
    int64_t asked_us;
    weir_arena head_arena; /* what the decoded head points to */
    bool head_ready;
    bool awaits_schema;      /* the head cannot be read before the registry answers */
    struct weir_record head; /* decoded */
    struct lineage_seen seen;
    struct upstream upstream; /* of a repartition topic */
    struct parking parking;
    struct hot_keys hot; /* [any] */
    _Atomic int64_t lag; /* [any] records behind the end, as the loop last saw; -1: unknown */
};

struct changelog_mark { /* of a store: what of its changelog is accounted for (strays.h) */
    int64_t end;        /* everything before it is */
    int64_t sent;       /* records sent since then */
};

struct task {
    const struct layout *layout;
    const struct layout_part *part;
    int32_t partition;
    enum task_state state;
    struct task_settings settings;
    struct task_output output;
    struct database *database;
    struct store **stores;              /* by layout_store index */
    struct broker_delivery *deliveries; /* of the changelogs, by layout_store index */
    int64_t *changelog_positions;       /* behind the last committed changelog record */
    struct changelog_mark *marks;       /* by layout_store index */
    const struct layout_inputs *inputs; /* of the part, as they were when it was opened */
    struct task_source *sources;        /* of the topics that have its partition */
    size_t source_count;
    int64_t commits; /* so far, where the lead topic has no records to count by (commit.h) */
    struct context_set *contexts;
    struct writers *writers; /* by layout_store index, while operators are open */
    struct execution execution;
    weir_arena arena;                       /* of the record in hand */
    struct buffer key_buffer, value_buffer; /* of the record being sent */
    struct packed packed;                   /* rows for the changelog, while a commit sends them */
    struct buffer old_value_buffer, change_buffer;
    struct punctuations stream_time, wall_clock;
    struct ticks ticks;
    uint64_t last_timer;         /* id of the latest weir_timer */
    struct task_source *in_hand; /* source of the record in hand; NULL: a punctuation */
    int64_t in_hand_offset;
    int32_t in_hand_sent;  /* repartition records it caused so far */
    bool progress;         /* something to commit */
    bool repeats;          /* the next commit writes rows again that have not changed (restore.h) */
    int64_t asked_wall_ms; /* what the wall clock said when a head last asked */
    int64_t committed_stream_time_ms;
    size_t overlay_bytes;
    struct weir_error failure;            /* set: the task must stop */
    _Atomic uint64_t records;             /* [any] processed */
    _Atomic int64_t parked_keys;          /* [any] keys whose records wait */
    _Atomic int64_t shown_stream_time_ms; /* [any] */
    _Atomic int64_t restore_remaining;    /* [any] records of changelogs */
    _Atomic int64_t copy_remaining;       /* [any] bytes, while it is copied from another instance */
    _Atomic int shown_state;              /* [any] */
    _Atomic bool
        is_standby; /* [any] it follows a task that is active elsewhere (standbys.h), or has not yet become it */
    _Atomic bool has_caught_up;  /* [any] a standby that has reached a commit */
    _Atomic int64_t *committed;  /* [any] per source: offset behind the last published record; -1 */
    _Atomic int64_t *feed_marks; /* [any] per store: of the last published commit (feed.h) */
    _Atomic uint64_t publishing; /* [any] odd while a commit is being published, store by store */
};

/* [any] Whether all that was read since the number was taken from `publishing` is of one commit. */
static inline bool task_saw_one_commit(const struct task *task, uint64_t number)
{
    return number % 2 == 0 && atomic_load(&task->publishing) == number;
}

/* directory NULL: stores in memory only. Its inputs are the part's. */
struct task *task_open(const struct layout *, const struct layout_part *, int32_t partition, const char *directory,
                       struct task_settings, struct task_output, struct database_limits, struct weir_error *);
/* After the stores hold what was committed: opens the operators. stream_time_ms: as committed; -1: unknown. */
bool task_restored(struct task *, int64_t stream_time_ms, struct weir_error *);
/* Of a running task: back to the last commit. Uncommitted writes and queued records are forgotten, and the operators
 * opened anew, because what they hold in memory knows of them. The caller keeps views away from the task meanwhile.
 * False: an operator cannot be opened. */
bool task_rewind(struct task *, struct weir_error *);
/* Of a running task without uncommitted writes, or one whose stores have reached a commit: closes the operators and forgets
 * the queues; what is left are stores that follow a task elsewhere. */
void task_stand_by(struct task *);
/* A standby becomes a task again, restoring what was committed since. */
void task_resume(struct task *, struct task_settings, struct task_output);
/* Of a task that has not been restored yet: it is to read these inputs of its part. The caller keeps views away. */
void task_take_inputs(struct task *, const struct layout_inputs *);
/* Closes operators and stores; flush: make the stores durable. What was not committed is forgotten. */
bool task_close(struct task *, bool flush, struct weir_error *);

/* Of a task that has not been restored yet, and that nobody else looks at: its stores are opened in place of those that
 * were closed. False: some of them may be open, and task_close_stores is due. */
bool task_close_stores(struct task *, bool flush, struct weir_error *);
bool task_open_stores(struct task *, const char *directory, struct database_limits, struct weir_error *);

/* How many records the source is behind an offset. Of a topic whose records share messages it is an estimate, by how many of them
 * the messages had so far. */
int64_t task_source_lag(const struct task_source *, int64_t end);
/* Takes the message over. */
void task_push(struct task *, size_t source, const struct broker_message *);
/* The source whose head has the smallest timestamp (ties: in order of the sources), of those that no tick holds up; NULL:
 * there is none, or one of the heads waits for its schema, so that nobody knows which is the smallest. Heads that cannot be read become dead letters on the way. */
struct task_source *task_choose(struct task *);
/* Processes the head of that source. False: task->failure is set. */
bool task_process(struct task *, struct task_source *);
/* Fires what is due by the wall clock. False: task->failure is set. */
bool task_punctuate(struct task *, int64_t wall_ms);
/* A commit begins: operators forward what they hold for it, as a punctuation does, without a record in hand. Before the
 * rows of the commit are logged; a second time nothing is left. False: task->failure is set, and it must not commit. */
bool task_tell(struct task *);
/* What a commit that is done wrote down for behind it is forwarded, likewise, and belongs to the next one; mostly there is
 * nothing. Also of a commit before the task was opened. False: task->failure is set. */
bool task_dispatch(struct task *);
static inline bool task_has_dispatch(const struct task *task)
{
    return task->execution.commits >= task->execution.dispatch_at;
}
size_t task_queued(const struct task *);
/* The head of the source is what everything that is sent now is caused by. */
void task_take_in_hand(struct task *, struct task_source *);
#endif
