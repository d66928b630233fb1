/* evicted_test.c: what is known of the rows that RocksDB alone holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "state/evicted.h"
#include "state/keys.h"

enum { RETENTION_MS = 100, GROUPS = 1000, TIME_BYTES = 8 };
static const struct expiry expiry = {.retention_ms = RETENTION_MS, .time_at = TIME_BYTES};

static uint64_t hash_of(int group)
{
    char name[16];
    struct buffer prefix = {0};
    snprintf(name, sizeof name, "group%05d", group);
    keys_window_prefix(bytes_of_text(name), &prefix);
    uint64_t hash = hash_table(buffer_bytes(&prefix));
    buffer_done(&prefix);
    return hash;
}

static void insert(struct table *table, int group, int64_t time_ms)
{
    char name[16];
    struct buffer key = {0};
    snprintf(name, sizeof name, "group%05d", group);
    keys_window_write(bytes_of_text(name), time_ms, &key);
    table_insert(table, buffer_bytes(&key), table_hash(table, buffer_bytes(&key)), 0);
    buffer_done(&key);
}

/* Groups [from, to), each with a row at time_ms, leave memory. */
static void evict(struct evicted *evicted, int from, int to, int64_t time_ms, int64_t stream_time_ms)
{
    struct table table;
    table_init(&table);
    table_group(&table, TIME_BYTES);
    for (int group = from; group < to; group++)
        insert(&table, group, time_ms);
    evicted_add(evicted, &table, expiry, time_ms, stream_time_ms);
    table_done(&table);
}

static int claimed(const struct evicted *evicted, int from, int to, int64_t from_ms)
{
    int count = 0;
    for (int group = from; group < to; group++)
        count += evicted_may_hold(evicted, hash_of(group), from_ms);
    return count;
}

Test(evicted, knows_every_group_that_left_until_its_time)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, SIZE_MAX);
    for (int part = 0; part < 40; part++)
        evict(&evicted, part * GROUPS, (part + 1) * GROUPS, part, 0);
    for (int part = 0; part < 40; part++)
        cr_assert_eq(claimed(&evicted, part * GROUPS, (part + 1) * GROUPS, part), GROUPS);
    cr_assert_eq(claimed(&evicted, 0, 40 * GROUPS, 40), 0);
    cr_assert_lt(evicted.count, 10, "%zu parts are asked for each row", evicted.count);
    evicted_done(&evicted);
}

Test(evicted, denies_nearly_every_group_that_did_not_leave)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, SIZE_MAX);
    evict(&evicted, 0, GROUPS, 10, 0);
    cr_assert_lt(claimed(&evicted, GROUPS, 11 * GROUPS, 0), GROUPS / 2);
    evicted_done(&evicted);
}

Test(evicted, denies_nothing_of_times_it_was_not_told_of)
{
    struct evicted evicted;
    evicted_init(&evicted, 5, SIZE_MAX);
    cr_assert(evicted_may_hold(&evicted, hash_of(1), 5));
    cr_assert_not(evicted_may_hold(&evicted, hash_of(1), 6));
    evicted_unknown(&evicted, 7);
    evicted_unknown(&evicted, 3);
    cr_assert(evicted_may_hold(&evicted, hash_of(1), 7));
    cr_assert_not(evicted_may_hold(&evicted, hash_of(1), 8));
    evicted_done(&evicted);
}

Test(evicted, rows_without_a_time_are_never_denied)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, SIZE_MAX);
    evict(&evicted, 0, 1, EXPIRY_NO_TIME, 0);
    cr_assert(evicted_may_hold(&evicted, hash_of(0), EXPIRY_NO_TIME));
    cr_assert(evicted_may_hold(&evicted, hash_of(1), EXPIRY_NO_TIME));
    evicted_done(&evicted);
}

Test(evicted, forgets_what_has_expired)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, SIZE_MAX);
    for (int64_t at_ms = 0; at_ms < 100 * RETENTION_MS; at_ms += 10)
        evict(&evicted, 0, GROUPS, at_ms, at_ms);
    cr_assert_eq(evicted.unknown_until_ms, EXPIRY_NO_TIME);
    cr_assert_lt(evicted.bytes, bloom_bytes_for(40 * GROUPS));
    evicted_done(&evicted);
}

Test(evicted, what_does_not_fit_may_be_there_and_the_newest_is_known)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, bloom_bytes_for(3 * GROUPS));
    for (int part = 0; part < 50; part++) {
        evict(&evicted, part * GROUPS, (part + 1) * GROUPS, part, 0);
        cr_assert_leq(evicted.bytes, bloom_bytes_for(3 * GROUPS));
        cr_assert_eq(claimed(&evicted, part * GROUPS, (part + 1) * GROUPS, part), GROUPS);
        cr_assert_lt(claimed(&evicted, 50 * GROUPS, 51 * GROUPS, part), GROUPS / 2);
    }
    cr_assert_eq(claimed(&evicted, 0, 40 * GROUPS, 40), 40 * GROUPS); /* long ago: anything may be there */
    evicted_done(&evicted);
}

Test(evicted, more_than_all_of_its_memory_is_not_known_at_all)
{
    struct evicted evicted;
    evicted_init(&evicted, EXPIRY_NO_TIME, bloom_bytes_for(GROUPS / 2));
    evict(&evicted, 0, GROUPS, 10, 0);
    cr_assert_eq(evicted.bytes, 0);
    cr_assert_eq(claimed(&evicted, 0, 2 * GROUPS, 10), 2 * GROUPS);
    cr_assert_eq(claimed(&evicted, 0, 2 * GROUPS, 11), 0);
    evicted_done(&evicted);
}
