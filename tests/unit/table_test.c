/* table_test.c: rows in memory: finding, rewriting, versions, order, removal; the slab beneath.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "state/table.h"

static const struct table_walks no_walks = {false, UINT64_MAX, 0};

static weir_bytes numbered(int number, char text[16])
{
    snprintf(text, 16, "key%06d", number);
    return bytes_of_text(text);
}

static struct table_row *add(struct table *table, int number)
{
    char text[16];
    weir_bytes key = numbered(number, text);
    struct table_row *row = table_insert(table, key, hash_table(key), 4);
    table_write(table, row, bytes_of_text("abcd"), number);
    return row;
}

static struct table_row *find(struct table *table, int number)
{
    char text[16];
    weir_bytes key = numbered(number, text);
    return table_find(table, key, hash_table(key));
}

static weir_bytes value_of(const struct table_row *row)
{
    return (weir_bytes){row->last.value, row->last.size};
}

Test(table, finds_every_row_while_it_grows)
{
    struct table table;
    table_init(&table);
    for (int i = 0; i < 5000; i++)
        add(&table, i * 7);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(find(&table, i * 7)->last.timestamp_ms, i * 7);
    cr_assert_null(find(&table, 1));
    table_done(&table);
}

/* At every size: some rows have moved to the larger slots, some have not, and of both kinds some go. */
Test(table, finds_and_loses_rows_while_it_moves_them)
{
    enum { ROWS = 5000, LAG = 40 };
    struct table table;
    table_init(&table);
    for (int i = 0; i < ROWS; i++) {
        add(&table, i);
        if (i >= LAG && i % 3 == 0)
            table_remove(&table, find(&table, i - LAG));
        if (i % 97 == 0)
            table_move_on(&table);
        for (int k = i - 2 * LAG; k <= i && (i & (i - 1)) < 64; k++) {
            bool is_gone = k < 0 || (k + LAG <= i && (k + LAG) % 3 == 0);
            cr_assert_eq(find(&table, k) != NULL, !is_gone, "row %d of %d", k, i);
        }
    }
    for (int k = 0; k < ROWS; k++)
        cr_assert_eq(find(&table, k) != NULL, k + LAG >= ROWS || (k + LAG) % 3 != 0, "row %d", k);
    table_done(&table);
}

Test(table, keeps_rows_in_order_of_first_write)
{
    struct table table;
    table_init(&table);
    for (int i = 100; i > 0; i--)
        add(&table, i);
    table_write(&table, find(&table, 50), bytes_of_text("again"), 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(table.rows[i], find(&table, 100 - i));
    table_done(&table);
}

Test(table, a_value_may_grow_shrink_and_vanish)
{
    struct table table;
    char large[9000];
    memset(large, 'x', sizeof large);
    table_init(&table);
    struct table_row *row = add(&table, 1);
    for (size_t size = 0; size < sizeof large; size = size * 2 + 1) {
        table_write(&table, row, (weir_bytes){large, size}, 1);
        cr_assert(bytes_equal(value_of(row), (weir_bytes){large, size}));
        table_write(&table, row, (weir_bytes){0}, 2);
        cr_assert_null(row->last.value);
    }
    table_done(&table);
}

Test(table, a_value_may_lie_in_the_row_it_replaces)
{
    struct table table;
    table_init(&table);
    struct table_row *row = add(&table, 1);
    table_write(&table, row, bytes_of_text("0123456789"), 1);
    table_write(&table, row, (weir_bytes){row->last.value + 3, 5}, 1);
    cr_assert(bytes_equal(value_of(row), bytes_of_text("34567")));
    table_done(&table);
}

Test(table, updates_in_place_take_no_memory)
{
    struct table table;
    table_init(&table);
    struct table_row *row = add(&table, 1);
    size_t used = table.slab.used;
    for (int64_t i = 0; i < 1000; i++)
        table_write(&table, row, (weir_bytes){&i, 4}, i);
    cr_assert_eq(table.slab.used, used);
    table_done(&table);
}

Test(table, clearing_leaves_an_empty_table_that_works)
{
    struct table table;
    table_init(&table);
    for (int round = 0; round < 10; round++) {
        table_make_ordered(&table);
        for (int i = 0; i < (round % 2 ? 3 : 3000); i++)
            add(&table, i);
        table_clear(&table);
        cr_assert_null(find(&table, 0));
        cr_assert_null(order_first(&table.order));
        cr_assert_eq(table.slab.used, 0);
    }
    table_done(&table);
}

Test(table, an_order_nobody_used_goes_with_the_rows)
{
    struct table table;
    table_init(&table);
    table_make_ordered(&table);
    table_clear(&table);
    cr_expect(table.is_ordered, "it was used: the next rows are in it too");
    add(&table, 1);
    cr_expect_not_null(order_first(&table.order));
    table_clear(&table);
    add(&table, 1);
    cr_expect_null(order_first(&table.order));
    table_make_ordered(&table);
    cr_expect_not_null(order_first(&table.order));
    table_done(&table);
}

Test(table, order_is_the_same_built_late_or_kept)
{
    struct table table;
    table_init(&table);
    for (int i = 0; i < 1000; i++)
        add(&table, (i * 379) % 1000);
    table_make_ordered(&table);
    for (int i = 1000; i < 2000; i++)
        add(&table, 1000 + (i * 379) % 1000);
    int expected = 0;
    for (const struct table_row *row = order_first(&table.order); row; row = order_next(row))
        cr_assert_eq(row->last.timestamp_ms, expected++);
    cr_assert_eq(expected, 2000);
    for (const struct table_row *row = order_last(&table.order); row; row = order_previous(row))
        cr_assert_eq(row->last.timestamp_ms, --expected);
    cr_assert_eq(expected, 0);
    table_done(&table);
}

Test(table, seeks_stand_between_rows)
{
    struct table table;
    char text[16];
    table_init(&table);
    table_make_ordered(&table);
    for (int i = 10; i <= 30; i += 10)
        add(&table, i);
    cr_assert_eq(order_seek(&table.order, numbered(20, text)), find(&table, 20));
    cr_assert_eq(order_seek(&table.order, numbered(21, text)), find(&table, 30));
    cr_assert_null(order_seek(&table.order, numbered(31, text)));
    cr_assert_eq(order_before(&table.order, numbered(20, text)), find(&table, 10));
    cr_assert_null(order_before(&table.order, numbered(10, text)));
    table_done(&table);
}

Test(table, removing_rows_hides_no_other)
{
    struct table table;
    table_init(&table);
    table_make_ordered(&table);
    for (int i = 0; i < 3000; i++)
        add(&table, i);
    for (int i = 0; i < 3000; i += 3)
        table_remove(&table, find(&table, i));
    for (int i = 0; i < 3000; i++)
        cr_assert_eq(find(&table, i) != NULL, i % 3 != 0, "%d", i);
    size_t count = 0;
    for (const struct table_row *row = order_first(&table.order); row; row = order_next(row))
        count++;
    cr_assert_eq(count, 2000);
    cr_assert_eq(table.count, 2000);
    table_done(&table);
}

static void write_commit(struct table *table, struct table_row *row, const char *value, uint64_t commit,
                         struct table_walks walks)
{
    struct store_row from = {table_key(row), bytes_of_text(value), (int64_t)commit};
    table_write_commit(table, row, &from, commit, walks);
}

Test(table, a_walk_keeps_the_version_it_sees)
{
    struct table table;
    table_init(&table);
    struct table_row *row = add(&table, 1);
    write_commit(&table, row, "one", 1, no_walks);
    write_commit(&table, row, "four", 4, (struct table_walks){true, 2, 2});
    write_commit(&table, row, "a rather long five", 5, (struct table_walks){true, 2, 2});
    const struct table_version *seen = table_version_at(row, 2);
    cr_assert(seen);
    cr_assert(bytes_equal((weir_bytes){seen->value, seen->size}, bytes_of_text("one")));
    cr_assert_eq(table_version_at(row, 5), &row->last);
    cr_assert_null(table_version_at(row, 0));
    table_done(&table);
}

Test(table, versions_between_open_walks_are_not_kept)
{
    struct table table;
    table_init(&table);
    struct table_row *row = add(&table, 1);
    write_commit(&table, row, "1", 1, no_walks);
    size_t used = table.slab.used;
    for (uint64_t commit = 2; commit < 1000; commit++)
        write_commit(&table, row, "x", commit, (struct table_walks){true, 1, 1});
    cr_assert_lt(table.slab.used, used + 200);
    for (uint64_t commit = 1000; commit < 2000; commit++)
        write_commit(&table, row, "y", commit, (struct table_walks){true, commit - 1, commit - 1});
    cr_assert_lt(table.slab.used, used + 300);
    table_forget_versions(&table);
    cr_assert_null(row->last.older);
    table_done(&table);
}

Test(table, dirty_rows_come_sorted)
{
    struct table table;
    size_t count;
    table_init(&table);
    for (int i = 0; i < 100; i++)
        add(&table, (i * 37) % 100)->is_dirty = i % 2;
    struct table_row **rows = table_dirty(&table, &count);
    table_sort(rows, count);
    cr_assert_eq(count, 50);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(rows[i - 1]->last.timestamp_ms, rows[i]->last.timestamp_ms);
    free(rows);
    table_done(&table);
}

Test(slab, every_size_fits_its_piece_with_little_waste)
{
    for (size_t size = 1; size < 10000; size++) {
        size_t rounded = slab_round(size);
        cr_assert_geq(rounded, size);
        cr_assert_eq(rounded % 16, 0);
        cr_assert_eq(slab_round(rounded), rounded);
        cr_assert(rounded - size < 16 || rounded - size <= size / 4, "%zu in %zu", size, rounded);
    }
}

Test(slab, a_piece_given_back_is_taken_again)
{
    struct slab slab;
    slab_init(&slab);
    for (size_t size = 16; size < 6000; size = slab_round(size + 1)) {
        void *first = slab_take(&slab, size);
        memset(first, 1, size);
        slab_give(&slab, first, size);
        void *second = slab_take(&slab, size);
        cr_assert(size > SLAB_PIECE_MAX || first == second);
        memset(second, 1, size);
    }
    slab_clear(&slab);
    cr_assert_eq(slab.used, 0);
    cr_assert_eq(slab.large_bytes, 0);
    slab_done(&slab);
}

/* ---- groups: keys of which the last byte does not count ---- */

static void init_grouped(struct table *table)
{
    table_init(table);
    table_group(table, 1);
}

static struct table_row *insert_grouped(struct table *table, const char *key)
{
    weir_bytes bytes = bytes_of_text(key);
    return table_insert(table, bytes, table_hash(table, bytes), 4);
}

static struct table_row *find_grouped(struct table *table, const char *key)
{
    weir_bytes bytes = bytes_of_text(key);
    return table_find(table, bytes, table_hash(table, bytes));
}

static void expect_list(struct table *table, const char *bound, const char *tails)
{
    struct table_row *row;
    char found[16] = "";
    row = table_group_seek(table, bytes_of_text(bound), strlen(bound) - 1, false);
    for (size_t i = 0; row && i + 1 < sizeof found; row = table_links(row)->newer)
        found[i++] = row->key[row->key_size - 1];
    cr_expect_str_eq(found, tails);
}

Test(table, rows_of_a_group_are_in_order_however_they_came)
{
    struct table table;
    init_grouped(&table);
    for (const char *tails = "dbeac", *tail = tails; *tail; tail++)
        insert_grouped(&table, (char[]){'k', *tail, 0});
    insert_grouped(&table, "qc");
    expect_list(&table, "ka", "abcde");
    expect_list(&table, "kc", "cde");
    expect_list(&table, "qa", "c");
    expect_list(&table, "kz", "");
    expect_list(&table, "xa", "");
    table_done(&table);
}

Test(table, the_row_before_a_bound_is_found_too)
{
    struct table table;
    init_grouped(&table);
    insert_grouped(&table, "kb");
    insert_grouped(&table, "kd");
    cr_expect_eq(table_group_seek(&table, bytes_of_text("kd"), 1, true), find_grouped(&table, "kb"));
    cr_expect_null(table_group_seek(&table, bytes_of_text("kb"), 1, true));
    table_done(&table);
}

Test(table, a_row_leaves_its_group_and_the_last_one_its_slot)
{
    struct table table;
    init_grouped(&table);
    insert_grouped(&table, "ka");
    insert_grouped(&table, "kb");
    insert_grouped(&table, "kc");
    table_remove(&table, find_grouped(&table, "kb"));
    expect_list(&table, "ka", "ac");
    table_remove(&table, find_grouped(&table, "kc"));
    expect_list(&table, "ka", "a");
    table_remove(&table, find_grouped(&table, "ka"));
    cr_expect_eq(table.used, 0);
    cr_expect_null(find_grouped(&table, "ka"));
    insert_grouped(&table, "ka");
    expect_list(&table, "ka", "a");
    table_done(&table);
}

Test(table, many_groups_are_found_when_the_slots_have_grown)
{
    struct table table;
    char key[16];
    init_grouped(&table);
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "%04d%c", i % 500, 'a' + i / 500);
        insert_grouped(&table, key);
    }
    cr_expect_eq(table.used, 500);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "%04da", i);
        expect_list(&table, key, "abcd");
    }
    table_clear(&table);
    cr_expect_null(find_grouped(&table, "0000a"));
    table_done(&table);
}

/* Later rows come first, so that each walks past all before it: the table gets its ordered index, and uses it. */
Test(table, a_long_group_is_searched_by_order)
{
    struct table table;
    struct table_row *row;
    init_grouped(&table);
    for (int tail = 200; tail >= 1; tail--)
        insert_grouped(&table, (char[]){'k', (char)tail, 0});
    cr_expect(table.is_ordered);
    row = find_grouped(&table, "k\x64");
    cr_assert_not_null(row);
    cr_expect_eq((unsigned char)table_links(row)->older->key[1], 0x63);
    cr_expect_eq((unsigned char)table_links(row)->newer->key[1], 0x65);
    table_remove(&table, row);
    cr_expect_null(find_grouped(&table, "k\x64"));
    table_done(&table);
}
