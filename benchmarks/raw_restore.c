/* raw_restore.c: how fast can a changelog of counts become a store at all? Reads it whole, keeps the last value of each key
 * in memory, and gives RocksDB one sorted file per two million keys.
 *
 *   raw_restore BROKERS CHANGELOG
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <rocksdb/c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "directory.h"
#include "measure.h"

enum {
    BATCH = 1000,
    WAIT_MS = 100,
    PARTITIONS_MAX = 1024,
    KEY_MAX = 23,
    FIRST_CAPACITY = 1 << 18,
    FILE_ROWS = 2000000
};

struct row {
    char key[KEY_MAX];
    uint8_t size; /* 0: an empty place */
    char value[8];
};

static struct row *rows;
static size_t capacity, used;
static int64_t records;
static bool ended[PARTITIONS_MAX];

static struct row *place(struct row *table, size_t size, const struct row *wanted)
{
    uint64_t h = wanted->size, words[3] = {0};
    memcpy(words, wanted->key, KEY_MAX);
    for (int i = 0; i < 3; i++) {
        h = (h ^ words[i]) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    size_t at = h & (size - 1);
    while (table[at].size && memcmp(&table[at], wanted, KEY_MAX + 1) != 0)
        at = (at + 1) & (size - 1);
    return &table[at];
}

static void grow(void)
{
    size_t wanted = capacity ? capacity * 2 : FIRST_CAPACITY;
    struct row *table = calloc(wanted, sizeof *table);
    if (!table)
        measure_fail("no memory for %zu keys", wanted);
    for (size_t i = 0; i < capacity; i++)
        if (rows[i].size)
            *place(table, wanted, &rows[i]) = rows[i];
    free(rows);
    rows = table;
    capacity = wanted;
}

static void take(const rd_kafka_message_t *message)
{
    struct row row = {.size = (uint8_t)message->key_len};
    if (message->key_len < 1 || message->key_len > KEY_MAX || message->len != sizeof row.value)
        measure_fail("a record of %zu + %zu bytes is no count", message->key_len, message->len);
    memcpy(row.key, message->key, message->key_len);
    memcpy(row.value, message->payload, message->len);
    if (used * 4 >= capacity * 3)
        grow();
    struct row *found = place(rows, capacity, &row);
    used += found->size == 0;
    *found = row;
    records++;
}

static void read_all(rd_kafka_t *consumer, int open)
{
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    while (open > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            bool at_end = batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
            if (at_end && !ended[batch[i]->partition])
                ended[batch[i]->partition] = true, open--;
            else if (batch[i]->err && !at_end)
                measure_fail("reading: %s", rd_kafka_message_errstr(batch[i]));
            else if (!at_end)
                take(batch[i]);
            rd_kafka_message_destroy(batch[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
}

/* Bytes of a key as a number that sorts like them; keys are filled up with zeros. */
static uint64_t word_of(const struct row *row, size_t from)
{
    uint64_t word;
    memcpy(&word, row->key + from, sizeof word);
    return __builtin_bswap64(word);
}

static int by_key(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    for (size_t from = 0; from + sizeof(uint64_t) <= KEY_MAX; from += sizeof(uint64_t)) {
        uint64_t x = word_of(a, from), y = word_of(b, from);
        if (x != y)
            return x < y ? -1 : 1;
    }
    int order = memcmp(a->key + 16, b->key + 16, KEY_MAX - 16);
    return order ? order : a->size - b->size;
}

static size_t sort_rows(void)
{
    size_t count = 0;
    for (size_t i = 0; i < capacity; i++)
        if (rows[i].size)
            rows[count++] = rows[i];
    qsort(rows, count, sizeof *rows, by_key);
    return count;
}

static void must(const char *error)
{
    if (error)
        measure_fail("RocksDB: %s", error);
}

static uint64_t write_file(rocksdb_options_t *options, const char *path, const struct row *from, size_t count)
{
    char *error = NULL;
    uint64_t sum = 0;
    rocksdb_envoptions_t *environment = rocksdb_envoptions_create();
    rocksdb_sstfilewriter_t *writer = rocksdb_sstfilewriter_create(environment, options);
    rocksdb_sstfilewriter_open(writer, path, &error);
    for (size_t i = 0; i < count && !error; i++) {
        uint64_t big;
        memcpy(&big, from[i].value, sizeof big);
        sum += __builtin_bswap64(big);
        rocksdb_sstfilewriter_put(writer, from[i].key, from[i].size, from[i].value, sizeof from[i].value, &error);
    }
    must(error);
    rocksdb_sstfilewriter_finish(writer, &error);
    must(error);
    rocksdb_sstfilewriter_destroy(writer);
    rocksdb_envoptions_destroy(environment);
    return sum;
}

/* The sum of all counts. */
static uint64_t store_all(const char *directory, size_t count)
{
    char *error = NULL, path[512];
    uint64_t sum = 0;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    snprintf(path, sizeof path, "%s/database", directory);
    rocksdb_t *database = rocksdb_open(options, path, &error);
    must(error);
    rocksdb_ingestexternalfileoptions_t *moved = rocksdb_ingestexternalfileoptions_create();
    rocksdb_ingestexternalfileoptions_set_move_files(moved, 1);
    for (size_t from = 0; from < count; from += FILE_ROWS) {
        snprintf(path, sizeof path, "%s/%zu.sst", directory, from);
        sum += write_file(options, path, rows + from, count - from < FILE_ROWS ? count - from : FILE_ROWS);
        const char *files[] = {path};
        rocksdb_ingest_external_file(database, files, 1, moved, &error);
        must(error);
    }
    rocksdb_ingestexternalfileoptions_destroy(moved);
    rocksdb_close(database);
    rocksdb_options_destroy(options);
    return sum;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        measure_fail("usage: raw_restore BROKERS CHANGELOG");
    double began = measure_seconds();
    const char *directory = directory_new();
    rd_kafka_t *consumer = client_consumer(argv[1], "benchmark-restore");
    int partitions = client_partitions(consumer, argv[2]);
    client_assign(consumer, argv[2], RD_KAFKA_OFFSET_BEGINNING);
    read_all(consumer, partitions);
    size_t count = sort_rows();
    uint64_t sum = store_all(directory, count);
    double seconds = measure_seconds() - began;
    printf("{\"records\":%" PRId64 ",\"rows\":%zu,\"sum\":%" PRIu64 ",\"seconds\":%.3f}\n", records, count, sum,
           seconds);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    directory_remove(directory);
    free(rows);
    return 0;
}
