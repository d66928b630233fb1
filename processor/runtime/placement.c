/* placement.c: see placement.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/placement.h"

#include "base/log.h"
#include "base/memory.h"
#include "runtime/directory.h"
#include "runtime/limits.h"
#include "runtime/peers.h"
#include "runtime/standbys_private.h"

enum { LINGER_US = 30 * 1000 * 1000 }; /* of one that is not wanted any more */

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

static bool belongs_here(const struct peer *peers, size_t count, struct peer_share share)
{
    for (size_t i = 0; i < count; i++)
        if (peers[i].is_self)
            return peer_has_standby(&peers[i], share);
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
        standbys_add(standbys, task);
        app_add_task(app, task);
    } else {
        log_warning("standbys", "%s; trying again", error.message);
        standbys->retry_us = standbys_now_us() + STANDBYS_RETRY_US;
    }
}

static void place(struct standbys *standbys, const struct peer *peers, size_t count, int32_t part, int32_t partition)
{
    size_t index = standbys_index(standbys, part, partition);
    bool belongs = belongs_here(peers, count, (struct peer_share){part, partition});
    if (index == standbys->count) {
        if (belongs && standbys_now_us() >= standbys->retry_us && !is_active_here(standbys, part, partition))
            open_standby(standbys, part, partition);
        return;
    }
    struct standby *standby = standbys->items[index];
    if (belongs != standby->is_wanted)
        standby->unwanted_us = standbys_now_us();
    standby->is_wanted = belongs;
    if (!belongs && standbys_now_us() - standby->unwanted_us > LINGER_US)
        standbys_close(standbys, index);
}

void placement_look(struct standbys *standbys)
{
    const struct layout *layout = &standbys->app->layout;
    struct peer *peers;
    weir_arena arena;
    arena_init(&arena);
    size_t count = peers_known(standbys->app->peers, &arena, &peers);
    standbys->placed_us = standbys_now_us();
    for (size_t part = 0; count > 0 && part < layout->part_count; part++)
        for (int32_t p = 0; layout_has_changelog(&layout->parts[part]) && p < layout->parts[part].partitions; p++)
            place(standbys, peers, count, (int32_t)part, p);
    arena_done(&arena);
}
