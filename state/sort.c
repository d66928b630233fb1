/* sort.c: see sort.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/sort.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"

enum { RANK_BYTES = 8, FEW = 24 };

struct ranked {
    uint64_t rank; /* eight bytes of the key, big-endian, padded with zeros */
    void *item;
};

struct sort {
    sort_key *key_of;
    struct ranked *scratch;
};

static size_t common_prefix(const struct sort *sort, const struct ranked *items, size_t count)
{
    weir_bytes first = sort->key_of(items[0].item);
    size_t shared = first.size;
    for (size_t i = 1; i < count && shared > 0; i++) {
        first.size = shared;
        shared = bytes_shared(first, sort->key_of(items[i].item));
    }
    return shared;
}

/* ---- by comparing: few items, or keys that differ in length only ---- */

static int compare(const struct sort *sort, const struct ranked *a, const struct ranked *b)
{
    return bytes_compare(sort->key_of(a->item), sort->key_of(b->item));
}

static void sort_few(const struct sort *sort, struct ranked *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct ranked item = items[i];
        size_t at = i;
        for (; at > 0 && compare(sort, &items[at - 1], &item) > 0; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void merge(const struct sort *sort, struct ranked *items, size_t middle, size_t count)
{
    memcpy(sort->scratch, items, middle * sizeof *items);
    size_t left = 0, right = middle, out = 0;
    while (left < middle && right < count)
        items[out++] = compare(sort, &items[right], &sort->scratch[left]) < 0 ? items[right++] : sort->scratch[left++];
    memcpy(items + out, sort->scratch + left, (middle - left) * sizeof *items);
}

static void sort_by_comparing(const struct sort *sort, struct ranked *items, size_t count)
{
    if (count <= FEW) {
        sort_few(sort, items, count);
        return;
    }
    sort_by_comparing(sort, items, count / 2);
    sort_by_comparing(sort, items + count / 2, count - count / 2);
    merge(sort, items, count / 2, count);
}

/* ---- by rank ---- */

typedef size_t histogram[RANK_BYTES][256];

static void count_digits(const struct ranked *items, size_t count, histogram counts)
{
    memset(counts, 0, sizeof(histogram));
    for (size_t i = 0; i < count; i++)
        for (size_t digit = 0; digit < RANK_BYTES; digit++)
            counts[digit][(items[i].rank >> (8 * digit)) & 0xff]++;
}

static bool is_constant(const size_t counts[256], size_t count)
{
    for (size_t value = 0; value < 256; value++)
        if (counts[value] > 0)
            return counts[value] == count;
    return true;
}

static void distribute(const struct ranked *from, struct ranked *to, size_t count, size_t digit, size_t counts[256])
{
    size_t place = 0;
    for (size_t value = 0; value < 256; value++) {
        size_t here = counts[value];
        counts[value] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[counts[(from[i].rank >> (8 * digit)) & 0xff]++] = from[i];
}

static void sort_by_rank(const struct sort *sort, struct ranked *items, size_t count)
{
    histogram counts;
    struct ranked *from = items, *to = sort->scratch;
    count_digits(items, count, counts);
    for (size_t digit = 0; digit < RANK_BYTES; digit++) {
        if (is_constant(counts[digit], count))
            continue;
        distribute(from, to, count, digit, counts[digit]);
        struct ranked *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

static bool all_equal(const struct sort *sort, const struct ranked *items, size_t count, size_t shared)
{
    for (size_t i = 0; i < count; i++)
        if (sort->key_of(items[i].item).size != shared)
            return false;
    return true;
}

static void sort_behind(const struct sort *, struct ranked *items, size_t count, size_t known);

static void sort_equal_ranks(const struct sort *sort, struct ranked *items, size_t count, size_t known)
{
    for (size_t first = 0, behind; first < count; first = behind) {
        for (behind = first + 1; behind < count && items[behind].rank == items[first].rank;)
            behind++;
        sort_behind(sort, items + first, behind - first, known);
    }
}

/* known: a common prefix has been used up to there; if there is no longer one, ranks say nothing new. */
static void sort_behind(const struct sort *sort, struct ranked *items, size_t count, size_t known)
{
    if (count <= FEW) {
        sort_few(sort, items, count);
        return;
    }
    size_t shared = common_prefix(sort, items, count);
    if (all_equal(sort, items, count, shared))
        return;
    if (shared < known) {
        sort_by_comparing(sort, items, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        items[i].rank = bytes_head(sort->key_of(items[i].item), shared);
    sort_by_rank(sort, items, count);
    sort_equal_ranks(sort, items, count, shared + RANK_BYTES);
}

void sort_by_key(void **items, size_t count, sort_key *key_of)
{
    struct ranked *ranked = memory_new((count + 1) * 2 * sizeof *ranked);
    const struct sort sort = {key_of, ranked + count};
    for (size_t i = 0; i < count; i++)
        ranked[i].item = items[i];
    sort_behind(&sort, ranked, count, 0);
    for (size_t i = 0; i < count; i++)
        items[i] = ranked[i].item;
    free(ranked);
}
