/* resolve_test.c: what other schemas wrote, read as types of ours; schemas made to hurt. */
#include <criterion/criterion.h>
#include <string.h>

#include "samples.h"
#include "schemas/fingerprint.h"
#include "schemas/known.h"
#include "schemas/resolve.h"
#include "unit/codec_fixture.h"

TestSuite(resolve, .init = start, .fini = stop);

#define BYTES(text) ((weir_bytes){"" text, sizeof(text) - 1})

static weir_bytes text_of(const char *text)
{
    return (weir_bytes){text, strlen(text)};
}

static const struct resolution *resolved(const char *schema, const struct weir_type *type)
{
    const struct schema *writer = schema_read(text_of(schema), &arena, &error);
    cr_assert(writer, "%s", error.message);
    return resolution_new(writer, type, &arena);
}

/* JSON of what is read, or the error. */
static const char *read_as(const char *schema, const struct weir_type *type, weir_bytes bytes)
{
    const void *value = resolution_read(resolved(schema, type), bytes, &arena, &error);
    if (!value)
        return error.message;
    weir_bytes json = weir_to_json(&arena, type, value);
    return arena_bytes(&arena, json).data;
}

static const char *refusal_of(const char *schema, const struct weir_type *type)
{
    error = (struct weir_error){0};
    return resolution_is_total(resolved(schema, type), &error) ? "total" : error.message;
}

#define LINE(fields) "{\"type\":\"record\",\"name\":\"weir.samples.line\",\"fields\":[" fields "]}"
#define SKU "{\"name\":\"sku\",\"type\":\"string\"}"
#define QUANTITY "{\"name\":\"quantity\",\"type\":\"int\"}"
#define PRICE                                                                                                          \
    "{\"name\":\"price\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":18,\"scale\":2}}"

Test(resolve, fields_in_another_order_are_found_by_name)
{
    cr_expect_str_eq(read_as(LINE(QUANTITY "," PRICE "," SKU), &line_type, BYTES("\x06\x02\x01\x02x")),
                     "{\"sku\":\"x\",\"quantity\":3,\"price\":0.01}");
}

Test(resolve, fields_that_nobody_asks_for_are_skipped_whatever_they_are)
{
    cr_expect_str_eq(read_as(LINE("{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"double\"]}}," SKU
                                  ",{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}}," QUANTITY
                                  ",{\"name\":\"r\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                                  "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"long\"}}]}}," PRICE),
                             &line_type,
                             BYTES("\x04\x02k\x00\x02q\x02\x00\x00\x00\x00\x00\x00\xF0\x3F\x00\x02x\x01\x02\x03\x06\x03"
                                   "\x04\x02\x04\x00\x02\x01")),
                     "{\"sku\":\"x\",\"quantity\":3,\"price\":0.01}");
}

Test(resolve, a_field_that_was_not_written_has_its_default)
{
    const char *schema =
        "{\"type\":\"record\",\"name\":\"defaults\",\"fields\":[{\"name\":\"count\",\"type\":\"int\"}]}";
    cr_expect_str_eq(read_as(schema, &defaults_type, BYTES("\x02")),
                     "{\"count\":1,\"userName\":\"nobody\",\"data\":\"/wE=\",\"price\":-1.23,\"color\":\"BLUE\","
                     "\"tags\":[\"a\",\"b\"],\"level\":3,\"line\":{\"sku\":\"x\",\"quantity\":1,\"price\":0.01},"
                     "\"default\":true}");
}

Test(resolve, a_field_that_was_not_written_and_has_no_default_is_named)
{
    cr_expect(strstr(read_as(LINE(SKU "," QUANTITY), &line_type, BYTES("\x02x\x02")),
                     "'price' was not written, and it has no default"));
}

Test(resolve, a_field_is_found_by_its_alias)
{
    const char *schema =
        "{\"type\":\"record\",\"name\":\"defaults\",\"fields\":[{\"name\":\"login\",\"type\":\"string\"}]}";
    cr_expect(strstr(read_as(schema, &defaults_type, BYTES("\x04me")), "\"userName\":\"me\""));
}

Test(resolve, numbers_are_promoted)
{
    static const struct weir_type floats = {
        .name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &weir_double_type};
    static const struct weir_type longs = {
        .name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &weir_i64_type};
    cr_expect_str_eq(read_as("{\"type\":\"array\",\"items\":\"int\"}", &longs, BYTES("\x04\x01\x04\x00")), "[-1,2]");
    cr_expect_str_eq(read_as("{\"type\":\"array\",\"items\":\"int\"}", &floats, BYTES("\x02\x05\x00")), "[-3]");
    cr_expect_str_eq(read_as("{\"type\":\"array\",\"items\":\"long\"}", &floats, BYTES("\x02\x05\x00")), "[-3]");
    cr_expect_str_eq(read_as("{\"type\":\"array\",\"items\":\"float\"}", &floats, BYTES("\x02\x00\x00\x40\x3F\x00")),
                     "[0.75]");
    cr_expect(strstr(read_as("{\"type\":\"array\",\"items\":\"double\"}", &longs, BYTES("\x00")), "[]"));
    cr_expect(
        strstr(refusal_of("{\"type\":\"array\",\"items\":\"double\"}", &longs), "expected 'long', found 'double'"));
}

Test(resolve, an_int_that_became_a_long_still_has_32_bits)
{
    static const struct weir_type longs = {
        .name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &weir_i64_type};
    cr_expect(strstr(read_as("{\"type\":\"array\",\"items\":\"int\"}", &longs, BYTES("\x02\x80\x80\x80\x80\x20\x00")),
                     "an int takes more than 32 bits"));
}

Test(resolve, symbols_go_by_name)
{
    static const struct weir_type colors = {.name = "array", .kind = WEIR_KIND_ARRAY, .size = 16, .item = &color_type};
    const char *schema =
        "{\"type\":\"array\",\"items\":{\"type\":\"enum\",\"name\":\"color\",\"symbols\":[\"BLUE\",\"PINK\",\"RED\"]}}";
    cr_expect_str_eq(read_as(schema, &colors, BYTES("\x04\x00\x04\x00")), "[\"BLUE\",\"RED\"]");
    cr_expect(
        strstr(read_as(schema, &colors, BYTES("\x02\x02\x00")), "a symbol that weir.samples.color does not have"));
    cr_expect(strstr(refusal_of(schema, &colors), "there is no symbol 'PINK' any more"));
}

Test(resolve, unions_give_the_branch_that_was_written)
{
    const char *schema = "{\"type\":\"record\",\"name\":\"defaults\",\"fields\":[{\"name\":\"level\",\"type\":["
                         "\"string\",\"null\",\"int\"]}]}";
    cr_expect(strstr(read_as(schema, &defaults_type, BYTES("\x04\x0E")), "\"level\":7"));
    cr_expect(strstr(read_as(schema, &defaults_type, BYTES("\x02")), "\"level\":null"));
    cr_expect(strstr(read_as(schema, &defaults_type, BYTES("\x00\x02x")), "level: expected 'int', found 'string'"));
    cr_expect(strstr(refusal_of(schema, &defaults_type), "level: expected 'int', found 'string'"));
}

Test(resolve, a_required_field_that_was_optional_is_read_when_it_is_there)
{
    const char *schema = LINE("{\"name\":\"sku\",\"type\":[\"null\",\"string\"]}," QUANTITY "," PRICE);
    cr_expect_str_eq(read_as(schema, &line_type, BYTES("\x02\x02x\x06\x02\x01")),
                     "{\"sku\":\"x\",\"quantity\":3,\"price\":0.01}");
    cr_expect(
        strstr(read_as(schema, &line_type, BYTES("\x00\x06\x02\x01")), "sku: null was allowed, and is not any more"));
}

Test(resolve, an_optional_field_that_was_required_is_there)
{
    const char *schema =
        "{\"type\":\"record\",\"name\":\"defaults\",\"fields\":[{\"name\":\"level\",\"type\":\"int\"}]}";
    cr_expect(strstr(read_as(schema, &defaults_type, BYTES("\x0E")), "\"level\":7"));
}

Test(resolve, a_decimal_of_another_scale_is_refused)
{
    const char *schema = LINE(
        SKU
        "," QUANTITY
        ",{\"name\":\"price\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":18,\"scale\":4}}");
    cr_expect(strstr(refusal_of(schema, &line_type), "price: expected a decimal of scale 2, found scale 4"));
    cr_expect(strstr(read_as(schema, &line_type, BYTES("\x02x\x06\x02\x01")), "expected a decimal of scale 2"));
}

Test(resolve, a_time_in_another_unit_is_refused)
{
    const char *schema = "{\"type\":\"record\",\"name\":\"Everything\",\"fields\":[{\"name\":\"at\",\"type\":{\"type\":"
                         "\"long\",\"logicalType\":\"timestamp-micros\"}}]}";
    struct weir_field at = {.name = "at", .presence = WEIR_NO_PRESENCE};
    for (size_t i = 0; i < everything_type.field_count; i++)
        if (strcmp(everything_type.fields[i].name, "at") == 0)
            at.type = everything_type.fields[i].type;
    const struct weir_type type = {.name = "at", .kind = WEIR_KIND_RECORD, .size = 8, .fields = &at, .field_count = 1};
    cr_expect(strstr(refusal_of(schema, &type), "at: expected a time in milliseconds, found another unit"));
}

Test(resolve, records_that_contain_themselves_are_resolved)
{
    const char *schema =
        "{\"type\":\"record\",\"name\":\"node\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"children\","
        "\"type\":{\"type\":\"array\",\"items\":\"node\"}},{\"name\":\"name\",\"type\":\"string\"}]}";
    cr_expect_str_eq(read_as(schema, &node_type,
                             BYTES("\x02\x02\x04\x00\x02"
                                   "b\x00\x02"
                                   "a")),
                     "{\"name\":\"a\",\"children\":[{\"name\":\"b\",\"children\":[]}]}");
    cr_expect_str_eq(refusal_of(schema, &node_type), "total");
}

static const struct weir_type *const sample_types[] = {&everything_type, &line_type,  &node_type,
                                                       &defaults_type,   &crowd_type, NULL};

Test(resolve, our_own_schema_as_text_reads_what_we_write)
{
    for (size_t t = 0; sample_types[t]; t++) {
        const struct weir_type *type = sample_types[t];
        struct buffer text = {0};
        schema_of_type(type, &text);
        buffer_byte(&text, 0);
        const struct resolution *resolution = resolved(text.data, type);
        cr_assert(resolution_is_total(resolution, &error), "%s: %s", text.data, error.message);
        struct random_source source = {.state = t, .arena = &arena};
        for (int i = 0; i < 200; i++) {
            void *value = arena_alloc(&arena, type->size);
            random_value(&source, type, value);
            buffer_clear(&out);
            cr_assert(avro_write(type, value, &out, &error), "%s", error.message);
            const void *again = resolution_read(resolution, buffer_bytes(&out), &arena, &error);
            cr_assert(again, "%s", error.message);
            cr_assert(codec_equal(type, value, again));
        }
        buffer_done(&text);
    }
}

Test(resolve, the_schema_that_is_written_has_what_the_canonical_form_has_not)
{
    schema_of_type(&defaults_type, &out);
    buffer_byte(&out, 0);
    cr_expect(
        strstr(out.data,
               "{\"name\":\"userName\",\"type\":\"string\",\"default\":\"nobody\",\"aliases\":[\"user\",\"login\"]}"),
        "%s", out.data);
    cr_expect(strstr(out.data, "\"default\":\"\xC2\x85\""), "%s", out.data);
    cr_expect(strstr(out.data, "\"logicalType\":\"decimal\",\"precision\":18,\"scale\":2"), "%s", out.data);
    cr_expect(strstr(out.data, "{\"name\":\"level\",\"type\":[\"int\",\"null\"],\"default\":3}"), "%s", out.data);
}

static bool is_bad_schema(const char *text, const char *message)
{
    error = (struct weir_error){0};
    bool is_bad =
        !schema_read(text_of(text), &arena, &error) && error.code == WEIR_INVALID && strstr(error.message, message);
    if (!is_bad)
        fprintf(stderr, "%s: %s\n", text, error.message);
    return is_bad;
}

Test(resolve, a_schema_that_is_none_is_refused)
{
    cr_expect(is_bad_schema("", "not a JSON text"));
    cr_expect(is_bad_schema("{\"type\":", "not a JSON text"));
    cr_expect(is_bad_schema("7", "schema"));
    cr_expect(is_bad_schema("\"strong\"", "there is no type 'strong'"));
    cr_expect(is_bad_schema("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-2}", "fixed 'F' has no size between"));
    cr_expect(is_bad_schema("{\"type\":\"fixed\",\"name\":\"F\"}", "has no size"));
    cr_expect(is_bad_schema("{\"type\":\"record\",\"name\":\"R\"}", "record 'R' has no fields"));
    cr_expect(is_bad_schema("{\"type\":\"record\",\"name\":\"4R\",\"fields\":[]}", "without a valid name"));
    cr_expect(is_bad_schema("{\"type\":\"array\"}", "an array without its items"));
    cr_expect(is_bad_schema("[\"int\",[\"null\"]]", "a union directly inside a union"));
    cr_expect(
        is_bad_schema("[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}]",
                      "'F' is defined twice"));
}

Test(resolve, a_schema_nested_too_deep_is_refused)
{
    struct buffer text = {0};
    for (int i = 0; i < 2000; i++)
        buffer_text(&text, "{\"type\":\"array\",\"items\":");
    buffer_text(&text, "\"int\"");
    for (int i = 0; i < 2000; i++)
        buffer_byte(&text, '}');
    buffer_byte(&text, 0);
    cr_expect(!schema_read(text_of(text.data), &arena, &error));
    buffer_done(&text);
}

Test(resolve, names_are_found_in_their_namespace)
{
    const struct schema *schema =
        schema_read(text_of("{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a.b\",\"fields\":["
                            "{\"name\":\"x\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"S\"]}},"
                            "{\"name\":\"y\",\"type\":\"E\"},{\"name\":\"z\",\"type\":\"a.b.E\"}]}"),
                    &arena, &error);
    cr_assert(schema, "%s", error.message);
    cr_expect_str_eq(schema->fields[0].type->name, "a.b.E");
    cr_expect_eq(schema->fields[1].type, schema->fields[0].type);
    cr_expect_eq(schema->fields[2].type, schema->fields[0].type);
}

Test(resolve, a_few_bytes_cannot_stand_for_endless_work)
{
    const char *schema =
        LINE("{\"name\":\"n\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"null\"}}}," SKU
             "," QUANTITY "," PRICE);
    struct buffer bytes = {0};
    buffer_append(&bytes, "\xFE\xFF\xFF\x0F", 4);
    for (int i = 0; i < 100000; i++)
        buffer_append(&bytes, "\x80\xB5\x18\x00", 4); /* 200,000 nulls */
    const void *value = resolution_read(resolved(schema, &line_type), buffer_bytes(&bytes), &arena, &error);
    cr_expect(!value && strstr(error.message, "steps"), "%s", error.message);
    buffer_done(&bytes);
}

#define OLD_LINE LINE(QUANTITY "," PRICE "," SKU)

Test(resolve, a_single_object_is_read_by_the_schema_of_its_fingerprint)
{
    uint64_t fingerprint = fingerprint_of(BYTES(OLD_LINE));
    buffer_append(&out, "\xC3\x01", 2);
    buffer_append(&out, &fingerprint, sizeof fingerprint);
    buffer_append(&out, "\x06\x02\x01\x02x", 5);
    cr_expect(!codec_read(&line_type, buffer_bytes(&out), &arena, &error) && strstr(error.message, "not known"));
    cr_assert(known_add(fingerprint, BYTES(OLD_LINE), &error));
    cr_assert(known_add(fingerprint, BYTES(OLD_LINE), &error));
    const void *line = codec_read(&line_type, buffer_bytes(&out), &arena, &error);
    cr_assert(line);
    weir_bytes json = weir_to_json(&arena, &line_type, line);
    cr_expect_str_eq(json.data, "{\"sku\":\"x\",\"quantity\":3,\"price\":0.01}");
}

Test(resolve, a_schema_that_cannot_be_read_is_not_remembered)
{
    error = (struct weir_error){0};
    cr_expect(!known_add(7, BYTES("{\"type\":\"strong\"}"), &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect(!known_schema(7));
}
