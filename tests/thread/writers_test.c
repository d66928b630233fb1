/* Which record wrote a row last, in a whole app on the embedded log: of rows read from a topic, behind a repartition, in windows and of a processor;
 * when the state is lost; and when the setting was off meanwhile. A plain program, so that it runs under ThreadSanitizer too. */
#include "running.h"

/* ---- a processor that keeps keys as they come, and one more as time goes on ---- */

struct self {
    weir_store *seen;
};

static void tick(weir_context *context, int64_t now_ms)
{
    const struct self *self = weir_self(context);
    const weir_bytes key = {"tick", 4};
    weir_put(self->seen, &key, &now_ms);
}

static void open_seen(weir_context *context)
{
    struct self *self = weir_self(context);
    self->seen = weir_store_named(context, "seen");
    weir_schedule(context, WEIR_STREAM_TIME, weir_seconds(1), tick);
}

static void see(weir_context *context, const struct weir_record *record)
{
    const struct self *self = weir_self(context);
    int64_t once = 1;
    weir_put(self->seen, record->key, &once);
}

/* ---- the app ---- */

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(words), "by-key");
    weir_count(weir_group_by(words, "by-word", &weir_str_type, value_as_key), "by-word");
    weir_count(weir_group(words), "by-minute", .window = {.size = weir_minutes(1)});
    static const struct weir_processor seer = {.self_size = sizeof(struct self), .open = open_seen, .process = see};
    weir_add_store(topology, "seen", &weir_str_type, &weir_i64_type);
    weir_process(words, &seer, .stores = {"seen"});
    return topology;
}

static weir_app *start_under(const char *guarantee, const char *remembers)
{
    const char *const more[][2] = {
        {"explain.last.writer", remembers}, {"processing.guarantee", guarantee}, {NULL, NULL}};
    weir_app *app = start_with_all("words", build(), "2", more);
    wait_until_running(app);
    return app;
}

static weir_app *start(const char *remembers)
{
    return start_under("at_least_once", remembers);
}

static struct weir_produced send(weir_app *app, const char *key, const char *word)
{
    struct weir_error error = {0};
    struct weir_produced produced = {-1, -1};
    const struct weir_raw_record record = {{key, strlen(key)}, {word, strlen(word)}, 60 * 1000 + 7, {NULL, 0}};
    CHECK(weir_produce(app, "words", &record, 1, &produced, &error), "weir_produce: %s", error.message);
    return produced;
}

/* False: it is not known. */
static bool ask(weir_app *app, const char *name, const char *text, int64_t start_ms, struct weir_writer *out)
{
    struct weir_error error = {0};
    weir_arena *arena = weir_arena_new();
    weir_view *view = weir_view_open(app, name, &error);
    const weir_bytes key = {text, strlen(text)};
    const struct weir_row row = {.key = &key, .window = {start_ms, start_ms}};
    bool is_known = view && weir_view_writer(view, (struct weir_copies){0}, arena, &row, out, &error);
    CHECK(error.code == WEIR_OK, "%s %s: %s", name, text, error.message);
    weir_view_close(view);
    weir_arena_free(arena);
    return is_known;
}

static void expect_writer(weir_app *app, const char *name, const char *key, struct weir_produced by)
{
    struct weir_writer writer = {0};
    int64_t start_ms = strcmp(name, "by-minute") == 0 ? 60 * 1000 : 0;
    CHECK(ask(app, name, key, start_ms, &writer), "%s %s: its writer is not known", name, key);
    CHECK(writer.topic && strcmp(writer.topic, "words") == 0, "%s %s: topic %s", name, key,
          writer.topic ? writer.topic : "NULL");
    CHECK(writer.partition == by.partition && writer.offset == by.offset, "%s %s: %d:%lld, expected %d:%lld", name, key,
          writer.partition, (long long)writer.offset, by.partition, (long long)by.offset);
    CHECK(writer.timestamp_ms == 60 * 1000 + 7, "%s %s: time %lld", name, key, (long long)writer.timestamp_ms);
}

static void expect_topic(weir_app *app, const char *name, const char *key, const char *topic)
{
    struct weir_writer writer = {0};
    CHECK(ask(app, name, key, 0, &writer), "%s %s: its writer is not known", name, key);
    CHECK(writer.topic && strcmp(writer.topic, topic) == 0, "%s %s: topic %s", name, key,
          writer.topic ? writer.topic : "NULL");
}

static void expect_unknown(weir_app *app, const char *name, const char *key)
{
    struct weir_writer writer;
    CHECK(!ask(app, name, key, 0, &writer), "%s %s: a writer is told", name, key);
}

static void wait_for_all(weir_app *app, int64_t records)
{
    wait_for(app, "by-key", records);
    wait_for(app, "by-word", records);
    wait_for(app, "by-minute", records);
}

static void expect_a_taken_name_is_refused(void)
{
    struct weir_error error = {0};
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(words), "by-key");
    weir_count(weir_group(words), "by-key-writers");
    const char *set[][2] = {
        {"log.dir", log_directory}, {"state.dir", state_directory}, {"explain.last.writer", "true"}, {NULL, NULL}};
    struct weir_config config = {.application = "taken", .set = (const char *const(*)[2])set};
    CHECK(!weir_start(topology, config, &error) && error.code == WEIR_INVALID, "started, or: %s", error.message);
    CHECK(strstr(error.message, "'by-key-writers'"), "%s", error.message);
}

int main(void)
{
    begin();
    expect_a_taken_name_is_refused();
    weir_app *app = start("true");
    send(app, "a", "x");
    struct weir_produced b = send(app, "b", "y"), a = send(app, "a", "x");
    wait_for_all(app, 3);
    for (int again = 0; again < 2; again++) { /* the second time from the changelogs */
        expect_writer(app, "by-key", "a", a);
        expect_writer(app, "by-key", "b", b);
        expect_writer(app, "by-word", "x", a);
        expect_writer(app, "by-word", "y", b);
        expect_writer(app, "by-minute", "a", a);
        expect_writer(app, "seen", "a", a);
        expect_unknown(app, "seen", "tick");
        stop(app);
        lose_state();
        app = start("true");
        wait_for_all(app, 3);
    }
    stop(app);

    app = start("false");
    send(app, "a", "z");
    wait_for_all(app, 4);
    expect_unknown(app, "by-key", "b");
    stop(app);

    app = start("true");
    wait_for_all(app, 4);
    expect_unknown(app, "by-key", "a"); /* written when nobody remembered it */
    expect_writer(app, "by-key", "b", b);
    struct weir_produced z = send(app, "a", "z");
    wait_for_all(app, 5);
    expect_writer(app, "by-key", "a", z);
    expect_writer(app, "by-word", "z", z);
    stop(app);

    lose_state(); /* a few files more, and RocksDB would compact them, whose locks ThreadSanitizer does not see */
    app = start_under("exactly_once_v2", "true");
    send(app, "a", "z");
    wait_for_all(app, 6);
    expect_topic(app, "by-word", "z", "words-by-word-repartition"); /* there is no lineage to tell what caused it */
    stop(app);
    return end();
}
