/* changelog.h: rows as Kafka Streams' changelogs have them. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "state/changelog.h"
#include "state/keys.h"

static weir_arena arena;
static struct buffer scratch;

static void tear_down(void)
{
    buffer_done(&scratch);
    arena_done(&arena);
}

TestSuite(changelog, .fini = tear_down);

static weir_bytes kept(struct buffer *buffer)
{
    weir_bytes bytes = arena_bytes(&arena, buffer_bytes(buffer));
    buffer_clear(buffer);
    return bytes;
}

static void expect_round_trip(enum store_kind kind, int64_t timestamp_ms, weir_bytes stored_key, weir_bytes logged_key)
{
    const struct store_row row = {stored_key, {"v", 1}, timestamp_ms};
    struct store_row logged, stored;
    cr_assert(changelog_write(kind, &row, &arena, &scratch, &logged));
    cr_expect(bytes_equal(logged.key, logged_key));
    cr_expect(bytes_equal(logged.value, row.value));
    cr_expect_eq(logged.timestamp_ms, timestamp_ms);
    logged.key = logged_key;
    cr_assert(changelog_read(kind, &logged, &arena, &scratch, &stored));
    cr_expect(bytes_equal(stored.key, stored_key));
    cr_expect(bytes_equal(stored.value, row.value));
    cr_expect_eq(stored.timestamp_ms, timestamp_ms);
}

Test(changelog, plain_rows_are_logged_as_they_are)
{
    expect_round_trip(STORE_KEY_VALUE, 7, (weir_bytes){"k\0", 2}, (weir_bytes){"k\0", 2});
}

Test(changelog, rows_of_windows_are_logged_under_key_start_and_zero)
{
    struct buffer buffer = {0};
    keys_window_write((weir_bytes){"k\0", 2}, 0x0102, &buffer);
    expect_round_trip(STORE_WINDOW, 7, kept(&buffer), (weir_bytes){"k\0\0\0\0\0\0\0\1\2\0\0\0\0", 14});
    buffer_done(&buffer);
}

Test(changelog, rows_of_joins_are_logged_under_key_time_and_sequence)
{
    struct buffer buffer = {0};
    keys_join_write((weir_bytes){"k\0", 2}, 0x0102, 0x0a0b, &buffer);
    expect_round_trip(STORE_JOIN, 0x0102, kept(&buffer), (weir_bytes){"k\0\0\0\0\0\0\0\1\2\0\0\x0a\x0b", 14});
    buffer_done(&buffer);
}

Test(changelog, the_time_of_a_row_of_a_join_is_that_of_its_key)
{
    const struct store_row logged = {{"k\0\0\0\0\0\0\1\0\0\0\0\1", 13}, {"v", 1}, 777};
    struct store_row stored;
    cr_assert(changelog_read(STORE_JOIN, &logged, &arena, &scratch, &stored));
    cr_expect_eq(stored.timestamp_ms, 256);
}

Test(changelog, a_record_without_a_key_is_no_row)
{
    const struct store_row logged = {.value = {"v", 1}};
    struct store_row stored;
    for (int kind = STORE_KEY_VALUE; kind <= STORE_JOIN; kind++)
        cr_expect_not(changelog_read((enum store_kind)kind, &logged, &arena, &scratch, &stored));
}

Test(changelog, a_short_key_is_no_window)
{
    const struct store_row logged = {.key = {"01234567890", 11}, .value = {"v", 1}};
    struct store_row stored;
    cr_expect_not(changelog_read(STORE_WINDOW, &logged, &arena, &scratch, &stored));
    cr_expect_not(changelog_read(STORE_JOIN, &logged, &arena, &scratch, &stored));
}
