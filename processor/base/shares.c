/* shares.c: see shares.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/shares.h"

enum { MIB = 1024 * 1024, PARTS = 16, ROWS_FIRST_BYTES = 16 * MIB };

struct need {
    const char *name;
    size_t sixteenths; /* 0: not by sixteenths */
    size_t most;       /* bytes that are of use */
};

static const struct need needs[SHARES] = {
    [SHARE_BASE] = {"base", 0, 0},
    [SHARE_ROWS] = {"rows", 0, 0},
    [SHARE_CACHE] = {"cache", 0, 0},
    [SHARE_MEMTABLES] = {"memtables", 1, 1024 * (size_t)MIB},
    [SHARE_FILES] = {"files", 1, 16 * (size_t)MIB},
    [SHARE_FETCHED] = {"fetched", 2, 40 * (size_t)MIB},
    [SHARE_SENT] = {"sent", 2, 24 * (size_t)MIB},
    [SHARE_REQUESTS] = {"requests", 1, 64 * (size_t)MIB},
};

static size_t base_of(size_t whole)
{
    return whole < 2 * (size_t)SHARES_BASE_BYTES ? whole / 2 : (size_t)SHARES_BASE_BYTES;
}

static size_t needed(size_t whole, enum memory_share share)
{
    size_t bytes = (whole - base_of(whole)) / PARTS * needs[share].sixteenths;
    return bytes < needs[share].most ? bytes : needs[share].most;
}

/* For rows and cache. */
static size_t left_of(size_t whole)
{
    size_t left = whole - base_of(whole);
    for (int share = 0; share < SHARES; share++)
        left -= needed(whole, (enum memory_share)share);
    return left;
}

/* A row in memory is cheaper than one in the cache, so rows come first; beyond, both get the same. */
static size_t cache_of(size_t whole)
{
    size_t left = left_of(whole);
    return left < 2 * (size_t)ROWS_FIRST_BYTES ? left / 4 : (left - (size_t)ROWS_FIRST_BYTES) / 2;
}

size_t share_of(size_t memory_max_bytes, enum memory_share share)
{
    switch (share) {
    case SHARE_BASE:
        return base_of(memory_max_bytes);
    case SHARE_CACHE:
        return cache_of(memory_max_bytes);
    case SHARE_ROWS:
        return left_of(memory_max_bytes) - cache_of(memory_max_bytes);
    default:
        return needed(memory_max_bytes, share);
    }
}

const char *share_name(enum memory_share share)
{
    return needs[share].name;
}
