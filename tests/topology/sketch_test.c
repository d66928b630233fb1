/* sketch_test.c: are percentiles within 1 %, whatever the numbers and their order?
 * SPDX-License-Identifier: Apache-2.0 */
#include "sketch/sketch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 16384 };

struct sketch {
    unsigned char bytes[ROOM];
    size_t size;
};

static weir_bytes bytes_of(const struct sketch *sketch)
{
    return (weir_bytes){sketch->size ? sketch->bytes : NULL, sketch->size};
}

static void add(struct sketch *sketch, int64_t number)
{
    unsigned char out[ROOM];
    cr_assert(sketch_room(bytes_of(sketch)) <= sizeof out);
    size_t size = sketch_add(bytes_of(sketch), number, out);
    memcpy(sketch->bytes, out, size);
    sketch->size = size;
}

static uint64_t state = 42;

static int64_t draw(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(state >> 33) >> (state >> 59); /* of all magnitudes */
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(sketch, nothing_has_no_percentile)
{
    cr_expect_eq(sketch_quantile((weir_bytes){NULL, 0}, 500), 0);
}

Test(sketch, small_numbers_are_exact)
{
    struct sketch sketch = {.size = 0};
    for (int i = 0; i < 100; i++)
        add(&sketch, i);
    cr_expect_eq(sketch_quantile(bytes_of(&sketch), 500), 49);
    cr_expect_eq(sketch_quantile(bytes_of(&sketch), 990), 98);
    cr_expect_eq(sketch_quantile(bytes_of(&sketch), 1000), 99);
}

Test(sketch, negative_numbers_count_as_zero_and_the_greatest_fits)
{
    struct sketch sketch = {.size = 0};
    add(&sketch, -5);
    add(&sketch, INT64_MAX);
    cr_expect_eq(sketch_quantile(bytes_of(&sketch), 500), 0);
    cr_expect(sketch_quantile(bytes_of(&sketch), 1000) > INT64_MAX / 100 * 99);
}

Test(sketch, percentiles_are_within_one_percent)
{
    static int64_t numbers[4000];
    struct sketch sketch = {.size = 0};
    for (size_t i = 0; i < 4000; i++)
        add(&sketch, numbers[i] = draw());
    qsort(numbers, 4000, sizeof *numbers, compare);
    for (int per_mille = 1; per_mille <= 1000; per_mille++) {
        int64_t exact = numbers[(4000 * per_mille + 999) / 1000 - 1],
                found = sketch_quantile(bytes_of(&sketch), per_mille);
        cr_expect(llabs(found - exact) * 100 <= exact, "per mille %d: %ld instead of %ld", per_mille, (long)found,
                  (long)exact);
    }
}

Test(sketch, percentiles_together_are_what_each_is_alone)
{
    struct sketch sketch = {.size = 0};
    for (int i = 0; i < 1000; i++) {
        struct sketch_percentiles found = sketch_percentiles(bytes_of(&sketch));
        cr_assert_eq(found.p50, sketch_quantile(bytes_of(&sketch), 500));
        cr_assert_eq(found.p95, sketch_quantile(bytes_of(&sketch), 950));
        cr_assert_eq(found.p99, sketch_quantile(bytes_of(&sketch), 990));
        add(&sketch, draw() % (i % 7 == 0 ? 100000 : 50));
    }
}

Test(sketch, the_order_of_numbers_does_not_matter)
{
    struct sketch up = {.size = 0}, down = {.size = 0};
    for (int i = 0; i < 500; i++) {
        add(&up, i * i);
        add(&down, (499 - i) * (499 - i));
    }
    cr_expect_eq(up.size, down.size);
    cr_expect(memcmp(up.bytes, down.bytes, up.size) == 0);
}

Test(sketch, two_that_are_merged_are_the_one_of_all_numbers)
{
    for (int parts = 0; parts < 40; parts++) {
        struct sketch one = {.size = 0}, two = {.size = 0}, all = {.size = 0};
        for (int i = 0; i < parts * 5; i++) {
            int64_t number = draw();
            add(i % 3 ? &one : &two, number);
            add(&all, number);
        }
        unsigned char out[ROOM];
        size_t size = sketch_merge(bytes_of(&one), bytes_of(&two), out);
        cr_assert_leq(size, one.size + two.size);
        cr_assert_eq(size, all.size);
        cr_assert_eq(memcmp(out, all.bytes, size), 0);
    }
}

Test(sketch, bytes_that_are_no_sketch_do_no_harm)
{
    unsigned char bytes[64], out[ROOM];
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)draw();
        size_t size = (size_t)(draw() & 63);
        cr_assert(sketch_add((weir_bytes){bytes, size}, draw(), out) <= sketch_room((weir_bytes){bytes, size}));
        sketch_quantile((weir_bytes){bytes, size}, 500);
        sketch_percentiles((weir_bytes){bytes, size});
    }
}
