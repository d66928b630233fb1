/* bloom_test.c: a set of hashes that forgets none.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "state/bloom.h"

enum { HASHES = 10000, OTHERS = 100000, WRONG_MAX = OTHERS / 50 };

static void fill(struct bloom *bloom, size_t hashes, struct random *random)
{
    for (size_t i = 0; i < hashes; i++)
        bloom_add(bloom, random_next(random));
}

Test(bloom, holds_whatever_was_added_however_full_it_is)
{
    struct bloom bloom;
    bloom_init(&bloom, HASHES);
    struct random random = {7}, again = {7};
    fill(&bloom, 10 * HASHES, &random);
    for (size_t i = 0; i < 10 * HASHES; i++)
        cr_assert(bloom_may_hold(&bloom, random_next(&again)));
    bloom_done(&bloom);
}

Test(bloom, holds_nothing_when_it_is_new)
{
    struct bloom bloom;
    bloom_init(&bloom, 0);
    cr_assert_not(bloom_may_hold(&bloom, 0));
    cr_assert_not(bloom_may_hold(&bloom, UINT64_MAX));
    bloom_add(&bloom, UINT64_MAX);
    cr_assert(bloom_may_hold(&bloom, UINT64_MAX));
    bloom_done(&bloom);
}

Test(bloom, claims_one_in_fifty_that_was_not_added_at_most)
{
    struct bloom bloom;
    bloom_init(&bloom, HASHES);
    struct random random = {1};
    size_t wrong = 0;
    fill(&bloom, HASHES, &random);
    for (size_t i = 0; i < OTHERS; i++)
        wrong += bloom_may_hold(&bloom, random_next(&random));
    cr_assert_lt(wrong, WRONG_MAX, "%zu of %d", wrong, OTHERS);
    cr_assert_eq(bloom_bytes(&bloom), bloom_bytes_for(HASHES));
    cr_assert_geq(bloom_room_in(bloom_bytes(&bloom)), HASHES);
    bloom_done(&bloom);
}
