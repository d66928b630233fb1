/* A whole app that is paused and goes on: what it must not do meanwhile, what it still does, and how it ends. A plain program,
 * so that it runs under ThreadSanitizer too. */
#include <stdatomic.h>

#include "running.h"

static atomic_int fired;

static void note_firing(weir_context *context, int64_t now_ms)
{
    (void)context;
    (void)now_ms;
    atomic_fetch_add(&fired, 1);
}

static void begin_clock(weir_context *context)
{
    weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(10), note_firing);
}

static void pass(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
}

static weir_topology *build(void)
{
    static const struct weir_processor clock = {.open = begin_clock, .process = pass};
    weir_topology *topology = weir_topology_new("paused");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(weir_process(words, &clock)), "counts");
    return topology;
}

static weir_app *start(void)
{
    weir_app *app = start_as("paused", build(), "2");
    wait_until_running(app);
    return app;
}

static void send(weir_app *app, int count)
{
    const struct weir_raw_record record = {.key = {"k", 1}, .value = {"v", 1}, .timestamp_ms = 1};
    struct weir_error error = {0};
    for (int i = 0; i < count; i++)
        CHECK(weir_produce(app, "words", &record, 1, NULL, &error), "weir_produce: %s", error.message);
}

static int64_t lag(weir_app *app)
{
    struct weir_task_info tasks[16];
    int64_t sum = 0;
    size_t count = weir_app_tasks(app, tasks, 16);
    for (size_t i = 0; i < count; i++)
        sum += tasks[i].lag > 0 ? tasks[i].lag : 0;
    return sum;
}

static void wait_for_lag(weir_app *app, int64_t expected)
{
    for (int tries = 0; tries < 3000 && lag(app) != expected; tries++)
        usleep(10 * 1000);
    CHECK(lag(app) == expected, "lag is %lld, expected %lld", (long long)lag(app), (long long)expected);
}

static void wait_for_firing(int beyond)
{
    for (int tries = 0; tries < 3000 && atomic_load(&fired) <= beyond; tries++)
        usleep(10 * 1000);
    CHECK(atomic_load(&fired) > beyond, "the punctuator has fired %d times and no more", beyond);
}

static bool metrics_say(weir_app *app, const char *line)
{
    weir_arena *arena = weir_arena_new();
    weir_bytes text = weir_app_metrics(app, arena);
    bool found = memmem(text.data, text.size, line, strlen(line)) != NULL;
    weir_arena_free(arena);
    return found;
}

/* The lag is looked at by the loop itself, so when it has grown the loop has had its turn with the records in reach. */
static void expect_nothing_is_processed(weir_app *app)
{
    send(app, 5);
    wait_for_lag(app, 5);
    int before = atomic_load(&fired);
    send(app, 5);
    wait_for_lag(app, 10);
    CHECK(atomic_load(&fired) == before, "the punctuator has fired %d times while paused",
          atomic_load(&fired) - before);
    CHECK(total(app, "counts") == 10, "the view is at %lld", (long long)total(app, "counts"));
}

static void expect_it_tells(weir_app *app)
{
    CHECK(weir_is_paused(app), "it does not say that it is paused");
    CHECK(weir_app_state(app) == WEIR_RUNNING, "state is %s", weir_state_name(weir_app_state(app)));
    CHECK(metrics_say(app, "weir_paused{application=\"paused\"} 1\n"), "the metrics do not say that it is paused");
}

int main(void)
{
    begin();

    weir_app *app = start();
    CHECK(metrics_say(app, "weir_paused{application=\"paused\"} 0\n"), "the metrics say that it is paused");
    send(app, 10);
    wait_for(app, "counts", 10);
    wait_for_firing(0);
    weir_pause(app);
    weir_pause(app);
    expect_nothing_is_processed(app);
    expect_it_tells(app);
    weir_resume(app);
    CHECK(!weir_is_paused(app), "it is paused still");
    wait_for(app, "counts", 20);
    wait_for_firing(atomic_load(&fired));

    weir_pause(app);
    send(app, 10);
    stop(app);
    app = start();
    CHECK(!weir_is_paused(app), "a pause outlives its process");
    wait_for(app, "counts", 30);
    stop(app);

    return end();
}
