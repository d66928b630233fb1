/* sort_test.c: the order of keys is that of bytes_compare, whatever they look like, and equal keys keep their order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "state/sort.h"

enum { ITEMS = 3000, KEY_BYTES = 40 };

struct item {
    weir_bytes key;
    size_t number;
    unsigned char bytes[KEY_BYTES];
};

static struct item items[ITEMS];
static uint64_t state;

static size_t draw(size_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % below;
}

static weir_bytes key_of(const void *item)
{
    return ((const struct item *)item)->key;
}

static void expect_sorted(size_t count)
{
    void *sorted[ITEMS];
    for (size_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    sort_by_key(sorted, count, key_of);
    for (size_t i = 1; i < count; i++) {
        const struct item *before = sorted[i - 1], *behind = sorted[i];
        int order = bytes_compare(before->key, behind->key);
        cr_assert(order < 0 || (order == 0 && before->number < behind->number), "items %zu and %zu", i - 1, i);
    }
}

/* alphabet 1: keys differ in length only. */
static void fill(size_t count, size_t shared, size_t most, size_t alphabet)
{
    for (size_t i = 0; i < count; i++) {
        struct item *item = &items[i];
        memset(item->bytes, 'k', sizeof item->bytes);
        for (size_t b = shared; b < KEY_BYTES; b++)
            item->bytes[b] = (unsigned char)(alphabet == 256 ? draw(256) : draw(alphabet));
        item->key = (weir_bytes){item->bytes, shared + draw(most - shared + 1)};
        item->number = i;
    }
}

Test(sort, random_keys_of_every_shape_come_in_order)
{
    static const size_t alphabets[] = {1, 2, 10, 256};
    for (size_t round = 0; round < 200; round++) {
        state = round;
        size_t shared = draw(KEY_BYTES);
        size_t count = draw(3) == 0 ? draw(40) : draw(ITEMS);
        fill(count, shared, shared + draw(KEY_BYTES - shared + 1), alphabets[draw(4)]);
        expect_sorted(count);
    }
}

Test(sort, keys_that_are_all_equal_keep_their_order)
{
    fill(ITEMS, KEY_BYTES, KEY_BYTES, 1);
    expect_sorted(ITEMS);
}

Test(sort, nothing_and_one_are_sorted)
{
    expect_sorted(0);
    fill(1, 0, KEY_BYTES, 256);
    expect_sorted(1);
}

Test(sort, an_absent_key_sorts_first)
{
    fill(100, 1, KEY_BYTES, 256);
    items[57].key = (weir_bytes){0};
    expect_sorted(100);
}
