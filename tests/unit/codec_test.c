/* codec_test.c: formats and frames, scalars as Kafka writes them, copies, equality, keys as text. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "samples.h"
#include "schemas/codec.h"
#include "schemas/fingerprint.h"
#include "unit/codec_fixture.h"

TestSuite(codec, .init = start, .fini = stop);

#define BYTES(text) ((weir_bytes){"" text, sizeof(text) - 1})

static const struct line sample = {.sku = {"A-1", 3}, .quantity = 2, .price = {1250}};

static bool bytes_are(weir_bytes bytes, const void *expected, size_t size)
{
    return bytes.size == size && memcmp(bytes.data, expected, size) == 0;
}

static weir_bytes written(const struct weir_type *type, enum weir_format format, const void *value)
{
    out.size = 0;
    cr_assert(codec_write(type, format, 258, value, &out, &error), "%s", error.message);
    return buffer_bytes(&out);
}

static bool is_refused(const struct weir_type *type, weir_bytes bytes, const char *message)
{
    error = (struct weir_error){0};
    return !codec_read(type, bytes, &arena, &error) && error.code == WEIR_POISON && strstr(error.message, message);
}

Test(codec, knows_the_fingerprints_of_its_builtin_types)
{
    const struct weir_type *const types[] = {&weir_str_type,    &weir_bytes_type, &weir_i64_type,    &weir_i32_type,
                                             &weir_double_type, &weir_json_type,  &weir_dropped_type};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        cr_assert_eq(types[i]->fingerprint, fingerprint_of((weir_bytes){types[i]->schema, strlen(types[i]->schema)}));
    cr_assert_eq(fingerprint_of(BYTES("\"null\"")), UINT64_C(0x63dd24e7cc258f8a), "Avro's own test vector");
}

Test(codec, writes_scalars_as_kafka_does)
{
    const double half = 0.5;
    cr_assert(
        bytes_are(written(&weir_i64_type, WEIR_FORMAT_AVRO, &(int64_t){-2}), "\xff\xff\xff\xff\xff\xff\xff\xfe", 8));
    cr_assert(bytes_are(written(&weir_i32_type, WEIR_FORMAT_OBJECT, &(int32_t){258}), "\0\0\1\2", 4));
    cr_assert(bytes_are(written(&weir_double_type, WEIR_FORMAT_JSON, &half), "\x3f\xe0\0\0\0\0\0\0", 8));
    cr_assert(bytes_are(written(&weir_str_type, WEIR_FORMAT_JSON, WEIR_STR("a\"")), "a\"", 2));
    cr_assert(bytes_are(written(&weir_bytes_type, WEIR_FORMAT_JSON, WEIR_STR("\xff")), "\xff", 1));
    cr_assert(bytes_are(written(&weir_json_type, WEIR_FORMAT_AVRO, WEIR_STR("[1]")), "[1]", 3));
    cr_assert(bytes_are(written(&color_type, WEIR_FORMAT_AVRO, &(int32_t){COLOR_BLUE}), "BLUE", 4));
}

Test(codec, reads_scalars_as_kafka_does)
{
    cr_assert_eq(
        *(const int64_t *)codec_read(&weir_i64_type, BYTES("\xff\xff\xff\xff\xff\xff\xff\xfe"), &arena, &error), -2);
    cr_assert_eq(*(const int32_t *)codec_read(&weir_i32_type, BYTES("\0\0\1\2"), &arena, &error), 258);
    cr_assert_eq(*(const double *)codec_read(&weir_double_type, BYTES("\x3f\xe0\0\0\0\0\0\0"), &arena, &error), 0.5);
    cr_assert_eq(*(const int32_t *)codec_read(&color_type, BYTES("GREEN"), &arena, &error), COLOR_GREEN);
    const weir_bytes *empty = codec_read(&weir_str_type, BYTES(""), &arena, &error);
    cr_assert(empty && empty->data && empty->size == 0);
}

Test(codec, refuses_scalars_that_do_not_fit)
{
    const struct weir_type boolean = {.name = "boolean", .kind = WEIR_KIND_BOOL, .size = 1};
    cr_assert(is_refused(&weir_i64_type, BYTES("1234567"), "long: expected 8 bytes, found 7"));
    cr_assert(is_refused(&weir_i32_type, BYTES("12345678"), "int: expected 4 bytes, found 8"));
    cr_assert(is_refused(&weir_double_type, BYTES(""), "double: expected 8 bytes, found 0"));
    cr_assert(is_refused(&weir_str_type, BYTES("\xff"), "UTF-8"));
    cr_assert(is_refused(&weir_json_type, BYTES("{"), ""));
    cr_assert(is_refused(&color_type, BYTES("PINK"), "not a symbol"));
    cr_assert(is_refused(&boolean, BYTES("\2"), "0 or 1"));
}

Test(codec, recognises_all_three_formats)
{
    for (enum weir_format format = WEIR_FORMAT_JSON; format <= WEIR_FORMAT_OBJECT; format++) {
        weir_bytes bytes = written(&line_type, format, &sample);
        const struct line *again = codec_read(&line_type, bytes, &arena, &error);
        cr_assert(again && codec_equal(&line_type, again, &sample), "%s", error.message);
    }
}

Test(codec, writes_the_frame_of_confluent)
{
    weir_bytes bytes = written(&line_type, WEIR_FORMAT_AVRO, &sample);
    cr_assert(bytes_are(bytes, "\0\0\0\1\2\6A-1\4\4\4\xe2", 13));
}

Test(codec, writes_single_objects_with_the_fingerprint)
{
    weir_bytes bytes = written(&line_type, WEIR_FORMAT_OBJECT, &sample);
    cr_assert(memcmp(bytes.data, "\xC3\x01", 2) == 0);
    cr_assert(memcmp((const char *)bytes.data + 2, &line_type.fingerprint, 8) == 0);
    cr_assert_eq(bytes.size, 18);
}

Test(codec, names_both_fingerprints_when_they_differ)
{
    char expected[100];
    snprintf(expected, sizeof expected, "expected schema fingerprint %016llx, found 0807060504030201",
             (unsigned long long)line_type.fingerprint);
    cr_assert(is_refused(&line_type, BYTES("\xC3\x01\1\2\3\4\5\6\7\x08xx"), expected));
}

Test(codec, refuses_frames_cut_off)
{
    cr_assert(is_refused(&line_type, BYTES("\0\0\0"), "cut off"));
    cr_assert(is_refused(&line_type, BYTES("\xC3\x01\0\0"), "cut off"));
    cr_assert(is_refused(&line_type, BYTES("\xC3"), ""));
    cr_assert(is_refused(&line_type, BYTES(""), "expected an object, found the end"));
}

Test(codec, refuses_values_larger_than_a_megabyte_both_ways)
{
    char *large = memory_new(CODEC_VALUE_BYTES_MAX + 1);
    memset(large, 'x', CODEC_VALUE_BYTES_MAX + 1);
    weir_bytes bytes = {large, CODEC_VALUE_BYTES_MAX + 1};
    cr_assert(is_refused(&weir_bytes_type, bytes, "are more than"));
    buffer_text(&out, "before");
    cr_assert_not(codec_write(&weir_bytes_type, WEIR_FORMAT_JSON, 0, &bytes, &out, NULL));
    cr_assert_eq(out.size, 6);
    free(large);
}

Test(codec, leaves_the_buffer_as_it_was_when_it_refuses)
{
    const struct line unset = {0};
    for (enum weir_format format = WEIR_FORMAT_JSON; format <= WEIR_FORMAT_OBJECT; format++) {
        out.size = 0;
        buffer_text(&out, "before");
        cr_assert_not(codec_write(&line_type, format, 1, &unset, &out, NULL));
        cr_assert_eq(out.size, 6);
    }
}

Test(codec, copies_deeply)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        weir_arena first = {0};
        struct random_source source = {.state = seed, .arena = &first};
        struct everything *value = arena_alloc(&first, sizeof *value);
        random_value(&source, &everything_type, value);
        const void *copy = codec_copy(&everything_type, value, &arena);
        weir_bytes before = weir_to_json(&arena, &everything_type, value);
        cr_assert(codec_equal(&everything_type, value, copy));
        arena_done(&first); /* whatever still points there is found by the sanitizer */
        weir_bytes after = weir_to_json(&arena, &everything_type, copy);
        cr_assert(bytes_are(after, before.data, before.size));
        arena_clear(&arena);
    }
}

Test(codec, finds_every_difference)
{
    int differences = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct everything a = {0}, b = {0};
        struct random_source source = {.state = seed, .arena = &arena};
        random_value(&source, &everything_type, &a);
        random_value(&source, &everything_type, &b);
        weir_bytes text_a = weir_to_json(&arena, &everything_type, &a),
                   text_b = weir_to_json(&arena, &everything_type, &b);
        cr_assert_eq(codec_equal(&everything_type, &a, &b), bytes_are(text_a, text_b.data, text_b.size));
        differences += !codec_equal(&everything_type, &a, &b);
        arena_clear(&arena);
    }
    cr_assert(differences > 250);
}

Test(codec, compares_maps_in_any_order)
{
    const struct weir_type map = {.name = "map", .kind = WEIR_KIND_MAP, .size = 16, .item = &weir_i64_type};
    const void *a = weir_from_json(&arena, &map, BYTES("{\"a\":1,\"b\":2}"), &error);
    const void *b = weir_from_json(&arena, &map, BYTES("{\"b\":2,\"a\":1}"), &error);
    const void *c = weir_from_json(&arena, &map, BYTES("{\"b\":1,\"a\":2}"), &error);
    cr_assert(codec_equal(&map, a, b));
    cr_assert_not(codec_equal(&map, a, c));
}

Test(codec, takes_nan_as_equal_to_itself)
{
    const double nan = NAN, zero = 0.0, minus = -0.0;
    cr_assert(codec_equal(&weir_double_type, &nan, &nan));
    cr_assert_not(codec_equal(&weir_double_type, &zero, &minus));
}

Test(codec, gives_no_json_for_what_json_cannot_say)
{
    const double nan = NAN;
    cr_assert_null(weir_to_json(&arena, &weir_double_type, &nan).data);
}

Test(codec, does_not_borrow_from_the_callers_json)
{
    char json[] = "\"abc\"";
    const weir_bytes *text = weir_from_json(&arena, &weir_str_type, (weir_bytes){json, 5}, &error);
    memset(json, 'x', 5);
    cr_assert(text && bytes_are(*text, "abc", 3));
    cr_assert_null(weir_from_json(&arena, &weir_str_type, (weir_bytes){0}, &error));
    cr_assert_eq(error.code, WEIR_INVALID);
}

static bool key_survives(const struct weir_type *type, const char *text)
{
    error = (struct weir_error){0};
    const void *key = weir_key_from_text(&arena, type, (weir_bytes){text, strlen(text)}, &error);
    return key && bytes_are(weir_key_to_text(&arena, type, key), text, strlen(text));
}

Test(codec, turns_keys_into_text_and_back)
{
    const struct weir_type timestamp = {.name = "timestamp", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
    const struct weir_type decimal = {.name = "decimal", .kind = WEIR_KIND_DECIMAL, .size = 8, .scale = 4};
    const struct weir_type boolean = {.name = "boolean", .kind = WEIR_KIND_BOOL, .size = 1};
    cr_assert(key_survives(&weir_str_type, "ORD-1 \"quoted\" \xC3\xA9"));
    cr_assert(key_survives(&weir_str_type, ""));
    cr_assert(key_survives(&weir_i64_type, "-42"));
    cr_assert(key_survives(&weir_i32_type, "42"));
    cr_assert(key_survives(&weir_double_type, "0.5"));
    cr_assert(key_survives(&weir_bytes_type, "/w=="));
    cr_assert(key_survives(&color_type, "GREEN"));
    cr_assert(key_survives(&decimal, "12.50"));
    cr_assert(key_survives(&boolean, "true"));
    cr_assert(key_survives(&timestamp, "2024-12-04T10:30:00.000Z"));
    cr_assert(key_survives(&weir_json_type, "[1,2]"));
    cr_assert(key_survives(&line_type, "{\"sku\":\"A\",\"quantity\":1,\"price\":2.00}"));
}

Test(codec, takes_a_time_key_as_milliseconds_too)
{
    const struct weir_type timestamp = {.name = "timestamp", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
    const int64_t *ms = weir_key_from_text(&arena, &timestamp, BYTES("1733308200000"), &error);
    cr_assert(ms && *ms == 1733308200000);
}

Test(codec, refuses_key_texts_of_another_type)
{
    const char *const texts[] = {"", "abc", "1.5", "99999999999999999999", "1 2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        error = (struct weir_error){0};
        cr_assert_null(weir_key_from_text(&arena, &weir_i64_type, (weir_bytes){texts[i], strlen(texts[i])}, &error));
        cr_assert(error.message[0]);
    }
    cr_assert_null(weir_key_from_text(&arena, &weir_str_type, BYTES("\xff"), NULL));
    cr_assert_null(weir_key_from_text(&arena, &color_type, BYTES("\"RED\""), NULL));
}
