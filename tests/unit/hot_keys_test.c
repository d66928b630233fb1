/* hot_keys.c: the keys that many records have, within the bounds that SpaceSaving promises and in bounded memory. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "runtime/hot_keys.h"

static struct hot_keys hot;
static weir_arena *arena;
static struct hot_key listed[HOT_KEYS_MAX];
static int64_t looked_at;

static void begin(void)
{
    hot_keys_init(&hot);
    arena = weir_arena_new();
}

static void end(void)
{
    hot_keys_done(&hot);
    weir_arena_free(arena);
}

TestSuite(hot_keys, .init = begin, .fini = end);

static void count(int number)
{
    char text[16];
    int size = snprintf(text, sizeof text, "key-%d", number);
    hot_keys_count(&hot, (weir_bytes){text, (size_t)size});
}

static size_t list(void)
{
    return hot_keys_list(&hot, arena, listed, &looked_at);
}

static bool is_key(const struct hot_key *key, const char *text)
{
    return bytes_equal(key->key, bytes_of_text(text));
}

Test(hot_keys, few_records_have_none)
{
    for (int i = 0; i < 10; i++)
        count(1);
    cr_expect_eq(list(), 0);
    cr_expect_eq(looked_at, 10);
}

Test(hot_keys, the_hottest_come_first)
{
    for (int i = 0; i < 100; i++) {
        count(1);
        count(2);
        count(i % 4 ? 2 : 3);
    }
    cr_assert_eq(list(), 3);
    cr_expect(is_key(&listed[0], "key-2"));
    cr_expect(is_key(&listed[1], "key-1"));
    cr_expect(is_key(&listed[2], "key-3"));
    cr_expect_eq(listed[0].count, 175);
    cr_expect_eq(listed[0].error, 0);
}

Test(hot_keys, a_count_is_never_too_small_and_too_large_by_its_error_at_most)
{
    for (int i = 0; i < 4000; i++)
        count(i % 4 == 0 ? 0 : 1 + i);
    cr_assert_geq(list(), 1);
    cr_expect(is_key(&listed[0], "key-0"));
    cr_expect_geq(listed[0].count, 1000);
    cr_expect_leq(listed[0].count - listed[0].error, 1000);
    cr_expect_leq(listed[0].error, 4000 / HOT_KEYS_MAX);
}

Test(hot_keys, where_all_are_equal_none_is_hot)
{
    for (int i = 0; i < 6000; i++)
        count(i % 2000);
    cr_expect_eq(list(), 0);
}

Test(hot_keys, a_key_that_was_hot_long_ago_is_forgotten)
{
    for (int i = 0; i < 6000; i++)
        count(1);
    for (int i = 0; i < 8 * HOT_KEYS_HALVED_AT; i++)
        count(2);
    cr_assert_eq(list(), 1);
    cr_expect(is_key(&listed[0], "key-2"));
    cr_expect_lt(looked_at, HOT_KEYS_HALVED_AT);
}

Test(hot_keys, records_without_a_key_count_for_the_shares)
{
    for (int i = 0; i < 100; i++) {
        count(1);
        hot_keys_count(&hot, (weir_bytes){NULL, 0});
    }
    cr_assert_eq(list(), 1);
    cr_expect_eq(listed[0].count, 100);
    cr_expect_eq(looked_at, 200);
}

Test(hot_keys, a_long_key_is_counted_and_not_kept)
{
    char text[HOT_KEY_BYTES + 1];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 100; i++)
        hot_keys_count(&hot, (weir_bytes){text, sizeof text});
    cr_assert_eq(list(), 1);
    cr_expect_null(listed[0].key.data);
    cr_expect_eq(listed[0].count, 100);
}

Test(hot_keys, an_empty_key_is_a_key)
{
    for (int i = 0; i < 100; i++)
        hot_keys_count(&hot, (weir_bytes){"", 0});
    cr_assert_eq(list(), 1);
    cr_expect_not_null(listed[0].key.data);
    cr_expect_eq(listed[0].key.size, 0);
}

/* The rhythm of the keys: each of `period` keys in turn. Every one of them must be met as often as it comes. */
Test(hot_keys, no_rhythm_of_the_keys_beats_with_the_sample)
{
    for (int period = 2; period <= 16; period *= 2) {
        hot_keys_clear(&hot);
        for (int64_t offset = 0; offset < 100000; offset++) {
            char text[16];
            int size = snprintf(text, sizeof text, "%d", (int)(offset % period));
            hot_keys_see(&hot, offset, (weir_bytes){text, (size_t)size});
        }
        cr_assert_eq(list(), period);
        cr_expect_float_eq((double)looked_at, 100000.0 / HOT_KEYS_EVERY, 50);
        for (int i = 0; i < period; i++)
            cr_expect_float_eq((double)listed[i].count / (double)looked_at, 1.0 / period, 0.01, "period %d", period);
    }
}

Test(hot_keys, what_is_cleared_begins_anew)
{
    for (int i = 0; i < 100; i++)
        count(1);
    hot_keys_clear(&hot);
    cr_expect_eq(list(), 0);
    cr_expect_eq(looked_at, 0);
    cr_expect_eq(hot_keys_greatest_share(&hot), 0);
}

Test(hot_keys, the_greatest_share_is_that_of_the_hottest)
{
    cr_expect_eq(hot_keys_greatest_share(&hot), 0);
    for (int i = 0; i < 100; i++)
        count(i % 4 ? 1 : 2);
    cr_expect_float_eq(hot_keys_greatest_share(&hot), 0.75, 1e-9);
}
