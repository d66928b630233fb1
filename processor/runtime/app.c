/* app.c: see app.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/app.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "registry/registry.h"
#include "runtime/copier.h"
#include "runtime/copies.h"
#include "runtime/evolution.h"
#include "runtime/globals.h"
#include "runtime/ingest.h"
#include "runtime/limits.h"
#include "runtime/loop.h"
#include "runtime/peers.h"
#include "runtime/replay.h"
#include "runtime/standbys.h"
#include "runtime/state_format.h"
#include "runtime/subjects.h"
#include "runtime/task.h"

/* ---- shared state ---- */

static void change(struct weir_app *app)
{
    pthread_cond_broadcast(&app->changed);
}

void app_lock_registry(struct weir_app *app)
{
    atomic_fetch_add(&app->registry_wanted, 1);
    pthread_rwlock_wrlock(&app->registry);
}

void app_unlock_registry(struct weir_app *app)
{
    atomic_fetch_sub(&app->registry_wanted, 1);
    pthread_rwlock_unlock(&app->registry);
}

void app_add_task(struct weir_app *app, struct task *task)
{
    app_lock_registry(app);
    bool is_known = false;
    for (size_t i = 0; i < app->task_count; i++)
        is_known = is_known || app->tasks[i] == task;
    app->tasks = memory_grow(app->tasks, &app->task_capacity, app->task_count + 1, sizeof(struct task *));
    if (!is_known)
        app->tasks[app->task_count++] = task;
    copies_note(app->copies, task);
    app_unlock_registry(app);
}

void app_remove_task(struct weir_app *app, struct task *task)
{
    app_lock_registry(app);
    for (size_t i = 0; i < app->task_count; i++)
        if (app->tasks[i] == task)
            app->tasks[i--] = app->tasks[--app->task_count];
    app_unlock_registry(app);
    app_refresh_state(app);
}

void app_published(struct weir_app *app)
{
    pthread_mutex_lock(&app->lock);
    app->published++;
    change(app);
    pthread_mutex_unlock(&app->lock);
}

static bool is_ending(enum weir_state state)
{
    return state == WEIR_PENDING_SHUTDOWN || state == WEIR_NOT_RUNNING || state == WEIR_PENDING_ERROR ||
           state == WEIR_ERROR;
}

static bool all_settled(const struct weir_app *app)
{
    for (size_t i = 0; i < app->loop_count; i++)
        if (!app->loops[i] || !loop_settled(app->loops[i]))
            return false;
    return globals_are_loaded(app->globals);
}

static void set_state(struct weir_app *app, enum weir_state state)
{
    if (app->state == state)
        return;
    log_info("app", "%s: %s to %s", app->layout.application, weir_state_name(app->state), weir_state_name(state));
    app->state = state;
    change(app);
}

void app_refresh_state(struct weir_app *app)
{
    pthread_mutex_lock(&app->lock);
    if (!is_ending(app->state))
        set_state(app, all_settled(app) ? WEIR_RUNNING : WEIR_REBALANCING);
    pthread_mutex_unlock(&app->lock);
}

void app_fail(struct weir_app *app, const struct weir_error *error)
{
    pthread_mutex_lock(&app->lock);
    if (app->failure.code == WEIR_OK) {
        app->failure = *error;
        log_error("app", "%s: %s: %s", app->layout.application, error_code_name(error->code), error->message);
    }
    set_state(app, WEIR_ERROR);
    for (size_t i = 0; i < app->loop_count; i++)
        if (app->loops[i])
            loop_stop(app->loops[i]);
    pthread_mutex_unlock(&app->lock);
}

/* ---- start ---- */

const char *app_id(const struct config *config, const struct weir_topology *topology)
{
    const char *id = config_text(config, "application.id");
    return *id || !topology ? id : weir_topology_name(topology);
}

static bool open_broker(struct weir_app *app, struct weir_error *error)
{
    if (!app->broker)
        app->broker = broker_open(app->config, error);
    if (app->broker && config_flag(app->config, "repartition.bundles"))
        app->broker = broker_bundled_open(app->broker);
    return app->broker != NULL;
}

/* Those that run already may fail meanwhile, and then stop all there are. */
static void set_loop(struct weir_app *app, size_t i, struct loop *loop)
{
    pthread_mutex_lock(&app->lock);
    app->loops[i] = loop;
    if (loop && is_ending(app->state))
        loop_stop(loop);
    pthread_mutex_unlock(&app->lock);
}

static bool start_loops(struct weir_app *app, struct weir_error *error)
{
    bool has_tasks = app->layout.part_count > 0; /* not when there are global tables only */
    size_t count = has_tasks ? (size_t)config_integer(app->config, "num.stream.threads") : 0;
    app->loops = memory_new(count * sizeof(struct loop *));
    app->loop_count = count;
    for (size_t i = 0; i < count; i++) {
        struct loop *loop = loop_start(app, (int32_t)i + 1, error);
        if (!loop)
            return false;
        set_loop(app, i, loop);
    }
    return true;
}

static bool join_loop(struct weir_app *app, size_t i, int64_t deadline_us)
{
    struct loop *loop = app->loops[i];
    if (!loop)
        return true;
    set_loop(app, i, NULL);
    if (loop_join(loop, deadline_us))
        return true;
    set_loop(app, i, loop);
    return false;
}

static bool stop_loops(struct weir_app *app, int64_t deadline_us)
{
    bool all = true;
    for (size_t i = 0; i < app->loop_count; i++)
        if (app->loops[i])
            loop_stop(app->loops[i]);
    for (size_t i = 0; i < app->loop_count; i++)
        all = join_loop(app, i, deadline_us) && all;
    return all;
}

static bool start_peers(struct weir_app *app, struct weir_error *error)
{
    app->peers = peers_start(app, error);
    app->copies = app->peers ? copies_new(app, error) : NULL;
    app->copier = app->copies ? copier_start(app, error) : NULL;
    app->standbys = error->code == WEIR_OK ? standbys_start(app, error) : NULL;
    return error->code == WEIR_OK;
}

void app_close(struct weir_app *app)
{
    standbys_stop(app->standbys);
    copier_stop(app->copier);
    copies_free(app->copies);
    peers_stop(app->peers);
    ingest_free(app->ingest);
    globals_free(app->globals);
    if (app->broker)
        app->broker->ops->close(app->broker);
    registry_close(app->layout.schema_registry);
    memory_free(app->loops);
    memory_free(app->tasks);
    layout_done(&app->layout);
    identity_close(&app->identity);
    config_free(app->config);
    figures_done(&app->figures);
    feeds_done(&app->feeds);
    pthread_cond_destroy(&app->changed);
    pthread_mutex_destroy(&app->lock);
    pthread_mutex_destroy(&app->patterns.lock);
    pthread_rwlock_destroy(&app->registry);
    memory_free(app);
}

static struct weir_app *new_app(struct broker *broker)
{
    struct weir_app *app = memory_new(sizeof *app);
    app->broker = broker;
    pthread_rwlock_init(&app->registry, NULL);
    pthread_mutex_init(&app->lock, NULL);
    pthread_mutex_init(&app->patterns.lock, NULL);
    clock_condition_init(&app->changed);
    figures_init(&app->figures);
    feeds_init(&app->feeds);
    app->state = WEIR_CREATED;
    app->started_us = clock_monotonic_us(&clock_system);
    app->config = config_new();
    app->identity.lock = -1;
    return app;
}

static bool open_schema_registry(struct weir_app *app, struct weir_error *error)
{
    app->layout.schema_registry = registry_open(app->config, error);
    return error->code == WEIR_OK && (!app->layout.schema_registry || subjects_register(&app->layout, error));
}

static bool open_globals(struct weir_app *app, struct weir_error *error)
{
    app->globals = globals_new(app, error);
    return app->globals || app->layout.global_count == 0;
}

/* Whoever shares a group with other processes needs a name, and whoever has transactions does. */
static bool open_identity(struct weir_app *app, const char *application, struct weir_error *error)
{
    bool has_others = *config_text(app->config, "bootstrap.servers") != 0;
    return (!has_others && !app->exactly_once) ||
           identity_open(&app->identity, app->config, application, has_others, error);
}

struct weir_app *app_open(struct weir_topology *topology, struct weir_config settings, struct broker *broker,
                          struct weir_error *error)
{
    struct weir_app *app = new_app(broker);
    bool ok = config_fill(app->config, &settings, error);
    const char *application = ok ? app_id(app->config, topology) : "";
    ok = layout_init(&app->layout, topology, application, app->config, error) && ok;
    if (ok) {
        database_set_cache(limits_cache(app));
        app->exactly_once = strcmp(config_text(app->config, "processing.guarantee"), "exactly_once_v2") == 0;
        ok = state_format_check(app->config, application, error) && open_identity(app, application, error) &&
             open_broker(app, error) && open_schema_registry(app, error) &&
             layout_create_topics(&app->layout, app->broker, app->config, error) && open_globals(app, error);
    }
    if (ok)
        return app;
    app_close(app);
    return NULL;
}

struct weir_app *weir_start(struct weir_topology *topology, struct weir_config settings, struct weir_error *error)
{
    struct weir_app *app = app_open(topology, settings, NULL, error);
    if (!app)
        return NULL;
    pthread_mutex_lock(&app->lock);
    set_state(app, WEIR_REBALANCING);
    pthread_mutex_unlock(&app->lock);
    bool ok = evolution_settle(&app->layout, app->broker, error);
    app->ingest = ok ? ingest_new(app, error) : NULL;
    if (app->ingest && start_peers(app, error) && start_loops(app, error) &&
        (!app->globals || globals_start(app->globals, error))) {
        app_refresh_state(app); /* a loop may have settled before it was known here */
        return app;
    }
    stop_loops(app, INT64_MAX);
    app_close(app);
    return NULL;
}

bool weir_stop(struct weir_app *app, weir_duration grace, struct weir_error *error)
{
    pthread_mutex_lock(&app->lock);
    bool failed = app->failure.code != WEIR_OK;
    if (failed)
        error_set(error, app->failure.code, "%s", app->failure.message);
    else
        set_state(app, WEIR_PENDING_SHUTDOWN);
    pthread_mutex_unlock(&app->lock);
    if (!stop_loops(app, clock_monotonic_us(&clock_system) + grace.ms * 1000)) {
        /* A thread still holds the app; leaking it is the only safe thing, and the process is about to end. */
        return error_set(error, WEIR_FATAL,
                         "a thread did not stop within %lld ms; its last records will be processed again",
                         (long long)grace.ms);
    }
    globals_stop(app->globals);
    pthread_mutex_lock(&app->lock);
    if (!failed && app->failure.code != WEIR_OK) {
        failed = true;
        error_set(error, app->failure.code, "%s", app->failure.message);
    }
    if (!failed)
        set_state(app, WEIR_NOT_RUNNING);
    pthread_mutex_unlock(&app->lock);
    app_close(app);
    return !failed;
}

/* ---- looking on ---- */

enum weir_state weir_app_state(struct weir_app *app)
{
    pthread_mutex_lock(&app->lock);
    enum weir_state state = app->state;
    pthread_mutex_unlock(&app->lock);
    return state;
}

static void set_paused(struct weir_app *app, bool paused)
{
    if (atomic_exchange(&app->paused, paused) != paused)
        log_info("app", "%s: %s", app->layout.application, paused ? "paused" : "resumed");
}

void weir_pause(struct weir_app *app)
{
    set_paused(app, true);
}

void weir_resume(struct weir_app *app)
{
    set_paused(app, false);
}

bool weir_is_paused(struct weir_app *app)
{
    return atomic_load(&app->paused);
}

const char *weir_state_name(enum weir_state state)
{
    static const char *const names[] = {"CREATED",     "REBALANCING",   "RUNNING", "PENDING_SHUTDOWN",
                                        "NOT_RUNNING", "PENDING_ERROR", "ERROR"};
    return names[state];
}

bool weir_app_failure(struct weir_app *app, struct weir_error *error)
{
    pthread_mutex_lock(&app->lock);
    bool failed = app->failure.code != WEIR_OK;
    if (failed && error)
        *error = app->failure;
    pthread_mutex_unlock(&app->lock);
    return failed;
}

const char *weir_app_name(struct weir_app *app)
{
    return weir_topology_name(app->layout.topology);
}

const char *weir_app_setting(struct weir_app *app, const char *key)
{
    return config_shown(app->config, key);
}

bool weir_app_describe(struct weir_app *app, enum weir_describe_format format, FILE *out)
{
    struct weir_error error = {0};
    return weir_topology_describe(app->layout.topology, format, out, &error);
}

static bool is_listed(const struct weir_topic_info *out, size_t count, size_t max, const char *name)
{
    for (size_t i = 0; i < count && i < max; i++)
        if (strcmp(out[i].name, name) == 0)
            return true;
    return false;
}

static void list_topic(const struct graph_topic *topic, const char *name, struct weir_topic_info *out, size_t *count,
                       size_t max)
{
    if (is_listed(out, *count, max, name))
        return;
    if (*count < max)
        out[*count] = (struct weir_topic_info){.name = name,
                                               .key = topic->key,
                                               .value = topic->value,
                                               .is_source = topic->is_source,
                                               .is_sink = topic->is_sink,
                                               .is_internal = topic->internal,
                                               .requires_key = topic->requires_key};
    ++*count;
}

static void list_topics(const struct graph_node *node, struct weir_topic_info *out, size_t *count, size_t max)
{
    const struct graph_topic *topic;
    for (size_t i = 0; (topic = graph_source_topic(node, i)); i++) {
        if (topic->internal || topic->is_computed || topic->is_pattern)
            continue;
        list_topic(topic, topic->name, out, count, max);
    }
}

static void list_matches(const struct layout_inputs *inputs, struct weir_topic_info *out, size_t *count, size_t max)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->items[i].is_match)
            list_topic(inputs->items[i].node->topic, inputs->items[i].topic, out, count, max);
}

size_t weir_app_topics(struct weir_app *app, struct weir_topic_info *out, size_t max)
{
    size_t count = 0;
    for (size_t p = 0; p < app->layout.part_count + app->layout.global_count; p++) {
        const struct layout_part *part = &app->layout.parts[p];
        for (size_t n = 0; n < part->subtopology->nodes.count; n++)
            list_topics(part->subtopology->nodes.items[n], out, &count, max);
        list_matches(layout_inputs(part), out, &count, max);
    }
    return count;
}

size_t weir_app_endpoints(struct weir_app *app, const struct weir_endpoint **out)
{
    *out = app->layout.topology->endpoints;
    return app->layout.topology->endpoint_count;
}

static int64_t lag_of(const struct task *task)
{
    int64_t lag = 0;
    for (size_t i = 0; i < task->source_count; i++) {
        int64_t one = atomic_load_explicit(&task->sources[i].lag, memory_order_relaxed);
        if (one < 0)
            return -1;
        lag += one;
    }
    return lag;
}

static const char *const state_names[] = {
    [TASK_RESTORING] = "restoring", [TASK_RUNNING] = "running", [TASK_STANDBY] = "standby"};

size_t weir_app_tasks(struct weir_app *app, struct weir_task_info *out, size_t max)
{
    pthread_rwlock_rdlock(&app->registry);
    size_t count = 0;
    for (size_t i = 0; i < app->task_count; i++) {
        struct task *task = app->tasks[i];
        if (task->part->subtopology->is_global || count++ >= max)
            continue;
        out[count - 1] = (struct weir_task_info){
            .subtopology = task->part->subtopology->id,
            .partition = task->partition,
            .is_standby = atomic_load(&task->is_standby),
            .state = state_names[atomic_load(&task->shown_state)],
            .stream_time_ms = atomic_load(&task->shown_stream_time_ms),
            .records = atomic_load(&task->records),
            .lag = lag_of(task),
            .restore_remaining = atomic_load(&task->restore_remaining),
            .copy_remaining = atomic_load(&task->copy_remaining),
        };
    }
    pthread_rwlock_unlock(&app->registry);
    return count;
}

static void add_node_figures(const struct weir_app *app, const struct layout_part *part, const struct graph_node *node,
                             struct weir_node_info *out)
{
    *out = (struct weir_node_info){.name = node->name, .lag = node->kind == GRAPH_SOURCE ? 0 : -1};
    for (size_t i = 0; i < app->task_count; i++) {
        struct task *task = app->tasks[i];
        if (task->part != part || atomic_load(&task->shown_state) != TASK_RUNNING)
            continue;
        out->records += __atomic_load_n(&context_of(task->contexts, node)->records, __ATOMIC_RELAXED);
        for (size_t s = 0; s < task->source_count; s++)
            if (task->sources[s].layout->node == node) {
                int64_t lag = atomic_load_explicit(&task->sources[s].lag, memory_order_relaxed);
                out->lag += lag > 0 ? lag : 0;
            }
    }
}

size_t weir_app_nodes(struct weir_app *app, struct weir_node_info *out, size_t max)
{
    size_t count = 0;
    pthread_rwlock_rdlock(&app->registry);
    for (size_t p = 0; p < app->layout.part_count + app->layout.global_count; p++) {
        const struct layout_part *part = &app->layout.parts[p];
        for (size_t n = 0; n < part->subtopology->nodes.count; n++, count++)
            if (count < max)
                add_node_figures(app, part, part->subtopology->nodes.items[n], &out[count]);
    }
    pthread_rwlock_unlock(&app->registry);
    return count;
}

size_t weir_app_drops(struct weir_app *app, struct weir_drop_info *out, size_t max)
{
    return drops_by_reason(&app->figures.drops, out, max);
}

size_t weir_app_drop_places(struct weir_app *app, struct weir_drop_place *out, size_t max)
{
    return drops_by_place(&app->figures.drops, out, max);
}

size_t weir_app_latest_drops(struct weir_app *app, struct weir_drop *out, size_t max)
{
    return drops_latest(&app->figures.drops, out, max);
}

size_t weir_app_dead_letters(struct weir_app *app, weir_arena *arena, struct weir_dead_letter *out, size_t max)
{
    struct figures *figures = &app->figures;
    pthread_mutex_lock(&figures->lock);
    size_t count = figures->letter_count < FIGURES_LETTERS_MAX ? (size_t)figures->letter_count : FIGURES_LETTERS_MAX;
    for (size_t i = 0; i < count && i < max; i++) { /* newest first */
        const struct figures_letter *letter = &figures->letters[(figures->letter_count - 1 - i) % FIGURES_LETTERS_MAX];
        out[i] = (struct weir_dead_letter){
            .letters = arena_text(arena, letter->letters),
            .topic = arena_text(arena, letter->topic),
            .reason = arena_text(arena, letter->reason),
            .message = arena_text(arena, letter->message),
            .trace_id = arena_text(arena, letter->trace_id),
            .partition = letter->partition,
            .offset = letter->offset,
            .failed_ms = letter->failed_ms,
        };
    }
    pthread_mutex_unlock(&figures->lock);
    return count;
}

int64_t weir_app_parked_keys(struct weir_app *app)
{
    int64_t keys = 0;
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count; i++)
        keys += atomic_load(&app->tasks[i]->parked_keys);
    pthread_rwlock_unlock(&app->registry);
    return keys;
}

/* ---- replay ---- */

static bool has_letters(const struct layout *layout, const char *topic)
{
    for (size_t p = 0; p < layout->part_count + layout->global_count; p++) {
        const struct layout_inputs *inputs = layout_inputs(&layout->parts[p]);
        for (size_t i = 0; i < inputs->count; i++)
            if (inputs->items[i].dead_letters && strcmp(inputs->items[i].dead_letters, topic) == 0)
                return true;
    }
    return false;
}

static bool is_stopping(void *self)
{
    enum weir_state state = weir_app_state(self);
    return state != WEIR_RUNNING && state != WEIR_REBALANCING;
}

bool weir_app_replay(struct weir_app *app, const char *letters, int64_t max, struct weir_replayed *out,
                     struct weir_error *error)
{
    *out = (struct weir_replayed){0};
    if (!has_letters(&app->layout, letters))
        return error_set(error, WEIR_ABSENT, "'%s' is not a dead letter topic of this topology", letters);
    const struct replay ask = {.letters = letters, .max = max, .should_stop = is_stopping, .self = app};
    return replay(app->broker, &ask, out, error);
}
