/* store.c: what does the state of one record cost: get, put, its share of a commit, its share of a write to RocksDB?
 *
 *   store [RECORDS [KEYS]]
 *
 * As a count does it: keys drawn evenly, values of 8 bytes, a commit every 20,000 records, RocksDB by age (10 s) or
 * bytes, and once at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "directory.h"
#include "measure.h"
#include "state/store.h"

enum { RECORDS = 2000000, KEYS = 100000, COMMIT_EVERY = 20000 };

struct run {
    struct database *database;
    struct store *store;
    struct weir_error error;
    weir_arena arena;
    uint64_t random;
    int64_t records, keys;
    double step_s, publish_s, apply_s; /* CPU seconds of all threads */
};

static void must(bool done, const struct run *run)
{
    if (!done)
        measure_fail("store: %s", run->error.message);
}

static void open_store(struct run *run, const char *directory)
{
    static const struct store_spec spec = {.name = "counts", .key_type = &weir_str_type, .value_type = &weir_i64_type};
    struct database_limits limits = {16 << 20, 64 << 20, 64 << 20, 16 << 20, 8 << 20, 10000};
    run->database = database_open(directory, limits, &run->error);
    must(run->database != NULL, run);
    run->store = store_open(run->database, &spec, &run->error);
    must(run->store != NULL, run);
}

static void count_one(struct run *run, int64_t number)
{
    char text[32], bytes[8];
    struct store_row row = {0};
    int size = snprintf(text, sizeof text, "key-%08" PRIu64, measure_random(&run->random) % (uint64_t)run->keys);
    weir_bytes key = {text, (size_t)size};
    bool found = store_get(run->store, key, &run->arena, &row, &run->error);
    must(found || run->error.code == WEIR_OK, run);
    bytes_put_u64(bytes, (found ? bytes_get_u64(row.value.data) : 0) + 1);
    store_put(run->store, key, (weir_bytes){bytes, sizeof bytes}, number);
    arena_clear(&run->arena);
}

static void apply(struct run *run)
{
    must(store_apply(run->store, clock_monotonic_us(&clock_system), &run->error), run);
}

static void commit(struct run *run, int64_t position)
{
    double began = measure_cpu_seconds();
    store_publish(run->store, position);
    double published = measure_cpu_seconds();
    if (store_apply_due(run->store, clock_monotonic_us(&clock_system)))
        apply(run);
    run->publish_s += published - began;
    run->apply_s += measure_cpu_seconds() - published;
}

static void count_all(struct run *run)
{
    for (int64_t i = 0; i < run->records; i += COMMIT_EVERY) {
        double began = measure_cpu_seconds();
        int64_t end = i + COMMIT_EVERY < run->records ? i + COMMIT_EVERY : run->records;
        for (int64_t k = i; k < end; k++)
            count_one(run, k);
        run->step_s += measure_cpu_seconds() - began;
        commit(run, end);
    }
}

static int64_t sum_of_counts(struct run *run)
{
    int64_t sum = 0;
    struct store_row row;
    weir_bytes all = {0};
    struct store_cursor *cursor = store_view_scan(run->store, all, all, false, &run->error);
    must(cursor != NULL, run);
    while (store_next(cursor, &row, &run->error))
        sum += (int64_t)bytes_get_u64(row.value.data);
    store_cursor_close(cursor);
    return sum;
}

int main(int argc, char **argv)
{
    struct run run = {.random = 1, .records = RECORDS, .keys = KEYS};
    const char *directory = directory_new();
    if (argc > 1)
        run.records = measure_number(argv[1]);
    if (argc > 2)
        run.keys = measure_number(argv[2]);
    arena_init(&run.arena);
    open_store(&run, directory);
    double began = measure_seconds();
    count_all(&run);
    double last = measure_cpu_seconds();
    apply(&run);
    run.apply_s += measure_cpu_seconds() - last;
    double seconds = measure_seconds() - began;
    if (sum_of_counts(&run) != run.records)
        measure_fail("store: the counts do not sum up to %" PRId64, run.records);
    store_close(run.store);
    must(database_close(run.database, true, &run.error), &run);
    arena_done(&run.arena);
    directory_remove(directory);
    double each = 1e9 / (double)run.records;
    printf("{\"records\":%" PRId64 ",\"keys\":%" PRId64
           ",\"records_per_s\":%.0f,\"get_put_ns\":%.0f,\"publish_ns\":%.0f,"
           "\"apply_ns\":%.0f}\n",
           run.records, run.keys, (double)run.records / seconds, run.step_s * each, run.publish_s * each,
           run.apply_s * each);
    return 0;
}
