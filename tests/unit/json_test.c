/* json_test.c: JSON both ways, its limits, and a corpus of valid and invalid texts. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "samples.h"
#include "schemas/codec.h"
#include "unit/codec_fixture.h"

TestSuite(json, .init = start, .fini = stop);

/* Exactly as long as the text, so that a read behind its end is found by the sanitizer. */
static weir_bytes exact(const char *text)
{
    static char *copy;
    free(copy);
    copy = memory_copy(text, strlen(text));
    return (weir_bytes){copy, strlen(text)};
}

static const void *read_text(const struct weir_type *type, const char *text)
{
    error = (struct weir_error){0};
    return json_read(type, exact(text), &arena, &error);
}

static bool is_refused(const struct weir_type *type, const char *text, const char *message)
{
    bool is_null = read_text(type, text) == NULL;
    return is_null && error.code == WEIR_POISON && strstr(error.message, message);
}

static const char *written(const struct weir_type *type, const void *value)
{
    error = (struct weir_error){0};
    out.size = 0;
    if (!json_write(type, value, &out, &error))
        return error.message;
    buffer_byte(&out, 0);
    return out.data;
}

static bool text_is(weir_bytes text, const char *expected)
{
    return text.size == strlen(expected) && memcmp(text.data, expected, text.size) == 0;
}

Test(json, reads_a_record)
{
    const struct line *line = read_text(&line_type, "{\"sku\":\"A-1\",\"quantity\":-2,\"price\":12.345}");
    cr_assert(line, "%s", error.message);
    cr_assert(text_is(line->sku, "A-1"));
    cr_assert_eq(line->quantity, -2);
    cr_assert_eq(line->price.unscaled, 1235);
}

Test(json, takes_members_in_any_order_with_any_space)
{
    const struct line *line = read_text(&line_type, " {\t\"price\" : \"1.5\" ,\n\"quantity\":3,\r\"sku\" :\"\" } ");
    cr_assert(line, "%s", error.message);
    cr_assert(line->sku.size == 0 && line->sku.data);
    cr_assert_eq(line->price.unscaled, 150);
}

Test(json, skips_unknown_members_but_checks_them)
{
    cr_assert(read_text(&line_type, "{\"sku\":\"a\",\"x\":{\"y\":[1,null,\"\\u00e9\"]},\"quantity\":1,\"price\":1}"));
    cr_assert(is_refused(&line_type, "{\"sku\":\"a\",\"x\":[1,],\"quantity\":1,\"price\":1}", "expected a value"));
    cr_assert(is_refused(&line_type, "{\"sku\":\"a\",\"x\":\"\xFF\",\"quantity\":1,\"price\":1}", "UTF-8"));
}

Test(json, lets_the_last_of_duplicate_members_win)
{
    const struct line *line = read_text(&line_type, "{\"sku\":\"a\",\"quantity\":1,\"price\":1,\"quantity\":9}");
    cr_assert(line && line->quantity == 9);
}

Test(json, lets_a_later_null_take_an_optional_member_back)
{
    const struct defaults *value = read_text(&defaults_type, "{\"level\":5,\"level\":null}");
    cr_assert(value && !value->has_level);
}

Test(json, names_the_path_of_a_missing_member)
{
    cr_assert(is_refused(&node_type, "{\"name\":\"a\",\"children\":[{\"name\":\"b\"},{}]}",
                         "children[1].name: required, but it is absent"));
    cr_assert(is_refused(&node_type, "{\"name\":null}", "name: required, but it is null"));
}

Test(json, names_the_path_of_a_wrong_item)
{
    cr_assert(is_refused(&node_type, "{\"name\":\"a\",\"children\":[{\"name\":\"b\",\"children\":[{\"name\":7}]}]}",
                         "children[0].children[0].name: expected a string, found a number"));
}

Test(json, names_no_path_of_the_whole_value)
{
    cr_expect(is_refused(&line_type, "[]", "expected an object, found an array (byte 0)"));
    cr_expect_eq(strncmp(error.message, "expected", 8), 0, "%s", error.message);
}

Test(json, names_the_member_that_a_closed_record_does_not_have)
{
    struct weir_type closed = line_type;
    closed.closed = true;
    cr_expect(is_refused(&closed, "{\"valeu\":1}", "valeu: there is no such member"), "%s", error.message);
}

Test(json, uses_defaults_for_absent_members)
{
    const struct defaults *value = read_text(&defaults_type, "{}");
    cr_assert(value, "%s", error.message);
    cr_assert_eq(value->count, 7);
    cr_assert(text_is(value->user_name, "nobody"));
    cr_assert(text_is(value->data, "\xFF\x01"));
    cr_assert_eq(value->price.unscaled, -123);
    cr_assert_eq(value->color, COLOR_BLUE);
    cr_assert_eq(value->tags.count, 2);
    cr_assert(text_is(*defaults_tags(value, 1), "b"));
    cr_assert(value->has_level && value->level == 3);
    cr_assert(value->line.quantity == 1 && value->line.price.unscaled == 1);
    cr_assert(value->default_);
}

Test(json, knows_fields_by_their_aliases)
{
    const struct defaults *value = read_text(&defaults_type, "{\"login\":\"eve\"}");
    cr_assert(value && text_is(value->user_name, "eve"));
}

Test(json, takes_absent_and_null_optional_members_alike)
{
    const struct weir_field field = {"x", &weir_str_type, 8, 0, NULL, NULL};
    const struct weir_type type = {
        .name = "t", .kind = WEIR_KIND_RECORD, .size = 24, .fields = &field, .field_count = 1};
    const bool *value = read_text(&type, "{}");
    cr_assert(value && !*value);
    value = read_text(&type, "{\"x\":null}");
    cr_assert(value && !*value);
    value = read_text(&type, "{\"x\":\"\"}");
    cr_assert(value && *value);
}

Test(json, unescapes_strings)
{
    const weir_bytes *text = read_text(&weir_str_type, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00x\"");
    cr_assert(text, "%s", error.message);
    cr_assert(text_is(*text, "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80x"));
    text = read_text(&weir_str_type, "\"a\\u0000b\"");
    cr_assert(text && text->size == 3 && memcmp(text->data, "a\0b", 3) == 0);
}

Test(json, borrows_strings_without_escapes)
{
    const char *input = "\"plain text with \xC3\xA9\"";
    const weir_bytes *text = json_read(&weir_str_type, (weir_bytes){input, strlen(input)}, &arena, &error);
    cr_assert(text && text->data == input + 1);
}

Test(json, refuses_strings_that_are_not_valid)
{
    const char *const texts[] = {
        "\"",
        "\"a",
        "\"\n\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\xFF\"",
        "\"\xC0\xAF\"",
        "\"\xED\xA0\x80\"",
        "\"\xE2\x82\"",
        "\"\xF4\x90\x80\x80\"",
        "\"\\\xC3\xA9\"",
        "\"0123456789abcdef\x01\"",
        "'a'",
        "\"\\ud83d\\ude0\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert(is_refused(&weir_str_type, texts[i], ""), "%s", texts[i]);
        cr_assert_not(json_valid(exact(texts[i]), NULL), "%s", texts[i]);
    }
}

Test(json, reads_integers_to_their_limits)
{
    cr_assert_eq(*(const int64_t *)read_text(&weir_i64_type, "9223372036854775807"), INT64_MAX);
    cr_assert_eq(*(const int64_t *)read_text(&weir_i64_type, "-9223372036854775808"), INT64_MIN);
    cr_assert_eq(*(const int32_t *)read_text(&weir_i32_type, "-2147483648"), INT32_MIN);
}

Test(json, an_integer_may_have_a_fraction_of_zero)
{
    cr_assert_eq(*(const int64_t *)read_text(&weir_i64_type, "-5.0"), -5);
    cr_assert_eq(*(const int64_t *)read_text(&weir_i64_type, "9223372036854775807.000"), INT64_MAX);
}

Test(json, refuses_integers_with_fractions_or_out_of_range)
{
    const char *const texts[] = {
        "9223372036854775808",     "-9223372036854775809", "1.5",   "1.05", "1.",  "1.0e1", "1e3", "01", "-", "+1", "",
        "99999999999999999999999", "18446744073709551616", "\"1\"", "true", "--1", "1x"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert(is_refused(&weir_i64_type, texts[i], ""), "%s", texts[i]);
    cr_assert(is_refused(&weir_i32_type, "2147483648", "out of range"));
}

Test(json, reads_doubles_to_the_nearest_value)
{
    const char *const texts[] = {"0",
                                 "-0",
                                 "0.1",
                                 "1e22",
                                 "123456789.125",
                                 "1.7976931348623157e308",
                                 "5e-324",
                                 "2.2250738585072011e-308",
                                 "9007199254740993",
                                 "0.30000000000000004",
                                 "1e-5",
                                 "-1.5E+3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const double *value = read_text(&weir_double_type, texts[i]);
        double expected = strtod(texts[i], NULL);
        cr_assert(value && memcmp(value, &expected, sizeof expected) == 0, "%s", texts[i]);
    }
    cr_assert(is_refused(&weir_double_type, "1e309", "out of range"));
    cr_assert(is_refused(&weir_double_type, "NaN", "expected a number"));
}

Test(json, writes_doubles_so_that_they_read_back)
{
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},   {0.1 + 0.2, "0.30000000000000004"}, {3, "3"}, {-0.0, "-0"}, {1e300, "1e+300"},
                 {1e15, "1e+15"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_str_eq(written(&weir_double_type, &cases[i].value), cases[i].text);
}

Test(json, refuses_to_write_nan_and_infinity)
{
    const double values[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        written(&weir_double_type, &values[i]);
        cr_assert(error.code == WEIR_POISON && out.size == 0);
    }
}

Test(json, does_not_depend_on_the_locale)
{
    double value = 1.5e-7;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is missing, the C locale stays and the test is easy */
    cr_assert_str_eq(written(&weir_double_type, &value), "1.5e-07");
    cr_assert(*(const double *)read_text(&weir_double_type, "1.5e-7") == value);
}

Test(json, reads_decimals_as_numbers_or_text_and_rounds_them)
{
    const struct weir_type type = {.name = "decimal", .kind = WEIR_KIND_DECIMAL, .size = 8, .scale = 4};
    const struct {
        const char *text;
        int64_t unscaled;
    } cases[] = {{"1059.97", 10599700},
                 {"\"1059.97\"", 10599700},
                 {"-1e2", -1000000},
                 {"0.00005", 1},
                 {"7", 70000},
                 {"9999999999999.9999", INT64_C(99999999999999999)},
                 {"12345678901234.5", INT64_C(123456789012345000)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_decimal *value = read_text(&type, cases[i].text);
        cr_assert(value && value->unscaled == cases[i].unscaled, "%s", cases[i].text);
    }
    const char *const wrong[] = {"123456789012345.0", "1.", "01", "\"x\"", "\"\"", "null", "1e", ".5", "0x1", "1e99"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert(is_refused(&type, wrong[i], ""), "%s", wrong[i]);
}

Test(json, reads_times_as_text_or_milliseconds)
{
    const struct weir_type type = {.name = "timestamp", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
    cr_assert_eq(*(const int64_t *)read_text(&type, "\"2024-12-04T10:30:00.000Z\""), 1733308200000);
    cr_assert_eq(*(const int64_t *)read_text(&type, "1733308200000"), 1733308200000);
    cr_assert(is_refused(&type, "\"noon\"", "ISO-8601"));
    cr_assert(is_refused(&type, "1.5", "fraction"));
    int64_t far = INT64_MAX;
    cr_assert_str_eq(written(&type, &far), "9223372036854775807");
}

Test(json, keeps_bytes_as_base64)
{
    const struct {
        const char *bytes, *text;
    } cases[] = {{"", "\"\""},        {"f", "\"Zg==\""},        {"fo", "\"Zm8=\""},
                 {"foo", "\"Zm9v\""}, {"foob", "\"Zm9vYg==\""}, {"\xFF\xFE", "\"//4=\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_bytes bytes = {cases[i].bytes, strlen(cases[i].bytes)};
        cr_assert_str_eq(written(&weir_bytes_type, &bytes), cases[i].text);
        const weir_bytes *value = read_text(&weir_bytes_type, cases[i].text);
        cr_assert(value && text_is(*value, cases[i].bytes));
    }
    const char *const wrong[] = {"\"Zg=\"",  "\"Zg\"",   "\"Z===\"", "\"Zh==\"",
                                 "\"Zm9=\"", "\"Zm 9\"", "\"====\"", "\"Zg==Zg==\""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert(is_refused(&weir_bytes_type, wrong[i], "base64"), "%s", wrong[i]);
}

Test(json, knows_enums_by_symbol_only)
{
    cr_assert_eq(*(const int32_t *)read_text(&color_type, "\"GREEN\""), COLOR_GREEN);
    const char *const wrong[] = {"\"green\"", "\"GREE\"", "\"GREENS\"", "1", "\"\"", "\"GREEN\\u0000X\""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert(is_refused(&color_type, wrong[i], ""), "%s", wrong[i]);
    int32_t outside = 3;
    written(&color_type, &outside);
    cr_assert(error.code == WEIR_POISON);
}

Test(json, keeps_json_as_it_came)
{
    const weir_bytes *raw = read_text(&weir_json_type, " {\"a\" : [1, 2.50]} ");
    cr_assert(raw && text_is(*raw, "{\"a\" : [1, 2.50]}"));
    weir_bytes wrong = {"{", 1};
    written(&weir_json_type, &wrong);
    cr_assert(error.code == WEIR_POISON);
}

Test(json, reads_maps_and_lets_the_last_of_equal_keys_win)
{
    const struct weir_type type = {.name = "map", .kind = WEIR_KIND_MAP, .size = 16, .item = &weir_i64_type};
    const weir_array *map = read_text(&type, "{\"a\":1,\"b\":2,\"a\":3}");
    cr_assert(map && map->count == 2);
    cr_assert_str_eq(written(&type, map), "{\"b\":2,\"a\":3}");
}

Test(json, keeps_the_last_of_equal_keys_in_large_maps_too)
{
    const struct weir_type type = {.name = "map", .kind = WEIR_KIND_MAP, .size = 16, .item = &weir_i64_type};
    struct buffer text = {0};
    for (int i = 0; i < 1000; i++)
        buffer_format(&text, "%c\"%d\":%d", i ? ',' : '{', i % 300, i);
    buffer_append(&text, "}", 2);
    const weir_array *map = read_text(&type, text.data);
    cr_assert(map && map->count == 300);
    cr_assert(strncmp(written(&type, map), "{\"100\":700,", 11) == 0);
    buffer_done(&text);
}

Test(json, refuses_what_is_not_one_json_text)
{
    const char *const texts[] = {"",           " ",
                                 "{",          "}",
                                 "[",          "]",
                                 "[1",         "[1,",
                                 "[1,]",       "[,1]",
                                 "{\"a\"",     "{\"a\":",
                                 "{\"a\":1",   "{\"a\":1,",
                                 "{\"a\":1,}", "{a:1}",
                                 "{1:1}",      "{\"a\" 1}",
                                 "[1 2]",      "tru",
                                 "nul",        "truee",
                                 "TRUE",       "1 2",
                                 "[1]x",       "-",
                                 "01",         "1.",
                                 ".1",         "1e",
                                 "1e+",        "0x1",
                                 "+1",         "NaN",
                                 "Infinity",   "//",
                                 "/**/1",      "\xEF\xBB\xBF{}",
                                 "[1}",        "{\"a\":1]",
                                 "\x01",       "[\v1]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_not(json_valid(exact(texts[i]), NULL), "%s", texts[i]);
}

Test(json, accepts_what_is_one_json_text)
{
    const char *const texts[] = {"null",
                                 "true",
                                 " false ",
                                 "0",
                                 "-0",
                                 "-0.0e-0",
                                 "1E400",
                                 "\"\"",
                                 "[]",
                                 "[ ]",
                                 "{}",
                                 "{ }",
                                 "[[],{}]",
                                 "{\"\":{\"\":[]}}",
                                 "{\"a\":1,\"a\":2}",
                                 "\r\n\t 1",
                                 "\"\x7F\"",
                                 "[\"\\u0000\"]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert(json_valid(exact(texts[i]), NULL), "%s", texts[i]);
}

Test(json, bounds_the_depth)
{
    char text[200];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = 0;
    cr_assert(json_valid(exact(text), NULL));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    text[130] = 0;
    cr_assert_not(json_valid(exact(text), &error));
    cr_assert(strstr(error.message, "nested deeper"));
}

Test(json, bounds_the_depth_of_recursive_types)
{
    struct buffer text = {0};
    for (int i = 0; i < 33; i++)
        buffer_text(&text, "{\"name\":\"\",\"children\":[");
    buffer_byte(&text, 0);
    cr_assert(is_refused(&node_type, text.data, "nested deeper"));
    buffer_done(&text);
}

Test(json, bounds_the_size)
{
    char *text = memory_new(CODEC_VALUE_BYTES_MAX + 2);
    memset(text, ' ', CODEC_VALUE_BYTES_MAX + 1);
    text[0] = '1';
    cr_assert(is_refused(&weir_i64_type, text, "larger than"));
    text[CODEC_VALUE_BYTES_MAX] = 0;
    cr_assert(read_text(&weir_i64_type, text));
    free(text);
}

Test(json, bounds_the_items)
{
    const struct weir_type type = {.name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &weir_i64_type};
    struct buffer text = {0};
    for (int i = 0; i <= CODEC_ITEMS_MAX; i++)
        buffer_text(&text, i ? ",1" : "[1");
    buffer_append(&text, "]", 2);
    cr_assert(is_refused(&type, text.data, "more than 100000 items"));
    buffer_done(&text);
}

Test(json, bounds_the_memory)
{
    const struct weir_type inner = {.name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &everything_type};
    const struct weir_field field = {"a", &inner, 0, WEIR_NO_PRESENCE, "[]", NULL};
    const struct weir_type big = {
        .name = "big", .kind = WEIR_KIND_RECORD, .size = 4000, .fields = &field, .field_count = 1};
    const struct weir_type outer = {.name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &big};
    struct buffer text = {0};
    for (int i = 0; i < 60000; i++)
        buffer_text(&text, i ? ",{}" : "[{}");
    buffer_append(&text, "]", 2);
    cr_assert(is_refused(&outer, text.data, "bytes of memory"));
    buffer_done(&text);
}

Test(json, refuses_to_write_a_required_string_that_is_not_set)
{
    const struct line line = {.quantity = 1};
    cr_assert(strstr(written(&line_type, &line), "sku: required, but it is not set"));
    cr_assert_eq(error.code, WEIR_POISON);
}

Test(json, refuses_to_write_what_is_not_utf8_and_leaves_the_buffer_as_it_was)
{
    const struct line line = {.sku = {"\xFF", 1}};
    buffer_text(&out, "before");
    cr_assert_not(json_write(&line_type, &line, &out, &error));
    cr_assert_eq(out.size, 6);
}

Test(json, leaves_absent_members_out)
{
    const struct line line = {.sku = {"a\"\x01", 3}, .quantity = 1, .price = {100}};
    cr_assert_str_eq(written(&line_type, &line), "{\"sku\":\"a\\\"\\u0001\",\"quantity\":1,\"price\":1.00}");
    cr_assert_str_eq(written(&nothing_type, &(struct nothing){0}), "{}");
}

Test(json, writes_null_where_a_default_would_take_the_place_of_what_is_absent)
{
    const struct defaults *value = read_text(&defaults_type, "{\"level\":null}");
    cr_assert(value && !value->has_level);
    const struct defaults *again = read_text(&defaults_type, written(&defaults_type, value));
    cr_assert(again && !again->has_level, "%s", error.message);
}

Test(json, writes_any_bytes_as_a_valid_string)
{
    json_write_string((weir_bytes){"a\xFF\"\x80\xC3\xA9", 6}, &out);
    buffer_byte(&out, 0);
    cr_assert_str_eq(out.data, "\"a\xEF\xBF\xBD\\\"\xEF\xBF\xBD\xC3\xA9\"");
    cr_assert(json_valid(exact(out.data), NULL));
}

Test(json, reads_what_it_wrote)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct everything value = {0};
        struct random_source source = {.state = seed, .arena = &arena};
        random_value(&source, &everything_type, &value);
        const char *text = written(&everything_type, &value);
        const struct everything *again = read_text(&everything_type, text);
        cr_assert(again, "seed %llu: %s", (unsigned long long)seed, error.message);
        cr_assert(codec_equal(&everything_type, &value, again), "seed %llu", (unsigned long long)seed);
        arena_clear(&arena);
    }
}

Test(json, survives_every_cut_and_every_changed_byte)
{
    struct everything value = {0};
    struct random_source source = {.state = 4, .arena = &arena};
    random_value(&source, &everything_type, &value);
    char *text = memory_text(written(&everything_type, &value));
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        char *cut = memory_copy(text, i + 1);
        cr_assert_null(json_read(&everything_type, (weir_bytes){cut, i}, &arena, NULL));
        free(cut);
        for (int change = 1; change < 256; change += 37) {
            text[i] = (char)(text[i] ^ change);
            json_read(&everything_type, (weir_bytes){text, size}, &arena, NULL);
            text[i] = (char)(text[i] ^ change);
        }
        arena_clear(&arena);
    }
    free(text);
}
