/* A whole app on the embedded log, with two stream threads, two producers and a reader at work together; then stopped,
 * started, and restored from its changelogs alone. A plain program, so that it runs under ThreadSanitizer too. */
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir.h"

enum { PRODUCERS = 2, RECORDS = 3000, KEYS = 50 };

static int failures;
static char folder[64];
static char log_directory[96], state_directory[96];

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
        }                                                                                                              \
    } while (0)

static const void *value_as_key(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(words), "by-key");
    weir_table *counts = weir_count(weir_group_by(words, "by-word", &weir_str_type, value_as_key), "by-word");
    weir_to(weir_changes(counts), "counts");
    return topology;
}

static weir_app *start(void)
{
    struct weir_error error = {0};
    weir_app *app = weir_start(build(),
                               (struct weir_config){.application = "words",
                                                    .set = (const char *const[][2]){{"log.dir", log_directory},
                                                                                    {"state.dir", state_directory},
                                                                                    {"num.stream.threads", "2"},
                                                                                    {"commit.interval.ms", "20"},
                                                                                    {"state.flush.interval.ms", "100"},
                                                                                    {NULL}}},
                               &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    return app;
}

static void stop(weir_app *app)
{
    struct weir_error error = {0};
    CHECK(weir_stop(app, weir_seconds(30), &error), "weir_stop: %s", error.message);
}

static void *produce(void *self)
{
    weir_app *app = self;
    for (int i = 0; i < RECORDS; i += 10) {
        char keys[10][16], values[10][16];
        struct weir_raw_record records[10];
        for (int j = 0; j < 10; j++) {
            int k = snprintf(keys[j], sizeof keys[j], "k%d", (i + j) % KEYS);
            int v = snprintf(values[j], sizeof values[j], "w%d", (i + j) % 7);
            records[j] = (struct weir_raw_record){{keys[j], (size_t)k}, {values[j], (size_t)v}, i + j, {NULL, 0}};
        }
        struct weir_produced produced[10];
        struct weir_error error = {0};
        CHECK(weir_produce(app, "words", records, 10, produced, &error), "weir_produce: %s", error.message);
    }
    return NULL;
}

static int64_t total(weir_app *app, const char *name)
{
    struct weir_error error = {0};
    weir_arena *arena = weir_arena_new();
    weir_view *view = weir_view_open(app, name, &error);
    CHECK(view, "%s", error.message);
    int64_t sum = 0;
    weir_cursor *cursor = view ? weir_view_scan(view, arena, (struct weir_range){0}, &error) : NULL;
    struct weir_row row;
    while (cursor && weir_next(cursor, &row, &error))
        sum += *(const int64_t *)row.value;
    CHECK(error.code == WEIR_OK, "scan of %s: %s", name, error.message);
    weir_cursor_close(cursor);
    weir_view_close(view);
    weir_arena_free(arena);
    return sum;
}

static atomic_bool reading;

/* Counts only grow: a total that falls was read from the middle of a commit. */
static void *read_along(void *self)
{
    weir_app *app = self;
    int64_t last = 0;
    while (atomic_load(&reading)) {
        int64_t now = total(app, "by-word");
        if (weir_app_state(app) == WEIR_RUNNING) {
            CHECK(now >= last, "the total fell from %lld to %lld", (long long)last, (long long)now);
            last = now;
        }
        weir_arena *arena = weir_arena_new();
        weir_app_metrics(app, arena);
        weir_arena_free(arena);
        struct weir_task_info tasks[64];
        weir_app_tasks(app, tasks, 64);
        struct weir_node_info nodes[64];
        weir_app_nodes(app, nodes, 64);
    }
    return NULL;
}

static void wait_for(weir_app *app, const char *view, int64_t expected)
{
    for (int tries = 0; tries < 1500 && total(app, view) != expected; tries++)
        usleep(20 * 1000);
    CHECK(total(app, view) == expected, "%s: total %lld, expected %lld", view, (long long)total(app, view),
          (long long)expected);
}

static void wait_until_running(weir_app *app)
{
    for (int tries = 0; tries < 1500 && weir_app_state(app) != WEIR_RUNNING; tries++)
        usleep(10 * 1000);
    CHECK(weir_app_state(app) == WEIR_RUNNING, "state is %s", weir_state_name(weir_app_state(app)));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void expect_read_your_writes(weir_app *app)
{
    struct weir_error error = {0};
    const struct weir_raw_record record = {{"own", 3}, {"own-word", 8}, 1, {NULL, 0}};
    struct weir_produced produced;
    CHECK(weir_produce(app, "words", &record, 1, &produced, &error), "%s", error.message);
    char position[64];
    snprintf(position, sizeof position, "words:%d:%lld", produced.partition, (long long)produced.offset + 1);
    weir_view *view = weir_view_open(app, "by-word", &error);
    weir_arena *arena = weir_arena_new();
    struct weir_row row;
    CHECK(weir_view_wait(view, position, 10000, &error), "weir_view_wait: %s", error.message);
    CHECK(weir_view_get(view, arena, WEIR_STR("own-word"), &row, &error), "own write is not there: %s", error.message);
    weir_arena_free(arena);
    weir_view_close(view);
}

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/weir-thread-app-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);

    weir_app *app = start();
    wait_until_running(app);
    pthread_t producers[PRODUCERS], reader;
    atomic_store(&reading, true);
    pthread_create(&reader, NULL, read_along, app);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_create(&producers[i], NULL, produce, app);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    wait_for(app, "by-word", PRODUCERS * RECORDS);
    wait_for(app, "by-key", PRODUCERS * RECORDS);
    atomic_store(&reading, false);
    pthread_join(reader, NULL);
    expect_read_your_writes(app);
    stop(app);

    app = start();
    wait_until_running(app);
    wait_for(app, "by-word", PRODUCERS * RECORDS + 1);
    stop(app);

    nftw(state_directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    app = start();
    wait_until_running(app);
    wait_for(app, "by-word", PRODUCERS * RECORDS + 1);
    wait_for(app, "by-key", PRODUCERS * RECORDS + 1);
    stop(app);

    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
