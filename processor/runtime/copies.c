/* copies.c: see copies.h.
 *
 * A copy is made under the read lock of the registry, so that its task stays; the memtables are written meanwhile, which
 * takes as long as they are large (limits.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/copies.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "runtime/app.h"
#include "runtime/directory.h"
#include "runtime/limits.h"
#include "runtime/manifest.h"

enum { COPIES_MAX = 4, UNREAD_US_MAX = 60 * 1000 * 1000, DONE_US_MAX = 5 * 1000 * 1000 };

struct copy { /* that others may read */
    char name[MANIFEST_COPY_BYTES];
    char *directory;
    int64_t read_us;
    int64_t left; /* bytes that nobody has read; not more than 0: somebody has it all */
};

struct copies {
    struct weir_app *app;
    char *directory;
    bool **known; /* by part and partition; under the registry's lock */
    pthread_mutex_t lock;
    struct copy items[COPIES_MAX];
    size_t count;
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

/* ---- life ---- */

struct copies *copies_new(struct weir_app *app, struct weir_error *error)
{
    char *directory = directory_of_copies(app->config, app->layout.application, error);
    if (!directory)
        return NULL;
    tree_remove(directory);
    memory_free(directory);
    directory = directory_of_copies(app->config, app->layout.application, error);
    struct copies *copies = memory_new(sizeof *copies);
    copies->app = app;
    copies->directory = directory;
    copies->known = memory_new(app->layout.part_count * sizeof(bool *));
    for (size_t i = 0; i < app->layout.part_count; i++)
        copies->known[i] = memory_new((size_t)app->layout.parts[i].partitions * sizeof(bool));
    pthread_mutex_init(&copies->lock, NULL);
    return copies;
}

static void remove_copy(struct copies *copies, size_t index)
{
    tree_remove(copies->items[index].directory);
    memory_free(copies->items[index].directory);
    copies->items[index] = copies->items[--copies->count];
}

void copies_free(struct copies *copies)
{
    if (!copies)
        return;
    while (copies->count > 0)
        remove_copy(copies, 0);
    for (size_t i = 0; i < copies->app->layout.part_count; i++)
        memory_free(copies->known[i]);
    memory_free(copies->known);
    memory_free(copies->directory);
    pthread_mutex_destroy(&copies->lock);
    memory_free(copies);
}

/* What has been read is kept a moment, for what may have to be read once more; not when its place is needed. */
static void sweep(struct copies *copies)
{
    for (size_t i = copies->count; i-- > 0;) {
        const struct copy *copy = &copies->items[i];
        int64_t most_us = copy->left > 0 ? UNREAD_US_MAX : copies->count == COPIES_MAX ? 0 : DONE_US_MAX;
        if (now_us() - copy->read_us > most_us)
            remove_copy(copies, i);
    }
}

void copies_sweep(struct copies *copies)
{
    if (!copies)
        return;
    pthread_mutex_lock(&copies->lock);
    sweep(copies);
    pthread_mutex_unlock(&copies->lock);
}

/* ---- whose state is here ---- */

struct share {
    int32_t part, partition;
};

void copies_note(struct copies *copies, const struct task *task)
{
    if (copies && !task->part->subtopology->is_global)
        copies->known[task->part - copies->app->layout.parts][task->partition] = true;
}

/* A number below `bound`, in front of `end`; -1: it is none. */
static int32_t read_number(const char **text, char end, int32_t bound)
{
    int64_t number = 0;
    const char *at = *text;
    while (*at >= '0' && *at <= '9' && number < bound)
        number = number * 10 + (*at++ - '0');
    bool ok = at > *text && *at == end && number < bound;
    *text = at + 1;
    return ok ? (int32_t)number : -1;
}

static bool read_share(const struct copies *copies, const char *text, struct share *out)
{
    const struct layout *layout = &copies->app->layout;
    out->part = read_number(&text, '_', (int32_t)layout->part_count);
    if (out->part < 0)
        return false;
    out->partition = read_number(&text, 0, layout->parts[out->part].partitions);
    return out->partition >= 0;
}

/* NULL: not open here. */
static struct task *find_open(const struct weir_app *app, struct share share)
{
    for (size_t i = 0; i < app->task_count; i++)
        if (app->tasks[i]->part == &app->layout.parts[share.part] && app->tasks[i]->partition == share.partition)
            return app->tasks[i];
    return NULL;
}

static bool has_state(const struct task *task)
{
    return atomic_load(&task->shown_state) == TASK_RUNNING || atomic_load(&task->has_caught_up);
}

/* ---- making ---- */

static void write_positions(const struct task *task, weir_arena *arena, struct manifest *out, struct weir_error *error)
{
    out->stores = arena_alloc(arena, (task->part->store_count + 1) * sizeof *out->stores);
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct manifest_store *store = &out->stores[out->store_count];
        store->name_hash = task->part->stores[i].name_hash;
        if (layout_is_logged(&task->part->stores[i]) &&
            store_durable_position(task->stores[i], &store->position, error))
            out->store_count++;
    }
}

/* Positions first: the files may hold more by then, never less. */
static bool copy_task(const struct task *task, const char *directory, weir_arena *arena, struct manifest *out,
                      struct weir_error *error)
{
    write_positions(task, arena, out, error);
    return error->code == WEIR_OK && database_copy(task->database, directory, error);
}

static void no_release(void *self, struct broker_message *message)
{
    (void)self, (void)message;
}

/* The directory is locked meanwhile; a loop that is assigned the task at this very moment tries again. */
static bool copy_closed(const struct weir_app *app, struct share share, const char *directory, weir_arena *arena,
                        struct manifest *out, struct weir_error *error)
{
    const struct layout *layout = &app->layout;
    struct weir_error ignored = {0};
    char *place = directory_of_task(app->config, layout->application, share.part, share.partition, error);
    struct task *task = place ? task_open(layout, &layout->parts[share.part], share.partition, place,
                                          (struct task_settings){.clock = &clock_system},
                                          (struct task_output){.release = no_release}, limits_of_task(app), error)
                              : NULL;
    memory_free(place);
    bool ok = task && copy_task(task, directory, arena, out, error);
    return (!task || task_close(task, false, &ignored)) && ok;
}

static bool copy_share(struct copies *copies, struct share share, const char *directory, weir_arena *arena,
                       struct manifest *out, struct weir_error *error)
{
    struct weir_app *app = copies->app;
    pthread_rwlock_rdlock(&app->registry);
    const struct task *task = find_open(app, share);
    bool is_here = copies->known[share.part][share.partition] && (!task || has_state(task));
    bool ok = is_here || error_set(error, WEIR_ABSENT, "its state is not here");
    if (ok && task)
        ok = copy_task(task, directory, arena, out, error);
    pthread_rwlock_unlock(&app->registry);
    return ok && (task || copy_closed(app, share, directory, arena, out, error));
}

static int in_order(const void *a, const void *b)
{
    return strcmp(((const struct manifest_file *)a)->name, ((const struct manifest_file *)b)->name);
}

static bool add_file(const char *directory, const char *name, weir_arena *arena, struct manifest *out,
                     struct weir_error *error)
{
    struct stat status;
    char *path = memory_format("%s/%s", directory, name);
    bool ok = stat(path, &status) == 0 || error_set(error, WEIR_RETRY, "cannot look at %s: %s", path, strerror(errno));
    memory_free(path);
    if (ok && S_ISREG(status.st_mode)) {
        out->files[out->file_count++] = (struct manifest_file){arena_text(arena, name), status.st_size};
        out->bytes += status.st_size;
    }
    return ok;
}

static size_t count_entries(DIR *entries)
{
    size_t count = 0;
    while (readdir(entries))
        count++;
    rewinddir(entries);
    return count;
}

static bool list_files(const char *directory, weir_arena *arena, struct manifest *out, struct weir_error *error)
{
    DIR *entries = opendir(directory);
    if (!entries)
        return error_set(error, WEIR_RETRY, "cannot list %s: %s", directory, strerror(errno));
    size_t most = count_entries(entries);
    bool ok = true;
    const struct dirent *entry;
    out->files = arena_alloc(arena, (most + 1) * sizeof *out->files);
    while (ok && out->file_count < most && (entry = readdir(entries)))
        if (manifest_is_file_name(entry->d_name))
            ok = add_file(directory, entry->d_name, arena, out, error);
    closedir(entries);
    qsort(out->files, out->file_count, sizeof *out->files, in_order);
    return ok;
}

static bool make(struct copies *copies, struct share share, struct manifest *out, weir_arena *arena,
                 struct weir_error *error)
{
    uint64_t name;
    ssize_t got = getrandom(&name, sizeof name, 0);
    assert(got == (ssize_t)sizeof name);
    snprintf(out->copy, sizeof out->copy, "%016" PRIx64, name);
    out->state = manifest_state(&copies->app->layout.parts[share.part]);
    char *directory = memory_format("%s/%s", copies->directory, out->copy);
    if (copy_share(copies, share, directory, arena, out, error) && list_files(directory, arena, out, error)) {
        struct copy *copy = &copies->items[copies->count++];
        *copy = (struct copy){.directory = directory, .read_us = now_us(), .left = out->bytes};
        memcpy(copy->name, out->copy, sizeof copy->name);
        return true;
    }
    tree_remove(directory);
    memory_free(directory);
    return false;
}

bool copies_make(struct copies *copies, const char *task, struct buffer *manifest, struct weir_error *error)
{
    struct share share;
    if (!copies || !read_share(copies, task, &share))
        return error_set(error, WEIR_ABSENT, "there is no task %s", task);
    struct manifest made = {0};
    weir_arena arena;
    arena_init(&arena);
    pthread_mutex_lock(&copies->lock);
    sweep(copies);
    bool ok = copies->count < COPIES_MAX ? make(copies, share, &made, &arena, error)
                                         : error_set(error, WEIR_RETRY, "%d copies are being read", COPIES_MAX);
    pthread_mutex_unlock(&copies->lock);
    if (ok) {
        manifest_write(&made, manifest);
        log_info("copies", "task %s: %lld MB in %zu files for another instance", task, (long long)made.bytes / 1000000,
                 made.file_count);
    }
    arena_done(&arena);
    return ok;
}

/* ---- reading ---- */

/* A new string; NULL: there is no such copy. */
static char *path_of(struct copies *copies, const char *copy, const char *file, size_t most)
{
    char *path = NULL;
    pthread_mutex_lock(&copies->lock);
    for (size_t i = 0; i < copies->count; i++)
        if (strcmp(copies->items[i].name, copy) == 0) {
            copies->items[i].read_us = now_us();
            copies->items[i].left -= (int64_t)most;
            path = memory_format("%s/%s", copies->items[i].directory, file);
        }
    pthread_mutex_unlock(&copies->lock);
    return path;
}

static bool read_some(int fd, int64_t offset, char *out, size_t most, size_t *got)
{
    for (*got = 0; *got < most;) {
        ssize_t count = pread(fd, out + *got, most - *got, offset + (int64_t)*got);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count == 0;
        *got += (size_t)count;
    }
    return true;
}

bool copies_read(struct copies *copies, const char *copy, const char *file, int64_t offset, void *out, size_t most,
                 size_t *got, struct weir_error *error)
{
    char *path = copies && manifest_is_file_name(file) ? path_of(copies, copy, file, most) : NULL;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    memory_free(path);
    if (fd < 0)
        return error_set(error, WEIR_ABSENT, "there is no file %.100s in a copy %.16s", file, copy);
    bool ok = read_some(fd, offset, out, most, got) ||
              error_set(error, WEIR_CORRUPT, "cannot read %.100s: %s", file, strerror(errno));
    close(fd);
    return ok;
}

/* ---- for the doors ---- */

bool weir_copy_make(struct weir_app *app, const char *application, const char *task, weir_arena *arena,
                    weir_bytes *manifest, struct weir_error *error)
{
    struct buffer text = {0};
    if (strcmp(application, app->layout.application) != 0)
        return error_set(error, WEIR_ABSENT, "there is no application %.100s", application);
    bool ok = copies_make(app->copies, task, &text, error);
    if (ok)
        *manifest = arena_bytes(arena, buffer_bytes(&text));
    buffer_done(&text);
    return ok;
}

bool weir_copy_read(struct weir_app *app, const char *copy, const char *file, int64_t offset, void *out, size_t most,
                    size_t *got, struct weir_error *error)
{
    return copies_read(app->copies, copy, file, offset, out, most, got, error);
}
