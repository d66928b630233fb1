/* What a record of a table's topic means to its store, when the topic is its changelog. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "runtime/source_row.h"

static int64_t at_17(const struct weir_record *record, int64_t partition_time_ms)
{
    return record->value ? 17 + partition_time_ms : 0;
}

static const struct graph_node node = {.key_type = &weir_str_type, .value_type = &weir_i64_type};
static struct layout_source source;
static struct broker_message message;
static struct store_row row;
static weir_arena *arena;

static void set_up(void)
{
    arena = weir_arena_new();
    source = (struct layout_source){.node = &node};
    message = (struct broker_message){.key = {"k", 1}, .value = {"\0\0\0\0\0\0\0\5", 8}, .timestamp_ms = 3};
}

static void tear_down(void)
{
    weir_arena_free(arena);
}

TestSuite(source_row, .init = set_up, .fini = tear_down);

static bool is_row(void)
{
    return source_row(&source, &message, INT64_MAX, arena, &row);
}

Test(source_row, a_record_is_a_row)
{
    cr_assert(is_row());
    cr_expect(bytes_equal(row.key, (weir_bytes){"k", 1}));
    cr_expect(bytes_equal(row.value, message.value));
    cr_expect_eq(row.timestamp_ms, 3);
}

Test(source_row, a_tombstone_deletes)
{
    message.value = (weir_bytes){NULL, 0};
    cr_assert(is_row());
    cr_expect_null(row.value.data);
}

Test(source_row, what_has_no_key_is_none)
{
    message.key = (weir_bytes){NULL, 0};
    cr_expect_not(is_row());
}

Test(source_row, what_cannot_be_read_is_none)
{
    message.value = (weir_bytes){"text", 4};
    cr_expect_not(is_row());
    message.value = (weir_bytes){"\0\0\0\0\0\0\0\5", 8};
    message.key = (weir_bytes){"\xff", 1};
    cr_expect_not(is_row());
}

Test(source_row, time_is_what_the_extractor_says)
{
    source.timestamp = at_17;
    cr_assert(is_row());
    cr_expect_eq(row.timestamp_ms, 16);
}

Test(source_row, the_wall_clock_gives_way_to_the_records_own_time)
{
    source.timestamp = weir_wall_clock;
    cr_assert(is_row());
    cr_expect_eq(row.timestamp_ms, 3);
}

Test(source_row, what_was_refused_for_its_time_is_none)
{
    cr_expect_not(source_row(&source, &message, 2, arena, &row));
    cr_expect(source_row(&source, &message, 3, arena, &row));
    message.timestamp_ms = -1;
    cr_expect_not(is_row());
}
