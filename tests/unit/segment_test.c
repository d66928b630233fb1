/* segment_test.c: the frames of a segment, and what a damaged one does when the log is opened (reliability F63).
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>

#include "embedded/frame.h"
#include "embedded/segment.h"
#include "embedded_fixture.h"

enum { RECORDS = 50 };

static void begin_numbers(void)
{
    begin_log();
    make_topic((struct broker_topic_spec){.name = "t", .partitions = 1});
    write_numbers("t", 0, RECORDS);
}

TestSuite(frame);
TestSuite(segment, .init = begin_numbers, .fini = end_log);

static long long file_size(const char *path)
{
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    return status.st_size;
}

static void overwrite(const char *path, long long position, const void *data, size_t size)
{
    int fd = open(path, O_RDWR);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pwrite(fd, data, size, position), (ssize_t)size);
    close(fd);
}

static void flip(const char *path, long long position)
{
    char byte;
    int fd = open(path, O_RDWR);
    cr_assert_eq(pread(fd, &byte, 1, position), 1);
    byte = (char)(byte ^ 0x10);
    cr_assert_eq(pwrite(fd, &byte, 1, position), 1);
    close(fd);
}

static void expect_numbers(int count)
{
    static struct copy copies[RECORDS + 10];
    cr_assert_eq(read_from("t", 0, 0, copies, RECORDS + 10), count);
    for (int i = 0; i < count; i++) {
        char value[32];
        snprintf(value, sizeof value, "value %d", i);
        cr_assert_eq(copies[i].offset, i);
        cr_assert_str_eq(copies[i].value, value);
    }
}

Test(frame, gives_back_what_went_in)
{
    struct weir_header headers[] = {{"trace", {"abc", 3}}, {"none", {NULL, 0}}, {"", {"", 0}}};
    struct broker_record record = record_of("key", "value");
    record.headers = (struct weir_headers){headers, 3};
    struct buffer buffer = {0};
    embedded_frame_append(&buffer, &record, 42, EMBEDDED_NO_TRANSACTION);
    embedded_frame_seal(buffer.data, 7);
    cr_assert_eq(buffer.size, embedded_frame_bytes(&record));
    struct embedded_frame frame;
    cr_assert_eq(embedded_frame_decode(buffer_bytes(&buffer), 7, &frame), EMBEDDED_FRAME_WHOLE);
    cr_assert_eq(frame.offset, 42);
    cr_assert_eq(frame.timestamp_ms, 1000);
    cr_assert(bytes_equal(frame.key, record.key) && bytes_equal(frame.value, record.value));
    struct weir_header out[3];
    cr_assert_eq(frame.header_count, 3);
    cr_assert(embedded_frame_headers(&frame, out));
    cr_assert_str_eq(out[0].name, "trace");
    cr_assert(bytes_equal(out[0].value, headers[0].value));
    cr_assert_null(out[1].value.data);
    cr_assert_not_null(out[2].value.data);
    buffer_done(&buffer);
}

Test(frame, tells_absent_from_empty)
{
    struct broker_record record = {.timestamp_ms = 1, .key = {"", 0}};
    struct buffer buffer = {0};
    struct embedded_frame frame;
    embedded_frame_append(&buffer, &record, 0, EMBEDDED_NO_TRANSACTION);
    embedded_frame_seal(buffer.data, 0);
    cr_assert_eq(embedded_frame_decode(buffer_bytes(&buffer), 0, &frame), EMBEDDED_FRAME_WHOLE);
    cr_assert_not_null(frame.key.data);
    cr_assert_null(frame.value.data);
    buffer_done(&buffer);
}

Test(frame, is_bad_under_another_salt)
{
    struct broker_record record = record_of("key", "value");
    struct buffer buffer = {0};
    struct embedded_frame frame;
    embedded_frame_append(&buffer, &record, 0, EMBEDDED_NO_TRANSACTION);
    embedded_frame_seal(buffer.data, 1);
    cr_assert_eq(embedded_frame_decode(buffer_bytes(&buffer), 2, &frame), EMBEDDED_FRAME_BAD);
    buffer_done(&buffer);
}

Test(frame, is_never_whole_with_any_bit_flipped)
{
    struct broker_record record = record_of("key", "value");
    struct buffer buffer = {0};
    struct embedded_frame frame;
    embedded_frame_append(&buffer, &record, 3, EMBEDDED_NO_TRANSACTION);
    embedded_frame_seal(buffer.data, 1);
    for (size_t bit = 0; bit < buffer.size * 8; bit++) {
        buffer.data[bit / 8] = (char)(buffer.data[bit / 8] ^ (1 << bit % 8));
        cr_assert_neq(embedded_frame_decode(buffer_bytes(&buffer), 1, &frame), EMBEDDED_FRAME_WHOLE);
        buffer.data[bit / 8] = (char)(buffer.data[bit / 8] ^ (1 << bit % 8));
    }
    buffer_done(&buffer);
}

Test(segment, survives_a_reopen)
{
    close_log();
    open_log();
    expect_numbers(RECORDS);
}

Test(segment, is_cut_to_whole_records_at_every_length)
{
    close_log();
    long long size = file_size(segment_path("t", 0, 0));
    int last = RECORDS;
    for (long long length = size - 1; length >= EMBEDDED_SEGMENT_HEAD; length -= 3) {
        cr_assert_eq(truncate(segment_path("t", 0, 0), length), 0);
        open_log();
        int64_t end = end_of("t", 0);
        cr_assert(end <= last && end >= last - 1, "%lld after %d at length %lld", (long long)end, last, length);
        last = (int)end;
        expect_numbers(last);
        close_log();
    }
}

Test(segment, ignores_a_tail_of_zeros)
{
    static const char zeros[5000];
    close_log();
    overwrite(segment_path("t", 0, 0), file_size(segment_path("t", 0, 0)), zeros, sizeof zeros);
    open_log();
    expect_numbers(RECORDS);
    write_numbers("t", RECORDS, RECORDS + 1);
    cr_assert_eq(end_of("t", 0), RECORDS + 1);
}

Test(segment, ignores_a_tail_of_rubbish)
{
    char rubbish[3000];
    for (size_t i = 0; i < sizeof rubbish; i++)
        rubbish[i] = (char)(i * 2654435761u >> 11);
    close_log();
    overwrite(segment_path("t", 0, 0), file_size(segment_path("t", 0, 0)), rubbish, sizeof rubbish);
    open_log();
    expect_numbers(RECORDS);
}

Test(segment, cuts_a_damaged_last_record)
{
    close_log();
    flip(segment_path("t", 0, 0), file_size(segment_path("t", 0, 0)) - 2);
    open_log();
    expect_numbers(RECORDS - 1);
}

Test(segment, is_refused_with_its_offset_when_damaged_at_any_byte_of_the_middle)
{
    close_log();
    const char *path = segment_path("t", 0, 0);
    long long frame = EMBEDDED_SEGMENT_HEAD, size = EMBEDDED_FRAME_HEAD + 2 + 7;
    for (long long at = frame + 4 * size; at < frame + 5 * size; at++) {
        flip(path, at);
        struct weir_error error = refused_open();
        cr_assert_eq(error.code, WEIR_CORRUPT, "byte %lld: %s", at, error.message);
        cr_assert(strstr(error.message, "topic 't' partition 0") && strstr(error.message, "offset 4 "), "%s",
                  error.message);
        flip(path, at);
    }
    open_log();
    expect_numbers(RECORDS);
}

Test(segment, with_a_damaged_header_is_refused)
{
    close_log();
    flip(segment_path("t", 0, 0), 20);
    struct weir_error error = refused_open();
    cr_assert_eq(error.code, WEIR_CORRUPT);
    cr_assert(strstr(error.message, "header"), "%s", error.message);
}

Test(segment, of_another_version_is_refused)
{
    close_log();
    overwrite(segment_path("t", 0, 0), 7, "2", 1);
    cr_assert(strstr(refused_open().message, "not a log segment of this version"));
}

Test(segment, whose_creation_was_cut_off_is_removed)
{
    close_log();
    int fd = open(segment_path("t", 0, RECORDS), O_CREAT | O_RDWR, 0666);
    cr_assert_eq(write(fd, "WEIRLOG1", 8), 8);
    close(fd);
    open_log();
    expect_numbers(RECORDS);
    write_numbers("t", RECORDS, RECORDS + 2);
    close_log();
    open_log();
    expect_numbers(RECORDS + 2);
}

/* Several small segments; returns the base of the second and the third. */
static void make_segments(long long *second, long long *third)
{
    make_topic((struct broker_topic_spec){.name = "s", .partitions = 1, .segment_bytes = 1000});
    write_numbers("s", 0, 200);
    close_log();
    *second = *third = 0;
    for (long long base = 1; base < 200 && !*third; base++)
        if (access(segment_path("s", 0, base), F_OK) == 0)
            *(*second ? third : second) = base;
    cr_assert_gt(*third, 0);
}

Test(segment, missing_in_the_middle_is_refused)
{
    long long second, third;
    char expected[64];
    make_segments(&second, &third);
    unlink(segment_path("s", 0, second));
    struct weir_error error = refused_open();
    cr_assert_eq(error.code, WEIR_CORRUPT);
    snprintf(expected, sizeof expected, "topic 's' partition 0: damaged at offset");
    cr_assert(strstr(error.message, expected), "%s", error.message);
}

Test(segment, that_is_closed_is_refused_when_its_end_is_missing)
{
    long long second, third;
    make_segments(&second, &third);
    cr_assert_eq(truncate(segment_path("s", 0, second), file_size(segment_path("s", 0, second)) - 5), 0);
    struct weir_error error = refused_open();
    cr_assert_eq(error.code, WEIR_CORRUPT, "%s", error.message);
}

Test(segment, that_is_closed_is_refused_when_its_last_record_is_missing)
{
    long long second, third;
    make_segments(&second, &third);
    cr_assert_eq(truncate(segment_path("s", 0, second), EMBEDDED_SEGMENT_HEAD), 0);
    struct weir_error error = refused_open();
    cr_assert_eq(error.code, WEIR_CORRUPT, "%s", error.message);
}

Test(segment, holds_a_seek_to_every_offset)
{
    struct copy copy;
    make_topic((struct broker_topic_spec){.name = "s", .partitions = 1, .segment_bytes = 100000});
    write_numbers("s", 0, 5000);
    for (int pass = 0; pass < 2; pass++) {
        for (int offset = 0; offset < 5000; offset += 97) {
            cr_assert_eq(read_from("s", 0, offset, &copy, 1), 1);
            cr_assert_eq(copy.offset, offset);
        }
        close_log();
        open_log();
    }
}
