/* expect.c: what a workload must have written, computed without any engine, from the rules of data.h.
 *
 *   expect WORKLOAD RECORDS KEYS
 *
 * Prints what check.c prints of the output topic.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "digest.h"
#include "measure.h"

enum { WINDOW_MS = 10000 };

struct expectation {
    struct digest digest;
    int64_t records, keys;
};

static void put_be64(char *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(number >> (56 - 8 * i));
}

static struct digest_bytes key_of(const struct data_record *record)
{
    return (struct digest_bytes){record->key, record->key_size};
}

/* The record's value with one more field in front of its closing brace. */
static void add_with(struct expectation *e, struct data_record *record, const char *name, int64_t number)
{
    size_t at = record->value_size - 1;
    int more = snprintf(record->value + at, sizeof record->value - at, ",\"%s\":%" PRId64 "}", name, number);
    digest_add(&e->digest, key_of(record), (struct digest_bytes){record->value, at + (size_t)more});
}

static void put_count(struct expectation *e, struct digest_bytes key, uint64_t count)
{
    char value[8];
    put_be64(value, count);
    digest_put(&e->digest, key, (struct digest_bytes){value, sizeof value});
}

static void stateless(struct expectation *e, struct data *data)
{
    struct data_record record;
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        if (record.qty > 0)
            add_with(e, &record, "total", record.qty * record.price);
    }
}

static void join(struct expectation *e, struct data *data)
{
    struct data_record record;
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        add_with(e, &record, "stock", data_stock(record.product));
    }
}

static void count(struct expectation *e, struct data *data)
{
    struct data_record record;
    uint64_t *counts = calloc((size_t)e->keys, sizeof *counts);
    if (!counts)
        measure_fail("no memory for %" PRId64 " keys", e->keys);
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        put_count(e, key_of(&record), ++counts[record.product]);
    }
    free(counts);
}

/* Times never go back, so one window is open at a time. Key: the record's key and the window's start. */
static void tumbling(struct expectation *e, struct data *data)
{
    struct data_record record;
    uint64_t *counts = calloc((size_t)e->keys, sizeof *counts);
    int64_t open = -1;
    if (!counts)
        measure_fail("no memory for %" PRId64 " keys", e->keys);
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        int64_t start = record.timestamp_ms / WINDOW_MS * WINDOW_MS;
        if (start != open)
            memset(counts, 0, (size_t)e->keys * sizeof *counts);
        open = start;
        put_be64(record.key + record.key_size, (uint64_t)start);
        put_count(e, (struct digest_bytes){record.key, record.key_size + 8}, ++counts[record.product]);
    }
    free(counts);
}

static const struct {
    const char *name, *shape;
    void (*compute)(struct expectation *, struct data *);
} workloads[] = {
    {"stateless", "orders", stateless}, {"count", "orders", count},       {"sequence", "sequence", count},
    {"tumbling", "orders", tumbling},   {"stream-table", "orders", join},
};

int main(int argc, char **argv)
{
    if (argc != 4)
        measure_fail("usage: expect WORKLOAD RECORDS KEYS");
    struct expectation e = {.records = measure_number(argv[2]), .keys = measure_number(argv[3])};
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        struct data data;
        if (strcmp(argv[1], workloads[i].name) != 0)
            continue;
        data_open(&data, workloads[i].shape, e.records, e.keys);
        workloads[i].compute(&e, &data);
        data_close(&data);
        digest_print(&e.digest);
        digest_done(&e.digest);
        return 0;
    }
    measure_fail("expect: there is no workload %s", argv[1]);
}
