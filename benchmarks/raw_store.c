/* raw_store.c: see raw_store.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "raw_store.h"

#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "measure.h"

enum { WRITE_EVERY_S = 10, BATCH = 1000 };

static const char *directory;
static rocksdb_t *database;
static rocksdb_writeoptions_t *how;
static rocksdb_writebatch_t *batch;
static double write_at_s;

void raw_store_open(void)
{
    char *error = NULL;
    directory = directory_new();
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    database = rocksdb_open(options, directory, &error);
    if (error)
        measure_fail("RocksDB: %s", error);
    rocksdb_options_destroy(options);
    how = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(how, 1);
    batch = rocksdb_writebatch_create();
    write_at_s = measure_seconds() + WRITE_EVERY_S;
}

bool raw_store_is_due(void)
{
    return measure_seconds() >= write_at_s;
}

static void write_batch(void)
{
    char *error = NULL;
    rocksdb_write(database, how, batch, &error);
    if (error)
        measure_fail("RocksDB: %s", error);
    rocksdb_writebatch_clear(batch);
}

void raw_store_put(const char *key, size_t key_size, const char *value, size_t value_size)
{
    rocksdb_writebatch_put(batch, key, key_size, value, value_size);
    if (rocksdb_writebatch_count(batch) == BATCH)
        write_batch();
}

static int by_key(const void *left, const void *right)
{
    const struct raw_row *a = *(struct raw_row *const *)left, *b = *(struct raw_row *const *)right;
    int order = memcmp(a->key, b->key, a->key_size < b->key_size ? a->key_size : b->key_size);
    return order ? order : a->key_size - b->key_size;
}

static void put_row(struct raw_row *row, char table)
{
    char key[RAW_KEY_MAX + 1] = {table};
    memcpy(key + 1, row->key, row->key_size);
    raw_store_put(key, row->key_size + 1u, row->value, row->size);
    row->unwritten = false;
}

void raw_store_put_rows(struct raw_rows *rows, char table)
{
    struct raw_row **changed = malloc((rows->used + 1) * sizeof *changed);
    size_t count = 0;
    if (!changed)
        measure_fail("no memory for %zu rows", rows->used);
    for (size_t number = 1; number <= rows->used; number++)
        if (rows->rows[number].unwritten)
            changed[count++] = &rows->rows[number];
    qsort(changed, count, sizeof *changed, by_key);
    for (size_t i = 0; i < count; i++)
        put_row(changed[i], table);
    free(changed);
}

void raw_store_written(void)
{
    write_batch();
    write_at_s = measure_seconds() + WRITE_EVERY_S;
}

void raw_store_close(void)
{
    rocksdb_writebatch_destroy(batch);
    rocksdb_writeoptions_destroy(how);
    rocksdb_close(database);
    directory_remove(directory);
}
