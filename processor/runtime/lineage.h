/* lineage.h: where a record of a repartition topic came from, so that a crash never applies it twice.
 *
 * Under at-least-once the records between the last commit and a crash are processed again, and their repartition records
 * are sent again. Each carries the topic, partition and offset of the input that caused it and its number among that
 * input's records. Inputs of one partition are processed in order, so a reader that remembers the greatest (offset,
 * number) per upstream partition can tell a repetition. What it remembers is a store like any other: committed with the
 * task, logged, restored. A repetition has to be what was sent before: so it is where a record follows from inputs of one
 * topic, and may not be where several meet in a task, whose order a crash may change (DECISIONS.md 50).
 * What an operator forwards without an input has a name and a number of its own in the place of topic and offset (struct origin).
 * Header "__weir.lineage", 36 bytes big-endian: CRC-32C of the topic name, partition, offset, number, stream time of the
 * input it came from (DECISIONS.md 12), and how far the slowest is of all that this input comes from (53). The first releases
 * wrote 28 bytes, without the last. */
#ifndef WEIR_RUNTIME_LINEAGE_H
#define WEIR_RUNTIME_LINEAGE_H
#include "base/buffer.h"
#include "state/store.h"
#include "weir.h"

#define LINEAGE_HEADER "__weir.lineage"
enum { LINEAGE_FIRST_BYTES = 28, LINEAGE_BYTES = 36 };

struct lineage {
    uint32_t topic_hash;
    int32_t partition;
    int64_t offset;
    int32_t number;
    int64_t stream_time_ms;
    int64_t slowest_ms; /* of its partition and of the tasks upstream that write it; INT64_MIN: not known yet */
};

void lineage_write(const struct lineage *, unsigned char out[LINEAGE_BYTES]);
/* False: the headers hold none (a punctuator's record, or one of another writer). */
bool lineage_read(struct weir_headers, struct lineage *);

/* The greatest lineage seen per upstream partition, of one source of one task. */
struct lineage_seen_row;
struct lineage_seen {
    struct lineage_seen_row *rows;
    size_t count, capacity;
};
void lineage_seen_done(struct lineage_seen *);
/* True and remembered: new. False: a repetition. */
bool lineage_advance(struct lineage_seen *, const struct lineage *);
bool lineage_load(struct lineage_seen *, struct store *, struct weir_error *); /* forgets first */
void lineage_save(struct lineage_seen *, struct store *,
                  int64_t timestamp_ms); /* rows that changed since the last time */
#endif
