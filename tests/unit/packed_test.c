/* packed.h: rows that share a record of a changelog. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "state/packed.h"

static struct packed packed;

static void tear_down(void)
{
    packed_done(&packed);
}

TestSuite(packed, .fini = tear_down);

static const struct store_row first = {{"a", 1}, {"one", 3}, 0}, deletion = {{"b\0", 2}, {0}, 0},
                              empty = {{"", 0}, {"", 0}, 0};

static void expect_row(weir_bytes *rows, const struct store_row *expected)
{
    struct store_row row;
    cr_assert(packed_next(rows, &row));
    cr_expect(bytes_equal(row.key, expected->key));
    cr_expect(bytes_equal(row.value, expected->value));
    cr_expect_eq(row.value.data == NULL, expected->value.data == NULL);
}

Test(packed, rows_come_out_as_they_went_in)
{
    packed_add(&packed, &first);
    packed_add(&packed, &deletion);
    packed_add(&packed, &empty);
    const struct store_row record = packed_record(&packed);
    weir_bytes rows;
    struct store_row row;
    cr_assert(packed_read(&record, &rows));
    expect_row(&rows, &first);
    expect_row(&rows, &deletion);
    expect_row(&rows, &empty);
    cr_expect_not(packed_next(&rows, &row));
}

Test(packed, the_bytes_are_those_of_the_format)
{
    packed_add(&packed, &first);
    packed_add(&packed, &deletion);
    cr_expect(bytes_equal(packed_record(&packed).value,
                          (weir_bytes){"\1\0\0\0\1a\0\0\0\3one\0\0\0\2b\0\xff\xff\xff\xff", 23}));
}

Test(packed, a_row_alone_is_the_record_it_would_be_anyway)
{
    packed_add(&packed, &first);
    const struct store_row record = packed_record(&packed);
    weir_bytes rows;
    cr_expect(bytes_equal(record.key, first.key));
    cr_expect(bytes_equal(record.value, first.value));
    cr_expect_not(packed_read(&record, &rows));
}

/* A broker deletes segments whose newest record is older than the retention. */
Test(packed, the_record_has_the_time_of_its_newest_row)
{
    const struct store_row rows[] = {{{"a", 1}, {"one", 3}, 20}, {{"b", 1}, {0}, 30}, {{"c", 1}, {"two", 3}, 10}};
    static const int64_t newest_ms[] = {20, 30, 30};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        packed_add(&packed, &rows[i]);
        cr_expect_eq(packed_record(&packed).timestamp_ms, newest_ms[i], "of %zu rows", i + 1);
    }
    packed_clear(&packed);
    packed_add(&packed, &rows[2]);
    cr_expect_eq(packed_record(&packed).timestamp_ms, 10, "not that of the pack before");
}

Test(packed, there_is_room_for_so_many_rows_and_bytes)
{
    static char value[PACKED_BYTES_MAX];
    const struct store_row large = {{"k", 1}, {value, sizeof value}, 0};
    cr_expect(packed_has_room(&packed, &large), "one row always fits");
    packed_add(&packed, &first);
    cr_expect_not(packed_has_room(&packed, &large));
    while (packed_has_room(&packed, &deletion))
        packed_add(&packed, &deletion);
    cr_expect_eq(packed.count, PACKED_ROWS_MAX);
    packed_clear(&packed);
    const struct store_row half = {{"k", 1}, {value, PACKED_BYTES_MAX / 2 - 9}, 0};
    packed_add(&packed, &half);
    cr_expect_not(packed_has_room(&packed, &half), "with the format's byte it is one too many");
}

Test(packed, what_is_not_whole_is_not_read)
{
    packed_add(&packed, &first);
    packed_add(&packed, &deletion);
    weir_bytes rows, whole = packed_record(&packed).value;
    for (size_t size = 0; size < whole.size; size++) {
        const struct store_row record = {.value = {whole.data, size}};
        bool ends_behind_a_row = size == 1 || size == 13;
        cr_expect_eq(packed_read(&record, &rows), ends_behind_a_row, "%zu bytes", size);
    }
}

Test(packed, other_records_are_not_packed)
{
    packed_add(&packed, &first);
    packed_add(&packed, &deletion);
    weir_bytes rows, bytes = packed_record(&packed).value;
    const struct store_row keyed = {.key = {"k", 1}, .value = bytes}, none = {0}, other = {.value = {"\2\0\0\0\1a", 6}},
                           keyless = {.value = {"\1\xff\xff\xff\xff\0\0\0\0", 9}};
    cr_expect_not(packed_read(&keyed, &rows));
    cr_expect_not(packed_read(&none, &rows));
    cr_expect_not(packed_read(&other, &rows));
    cr_expect_not(packed_read(&keyless, &rows), "every row has a key");
}
