/* Sources by a pattern of topics in whole apps on the embedded log: topics that come later, two members of one group of which
 * only one knows a topic, and topics that are too wide. */
#include "base/config.h"
#include "broker/broker.h"
#include "running.h"

enum { TASKS = 3, RECORDS = 30, NEVER_MS = 3600 * 1000, TASKS_MAX = 16 };

static const char application[] = "patterns";

static weir_topology *counts(void)
{
    weir_topology *topology = weir_topology_new("counts");
    weir_count(weir_group(weir_from_pattern(topology, "events", "events-.*", &weir_str_type, &weir_str_type)),
               "counts");
    return topology;
}

/* ---- the log ---- */

static struct broker *open_log(void)
{
    struct weir_error error = {0};
    struct config *config = config_new();
    CHECK(config_fill(config, &(struct weir_config){.application = application}, &error), "%s", error.message);
    struct broker *log = broker_embedded_open(log_directory, config, &error);
    CHECK(log, "%s", error.message);
    config_free(config);
    return log;
}

static void make_topic(struct broker *log, const char *name, int32_t partitions)
{
    struct weir_error error = {0};
    const struct broker_topic_spec spec = {.name = name, .partitions = partitions};
    CHECK(log->ops->ensure(log, &spec, 1, &error), "%s", error.message);
}

static void append(struct broker *log, const char *topic, int count)
{
    struct weir_error error = {0};
    struct broker_producer *producer = log->ops->producer_open(log, "test", &error);
    CHECK(producer, "%s", error.message);
    for (int i = 0; i < count; i++) {
        char key[16];
        int size = snprintf(key, sizeof key, "key%d", i);
        const struct broker_record record = {
            .partition = -1, .timestamp_ms = i, .key = {key, (size_t)size}, .value = {"v", 1}};
        CHECK(log->ops->producer_send(producer, topic, &record, &error), "%s", error.message);
    }
    CHECK(log->ops->producer_flush(producer, 10000, &error), "%s", error.message);
    log->ops->producer_close(producer);
}

/* ---- instances ---- */

static weir_app *try_to_start(const char *state, int64_t look_every_ms, const char *guarantee, struct weir_error *error)
{
    char directory[128], look[24];
    snprintf(directory, sizeof directory, "%s/%s", state_directory, state);
    snprintf(look, sizeof look, "%lld", (long long)look_every_ms);
    const char *const set[][2] = {{"log.dir", log_directory},   {"state.dir", directory},
                                  {"commit.interval.ms", "20"}, {"metadata.max.age.ms", look},
                                  {"embedded.partitions", "2"}, {"processing.guarantee", guarantee},
                                  {"num.stream.threads", "2"},  {NULL}};
    return weir_start(counts(), (struct weir_config){.application = application, .set = set}, error);
}

static weir_app *start_one(const char *state, int64_t look_every_ms)
{
    struct weir_error error = {0};
    weir_app *app = try_to_start(state, look_every_ms, "at_least_once", &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    return app;
}

static int owned(weir_app *app, bool *by_partition)
{
    struct weir_task_info tasks[TASKS_MAX];
    size_t count = weir_app_tasks(app, tasks, TASKS_MAX);
    int running = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(tasks[i].state, "running") == 0) {
            by_partition[tasks[i].partition] = true;
            running++;
        }
    return running;
}

/* Every task has one owner, and both have some. */
static bool are_shared_out(weir_app *one, weir_app *two)
{
    bool has[TASKS] = {false};
    int first = owned(one, has), second = owned(two, has);
    return first > 0 && second > 0 && first + second == TASKS && has[0] && has[1] && has[2];
}

static void wait_until_shared_out(weir_app *one, weir_app *two)
{
    for (int tries = 0; tries < 1500 && !are_shared_out(one, two); tries++)
        usleep(10 * 1000);
    CHECK(are_shared_out(one, two), "the tasks are not shared out");
}

/* ---- tests ---- */

static void reads_topics_that_come_later(void)
{
    struct broker *log = open_log();
    make_topic(log, "events-a", TASKS);
    append(log, "events-a", RECORDS);
    weir_app *app = start_one("one", 50);
    wait_for(app, "counts", RECORDS);
    make_topic(log, "events-b", 1);
    make_topic(log, "no-events", 1);
    append(log, "events-b", RECORDS);
    append(log, "no-events", RECORDS);
    wait_for(app, "counts", 2 * RECORDS);
    append(log, "events-b", RECORDS);
    append(log, "events-a", RECORDS);
    wait_for(app, "counts", 4 * RECORDS);
    stop(app);
    app = start_one("one", NEVER_MS);
    append(log, "events-b", RECORDS);
    wait_for(app, "counts", 5 * RECORDS);
    stop(app);
    log->ops->close(log);
}

/* DECISIONS.md 49: the one deals by what it knows, the other by more; and yet no task has two owners. */
static void members_that_know_different_topics_share_the_tasks(void)
{
    struct broker *log = open_log();
    make_topic(log, "events-a", TASKS);
    weir_app *one = start_one("one", NEVER_MS);
    wait_until_running(one);
    make_topic(log, "events-b", 2);
    append(log, "events-a", RECORDS);
    append(log, "events-b", RECORDS);
    weir_app *two = start_one("two", NEVER_MS);
    wait_until_shared_out(one, two);
    wait_until_running(two);
    append(log, "events-b", RECORDS);
    append(log, "events-a", RECORDS);
    stop(one);
    wait_for(two, "counts", 4 * RECORDS);
    one = start_one("one", 50);
    wait_until_shared_out(one, two);
    stop(two);
    append(log, "events-b", RECORDS);
    wait_for(one, "counts", 5 * RECORDS);
    stop(one);
    log->ops->close(log);
}

static void a_topic_that_is_too_wide_is_refused_at_the_start(void)
{
    struct weir_error error = {0};
    struct broker *log = open_log();
    make_topic(log, "events-a", TASKS);
    stop(start_one("one", NEVER_MS));
    make_topic(log, "events-b", TASKS + 1);
    CHECK(!try_to_start("one", NEVER_MS, "at_least_once", &error), "it started");
    CHECK(strstr(error.message, "topic 'events-b' has 4 partitions, but the pattern 'events-.*' has 3 tasks") &&
              strstr(error.message, "patterns-events-shares"),
          "%s", error.message);
    log->ops->close(log);
}

static void a_topic_that_is_too_wide_stops_the_app(void)
{
    struct weir_error error = {0};
    struct broker *log = open_log();
    make_topic(log, "events-a", TASKS);
    weir_app *app = start_one("one", 50);
    wait_until_running(app);
    make_topic(log, "events-b", TASKS + 1);
    for (int tries = 0; tries < 1500 && !weir_app_failure(app, &error); tries++)
        usleep(20 * 1000);
    CHECK(strstr(error.message, "topic 'events-b' has 4 partitions"), "%s", error.message);
    CHECK(!weir_stop(app, weir_seconds(30), &error), "it stopped well");
    log->ops->close(log);
}

/* As a topic that is not there: as wide as the widest other, else embedded.partitions. */
static void begins_without_a_topic(void)
{
    struct broker *log = open_log();
    struct weir_error error = {0};
    weir_app *app = try_to_start("one", 50, "exactly_once_v2", &error);
    CHECK(app, "%s", error.message);
    wait_until_running(app);
    CHECK(log->ops->partitions(log, "patterns-events-shares", &error) == 2, "not embedded.partitions");
    make_topic(log, "events-a", 2);
    append(log, "events-a", RECORDS);
    wait_for(app, "counts", RECORDS);
    stop(app);
    log->ops->close(log);
}

static void run(void (*test)(void))
{
    begin();
    test();
    tree_remove(folder);
}

int main(void)
{
    run(reads_topics_that_come_later);
    run(members_that_know_different_topics_share_the_tasks);
    run(a_topic_that_is_too_wide_is_refused_at_the_start);
    run(a_topic_that_is_too_wide_stops_the_app);
    run(begins_without_a_topic);
    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
