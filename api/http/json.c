/* json.c: see json.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/json.h"

#include "base/bytes.h"
#include "http/time.h"
#include "http/uri.h"

static void escape(struct buffer *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    if (c == '"' || c == '\\') {
        text[1] = (char)c;
        buffer_append(out, text, 2);
    } else if (c == '\n' || c == '\t' || c == '\r') {
        text[1] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
        buffer_append(out, text, 2);
    } else {
        buffer_append(out, text, sizeof text);
    }
}

/* The bytes of the character at `at`, 0 when there is no valid one. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    return length <= left && uri_is_utf8((weir_bytes){at, length}) ? length : 0;
}

void json_string(struct buffer *out, weir_bytes text)
{
    const unsigned char *at = text.data;
    size_t done = 0, i = 0;
    buffer_byte(out, '"');
    while (i < text.size) {
        if (at[i] >= 0x20 && at[i] < 0x7f && at[i] != '"' && at[i] != '\\') {
            i++;
            continue;
        }
        size_t length = at[i] < 0x80 ? 0 : character(at + i, text.size - i);
        if (length) {
            i += length;
            continue;
        }
        buffer_append(out, at + done, i - done);
        if (at[i] < 0x80)
            escape(out, at[i]);
        else
            buffer_text(out, "\xEF\xBF\xBD");
        done = ++i;
    }
    buffer_append(out, at ? at + done : (const unsigned char *)"", text.size - done);
    buffer_byte(out, '"');
}

void json_text(struct buffer *out, const char *text)
{
    if (text)
        json_string(out, bytes_of_text(text));
    else
        buffer_text(out, "null");
}

void json_integer(struct buffer *out, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        buffer_byte(out, '-');
    buffer_append(out, digits + at, sizeof digits - at);
}

void json_time(struct buffer *out, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 3];
    text[0] = '"';
    time_text(ms, text + 1);
    text[TIME_TEXT_BYTES + 1] = '"';
    buffer_append(out, text, TIME_TEXT_BYTES + 2);
}

struct position_item {
    weir_bytes topic, partition, offset;
};

static bool is_digits(weir_bytes text)
{
    const char *at = text.data;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
    }
    return text.size > 0;
}

/* Takes "topic:partition:offset" off the front; what is not of this form ends the walk. */
static bool next_item(const char **at, struct position_item *item)
{
    size_t size = strcspn(*at, ",");
    const char *start = *at, *end = start + size;
    const char *second = memrchr(start, ':', size);
    const char *first = second ? memrchr(start, ':', (size_t)(second - start)) : NULL;
    if (!first)
        return false;
    item->topic = (weir_bytes){start, (size_t)(first - start)};
    item->partition = (weir_bytes){first + 1, (size_t)(second - first - 1)};
    item->offset = (weir_bytes){second + 1, (size_t)(end - second - 1)};
    *at = *end ? end + 1 : end;
    return is_digits(item->partition) && is_digits(item->offset);
}

/* A position goes task by task, so that the inputs of the first one name nearly all topics. */
static bool is_named_before(const char *position, const char *start, weir_bytes topic)
{
    struct position_item item;
    for (const char *at = position; at < start && next_item(&at, &item);)
        if (at <= start && bytes_equal(item.topic, topic))
            return true;
    return false;
}

static void write_partition(struct buffer *out, const struct position_item *item)
{
    buffer_byte(out, '"');
    buffer_append(out, item->partition.data, item->partition.size);
    buffer_append(out, "\":", 2);
    buffer_append(out, item->offset.data, item->offset.size);
}

/* All partitions of the topic whose first one is `item`; the others lie from `at` on. */
static void write_topic(struct buffer *out, struct position_item item, const char *at)
{
    struct position_item other;
    json_string(out, item.topic);
    buffer_append(out, ":{", 2);
    write_partition(out, &item);
    while (*at && next_item(&at, &other)) {
        if (!bytes_equal(other.topic, item.topic))
            continue;
        buffer_byte(out, ',');
        write_partition(out, &other);
    }
    buffer_byte(out, '}');
}

void json_position(struct buffer *out, const char *position)
{
    struct position_item item;
    bool is_first = true;
    const char *whole = position ? position : "";
    buffer_byte(out, '{');
    for (const char *at = whole, *start = at; *at && next_item(&at, &item); start = at) {
        if (is_named_before(whole, start, item.topic))
            continue;
        if (!is_first)
            buffer_byte(out, ',');
        is_first = false;
        write_topic(out, item, at);
    }
    buffer_byte(out, '}');
}
