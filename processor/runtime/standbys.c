/* standbys.c: see standbys.h.
 *
 * One lock guards everything, the reader and the restorer included; the thread holds it for a turn (one batch of records)
 * and gives way to whoever waits. Only what is committed is asked for without it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/standbys.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/directory.h"
#include "runtime/limits.h"
#include "runtime/peers.h"
#include "runtime/restore.h"

enum {
    BATCH = 2048,
    IDLE_MS = 20,
    GIVE_WAY_MS = 1,
    ASK_EVERY_US = 250 * 1000,    /* what is committed */
    PLACE_EVERY_US = 1000 * 1000, /* what belongs here */
    LINGER_US = 30 * 1000 * 1000, /* of one that is not wanted any more */
    RETRY_US = 5 * 1000 * 1000,   /* of one that could not be opened or followed */
    AHEAD_MAX = 8192,             /* records of a store behind the last known commit */
    OVERLAY_BYTES_MAX = 8 * 1024 * 1024,
    COMMITTED_BYTES_MAX = 8 * 1024 * 1024, /* of one store */
    REPLICAS_MAX = 16,
};

struct follower { /* of one store */
    int32_t token;
    bool is_reading;
    int64_t next;       /* changelog offset to be applied next */
    int64_t read_to;    /* to be read next, behind what is ahead */
    int64_t target;     /* committed */
    struct queue ahead; /* records that may be behind the commit */
};

struct standby {
    struct task *task;
    int32_t part;
    bool is_asked_for; /* what is committed of it: an answer to an earlier question may be older than what it has */
    bool is_restoring; /* known to the restorer */
    bool is_restored;  /* it has reached a commit, and is followed */
    bool is_wanted;
    int64_t unwanted_us;
    struct follower *followers; /* by store */
    int64_t *inputs;            /* by source: what the target contains */
    int64_t latest_ms;          /* greatest time that the target has seen */
};

struct standbys {
    struct weir_app *app;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
    _Atomic int waiting;
    pthread_mutex_t lock; /* everything below */
    struct broker_reader *reader;
    struct restorer restorer;
    struct standby **items;
    size_t count, capacity;
    int32_t next_token;
    int64_t asked_us, placed_us, retry_us;
    weir_arena arena;
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static void enter(struct standbys *standbys)
{
    atomic_fetch_add(&standbys->waiting, 1);
    clock_lock(&standbys->lock);
    atomic_fetch_sub(&standbys->waiting, 1);
}

static void leave(struct standbys *standbys)
{
    pthread_mutex_unlock(&standbys->lock);
}

static const struct broker_ops *ops_of(const struct standbys *standbys)
{
    return standbys->app->broker->ops;
}

static bool has_changelog(const struct layout_part *part)
{
    for (size_t i = 0; i < part->store_count; i++)
        if (layout_is_logged(&part->stores[i]))
            return true;
    return false;
}

/* ---- reading ---- */

static void release_ahead(struct standbys *standbys, struct follower *follower)
{
    for (; follower->ahead.count > 0; queue_pop(&follower->ahead))
        ops_of(standbys)->reader_release(standbys->reader, queue_head(&follower->ahead));
}

static void stop_reading(struct standbys *standbys, struct follower *follower)
{
    if (follower->is_reading)
        ops_of(standbys)->reader_remove(standbys->reader, follower->token);
    follower->is_reading = false;
}

static bool start_reading(struct standbys *standbys, const struct standby *standby, size_t store,
                          struct weir_error *error)
{
    struct follower *follower = &standby->followers[store];
    const struct layout_part *part = standby->task->part;
    if (!standbys->reader)
        standbys->reader = ops_of(standbys)->reader_open(standbys->app->broker, error);
    follower->token = standbys->next_token++;
    follower->is_reading = standbys->reader && ops_of(standbys)->reader_add(
                                                   standbys->reader, layout_log(part, &part->stores[store]),
                                                   standby->task->partition, follower->read_to, follower->token, error);
    return follower->is_reading;
}

static struct follower *follower_of(struct standbys *standbys, int32_t token)
{
    for (size_t i = 0; i < standbys->count; i++)
        for (size_t s = 0; s < standbys->items[i]->task->part->store_count; s++) {
            struct follower *follower = &standbys->items[i]->followers[s];
            if (follower->is_reading && follower->token == token)
                return follower;
        }
    return NULL;
}

static void take_message(struct standbys *standbys, struct broker_message *message)
{
    struct follower *follower = follower_of(standbys, message->group);
    if (!follower || follower->ahead.count >= AHEAD_MAX) {
        if (follower) /* it is read again from here */
            stop_reading(standbys, follower);
        ops_of(standbys)->reader_release(standbys->reader, message);
        return;
    }
    follower->read_to = message->offset + 1;
    queue_push(&follower->ahead, message);
}

static bool read_batch(struct standbys *standbys, bool *idle, struct weir_error *error)
{
    struct broker_message messages[BATCH];
    if (!standbys->reader)
        return true;
    int count = ops_of(standbys)->reader_poll(standbys->reader, messages, BATCH, 0, error);
    for (int i = 0; i < count; i++)
        take_message(standbys, &messages[i]);
    *idle = *idle && count <= 0;
    return count >= 0;
}

/* ---- applying ---- */

static bool apply_message(struct standbys *standbys, const struct standby *standby, size_t store,
                          const struct broker_message *message, struct weir_error *error)
{
    struct store_row row;
    bool ok = !restore_row(standby->task->part, store, standby->latest_ms, message, &standbys->arena, &row) ||
              store_follow(standby->task->stores[store], &row, error);
    arena_clear(&standbys->arena);
    return ok;
}

/* The end of what is committed may lie behind a gap (markers), so the reader says where it stands. */
static void look_for_the_end(struct standbys *standbys, struct follower *follower)
{
    if (follower->ahead.count > 0) {
        int64_t head = queue_head(&follower->ahead)->offset;
        follower->next = head < follower->target ? head : follower->target;
        return;
    }
    int64_t position = follower->is_reading ? ops_of(standbys)->reader_position(standbys->reader, follower->token) : -1;
    if (position > follower->next)
        follower->next = position < follower->target ? position : follower->target;
}

static bool apply_store(struct standbys *standbys, struct standby *standby, size_t store, struct weir_error *error)
{
    struct follower *follower = &standby->followers[store];
    while (follower->ahead.count > 0 && queue_head(&follower->ahead)->offset < follower->target) {
        struct broker_message *message = queue_head(&follower->ahead);
        if (!apply_message(standbys, standby, store, message, error))
            return false;
        follower->next = message->offset + 1;
        ops_of(standbys)->reader_release(standbys->reader, message);
        queue_pop(&follower->ahead);
    }
    if (follower->next < follower->target)
        look_for_the_end(standbys, follower);
    return true;
}

static bool has_reached(const struct standby *standby)
{
    for (size_t i = 0; i < standby->task->part->store_count; i++)
        if (standby->followers[i].next < standby->followers[i].target)
            return false;
    return true;
}

static int64_t remaining(const struct standby *standby)
{
    int64_t sum = 0;
    for (size_t i = 0; i < standby->task->part->store_count; i++)
        sum += standby->followers[i].target - standby->followers[i].next;
    return sum > 0 ? sum : 0;
}

static void show_inputs(const struct standby *standby)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->part->source_count; i++)
        if (standby->inputs[i] != BROKER_NO_OFFSET)
            atomic_store(&task->committed[i], standby->inputs[i]);
}

/* All stores of the task together, then the inputs they contain: an answer is at least as new as it says. */
static void publish(struct standbys *standbys, struct standby *standby, bool is_commit)
{
    struct task *task = standby->task;
    atomic_fetch_add(&task->publishing, 1);
    for (size_t i = 0; i < task->part->store_count; i++) {
        if (!layout_is_logged(&task->part->stores[i]))
            continue;
        task->changelog_positions[i] = standby->followers[i].next;
        store_publish_followed(task->stores[i], standby->followers[i].next);
    }
    if (is_commit)
        show_inputs(standby);
    atomic_fetch_add(&task->publishing, 1);
    app_published(standbys->app);
}

static bool has_rows(const struct standby *standby, size_t *bytes)
{
    bool found = false;
    *bytes = 0;
    for (size_t i = 0; i < standby->task->part->store_count; i++) {
        *bytes += store_overlay_bytes(standby->task->stores[i]);
        found = found || standby->followers[i].next != standby->task->changelog_positions[i];
    }
    return found;
}

static void warn(const struct task *task, size_t store, const struct weir_error *error)
{
    log_warning("standbys", "store %s, partition %d: %s", task->part->stores[store].spec.name, task->partition,
                error->message);
}

/* Before a task changes hands: what is published is in RocksDB, so that nothing is read again. */
static void apply_stores(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct weir_error error = {0};
        if (!store_apply(task->stores[i], now_us(), &error))
            warn(task, i, &error);
    }
}

/* Copies keep little in memory: nobody writes the same rows here again and again. */
static void evict_when_due(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct store *store = task->stores[i];
        struct weir_error error = {0};
        bool is_due = store_apply_due(store, now_us()) || store_evictable_bytes(store) > COMMITTED_BYTES_MAX;
        if (is_due && !store_evict(store, now_us(), &error))
            warn(task, i, &error);
    }
}

static bool follow(struct standbys *standbys, struct standby *standby, struct weir_error *error)
{
    const struct layout_part *part = standby->task->part;
    size_t bytes;
    for (size_t i = 0; i < part->store_count; i++) {
        struct follower *follower = &standby->followers[i];
        if (!layout_is_logged(&part->stores[i]))
            continue;
        if (!follower->is_reading && follower->ahead.count == 0 && follower->next < follower->target &&
            !start_reading(standbys, standby, i, error))
            return false;
        if (!apply_store(standbys, standby, i, error))
            return false;
    }
    bool reached = has_reached(standby);
    if (has_rows(standby, &bytes) && (reached || bytes > OVERLAY_BYTES_MAX))
        publish(standbys, standby, reached);
    else if (reached)
        show_inputs(standby);
    atomic_store(&standby->task->restore_remaining, remaining(standby));
    evict_when_due(standby->task);
    return true;
}

/* ---- one standby ---- */

static struct standby *add_standby(struct standbys *standbys, struct task *task)
{
    struct standby *standby = memory_new(sizeof *standby);
    standby->task = task;
    standby->part = (int32_t)(task->part - standbys->app->layout.parts);
    standby->is_wanted = true;
    standby->followers = memory_new(task->part->store_count * sizeof *standby->followers);
    standby->inputs = memory_new(task->part->source_count * sizeof *standby->inputs);
    for (size_t i = 0; i < task->part->source_count; i++)
        standby->inputs[i] = BROKER_NO_OFFSET;
    standbys->items = memory_grow(standbys->items, &standbys->capacity, standbys->count + 1, sizeof(struct standby *));
    standbys->items[standbys->count++] = standby;
    standbys->asked_us = 0;
    return standby;
}

/* The task's stores are as of its last publish again. */
static struct task *remove_standby(struct standbys *standbys, size_t index)
{
    struct standby *standby = standbys->items[index];
    struct task *task = standby->task;
    standbys->items[index] = standbys->items[--standbys->count];
    restore_abandon(&standbys->restorer, task);
    for (size_t i = 0; i < task->part->store_count; i++) {
        stop_reading(standbys, &standby->followers[i]);
        release_ahead(standbys, &standby->followers[i]);
        queue_done(&standby->followers[i].ahead);
        store_drop(task->stores[i]);
    }
    memory_free(standby->followers);
    memory_free(standby->inputs);
    memory_free(standby);
    return task;
}

static void close_standby(struct standbys *standbys, size_t index)
{
    struct weir_error error = {0};
    struct task *task = remove_standby(standbys, index);
    log_info("standbys", "task %d_%d is not kept here any more", task->part->subtopology->id, task->partition);
    app_remove_task(standbys->app, task);
    apply_stores(task);
    if (!task_close(task, true, &error))
        log_warning("standbys", "%s", error.message);
}

static size_t index_of(const struct standbys *standbys, int32_t part, int32_t partition)
{
    size_t i = 0;
    while (i < standbys->count &&
           (standbys->items[i]->part != part || standbys->items[i]->task->partition != partition))
        i++;
    return i;
}

/* From the commit that its stores hold, which is where its changelogs are followed from. */
static void begin_following(struct standby *standby)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct follower *follower = &standby->followers[i];
        follower->next = follower->read_to = follower->target = task->changelog_positions[i];
    }
    standby->is_restored = true;
    task_stand_by(task);
}

struct task *standbys_take(struct standbys *standbys, int32_t part, int32_t partition)
{
    if (!standbys)
        return NULL;
    enter(standbys);
    size_t index = index_of(standbys, part, partition);
    struct task *task = index < standbys->count ? remove_standby(standbys, index) : NULL;
    if (task) {
        apply_stores(task);
        atomic_fetch_add(&standbys->app->figures.standbys_taken, 1);
    }
    leave(standbys);
    return task;
}

bool standbys_give(struct standbys *standbys, struct task *task)
{
    if (!standbys || !has_changelog(task->part) || task->state != TASK_RUNNING || task->progress)
        return false;
    enter(standbys);
    app_lock_registry(standbys->app); /* figures look into the operators of running tasks */
    begin_following(add_standby(standbys, task));
    app_unlock_registry(standbys->app);
    atomic_fetch_add(&standbys->app->figures.standbys_given, 1);
    leave(standbys);
    return true;
}

/* ---- what is committed ---- */

struct asked { /* without the lock: standbys come and go meanwhile */
    weir_arena arena;
    struct broker_place *places;
    struct broker_start *starts;
    size_t count;
};

static void name_places(const struct standbys *standbys, struct asked *asked)
{
    size_t most = 0;
    for (size_t i = 0; i < standbys->count; i++)
        most += standbys->items[i]->task->part->source_count;
    asked->places = arena_alloc(&asked->arena, (most + 1) * sizeof *asked->places);
    asked->starts = arena_alloc(&asked->arena, (most + 1) * sizeof *asked->starts);
    for (size_t i = 0; i < standbys->count; i++) {
        const struct task *task = standbys->items[i]->task;
        standbys->items[i]->is_asked_for = true;
        for (size_t s = 0; s < task->part->source_count; s++)
            asked->places[asked->count++] = (struct broker_place){task->part->sources[s].topic, task->partition};
    }
}

static const struct broker_start *start_of(const struct asked *asked, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < asked->count; i++)
        if (asked->places[i].topic == topic && asked->places[i].partition == partition)
            return &asked->starts[i];
    return NULL;
}

static void set_aside(struct standbys *standbys, size_t index)
{
    struct weir_error error = {0}, ignored = {0};
    int32_t part = standbys->items[index]->part;
    struct task *task = remove_standby(standbys, index);
    int32_t partition = task->partition;
    app_remove_task(standbys->app, task);
    task_close(task, false, &ignored);
    char *directory =
        directory_of_task(standbys->app->config, standbys->app->layout.application, part, partition, &error);
    bool ok = directory && directory_set_aside(directory, &error);
    if (!ok)
        log_warning("standbys", "%s", error.message);
    memory_free(directory);
}

static void begin_restore(struct standbys *standbys, size_t index, const struct commit_metadata *commit)
{
    struct standby *standby = standbys->items[index];
    struct weir_error error = {0};
    standby->is_restoring = restore_begin(&standbys->restorer, standby->task, commit, true, &error);
    if (standby->is_restoring)
        return;
    log_warning("standbys", "%s", error.message);
    restore_abandon(&standbys->restorer, standby->task);
    if (error.code == WEIR_CORRUPT)
        set_aside(standbys, index);
}

static void set_inputs(struct standby *standby, const struct asked *asked)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->part->source_count; i++) {
        const struct broker_start *start = start_of(asked, task->part->sources[i].topic, task->partition);
        if (start)
            standby->inputs[i] = task->sources[i].position = start->offset;
    }
}

static void set_targets(struct standby *standby, const struct commit_metadata *commit)
{
    const struct layout_part *part = standby->task->part;
    for (size_t i = 0; i < part->store_count; i++) {
        int64_t committed = commit_metadata_position(commit, part->stores[i].name_hash);
        store_restore_until(standby->task->stores[i], restore_latest_ms(commit, true));
        if (layout_is_logged(&part->stores[i]) && committed > standby->followers[i].target)
            standby->followers[i].target = committed;
    }
}

/* A standby that is on its way to a commit reaches that first: else its inputs would be those of another one. */
static void hear(struct standbys *standbys, const struct asked *asked)
{
    for (size_t i = standbys->count; i-- > 0;) {
        struct standby *standby = standbys->items[i];
        const struct task *task = standby->task;
        const struct broker_start *start = start_of(asked, task->part->sources[0].topic, task->partition);
        bool is_busy = standby->is_restored ? !has_reached(standby) : standby->is_restoring;
        if (!standby->is_asked_for || !start || start->offset == BROKER_NO_OFFSET || is_busy)
            continue;
        struct commit_metadata commit = commit_metadata_read(start->metadata);
        set_inputs(standby, asked);
        standby->latest_ms = restore_latest_ms(&commit, true);
        if (standby->is_restored)
            set_targets(standby, &commit);
        else
            begin_restore(standbys, i, &commit);
    }
}

static void ask_what_is_committed(struct standbys *standbys)
{
    struct weir_app *app = standbys->app;
    struct asked asked = {0};
    struct weir_error error = {0};
    arena_init(&asked.arena);
    pthread_mutex_lock(&standbys->lock);
    standbys->asked_us = now_us();
    name_places(standbys, &asked);
    pthread_mutex_unlock(&standbys->lock);
    if (app->broker->ops->commits(app->broker, app->layout.application, asked.places, asked.count, &asked.arena,
                                  asked.starts, &error)) {
        pthread_mutex_lock(&standbys->lock);
        hear(standbys, &asked);
        pthread_mutex_unlock(&standbys->lock);
    } else {
        log_debug("standbys", "%s", error.message);
    }
    arena_done(&asked.arena);
}

/* ---- what belongs here ---- */

static bool is_active_here(const struct standbys *standbys, int32_t part, int32_t partition)
{
    struct weir_app *app = standbys->app;
    bool found = false;
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count && !found; i++)
        found = app->tasks[i]->part == &app->layout.parts[part] && app->tasks[i]->partition == partition;
    pthread_rwlock_unlock(&app->registry);
    return found;
}

static bool belongs_here(const struct standbys *standbys, const struct peer *peers, size_t count,
                         struct peer_share share)
{
    size_t replicas = (size_t)config_integer(standbys->app->config, "num.standby.replicas"), placed[REPLICAS_MAX];
    size_t found = peers_place_standbys(peers, count, share, replicas, placed);
    for (size_t i = 0; i < found; i++)
        if (peers[placed[i]].is_self)
            return true;
    return false;
}

static void no_release(void *self, struct broker_message *message)
{
    (void)self, (void)message;
}

static void open_standby(struct standbys *standbys, int32_t part, int32_t partition)
{
    struct weir_app *app = standbys->app;
    struct weir_error error = {0};
    const struct task_settings settings = {.clock = &clock_system};
    const struct task_output output = {.release = no_release};
    char *directory = directory_of_task(app->config, app->layout.application, part, partition, &error);
    struct task *task = directory ? task_open(&app->layout, &app->layout.parts[part], partition, directory, settings,
                                              output, limits_of_task(app), &error)
                                  : NULL;
    if (!task && error.code == WEIR_CORRUPT) {
        log_warning("standbys", "%s; reading the changelog from its beginning", error.message);
        error = (struct weir_error){0};
        directory_set_aside(directory, &error);
    }
    memory_free(directory);
    if (task) {
        log_info("standbys", "task %d_%d: keeping a copy", app->layout.parts[part].subtopology->id, partition);
        atomic_store(&task->is_standby, true);
        add_standby(standbys, task);
        app_add_task(app, task);
    } else {
        log_warning("standbys", "%s; trying again", error.message);
        standbys->retry_us = now_us() + RETRY_US;
    }
}

static void place(struct standbys *standbys, const struct peer *peers, size_t count, int32_t part, int32_t partition)
{
    size_t index = index_of(standbys, part, partition);
    bool belongs = belongs_here(standbys, peers, count, (struct peer_share){part, partition});
    if (index == standbys->count) {
        if (belongs && now_us() >= standbys->retry_us && !is_active_here(standbys, part, partition))
            open_standby(standbys, part, partition);
        return;
    }
    struct standby *standby = standbys->items[index];
    if (belongs != standby->is_wanted)
        standby->unwanted_us = now_us();
    standby->is_wanted = belongs;
    if (!belongs && now_us() - standby->unwanted_us > LINGER_US)
        close_standby(standbys, index);
}

static void place_all(struct standbys *standbys)
{
    const struct layout *layout = &standbys->app->layout;
    struct peer *peers;
    weir_arena arena;
    arena_init(&arena);
    size_t count = peers_known(standbys->app->peers, &arena, &peers);
    standbys->placed_us = now_us();
    for (size_t part = 0; count > 0 && part < layout->part_count; part++)
        for (int32_t p = 0; has_changelog(&layout->parts[part]) && p < layout->parts[part].partitions; p++)
            place(standbys, peers, count, (int32_t)part, p);
    arena_done(&arena);
}

/* ---- the thread ---- */

static void finish_restored(struct standbys *standbys)
{
    for (size_t i = 0; i < standbys->count; i++) {
        struct standby *standby = standbys->items[i];
        struct weir_error error = {0};
        if (restore_must_begin_again(&standbys->restorer, standby->task))
            standby->is_restoring = false;
        if (standby->is_restored || !standby->is_restoring || !restore_is_done(&standbys->restorer, standby->task))
            continue;
        if (!restore_finish(&standbys->restorer, standby->task, &error))
            log_warning("standbys", "%s", error.message);
        begin_following(standby);
        show_inputs(standby);
        log_info("standbys", "task %d_%d is in step", standby->task->part->subtopology->id, standby->task->partition);
    }
}

/* What fails is dropped and made anew after a while: the active task is not touched by it. */
static void note_failure(struct standbys *standbys, const struct weir_error *error)
{
    log_warning("standbys", "%s", error->message);
    standbys->retry_us = now_us() + RETRY_US;
    if (error->code == WEIR_RETRY)
        return;
    while (standbys->count > 0)
        close_standby(standbys, standbys->count - 1);
}

/* Under the lock. Returns whether there was nothing to do. */
static bool turn(struct standbys *standbys)
{
    struct weir_error error = {0};
    bool restores = !restore_is_idle(&standbys->restorer), idle = !restores;
    if (now_us() - standbys->placed_us >= PLACE_EVERY_US)
        place_all(standbys);
    bool ok = !restores || restore_step(&standbys->restorer, 0, &error);
    idle = idle || standbys->restorer.got_nothing;
    if (ok)
        finish_restored(standbys);
    ok = ok && read_batch(standbys, &idle, &error);
    for (size_t i = 0; ok && i < standbys->count; i++)
        if (standbys->items[i]->is_restored)
            ok = follow(standbys, standbys->items[i], &error);
    if (!ok)
        note_failure(standbys, &error);
    return idle;
}

void standbys_turn(struct standbys *standbys)
{
    pthread_mutex_lock(&standbys->lock);
    bool idle = turn(standbys);
    bool asks = standbys->count > 0 && now_us() - standbys->asked_us >= ASK_EVERY_US;
    pthread_mutex_unlock(&standbys->lock);
    if (asks)
        ask_what_is_committed(standbys);
    else if (idle)
        clock_pause_ms(IDLE_MS);
    if (atomic_load(&standbys->waiting) > 0)
        clock_pause_ms(GIVE_WAY_MS);
}

static void *run(void *self)
{
    struct standbys *standbys = self;
    while (!atomic_load(&standbys->stopping))
        standbys_turn(standbys);
    return NULL;
}

static void free_standbys(struct standbys *standbys)
{
    while (standbys->count > 0)
        close_standby(standbys, standbys->count - 1);
    restorer_done(&standbys->restorer);
    if (standbys->reader)
        ops_of(standbys)->reader_close(standbys->reader);
    arena_done(&standbys->arena);
    pthread_mutex_destroy(&standbys->lock);
    memory_free(standbys->items);
    memory_free(standbys);
}

struct standbys *standbys_new(struct weir_app *app)
{
    if (!app->peers || !app->broker->ops->commits || config_integer(app->config, "num.standby.replicas") == 0)
        return NULL;
    struct standbys *standbys = memory_new(sizeof *standbys);
    standbys->app = app;
    standbys->restorer = (struct restorer){.broker = app->broker, .copier = app->copier, .stops_at_commit = true};
    arena_init(&standbys->arena);
    pthread_mutex_init(&standbys->lock, NULL);
    return standbys;
}

struct standbys *standbys_start(struct weir_app *app, struct weir_error *error)
{
    struct standbys *standbys = standbys_new(app);
    if (!standbys)
        return NULL;
    int failure = pthread_create(&standbys->thread, NULL, run, standbys);
    standbys->started = failure == 0;
    if (standbys->started)
        return standbys;
    error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    free_standbys(standbys);
    return NULL;
}

void standbys_stop(struct standbys *standbys)
{
    if (!standbys)
        return;
    atomic_store(&standbys->stopping, true);
    if (standbys->started)
        pthread_join(standbys->thread, NULL);
    free_standbys(standbys);
}
