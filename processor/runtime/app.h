/* app.h: a running topology: its loops, the tasks that views may read, and the figures.
 *
 * The registry (tasks) is the one thing threads share: loops add and remove under the write lock, views and doors look
 * under the read lock and hold it as long as they touch a task. */
#ifndef WEIR_RUNTIME_APP_H
#define WEIR_RUNTIME_APP_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/config.h"
#include "runtime/feed.h"
#include "runtime/figures.h"
#include "runtime/identity.h"
#include "runtime/layout.h"
#include "runtime/patterns.h"

struct copier;
struct copies;
struct database_limits;
struct globals;
struct ingest;
struct loop;
struct peers;
struct standbys;
struct task;
struct task_watch;

struct weir_app {
    struct layout layout;
    struct config *config;
    struct broker *broker;
    bool exactly_once;
    struct identity identity;
    struct loop **loops;
    size_t loop_count;
    struct globals *globals; /* NULL: the topology has none */
    struct ingest *ingest;
    struct standbys *standbys; /* NULL: none are kept */
    struct peers *peers;       /* NULL: the broker is this process's alone */
    struct copier *copier;     /* as peers */
    struct copies *copies;     /* as peers */
    struct patterns patterns;  /* which topics match */
    struct figures figures;
    struct feeds feeds;
    _Atomic bool paused;                  /* loops process nothing */
    const struct task_watch *watch;       /* of every task; NULL: nobody looks on */
    const struct database_limits *limits; /* of every task; NULL: by memory.max.bytes */

    pthread_rwlock_t registry;
    _Atomic int registry_wanted; /* how many wait for the write lock: whoever may look long lets go (snapshot.c) */
    struct task **tasks;
    size_t task_count, task_capacity;

    pthread_mutex_t lock;   /* state, failure, published, which loops there are */
    pthread_cond_t changed; /* state or published changed */
    enum weir_state state;
    struct weir_error failure;
    uint64_t published; /* commits so far */
    int64_t started_us;
};

/* Everything but threads: topics are made and checked; loops are not opened, records are not taken in. broker: taken over,
 * always; NULL: the one of the settings. Takes the topology, always. */
struct weir_app *app_open(struct weir_topology *, struct weir_config, struct broker *, struct weir_error *);
/* The application's id of filled settings, which is the topology's name where they have none. */
const char *app_id(const struct config *, const struct weir_topology *);
void app_close(struct weir_app *); /* whose loops have ended */
/* The registry for writing; snapshots that are open end soon. */
void app_lock_registry(struct weir_app *);
void app_unlock_registry(struct weir_app *);
void app_add_task(struct weir_app *, struct task *);    /* again: nothing happens */
void app_remove_task(struct weir_app *, struct task *); /* returns when no view looks at it any more */
/* After a commit was published: wakes who waits for a position. */
void app_published(struct weir_app *);
/* A loop's view of the world changed: RUNNING when every loop has settled and no task restores, else REBALANCING. */
void app_refresh_state(struct weir_app *);
/* The first failure stops all loops; state becomes PENDING_ERROR and, when they have ended, ERROR. */
void app_fail(struct weir_app *, const struct weir_error *);
#endif
