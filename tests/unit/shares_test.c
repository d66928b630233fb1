/* shares_test.c: how memory.max.bytes is divided.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdint.h>

#include "base/shares.h"

#define MIB ((size_t)1024 * 1024)

static const size_t wholes[] = {16 * MIB,  16 * MIB + 1, 47 * MIB,  48 * MIB,   96 * MIB,    100000001,
                                128 * MIB, 256 * MIB,    512 * MIB, 4096 * MIB, SIZE_MAX / 4};
enum { WHOLES = sizeof wholes / sizeof *wholes };

Test(shares, add_up_to_the_whole)
{
    for (size_t i = 0; i < WHOLES; i++) {
        size_t sum = 0;
        for (int share = 0; share < SHARES; share++)
            sum += share_of(wholes[i], (enum memory_share)share);
        cr_expect_eq(sum, wholes[i], "%zu of %zu", sum, wholes[i]);
    }
}

Test(shares, leave_none_without_memory)
{
    for (int share = 0; share < SHARES; share++)
        cr_expect_geq(share_of(16 * MIB, (enum memory_share)share), MIB / 2, "%s",
                      share_name((enum memory_share)share));
}

Test(shares, do_not_shrink_where_the_whole_grows)
{
    for (size_t whole = 17 * MIB; whole <= 2048 * MIB; whole += MIB)
        for (int share = 0; share < SHARES; share++)
            cr_assert_geq(share_of(whole, (enum memory_share)share), share_of(whole - MIB, (enum memory_share)share),
                          "%s of %zu", share_name((enum memory_share)share), whole);
}

Test(shares, of_parts_that_can_use_no_more_go_to_rows_and_cache)
{
    size_t more = 4096 * MIB - 2048 * MIB, rows = share_of(4096 * MIB, SHARE_ROWS) - share_of(2048 * MIB, SHARE_ROWS),
           cache = share_of(4096 * MIB, SHARE_CACHE) - share_of(2048 * MIB, SHARE_CACHE),
           memtables = share_of(4096 * MIB, SHARE_MEMTABLES) - share_of(2048 * MIB, SHARE_MEMTABLES);
    cr_expect_eq(rows + cache + memtables, more);
    cr_expect_eq(share_of(4096 * MIB, SHARE_FETCHED), share_of(2048 * MIB, SHARE_FETCHED));
}

Test(shares, keep_the_base_also_where_little_is_given)
{
    cr_expect_eq(share_of(96 * MIB, SHARE_BASE), (size_t)SHARES_BASE_BYTES);
    cr_expect_eq(share_of(16 * MIB, SHARE_BASE), 8 * MIB);
}
