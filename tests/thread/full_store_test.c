/* full_store_test.c (threads): stores whose disk is full while there is a lot to process. They hold no more memory than they have been
 * given, for what cannot be kept is not processed; and when there is room, everything is. */
#include <stdatomic.h>

#include "running.h"
#include "state/rocks.h"

enum {
    BATCH = 1000,
    BATCHES = 300, /* of keys that are all different: tens of megabytes of rows */
    HELD_UP_TRIES = 300,
    STORES_BYTES_MAX =
        32 * 1024 * 1024, /* their part of memory.max.bytes is 2 MiB, and a turn of processing comes to it */
};

/* ---- a disk that is full ---- */

static struct rocks_ops full_disk;
static atomic_bool is_full;
static bool is_incomplete; /* of the batch in hand rows are missing; on the app's only thread */

static void batch_row(struct rocks_family *family, const struct store_row *row)
{
    is_incomplete = is_incomplete || atomic_load(&is_full);
    if (!is_incomplete)
        rocks_disk.batch_row(family, row);
}

static bool batch_write(struct rocks_family *family, struct weir_error *error)
{
    bool fails = is_incomplete || atomic_load(&is_full);
    is_incomplete = false;
    if (!fails)
        return rocks_disk.batch_write(family, error);
    error->code = WEIR_RETRY;
    snprintf(error->message, sizeof error->message, "no space left on a device that is none");
    return false;
}

/* ---- the app ---- */

static int64_t produced;

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_count(weir_group(weir_from(topology, "words", &weir_str_type, &weir_str_type)), "by-key");
    return topology;
}

static void produce(weir_app *app, int batch)
{
    static char keys[BATCH][24];
    static struct weir_raw_record records[BATCH];
    for (int i = 0; i < BATCH; i++) {
        int length = snprintf(keys[i], sizeof keys[i], "key-%d-%d", batch, i);
        records[i] = (struct weir_raw_record){{keys[i], (size_t)length}, {"word", 4}, batch, {NULL, 0}};
    }
    struct weir_error error = {0};
    bool ok = weir_produce(app, "words", records, BATCH, NULL, &error);
    CHECK(ok, "weir_produce: %s", error.message);
    produced += ok ? BATCH : 0;
}

static int64_t memory_of_stores(weir_app *app)
{
    static const char name[] = "\nweir_store_memory_bytes{";
    weir_arena *arena = weir_arena_new();
    weir_bytes metrics = weir_app_metrics(app, arena);
    char *text = strndup(metrics.data, metrics.size);
    int64_t sum = 0;
    for (const char *at = text; (at = strstr(at, name)); at++)
        sum += atoll(strstr(at, "} ") + 2);
    free(text);
    weir_arena_free(arena);
    return sum;
}

/* Nothing is processed any more, although there is something to process. */
static bool is_held_up(weir_app *app)
{
    int64_t before = total(app, "by-key");
    usleep(300 * 1000);
    return before > 0 && before < produced && total(app, "by-key") == before;
}

int main(void)
{
    begin();
    full_disk = rocks_disk;
    full_disk.batch_row = batch_row;
    full_disk.batch_write = batch_write;
    rocks_level = &full_disk;
    atomic_store(&is_full, true);

    weir_app *app = start_with("words", build(), "1", "memory.max.bytes", "16777216");
    for (int batch = 0; batch < BATCHES; batch++)
        produce(app, batch);
    bool held_up = false;
    for (int tries = 0; tries < HELD_UP_TRIES && !held_up && total(app, "by-key") < produced; tries++)
        held_up = is_held_up(app);
    CHECK(held_up, "everything was processed, though there was no place for it");
    CHECK(memory_of_stores(app) < STORES_BYTES_MAX, "the stores hold %lld bytes", (long long)memory_of_stores(app));

    atomic_store(&is_full, false);
    wait_for(app, "by-key", produced);
    stop(app);
    return end();
}
