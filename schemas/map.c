/* map.c: see map.h. Keys come from outside, so nothing here is quadratic beyond a handful and nothing hashes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

struct entries {
    const char *data;
    size_t size;
};

static weir_bytes key_of(const struct entries *entries, size_t i)
{
    weir_bytes key;
    memcpy(&key, entries->data + i * entries->size, sizeof key);
    return key;
}

static int compare(const void *a, const void *b, void *context)
{
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int order = bytes_compare(key_of(context, i), key_of(context, j));
    return order ? order : (i > j) - (i < j);
}

size_t *map_order(const void *data, size_t count, size_t entry_size)
{
    struct entries entries = {data, entry_size};
    size_t *order = memory_new((count + 1) * sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, compare, &entries);
    return order;
}

static bool has_twins(const struct entries *entries, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_equal(key_of(entries, i), key_of(entries, j)))
                return true;
    return false;
}

static size_t drop(char *data, size_t count, size_t entry_size, const bool *is_dropped)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_dropped[i])
            continue;
        if (kept != i)
            memcpy(data + kept * entry_size, data + i * entry_size, entry_size);
        kept++;
    }
    return kept;
}

size_t map_keep_last(void *data, size_t count, size_t entry_size)
{
    enum { FEW = 8 };
    struct entries entries = {data, entry_size};
    if (count <= FEW && !has_twins(&entries, count))
        return count;
    size_t *order = map_order(data, count, entry_size);
    bool *is_dropped = memory_new(count);
    for (size_t i = 0; i + 1 < count; i++)
        is_dropped[order[i]] = bytes_equal(key_of(&entries, order[i]), key_of(&entries, order[i + 1]));
    size_t kept = drop(data, count, entry_size, is_dropped);
    free(is_dropped);
    free(order);
    return kept;
}
