/* copier.c: see copier.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/copier.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "runtime/app.h"
#include "runtime/copies.h"
#include "runtime/directory.h"
#include "runtime/limits.h"
#include "runtime/manifest.h"
#include "runtime/peers.h"

enum {
    PIECE_BYTES = 512 * 1024,
    PIECE_TRIES = 2,
    LOOK_MS = 10 * 1000, /* for the group to say who is there */
    BUSY_MS = 30 * 1000, /* while others are being served */
    PAUSE_MS = 100,
    SWEEP_MS = 1000,
    HOLDERS_MAX = 64,
};

struct arrival {
    struct arrival *next;
    struct share_name {
        int32_t part, partition;
        char text[32];
    } task;
    struct copy_wish *wishes;
    size_t wish_count;
    char *directory;
    _Atomic int state;
    _Atomic bool is_dropped;
    _Atomic int64_t remaining;
};

struct copier {
    struct weir_app *app;
    char *directory;
    pthread_t thread;
    pthread_mutex_t lock; /* over the list, and to wait */
    pthread_cond_t wake;
    struct arrival *first;
    uint64_t numbered;
    _Atomic bool stopping;
    pthread_mutex_t asking;                /* over the source, for as long as a question is open */
    const struct weir_copy_source *source; /* NULL: nobody to ask */
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

/* ---- arrivals ---- */

enum arrival_state arrival_state(const struct arrival *arrival)
{
    return (enum arrival_state)atomic_load(&arrival->state);
}

int64_t arrival_remaining(const struct arrival *arrival)
{
    return atomic_load(&arrival->remaining);
}

static bool is_given_up(const struct copier *copier, const struct arrival *arrival)
{
    return atomic_load(&copier->stopping) || atomic_load(&arrival->is_dropped);
}

static void free_arrival(struct arrival *arrival)
{
    tree_remove(arrival->directory);
    memory_free(arrival->directory);
    memory_free(arrival->wishes);
    memory_free(arrival);
}

static int64_t left_of(const struct copy_wish *wish, int64_t position)
{
    return wish->end > position ? wish->end - (position > 0 ? position : 0) : 0;
}

static int64_t left_to_read(const struct copy_wish *wishes, size_t count)
{
    int64_t left = 0;
    for (size_t i = 0; i < count; i++)
        left += left_of(&wishes[i], wishes[i].held);
    return left;
}

/* A store without a changelog is what it has become here, and nobody can bring a copy of it up to date. */
static bool may_be_copied(const struct layout_part *part)
{
    bool has_log = false;
    for (size_t i = 0; i < part->store_count; i++) {
        if (!layout_is_logged(&part->stores[i]) && !part->stores[i].spec.in_memory)
            return false;
        has_log = has_log || (layout_is_logged(&part->stores[i]) && !part->stores[i].spec.in_memory);
    }
    return has_log && !part->subtopology->is_global;
}

/* An instance that others cannot ask does not ask, either: where there are some at all, each has its door. */
static bool has_others(const struct copier *copier)
{
    return *config_text(copier->app->config, "application.server") != 0;
}

struct arrival *copier_ask(struct copier *copier, const struct task *task, const struct copy_wish *wishes, size_t count)
{
    int64_t least = copier ? config_integer(copier->app->config, "restore.copy.min.records") : -1;
    if (least < 0 || !has_others(copier) || !may_be_copied(task->part) || left_to_read(wishes, count) < least)
        return NULL;
    struct arrival *arrival = memory_new(sizeof *arrival);
    arrival->task = (struct share_name){(int32_t)(task->part - copier->app->layout.parts), task->partition, ""};
    snprintf(arrival->task.text, sizeof arrival->task.text, "%" PRId32 "_%" PRId32, arrival->task.part,
             task->partition);
    arrival->wishes = memory_copy(wishes, count * sizeof *wishes);
    arrival->wish_count = count;
    pthread_mutex_lock(&copier->lock);
    arrival->directory = memory_format("%s/arrival-%" PRIu64, copier->directory, ++copier->numbered);
    struct arrival **last = &copier->first;
    while (*last)
        last = &(*last)->next;
    *last = arrival;
    pthread_cond_signal(&copier->wake);
    pthread_mutex_unlock(&copier->lock);
    return arrival;
}

void copier_drop(struct copier *copier, struct arrival *arrival)
{
    atomic_store(&arrival->is_dropped, true);
    pthread_mutex_lock(&copier->lock);
    pthread_cond_signal(&copier->wake);
    pthread_mutex_unlock(&copier->lock);
}

/* ---- whom to ask ---- */

void copier_from(struct copier *copier, const struct weir_copy_source *source)
{
    pthread_mutex_lock(&copier->asking);
    copier->source = source;
    pthread_mutex_unlock(&copier->asking);
}

static bool has_source(struct copier *copier)
{
    pthread_mutex_lock(&copier->asking);
    bool has = copier->source != NULL;
    pthread_mutex_unlock(&copier->asking);
    return has;
}

struct holders {
    weir_arena arena;
    const char *items[HOLDERS_MAX];
    size_t count;
};

static void pause_for(struct copier *copier, int64_t ms)
{
    for (; ms > 0 && !atomic_load(&copier->stopping); ms -= PAUSE_MS)
        clock_pause_ms(ms < PAUSE_MS ? ms : PAUSE_MS);
}

/* The door is opened a moment after the app has started. */
static bool has_door(struct copier *copier, const struct arrival *arrival)
{
    int64_t until_us = now_us() + LOOK_MS * 1000;
    while (!has_source(copier) && now_us() < until_us && !is_given_up(copier, arrival))
        pause_for(copier, PAUSE_MS);
    return has_source(copier);
}

static void wait_for_a_look(struct copier *copier, const struct arrival *arrival)
{
    uint64_t looks = peers_looks(copier->app->peers);
    int64_t until_us = now_us() + LOOK_MS * 1000;
    peers_ask(copier->app->peers);
    while (peers_looks(copier->app->peers) == looks && now_us() < until_us && !is_given_up(copier, arrival))
        pause_for(copier, PAUSE_MS);
}

static bool is_among(const struct holders *holders, const char *address)
{
    for (size_t i = 0; i < holders->count; i++)
        if (strcmp(holders->items[i], address) == 0)
            return true;
    return false;
}

/* Who has the task, by all that is known, then everybody: whoever has just given it up still has its directory. */
static void find_holders(struct copier *copier, const struct arrival *arrival, struct holders *out)
{
    struct peer *peers;
    const struct peer_share share = {arrival->task.part, arrival->task.partition};
    arena_init(&out->arena);
    out->count = peers_holders(copier->app->peers, share, true, &out->arena, out->items, HOLDERS_MAX);
    size_t count = peers_known(copier->app->peers, &out->arena, &peers);
    for (size_t i = 0; i < count && out->count < HOLDERS_MAX; i++)
        if (!peers[i].is_self && peers[i].address && !is_among(out, peers[i].address))
            out->items[out->count++] = peers[i].address;
}

/* ---- asking ---- */

/* WEIR_ABSENT: it has none; WEIR_RETRY: not now. */
static bool ask_for_copy(struct copier *copier, const struct arrival *arrival, const char *address, weir_arena *arena,
                         struct manifest *out, struct weir_error *error)
{
    weir_bytes manifest = {0};
    pthread_mutex_lock(&copier->asking);
    const struct weir_copy_source *source = copier->source;
    bool ok = source ? source->make(source->self, address, copier->app->layout.application, arrival->task.text, arena,
                                    &manifest, error)
                     : error_set(error, WEIR_ABSENT, "this instance has no door");
    pthread_mutex_unlock(&copier->asking);
    return ok && manifest_read(manifest, arena, out, error);
}

static bool ask_for_piece(struct copier *copier, const char *address, const char *copy, const char *file,
                          int64_t offset, void *out, size_t size, struct weir_error *error)
{
    pthread_mutex_lock(&copier->asking);
    const struct weir_copy_source *source = copier->source;
    bool ok = source ? source->read(source->self, address, copy, file, offset, out, size, error)
                     : error_set(error, WEIR_ABSENT, "this instance has no door");
    pthread_mutex_unlock(&copier->asking);
    return ok && failpoint("copy.piece", error);
}

static int64_t position_in(const struct manifest *manifest, uint32_t name_hash)
{
    for (size_t i = 0; i < manifest->store_count; i++)
        if (manifest->stores[i].name_hash == name_hash)
            return manifest->stores[i].position;
    return -1;
}

/* Half of the work at least must be spared. */
static bool is_worth_it(const struct copier *copier, const struct arrival *arrival, const struct manifest *manifest,
                        struct weir_error *error)
{
    int64_t left = 0, least = left_to_read(arrival->wishes, arrival->wish_count) / 2;
    if (manifest->state != manifest_state(&copier->app->layout.parts[arrival->task.part]))
        return error_set(error, WEIR_ABSENT, "it keeps other stores, or keeps them in another way");
    for (size_t i = 0; i < arrival->wish_count; i++)
        left += left_of(&arrival->wishes[i], position_in(manifest, arrival->wishes[i].name_hash));
    return left <= least || error_set(error, WEIR_ABSENT, "its copy would leave %" PRId64 " records to be read", left);
}

/* ---- fetching ---- */

struct fetch {
    struct copier *copier;
    struct arrival *arrival;
    const char *address;
    const struct manifest *manifest;
    int64_t began_us, done; /* bytes */
};

/* The whole copy takes at least as long as its bytes at the highest rate allowed. */
static void keep_to_the_rate(const struct fetch *fetch)
{
    int64_t rate = config_integer(fetch->copier->app->config, "restore.copy.bytes.per.second");
    int64_t due_us = (int64_t)((double)fetch->done / (double)rate * 1e6),
            ahead_us = due_us - (now_us() - fetch->began_us);
    if (ahead_us > 1000)
        pause_for(fetch->copier, ahead_us / 1000);
}

static bool fetch_piece(const struct fetch *fetch, const char *file, int64_t offset, void *out, size_t size,
                        struct weir_error *error)
{
    for (int tries = 1;; tries++) {
        *error = (struct weir_error){0};
        if (ask_for_piece(fetch->copier, fetch->address, fetch->manifest->copy, file, offset, out, size, error))
            return true;
        if (error->code != WEIR_RETRY || tries == PIECE_TRIES || is_given_up(fetch->copier, fetch->arrival))
            return false;
        pause_for(fetch->copier, PAUSE_MS);
    }
}

static bool write_all(int fd, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = write(fd, data + done, size - done);
        if (count < 0 && errno != EINTR)
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

static bool fetch_pieces(struct fetch *fetch, const struct manifest_file *file, int fd, struct weir_error *error)
{
    char *piece = memory_new(PIECE_BYTES);
    bool ok = true;
    for (int64_t at = 0; ok && at < file->size;) {
        size_t size = file->size - at < PIECE_BYTES ? (size_t)(file->size - at) : PIECE_BYTES;
        ok = fetch_piece(fetch, file->name, at, piece, size, error);
        if (ok && !write_all(fd, piece, size))
            ok = error_set(error, WEIR_RETRY, "cannot write %s: %s", file->name, strerror(errno));
        at += (int64_t)size;
        fetch->done += (int64_t)size;
        keep_to_the_rate(fetch);
        atomic_store(&fetch->arrival->remaining, fetch->manifest->bytes - fetch->done);
        atomic_fetch_add(&fetch->copier->app->figures.copied_bytes, ok ? size : 0);
        if (ok && is_given_up(fetch->copier, fetch->arrival))
            ok = error_set(error, WEIR_ABSENT, "given up");
    }
    memory_free(piece);
    return ok;
}

static bool fetch_file(struct fetch *fetch, const struct manifest_file *file, struct weir_error *error)
{
    char *path = memory_format("%s/%s", fetch->arrival->directory, file->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 || error_set(error, WEIR_RETRY, "cannot make %s: %s", path, strerror(errno));
    ok = ok && fetch_pieces(fetch, file, fd, error);
    if (ok && fdatasync(fd) != 0)
        ok = error_set(error, WEIR_RETRY, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    memory_free(path);
    return ok;
}

static bool sync_directory(const char *path, struct weir_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        error_set(error, WEIR_RETRY, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool fetch_files(struct fetch *fetch, struct weir_error *error)
{
    const char *directory = fetch->arrival->directory;
    tree_remove(directory);
    atomic_store(&fetch->arrival->remaining, fetch->manifest->bytes);
    if (mkdir(directory, 0700) != 0)
        return error_set(error, WEIR_RETRY, "cannot make %s: %s", directory, strerror(errno));
    for (size_t i = 0; i < fetch->manifest->file_count; i++)
        if (!fetch_file(fetch, &fetch->manifest->files[i], error))
            return false;
    return sync_directory(directory, error);
}

/* ---- looking at it ---- */

static void no_release(void *self, struct broker_message *message)
{
    (void)self, (void)message;
}

static bool check_store(const struct arrival *arrival, const struct task *task, size_t index, struct weir_error *error)
{
    int64_t position = store_position(task->stores[index]);
    for (size_t i = 0; i < arrival->wish_count; i++)
        if (arrival->wishes[i].name_hash == task->part->stores[index].name_hash &&
            position > arrival->wishes[i].committed)
            return error_set(error, WEIR_ABSENT,
                             "store %s holds changelog offset %" PRId64 ", but %" PRId64 " is committed",
                             task->part->stores[index].spec.name, position, arrival->wishes[i].committed);
    return true;
}

static bool check_arrived(const struct copier *copier, const struct arrival *arrival, struct weir_error *error)
{
    struct weir_error ignored = {0};
    const struct layout *layout = &copier->app->layout;
    struct task *task = task_open(layout, &layout->parts[arrival->task.part], arrival->task.partition,
                                  arrival->directory, (struct task_settings){.clock = &clock_system},
                                  (struct task_output){.release = no_release}, limits_of_task(copier->app), error);
    bool ok = task != NULL;
    for (size_t i = 0; ok && i < task->part->store_count; i++)
        ok = check_store(arrival, task, i, error);
    return (!task || task_close(task, false, &ignored)) && ok;
}

/* ---- the work ---- */

static bool take_from(struct copier *copier, struct arrival *arrival, const char *address, weir_arena *arena,
                      struct weir_error *error)
{
    struct manifest manifest;
    if (!ask_for_copy(copier, arrival, address, arena, &manifest, error) ||
        !is_worth_it(copier, arrival, &manifest, error))
        return false;
    struct fetch fetch = {copier, arrival, address, &manifest, now_us(), 0};
    log_info("copier", "task %s: copying %lld MB from %s", arrival->task.text, (long long)manifest.bytes / 1000000,
             address);
    if (!fetch_files(&fetch, error) || !check_arrived(copier, arrival, error)) {
        if (!is_given_up(copier, arrival))
            log_warning("copier", "task %s: no copy from %s: %s", arrival->task.text, address, error->message);
        tree_remove(arrival->directory);
        atomic_store(&arrival->remaining, 0);
        error->code = WEIR_ABSENT; /* not again */
        return false;
    }
    log_info("copier", "task %s: %lld MB copied in %.1f s", arrival->task.text, (long long)manifest.bytes / 1000000,
             (double)(now_us() - fetch.began_us) / 1e6);
    return true;
}

/* busy: one of them has no time now. */
static bool take_from_any(struct copier *copier, struct arrival *arrival, bool *busy)
{
    struct holders holders;
    bool done = false;
    *busy = false;
    find_holders(copier, arrival, &holders);
    for (size_t i = 0; i < holders.count && !done && !is_given_up(copier, arrival); i++) {
        struct weir_error error = {0};
        done = take_from(copier, arrival, holders.items[i], &holders.arena, &error);
        *busy = *busy || (!done && error.code == WEIR_RETRY);
        if (!done)
            log_debug("copier", "task %s: %s", arrival->task.text, error.message);
    }
    arena_done(&holders.arena);
    return done;
}

static void work_on(struct copier *copier, struct arrival *arrival)
{
    int64_t until_us = now_us() + BUSY_MS * 1000;
    bool busy = has_door(copier, arrival), done = false;
    if (busy)
        wait_for_a_look(copier, arrival);
    while (busy && !done && !is_given_up(copier, arrival) && now_us() < until_us) {
        done = take_from_any(copier, arrival, &busy);
        if (busy && !done)
            pause_for(copier, PAUSE_MS);
    }
    atomic_store(&arrival->state, done ? ARRIVAL_HERE : ARRIVAL_FAILED);
}

/* Frees what was dropped; returns the next one to be worked on. */
static struct arrival *next_arrival(struct copier *copier)
{
    struct arrival *next = NULL;
    for (struct arrival **at = &copier->first; *at;) {
        struct arrival *arrival = *at;
        if (atomic_load(&arrival->is_dropped)) {
            *at = arrival->next;
            free_arrival(arrival);
            continue;
        }
        if (!next && arrival_state(arrival) == ARRIVAL_UNDERWAY)
            next = arrival;
        at = &arrival->next;
    }
    return next;
}

static void wait_ms(struct copier *copier, int64_t ms)
{
    clock_condition_wait(&copier->wake, &copier->lock, now_us() + ms * 1000);
}

static void *run(void *self)
{
    struct copier *copier = self;
    pthread_mutex_lock(&copier->lock);
    while (!atomic_load(&copier->stopping)) {
        struct arrival *arrival = next_arrival(copier);
        if (!arrival) {
            wait_ms(copier, SWEEP_MS);
            copies_sweep(copier->app->copies);
            continue;
        }
        pthread_mutex_unlock(&copier->lock);
        work_on(copier, arrival);
        pthread_mutex_lock(&copier->lock);
    }
    pthread_mutex_unlock(&copier->lock);
    return NULL;
}

/* ---- installing ---- */

static bool replace_stores(struct copier *copier, const struct arrival *arrival, struct task *task, const char *place,
                           struct weir_error *error)
{
    struct weir_error ignored = {0};
    task_close_stores(task, false, &ignored);
    if (directory_put(arrival->directory, place, error) &&
        task_open_stores(task, place, limits_of_task(copier->app), error))
        return true;
    task_close_stores(task, false, &ignored);
    struct weir_error cause = {0};
    if (directory_set_aside(place, &cause) && task_open_stores(task, place, limits_of_task(copier->app), &cause)) {
        error->code = WEIR_CORRUPT;
        return false;
    }
    task_close_stores(task, false, &ignored);
    task_open_stores(task, NULL, limits_of_task(copier->app),
                     &ignored); /* so that the task can be closed like any other */
    return error_set(error, WEIR_FATAL, "%s", cause.message);
}

bool copier_install(struct copier *copier, struct arrival *arrival, struct task *task, struct weir_error *error)
{
    struct weir_app *app = copier->app;
    char *place = directory_of_task(app->config, app->layout.application, arrival->task.part, task->partition, error);
    if (!place)
        return false;
    app_remove_task(app, task);
    bool ok = replace_stores(copier, arrival, task, place, error);
    app_add_task(app, task);
    memory_free(place);
    return ok;
}

/* ---- life ---- */

static void free_copier(struct copier *copier)
{
    while (copier->first) {
        struct arrival *arrival = copier->first;
        copier->first = arrival->next;
        free_arrival(arrival);
    }
    pthread_cond_destroy(&copier->wake);
    pthread_mutex_destroy(&copier->asking);
    pthread_mutex_destroy(&copier->lock);
    memory_free(copier->directory);
    memory_free(copier);
}

struct copier *copier_start(struct weir_app *app, struct weir_error *error)
{
    if (!app->peers)
        return NULL;
    struct copier *copier = memory_new(sizeof *copier);
    copier->app = app;
    clock_condition_init(&copier->wake);
    pthread_mutex_init(&copier->lock, NULL);
    pthread_mutex_init(&copier->asking, NULL);
    copier->directory = directory_of_copies(app->config, app->layout.application, error);
    int failure = copier->directory ? pthread_create(&copier->thread, NULL, run, copier) : 0;
    if (copier->directory && failure == 0)
        return copier;
    if (failure != 0)
        error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    free_copier(copier);
    return NULL;
}

void copier_stop(struct copier *copier)
{
    if (!copier)
        return;
    atomic_store(&copier->stopping, true);
    pthread_mutex_lock(&copier->lock);
    pthread_cond_signal(&copier->wake);
    pthread_mutex_unlock(&copier->lock);
    pthread_join(copier->thread, NULL);
    free_copier(copier);
}

/* ---- for the doors ---- */

void weir_copy_from(struct weir_app *app, const struct weir_copy_source *source)
{
    if (app->copier)
        copier_from(app->copier, source);
}
