/* partition.h: the records of one partition: closed segments, one that is appended to, and what is not yet written.
 *
 *   producer --append--> pending --begin--> active segment --finish--> durable: consumers may read it
 *
 * and what lies behind the first record of an open transaction when that has ended: up to `stable`.
 * Invariants: offsets below `durable` are synced to disk and never change; next - durable records are in flight; only
 * the flusher's thread writes to the active segment, only the cleaner's replaces closed ones. */
#ifndef WEIR_EMBEDDED_PARTITION_H
#define WEIR_EMBEDDED_PARTITION_H
#include "embedded/flusher.h"
#include "embedded/segment.h"

struct embedded;
struct embedded_topic;

struct embedded_open { /* a transaction that has records here and has not ended */
    int64_t transaction, first;
};

struct embedded_partition {
    struct embedded_flush flush; /* first: the flusher's view */
    struct embedded *broker;
    const struct embedded_topic *topic;
    int32_t number;
    char *directory; /* NULL: in memory */

    pthread_mutex_t lock;
    struct embedded_segment **segments; /* by base; the last is the active one */
    size_t segment_count, segment_capacity;
    struct embedded_segment *active; /* the last one, for the flusher's thread without the lock */
    int64_t next;                    /* offset of the next record appended */
    _Atomic int64_t durable;         /* offset behind the last durable record */
    _Atomic int64_t stable;          /* what readers may read: as far as everything is durable and decided */
    struct embedded_open *open;
    size_t open_count, open_capacity;
    int64_t durable_size;      /* bytes of the active segment that are durable */
    struct buffer pending;     /* frames waiting for the flusher */
    _Atomic int64_t needed;    /* nobody reads records before this offset any more */
    _Atomic uint64_t epoch;    /* counts failures; a record appended in an earlier one may be lost */
    struct weir_error failure; /* code not WEIR_OK: read-only because of this */
    struct weir_error last_failure;
    int64_t lost_from; /* `durable` at the last failure */
    int64_t failed_us;
    bool roll_wanted;
    bool round_failed; /* flusher's thread */
    struct buffer writing;
    int64_t writing_next; /* offset behind the last record of `writing` */
    int64_t checked_us;   /* reader-only: when the files were last looked at */
};

/* What a producer keeps to see whether its record became durable. */
struct embedded_receipt {
    int64_t offset;
    uint64_t epoch;
};
enum embedded_receipt_state { EMBEDDED_IN_FLIGHT, EMBEDDED_DURABLE, EMBEDDED_LOST };

void embedded_partition_init(struct embedded_partition *, struct embedded *, const struct embedded_topic *,
                             int32_t number);
void embedded_partition_done(struct embedded_partition *);
/* Loads the files: checks, cuts a torn tail (or, reader-only, ignores it). *check_budget: bytes of closed segments that
 * may still be checked. Errors name topic, partition and offset. */
bool embedded_partition_load(struct embedded_partition *, int64_t *check_budget, struct weir_error *);
/* Reader-only: takes in what another process has written since. */
bool embedded_partition_follow(struct embedded_partition *, struct weir_error *);

/* Copies the record; record->timestamp_ms must be set. behind: a record that this one must follow, or NULL; WEIR_FENCED:
 * that one was lost. */
bool embedded_partition_append(struct embedded_partition *, const struct broker_record *, int64_t transaction,
                               const struct embedded_receipt *behind, struct embedded_receipt *, struct weir_error *);
void embedded_partition_end_transaction(struct embedded_partition *, int64_t transaction); /* its outcome is known */
/* A record of the transaction lies at the offset. Lock held. */
void embedded_partition_note(struct embedded_partition *, int64_t transaction, int64_t offset);
void embedded_partition_publish(struct embedded_partition *); /* after durable or open has changed; lock held */
enum embedded_receipt_state embedded_partition_state(struct embedded_partition *, struct embedded_receipt);
void embedded_partition_failure(struct embedded_partition *, struct weir_error *); /* why records were lost */
void embedded_partition_roll(struct embedded_partition *); /* closes the active segment with the next round */

int64_t embedded_partition_begin(struct embedded_partition *);
static inline int64_t embedded_partition_end(struct embedded_partition *partition)
{
    return atomic_load(&partition->stable);
}

/* The segment that holds the offset, open and held until embedded_partition_release; *offset moves up to the first
 * there is. NULL without an error: there is none yet. */
struct embedded_segment *embedded_partition_hold(struct embedded_partition *, int64_t *offset, struct weir_error *);
void embedded_partition_release(struct embedded_partition *, struct embedded_segment *);
/* Bytes of a held segment that may be read, and the offset behind it once it is closed (-1: it is not). */
int64_t embedded_partition_limit(struct embedded_partition *, const struct embedded_segment *, int64_t *end);
/* Replaces segments [first, first + count) by one, or by none. Lock held. */
void embedded_partition_splice(struct embedded_partition *, size_t first, size_t count, struct embedded_segment *);
void embedded_partition_add(struct embedded_partition *, struct embedded_segment *); /* at the end; lock held */
/* "topic 'x' partition 3: <cause>", with the cause's code. Always false. */
bool embedded_partition_error(const struct embedded_partition *, const struct weir_error *cause,
                              struct weir_error *error);
#endif
