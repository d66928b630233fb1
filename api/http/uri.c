/* uri.c: see uri.h. Paths are never normalised: dot segments, NUL, control characters and what is no UTF-8 are refused, and
 * nothing is decoded twice.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/uri.h"

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF. */
static bool is_second_byte(unsigned char lead, unsigned char second)
{
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

bool uri_is_utf8(weir_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size;) {
        size_t length = utf8_length(at[i]);
        if (length == 0 || length > text.size - i || (length > 1 && !is_second_byte(at[i], at[i + 1])))
            return false;
        for (size_t k = 2; k < length; k++) {
            if ((at[i + k] & 0xC0) != 0x80)
                return false;
        }
        i += length;
    }
    return true;
}

static bool has_control(weir_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return true;
    }
    return false;
}

/* Everything else must be percent-encoded (RFC 3986), but for a few characters that browsers leave as they are. */
static bool is_raw_uri(weir_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] <= 0x20 || at[i] >= 0x7f || at[i] == '#' || at[i] == '\\')
            return false;
    }
    return true;
}

static bool unescape(weir_bytes raw, bool plus_is_space, char *out, size_t *size)
{
    const char *at = raw.data;
    size_t n = 0;
    for (size_t i = 0; i < raw.size; i++) {
        if (at[i] != '%') {
            out[n++] = plus_is_space && at[i] == '+' ? ' ' : at[i];
            continue;
        }
        int high = i + 2 < raw.size ? hex_digit(at[i + 1]) : -1;
        int low = i + 2 < raw.size ? hex_digit(at[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    *size = n;
    return true;
}

/* What has no escapes was looked at as part of the whole and stays where it is. */
static bool decode(weir_arena *arena, weir_bytes raw, bool plus_is_space, weir_bytes *out, const char **why)
{
    *out = raw;
    bool escaped = memchr(raw.data, '%', raw.size) != NULL;
    if (!escaped && !(plus_is_space && memchr(raw.data, '+', raw.size)))
        return true;
    char *text = arena_alloc_raw(arena, raw.size + 1);
    size_t size = 0;
    if (!unescape(raw, plus_is_space, text, &size)) {
        *why = "A percent sign is not followed by two hexadecimal digits.";
        return false;
    }
    *out = (weir_bytes){text, size};
    if (has_control(*out))
        *why = "The URI contains an encoded control character.";
    else if (!uri_is_utf8(*out))
        *why = "The URI does not decode to UTF-8.";
    return !*why;
}

static bool is_dots(weir_bytes text)
{
    const char *at = text.data;
    return (text.size == 1 && at[0] == '.') || (text.size == 2 && at[0] == '.' && at[1] == '.');
}

static bool add_segment(struct uri *uri, weir_arena *arena, weir_bytes raw, const char **why)
{
    struct uri_segment segment = {.has_encoded_slash = false};
    if (!decode(arena, raw, false, &segment.text, why))
        return false;
    if (is_dots(segment.text)) {
        *why = "The path has a dot segment.";
        return false;
    }
    segment.has_encoded_slash = memchr(segment.text.data, '/', segment.text.size) != NULL;
    if (uri->segment_count == LIMIT_SEGMENTS)
        uri->too_deep = true;
    else
        uri->segments[uri->segment_count++] = segment;
    return true;
}

/* "/a/b" has the segments a and b, "/" has none; "/a/" has a and an empty one, which no route has. */
static bool read_path(struct uri *uri, weir_arena *arena, weir_bytes path, const char **why)
{
    const char *at = path.data, *end = at + path.size;
    if (path.size == 1)
        return true;
    for (at++; at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        if (!add_segment(uri, arena, (weir_bytes){at, (size_t)(stop - at)}, why))
            return false;
        at = stop + 1;
    }
    return true;
}

static bool add_pair(struct uri *uri, weir_arena *arena, weir_bytes raw, const char **why)
{
    if (raw.size == 0)
        return true;
    if (uri->pair_count == LIMIT_PARAMETERS) {
        *why = "There are too many query parameters.";
        return false;
    }
    const char *start = raw.data, *equals = memchr(start, '=', raw.size);
    size_t name = equals ? (size_t)(equals - start) : raw.size;
    weir_bytes value = equals ? (weir_bytes){equals + 1, raw.size - name - 1} : (weir_bytes){"", 0};
    struct uri_pair *pair = &uri->pairs[uri->pair_count++];
    return decode(arena, (weir_bytes){start, name}, true, &pair->name, why) &&
           decode(arena, value, true, &pair->value, why);
}

static bool read_query(struct uri *uri, weir_arena *arena, weir_bytes query, const char **why)
{
    const char *at = query.data, *end = at + query.size;
    while (at <= end) {
        const char *ampersand = memchr(at, '&', (size_t)(end - at));
        const char *stop = ampersand ? ampersand : end;
        if (!add_pair(uri, arena, (weir_bytes){at, (size_t)(stop - at)}, why))
            return false;
        at = stop + 1;
    }
    return true;
}

bool uri_read(struct uri *uri, weir_arena *arena, weir_bytes raw, const char **why)
{
    const char *start = raw.data;
    *why = NULL;
    uri->segment_count = uri->pair_count = 0;
    uri->too_deep = false;
    if (raw.size == 0 || start[0] != '/') {
        *why = "The request target is not a path.";
        return false;
    }
    if (!is_raw_uri(raw)) {
        *why = "The request target has a character that must be encoded.";
        return false;
    }
    const char *mark = memchr(start, '?', raw.size);
    size_t path = mark ? (size_t)(mark - start) : raw.size;
    if (!read_path(uri, arena, (weir_bytes){start, path}, why))
        return false;
    return !mark || read_query(uri, arena, (weir_bytes){mark + 1, raw.size - path - 1}, why);
}

void uri_encode(weir_bytes text, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = at[i], lower = (unsigned char)(c | 0x20);
        if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || (c != 0 && strchr("-._~", c))) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = digits[c >> 4];
            *out++ = digits[c & 15];
        }
    }
    *out = 0;
}
