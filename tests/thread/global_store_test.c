/* A global store that a processor writes, in a whole app on the embedded log: it goes on where it was after a restart, and
 * the whole topic goes through the processor again when its rows are lost (KIP-813). */
#include "running.h"

enum { RECORDS = 300, KEYS = 7 };

/* Not what the topic says of the key: how often it does. */
static void tally(weir_context *context, const struct weir_record *record)
{
    weir_store *tallies = weir_store_named(context, "tallies");
    const int64_t *before = weir_get(tallies, record->key);
    const int64_t after = before ? *before + 1 : 1;
    weir_put(tallies, record->key, &after);
}

static void with_tally(weir_context *context, const struct weir_record *record)
{
    static const int64_t none = 0;
    const int64_t *found = weir_get(weir_store_named(context, "tallies"), record->key);
    struct weir_record out = *record;
    out.value = found ? found : &none;
    weir_forward(context, &out);
}

static weir_topology *build(bool in_memory)
{
    static const struct weir_processor writer = {.process = tally};
    static const struct weir_processor reader = {.process = with_tally};
    weir_topology *topology = weir_topology_new("tallies");
    weir_global_store(topology, "facts", "tallies", &weir_str_type, &weir_str_type, &writer,
                      .store_value = &weir_i64_type, .in_memory = in_memory);
    weir_stream *asked = weir_process(weir_from(topology, "questions", &weir_str_type, &weir_str_type), &reader,
                                      .stores = {"tallies"}, .value = &weir_i64_type);
    weir_to_table(asked, "answers");
    return topology;
}

static void write_record(weir_app *app, const char *topic, int number)
{
    struct weir_error error = {0};
    char key[16];
    int size = snprintf(key, sizeof key, "key%d", number % KEYS);
    const struct weir_raw_record record = {{key, (size_t)size}, {"v", 1}, 1, {NULL, 0}};
    CHECK(weir_produce(app, topic, &record, 1, NULL, &error), "weir_produce: %s", error.message);
}

static void write_facts(weir_app *app)
{
    for (int i = 0; i < RECORDS; i++)
        write_record(app, "facts", i);
}

static void expect_answers(weir_app *app, int64_t expected)
{
    for (int i = 0; i < KEYS; i++)
        write_record(app, "questions", i);
    wait_for(app, "answers", expected);
}

static weir_app *start(bool in_memory)
{
    weir_app *app = start_as("tallies", build(in_memory), "2");
    wait_until_running(app);
    return app;
}

int main(void)
{
    begin();
    weir_app *app = start(false);
    write_facts(app);
    wait_for(app, "tallies", RECORDS);
    expect_answers(app, RECORDS);
    stop(app);

    app = start(false); /* the rows and how far they go are on disk */
    CHECK(total(app, "tallies") == RECORDS, "%lld facts after a restart", (long long)total(app, "tallies"));
    write_facts(app);
    wait_for(app, "tallies", RECORDS + RECORDS);
    expect_answers(app, RECORDS + RECORDS);
    stop(app);

    lose_state();
    app = start(false); /* loaded before it is running */
    CHECK(total(app, "tallies") == RECORDS + RECORDS, "%lld facts from the topic", (long long)total(app, "tallies"));
    expect_answers(app, RECORDS + RECORDS);
    stop(app);

    app = start(true);
    CHECK(total(app, "tallies") == RECORDS + RECORDS, "%lld facts in memory", (long long)total(app, "tallies"));
    stop(app);
    return end();
}
