/* Windows that close although nothing more comes, in a whole app on the embedded log, behind a repartition; and the same
 * results when the same topics are read again from the beginning: what was late for a tick is late again. */
#include <stdatomic.h>
#include <time.h>

#include "running.h"

enum { KEYS = 20, LATE = 7, WINDOW_MS = 1000, QUIET_MS = 300 };

static atomic_int closed;

static const void *page(weir_context *context, const struct weir_record *visit)
{
    (void)context;
    return visit->value;
}

static void note(weir_context *context, const struct weir_record *result)
{
    (void)context, (void)result;
    atomic_fetch_add(&closed, 1);
}

static weir_topology *build(void)
{
    const struct weir_window window = {
        .size = weir_millis(WINDOW_MS), .retention = weir_days(1), .emit = WEIR_EMIT_ON_CLOSE};
    weir_topology *topology = weir_topology_new("visits");
    weir_stream *visits = weir_from(topology, "visits", &weir_str_type, &weir_str_type);
    weir_grouped *pages = weir_group_by(visits, "by-page", &weir_str_type, page);
    weir_table *counts = weir_count(pages, "counts", .window = window);
    weir_tick(counts, "quiet", weir_millis(QUIET_MS));
    weir_foreach(weir_changes(counts), note);
    return topology;
}

static void visit(weir_app *app, int pages, int64_t timestamp_ms)
{
    for (int i = 0; i < pages; i++) {
        struct weir_error error = {0};
        char key[16], name[16];
        int k = snprintf(key, sizeof key, "visitor%d", i), n = snprintf(name, sizeof name, "page%d", i);
        const struct weir_raw_record record = {{key, (size_t)k}, {name, (size_t)n}, timestamp_ms, {NULL, 0}};
        CHECK(weir_produce(app, "visits", &record, 1, NULL, &error), "weir_produce: %s", error.message);
    }
}

static void wait_for_closed(int expected)
{
    for (int tries = 0; tries < 1500 && atomic_load(&closed) != expected; tries++)
        usleep(20 * 1000);
    CHECK(atomic_load(&closed) == expected, "%d windows were told, expected %d", atomic_load(&closed), expected);
}

static uint64_t count_late(weir_app *app)
{
    struct weir_drop_info drops[16];
    size_t count = weir_app_drops(app, drops, 16);
    for (size_t i = 0; i < count && i < 16; i++)
        if (strcmp(drops[i].reason, "late") == 0)
            return drops[i].records;
    return 0;
}

static void wait_for_late(weir_app *app, uint64_t expected)
{
    for (int tries = 0; tries < 500 && count_late(app) != expected; tries++)
        usleep(20 * 1000);
    CHECK(count_late(app) == expected, "%llu were late, expected %llu", (unsigned long long)count_late(app),
          (unsigned long long)expected);
}

/* Offsets and state are gone, topics are not. */
static void forget_everything(void)
{
    char groups[128];
    snprintf(groups, sizeof groups, "%s/groups~", log_directory);
    tree_remove(groups);
    lose_state();
    atomic_store(&closed, 0);
}

int main(void)
{
    const int64_t first_ms = (int64_t)time(NULL) * 1000 - 60 * 60 * 1000;
    begin();
    weir_app *app = start_as("visits", build(), "2");
    wait_until_running(app);
    visit(app, KEYS, first_ms);
    wait_for_closed(KEYS);
    visit(app, LATE, first_ms);
    wait_for_late(app, LATE);
    visit(app, KEYS, first_ms + 10 * WINDOW_MS);
    wait_for_closed(2 * KEYS);
    stop(app);

    forget_everything();
    app = start_as("visits", build(), "1");
    wait_until_running(app);
    wait_for_closed(2 * KEYS);
    wait_for_late(app, LATE);
    wait_for(app, "counts", 2 * KEYS);
    stop(app);
    return end();
}
