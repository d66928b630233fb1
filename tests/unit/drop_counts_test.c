/* drops.c: what was left out, by reason and place, within bounds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/drops.h"

static struct drops drops;

static void begin(void)
{
    drops_init(&drops);
}

static void end(void)
{
    drops_done(&drops);
}

TestSuite(drop_counts, .init = begin, .fini = end);

static void add(const char *reason, const char *topic, int32_t partition, int64_t offset)
{
    drops_add(&drops, &(struct weir_drop){.reason = reason, .topic = topic, .partition = partition, .offset = offset});
}

Test(drop_counts, are_counted_by_reason)
{
    struct weir_drop_info info[8];
    add("late", "a", 0, 1);
    add("null_key", "a", 0, 2);
    add("late", "b", 0, 3);
    cr_assert_eq(drops_by_reason(&drops, info, 8), 2);
    cr_expect_str_eq(info[0].reason, "late");
    cr_expect_eq(info[0].records, 2);
    cr_expect_eq(info[1].records, 1);
}

Test(drop_counts, are_counted_by_place_with_the_last_offset)
{
    struct weir_drop_place places[8];
    char name[] = "a"; /* the same topic by another pointer is the same topic */
    add("late", "a", 0, 1);
    add("late", name, 0, 7);
    add("late", "a", 1, 3);
    add("late", NULL, -1, -1);
    cr_assert_eq(drops_by_place(&drops, places, 8), 3);
    cr_expect_eq(places[0].records, 2);
    cr_expect_eq(places[0].last_offset, 7);
    cr_expect_eq(places[1].partition, 1);
    cr_expect_null(places[2].topic);
}

Test(drop_counts, keep_the_names_of_topics_that_their_tellers_forget)
{
    struct weir_drop_place places[8];
    struct weir_drop latest[DROPS_LATEST];
    char name[] = "a";
    add("late", name, 0, 1);
    name[0] = 'b';
    add("late", name, 0, 2);
    cr_assert_eq(drops_by_place(&drops, places, 8), 2);
    cr_expect_str_eq(places[0].topic, "a");
    cr_expect_str_eq(places[1].topic, "b");
    cr_assert_eq(drops_latest(&drops, latest, DROPS_LATEST), 2);
    cr_expect_str_eq(latest[1].topic, "a");
}

Test(drop_counts, the_latest_of_each_reason_are_kept_newest_first)
{
    struct weir_drop latest[3 * DROPS_LATEST];
    for (int64_t i = 0; i < 100; i++)
        add("late", "a", 0, i);
    add("null_key", "a", 0, 5);
    cr_assert_eq(drops_latest(&drops, latest, 3 * DROPS_LATEST), DROPS_LATEST + 1);
    for (int64_t i = 0; i < DROPS_LATEST; i++)
        cr_expect_eq(latest[i].offset, 99 - i);
    cr_expect_str_eq(latest[DROPS_LATEST].reason, "null_key");
}

Test(drop_counts, reasons_and_places_beyond_the_limit_are_still_counted)
{
    struct weir_drop_info info[DROPS_REASONS_MAX];
    char reason[32];
    uint64_t records = 0;
    for (int i = 0; i < 2 * DROPS_PLACES_MAX; i++) {
        snprintf(reason, sizeof reason, "reason-%d", i);
        add(reason, "a", i, i);
    }
    cr_assert_eq(drops_by_reason(&drops, info, DROPS_REASONS_MAX), DROPS_REASONS_MAX);
    cr_expect_str_eq(info[DROPS_REASONS_MAX - 1].reason, "other");
    for (int i = 0; i < DROPS_REASONS_MAX; i++)
        records += info[i].records;
    cr_expect_eq(records, 2 * DROPS_PLACES_MAX);
}
