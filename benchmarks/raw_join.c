/* raw_join.c: how fast can purchases be joined with their payments at all? A table in memory that forgets nothing; every
 * record goes to a changelog, and what came in ten seconds to RocksDB, sorted.
 *
 *   raw_join BROKERS PURCHASES,PAYMENTS OUT CHANGELOG RECORDS GUARANTEE COMMIT WITHIN_MS
 *
 * A purchase and a payment of one order whose times are no further apart become a record, as workloads.c makes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "measure.h"
#include "raw.h"
#include "raw_store.h"

enum { PURCHASE, PAYMENT, SIDES, KEY_MAX = 23, VALUE_MAX = 127 };

struct side {
    int64_t timestamp_ms;
    uint8_t size; /* of the value; 0: it has not come */
    bool unwritten;
    char value[VALUE_MAX];
};

struct row {      /* an order */
    uint8_t size; /* of the key; 0: an empty place */
    char key[KEY_MAX];
    struct side sides[SIDES];
};

static struct raw raw;
static struct row *rows;
static size_t capacity;
static struct row **unwritten; /* each at most once per side */
static size_t unwritten_count;
static rd_kafka_topic_t *out, *changelog;
static int64_t within_ms;

static struct row *place(const char *key, size_t size)
{
    size_t at = raw_hash(key, size) & (capacity - 1);
    while (rows[at].size && (rows[at].size != size || memcmp(rows[at].key, key, size) != 0))
        at = (at + 1) & (capacity - 1);
    return &rows[at];
}

static void send_pair(const struct row *row)
{
    const struct side *purchase = &row->sides[PURCHASE], *payment = &row->sides[PAYMENT];
    char value[VALUE_MAX + FIELDS_ADDED_MAX];
    int64_t apart_ms = payment->timestamp_ms - purchase->timestamp_ms;
    if (!purchase->size || !payment->size || apart_ms > within_ms || -apart_ms > within_ms)
        return;
    int64_t amount = fields_number(payment->value, payment->size, "\"amount\":");
    size_t size = fields_add(value, purchase->value, purchase->size, "\"amount\":", amount);
    client_send(raw.producer, out, apart_ms > 0 ? payment->timestamp_ms : purchase->timestamp_ms, row->key, row->size,
                value, size);
}

static void join_one(struct raw *self, const rd_kafka_message_t *message)
{
    if (message->key_len > KEY_MAX || message->len > VALUE_MAX)
        measure_fail("a record of %zu and %zu bytes is too much", message->key_len, message->len);
    struct row *row = place(message->key, message->key_len);
    struct side *side = &row->sides[raw_input(self, message)];
    memcpy(row->key, message->key, message->key_len);
    row->size = (uint8_t)message->key_len;
    side->timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    side->size = (uint8_t)message->len;
    side->unwritten = true;
    memcpy(side->value, message->payload, message->len);
    unwritten[unwritten_count++] = row;
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
}

static void write_database(void)
{
    qsort(unwritten, unwritten_count, sizeof *unwritten, by_key);
    for (size_t i = 0; i < unwritten_count; i++)
        write_sides(unwritten[i]);
    unwritten_count = 0;
    raw_store_written();
}

static void write_if_due(void *self)
{
    (void)self;
    if (raw_store_is_due())
        write_database();
}

static void open_all(char **argv)
{
    int64_t records = measure_number(argv[5]);
    raw_open(&raw, (struct raw_options){
                       .brokers = argv[1], .in = argv[2], .records = records, .guarantee = argv[6], .commit = argv[7]});
    raw.before_commit = write_if_due;
    out = raw_topic(&raw, argv[3]);
    changelog = raw_topic(&raw, argv[4]);
    within_ms = measure_number(argv[8]);
    for (capacity = 1024; capacity < (size_t)records;)
        capacity *= 2;
    rows = calloc(capacity, sizeof *rows);
    unwritten = calloc((size_t)records, sizeof(struct row *));
    if (!rows || !unwritten)
        measure_fail("no memory for %" PRId64 " records", records);
    raw_store_open();
}

int main(int argc, char **argv)
{
    if (argc != 9)
        measure_fail("usage: raw_join BROKERS PURCHASES,PAYMENTS OUT CHANGELOG RECORDS GUARANTEE COMMIT WITHIN_MS");
    double began = measure_seconds();
    open_all(argv);
    raw_run(&raw, join_one);
    double seconds = measure_seconds() - began;
    write_database();
    raw_print(&raw, seconds);
    rd_kafka_topic_destroy(changelog);
    rd_kafka_topic_destroy(out);
    raw_close(&raw);
    raw_store_close();
    free(rows);
    free(unwritten);
    return 0;
}
