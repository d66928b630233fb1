/* departed_test.c: what has left is never denied, and most of what has not is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "state/departed.h"

enum { GROUPS = 5000, ROWS_OF_A_GROUP = 3, TAIL_BYTES = 1, PLENTY = 1 << 20 };

static weir_bytes group_of(int number, char text[16])
{
    return (weir_bytes){text, (size_t)snprintf(text, 16, "group-%d", number)};
}

static uint64_t hash_of(int number)
{
    char text[16];
    return hash_table(group_of(number, text));
}

/* Rows of the groups from first on leave. */
static void leave(struct departed *departed, int first, int64_t until_ms, size_t bytes_max)
{
    struct table table;
    char text[16];
    table_init(&table);
    table_group(&table, TAIL_BYTES);
    for (int i = first; i < first + GROUPS; i++)
        for (int row = 0; row < ROWS_OF_A_GROUP; row++) {
            weir_bytes key = group_of(i, text);
            text[key.size++] = (char)row;
            table_insert(&table, key, table_hash(&table, key), 0);
        }
    departed_add(departed, &table, until_ms, bytes_max);
    table_done(&table);
}

static int count(const struct departed *departed, int first, int64_t from_ms)
{
    int found = 0;
    for (int i = first; i < first + GROUPS; i++)
        found += departed_may_have(departed, hash_of(i), from_ms);
    return found;
}

Test(departed, every_group_that_left_is_found_and_few_others_are)
{
    struct departed departed;
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, PLENTY);
    leave(&departed, GROUPS, 200, PLENTY);
    cr_expect_eq(count(&departed, 0, 100), GROUPS);
    cr_expect_eq(count(&departed, GROUPS, 100), GROUPS);
    cr_expect_lt(count(&departed, 2 * GROUPS, 100), GROUPS / 50);
    departed_done(&departed);
}

Test(departed, what_is_later_than_all_that_left_is_not_there)
{
    struct departed departed;
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, PLENTY);
    leave(&departed, GROUPS, 200, PLENTY);
    cr_expect_lt(count(&departed, 0, 101), GROUPS / 50);
    cr_expect_eq(count(&departed, GROUPS, 101), GROUPS);
    cr_expect_eq(count(&departed, GROUPS, 201), 0);
    departed_done(&departed);
}

Test(departed, up_to_the_time_that_is_unknown_anything_may_be_there)
{
    struct departed departed;
    departed_init(&departed, 50, NULL);
    cr_expect(departed_may_have(&departed, hash_of(0), 50));
    cr_expect_not(departed_may_have(&departed, hash_of(0), 51));
    departed_add_unknown(&departed, 70);
    departed_add_unknown(&departed, 60);
    cr_expect(departed_may_have(&departed, hash_of(0), 70));
    cr_expect_not(departed_may_have(&departed, hash_of(0), 71));
    departed_done(&departed);
}

Test(departed, the_oldest_becomes_unknown_when_there_is_too_much)
{
    struct departed departed;
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, PLENTY);
    size_t bytes = departed.bytes;
    leave(&departed, GROUPS, 200, bytes);
    cr_expect_eq(departed.count, 1);
    cr_expect_eq(departed.bytes, bytes);
    cr_expect_eq(count(&departed, 2 * GROUPS, 100), GROUPS);
    cr_expect_eq(count(&departed, GROUPS, 101), GROUPS);
    cr_expect_lt(count(&departed, 2 * GROUPS, 101), GROUPS / 50);
    leave(&departed, 0, 300, bytes - 1);
    cr_expect_eq(departed.count, 0);
    cr_expect_eq(departed.bytes, 0);
    cr_expect_eq(count(&departed, GROUPS, 300), GROUPS);
    departed_done(&departed);
}
