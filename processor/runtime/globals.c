/* globals.c: see globals.h.
 *
 * Positions are rows of a hidden store and go to RocksDB behind the table's rows, so what is on disk may be ahead of its
 * position, never behind it; reading again what is there already changes nothing, for the last value of a key wins.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/globals.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/collector.h"
#include "runtime/directory.h"
#include "runtime/feed.h"
#include "runtime/limits.h"
#include "runtime/task.h"

enum {
    POLL_MESSAGES = 2048,
    POLL_MS = 100,
    RETRY_PAUSE_MS = 200,
    SCHEMA_PAUSE_MS = 10,
    LETTER_TIMEOUT_MS = 30 * 1000,
    LAG_EVERY_US = 1000 * 1000,
    TABLE_STORE = 0, /* of a global part: the table; behind it how far it was read */
    POSITION_STORE = 1,
    PARTITION_BYTES = 4,
    OFFSET_BYTES = 8,
};

struct input { /* one partition of one topic; its number is the reader's token */
    struct task *task;
    size_t source;
    int64_t end; /* when the app started: loaded from there on */
};

struct globals {
    struct weir_app *app;
    struct task **tasks; /* one per global table */
    size_t task_count;
    struct store **stores; /* by graph_store.global */
    struct input *inputs;
    size_t input_count;
    pthread_rwlock_t guard;
    pthread_t thread;
    bool started;
    _Atomic bool loaded, stopping;
    struct broker_reader *reader;
    struct collector letters; /* opened for the first dead letter */
    int64_t lag_us;
};

/* ---- what the tasks give off ---- */

static bool open_letters(struct globals *globals, struct weir_error *error)
{
    if (globals->letters.producer)
        return true;
    struct weir_app *app = globals->app;
    char *client = memory_format("%s-GlobalStreamThread-producer", app->layout.application);
    bool ok = collector_open(&globals->letters, app->broker, client, NULL, error);
    memory_free(client);
    return ok;
}

static bool output_send(void *self, const struct graph_node *sink, const char *topic,
                        const struct broker_record *record, struct weir_error *error)
{
    struct globals *globals = self;
    (void)sink;
    return open_letters(globals, error) && collector_send(&globals->letters, topic, record, error) &&
           collector_flush(&globals->letters, LETTER_TIMEOUT_MS, error);
}

static int32_t output_partitions(void *self, const char *topic, struct weir_error *error)
{
    struct globals *globals = self;
    return open_letters(globals, error) ? collector_partitions(&globals->letters, topic, error) : -1;
}

static void output_release(void *self, struct broker_message *message)
{
    struct globals *globals = self;
    globals->app->broker->ops->reader_release(globals->reader, message);
}

static void output_dropped(void *self, const struct weir_drop *drop)
{
    struct globals *globals = self;
    drops_add(&globals->app->figures.drops, drop);
}

static void output_dead(void *self, const struct weir_dead_letter *letter)
{
    struct globals *globals = self;
    figures_dead_letter(&globals->app->figures, letter);
}

/* ---- positions ---- */

static void load_position(struct task *task, size_t source, struct weir_error *error)
{
    char key[PARTITION_BYTES];
    struct store_row row;
    weir_arena arena;
    arena_init(&arena);
    bytes_put_u32(key, (uint32_t)source);
    task->sources[source].position = BROKER_NO_OFFSET;
    if (store_get(task->stores[POSITION_STORE], (weir_bytes){key, sizeof key}, &arena, &row, error) &&
        row.value.size == OFFSET_BYTES)
        task->sources[source].position = (int64_t)bytes_get_u64(row.value.data);
    atomic_store(&task->committed[source], task->sources[source].position);
    arena_done(&arena);
}

static void save_positions(struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++) {
        char key[PARTITION_BYTES], value[OFFSET_BYTES];
        if (task->sources[i].position == atomic_load(&task->committed[i]))
            continue;
        bytes_put_u32(key, (uint32_t)i);
        bytes_put_u64(value, (uint64_t)task->sources[i].position);
        store_put(task->stores[POSITION_STORE], (weir_bytes){key, sizeof key}, (weir_bytes){value, sizeof value}, 0);
    }
}

/* ---- life ---- */

static struct task *open_in(struct globals *globals, const struct layout_part *part, const char *directory,
                            struct weir_error *error)
{
    const struct task_output output = {globals,        output_send,    output_partitions,
                                       output_release, output_dropped, output_dead};
    const struct config *config = globals->app->config;
    const struct task_settings settings = {.clock = &clock_system,
                                           .max_future_ms = config_integer(config, "max.future.ms"),
                                           .feeds = &globals->app->feeds};
    struct task *task =
        task_open(&globals->app->layout, part, 0, directory, settings, output, limits_of_global(globals->app), error);
    for (size_t i = 0; task && i < task->source_count; i++)
        load_position(task, i, error);
    if (task && error->code == WEIR_OK && task_restored(task, -1, error))
        return task;
    struct weir_error ignored = {0};
    if (task)
        task_close(task, false, &ignored);
    return NULL;
}

/* What cannot be used is loaded anew. */
static struct task *open_table(struct globals *globals, const struct layout_part *part, struct weir_error *error)
{
    const struct weir_app *app = globals->app;
    char *directory =
        directory_of_global(app->config, app->layout.application, part->stores[TABLE_STORE].spec.name, error);
    struct task *task = directory ? open_in(globals, part, directory, error) : NULL;
    if (!task && error->code == WEIR_CORRUPT) {
        log_warning("globals", "%s; loading it anew", error->message);
        *error = (struct weir_error){0};
        if (directory_set_aside(directory, error))
            task = open_in(globals, part, directory, error);
    }
    memory_free(directory);
    return task;
}

static bool open_tables(struct globals *globals, struct weir_error *error)
{
    const struct layout *layout = &globals->app->layout;
    globals->tasks = memory_new(layout->global_count * sizeof(struct task *));
    globals->stores = memory_new(layout->global_count * sizeof(struct store *));
    for (size_t i = 0; i < layout->global_count; i++) {
        const struct layout_part *part = &layout->parts[layout->part_count + i];
        struct task *task = open_table(globals, part, error);
        if (!task)
            return false;
        globals->tasks[globals->task_count++] = task;
        globals->stores[part->subtopology->stores[0]->global] = task->stores[TABLE_STORE];
        store_share(task->stores[TABLE_STORE], &globals->guard);
    }
    return true;
}

/* Writers first: a loop that is never idle must not keep the tables from moving on. */
static void init_guard(pthread_rwlock_t *guard)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(guard, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

struct globals *globals_new(struct weir_app *app, struct weir_error *error)
{
    if (app->layout.global_count == 0)
        return NULL;
    struct globals *globals = memory_new(sizeof *globals);
    globals->app = app;
    init_guard(&globals->guard);
    if (open_tables(globals, error))
        return globals;
    globals_free(globals);
    return NULL;
}

void globals_free(struct globals *globals)
{
    if (!globals)
        return;
    for (size_t i = 0; i < globals->task_count; i++) {
        struct weir_error error = {0};
        if (!task_close(globals->tasks[i], true, &error))
            log_warning("globals", "%s", error.message);
    }
    if (globals->reader)
        globals->app->broker->ops->reader_close(globals->reader);
    if (globals->letters.producer)
        collector_close(&globals->letters);
    pthread_rwlock_destroy(&globals->guard);
    memory_free(globals->inputs);
    memory_free(globals->stores);
    memory_free(globals->tasks);
    memory_free(globals);
}

struct store *const *globals_stores(const struct globals *globals)
{
    return globals ? globals->stores : NULL;
}

bool globals_are_loaded(const struct globals *globals)
{
    return !globals || atomic_load_explicit(&globals->loaded, memory_order_acquire);
}

void globals_enter(struct globals *globals)
{
    if (globals)
        pthread_rwlock_rdlock(&globals->guard);
}

void globals_leave(struct globals *globals)
{
    if (globals)
        pthread_rwlock_unlock(&globals->guard);
}

/* ---- reading ---- */

/* A position that the topic no longer has belongs to another history of it, or to what retention has deleted. */
static bool add_input(struct globals *globals, struct task *task, size_t source, struct weir_error *error)
{
    const struct layout_source *layout = task->sources[source].layout;
    const struct broker_ops *ops = globals->app->broker->ops;
    struct task_source *from = &task->sources[source];
    int64_t begin = 0, end = 0;
    if (!ops->range(globals->app->broker, layout->topic, layout->partition, &begin, &end, error))
        return false;
    if (from->position > end)
        return error_set(error, WEIR_CORRUPT,
                         "topic %s, partition %d: offset %lld was read, but %lld is the end; the topic was made anew: "
                         "remove the state of '%s'",
                         layout->topic, layout->partition, (long long)from->position, (long long)end,
                         task->part->stores[TABLE_STORE].spec.name);
    if (from->position < begin)
        from->position = begin;
    int32_t token = (int32_t)globals->input_count;
    globals->inputs[globals->input_count++] = (struct input){task, source, end};
    return ops->reader_add(globals->reader, layout->topic, layout->partition, from->position, token, error);
}

static bool open_inputs(struct globals *globals, struct weir_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < globals->task_count; i++)
        count += globals->tasks[i]->source_count;
    globals->inputs = memory_new(count * sizeof *globals->inputs);
    globals->reader = globals->app->broker->ops->reader_open(globals->app->broker, error);
    for (size_t i = 0; globals->reader && i < globals->task_count; i++)
        for (size_t s = 0; s < globals->tasks[i]->source_count; s++)
            if (!add_input(globals, globals->tasks[i], s, error))
                return false;
    return globals->reader != NULL;
}

static bool poll_messages(struct globals *globals, struct weir_error *error)
{
    struct broker_message messages[POLL_MESSAGES];
    const struct broker_ops *ops = globals->app->broker->ops;
    struct weir_error cause = {0};
    int count = ops->reader_poll(globals->reader, messages, POLL_MESSAGES, POLL_MS, &cause);
    for (int i = 0; i < count; i++) {
        const struct input *input = &globals->inputs[messages[i].group];
        task_push(input->task, input->source, &messages[i]);
    }
    if (count >= 0)
        return true;
    if (cause.code != WEIR_RETRY)
        return error_set(error, cause.code, "%s", cause.message);
    log_warning("globals", "%s; trying again", cause.message);
    clock_pause_ms(RETRY_PAUSE_MS);
    return true;
}

static bool process(struct task *task, struct weir_error *error)
{
    struct task_source *source;
    while ((source = task_choose(task)))
        if (!task_process(task, source))
            break;
    return task->failure.code == WEIR_OK || error_set(error, task->failure.code, "%s", task->failure.message);
}

/* The end of a partition may lie behind a gap (compaction, markers), so the reader says where it stands. */
static void follow_reader(struct globals *globals)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        struct task_source *source = &globals->inputs[i].task->sources[globals->inputs[i].source];
        int64_t position = globals->app->broker->ops->reader_position(globals->reader, (int32_t)i);
        if (source->queue.count == 0 && position > source->position)
            source->position = position;
    }
}

static bool has_moved(const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        if (task->sources[i].position != atomic_load(&task->committed[i]))
            return true;
    return false;
}

static bool apply(struct task *task, bool now, struct weir_error *error)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct weir_error cause = {0};
        if (!now && !store_apply_due(task->stores[TABLE_STORE], now_us))
            return true;
        if (store_apply(task->stores[i], now_us, &cause))
            continue;
        if (cause.code != WEIR_RETRY)
            return error_set(error, cause.code, "%s", cause.message);
        log_warning("globals", "%s; trying again", cause.message);
        return true;
    }
    return true;
}

static void publish(struct globals *globals, struct task *task)
{
    save_positions(task);
    atomic_fetch_add(&task->publishing, 1);
    for (size_t i = 0; i < task->part->store_count; i++) {
        feed_take(task, i, -1);
        store_publish(task->stores[i], store_position(task->stores[i]));
    }
    for (size_t i = 0; i < task->source_count; i++)
        atomic_store(&task->committed[i], task->sources[i].position);
    atomic_fetch_add(&task->publishing, 1);
    feed_tell(task);
    app_published(globals->app);
}

/* What a table's next record was written by is not known yet: nothing more is read meanwhile. */
static bool awaits_schema(const struct globals *globals)
{
    for (size_t i = 0; i < globals->input_count; i++)
        if (globals->inputs[i].task->sources[globals->inputs[i].source].awaits_schema)
            return true;
    return false;
}

static bool turn(struct globals *globals, struct weir_error *error)
{
    if (awaits_schema(globals))
        clock_pause_ms(SCHEMA_PAUSE_MS);
    else if (!poll_messages(globals, error))
        return false;
    for (size_t i = 0; i < globals->task_count; i++)
        if (!process(globals->tasks[i], error))
            return false;
    follow_reader(globals);
    for (size_t i = 0; i < globals->task_count; i++) {
        if (has_moved(globals->tasks[i]))
            publish(globals, globals->tasks[i]);
        if (!apply(globals->tasks[i], false, error))
            return false;
    }
    return true;
}

static bool has_everything(const struct globals *globals)
{
    for (size_t i = 0; i < globals->input_count; i++)
        if (globals->inputs[i].task->sources[globals->inputs[i].source].position < globals->inputs[i].end)
            return false;
    return true;
}

static void note_loaded(struct globals *globals)
{
    for (size_t i = 0; i < globals->task_count; i++)
        app_add_task(globals->app, globals->tasks[i]);
    log_info("globals", "%zu global tables are loaded", globals->task_count);
    atomic_store_explicit(&globals->loaded, true, memory_order_release);
    app_refresh_state(globals->app);
}

static void show_lag(struct globals *globals)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (now_us - globals->lag_us < LAG_EVERY_US)
        return;
    globals->lag_us = now_us;
    for (size_t i = 0; i < globals->input_count; i++) {
        const struct input *input = &globals->inputs[i];
        const struct layout_source *layout = input->task->sources[input->source].layout;
        struct task_source *source = &input->task->sources[input->source];
        struct weir_error ignored = {0};
        int64_t begin = 0, end = -1;
        struct broker *broker = globals->app->broker;
        bool known = broker->ops->range(broker, layout->topic, layout->partition, &begin, &end, &ignored);
        int64_t lag = end - source->position;
        atomic_store_explicit(&source->lag, !known ? -1 : lag < 0 ? 0 : lag, memory_order_relaxed);
    }
}

static void *run(void *self)
{
    struct globals *globals = self;
    struct weir_error error = {0};
    bool ok = open_inputs(globals, &error);
    while (ok && !atomic_load(&globals->stopping)) {
        if (!globals_are_loaded(globals) && has_everything(globals))
            note_loaded(globals);
        ok = turn(globals, &error);
        show_lag(globals);
    }
    if (!ok)
        app_fail(globals->app, &error);
    return NULL;
}

bool globals_start(struct globals *globals, struct weir_error *error)
{
    int failure = pthread_create(&globals->thread, NULL, run, globals);
    if (failure != 0)
        return error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    globals->started = true;
    return true;
}

void globals_stop(struct globals *globals)
{
    if (!globals || !globals->started)
        return;
    atomic_store(&globals->stopping, true); /* seen within POLL_MS */
    pthread_join(globals->thread, NULL);
    globals->started = false;
    for (size_t i = 0; i < globals->task_count; i++) {
        struct weir_error error = {0};
        app_remove_task(globals->app, globals->tasks[i]);
        if (!apply(globals->tasks[i], true, &error))
            log_warning("globals", "%s", error.message);
    }
}
