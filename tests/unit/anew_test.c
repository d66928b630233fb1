/* anew_test.c: a history that begins anew, as a record of the changelog and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/anew.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/bytes.h"

static const char only_begin[ANEW_TIME_BYTES] = {0, 0, 0, 0, 0, 0, 0, 9};
static const char with_version[] = {0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 7, 'v'};

static struct store_row row_of(weir_bytes value)
{
    return (struct store_row){bytes_of_text("k"), value, VERSION_ANEW};
}

static void expect_same_again(struct store_row logged, weir_bytes value, struct weir_headers headers, weir_arena *arena)
{
    anew_read(&logged, arena, headers);
    cr_assert_eq(logged.timestamp_ms, VERSION_ANEW);
    cr_assert(bytes_equal(logged.key, bytes_of_text("k")));
    cr_assert(bytes_equal(logged.value, value));
}

Test(anew, the_version_that_is_valid_where_history_begins_is_the_record)
{
    weir_arena arena;
    arena_init(&arena);
    struct weir_headers headers = {0};
    const weir_bytes value = {with_version, sizeof with_version};
    struct store_row logged = row_of(value);
    anew_write(&logged, &arena, &headers);
    cr_assert_eq(logged.timestamp_ms, 7);
    cr_assert(bytes_equal(logged.value, bytes_of_text("v")));
    cr_assert_eq(headers.count, 1);
    expect_same_again(logged, value, headers, &arena);
    arena_done(&arena);
}

Test(anew, where_no_version_is_valid_the_record_is_a_deletion_at_time_0)
{
    weir_arena arena;
    arena_init(&arena);
    struct weir_headers headers = {0};
    const weir_bytes value = {only_begin, sizeof only_begin};
    struct store_row logged = row_of(value);
    anew_write(&logged, &arena, &headers);
    cr_assert_eq(logged.timestamp_ms, 0);
    cr_assert_null(logged.value.data);
    expect_same_again(logged, value, headers, &arena);
    arena_done(&arena);
}

Test(anew, a_header_of_another_size_is_left_for_the_store_to_refuse)
{
    weir_arena arena;
    arena_init(&arena);
    struct weir_header header = {"__weir.anew", bytes_of_text("123")};
    struct store_row logged = {bytes_of_text("k"), bytes_of_text("a value of some length"), 7};
    anew_read(&logged, &arena, (struct weir_headers){&header, 1});
    cr_assert_eq(logged.timestamp_ms, VERSION_ANEW);
    cr_assert(bytes_equal(logged.value, bytes_of_text("123")));
    arena_done(&arena);
}

Test(anew, other_records_stay_as_they_are)
{
    weir_arena arena;
    arena_init(&arena);
    struct weir_headers headers = {0};
    struct store_row logged = {bytes_of_text("k"), bytes_of_text("v"), 7};
    anew_write(&logged, &arena, &headers);
    anew_read(&logged, &arena, headers);
    cr_assert_eq(headers.count, 0);
    cr_assert_eq(logged.timestamp_ms, 7);
    cr_assert(bytes_equal(logged.value, bytes_of_text("v")));
    arena_done(&arena);
}
