/* java_set.c: see java_set.h. java.util.HashMap: a power of two of buckets, at least 16, at most three quarters full; a
 * string lies in the bucket of its hash, whose upper half is mixed into the lower; strings of one bucket stay in the order
 * in which they came.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/java_set.h"

#include <stdint.h>

enum { BUCKETS_MIN = 16 };

/* HashSet(Collection) asks for a bucket more than three quarters of them need. */
static size_t bucket_count(size_t strings, enum java_set how)
{
    size_t buckets = BUCKETS_MIN, least = how == JAVA_SET_COPY ? strings * 4 / 3 + 1 : 0;
    while (buckets < least || buckets / 4 * 3 < strings)
        buckets *= 2;
    return buckets;
}

/* String.hashCode, and HashMap.hash. */
static size_t bucket_of(const char *text, size_t buckets)
{
    uint32_t hash = 0;
    for (const char *c = text; *c; c++)
        hash = hash * 31 + (unsigned char)*c;
    return (hash ^ hash >> 16) & (buckets - 1);
}

void java_set_sort(const char **names, size_t count, enum java_set how)
{
    size_t buckets = bucket_count(count, how);
    for (size_t i = 1; i < count; i++) {
        const char *name = names[i];
        size_t at = i;
        for (; at > 0 && bucket_of(names[at - 1], buckets) > bucket_of(name, buckets); at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
}
