/* Changes that wait for the commit, in a whole app on the embedded log: a commit that fails tells nothing, one that succeeds tells
 * each key once; a stop commits what waits; and a commit comes early when much of it waits. */
#include <stdatomic.h>

#include "running.h"

enum { RECORDS = 600, KEYS = 3, LARGE = 2000, LARGE_BYTES = 2000, BATCH = 100, ENOUGH = 500 };

static atomic_int seen, told; /* records that were counted, also those that were counted again; changes that came */
static _Atomic int64_t latest[KEYS]; /* of each key, as it was told */
static atomic_bool has_told_less;    /* than before, or the same again */

static void note_event(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    atomic_fetch_add(&seen, 1);
}

static void note_change(weir_context *context, const struct weir_record *change)
{
    (void)context;
    const weir_bytes *key = change->key;
    int64_t count = *(const int64_t *)change->value;
    int place = ((const char *)key->data)[0] - 'a';
    if (atomic_exchange(&latest[place], count) >= count)
        atomic_store(&has_told_less, true);
    atomic_fetch_add(&told, 1);
}

static weir_topology *counts(void)
{
    weir_topology *t = weir_topology_new("counts");
    weir_stream *events = weir_peek(weir_from(t, "events", &weir_str_type, &weir_str_type), note_event);
    weir_to(weir_changes(weir_count(weir_group(events), "counts"), .per_commit = true), "told");
    weir_foreach(weir_from(t, "told", &weir_str_type, &weir_i64_type), note_change);
    return t;
}

static void produce(weir_app *app)
{
    static const char *const keys[KEYS] = {"a", "b", "c"};
    static struct weir_raw_record records[RECORDS];
    struct weir_error error = {0};
    for (int i = 0; i < RECORDS; i++)
        records[i] = (struct weir_raw_record){{keys[i % KEYS], 1}, {"x", 1}, i, {NULL, 0}};
    CHECK(weir_produce(app, "events", records, RECORDS, NULL, &error), "weir_produce: %s", error.message);
}

static void wait_until(atomic_int *number, int least)
{
    for (int tries = 0; tries < 1500 && atomic_load(number) < least; tries++)
        usleep(20 * 1000);
    CHECK(atomic_load(number) >= least, "%d instead of %d", atomic_load(number), least);
}

static weir_app *start(const char *application, const char *guarantee, const char *commit_interval_ms)
{
    weir_app *app =
        start_with_all(application, counts(), "1",
                       (const char *const[][2]){
                           {"processing.guarantee", guarantee}, {"commit.interval.ms", commit_interval_ms}, {NULL}});
    wait_until_running(app);
    return app;
}

static void expect_latest(int64_t count)
{
    for (int i = 0; i < KEYS; i++)
        CHECK(atomic_load(&latest[i]) == count, "%c: %lld was told last, not %lld", 'a' + i,
              (long long)atomic_load(&latest[i]), (long long)count);
    CHECK(!atomic_load(&has_told_less), "something was told twice");
}

static void wait_for_latest(int64_t count)
{
    for (int i = 0; i < KEYS; i++)
        for (int tries = 0; tries < 1500 && atomic_load(&latest[i]) != count; tries++)
            usleep(20 * 1000);
    expect_latest(count);
}

#ifdef WEIR_FAILPOINTS
/* The first commits fail when everything was told: the transaction is aborted, and the records are counted again. */
static void a_commit_that_fails_tells_nothing(void)
{
    weir_app *app = start("failing", "exactly_once_v2", "100");
    produce(app);
    wait_for_latest(RECORDS / KEYS);
    CHECK(atomic_load(&seen) > RECORDS, "no commit failed");
    wait_for(app, "counts", RECORDS);
    stop(app);
    expect_latest(RECORDS / KEYS);
}
#endif

/* Nothing commits but the stop; the second run reads what the first has told. */
static void a_stop_commits_each_key_once(void)
{
    weir_app *app = start("stopped", "at_least_once", "3600000");
    atomic_store(&seen, 0);
    produce(app);
    wait_until(&seen, RECORDS);
    usleep(200 * 1000);
    CHECK(atomic_load(&told) == 0, "%d changes were told without a commit", atomic_load(&told));
    stop(app);
    app = start("stopped", "at_least_once", "100");
    wait_until(&told, KEYS);
    usleep(300 * 1000);
    CHECK(atomic_load(&told) == KEYS, "%d changes were told, of %d keys", atomic_load(&told), KEYS);
    expect_latest(RECORDS / KEYS);
    stop(app);
}

static void count_change(weir_context *context, const struct weir_record *change)
{
    (void)context, (void)change;
    atomic_fetch_add(&told, 1);
}

static void see_change(weir_context *context, const struct weir_record *change)
{
    (void)context, (void)change;
    atomic_fetch_add(&seen, 1);
}

static weir_topology *large(void)
{
    weir_topology *t = weir_topology_new("large");
    weir_table *table = weir_table_from(t, "large", NULL, &weir_str_type, &weir_str_type);
    weir_foreach(weir_changes(table), see_change);
    weir_foreach(weir_changes(table, .per_commit = true), count_change);
    return t;
}

static void produce_large(weir_app *app, int from)
{
    static char value[LARGE_BYTES];
    static char keys[BATCH][16];
    struct weir_raw_record records[BATCH];
    struct weir_error error = {0};
    memset(value, 'x', sizeof value);
    for (int i = 0; i < BATCH; i++) {
        int size = snprintf(keys[i], sizeof keys[i], "k%d", from + i);
        records[i] = (struct weir_raw_record){{keys[i], (size_t)size}, {value, sizeof value}, i, {NULL, 0}};
    }
    CHECK(weir_produce(app, "large", records, BATCH, NULL, &error), "weir_produce: %s", error.message);
}

static void a_commit_comes_early_when_much_waits(void)
{
    weir_app *app = start_with_all(
        "large", large(), "1",
        (const char *const[][2]){{"memory.max.bytes", "16777216"}, {"commit.interval.ms", "3600000"}, {NULL}});
    wait_until_running(app);
    atomic_store(&told, 0);
    atomic_store(&seen, 0);
    for (int i = 0; i < LARGE; i += BATCH)
        produce_large(app, i);
    wait_until(&told, ENOUGH);
    wait_until(&seen, LARGE); /* a stop leaves what was not processed yet */
    stop(app);
    CHECK(atomic_load(&told) == LARGE, "%d of %d changes were told", atomic_load(&told), LARGE);
}

static void forget(void)
{
    tree_remove(log_directory);
    lose_state();
    for (int i = 0; i < KEYS; i++)
        atomic_store(&latest[i], 0);
    atomic_store(&told, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
#ifdef WEIR_FAILPOINTS /* they are read when a program starts */
    if (!getenv("WEIR_TEST_FAILPOINTS")) {
        setenv("WEIR_TEST_FAILPOINTS", "commit.told=1:retry,commit.told=2:retry", 1);
        execv("/proc/self/exe", argv);
        return 1;
    }
    begin();
    a_commit_that_fails_tells_nothing();
    forget();
#else
    (void)argv;
    begin();
#endif
    a_stop_commits_each_key_once();
    forget();
    a_commit_comes_early_when_much_waits();
    return end();
}
