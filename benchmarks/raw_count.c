/* raw_count.c: how fast can a count be at all? A table in memory; the rows a commit changed go to the changelog, all that
 * changed in ten seconds goes to RocksDB, sorted.
 *
 *   raw_count BROKERS IN OUT|- CHANGELOG RECORDS GUARANTEE COMMIT WINDOW_MS
 *
 * OUT gets every change. WINDOW_MS 0: no windows; else a key is the record's key and the start of its window, and a
 * window that is over is forgotten.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "raw.h"
#include "raw_store.h"

enum { KEY_MAX = 38, PARTITIONS_MAX = 256, FIRST_CAPACITY = 1 << 18 };

struct row {
    uint64_t count;
    int64_t timestamp_ms, window_ms;
    uint8_t partition;
    uint8_t size; /* of the key; 0: an empty place */
    bool dirty, unwritten;
    char key[KEY_MAX];
};

static struct raw raw;
static struct row *rows;
static size_t capacity, used;
static uint32_t *dirty; /* places of rows, of this commit */
static size_t dirty_count;
static rd_kafka_topic_t *out, *changelog;
static int64_t window_ms, open_ms[PARTITIONS_MAX]; /* the latest window of each partition */

static struct row *place(struct row *table, size_t size, const char *key, size_t key_size)
{
    size_t at = raw_hash(key, key_size) & (size - 1);
    while (table[at].size && (table[at].size != key_size || memcmp(table[at].key, key, key_size) != 0))
        at = (at + 1) & (size - 1);
    return &table[at];
}

/* A window that nobody may ask for any more. */
static bool is_over(const struct row *row)
{
    return window_ms && row->window_ms < open_ms[row->partition];
}

static void resize(size_t wanted)
{
    struct row *before = rows;
    size_t size = capacity;
    rows = calloc(wanted, sizeof *rows);
    dirty = realloc(dirty, wanted * sizeof *dirty);
    if (!rows || !dirty)
        measure_fail("no memory for %zu keys", wanted);
    capacity = wanted;
    used = dirty_count = 0;
    for (size_t i = 0; i < size; i++) {
        if (!before[i].size || (!before[i].dirty && is_over(&before[i])))
            continue;
        struct row *row = place(rows, capacity, before[i].key, before[i].size);
        *row = before[i];
        used++;
        if (row->dirty)
            dirty[dirty_count++] = (uint32_t)(row - rows);
    }
    free(before);
}

/* Forgets what is over; twice the size if that is not enough. */
static void make_room(void)
{
    if (window_ms)
        resize(capacity);
    if (used * 2 >= capacity)
        resize(capacity * 2);
}

static void put_be64(char *bytes, uint64_t number)
{
    number = __builtin_bswap64(number);
    memcpy(bytes, &number, sizeof number);
}

static void send_row(rd_kafka_topic_t *topic, const struct row *row)
{
    char value[8];
    put_be64(value, row->count);
    client_send(raw.producer, topic, row->timestamp_ms, row->key, row->size, value, sizeof value);
}

static size_t key_of(const rd_kafka_message_t *message, int64_t start_ms, char *key)
{
    if (message->key_len + 8 > KEY_MAX || message->partition >= PARTITIONS_MAX)
        measure_fail("a key of %zu bytes in partition %d is too much", message->key_len, (int)message->partition);
    memcpy(key, message->key, message->key_len);
    if (window_ms == 0)
        return message->key_len;
    put_be64(key + message->key_len, (uint64_t)start_ms);
    return message->key_len + 8;
}

static void count_one(struct raw *self, const rd_kafka_message_t *message)
{
    char key[KEY_MAX];
    int64_t now_ms = rd_kafka_message_timestamp(message, NULL),
            start_ms = window_ms ? now_ms / window_ms * window_ms : 0;
    size_t size = key_of(message, start_ms, key);
    (void)self;
    int64_t *latest_ms = &open_ms[message->partition];
    *latest_ms = start_ms > *latest_ms ? start_ms : *latest_ms;
    if (used * 4 >= capacity * 3)
        make_room();
    struct row *row = place(rows, capacity, key, size);
    if (!row->size) {
        memcpy(row->key, key, size);
        row->size = (uint8_t)size;
        row->partition = (uint8_t)message->partition;
        row->window_ms = start_ms;
        used++;
    }
    row->count++;
    row->timestamp_ms = now_ms > row->timestamp_ms ? now_ms : row->timestamp_ms;
    if (!row->dirty)
        dirty[dirty_count++] = (uint32_t)(row - rows);
    row->dirty = row->unwritten = true;
    if (out)
        send_row(out, row);
}

static int by_key(const void *left, const void *right)
{
    const struct row *a = *(struct row *const *)left, *b = *(struct row *const *)right;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order ? order : a->size - b->size;
}

static void write_row(struct row *row)
{
    char value[16];
    put_be64(value, (uint64_t)row->timestamp_ms);
    put_be64(value + 8, row->count);
    raw_store_put(row->key, row->size, value, sizeof value);
    row->unwritten = false;
}

static void write_database(void)
{
    struct row **changed = malloc((used + 1) * sizeof *changed);
    size_t count = 0;
    if (!changed)
        measure_fail("no memory for %zu rows", used);
    for (size_t i = 0; i < capacity; i++)
        if (rows[i].size && rows[i].unwritten && !is_over(&rows[i]))
            changed[count++] = &rows[i];
    qsort(changed, count, sizeof *changed, by_key);
    for (size_t i = 0; i < count; i++)
        write_row(changed[i]);
    raw_store_written();
    free(changed);
    if (window_ms)
        resize(capacity);
}

static void send_changelog(void *self)
{
    (void)self;
    for (size_t i = 0; i < dirty_count; i++) {
        rows[dirty[i]].dirty = false;
        send_row(changelog, &rows[dirty[i]]);
    }
    dirty_count = 0;
    if (raw_store_is_due())
        write_database();
}

static void open_all(char **argv)
{
    raw_open(&raw, raw_options_of(argv));
    raw.before_commit = send_changelog;
    out = raw_topic(&raw, argv[3]);
    changelog = raw_topic(&raw, argv[4]);
    window_ms = measure_number(argv[8]);
    raw_store_open();
    resize(FIRST_CAPACITY);
}

int main(int argc, char **argv)
{
    if (argc != 9)
        measure_fail("usage: raw_count BROKERS IN OUT|- CHANGELOG RECORDS GUARANTEE COMMIT WINDOW_MS");
    double began = measure_seconds();
    open_all(argv);
    raw_run(&raw, count_one);
    double seconds = measure_seconds() - began;
    write_database();
    raw_print(&raw, seconds);
    rd_kafka_topic_destroy(changelog);
    if (out)
        rd_kafka_topic_destroy(out);
    raw_close(&raw);
    raw_store_close();
    free(rows);
    free(dirty);
    return 0;
}
