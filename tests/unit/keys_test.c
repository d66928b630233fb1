/* keys_test.c: key codecs: round trips, order, refusal.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "state/keys.h"

static const weir_bytes samples[] = {{"", 0},   {"\0", 1},   {"\0\0", 2},   {"\0\377", 2},  {"\0a", 2},
                                     {"\1", 1}, {"a", 1},    {"a\0", 2},    {"a\0b", 3},    {"ab", 2},
                                     {"b", 1},  {"\377", 1}, {"\377\0", 2}, {"\377\377", 2}};
enum { SAMPLES = sizeof samples / sizeof samples[0] };
static const int64_t starts[] = {INT64_MIN, -1, 0, 1, 255, 256, 1700000000000, INT64_MAX};
enum { STARTS = sizeof starts / sizeof starts[0] };

static weir_bytes window_key(size_t sample, size_t start, struct buffer *buffer)
{
    buffer_clear(buffer);
    keys_window_write(samples[sample], starts[start], buffer);
    return buffer_bytes(buffer);
}

Test(keys, a_window_key_comes_back_as_it_went_in)
{
    struct buffer buffer = {0};
    weir_arena arena = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < STARTS; j++) {
            weir_bytes key;
            int64_t start_ms;
            cr_assert(keys_window_read(window_key(i, j, &buffer), &arena, &key, &start_ms));
            cr_assert(bytes_equal(key, samples[i]));
            cr_assert_eq(start_ms, starts[j]);
        }
    }
    buffer_done(&buffer);
    arena_done(&arena);
}

Test(keys, window_keys_sort_by_key_and_then_by_start)
{
    struct buffer a = {0}, b = {0};
    for (size_t i = 0; i < SAMPLES * STARTS; i++) {
        for (size_t j = 0; j < SAMPLES * STARTS; j++) {
            int keys = bytes_compare(samples[i / STARTS], samples[j / STARTS]);
            int expected = keys ? keys : (i > j) - (i < j);
            int order = bytes_compare(window_key(i / STARTS, i % STARTS, &a), window_key(j / STARTS, j % STARTS, &b));
            cr_assert_eq((order > 0) - (order < 0), (expected > 0) - (expected < 0), "%zu and %zu", i, j);
        }
    }
    buffer_done(&a);
    buffer_done(&b);
}

Test(keys, the_window_prefix_of_a_key_begins_its_windows_and_no_others)
{
    struct buffer prefix = {0}, stored = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        buffer_clear(&prefix);
        keys_window_prefix(samples[i], &prefix);
        for (size_t j = 0; j < SAMPLES; j++) {
            weir_bytes key = window_key(j, 4, &stored);
            bool begins = key.size >= prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
            cr_assert_eq(begins, i == j, "%zu and %zu", i, j);
        }
    }
    buffer_done(&prefix);
    buffer_done(&stored);
}

Test(keys, bytes_no_writer_makes_are_not_a_window_key)
{
    weir_arena arena = {0};
    weir_bytes key;
    int64_t start_ms;
    cr_assert_not(keys_window_read((weir_bytes){"", 0}, &arena, &key, &start_ms));
    cr_assert_not(keys_window_read((weir_bytes){"\0\0\0\0\0\0\0\0\0", 9}, &arena, &key, &start_ms));
    cr_assert_not(keys_window_read((weir_bytes){"a\0\1\0\0\0\0\0\0\0\0", 11}, &arena, &key, &start_ms));
    cr_assert_not(keys_window_read((weir_bytes){"\0a\0\0\0\0\0\0\0\0\0\0", 12}, &arena, &key, &start_ms));
    cr_assert_not(keys_window_read((weir_bytes){"a\0\0\0\0\0\0\0\0\0\0\0", 12}, &arena, &key, &start_ms));
    arena_done(&arena);
}

Test(keys, the_changelog_form_is_that_of_kafka_streams)
{
    struct buffer buffer = {0};
    keys_window_log_write((weir_bytes){"k\0", 2}, 0x0102, &buffer);
    cr_assert(bytes_equal(buffer_bytes(&buffer), (weir_bytes){"k\0\0\0\0\0\0\0\1\2\0\0\0\0", 14}));
    weir_bytes key;
    int64_t start_ms;
    cr_assert(keys_window_log_read(buffer_bytes(&buffer), &key, &start_ms));
    cr_assert(bytes_equal(key, (weir_bytes){"k\0", 2}));
    cr_assert_eq(start_ms, 0x0102);
    buffer_done(&buffer);
}

Test(keys, a_changelog_key_that_is_short_or_has_a_sequence_number_is_refused)
{
    weir_bytes key;
    int64_t start_ms;
    cr_assert_not(keys_window_log_read((weir_bytes){"\0\0\0\0\0\0\0\0\0\0\0", 11}, &key, &start_ms));
    cr_assert_not(keys_window_log_read((weir_bytes){"k\0\0\0\0\0\0\0\0\0\0\0\1", 13}, &key, &start_ms));
}

Test(keys, the_record_form_is_the_key_and_the_start)
{
    struct buffer buffer = {0};
    keys_windowed_record_write((weir_bytes){"k", 1}, 5, &buffer);
    cr_assert(bytes_equal(buffer_bytes(&buffer), (weir_bytes){"k\0\0\0\0\0\0\0\5", 9}));
    buffer_done(&buffer);
}

Test(keys, the_key_after_a_prefix_is_the_smallest_behind_it)
{
    struct buffer buffer = {0};
    cr_assert(keys_after_prefix((weir_bytes){"a\377\377", 3}, &buffer));
    cr_assert(bytes_equal(buffer_bytes(&buffer), (weir_bytes){"b", 1}));
    buffer_clear(&buffer);
    cr_assert(keys_after_prefix((weir_bytes){"ab", 2}, &buffer));
    cr_assert(bytes_equal(buffer_bytes(&buffer), (weir_bytes){"ac", 2}));
    buffer_done(&buffer);
}

Test(keys, nothing_comes_after_a_prefix_of_the_largest_bytes)
{
    struct buffer buffer = {0};
    cr_assert_not(keys_after_prefix((weir_bytes){"\377\377", 2}, &buffer));
    cr_assert_not(keys_after_prefix((weir_bytes){"", 0}, &buffer));
    cr_assert_eq(buffer.size, 0);
}
