/* metrics.c: an app's figures as Prometheus text, whatever topics and reasons are called and however many partitions there are. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "runtime/app.h"
#include "runtime/task.h"

enum { PARTITIONS = 10000, TRIES = 20 };

static struct weir_app app;
static struct graph_node node;
static struct graph_subtopology subtopology;
static struct layout_source source = {.node = &node};
static const struct layout_inputs inputs = {&source, 1};
static struct layout_part part = {.subtopology = &subtopology, .sources = &source, .source_count = 1};
static const struct broker_ops no_broker_ops;
static struct broker no_broker = {.ops = &no_broker_ops};
static weir_arena *arena;

static struct task *new_task(int32_t partition)
{
    struct task *task = memory_new(sizeof *task);
    *task = (struct task){.part = &part, .partition = partition, .source_count = 1};
    task->sources = memory_new(sizeof *task->sources);
    task->sources->layout = &source;
    atomic_store(&task->sources->lag, 7);
    hot_keys_init(&task->sources->hot);
    return task;
}

static void begin(void)
{
    arena = weir_arena_new();
    app = (struct weir_app){.broker = &no_broker,
                            .config = config_new(),
                            .layout = {.application = "shop", .parts = &part, .part_count = 1}};
    source.topic = "orders";
    atomic_store(&part.inputs, &inputs);
    pthread_rwlock_init(&app.registry, NULL);
    pthread_mutex_init(&app.lock, NULL);
    figures_init(&app.figures);
}

static void have_tasks(size_t count)
{
    app.tasks = memory_new(count * sizeof(struct task *));
    while (app.task_count < count) {
        app.tasks[app.task_count] = new_task((int32_t)app.task_count);
        app.task_count++;
    }
}

static void end(void)
{
    for (size_t i = 0; i < app.task_count; i++) {
        hot_keys_done(&app.tasks[i]->sources->hot);
        memory_free(app.tasks[i]->sources);
        memory_free(app.tasks[i]);
    }
    memory_free(app.tasks);
    figures_done(&app.figures);
    config_free(app.config);
    weir_arena_free(arena);
}

TestSuite(metrics, .init = begin, .fini = end);

static const char *scrape(void)
{
    weir_bytes text = weir_app_metrics(&app, arena);
    return arena_format(arena, "%.*s", (int)text.size, (const char *)text.data);
}

static size_t lines_with(const char *text, const char *part_of_line)
{
    size_t count = 0;
    for (const char *at = strstr(text, part_of_line); at; at = strstr(at + 1, part_of_line))
        count++;
    return count;
}

Test(metrics, a_name_cannot_end_its_label)
{
    source.topic = "a\"} 1\nforged{x=\"\\";
    app.layout.application = "it's \"mine\"\\";
    have_tasks(1);
    const char *text = scrape();
    cr_expect(strstr(text, "topic=\"a\\\"} 1\\nforged{x=\\\"\\\\\"} 7\n"), "%s", text);
    cr_expect(strstr(text, "weir_paused{application=\"it's \\\"mine\\\"\\\\\"} 0\n"));
    cr_expect_null(strstr(text, "\nforged"));
}

Test(metrics, a_reason_cannot_forge_a_line)
{
    drops_add(&app.figures.drops, &(struct weir_drop){.reason = "late\"} 1\nforged 2", .topic = "orders"});
    const char *text = scrape();
    cr_expect(strstr(text, "reason=\"late\\\"} 1\\nforged 2\"} 1\n"), "%s", text);
    cr_expect_null(strstr(text, "\nforged"));
}

Test(metrics, reasons_without_end_are_a_bounded_number_of_series)
{
    for (int i = 0; i < 1000; i++) {
        char reason[16];
        snprintf(reason, sizeof reason, "reason-%d", i);
        drops_add(&app.figures.drops, &(struct weir_drop){.reason = reason, .topic = "orders"});
    }
    cr_expect_leq(lines_with(scrape(), "weir_records_dropped_total{"), DROPS_REASONS_MAX);
}

Test(metrics, keys_without_end_are_one_series)
{
    have_tasks(2);
    for (int i = 0; i < 5000; i++) {
        char key[16];
        int size = snprintf(key, sizeof key, "key-%d", i % 4 ? i : 0);
        hot_keys_count(&app.tasks[i % 8 == 0]->sources->hot, (weir_bytes){key, (size_t)size});
    }
    const char *text = scrape();
    cr_expect_eq(lines_with(text, "weir_hot_key_share_ratio{"), 1);
    cr_expect(strstr(text, "weir_hot_key_share_ratio{application=\"shop\",topic=\"orders\"} 1.0000\n"), "%s", text);
}

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* In seconds of this process, so that the others of a machine do not count. */
Test(metrics, ten_thousand_partitions_are_told_within_a_second)
{
    double least = 1e9;
    have_tasks(PARTITIONS);
    for (int i = 0; i < TRIES && least >= 1; i++) {
        double began = cpu_seconds();
        const char *text = scrape();
        double took = cpu_seconds() - began;
        least = took < least ? took : least;
        cr_assert_eq(lines_with(text, "weir_consumer_lag_records{"), PARTITIONS);
        weir_arena_clear(arena);
    }
    cr_expect_lt(least, 1, "%.3f s", least);
}
