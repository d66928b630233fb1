/* What a head must look like, laid out in memory as libmicrohttpd leaves it. SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "http/accept.h"
#include "http/cursor.h"
#include "http/head.h"
#include "http/json.h"
#include "http/time.h"

/* Parses as libmicrohttpd 0.9.75 does: in place, CR, LF, colons and the spaces of the request line become NUL. */
static struct head parse(char *text, size_t size)
{
    static char uri[LIMIT_HEAD_BYTES * 2];
    struct head head = {.size = size};
    char *end = text + size, *line_end = memchr(text, '\n', size);
    char *space = memchr(text, ' ', size), *last = memrchr(text, ' ', (size_t)(line_end - text));
    *space = *last = 0;
    head.method = bytes_of_text(text);
    head.uri_place = (uintptr_t)(space + 1);
    snprintf(uri, sizeof uri, "%s", space + 1);
    head.uri = bytes_of_text(uri);
    for (char *line = last + 1, *next; line < end; line = next) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop + 1;
        *stop = 0;
        if (stop > line && stop[-1] == '\r')
            stop[-1] = 0;
        char *colon = line == last + 1 ? NULL : strchr(line, ':');
        if (line == last + 1)
            head.version = bytes_of_text(line);
        if (!colon)
            continue;
        char *value = colon + 1;
        *colon = 0;
        value += strspn(value, " \t");
        head.fields[head.field_count++] = (struct head_field){bytes_of_text(line), bytes_of_text(value)};
    }
    return head;
}

static struct head_verdict judge(const char *text, size_t size)
{
    char *copy = memcpy(malloc(size), text, size);
    struct head head = parse(copy, size);
    struct head_verdict verdict = head_judge(&head);
    free(copy);
    return verdict;
}
#define JUDGE(text) judge(text, sizeof(text) - 1)

Test(head, a_plain_request_is_good)
{
    cr_assert_eq(JUDGE("GET /a?b HTTP/1.1\r\nHost: x:80\r\nAccept:\ta\r\nEmpty:\r\n\r\n").status, 0);
}

Test(head, old_clients_need_no_host)
{
    cr_assert_eq(JUDGE("GET / HTTP/1.0\r\n\r\n").status, 0);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\n\r\n").status, 400);
}

Test(head, a_body_is_sized_or_chunked)
{
    struct head_verdict sized = JUDGE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12 \r\n\r\n");
    cr_assert_eq(sized.status, 0);
    cr_assert_eq(sized.body, HEAD_SIZED_BODY);
    cr_assert_eq(sized.body_size, 12);
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n").body, HEAD_CHUNKED_BODY);
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").body, HEAD_NO_BODY);
}

Test(head, two_ways_to_say_how_long_are_refused)
{
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").status,
                 400);
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n").status, 400);
}

Test(head, names_are_tokens_and_values_have_no_control_characters)
{
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost : a\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\r\nX\x01: a\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n").status, 400);
}

Test(head, bare_line_feeds_are_seen_in_the_layout)
{
    cr_assert_eq(JUDGE("GET / HTTP/1.1\nHost: a\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\r\n\n").status, 400);
}

Test(head, nul_is_seen_in_the_layout)
{
    cr_assert_eq(JUDGE("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\0b\r\nX: y\r\n\r\n").status, 400);
    cr_assert_eq(JUDGE("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n").status, 400);
}

Test(head, sizes_have_statuses_of_their_own)
{
    char text[LIMIT_HEAD_BYTES + 200];
    int size = snprintf(text, sizeof text, "GET /%09000d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    cr_assert_eq(judge(text, (size_t)size).status, 414);
    size = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: %016400d\r\n\r\n", 0);
    cr_assert_eq(judge(text, (size_t)size).status, 431);
}

Test(head, other_versions_are_refused)
{
    cr_assert_eq(JUDGE("GET / HTTP/1.2\r\nHost: a\r\n\r\n").status, 505);
}

Test(accept, the_best_of_what_is_offered_is_chosen)
{
    const char *rows = "application/json, application/x-ndjson, text/csv";
    cr_assert_str_eq(accept_choose(rows, bytes_of_text("")), "application/json");
    cr_assert_str_eq(accept_choose(rows, bytes_of_text("text/csv")), "text/csv");
    cr_assert_str_eq(accept_choose(rows, bytes_of_text("text/*;q=0.9, application/*;q=0.2")), "text/csv");
    cr_assert_str_eq(accept_choose(rows, bytes_of_text("*/*, application/json;q=0.1")), "application/x-ndjson");
    cr_assert_null(accept_choose(rows, bytes_of_text("image/png, */*;q=0")));
}

Test(cursor, what_is_written_is_read)
{
    struct cursor written = {0x123456789abcdef0, -5, 7, {"a\0b", 3}}, read;
    struct buffer text = {0};
    weir_arena arena;
    arena_init(&arena);
    cursor_write(&written, &text);
    cr_assert(cursor_read(buffer_bytes(&text), &arena, &read));
    cr_assert_eq(read.query, written.query);
    cr_assert_eq(read.window_ms, -5);
    cr_assert_eq(read.window_end_ms, 7);
    cr_assert(bytes_equal(read.key, written.key));
    text.data[3] = '!';
    cr_assert_not(cursor_read(buffer_bytes(&text), &arena, &read));
    buffer_done(&text);
    arena_done(&arena);
}

static const char *as_json(weir_bytes text)
{
    static struct buffer out;
    buffer_clear(&out);
    json_string(&out, text);
    buffer_byte(&out, 0);
    return out.data;
}

Test(json, strings_are_valid_whatever_they_hold)
{
    cr_assert_str_eq(as_json((weir_bytes){"a\"\\\n\x01\x7f", 6}), "\"a\\\"\\\\\\n\\u0001\\u007f\"");
    cr_assert_str_eq(as_json((weir_bytes){"\xff"
                                          "a\xe2\x82\xac\xe2\x82",
                                          7}),
                     "\"\xEF\xBF\xBD"
                     "a\xe2\x82\xac\xEF\xBF\xBD\xEF\xBF\xBD\"");
    cr_assert_str_eq(as_json((weir_bytes){NULL, 0}), "\"\"");
}

Test(json, positions_become_objects)
{
    struct buffer out = {0};
    json_position(&out, "a:0:5,b:0:7,a:1:6");
    buffer_byte(&out, 0);
    cr_assert_str_eq(out.data, "{\"a\":{\"0\":5,\"1\":6},\"b\":{\"0\":7}}");
    buffer_clear(&out);
    json_position(&out, "");
    buffer_byte(&out, 0);
    cr_assert_str_eq(out.data, "{}");
    buffer_done(&out);
}

static int64_t ms_of(const char *text)
{
    int64_t ms = -1;
    return time_of_text(bytes_of_text(text), &ms) ? ms : -1;
}

Test(time, moments_are_read_in_every_form)
{
    cr_assert_eq(ms_of("1970-01-01T00:00:00Z"), 0);
    cr_assert_eq(ms_of("2024-02-29T12:00:00.25+02:00"), 1709200800250);
    cr_assert_eq(ms_of("1709200800250"), 1709200800250);
    const char *wrong[] = {
        "", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z", "1e9", "0x1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_eq(ms_of(wrong[i]), -1, "%s", wrong[i]);
}

Test(time, text_goes_there_and_back_over_all_years)
{
    char text[TIME_TEXT_BYTES + 1];
    for (int64_t ms = -62167219200000; ms < 253402300799999; ms += 86400000LL * 97 + 12345) {
        time_text(ms, text);
        cr_assert_eq(ms_of(text), ms, "%s", text);
    }
}
