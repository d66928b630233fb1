/* bloom.c: see bloom.h. The upper half of a hash chooses the block, the lower half the bits in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/bloom.h"

#include <stdlib.h>

#include "base/memory.h"

enum { BLOCK_BITS = 8 * sizeof(struct bloom_block), WORD_SHIFT = 27 /* leaves the five bits that number a bit */ };

static const uint32_t salts[BLOOM_WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                            0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

static size_t blocks_for(size_t hashes)
{
    return (hashes * BLOOM_BITS_PER_HASH + BLOCK_BITS - 1) / BLOCK_BITS + (hashes == 0);
}

void bloom_init(struct bloom *bloom, size_t hashes)
{
    bloom->count = blocks_for(hashes);
    bloom->blocks = memory_new(bloom->count * sizeof *bloom->blocks);
}

void bloom_done(struct bloom *bloom)
{
    free(bloom->blocks);
    *bloom = (struct bloom){0};
}

static struct bloom_block *block_of(const struct bloom *bloom, uint64_t hash)
{
    return &bloom->blocks[((hash >> 32) * bloom->count) >> 32];
}

static uint32_t bit_of(uint64_t hash, size_t word)
{
    return UINT32_C(1) << (((uint32_t)hash * salts[word]) >> WORD_SHIFT);
}

void bloom_add(struct bloom *bloom, uint64_t hash)
{
    struct bloom_block *block = block_of(bloom, hash);
    for (size_t i = 0; i < BLOOM_WORDS; i++)
        block->words[i] |= bit_of(hash, i);
}

bool bloom_may_hold(const struct bloom *bloom, uint64_t hash)
{
    const struct bloom_block *block = block_of(bloom, hash);
    uint32_t missing = 0;
    for (size_t i = 0; i < BLOOM_WORDS; i++)
        missing |= bit_of(hash, i) & ~block->words[i];
    return missing == 0;
}

size_t bloom_bytes(const struct bloom *bloom)
{
    return bloom->count * sizeof *bloom->blocks;
}

size_t bloom_bytes_for(size_t hashes)
{
    return blocks_for(hashes) * sizeof(struct bloom_block);
}

size_t bloom_room_in(size_t bytes)
{
    return bytes / sizeof(struct bloom_block) * BLOCK_BITS / BLOOM_BITS_PER_HASH;
}
