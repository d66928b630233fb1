/* digest.h: whether two sets of records are the same, in one number that does not depend on their order. */
#ifndef WEIR_BENCHMARKS_DIGEST_H
#define WEIR_BENCHMARKS_DIGEST_H
#include <stddef.h>
#include <stdint.h>

struct digest_bytes {
    const void *data;
    size_t size;
};

struct digest_row {    /* of a key: its last value */
    uint64_t key, row; /* key 0: an empty place */
};

/* Of all records, or of the last record of each key. A last value that is absent deletes its key. */
struct digest {
    int64_t records; /* added, deletions included */
    int64_t keys;    /* that have a value; 0 for all records */
    uint64_t sum;
    struct digest_row *rows;
    size_t capacity, used;
};

void digest_add(struct digest *, struct digest_bytes key, struct digest_bytes value);
void digest_put(struct digest *, struct digest_bytes key, struct digest_bytes value);
/* {"records":…,"keys":…,"digest":"…"}, and a line end. */
void digest_print(const struct digest *);
void digest_done(struct digest *);
#endif
