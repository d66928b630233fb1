/* commit_round.c: see commit_round.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commit_round.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/commit.h"
#include "runtime/globals.h"
#include "runtime/loop_private.h"
#include "runtime/membership.h"
#include "runtime/strays.h"

enum { FLUSH_TIMEOUT_MS = 60 * 1000 };

/* A broker that does not answer is waited for: nothing may be forgotten while its deliveries are open. */
static bool flush(struct loop *loop, struct weir_error *error)
{
    for (;;) {
        struct weir_error cause = {0};
        if (collector_flush(&loop->collector, FLUSH_TIMEOUT_MS, &cause))
            return true;
        if (cause.code != WEIR_RETRY || atomic_load(&loop->stopping))
            return error_set(error, cause.code == WEIR_RETRY ? WEIR_FATAL : cause.code, "%s", cause.message);
        log_warning("loop", "%s; waiting on", cause.message);
    }
}

/* What operators hold for the commit goes first, so that all that comes of it belongs to it. */
static bool tell_all(struct loop *loop, struct weir_error *error)
{
    globals_enter(loop->app->globals);
    for (size_t i = 0; i < loop->task_count && error->code == WEIR_OK; i++)
        if (loop->tasks[i]->progress && !task_tell(loop->tasks[i]))
            error_set(error, loop->tasks[i]->failure.code, "%s", loop->tasks[i]->failure.message);
    globals_leave(loop->app->globals);
    return error->code == WEIR_OK;
}

static bool log_all(struct loop *loop, struct weir_error *error)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !commit_log(loop->tasks[i], &loop->collector, error))
            return false;
    return true;
}

static bool commit_offsets(struct loop *loop, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    struct commit_offsets offsets = {0};
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            commit_offsets_add(&offsets, loop->tasks[i], &arena);
    bool ok = collector_commit(&loop->collector, loop->consumer, offsets.items, offsets.count, error);
    memory_free(offsets.items);
    arena_done(&arena);
    return ok;
}

static void publish_all(struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            commit_publish(loop->tasks[i]);
}

/* What others have written to the changelogs meanwhile is undone before the offsets make it count: at least once, for a
 * transaction keeps them out. */
static bool undo_strays(struct loop *loop, struct weir_error *error)
{
    bool found = false;
    for (size_t i = 0; !loop->app->exactly_once && i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !strays_undo(loop->app, loop->tasks[i], &found, error))
            return false;
    if (!found)
        return true;
    if (!log_all(loop, error) || !flush(loop, error))
        return false;
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !strays_absent(loop->tasks[i], error))
            return false;
    return true;
}

static bool commit_steps(struct loop *loop, struct weir_error *error)
{
    if (!failpoint("commit.begin", error) || !tell_all(loop, error) || !failpoint("commit.told", error) ||
        !log_all(loop, error) || !failpoint("commit.logged", error) || !flush(loop, error) ||
        !failpoint("commit.flushed", error) || !undo_strays(loop, error) || !commit_offsets(loop, error) ||
        !failpoint("commit.committed", error))
        return false;
    publish_all(loop);
    return failpoint("commit.published", error);
}

/* At least once, WEIR_RETRY changes nothing: the overlays stay and the next turn tries again. A transaction that failed
 * is over, so the tasks go back to the last commit. */
static void note_commit_failure(struct loop *loop, const struct weir_error *error)
{
    atomic_fetch_add(&loop->app->figures.failed_commits, 1);
    if (error->code != WEIR_RETRY && error->code != WEIR_FENCED && !membership_has_lost_topics(loop)) {
        loop_fail(loop, error);
        return;
    }
    loop->recovering = loop->app->exactly_once;
    loop->rejoin = loop->rejoin || error->code != WEIR_RETRY;
    log_warning("loop", "commit: %s; %s", error->message,
                loop->rejoin              ? "joining the group again"
                : loop->app->exactly_once ? "going back to the last commit"
                                          : "trying again");
}

bool commit_round(struct loop *loop)
{
    int64_t began_us = loop_now_us();
    loop->committed_us = began_us;
    if (!loop_has_progress(loop))
        return true;
    struct weir_error error = {0};
    if (commit_steps(loop, &error)) {
        figures_commit(&loop->app->figures, loop_now_us() - began_us);
        app_published(loop->app);
        loop->purge.is_wanted = true;
        return true;
    }
    note_commit_failure(loop, &error);
    return false;
}
