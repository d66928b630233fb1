/* running.h: a whole app on an embedded log of its own, for plain programs that start, stop and question it. */
#ifndef WEIR_TESTS_THREAD_RUNNING_H
#define WEIR_TESTS_THREAD_RUNNING_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "weir.h"

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

/* ---- the program ---- */

static inline void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/weir-thread-XXXXXX");
    if (!mkdtemp(folder))
        exit(1);
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);
}

static inline void lose_state(void)
{
    tree_remove(state_directory);
}

/* The status of the program. */
static inline int end(void)
{
    tree_remove(folder);
    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}

/* ---- the app ---- */

/* For weir_group_by, so that records go through a repartition topic. */
static inline const void *value_as_key(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

/* With more settings, of which the last is {NULL}. */
static inline weir_app *start_with_all(const char *application, weir_topology *topology, const char *threads,
                                       const char *const (*more)[2])
{
    struct weir_error error = {0};
    enum { OWN = 5, MORE = 8 };
    const char *set[OWN + MORE + 1][2] = {{"log.dir", log_directory},
                                          {"state.dir", state_directory},
                                          {"num.stream.threads", threads},
                                          {"commit.interval.ms", "20"},
                                          {"state.flush.interval.ms", "100"}};
    for (size_t i = 0; i < MORE && more[i][0]; i++) {
        set[OWN + i][0] = more[i][0];
        set[OWN + i][1] = more[i][1];
    }
    weir_app *app = weir_start(
        topology, (struct weir_config){.application = application, .set = (const char *const(*)[2])set}, &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    return app;
}

/* With one more setting. */
static inline weir_app *start_with(const char *application, weir_topology *topology, const char *threads,
                                   const char *key, const char *value)
{
    return start_with_all(application, topology, threads, (const char *const[][2]){{key, value}, {NULL}});
}

static inline weir_app *start_as(const char *application, weir_topology *topology, const char *threads)
{
    return start_with(application, topology, threads, "topology.optimization", "none");
}

static inline void stop(weir_app *app)
{
    struct weir_error error = {0};
    CHECK(weir_stop(app, weir_seconds(30), &error), "weir_stop: %s", error.message);
}

static inline void wait_until_running(weir_app *app)
{
    for (int tries = 0; tries < 1500 && weir_app_state(app) != WEIR_RUNNING; tries++)
        usleep(10 * 1000);
    CHECK(weir_app_state(app) == WEIR_RUNNING, "state is %s", weir_state_name(weir_app_state(app)));
}

/* ---- its views ---- */

/* Calls visit for each row; false: some partition is not readable now. */
static inline bool each_row(weir_app *app, const char *name, void (*visit)(void *self, const struct weir_row *),
                            void *self)
{
    struct weir_error error = {0};
    weir_arena *arena = weir_arena_new();
    weir_view *view = weir_view_open(app, name, &error);
    CHECK(view, "%s", error.message);
    weir_cursor *cursor = view ? weir_view_scan(view, arena, (struct weir_range){0}, &error) : NULL;
    struct weir_row row;
    while (cursor && weir_next(cursor, &row, &error))
        visit(self, &row);
    weir_cursor_close(cursor);
    weir_view_close(view);
    weir_arena_free(arena);
    return error.code == WEIR_OK;
}

static inline void add_value(void *self, const struct weir_row *row)
{
    *(int64_t *)self += *(const int64_t *)row->value;
}

/* The sum over all rows of a view of whole numbers; -1: it is not readable now. */
static inline int64_t total(weir_app *app, const char *name)
{
    int64_t sum = 0;
    return each_row(app, name, add_value, &sum) ? sum : -1;
}

static inline void wait_for(weir_app *app, const char *view, int64_t expected)
{
    for (int tries = 0; tries < 1500 && total(app, view) != expected; tries++)
        usleep(20 * 1000);
    CHECK(total(app, view) == expected, "%s: total %lld, expected %lld", view, (long long)total(app, view),
          (long long)expected);
}
#endif
