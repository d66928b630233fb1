/* head.c: see head.h.
 *
 * How raw bytes are seen through the parser: libmicrohttpd 0.9.75 replaces CR, LF, the colon and the spaces of the
 * request line by NUL, in its read buffer, and hands out pointers into that buffer and the size of the whole head. In a
 * correct head the strings therefore lie in one chain: method, 1 byte, URI, 1 byte, version, 2 bytes, name, 1 byte (and
 * blanks), value, 2 bytes, name, …, value, 4 bytes, end. A bare LF makes a step one byte short, a NUL inside a line makes
 * it too long, a folded line is moved elsewhere or leaves a gap. Any link that does not fit is a 400.
 * This holds for every request of a connection, not only the first, and costs no system call.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

#if MHD_VERSION >= 0x01000000
#error "libmicrohttpd 1.x parses differently: use MHD_OPTION_CLIENT_DISCIPLINE_LVL 2 in its place"
#endif

static struct head_verdict refuse(unsigned status, const char *detail)
{
    return (struct head_verdict){.status = status, .detail = detail};
}

/* Sets of ASCII characters as bit maps; heads are looked at for every request. */
static const uint64_t token_bytes[2] = {UINT64_C(0x03FF6CFA00000000),
                                        UINT64_C(0x57FFFFFFC7FFFFFE)}; /* RFC 9110, 5.6.2 */
static const uint64_t host_bytes[2] = {UINT64_C(0x2FFF6FF200000000),
                                       UINT64_C(0x47FFFFFEAFFFFFFE)}; /* RFC 3986, 3.2.2 and a port */

static bool is_all_of(const uint64_t set[2], weir_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] >= 0x80 || !(set[at[i] >> 6] >> (at[i] & 63) & 1))
            return false;
    }
    return true;
}

static bool is_token(weir_bytes text)
{
    return text.size > 0 && is_all_of(token_bytes, text);
}

static bool is_field_value(weir_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        if ((at[i] < 0x20 && at[i] != '\t') || at[i] == 0x7f)
            return false;
    }
    return true;
}

static uintptr_t place(const void *at)
{
    return (uintptr_t)at;
}

static uintptr_t end_of(weir_bytes text)
{
    return place(text.data) + text.size;
}

static bool only_blanks_between(uintptr_t from, uintptr_t to)
{
    for (uintptr_t at = from; at < to; at++) {
        char c = *(const char *)at; /* NOLINT(performance-no-int-to-ptr): inside the head, between two of its strings */
        if (c != ' ' && c != '\t')
            return false;
    }
    return true;
}

/* Walks the chain that the comment at the top describes. */
static bool is_laid_out_as_one_head(const struct head *head)
{
    uintptr_t end = place(head->method.data) + head->size;
    if (end_of(head->method) + 1 != head->uri_place)
        return false;
    if (head->uri_place + head->uri.size + 1 != place(head->version.data))
        return false;
    uintptr_t at = end_of(head->version) + 2;
    for (size_t i = 0; i < head->field_count; i++) {
        const struct head_field *field = &head->fields[i];
        uintptr_t value = place(field->value.data);
        if (place(field->name.data) != at || value < end_of(field->name) + 1 || value >= end)
            return false;
        if (!only_blanks_between(end_of(field->name) + 1, value))
            return false;
        at = value + field->value.size + 2;
    }
    return at + 2 == end;
}

static bool is_named(const struct head_field *field, const char *name)
{
    size_t size = strlen(name);
    return field->name.size == size && strncasecmp(field->name.data, name, size) == 0;
}

static weir_bytes trimmed(weir_bytes text)
{
    const char *at = text.data;
    while (text.size > 0 && (at[text.size - 1] == ' ' || at[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static size_t count_fields(const struct head *head, const char *name, weir_bytes *last)
{
    size_t count = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (is_named(&head->fields[i], name)) {
            *last = trimmed(head->fields[i].value);
            count++;
        }
    }
    return count;
}

weir_bytes head_field(const struct head *head, const char *name)
{
    weir_bytes value = {0};
    return count_fields(head, name, &value) == 1 ? value : (weir_bytes){0};
}

static bool read_length(weir_bytes text, uint64_t *length)
{
    const char *at = text.data;
    uint64_t sum = 0;
    if (text.size == 0 || text.size > 18)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(at[i] - '0');
    }
    *length = sum;
    return true;
}

static bool is_http_1_1(const struct head *head)
{
    return bytes_equal(head->version, bytes_of_text("HTTP/1.1"));
}

static struct head_verdict judge_host(const struct head *head)
{
    weir_bytes host = {0};
    size_t hosts = count_fields(head, "host", &host);
    if (hosts > 1)
        return refuse(400, "There is more than one Host header.");
    if (hosts == 0 && is_http_1_1(head))
        return refuse(400, "There is no Host header.");
    if (hosts == 1 && !is_all_of(host_bytes, host))
        return refuse(400, "The Host header is not a host.");
    return (struct head_verdict){0};
}

static struct head_verdict judge_body(const struct head *head)
{
    weir_bytes length = {0}, encoding = {0};
    size_t lengths = count_fields(head, "content-length", &length);
    size_t encodings = count_fields(head, "transfer-encoding", &encoding);
    struct head_verdict verdict = {0};
    if (lengths > 1)
        return refuse(400, "There is more than one Content-Length header.");
    if (lengths && encodings)
        return refuse(400, "Content-Length and Transfer-Encoding exclude each other.");
    if (encodings > 1 || (encodings && !is_http_1_1(head)))
        return refuse(400, "Transfer-Encoding may come once, and in HTTP/1.1 only.");
    if (encodings && !(encoding.size == 7 && strncasecmp(encoding.data, "chunked", 7) == 0))
        return refuse(400, "The only Transfer-Encoding understood is chunked.");
    if (lengths && !read_length(length, &verdict.body_size))
        return refuse(400, "Content-Length is not a number.");
    verdict.body = encodings ? HEAD_CHUNKED_BODY : verdict.body_size > 0 ? HEAD_SIZED_BODY : HEAD_NO_BODY;
    return verdict;
}

static struct head_verdict judge_fields(const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (!is_token(head->fields[i].name))
            return refuse(400, "A header's name has a character that is not allowed.");
        if (!is_field_value(head->fields[i].value))
            return refuse(400, "A header's value has a control character.");
    }
    return (struct head_verdict){0};
}

struct head_verdict head_judge(const struct head *head)
{
    if (head->uri.size > LIMIT_URI_BYTES)
        return refuse(414, "The URI is longer than 8 KB.");
    if (head->size > LIMIT_HEAD_BYTES || head->too_many_fields)
        return refuse(431, "The head is larger than 16 KB or has more than 100 fields.");
    if (!is_token(head->method) || head->uri.size == 0)
        return refuse(400, "The request line is malformed.");
    if (!is_http_1_1(head) && !bytes_equal(head->version, bytes_of_text("HTTP/1.0")))
        return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    struct head_verdict verdict = judge_fields(head);
    if (!verdict.status && !is_laid_out_as_one_head(head))
        verdict = refuse(400, "The head has a bare line feed, a folded line, a NUL or extra spaces.");
    if (!verdict.status)
        verdict = judge_host(head);
    return verdict.status ? verdict : judge_body(head);
}
