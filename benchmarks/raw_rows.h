/* raw_rows.h: rows in memory by key, for the loops that do without Weir, and which of them the changelog, if there is one, or
 * RocksDB lacks. Nothing is ever forgotten. */
#ifndef WEIR_BENCHMARKS_RAW_ROWS_H
#define WEIR_BENCHMARKS_RAW_ROWS_H
#include <stdbool.h>

#include "client.h"

enum { RAW_KEY_MAX = 31, RAW_VALUE_MAX = 127 };

struct raw_row {
    int64_t timestamp_ms;
    uint32_t link; /* the caller's: the number of another row, or 0 */
    uint8_t key_size;
    uint8_t size; /* of the value; 0: it has not come */
    bool unsent, unwritten;
    char key[RAW_KEY_MAX], value[RAW_VALUE_MAX];
};

struct raw_slot {
    uint32_t number; /* of a row; 0: an empty place */
    uint32_t hash;   /* of its key, so that a row that is another need not be looked at */
};

struct raw_rows {           /* all 0: empty */
    bool has_changelog;     /* the caller's; without, nothing is unsent */
    struct raw_row *rows;   /* from 1 on */
    struct raw_slot *slots; /* half of them are empty at least */
    uint32_t *unsent;       /* numbers of rows, each at most once */
    size_t used, capacity;  /* of slots */
    size_t unsent_count;
};

/* NULL: there is none. */
const struct raw_row *raw_rows_find(const struct raw_rows *, const char *key, size_t size);
/* The same, and adds the row without a value if there is none: then all rows of the table may move. */
struct raw_row *raw_rows_at(struct raw_rows *, const char *key, size_t size);
/* Replaces the value. */
void raw_rows_set(struct raw_rows *, struct raw_row *, int64_t timestamp_ms, const void *value, size_t size);
/* What came, under its key: its row. */
struct raw_row *raw_rows_keep(struct raw_rows *, const rd_kafka_message_t *);
/* Rows with a changelog that were set since the last call, as they are now. */
void raw_rows_send(struct raw_rows *, rd_kafka_t *, rd_kafka_topic_t *changelog);
void raw_rows_done(struct raw_rows *);
#endif
