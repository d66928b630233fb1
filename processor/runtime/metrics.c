/* metrics.c: the app's figures as Prometheus text (reliability of names: prefix weir_, base units, _total on counters).
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/shares.h"
#include "runtime/app.h"
#include "runtime/task.h"

static void head(struct buffer *out, const char *name, const char *kind, const char *help)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* Label values come from topics and authors: quotes, backslashes and newlines are escaped. */
static void label_value(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            buffer_text(out, "\\n");
        else if (*text == '"' || *text == '\\')
            buffer_format(out, "\\%c", *text);
        else
            buffer_byte(out, (unsigned char)*text);
    }
}

static void sample(struct buffer *out, struct weir_app *app, const char *name, const char *label, const char *value)
{
    buffer_format(out, "%s{application=\"", name);
    label_value(out, app->layout.application);
    buffer_byte(out, '"');
    if (label) {
        buffer_format(out, ",%s=\"", label);
        label_value(out, value);
        buffer_byte(out, '"');
    }
    buffer_text(out, "} ");
}

static void write_state(struct buffer *out, struct weir_app *app)
{
    enum weir_state state = weir_app_state(app);
    head(out, "weir_state", "gauge", "1 for the state the application is in.");
    for (int s = WEIR_CREATED; s <= WEIR_ERROR; s++) {
        sample(out, app, "weir_state", "state", weir_state_name((enum weir_state)s));
        buffer_format(out, "%d\n", s == (int)state);
    }
    head(out, "weir_paused", "gauge", "1 while the application is paused: it processes nothing.");
    sample(out, app, "weir_paused", NULL, NULL);
    buffer_format(out, "%d\n", weir_is_paused(app));
    head(out, "weir_uptime_seconds", "gauge", "Seconds since the application was started.");
    sample(out, app, "weir_uptime_seconds", NULL, NULL);
    buffer_format(out, "%.3f\n", (double)(clock_monotonic_us(&clock_system) - app->started_us) / 1e6);
}

static void task_sample(struct buffer *out, struct weir_app *app, const char *name, const struct task *task)
{
    sample(out, app, name, NULL, NULL);
    out->size -= 2;
    buffer_format(out, ",subtopology=\"%d\",partition=\"%d\"", task->part->subtopology->id, task->partition);
}

static void write_tasks(struct buffer *out, struct weir_app *app)
{
    head(out, "weir_records_processed_total", "counter", "Records processed by a task since it came here.");
    for (size_t i = 0; i < app->task_count; i++) {
        task_sample(out, app, "weir_records_processed_total", app->tasks[i]);
        buffer_format(out, "} %llu\n", (unsigned long long)atomic_load(&app->tasks[i]->records));
    }
    head(out, "weir_restore_remaining_records", "gauge", "Changelog records still to be restored.");
    for (size_t i = 0; i < app->task_count; i++) {
        task_sample(out, app, "weir_restore_remaining_records", app->tasks[i]);
        buffer_format(out, "} %lld\n", (long long)atomic_load(&app->tasks[i]->restore_remaining));
    }
    head(out, "weir_restore_copy_remaining_bytes", "gauge", "Bytes of state still to be copied from another instance.");
    for (size_t i = 0; i < app->task_count; i++) {
        task_sample(out, app, "weir_restore_copy_remaining_bytes", app->tasks[i]);
        buffer_format(out, "} %lld\n", (long long)atomic_load(&app->tasks[i]->copy_remaining));
    }
    head(out, "weir_stream_time_seconds", "gauge", "Greatest record timestamp a task has seen.");
    for (size_t i = 0; i < app->task_count; i++) {
        task_sample(out, app, "weir_stream_time_seconds", app->tasks[i]);
        buffer_format(out, "} %.3f\n", (double)atomic_load(&app->tasks[i]->shown_stream_time_ms) / 1e3);
    }
    head(out, "weir_consumer_lag_records", "gauge", "Records of an input that are not processed yet.");
    for (size_t i = 0; i < app->task_count; i++) {
        const struct task *task = app->tasks[i];
        for (size_t s = 0; s < task->source_count; s++) {
            int64_t lag = atomic_load(&task->sources[s].lag);
            if (lag < 0)
                continue;
            task_sample(out, app, "weir_consumer_lag_records", task);
            buffer_text(out, ",topic=\"");
            label_value(out, task->sources[s].layout->topic);
            buffer_format(out, "\"} %lld\n", (long long)lag);
        }
    }
}

static bool parks(const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        if (task->sources[i].layout->node->parked)
            return true;
    return false;
}

static void write_parked(struct buffer *out, struct weir_app *app)
{
    head(out, "weir_parked_keys", "gauge", "Keys whose records wait for the replay of a dead letter.");
    for (size_t i = 0; i < app->task_count; i++) {
        if (!parks(app->tasks[i]))
            continue;
        task_sample(out, app, "weir_parked_keys", app->tasks[i]);
        buffer_format(out, "} %lld\n", (long long)atomic_load(&app->tasks[i]->parked_keys));
    }
}

static void write_stores(struct buffer *out, struct weir_app *app)
{
    head(out, "weir_store_memory_bytes", "gauge", "Bytes a store's rows hold in memory.");
    for (size_t i = 0; i < app->task_count; i++) {
        const struct task *task = app->tasks[i];
        for (size_t s = 0; s < task->part->store_count; s++) {
            task_sample(out, app, "weir_store_memory_bytes", task);
            buffer_text(out, ",store=\"");
            label_value(out, task->part->stores[s].spec.name);
            buffer_format(out, "\"} %zu\n", store_bytes(task->stores[s]));
        }
    }
}

/* Tasks of one part may know different topics for a while (patterns.h), so a source is found by its topic. */
static double share_in(struct task *task, const char *topic)
{
    for (size_t s = 0; s < task->source_count; s++)
        if (strcmp(task->sources[s].layout->topic, topic) == 0)
            return hot_keys_greatest_share(&task->sources[s].hot);
    return 0;
}

static double greatest_share(const struct weir_app *app, const struct layout_part *part, const char *topic)
{
    double most = 0;
    for (size_t i = 0; i < app->task_count; i++) {
        double share = app->tasks[i]->part == part ? share_in(app->tasks[i], topic) : 0;
        if (share > most)
            most = share;
    }
    return most;
}

/* A series per topic, whatever its partitions and keys. */
static void write_hot_keys(struct buffer *out, struct weir_app *app)
{
    head(out, "weir_hot_key_share_ratio", "gauge",
         "Share of the latest records of a partition here that one key has, in the partition where it is greatest.");
    for (size_t p = 0; p < app->layout.part_count; p++) {
        const struct layout_inputs *inputs = layout_inputs(&app->layout.parts[p]);
        for (size_t s = 0; s < inputs->count; s++) {
            if (inputs->items[s].is_shares)
                continue;
            sample(out, app, "weir_hot_key_share_ratio", "topic", inputs->items[s].topic);
            buffer_format(out, "%.4f\n", greatest_share(app, &app->layout.parts[p], inputs->items[s].topic));
        }
    }
}

static void write_memory(struct buffer *out, struct weir_app *app)
{
    struct weir_memory_info parts[SHARES];
    weir_app_memory(app, parts, SHARES);
    head(out, "weir_memory_max_bytes", "gauge", "Shares of memory.max.bytes.");
    for (size_t i = 0; i < SHARES; i++) {
        sample(out, app, "weir_memory_max_bytes", "part", parts[i].name);
        buffer_format(out, "%lld\n", (long long)parts[i].bytes_max);
    }
    head(out, "weir_memory_bytes", "gauge", "What the shares of memory.max.bytes hold, where it can be told.");
    for (size_t i = 0; i < SHARES; i++) {
        if (parts[i].bytes < 0)
            continue;
        sample(out, app, "weir_memory_bytes", "part", parts[i].name);
        buffer_format(out, "%lld\n", (long long)parts[i].bytes);
    }
}

static void write_drops(struct buffer *out, struct weir_app *app)
{
    struct weir_drop_info drops[DROPS_REASONS_MAX];
    size_t count = drops_by_reason(&app->figures.drops, drops, DROPS_REASONS_MAX);
    head(out, "weir_records_dropped_total", "counter", "Records left out of the results, by reason.");
    for (size_t i = 0; i < count; i++) {
        sample(out, app, "weir_records_dropped_total", "reason", drops[i].reason);
        buffer_format(out, "%llu\n", (unsigned long long)drops[i].records);
    }
}

static void write_commits(struct buffer *out, struct weir_app *app)
{
    struct figures *figures = &app->figures;
    head(out, "weir_commit_duration_seconds", "histogram", "How long commits take.");
    uint64_t below = 0;
    for (size_t i = 0; i < FIGURES_BUCKETS; i++) {
        char bound[32];
        snprintf(bound, sizeof bound, "%g", (double)figures_commit_bound_us(i) / 1e6);
        below += atomic_load(&figures->commit_buckets[i]);
        sample(out, app, "weir_commit_duration_seconds_bucket", "le", bound);
        buffer_format(out, "%llu\n", (unsigned long long)below);
    }
    below += atomic_load(&figures->commit_buckets[FIGURES_BUCKETS]);
    sample(out, app, "weir_commit_duration_seconds_bucket", "le", "+Inf");
    buffer_format(out, "%llu\n", (unsigned long long)below);
    sample(out, app, "weir_commit_duration_seconds_sum", NULL, NULL);
    buffer_format(out, "%.6f\n", (double)atomic_load(&figures->commit_us) / 1e6);
    sample(out, app, "weir_commit_duration_seconds_count", NULL, NULL);
    buffer_format(out, "%llu\n", (unsigned long long)below);
}

static void write_counter(struct buffer *out, struct weir_app *app, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    sample(out, app, name, NULL, NULL);
    buffer_format(out, "%llu\n", (unsigned long long)value);
}

weir_bytes weir_app_metrics(struct weir_app *app, weir_arena *arena)
{
    struct buffer out = {0};
    write_state(&out, app);
    pthread_rwlock_rdlock(&app->registry);
    write_tasks(&out, app);
    write_parked(&out, app);
    write_stores(&out, app);
    write_hot_keys(&out, app);
    pthread_rwlock_unlock(&app->registry);
    write_memory(&out, app);
    write_drops(&out, app);
    write_commits(&out, app);
    write_counter(&out, app, "weir_commits_failed_total", "Commits that did not succeed and were tried again.",
                  atomic_load(&app->figures.failed_commits));
    write_counter(&out, app, "weir_purges_failed_total",
                  "Requests to delete processed records of repartition topics that failed.",
                  atomic_load(&app->figures.failed_purges));
    write_counter(&out, app, "weir_strays_undone_total",
                  "Times that rows were written again because others had written to a changelog.",
                  atomic_load(&app->figures.strays));
    write_counter(&out, app, "weir_rebalances_total", "Assignments of partitions to this instance.",
                  atomic_load(&app->figures.rebalances));
    write_counter(&out, app, "weir_restored_records_total", "Changelog records read by restores.",
                  atomic_load(&app->figures.restored_records));
    write_counter(&out, app, "weir_restore_copied_bytes_total", "Bytes of state copied from other instances.",
                  atomic_load(&app->figures.copied_bytes));
    weir_bytes copy = arena_bytes(arena, buffer_bytes(&out));
    buffer_done(&out);
    return copy;
}
