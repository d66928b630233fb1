/* tick.h: time that goes on while the inputs of a task are quiet (weir_tick).
 *
 * A tick is a record of an internal topic that the task writes and reads itself: its timestamp is the stream time to come,
 * its value says behind which records of the other inputs it stands ("topic:partition:offset,…", as in position.h, the
 * offsets those of the next records). It takes effect when exactly these have been processed: an input that is there already
 * waits, and from the moment a tick is sent until it comes back the task stands still. Whoever reads the same topics again
 * therefore finds every tick at the same place, and gets the same results.
 * It is written only when something waits that would leave. All of it belongs to the task's thread. */
#ifndef WEIR_RUNTIME_TICK_H
#define WEIR_RUNTIME_TICK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;
struct task_source;
struct weir_error;

struct ticks {                  /* of a task */
    struct task_source *source; /* NULL: its topology does not ask for any */
    int64_t after_ms;
    uint64_t records;      /* processed when it was last looked */
    int64_t quiet_from_ms; /* by the wall clock */
    int64_t base_ms;       /* stream time then */
    int64_t awaited_ms;    /* time of a tick that was sent and has not come back; TICK_NONE: there is none */
    int64_t *behind;       /* of the tick that is the head: the position to be reached, by source; in its head arena */
};

#define TICK_NONE (-1)

/* Call when the task's operators are opened, and opened anew. */
void ticks_open(struct task *);
static inline bool tick_is_awaited(const struct ticks *ticks)
{
    return ticks->source && ticks->awaited_ms != TICK_NONE;
}
/* Looks for records since the last time. True: the inputs have been quiet for long enough, as far as this task knows, and
 * something waits for time to go on. */
bool tick_is_due(struct task *, int64_t wall_ms);
/* Sends one. False: task->failure is set. */
bool tick_send(struct task *, int64_t wall_ms);
/* The head of the source of ticks: reads behind what it stands. */
bool tick_read(struct task *, struct weir_error *);
/* Whether the head of the source must wait: for the tick that is a head, too, or, of a tick, for other inputs. */
bool tick_holds(const struct task *, const struct task_source *);
/* The head of the source of ticks takes effect. */
void tick_apply(struct task *);
#endif
