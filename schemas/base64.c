/* base64.c: see base64.h. Strict: exactly one text per sequence of bytes is accepted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(weir_bytes bytes, struct buffer *buffer)
{
    const unsigned char *data = bytes.data;
    for (size_t at = 0; at < bytes.size; at += 3) {
        size_t left = bytes.size - at;
        uint32_t group = (uint32_t)data[at] << 16;
        if (left > 1)
            group |= (uint32_t)data[at + 1] << 8;
        if (left > 2)
            group |= data[at + 2];
        char text[4] = {alphabet[group >> 18], alphabet[(group >> 12) & 63], alphabet[(group >> 6) & 63],
                        alphabet[group & 63]};
        if (left < 3)
            text[3] = '=';
        if (left < 2)
            text[2] = '=';
        buffer_append(buffer, text, sizeof text);
    }
}

static int digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Reads `count` digits (2 to 4) into the top of 24 bits; false when one is no digit or bits are left over. */
static bool read_group(const unsigned char *text, int count, uint32_t *out)
{
    uint32_t group = 0;
    for (int i = 0; i < 4; i++) {
        int value = i < count ? digit(text[i]) : 0;
        if (value < 0)
            return false;
        group = (group << 6) | (uint32_t)value;
    }
    *out = group;
    return (count == 4) || (count == 3 ? (group & 0xff) == 0 : (group & 0xffff) == 0);
}

bool base64_read(weir_bytes text, weir_arena *arena, weir_bytes *out)
{
    const unsigned char *data = text.data;
    if (text.size % 4 != 0)
        return false;
    unsigned char *bytes = arena_alloc_raw(arena, text.size / 4 * 3 + 1);
    size_t size = 0;
    for (size_t at = 0; at < text.size; at += 4) {
        int count = 4;
        if (at + 4 == text.size)
            count = data[at + 2] == '=' && data[at + 3] == '=' ? 2 : data[at + 3] == '=' ? 3 : 4;
        uint32_t group;
        if (!read_group(data + at, count, &group))
            return false;
        for (int i = 0; i < count - 1; i++)
            bytes[size++] = (unsigned char)(group >> (16 - 8 * i));
    }
    *out = (weir_bytes){bytes, size};
    return true;
}
