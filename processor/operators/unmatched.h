/* unmatched.h: records of an outer stream-stream join that have met nobody yet, in order of time.
 *
 * Rows are those of Kafka Streams' shared outer join store: key = 8-byte time, 1 for the left side or 0 for the right, the
 * record's key; value = the values of equal keys and times as Kafka's ListSerde writes them (0x01, 4-byte count, then
 * 4-byte length and bytes of each), each of them the side's byte and the value (TimestampedKeyAndJoinSideSerializer,
 * LeftOrRightValueSerializer, ListSerializer). All numbers are big-endian. */
#ifndef WEIR_OPERATORS_UNMATCHED_H
#define WEIR_OPERATORS_UNMATCHED_H
#include "operators/context.h"

void unmatched_add(struct weir_store *, const struct weir_record *, bool is_left);
/* A record of the other side has met those of that key and time: they are no longer waited for. */
void unmatched_forget(struct weir_store *, const struct weir_record *, bool is_left, int64_t now_ms);

struct unmatched_row { /* in the record arena */
    weir_bytes stored_key, key, values;
    int64_t timestamp_ms;
    bool is_left;
};

/* A walk in order of time over rows whose window is over. */
struct unmatched_walk {
    int64_t stream_time_ms;
    int64_t left_lasts_ms, right_lasts_ms; /* how long the window of a side's row takes records, grace included */
    bool is_left_only;                     /* there are no rows of the right side */
    bool left_open, right_open;            /* a row of that side was met whose window is still open */
    int64_t reached_ms;                    /* time of the row the walk has come to; unchanged where there is none */
    bool is_done;
    weir_bytes next;
};

enum { UNMATCHED_ROWS_MAX = 256 };
/* The next rows that are over, at most UNMATCHED_ROWS_MAX; 0 at the end or when something latched. */
size_t unmatched_next(struct weir_store *, struct unmatched_walk *, struct unmatched_row rows[UNMATCHED_ROWS_MAX]);
/* The time at which the first row of all is over, by the walk's lengths; INT64_MAX: there is none, or something latched. */
int64_t unmatched_due(struct weir_store *, const struct unmatched_walk *);
void unmatched_delete(struct weir_store *, const struct unmatched_row *, int64_t now_ms);

/* The i-th value of a row, without the byte of its side; false: there is none. *at is 0 for the first call. */
bool unmatched_value(const struct unmatched_row *, size_t *at, weir_bytes *value);
#endif
