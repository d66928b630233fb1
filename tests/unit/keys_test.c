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

static weir_bytes session_key(size_t sample, size_t start, size_t end, struct buffer *buffer)
{
    buffer_clear(buffer);
    keys_session_write(samples[sample], starts[start], starts[end], buffer);
    return buffer_bytes(buffer);
}

Test(keys, a_session_key_comes_back_as_it_went_in)
{
    struct buffer buffer = {0};
    weir_arena arena = {0};
    for (size_t i = 0; i < SAMPLES * STARTS * STARTS; i++) {
        size_t sample = i / STARTS / STARTS, start = i / STARTS % STARTS, end = i % STARTS;
        weir_bytes key;
        int64_t start_ms, end_ms;
        cr_assert(keys_session_read(session_key(sample, start, end, &buffer), &arena, &key, &start_ms, &end_ms));
        cr_assert(bytes_equal(key, samples[sample]));
        cr_assert_eq(start_ms, starts[start]);
        cr_assert_eq(end_ms, starts[end]);
    }
    buffer_done(&buffer);
    arena_done(&arena);
}

Test(keys, session_keys_sort_by_key_then_end_then_start)
{
    struct buffer a = {0}, b = {0};
    for (size_t sample = 0; sample < SAMPLES; sample++) {
        for (size_t other = 0; other < SAMPLES; other++)
            cr_assert_eq(bytes_compare(samples[sample], samples[other]) < 0,
                         bytes_compare(session_key(sample, STARTS - 1, STARTS - 1, &a), session_key(other, 0, 0, &b)) <
                             0);
        for (size_t end = 0; end + 1 < STARTS; end++)
            cr_assert_lt(bytes_compare(session_key(sample, STARTS - 1, end, &a), session_key(sample, 0, end + 1, &b)),
                         0);
        cr_assert_lt(bytes_compare(session_key(sample, 0, 3, &a), session_key(sample, 1, 3, &b)), 0);
    }
    buffer_done(&a);
    buffer_done(&b);
}

Test(keys, a_logged_session_key_is_kafka_streams_form)
{
    struct buffer logged = {0};
    weir_bytes key;
    int64_t start_ms, end_ms;
    keys_session_log_write((weir_bytes){"k", 1}, 0x0102, 0x0304, &logged);
    cr_assert(bytes_equal(buffer_bytes(&logged), (weir_bytes){"k\0\0\0\0\0\0\3\4\0\0\0\0\0\0\1\2", 17}));
    cr_assert(keys_session_log_read(buffer_bytes(&logged), &key, &start_ms, &end_ms));
    cr_assert(bytes_equal(key, (weir_bytes){"k", 1}));
    cr_assert_eq(start_ms, 0x0102);
    cr_assert_eq(end_ms, 0x0304);
    cr_assert_not(keys_session_log_read((weir_bytes){"123456789012345", 15}, &key, &start_ms, &end_ms));
    buffer_done(&logged);
}

Test(keys, a_logged_session_does_not_end_before_it_begins)
{
    weir_bytes key;
    int64_t start_ms, end_ms;
    cr_assert_not(
        keys_session_log_read((weir_bytes){"\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 16}, &key, &start_ms, &end_ms));
}
