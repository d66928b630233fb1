/* raw_join.c: how fast can two inputs be joined by their keys at all? A table in memory that forgets nothing; what came goes to
 * RocksDB every ten seconds, sorted.
 *
 *   raw_join BROKERS PURCHASES,PAYMENTS OUT CHANGELOG RECORDS GUARANTEE COMMIT WITHIN_MS
 *   raw_join BROKERS ORDERS,PRODUCTS OUT - RECORDS GUARANTEE COMMIT tables
 *
 * A purchase and a payment of one order whose times are no further apart become a record, as workloads.c makes it; every record
 * goes to the changelog. tables: the latest order and the latest stock of a product become a record, whenever one of them
 * changes; their topics are their changelogs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "measure.h"
#include "raw.h"
#include "raw_store.h"

enum { FIRST, SECOND, SIDES, KEY_MAX = 23, VALUE_MAX = 127, TABLE_CAPACITY = 1 << 18 };

struct side {
    int64_t timestamp_ms;
    uint8_t size; /* of the value; 0: it has not come */
    bool unwritten;
    char value[VALUE_MAX];
};

struct row {        /* an order, or a product */
    uint8_t size;   /* of the key; 0: an empty place */
    bool unwritten; /* one of the sides */
    char key[KEY_MAX];
    struct side sides[SIDES];
};

static struct raw raw;
static struct row *rows;
static size_t capacity, used;
static struct row **unwritten; /* each at most once */
static size_t unwritten_count;
static rd_kafka_topic_t *out, *changelog; /* that of tables is NULL */
static bool of_tables;
static int64_t within_ms;
static const char *field; /* of the second side */

static struct row *place(const char *key, size_t size)
{
    size_t at = raw_hash(key, size) & (capacity - 1);
    while (rows[at].size && (rows[at].size != size || memcmp(rows[at].key, key, size) != 0))
        at = (at + 1) & (capacity - 1);
    return &rows[at];
}

/* Keeps what is there. */
static void resize(size_t wanted)
{
    struct row *before = rows;
    size_t size = capacity;
    rows = calloc(wanted, sizeof *rows);
    unwritten = realloc(unwritten, wanted * sizeof(struct row *));
    if (!rows || !unwritten)
        measure_fail("no memory for %zu keys", wanted);
    capacity = wanted;
    unwritten_count = 0;
    for (size_t i = 0; i < size; i++) {
        if (!before[i].size)
            continue;
        struct row *row = place(before[i].key, before[i].size);
        *row = before[i];
        if (row->unwritten)
            unwritten[unwritten_count++] = row;
    }
    free(before);
}

static struct row *row_of(const rd_kafka_message_t *message)
{
    if (message->key_len > KEY_MAX || message->len > VALUE_MAX)
        measure_fail("a record of %zu and %zu bytes is too much", message->key_len, message->len);
    if (used * 2 >= capacity)
        resize(capacity * 2);
    struct row *row = place(message->key, message->key_len);
    used += row->size == 0;
    row->size = (uint8_t)message->key_len;
    memcpy(row->key, message->key, message->key_len);
    return row;
}

static void send_pair(const struct row *row)
{
    const struct side *first = &row->sides[FIRST], *second = &row->sides[SECOND];
    char value[VALUE_MAX + FIELDS_ADDED_MAX];
    int64_t apart_ms = second->timestamp_ms - first->timestamp_ms;
    if (!first->size || !second->size || (!of_tables && (apart_ms > within_ms || -apart_ms > within_ms)))
        return;
    int64_t number = fields_number(second->value, second->size, field);
    size_t size = fields_add(value, first->value, first->size, field, number);
    client_send(raw.producer, out, apart_ms > 0 ? second->timestamp_ms : first->timestamp_ms, row->key, row->size,
                value, size);
}

static void join_one(struct raw *self, const rd_kafka_message_t *message)
{
    struct row *row = row_of(message);
    struct side *side = &row->sides[raw_input(self, message)];
    side->timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    side->size = (uint8_t)message->len;
    memcpy(side->value, message->payload, message->len);
    side->unwritten = true;
    if (!row->unwritten)
        unwritten[unwritten_count++] = row;
    row->unwritten = true;
    if (changelog)
        client_send(raw.producer, changelog, side->timestamp_ms, row->key, row->size, side->value, side->size);
    send_pair(row);
}

static int by_key(const void *left, const void *right)
{
    const struct row *a = *(struct row *const *)left, *b = *(struct row *const *)right;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order ? order : a->size - b->size;
}

static void write_sides(struct row *row)
{
    char key[KEY_MAX + 1];
    memcpy(key, row->key, row->size);
    for (int i = 0; i < SIDES; i++) {
        struct side *side = &row->sides[i];
        key[row->size] = (char)i;
        if (side->unwritten)
            raw_store_put(key, row->size + 1u, side->value, side->size);
        side->unwritten = false;
    }
    row->unwritten = false;
}

static void write_database(void)
{
    qsort(unwritten, unwritten_count, sizeof *unwritten, by_key);
    for (size_t i = 0; i < unwritten_count; i++)
        write_sides(unwritten[i]);
    unwritten_count = 0;
    raw_store_written();
}

static void keep_changes(void *self)
{
    (void)self;
    if (raw_store_is_due())
        write_database();
}

static void open_all(char **argv)
{
    raw_open(&raw, raw_options_of(argv));
    raw.before_commit = keep_changes;
    out = raw_topic(&raw, argv[3]);
    of_tables = strcmp(argv[8], "tables") == 0;
    changelog = of_tables ? NULL : raw_topic(&raw, argv[4]);
    within_ms = of_tables ? 0 : measure_number(argv[8]);
    field = of_tables ? "\"stock\":" : "\"amount\":";
    size_t first = TABLE_CAPACITY;
    while (!of_tables && first < (size_t)raw.options.records)
        first *= 2;
    resize(first);
    raw_store_open();
}

int main(int argc, char **argv)
{
    if (argc != 9)
        measure_fail(
            "usage: raw_join BROKERS PURCHASES,PAYMENTS OUT CHANGELOG RECORDS GUARANTEE COMMIT WITHIN_MS|tables");
    double began = measure_seconds();
    open_all(argv);
    raw_run(&raw, join_one);
    double seconds = measure_seconds() - began;
    write_database();
    raw_print(&raw, seconds);
    if (changelog)
        rd_kafka_topic_destroy(changelog);
    rd_kafka_topic_destroy(out);
    raw_close(&raw);
    raw_store_close();
    free(rows);
    free(unwritten);
    return 0;
}
