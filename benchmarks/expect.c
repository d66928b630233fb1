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

enum { WINDOW_MS = 10000, GAP_MS = 2000, JOIN_MS = 60000 };

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
static struct digest_bytes value_with(struct data_record *record, const char *name, int64_t number)
{
    size_t at = record->value_size - 1;
    int more = snprintf(record->value + at, sizeof record->value - at, ",\"%s\":%" PRId64 "}", name, number);
    return (struct digest_bytes){record->value, at + (size_t)more};
}

static void add_with(struct expectation *e, struct data_record *record, const char *name, int64_t number)
{
    digest_add(&e->digest, key_of(record), value_with(record, name, number));
}

static void put_with(struct expectation *e, struct data_record *record, const char *name, int64_t number)
{
    digest_put(&e->digest, key_of(record), value_with(record, name, number));
}

static int64_t *numbers_new(int64_t count)
{
    int64_t *numbers = calloc((size_t)count, sizeof *numbers);
    if (!numbers)
        measure_fail("no memory for %" PRId64 " numbers", count);
    return numbers;
}

static void put_count(struct expectation *e, struct digest_bytes key, int64_t count)
{
    char value[8];
    put_be64(value, (uint64_t)count);
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

static void purchases_with_stock(struct expectation *e, struct data *data)
{
    struct data_record record;
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        put_with(e, &record, "stock", data_stock(record.product));
    }
}

static void paid_in_time(struct expectation *e, struct data *data)
{
    struct data_record record;
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        if (data_paid_ms(i) - data_purchased_ms(i) <= JOIN_MS)
            add_with(e, &record, "amount", data_amount(i));
    }
}

/* The last order of each product with its last restock. */
static void latest_of_both(struct expectation *e, struct data *orders)
{
    struct data restocks;
    struct data_record record;
    int64_t *stock = numbers_new(e->keys);
    data_open(&restocks, "restocks", e->records, e->keys);
    for (int64_t k = 0; k < e->keys; k++)
        stock[k] = -1;
    for (int64_t i = 0; i < e->records; i++) {
        data_at(&restocks, i, &record);
        stock[record.product] = record.stock;
    }
    for (int64_t i = 0; i < e->records; i++) {
        data_at(orders, i, &record);
        if (stock[record.product] >= 0)
            put_with(e, &record, "stock", stock[record.product]);
    }
    free(stock);
}

static void count(struct expectation *e, struct data *data)
{
    struct data_record record;
    int64_t *counts = numbers_new(e->keys);
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        put_count(e, key_of(&record), ++counts[record.product]);
    }
    free(counts);
}

/* Windows of 10 s that begin every advance_ms; times never go back, so size / advance of them are open at a time, each
 * with counts of its own. Key: the record's key and the window's start. */
static void windows(struct expectation *e, struct data *data, int64_t advance_ms)
{
    struct data_record record;
    int64_t open = WINDOW_MS / advance_ms, began[WINDOW_MS] = {0};
    int64_t *counts = numbers_new(e->keys * open);
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        int64_t newest = record.timestamp_ms / advance_ms;
        for (int64_t w = newest - open + 1; w <= newest; w++) {
            int64_t slot = w % open, *of_window = counts + slot * e->keys;
            if (began[slot] != w)
                memset(of_window, 0, (size_t)e->keys * sizeof *of_window);
            began[slot] = w;
            put_be64(record.key + record.key_size, (uint64_t)(w * advance_ms));
            put_count(e, (struct digest_bytes){record.key, record.key_size + 8}, ++of_window[record.product]);
        }
    }
    free(counts);
}

static void tumbling(struct expectation *e, struct data *data)
{
    windows(e, data, WINDOW_MS);
}
static void hopping(struct expectation *e, struct data *data)
{
    windows(e, data, WINDOW_MS / 2);
}

struct session {
    int64_t start_ms, end_ms, count; /* count 0: none yet */
};

static size_t session_key(struct data_record *record, const struct session *session)
{
    put_be64(record->key + record->key_size, (uint64_t)session->end_ms);
    put_be64(record->key + record->key_size + 8, (uint64_t)session->start_ms);
    return record->key_size + 16;
}

/* A session that goes on ends later, so it has another key: the old one is deleted. */
static void sessions(struct expectation *e, struct data *data)
{
    struct data_record record;
    struct session *open = calloc((size_t)e->keys, sizeof *open);
    if (!open)
        measure_fail("no memory for %" PRId64 " keys", e->keys);
    for (int64_t i = 0; i < e->records; i++) {
        data_at(data, i, &record);
        struct session *session = &open[record.product];
        if (session->count && record.timestamp_ms - session->end_ms <= GAP_MS) {
            size_t size = session_key(&record, session);
            digest_put(&e->digest, (struct digest_bytes){record.key, size}, (struct digest_bytes){0});
        } else {
            *session = (struct session){.start_ms = record.timestamp_ms};
        }
        session->end_ms = record.timestamp_ms;
        session->count++;
        size_t size = session_key(&record, session);
        put_count(e, (struct digest_bytes){record.key, size}, session->count);
    }
    free(open);
}

static const struct {
    const char *name, *shape;
    void (*compute)(struct expectation *, struct data *);
} workloads[] = {
    {"stateless", "orders", stateless},
    {"count", "orders", count},
    {"sequence", "sequence", count},
    {"tumbling", "orders", tumbling},
    {"hopping", "orders", hopping},
    {"session", "orders", sessions},
    {"stream-table", "orders", join},
    {"table-table", "orders", latest_of_both},
    {"stream-stream", "purchases", paid_in_time},
    {"foreign-key", "purchases", purchases_with_stock},
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
