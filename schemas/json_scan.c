/* json_scan.c: see json_scan.h. Strict: no comments, no trailing commas, no lone surrogates, no control characters in
 * strings. Strings without escapes are not copied.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/json_scan.h"

#include <assert.h>
#include <string.h>

#include "schemas/text.h"

static const char *found(const struct reader *reader)
{
    switch (json_peek(reader)) {
    case 0:
        return reader->at == reader->end ? "the end" : "a control character";
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 'n':
        return "null";
    case 't':
    case 'f':
        return "a boolean";
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return "a number";
    default:
        return "something that is not JSON";
    }
}

bool json_unexpected(struct reader *reader, const char *expected)
{
    return problem_set(&reader->problem, "expected %s, found %s", expected, found(reader));
}

bool json_scan_literal(struct reader *reader, const char *literal)
{
    size_t size = strlen(literal);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, literal, size) != 0)
        return false;
    reader->at += size;
    return true;
}

/* Four hexadecimal digits; -1 when they are not there. */
static int32_t read_hex(const unsigned char *at, const unsigned char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* `*at` stands behind "\u". Pairs of surrogates become one code point; -1: not a character. */
static int32_t read_code_point(const unsigned char **at, const unsigned char *end)
{
    int32_t code = read_hex(*at, end);
    if (code < 0)
        return -1;
    *at += 4;
    if (code < 0xD800 || code > 0xDFFF)
        return code;
    if (code > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    int32_t low = read_hex(*at + 2, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    *at += 6;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

/* `*at` stands behind the backslash. */
static int32_t read_escape(const unsigned char **at, const unsigned char *end)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    unsigned char letter = *(*at)++;
    if (letter == 'u')
        return read_code_point(at, end);
    const char *place = letter ? strchr(letters, letter) : NULL;
    return place ? meanings[place - letters] : -1;
}

/* Text between quotes, known to be valid but for its escapes; out may be NULL, then they are only checked. */
static bool unescape(struct reader *reader, const unsigned char *at, const unsigned char *end, char *out, size_t *size)
{
    char ignored[4];
    size_t length = 0;
    while (at < end) {
        if (*at != '\\') {
            if (out)
                out[length] = (char)*at;
            at++;
            length++;
            continue;
        }
        at++;
        int32_t code = read_escape(&at, end);
        if (code < 0) {
            reader->at = at;
            return problem_set(&reader->problem, "a string has an escape that is not valid");
        }
        length += text_put_character((uint32_t)code, out ? out + length : ignored);
    }
    *size = length;
    return true;
}

/* `at` stands at the first character that is not plain. Sets reader->at to the closing quote. */
static bool find_string_end(struct reader *reader, const unsigned char *at, bool *has_escapes)
{
    const unsigned char *end = reader->end;
    for (*has_escapes = false; at < end; at = text_plain_end(at, end)) {
        reader->at = at;
        if (*at == '"')
            return true;
        if (*at == '\\') {
            *has_escapes = true;
            at += end - at >= 2 ? 2 : 1;
        } else if (*at < 0x20) {
            return problem_set(&reader->problem, "a string holds a control character that is not escaped");
        } else {
            size_t bytes = text_character_bytes(at, end);
            if (bytes == 0)
                return problem_set(&reader->problem, "a string is not valid UTF-8");
            at += bytes;
        }
        /* An escaped non-ASCII byte was skipped blindly; read_escape refuses it. */
    }
    reader->at = end;
    return problem_set(&reader->problem, "a string does not end");
}

/* `reader->at` stands on the opening quote. */
bool json_scan_special_string(struct reader *reader, const unsigned char *special, bool keep, weir_bytes *out)
{
    const unsigned char *start = reader->at + 1;
    bool has_escapes;
    if (!find_string_end(reader, special, &has_escapes))
        return false;
    const unsigned char *end = reader->at;
    *out = (weir_bytes){start, (size_t)(end - start)};
    if (has_escapes) {
        char *text = keep ? reader_alloc(reader, out->size) : NULL;
        if ((keep && !text) || !unescape(reader, start, end, text, &out->size))
            return false;
        out->data = text;
    }
    reader->at = end + 1;
    return true;
}

static const unsigned char *skip_digits(const unsigned char *at, const unsigned char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static const unsigned char *skip_fraction(const unsigned char *at, const unsigned char *end)
{
    if (at == end || *at != '.')
        return at;
    const unsigned char *digits = at + 1;
    at = skip_digits(digits, end);
    return at == digits ? NULL : at;
}

static const unsigned char *skip_exponent(const unsigned char *at, const unsigned char *end)
{
    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    at++;
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    const unsigned char *digits = at;
    at = skip_digits(digits, end);
    return at == digits ? NULL : at;
}

static const unsigned char *skip_number(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *digits = at + (at < end && *at == '-');
    at = skip_digits(digits, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return NULL;
    at = skip_fraction(at, end);
    return at ? skip_exponent(at, end) : NULL;
}

bool json_scan_number(struct reader *reader, const char *expected, weir_bytes *out)
{
    unsigned char first = json_peek(reader);
    if (first != '-' && (first < '0' || first > '9'))
        return json_unexpected(reader, expected);
    const unsigned char *end = skip_number(reader->at, reader->end);
    if (!end)
        return problem_set(&reader->problem, "a number is not written as JSON asks");
    *out = (weir_bytes){reader->at, (size_t)(end - reader->at)};
    reader->at = end;
    return true;
}

static bool skip_member_name(struct reader *reader)
{
    weir_bytes ignored;
    return json_scan_string_or_skip(reader, false, &ignored) && json_scan_colon(reader);
}

static bool skip_items(struct reader *reader, unsigned char close)
{
    if (!reader_enter(reader))
        return false;
    reader->at++;
    json_skip_space(reader);
    bool more = json_peek(reader) != close;
    if (!more)
        reader->at++;
    while (more) {
        if (close == '}' && !skip_member_name(reader))
            return false;
        if (!json_skip_value(reader) || !json_scan_separator(reader, close, &more))
            return false;
    }
    reader_leave(reader);
    return true;
}

bool json_skip_value(struct reader *reader)
{
    weir_bytes ignored;
    switch (json_peek(reader)) {
    case '"':
        return json_scan_string_or_skip(reader, false, &ignored);
    case '{':
        return skip_items(reader, '}');
    case '[':
        return skip_items(reader, ']');
    case 't':
        return json_scan_literal(reader, "true") || json_unexpected(reader, "true");
    case 'f':
        return json_scan_literal(reader, "false") || json_unexpected(reader, "false");
    case 'n':
        return json_scan_literal(reader, "null") || json_unexpected(reader, "null");
    default:
        return json_scan_number(reader, "a value", &ignored);
    }
}

bool json_valid_inside(weir_bytes text, int depth, struct weir_error *error)
{
    struct reader reader;
    if (!reader_init(&reader, text, NULL, error))
        return false;
    reader.depth = depth;
    json_skip_space(&reader);
    if (!json_skip_value(&reader))
        return reader_report(&reader, error);
    json_skip_space(&reader);
    if (reader.at != reader.end) {
        problem_set(&reader.problem, "there is more behind the value");
        return reader_report(&reader, error);
    }
    return true;
}

bool json_valid(weir_bytes text, struct weir_error *error)
{
    return json_valid_inside(text, 0, error);
}
