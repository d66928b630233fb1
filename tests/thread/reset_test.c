/* Where a source begins when nothing is committed, in a whole app: on the embedded log, or on the broker that BOOTSTRAP names
 * (tests/kafka/reset_test). */
#include <time.h>

#include "running.h"

enum { OLD = 30, YOUNG = 12, LATER = 7, HOUR_MS = 3600 * 1000 };

static char facts[64], more[64];

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

static weir_topology *writes(void)
{
    weir_topology *topology = weir_topology_new("writes");
    weir_foreach(weir_from(topology, facts, &weir_str_type, &weir_str_type, .also = {more}), look);
    return topology;
}

static weir_topology *counts(enum weir_reset reset, weir_duration reset_by)
{
    weir_topology *topology = weir_topology_new("counts");
    weir_count(weir_group(weir_from(topology, facts, &weir_str_type, &weir_str_type, .also = {more}, .reset = reset,
                                    .reset_by = reset_by)),
               "counts");
    return topology;
}

static weir_app *run_with(const char *name, weir_topology *topology, const char *reset)
{
    char application[64];
    const char *bootstrap = getenv("BOOTSTRAP");
    snprintf(application, sizeof application, "%s-%d", name, (int)getpid());
    const char *const pairs[][2] = {
        {"auto.offset.reset", reset}, {bootstrap ? "bootstrap.servers" : NULL, bootstrap}, {NULL}};
    return start_with_all(application, topology, "1", pairs);
}

static weir_app *run(const char *name, weir_topology *topology)
{
    return run_with(name, topology, "earliest");
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_records(weir_app *app, const char *topic, int count, int64_t timestamp_ms)
{
    for (int i = 0; i < count; i++) {
        struct weir_error error = {0};
        char key[16];
        int size = snprintf(key, sizeof key, "key%d", i);
        const struct weir_raw_record record = {{key, (size_t)size}, {"v", 1}, timestamp_ms, {NULL, 0}};
        bool ok = weir_produce(app, topic, &record, 1, NULL, &error);
        for (int tries = 0; !ok && error.code == WEIR_RETRY && tries < 1500; tries++) {
            usleep(20 * 1000);
            error = (struct weir_error){0};
            ok = weir_produce(app, topic, &record, 1, NULL, &error);
        }
        CHECK(ok, "weir_produce: %s", error.message);
    }
}

static void expect_beginning(const char *name, enum weir_reset reset, weir_duration reset_by, int64_t expected)
{
    weir_app *app = run(name, counts(reset, reset_by));
    wait_until_running(app);
    wait_for(app, "counts", expected);
    stop(app);
}

static void begins_as_the_setting_says(const char *name, const char *setting, int64_t expected)
{
    weir_app *app = run_with(name, counts(WEIR_RESET_DEFAULT, weir_millis(0)), setting);
    wait_until_running(app);
    wait_for(app, "counts", expected);
    stop(app);
}

/* Also of partitions in which nothing came before the app was started again. */
static void begins_behind_what_is_there_and_goes_on_there(void)
{
    weir_app *app = run("latest", counts(WEIR_RESET_LATEST, weir_millis(0)));
    wait_until_running(app);
    write_records(app, more, LATER, now_ms());
    wait_for(app, "counts", LATER);
    stop(app);
    app = run("latest", counts(WEIR_RESET_LATEST, weir_millis(0)));
    wait_until_running(app);
    write_records(app, more, LATER, now_ms());
    wait_for(app, "counts", LATER + LATER);
    stop(app);
}

static void does_not_begin_by_itself(void)
{
    struct weir_error error = {0};
    weir_app *app = run("none", counts(WEIR_RESET_NONE, weir_millis(0)));
    for (int tries = 0; tries < 1500 && !weir_app_failure(app, &error); tries++)
        usleep(20 * 1000);
    CHECK(strstr(error.message, "no offset is committed") && strstr(error.message, "reset_test.c"), "%s",
          error.message);
    if (!weir_stop(app, weir_seconds(30), &error))
        return; /* it has failed, and says so again */
}

int main(void)
{
    begin();
    snprintf(facts, sizeof facts, "reset-facts-%d", (int)getpid());
    snprintf(more, sizeof more, "reset-more-%d", (int)getpid());
    weir_app *writer = run("writes", writes());
    wait_until_running(writer);
    write_records(writer, facts, OLD, now_ms() - 3 * HOUR_MS);
    write_records(writer, facts, YOUNG, now_ms());
    stop(writer);
    begins_behind_what_is_there_and_goes_on_there();
    expect_beginning("earliest", WEIR_RESET_EARLIEST, weir_millis(0), OLD + YOUNG + LATER + LATER);
    expect_beginning("default", WEIR_RESET_DEFAULT, weir_millis(0), OLD + YOUNG + LATER + LATER);
    expect_beginning("young", WEIR_RESET_BY_DURATION, weir_hours(1), YOUNG + LATER + LATER);
    expect_beginning("all", WEIR_RESET_BY_DURATION, weir_days(30000), OLD + YOUNG + LATER + LATER);
    begins_as_the_setting_says("set-young", "by_duration:PT1H", YOUNG + LATER + LATER);
    begins_as_the_setting_says("set-all", "by_duration:P30000D", OLD + YOUNG + LATER + LATER);
    does_not_begin_by_itself();
    return end();
}
