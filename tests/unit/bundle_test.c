/* bundle.h: records that share a message. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "bundled/bundle.h"

static struct bundle bundle;

static void tear_down(void)
{
    bundle_done(&bundle);
}

TestSuite(bundle, .fini = tear_down);

static const struct weir_header headers[] = {{"one", {"1", 1}}, {"none", {0}}};
static const struct broker_record plain = {.timestamp_ms = 5, .key = {"k", 1}, .value = {"value", 5}},
                                  headed = {.timestamp_ms = 0, .key = {"", 0}, .headers = {headers, 2}},
                                  bare = {.timestamp_ms = INT64_MAX};

static struct broker_message message_of(const struct bundle *from)
{
    const struct broker_record record = bundle_message(from, 0);
    return (struct broker_message){.key = record.key, .value = record.value};
}

static void expect_bytes(weir_bytes found, weir_bytes expected)
{
    cr_expect_eq(found.data == NULL, expected.data == NULL);
    cr_expect(bytes_equal(found, expected));
}

static void expect_next(struct bundle_rest *rest, const struct broker_record *expected)
{
    struct weir_header found[4];
    struct broker_message record;
    bundle_next(rest, found, &record);
    cr_expect_eq(record.timestamp_ms, expected->timestamp_ms);
    expect_bytes(record.key, expected->key);
    expect_bytes(record.value, expected->value);
    cr_assert_eq(record.headers.count, expected->headers.count);
    for (size_t i = 0; i < record.headers.count; i++) {
        cr_expect_str_eq(record.headers.items[i].name, expected->headers.items[i].name);
        expect_bytes(record.headers.items[i].value, expected->headers.items[i].value);
    }
}

Test(bundle, records_come_out_as_they_went_in)
{
    const struct broker_record *const all[] = {&plain, &headed, &bare};
    struct bundle_rest rest;
    for (size_t i = 0; i < 3; i++)
        bundle_add(&bundle, all[i]);
    const struct broker_message message = message_of(&bundle);
    cr_assert(bundle_read(&message, &rest));
    cr_expect_eq(rest.records, 3);
    cr_expect_eq(rest.headers, 2);
    for (size_t i = 0; i < 3; i++)
        expect_next(&rest, all[i]);
    cr_expect_eq(rest.records, 0);
}

Test(bundle, the_bytes_are_those_of_the_format)
{
    static const char bytes[] = "weir\1\0\0\0\0\0\0\0\5\0\0\0\1k\0\0\0\5value\0";
    bundle_add(&bundle, &plain);
    expect_bytes(message_of(&bundle).value, (weir_bytes){bytes, sizeof bytes - 1});
}

Test(bundle, takes_what_is_small_and_has_a_time_and_is_not_waited_for)
{
    static char large[BUNDLE_BYTES_MAX];
    struct broker_delivery delivery = {0};
    cr_expect(bundle_takes(&plain));
    cr_expect_not(bundle_takes(&(struct broker_record){.value = {large, sizeof large}}));
    cr_expect_not(bundle_takes(&(struct broker_record){.timestamp_ms = -1}));
    cr_expect_not(bundle_takes(&(struct broker_record){.delivery = &delivery}));
}

Test(bundle, has_room_for_so_many_records_and_bytes)
{
    static char value[BUNDLE_BYTES_MAX / 2];
    const struct broker_record half = {.value = {value, sizeof value}};
    while (bundle_has_room(&bundle, &plain))
        bundle_add(&bundle, &plain);
    cr_expect_eq(bundle.count, BUNDLE_RECORDS_MAX);
    bundle_clear(&bundle);
    bundle_add(&bundle, &half);
    cr_expect_not(bundle_has_room(&bundle, &half));
    cr_expect(bundle_has_room(&bundle, &plain));
}

Test(bundle, what_is_not_whole_is_none)
{
    struct bundle_rest rest;
    bundle_add(&bundle, &headed);
    const struct broker_message whole = message_of(&bundle);
    for (size_t size = 0; size < whole.value.size; size++) {
        const struct broker_message part = {.value = {whole.value.data, size}};
        cr_expect_not(bundle_read(&part, &rest), "%zu bytes", size);
    }
    cr_expect_not(bundle_read(&(struct broker_message){.key = {"k", 1}, .value = whole.value}, &rest), "it has a key");
}

Test(bundle, a_name_must_end_where_its_field_does)
{
    static const char unended[] = "weir\1\0\0\0\0\0\0\0\5\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\1n\xff\xff\xff\xff",
                      early[] = "weir\1\0\0\0\0\0\0\0\5\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\2\0\0\xff\xff\xff\xff";
    struct bundle_rest rest;
    cr_expect_not(bundle_read(&(struct broker_message){.value = {unended, sizeof unended - 1}}, &rest));
    cr_expect_not(bundle_read(&(struct broker_message){.value = {early, sizeof early - 1}}, &rest));
}
