/* cursor.c: see cursor.h. Layout before base64url: version 2, query hash (8), window start (8), window end (8), key. The content is not
 * secret and need not be signed: a forged cursor is a query for another place of the same listing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/cursor.h"

#include <string.h>

#include "base/bytes.h"

enum { VERSION = 2, KEY_AT = 25 };
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(weir_bytes bytes, struct buffer *out)
{
    const unsigned char *at = bytes.data;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned group = (unsigned)at[i] << 16 | (left > 1 ? (unsigned)at[i + 1] << 8 : 0) | (left > 2 ? at[i + 2] : 0);
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            buffer_byte(out, (unsigned char)alphabet[group >> (18 - 6 * k) & 63]);
    }
}

static bool decode(weir_bytes text, unsigned char *out, size_t *size)
{
    const char *at = text.data;
    unsigned bits = 0, held = 0;
    *size = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *found = at[i] ? strchr(alphabet, at[i]) : NULL;
        if (!found)
            return false;
        bits = (bits << 6 | (unsigned)(found - alphabet)) & 0xffffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[(*size)++] = (unsigned char)(bits >> held);
        }
    }
    return text.size % 4 != 1 && (bits & ((1u << held) - 1)) == 0;
}

void cursor_write(const struct cursor *cursor, struct buffer *out)
{
    struct buffer plain = {0};
    unsigned char head[KEY_AT] = {VERSION};
    bytes_put_u64(head + 1, cursor->query);
    bytes_put_u64(head + 9, (uint64_t)cursor->window_ms);
    bytes_put_u64(head + 17, (uint64_t)cursor->window_end_ms);
    buffer_append(&plain, head, sizeof head);
    buffer_append(&plain, cursor->key.data, cursor->key.size);
    encode(buffer_bytes(&plain), out);
    buffer_done(&plain);
}

bool cursor_read(weir_bytes text, weir_arena *arena, struct cursor *cursor)
{
    unsigned char *plain = arena_alloc_raw(arena, text.size + 1);
    size_t size;
    if (!decode(text, plain, &size) || size < KEY_AT || plain[0] != VERSION)
        return false;
    cursor->query = bytes_get_u64(plain + 1);
    cursor->window_ms = (int64_t)bytes_get_u64(plain + 9);
    cursor->window_end_ms = (int64_t)bytes_get_u64(plain + 17);
    cursor->key = (weir_bytes){plain + KEY_AT, size - KEY_AT};
    return true;
}
