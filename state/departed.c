/* departed.c: see departed.h.
 *
 * A group is five bits of one word, so that a look costs one access to memory. The rows of all groups of a word lie together:
 * a CRC-32C of what follows, then for each row the sizes of key and value (4 bytes each, of this machine; of a deletion the
 * greatest there is), its time (8 bytes), its key and its value.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/departed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

enum {
    GROUPS_PER_WORD = 4,
    BITS = 5,
    BIT_NUMBER_BITS = 6,
    BIT_NUMBERS = 1 << BIT_NUMBER_BITS,
    READ_BYTES_MAX = 8192, /* of a key with more rows RocksDB reads those of the range alone */
};

struct departure {
    int64_t until_ms;
    uint64_t *words;
    size_t count;
    uint32_t *ends; /* of the rows of each word, behind `at`; NULL: they are not written down */
    int64_t at;
    size_t allowance; /* of bytes for all that is known, when it was added */
};

struct row_header {
    uint32_t key_size, value_size;
    int64_t timestamp_ms;
};

typedef uint32_t checksum; /* CRC-32C, in front of the rows of a word */

void departed_init(struct departed *departed, int64_t unknown_until_ms, const char *directory)
{
    *departed = (struct departed){.unknown_until_ms = unknown_until_ms, .rows = {.descriptor = -1}};
    if (directory)
        scratch_open(&departed->rows, directory);
}

static void free_departure(struct departure *departure)
{
    free(departure->words);
    free(departure->ends);
}

void departed_done(struct departed *departed)
{
    for (size_t i = 0; i < departed->count; i++)
        free_departure(&departed->items[i]);
    free(departed->items);
    scratch_close(&departed->rows);
}

void departed_rows_done(struct departed_rows *rows)
{
    free(rows->items);
    buffer_done(&rows->bytes);
}

static size_t bytes_of(const struct departure *departure)
{
    size_t ends = departure->ends ? departure->count * sizeof *departure->ends : 0;
    return departure->count * sizeof *departure->words + ends;
}

/* By the upper half of a hash; the bits go by the lower one. */
static size_t index_of(const struct departure *departure, uint64_t hash)
{
    return (hash >> 32) * departure->count >> 32;
}

static uint64_t *word_of(const struct departure *departure, uint64_t hash)
{
    return &departure->words[index_of(departure, hash)];
}

static uint64_t bits_of(uint64_t hash)
{
    uint64_t bits = 0;
    for (int i = 0; i < BITS; i++, hash >>= BIT_NUMBER_BITS)
        bits |= UINT64_C(1) << (hash % BIT_NUMBERS);
    return bits;
}

static void add_group(void *self, uint64_t hash)
{
    *word_of(self, hash) |= bits_of(hash);
}

/* ---- what is written down ---- */

static size_t size_of(const struct table_row *row)
{
    return sizeof(struct row_header) + row->key_size + (row->last.value ? row->last.size : 0);
}

/* Where each word's rows begin, in `ends`, which filling them moves to where they end. False: too many bytes. */
static bool lay_out(const struct departure *departure, const struct table *table, size_t *total)
{
    uint32_t *begins = departure->ends;
    *total = 0;
    for (size_t i = 0; i < table->count; i++) {
        uint32_t *bytes = &begins[index_of(departure, table_hash(table, table_key(table->rows[i])))];
        size_t size = (*bytes == 0 ? sizeof(checksum) : 0) + size_of(table->rows[i]);
        *total += size;
        if (*total > UINT32_MAX)
            return false;
        *bytes += (uint32_t)size;
    }
    for (size_t i = 0, begin = 0; i < departure->count; i++) {
        size_t size = begins[i];
        begins[i] = (uint32_t)begin;
        begin += size;
    }
    return true;
}

static char *copy_row(const struct table_row *row, char *at)
{
    const struct table_version *last = &row->last;
    const struct row_header header = {row->key_size, last->value ? last->size : UINT32_MAX, last->timestamp_ms};
    memcpy(at, &header, sizeof header);
    memcpy(at + sizeof header, row->key, row->key_size);
    if (last->value)
        memcpy(at + sizeof header + row->key_size, last->value, last->size);
    return at + size_of(row);
}

/* In front of the first row of each word is room for its sum. */
static void fill(const struct departure *departure, const struct table *table, char *bytes)
{
    uint32_t *ends = departure->ends;
    unsigned char *has_rows = memory_new(departure->count);
    for (size_t i = 0; i < table->count; i++) {
        size_t word = index_of(departure, table_hash(table, table_key(table->rows[i])));
        if (!has_rows[word])
            ends[word] += (uint32_t)sizeof(checksum);
        has_rows[word] = 1;
        ends[word] = (uint32_t)(copy_row(table->rows[i], bytes + ends[word]) - bytes);
    }
    free(has_rows);
}

static uint32_t begin_of(const struct departure *departure, size_t word)
{
    return word > 0 ? departure->ends[word - 1] : 0;
}

static checksum sum_of(const char *bytes, size_t size)
{
    return hash_crc32c(0, bytes + sizeof(checksum), size - sizeof(checksum));
}

static void add_sums(const struct departure *departure, char *bytes)
{
    for (size_t i = 0; i < departure->count; i++) {
        uint32_t begin = begin_of(departure, i), size = departure->ends[i] - begin;
        if (size == 0)
            continue;
        checksum sum = sum_of(bytes + begin, size);
        memcpy(bytes + begin, &sum, sizeof sum);
    }
}

static bool write_down(struct departed *departed, struct departure *departure, const struct table *table)
{
    size_t total;
    if (!lay_out(departure, table, &total))
        return false;
    char *bytes = memory_new(total);
    fill(departure, table, bytes);
    add_sums(departure, bytes);
    bool is_written = scratch_append(&departed->rows, bytes, total, &departure->at);
    free(bytes);
    return is_written;
}

static void add_rows(struct departed *departed, struct departure *departure, const struct table *table)
{
    if (!scratch_is_open(&departed->rows))
        return;
    departure->ends = memory_new(departure->count * sizeof *departure->ends);
    if (write_down(departed, departure, table))
        return;
    free(departure->ends);
    departure->ends = NULL;
}

static void forget_rows(struct departed *departed)
{
    for (size_t i = 0; i < departed->count; i++) {
        struct departure *departure = &departed->items[i];
        departed->bytes -= bytes_of(departure);
        free(departure->ends);
        departure->ends = NULL;
        departed->bytes += bytes_of(departure);
    }
    scratch_close(&departed->rows);
}

/* A file that only grows is worth nothing. */
static void release_rows(struct departed *departed, const struct departure *departure)
{
    if (departure->ends && !scratch_release(&departed->rows, departure->at, departure->ends[departure->count - 1]))
        forget_rows(departed);
}

/* ---- what is known ---- */

static void forget_oldest(struct departed *departed)
{
    struct departure *oldest = &departed->items[0];
    release_rows(departed, oldest);
    departed->bytes -= bytes_of(oldest);
    free_departure(oldest);
    departed->count--;
    memmove(oldest, oldest + 1, departed->count * sizeof *oldest);
}

void departed_forget(struct departed *departed, int64_t until_ms)
{
    while (departed->count > 0 && departed->items[0].until_ms <= until_ms)
        forget_oldest(departed);
}

/* That of the most rows that left: a few that do so early push out nothing. */
static size_t allowance(const struct departed *departed)
{
    size_t most = 0;
    for (size_t i = 0; i < departed->count; i++)
        if (departed->items[i].allowance > most)
            most = departed->items[i].allowance;
    return most;
}

void departed_add(struct departed *departed, const struct table *table, int64_t until_ms, size_t bytes_max)
{
    if (table->used == 0)
        return;
    struct departure departure = {
        .until_ms = until_ms, .count = table->used / GROUPS_PER_WORD + 1, .allowance = bytes_max};
    departure.words = memory_new(bytes_of(&departure));
    table_each_group(table, add_group, &departure);
    add_rows(departed, &departure, table);
    departed->items = memory_grow(departed->items, &departed->capacity, departed->count + 1, sizeof(struct departure));
    departed->items[departed->count++] = departure;
    departed->bytes += bytes_of(&departure);
    while (departed->bytes > allowance(departed)) {
        departed_add_unknown(departed, departed->items[0].until_ms);
        forget_oldest(departed);
    }
}

void departed_add_unknown(struct departed *departed, int64_t until_ms)
{
    if (until_ms > departed->unknown_until_ms)
        departed->unknown_until_ms = until_ms;
}

bool departed_may_have(const struct departed *departed, uint64_t group_hash, int64_t from_ms)
{
    if (from_ms <= departed->unknown_until_ms)
        return true;
    uint64_t bits = bits_of(group_hash);
    for (size_t i = departed->count; i-- > 0 && departed->items[i].until_ms >= from_ms;)
        if ((*word_of(&departed->items[i], group_hash) & bits) == bits)
            return true;
    return false;
}

/* ---- rows of a group ---- */

/* Newer rows of a key came first. */
static void insert_row(struct departed_rows *rows, const struct store_row *row)
{
    size_t at = rows->count;
    int order = 1;
    while (at > 0 && (order = bytes_compare(row->key, rows->items[at - 1].key)) < 0)
        at--;
    if (at > 0 && order == 0)
        return;
    rows->items = memory_grow(rows->items, &rows->capacity, rows->count + 1, sizeof *rows->items);
    memmove(&rows->items[at + 1], &rows->items[at], (rows->count - at) * sizeof *rows->items);
    rows->items[at] = *row;
    rows->count++;
}

static const char *read_row(const char *at, struct store_row *row)
{
    struct row_header header;
    memcpy(&header, at, sizeof header);
    bool is_deleted = header.value_size == UINT32_MAX;
    row->key = (weir_bytes){at + sizeof header, header.key_size};
    at += sizeof header + header.key_size;
    row->value = (weir_bytes){is_deleted ? NULL : at, is_deleted ? 0 : header.value_size};
    row->timestamp_ms = header.timestamp_ms;
    return at + row->value.size;
}

static bool take_rows(const struct departed *departed, const struct departure *departure, uint64_t hash,
                      weir_bytes from, weir_bytes to, struct departed_rows *rows)
{
    if (!departure->ends)
        return false;
    size_t word = index_of(departure, hash);
    uint32_t begin = begin_of(departure, word), size = departure->ends[word] - begin;
    assert(size > sizeof(checksum)); /* a word with bits has rows */
    if (rows->bytes.size + size > READ_BYTES_MAX)
        return false;
    char *bytes = rows->bytes.data + rows->bytes.size;
    checksum sum;
    if (!scratch_read(&departed->rows, departure->at + begin, bytes, size))
        return false;
    memcpy(&sum, bytes, sizeof sum);
    if (sum != sum_of(bytes, size))
        return false;
    rows->bytes.size += size;
    for (const char *at = bytes + sizeof sum; at < bytes + size;) {
        struct store_row row;
        at = read_row(at, &row);
        if (bytes_compare(row.key, from) >= 0 && bytes_compare(row.key, to) < 0)
            insert_row(rows, &row);
    }
    return true;
}

enum departed_answer departed_find(const struct departed *departed, uint64_t group_hash, int64_t from_ms,
                                   weir_bytes from, weir_bytes to, struct departed_rows *rows)
{
    rows->count = 0;
    if (from_ms <= departed->unknown_until_ms)
        return DEPARTED_UNKNOWN;
    uint64_t bits = bits_of(group_hash);
    buffer_clear(&rows->bytes);
    buffer_reserve(&rows->bytes, READ_BYTES_MAX); /* rows point into it */
    for (size_t i = departed->count; i-- > 0 && departed->items[i].until_ms >= from_ms;) {
        const struct departure *departure = &departed->items[i];
        if ((*word_of(departure, group_hash) & bits) == bits &&
            !take_rows(departed, departure, group_hash, from, to, rows))
            return DEPARTED_UNKNOWN;
    }
    return rows->count > 0 ? DEPARTED_FOUND : DEPARTED_NONE;
}
