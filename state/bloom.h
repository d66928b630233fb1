/* bloom.h: a set of hashes that never denies what was added, and seldom claims what was not.
 *
 * A split block Bloom filter, as Apache Parquet has it (BloomFilter.md, after Putze, Sanders and Singler, "Cache-, Hash- and
 * Space-Efficient Bloom Filters", 2007): a hash sets eight bits of one block of 32 bytes, so a question costs one cache line.
 * With ten bits for each hash one question in seventy is answered wrongly. Not thread-safe. */
#ifndef WEIR_STATE_BLOOM_H
#define WEIR_STATE_BLOOM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOOM_BITS_PER_HASH = 10, BLOOM_WORDS = 8 };

struct bloom_block {
    uint32_t words[BLOOM_WORDS];
};

struct bloom {
    struct bloom_block *blocks;
    size_t count;
};

void bloom_init(struct bloom *, size_t hashes); /* with room for so many, and empty */
void bloom_done(struct bloom *);
void bloom_add(struct bloom *, uint64_t hash);            /* all 64 bits of it well mixed */
bool bloom_may_hold(const struct bloom *, uint64_t hash); /* false: it was never added */
size_t bloom_bytes(const struct bloom *);
size_t bloom_bytes_for(size_t hashes); /* of one that has room for so many */
size_t bloom_room_in(size_t bytes);    /* for how many hashes there is room in one of so many bytes */
#endif
