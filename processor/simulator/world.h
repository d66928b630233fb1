/* world.h: the inside of a simulation, for the files of this room. */
#ifndef WEIR_SIMULATOR_WORLD_H
#define WEIR_SIMULATOR_WORLD_H
#include "base/clock.h"
#include "simulator/fiber.h"
#include "simulator/swarm.h"
#include "simulator/witness.h"

struct loop;

#define WORLD_EPOCH_US ((int64_t)1700000000 * 1000 * 1000)

/* Threads of a process, in the order in which they end when it is killed: who has a lock goes before who waits for it. */
enum { THREAD_STANDBYS, THREAD_SECOND, THREAD_MAIN, THREADS };

enum machine_state {
    MACHINE_DOWN,    /* no process; it starts at wake_us */
    MACHINE_RUNNING, /* its threads go on */
    MACHINE_PAUSED,  /* its process stands still until until_us */
};

struct machine;
struct thread {
    struct machine *machine;
    struct fiber *fiber; /* NULL: it has not begun, or has ended */
    int64_t wake_us;     /* goes on then */
};

struct machine {
    struct simulate_world *world;
    int32_t number;
    char *directory;
    struct disk_machine *disk;
    enum machine_state state;
    int64_t wake_us;  /* of one that is down */
    int64_t until_us; /* of a pause; of being cut off */
    bool is_cut_off;
    struct thread threads[THREADS];
    struct broker *broker;
    struct weir_app *app; /* NULL: not yet, or not any more */
    bool has_joined;      /* its loops are there */
    struct task_watch watch;
    bool is_killed, is_stopping, is_ending;
    struct weir_error failure; /* it ended by itself, and why */
};

struct input { /* to be appended */
    const char *topic;
    struct broker_record record;
};

struct simulate_world {
    const struct simulate_plan *plan;
    struct simulate_report *report;
    struct random random; /* of what happens; settings, inputs, disks and the broker have their own */
    struct swarm swarm;
    struct clock clock;
    int64_t now_us;
    bool is_calm;
    struct simulated *cluster;
    struct witness *witness;
    struct weir_app *plain; /* an app that does nothing: its layout is the witness's */
    struct machine machines[SWARM_MACHINES_MAX];
    struct thread *inside; /* whose fiber goes on */
    struct disk_figures disk_figures;
    weir_arena arena; /* of the inputs */
    struct input *inputs;
    size_t input_count, input_next;
    int64_t next_input_us, next_crash_us, next_stop_us, next_pause_us, next_cut_us, next_look_us;
};

/* ---- time, process.c ---- */
void world_trace(struct simulate_world *, uint64_t what);
__attribute__((format(printf, 2, 3))) void world_tell(struct simulate_world *, const char *format, ...);
void world_advance(struct simulate_world *, int64_t now_us);

/* ---- processes, process.c ---- */
void machine_init(struct simulate_world *, struct machine *, int32_t number);
void machine_done(struct machine *);
void machine_start(struct machine *);
void thread_go_on(struct thread *); /* its time has come */
void machine_kill(struct machine *);
void machine_stop(struct machine *); /* asks */
void machine_pause(struct machine *, int64_t until_us);
void machine_cut_off(struct machine *, int64_t until_us);
void machine_end_of_fault(struct machine *); /* goes on after a pause, or has its network again */
struct weir_app *world_open_app(struct simulate_world *, const char *directory, const char *client, struct broker *,
                                struct weir_error *);
struct broker *world_connect_plainly(struct simulate_world *);

/* ---- inputs, input.c ---- */
bool world_make_inputs(struct simulate_world *, struct weir_error *);
void world_append_input(struct simulate_world *);
#endif
