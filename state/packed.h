/* packed.h: rows of a changelog that share one record, where nothing is compacted by key (DECISIONS.md 72).
 *
 * A record costs client and broker more than a row does, so those of a commit go together. The record has no key; its value
 * is the byte 1, then for each row: size of its key (4 bytes, big-endian), key, size of its value (4 bytes; 0xffffffff: a
 * deletion), value. Rows are in the changelog's form (changelog.h); their times stand in their keys. */
#ifndef WEIR_STATE_PACKED_H
#define WEIR_STATE_PACKED_H
#include "base/buffer.h"
#include "state/store.h"

enum {
    PACKED_ROWS_MAX = 256,        /* of one record: sequence numbers of joins count on it (join_store.c) */
    PACKED_BYTES_MAX = 16 * 1024, /* more only where one row has more */
};

struct packed {
    struct buffer bytes;
    size_t count;
    int64_t newest_ms; /* of rows there are */
};

/* Whether the row fits; one row always does. */
bool packed_has_room(const struct packed *, const struct store_row *logged);
void packed_add(struct packed *, const struct store_row *logged);
void packed_clear(struct packed *);
void packed_done(struct packed *);

/* The record of these rows, with the newest of their times, by which the broker keeps it; of one row it is what it would be by
 * itself. At least one was added; it points into the pack. */
struct store_row packed_record(const struct packed *);

/* Whether the record holds packed rows, all of them whole; *rows is for packed_next. */
bool packed_read(const struct store_row *record, weir_bytes *rows);
/* The next row, which points into the record; false: there is none. */
bool packed_next(weir_bytes *rows, struct store_row *row);
#endif
