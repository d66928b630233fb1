/* Changes of tables as bytes: the format of Kafka Streams' ChangedSerializer, to the byte. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "runtime/change.h"

static void expect_bytes(weir_bytes found, const char *data, size_t size)
{
    cr_expect(bytes_equal(found, (weir_bytes){data, size}), "%zu bytes", found.size);
}
#define expect_written(new, old, text) expect_change((new), (old), "" text, sizeof text - 1)

static void expect_change(const char *new, const char *old, const char *data, size_t size)
{
    struct buffer out = {0};
    change_write(bytes_of_text(new), bytes_of_text(old), &out);
    expect_bytes(buffer_bytes(&out), data, size);
    buffer_done(&out);
}

Test(change, what_comes_and_what_goes_are_told_apart_by_the_last_byte)
{
    expect_written("new", NULL, "new\x01");
    expect_written(NULL, "old", "old\x00");
    expect_written("new", "old!", "\x06newold!\x02");
    expect_written("", "old", "\x00old\x02");
    expect_written("", NULL, "\x01");
}

Test(change, the_size_of_the_new_value_is_a_zigzag_varint)
{
    struct buffer out = {0};
    char new[100] = {0};
    change_write((weir_bytes){new, sizeof new}, bytes_of_text("o"), &out);
    cr_assert_eq(out.size, 2 + sizeof new + 1 + 1);
    expect_bytes((weir_bytes){out.data, 2}, "\xc8\x01", 2);
    buffer_done(&out);
}

static void expect_read(const char *data, size_t size, const char *new, const char *old)
{
    weir_bytes got_new, got_old;
    struct weir_error error = {0};
    cr_assert(change_read((weir_bytes){data, size}, &got_new, &got_old, &error), "%s", error.message);
    cr_expect_eq(got_new.data == NULL, new == NULL);
    cr_expect_eq(got_old.data == NULL, old == NULL);
    cr_expect(bytes_equal(got_new, bytes_of_text(new)));
    cr_expect(bytes_equal(got_old, bytes_of_text(old)));
}

Test(change, all_six_forms_are_read)
{
    expect_read("old\x00", 4, NULL, "old");
    expect_read("new\x01", 4, "new", NULL);
    expect_read("\x06newold\x02", 8, "new", "old");
    expect_read("old\x01\x03", 5, NULL, "old");
    expect_read("new\x00\x04", 5, "new", NULL);
    expect_read("\x06newold\x01\x05", 9, "new", "old");
    expect_read("\x01", 1, "", NULL);
}

static void expect_refused(const char *data, size_t size, const char *part)
{
    weir_bytes new, old;
    struct weir_error error = {0};
    cr_expect_not(change_read((weir_bytes){data, size}, &new, &old, &error));
    cr_expect_eq(error.code, WEIR_POISON);
    cr_expect(strstr(error.message, part), "found: %s", error.message);
}

Test(change, bytes_that_are_no_change_are_refused)
{
    expect_refused("", 0, "is empty");
    expect_refused("x\x06", 2, "unknown byte 0x06");
    expect_refused("\x03", 1, "whether it is the latest");
    expect_refused("\x02\x04", 2, "whether it is the latest");
    expect_refused("\x08new\x02", 5, "as many bytes as it says");
    expect_refused("\x05new\x02", 5, "as many bytes as it says"); /* a negative size */
    expect_refused("\x80\x80\x80\x80\x80\x02", 6, "as many bytes as it says");
}
