/* A whole app on the embedded log, with two stream threads, two producers and a reader at work together; then stopped,
 * started, and restored from its changelogs alone. A plain program, so that it runs under ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>

#include "running.h"

enum { PRODUCERS = 2, RECORDS = 3000, KEYS = 50 };

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_count(weir_group(words), "by-key");
    weir_count(weir_group(weir_from(topology, "ones", &weir_str_type, &weir_str_type)), "ones-by-key");
    weir_table *counts = weir_count(weir_group_by(words, "by-word", &weir_str_type, value_as_key), "by-word");
    weir_to(weir_changes(counts), "counts");
    return topology;
}

static weir_app *start(void)
{
    weir_app *app = start_as("words", build(), "2");
    wait_until_running(app);
    return app;
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
        const struct weir_raw_record one = {{"one", 3}, {"1", 1}, i, {NULL, 0}};
        CHECK(weir_produce(app, "ones", &one, 1, produced, &error), "weir_produce: %s", error.message);
    }
    return NULL;
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

/* All records have one key, so its count is the offset the answer says it contains. */
static void *read_positions(void *self)
{
    weir_app *app = self;
    struct weir_error error = {0};
    weir_view *view = weir_view_open(app, "ones-by-key", &error);
    CHECK(view != NULL, "weir_view_open: %s", error.message);
    while (atomic_load(&reading)) {
        weir_arena *arena = weir_arena_new();
        struct weir_row row;
        struct weir_error none = {0};
        if (weir_view_get(view, arena, WEIR_STR("one"), &row, &none)) {
            long long count = (long long)*(const int64_t *)row.value, offset = -1;
            CHECK(sscanf(row.position, "ones:%*d:%lld", &offset) == 1, "position %s", row.position);
            CHECK(count == offset, "a row of %lld records says position %lld", count, offset);
        }
        weir_arena_free(arena);
    }
    weir_view_close(view);
    return NULL;
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

enum { PARTS_MAX = 16 };

static size_t parts_of(weir_app *app, struct weir_memory_info parts[PARTS_MAX])
{
    size_t count = weir_app_memory(app, parts, PARTS_MAX);
    CHECK(count <= PARTS_MAX, "%zu parts", count);
    return count;
}

static void expect_memory_to_add_up(weir_app *app)
{
    struct weir_memory_info parts[PARTS_MAX];
    size_t count = parts_of(app, parts);
    long long whole = 0, rows = 0;
    for (size_t i = 0; i < count; i++) {
        whole += parts[i].bytes_max;
        rows += strcmp(parts[i].name, "rows") == 0 ? parts[i].bytes : 0;
    }
    CHECK(whole == 512 << 20, "the parts of memory.max.bytes are %lld bytes", whole);
    CHECK(rows > 0, "the rows take %lld bytes", rows);
}

static long long bytes_max_of(weir_app *app, const char *part)
{
    struct weir_memory_info parts[PARTS_MAX];
    size_t count = parts_of(app, parts);
    for (size_t i = 0; i < count; i++)
        if (strcmp(parts[i].name, part) == 0)
            return parts[i].bytes_max;
    return -1;
}

static const void *take_left(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context;
    (void)right;
    return left->value;
}

static long long cache_of_joins(const char *application, bool has_table)
{
    weir_topology *topology = weir_topology_new(application);
    weir_stream *left = weir_from(topology, "lefts", &weir_str_type, &weir_str_type);
    weir_stream *right = weir_from(topology, "rights", &weir_str_type, &weir_str_type);
    weir_stream *met = weir_join(left, right, "met", take_left, .value = &weir_str_type, .within = weir_seconds(10));
    weir_to(met, "mets");
    if (has_table)
        weir_count(weir_group(left), "lefts-by-key");
    weir_app *app = start_with(application, topology, "1", "embedded.partitions", "1");
    wait_until_running(app);
    long long bytes = bytes_max_of(app, "cache");
    stop(app);
    return bytes;
}

/* Rows of joins are hardly met again in blocks; those of tables are. */
static void expect_joins_to_leave_the_cache(void)
{
    long long alone = cache_of_joins("joins", false), beside = cache_of_joins("joins-and-table", true);
    CHECK(alone >= 16 << 20 && alone < beside / 4, "the cache may have %lld bytes, and %lld beside a table", alone,
          beside);
}

/* What a foreign-key join looks for is new, or has just been written. */
static void expect_foreign_joins_to_take_less(void)
{
    weir_topology *topology = weir_topology_new("foreign");
    weir_table *left = weir_table_from(topology, "lefts", "left-rows", &weir_str_type, &weir_str_type);
    weir_table *right = weir_table_from(topology, "rights", "right-rows", &weir_str_type, &weir_str_type);
    weir_join_foreign(left, right, "named", value_as_key, take_left, .value = &weir_str_type, .store = "joined");
    weir_app *app = start_with("foreign", topology, "1", "embedded.partitions", "1");
    wait_until_running(app);
    long long cache = bytes_max_of(app, "cache"), rows = bytes_max_of(app, "rows");
    CHECK(cache >= 16 << 20 && cache < 40 << 20, "the cache may have %lld bytes", cache);
    CHECK(rows >= 64 << 20 && rows < 100 << 20, "rows may have %lld bytes", rows);
    stop(app);
}

/* A thread for which there is no partition has settled, too. */
static void expect_to_run_with_idle_threads(void)
{
    weir_topology *topology = weir_topology_new("few");
    weir_count(weir_group(weir_from(topology, "few", &weir_str_type, &weir_str_type)), "by-key");
    weir_app *app = start_with("few", topology, "3", "embedded.partitions", "1");
    wait_until_running(app);
    stop(app);
}

int main(void)
{
    begin();
    expect_to_run_with_idle_threads();
    expect_joins_to_leave_the_cache();
    expect_foreign_joins_to_take_less();

    weir_app *app = start();
    pthread_t producers[PRODUCERS], reader, positions;
    atomic_store(&reading, true);
    pthread_create(&reader, NULL, read_along, app);
    pthread_create(&positions, NULL, read_positions, app);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_create(&producers[i], NULL, produce, app);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    wait_for(app, "by-word", PRODUCERS * RECORDS);
    wait_for(app, "by-key", PRODUCERS * RECORDS);
    atomic_store(&reading, false);
    pthread_join(reader, NULL);
    pthread_join(positions, NULL);
    expect_read_your_writes(app);
    expect_memory_to_add_up(app);
    stop(app);

    app = start();
    wait_for(app, "by-word", PRODUCERS * RECORDS + 1);
    stop(app);

    lose_state();
    app = start();
    wait_for(app, "by-word", PRODUCERS * RECORDS + 1);
    wait_for(app, "by-key", PRODUCERS * RECORDS + 1);
    stop(app);

    return end();
}
