/* An application that begins anew, on the embedded log, or on the broker that BOOTSTRAP names (tests/kafka/remains_test). */
#include "running.h"

enum { WORDS = 40, MORE = 7 };

static char words[64], application[64];

static weir_topology *counts(void)
{
    weir_topology *topology = weir_topology_new("counts");
    weir_stream *read = weir_from(topology, words, &weir_str_type, &weir_str_type);
    weir_count(weir_group(weir_repartition(read, "moved")), "counts");
    return topology;
}

static weir_app *run_with(const char *remembers_writers)
{
    const char *bootstrap = getenv("BOOTSTRAP");
    weir_app *app = start_with_all(application, counts(), "1",
                                   (const char *const[][2]){{"explain.last.writer", remembers_writers},
                                                            {"bootstrap.servers", bootstrap ? bootstrap : ""},
                                                            {NULL}});
    wait_until_running(app);
    return app;
}

static weir_app *run(void)
{
    return run_with("false");
}

static bool try_to_write(weir_app *app, int number)
{
    char key[16];
    int size = snprintf(key, sizeof key, "word%d", number);
    const struct weir_raw_record record = {{key, (size_t)size}, {"v", 1}, -1, {NULL, 0}};
    struct weir_error error = {0};
    bool ok = weir_produce(app, words, &record, 1, NULL, &error);
    CHECK(ok || error.code == WEIR_RETRY, "weir_produce: %s", error.message);
    return ok;
}

static void write_words(weir_app *app, int from, int count)
{
    for (int i = from, tries = 0; i < from + count && tries < 1500; tries++) {
        if (try_to_write(app, i))
            i++;
        else
            usleep(20 * 1000);
    }
}

struct seen {
    int groups, topics, directories;
    char names[1000];
};

static void note(void *self, enum weir_remains kind, const char *name)
{
    struct seen *seen = self;
    seen->groups += kind == WEIR_REMAINS_GROUP;
    seen->topics += kind == WEIR_REMAINS_TOPIC;
    seen->directories += kind == WEIR_REMAINS_DIRECTORY;
    size_t size = strlen(seen->names);
    snprintf(seen->names + size, sizeof seen->names - size, "%s ", name);
}

static bool begin_anew(bool is_rehearsal, struct seen *seen, struct weir_error *error)
{
    const char *bootstrap = getenv("BOOTSTRAP");
    const char *const set[][2] = {{"application.id", application},
                                  {"state.dir", state_directory},
                                  {"log.dir", log_directory},
                                  {"bootstrap.servers", bootstrap ? bootstrap : ""},
                                  {NULL}};
    *seen = (struct seen){0};
    return weir_begin_anew(counts(), (struct weir_config){.set = set}, is_rehearsal, note, seen, error);
}

static void is_told(const struct seen *seen, int topics, int directories)
{
    CHECK(seen->groups == 1 && seen->topics == topics && seen->directories == directories, "%d, %d, %d: %s",
          seen->groups, seen->topics, seen->directories, seen->names);
}

static void tells_what_would_go_and_lets_it_be(void)
{
    struct seen seen;
    struct weir_error error = {0};
    CHECK(begin_anew(true, &seen, &error), "%s", error.message);
    is_told(&seen, 4, 1); /* with that of the writers, who are not asked for any more */
    CHECK(strstr(seen.names, "-counts-writers-changelog"), "%s", seen.names);
    CHECK(strstr(seen.names, "-counts-changelog") && strstr(seen.names, "-moved-repartition"), "%s", seen.names);
    weir_app *app = run();
    wait_for(app, "counts", WORDS);
    write_words(app, WORDS, MORE);
    wait_for(app, "counts", WORDS + MORE);
    stop(app);
}

static void is_refused_while_an_instance_runs(void)
{
    struct seen seen;
    struct weir_error error = {0};
    weir_app *app = run();
    wait_for(app, "counts", WORDS + MORE);
    CHECK(!begin_anew(false, &seen, &error) && error.code == WEIR_INVALID, "%s", error.message);
    CHECK(strstr(error.message, "has members"), "%s", error.message);
    write_words(app, 0, MORE);
    wait_for(app, "counts", WORDS + MORE + MORE);
    stop(app);
}

static void counts_everything_once_more(void)
{
    struct seen seen;
    struct weir_error error = {0};
    CHECK(begin_anew(false, &seen, &error), "%s", error.message);
    is_told(&seen, 4, 1);
    weir_app *app = run();
    wait_for(app, "counts", WORDS + MORE + MORE);
    stop(app);
}

static void may_be_said_twice(void)
{
    struct seen seen;
    struct weir_error error = {0};
    CHECK(begin_anew(false, &seen, &error), "%s", error.message);
    is_told(&seen, 3, 1);
    CHECK(begin_anew(false, &seen, &error), "%s", error.message);
    is_told(&seen, 0, 0);
    weir_app *app = run();
    wait_for(app, "counts", WORDS + MORE + MORE);
    stop(app);
}

int main(void)
{
    begin();
    snprintf(words, sizeof words, "remains-words-%d", (int)getpid());
    snprintf(application, sizeof application, "remains-%d", (int)getpid());
    weir_app *app = run_with("true");
    write_words(app, 0, WORDS);
    wait_for(app, "counts", WORDS);
    stop(app);
    tells_what_would_go_and_lets_it_be();
    is_refused_while_an_instance_runs();
    counts_everything_once_more();
    may_be_said_twice();
    return end();
}
