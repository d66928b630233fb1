/* departed_test.c: what has left is never denied, and most of what has not is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
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

/* Rows of so many groups from first on leave. */
static void leave_some(struct departed *departed, int first, int groups, int64_t until_ms, size_t bytes_max)
{
    struct table table;
    char text[16];
    table_init(&table);
    table_group(&table, TAIL_BYTES);
    for (int i = first; i < first + groups; i++)
        for (int row = 0; row < ROWS_OF_A_GROUP; row++) {
            weir_bytes key = group_of(i, text);
            text[key.size++] = (char)row;
            table_insert(&table, key, table_hash(&table, key), 0);
        }
    departed_add(departed, &table, until_ms, bytes_max);
    table_done(&table);
}

static void leave(struct departed *departed, int first, int64_t until_ms, size_t bytes_max)
{
    leave_some(departed, first, GROUPS, until_ms, bytes_max);
}

/* What is known of GROUPS takes. */
static size_t bytes_of_groups(void)
{
    struct departed departed;
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, PLENTY);
    size_t bytes = departed.bytes;
    departed_done(&departed);
    return bytes;
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
    size_t bytes = bytes_of_groups();
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, bytes);
    leave(&departed, GROUPS, 200, bytes);
    cr_expect_eq(departed.count, 1);
    cr_expect_eq(departed.bytes, bytes);
    cr_expect_eq(count(&departed, 2 * GROUPS, 100), GROUPS);
    cr_expect_eq(count(&departed, GROUPS, 101), GROUPS);
    cr_expect_lt(count(&departed, 2 * GROUPS, 101), GROUPS / 50);
    departed_done(&departed);
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 300, bytes - 1);
    cr_expect_eq(departed.count, 0);
    cr_expect_eq(departed.bytes, 0);
    cr_expect_eq(count(&departed, GROUPS, 300), GROUPS);
    departed_done(&departed);
}

Test(departed, a_few_that_leave_early_push_out_nothing)
{
    struct departed departed;
    departed_init(&departed, INT64_MIN, NULL);
    leave(&departed, 0, 100, 2 * bytes_of_groups());
    leave_some(&departed, GROUPS, 10, 110, 1);
    cr_expect_eq(departed.count, 2);
    cr_expect_eq(count(&departed, 0, 100), GROUPS);
    cr_expect_lt(count(&departed, 2 * GROUPS, 100), GROUPS / 50);
    departed_done(&departed);
}

/* ---- rows that are written down ---- */

static struct departed kept;
static struct departed_rows found;

static void begin_kept(void)
{
    departed_init(&kept, INT64_MIN, "/tmp");
    cr_assert(scratch_is_open(&kept.rows));
}

static void end_kept(void)
{
    departed_rows_done(&found);
    departed_done(&kept);
}

TestSuite(departed_rows, .init = begin_kept, .fini = end_kept);

static weir_bytes row_key(int group, int row, char text[16])
{
    weir_bytes key = group_of(group, text);
    text[key.size++] = (char)row;
    return key;
}

static void add_row(struct table *table, int group, int row, weir_bytes value)
{
    char text[16];
    weir_bytes key = row_key(group, row, text);
    struct table_row *added = table_insert(table, key, table_hash(table, key), value.size);
    table_write(table, added, value, group);
}

/* Rows 0, 2 and 1 of each group, with that value; NULL: deleted. */
static void leave_rows(int groups, int64_t until_ms, const char *value)
{
    static const int rows[] = {0, 2, 1};
    struct table table;
    table_init(&table);
    table_group(&table, TAIL_BYTES);
    for (int group = 0; group < groups; group++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            add_row(&table, group, rows[i], (weir_bytes){value, value ? strlen(value) : 0});
    departed_add(&kept, &table, until_ms, PLENTY);
    table_done(&table);
}

static enum departed_answer find(int group, int from_row, int to_row, int64_t from_ms)
{
    char from[16], to[16];
    weir_bytes first = row_key(group, from_row, from), behind = row_key(group, to_row, to);
    return departed_find(&kept, hash_of(group), from_ms, first, behind, &found);
}

static void expect_row(size_t at, int group, int row, const char *value)
{
    char text[16];
    cr_assert_lt(at, found.count);
    cr_expect(bytes_equal(found.items[at].key, row_key(group, row, text)));
    cr_expect_eq(found.items[at].timestamp_ms, group);
    cr_expect_eq(found.items[at].value.data == NULL, value == NULL);
    cr_expect(bytes_equal(found.items[at].value, (weir_bytes){value, value ? strlen(value) : 0}));
}

Test(departed_rows, those_of_a_group_come_in_order_of_their_keys)
{
    leave_rows(GROUPS, 100, "value");
    for (int group = 0; group < GROUPS; group++) {
        cr_assert_eq(find(group, 0, 3, 50), DEPARTED_FOUND);
        cr_assert_eq(found.count, 3);
        for (int row = 0; row < 3; row++)
            expect_row((size_t)row, group, row, "value");
    }
}

Test(departed_rows, only_those_in_the_range_come)
{
    leave_rows(9, 100, "value");
    cr_expect_eq(find(4, 1, 2, 50), DEPARTED_FOUND);
    cr_expect_eq(found.count, 1);
    expect_row(0, 4, 1, "value");
    cr_expect_eq(find(4, 3, 9, 50), DEPARTED_NONE);
    cr_expect_eq(find(4, 0, 3, 101), DEPARTED_NONE);
    cr_expect_eq(find(12345, 0, 3, 50), DEPARTED_NONE);
}

Test(departed_rows, what_left_last_counts)
{
    leave_rows(9, 100, "old");
    leave_rows(5, 200, "new");
    leave_rows(2, 300, NULL);
    cr_expect_eq(find(8, 0, 3, 50), DEPARTED_FOUND);
    expect_row(0, 8, 0, "old");
    cr_expect_eq(find(4, 0, 3, 50), DEPARTED_FOUND);
    cr_expect_eq(found.count, 3);
    expect_row(2, 4, 2, "new");
    cr_expect_eq(find(1, 0, 3, 50), DEPARTED_FOUND);
    expect_row(1, 1, 1, NULL);
}

Test(departed_rows, a_file_whose_place_cannot_be_given_back_is_given_up)
{
    int pipe_ends[2];
    leave_rows(9, 100, "value");
    leave_rows(9, 200, "value");
    size_t bytes = kept.bytes;
    close(kept.rows.descriptor);
    cr_assert_eq(pipe(pipe_ends), 0);
    kept.rows.descriptor = pipe_ends[0];
    departed_forget(&kept, 100);
    close(pipe_ends[1]);
    cr_expect_not(scratch_is_open(&kept.rows));
    cr_expect_lt(kept.bytes, bytes / 2);
    cr_expect_eq(find(4, 0, 3, 150), DEPARTED_UNKNOWN);
    cr_expect_eq(find(12345, 0, 3, 150), DEPARTED_NONE);
    leave_rows(9, 300, "value");
    cr_expect_eq(find(4, 0, 3, 250), DEPARTED_UNKNOWN);
}

Test(departed_rows, what_nobody_looks_for_any_more_is_not_there)
{
    leave_rows(9, 100, "value");
    leave_rows(9, 200, "value");
    size_t bytes = kept.bytes;
    departed_forget(&kept, 100);
    cr_expect_eq(kept.count, 1);
    cr_expect_eq(kept.bytes, bytes / 2);
    cr_expect_eq(find(4, 0, 3, 150), DEPARTED_FOUND);
    departed_forget(&kept, 200);
    cr_expect_eq(kept.bytes, 0);
    cr_expect_eq(find(4, 0, 3, 50), DEPARTED_NONE);
}

Test(departed_rows, a_damaged_file_is_not_believed)
{
    leave_rows(9, 100, "value");
    char byte;
    for (int64_t at = 0; at < kept.rows.end; at++) {
        cr_assert(scratch_read(&kept.rows, at, &byte, 1));
        byte = (char)(byte ^ 0x40);
        cr_assert_eq(pwrite(kept.rows.descriptor, &byte, 1, at), 1);
    }
    for (int group = 0; group < 9; group++)
        cr_expect_eq(find(group, 0, 3, 50), DEPARTED_UNKNOWN);
    cr_assert_eq(ftruncate(kept.rows.descriptor, 0), 0);
    cr_expect_eq(find(4, 0, 3, 50), DEPARTED_UNKNOWN);
}

Test(departed_rows, a_key_with_many_rows_is_asked_for)
{
    static char value[100];
    struct table table;
    table_init(&table);
    table_group(&table, TAIL_BYTES);
    for (int row = 0; row < 120; row++)
        add_row(&table, 7, row, (weir_bytes){value, sizeof value});
    departed_add(&kept, &table, 100, PLENTY);
    table_done(&table);
    cr_expect_eq(find(7, 0, 1, 50), DEPARTED_UNKNOWN);
}

Test(departed_rows, a_disk_that_takes_nothing_leaves_filters)
{
    scratch_close(&kept.rows);
    kept.rows.descriptor = open("/dev/full", O_RDWR);
    cr_assert_geq(kept.rows.descriptor, 0);
    leave_rows(9, 100, "value");
    cr_expect_eq(find(4, 0, 3, 50), DEPARTED_UNKNOWN);
    cr_expect_eq(find(12345, 0, 3, 50), DEPARTED_NONE);
}
