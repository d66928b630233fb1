/* restore.c: how fast do the rows of a changelog become a store, without a broker?
 *
 *   restore [ROWS [TIMES]]
 *
 * Each of ROWS keys comes TIMES times (2), in batches of 1,000, as the runtime hands them over.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "directory.h"
#include "measure.h"
#include "state/store.h"

enum { ROWS = 1000000, TIMES = 2, BATCH = 1000, KEY_SIZE = 12, STRIDE = 7919 };

static struct weir_error error;

static void must(bool done)
{
    if (!done)
        measure_fail("restore: %s", error.message);
}

static char (*keys_in_no_order(int64_t rows))[KEY_SIZE + 1]
{
    char(*keys)[KEY_SIZE + 1] = malloc((size_t)rows * sizeof *keys);
    if (!keys)
        measure_fail("no memory for %" PRId64 " keys", rows);
    for (int64_t i = 0; i < rows; i++)
        snprintf(keys[i], sizeof *keys, "key-%08u", (unsigned)(i * STRIDE % rows) % 100000000u);
    return keys;
}

static void restore_batch(struct store *store, char (*keys)[KEY_SIZE + 1], int64_t rows, int64_t first, int64_t count)
{
    struct store_row batch[BATCH];
    for (int64_t i = 0; i < count; i++)
        batch[i] = (struct store_row){{keys[(first + i) % rows], KEY_SIZE}, {"12345678", 8}, first + i};
    must(store_restore(store, batch, (size_t)count, first + count, &error));
}

static int64_t rows_in(struct store *store)
{
    struct store_row row;
    int64_t rows = 0;
    struct store_cursor *cursor = store_view_scan(store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    must(cursor != NULL);
    while (store_next(cursor, &row, &error))
        rows++;
    store_cursor_close(cursor);
    return rows;
}

int main(int argc, char **argv)
{
    static const struct store_spec spec = {.name = "rows", .key_type = &weir_str_type, .value_type = &weir_bytes_type};
    int64_t rows = argc > 1 ? measure_number(argv[1]) : ROWS,
            records = rows * (argc > 2 ? measure_number(argv[2]) : TIMES);
    const char *directory = directory_new();
    struct database_limits limits = {.memtable_bytes = 8 << 20,
                                     .committed_bytes_max = 64 << 20,
                                     .restore_bytes_max = 64 << 20,
                                     .apply_interval_ms = 10000};
    if (rows < 1 || rows % STRIDE == 0 || rows > 99999999)
        measure_fail("ROWS must be less than 100,000,000 and no multiple of %d", STRIDE);
    struct database *database = database_open(directory, limits, &error);
    must(database != NULL);
    struct store *store = store_open(database, &spec, &error);
    must(store != NULL);
    char(*keys)[KEY_SIZE + 1] = keys_in_no_order(rows);
    double began = measure_seconds(), began_cpu = measure_cpu_seconds();
    for (int64_t i = 0; i < records; i += BATCH)
        restore_batch(store, keys, rows, i, records - i < BATCH ? records - i : BATCH);
    must(store_restored(store, &error));
    double seconds = measure_seconds() - began, cpu = measure_cpu_seconds() - began_cpu;
    if (rows_in(store) != rows)
        measure_fail("restore: the store holds %" PRId64 " of %" PRId64 " rows", rows_in(store), rows);
    store_close(store);
    must(database_close(database, true, &error));
    directory_remove(directory);
    free(keys);
    printf("{\"records\":%" PRId64 ",\"rows\":%" PRId64 ",\"records_per_s\":%.0f,\"cpu_s_per_million\":%.3f}\n",
           records, rows, (double)records / seconds, cpu * 1e6 / (double)records);
    return 0;
}
