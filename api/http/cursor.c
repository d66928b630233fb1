/* cursor.c: see cursor.h. Layout before base64url: version 2, query hash (8), window start (8), window end (8), key. The content is not
 * secret and need not be signed: a forged cursor is a query for another place of the same listing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/cursor.h"

#include <string.h>

#include "base/bytes.h"
#include "guard/base64url.h"

enum { VERSION = 2, KEY_AT = 25 };
void cursor_write(const struct cursor *cursor, struct buffer *out)
{
    struct buffer plain = {0};
    unsigned char head[KEY_AT] = {VERSION};
    bytes_put_u64(head + 1, cursor->query);
    bytes_put_u64(head + 9, (uint64_t)cursor->window_ms);
    bytes_put_u64(head + 17, (uint64_t)cursor->window_end_ms);
    buffer_append(&plain, head, sizeof head);
    buffer_append(&plain, cursor->key.data, cursor->key.size);
    base64url_write(buffer_bytes(&plain), out);
    buffer_done(&plain);
}

bool cursor_read(weir_bytes text, weir_arena *arena, struct cursor *cursor)
{
    weir_bytes bytes;
    if (!base64url_read(text, arena, &bytes) || bytes.size < KEY_AT)
        return false;
    const unsigned char *plain = bytes.data;
    if (plain[0] != VERSION)
        return false;
    cursor->query = bytes_get_u64(plain + 1);
    cursor->window_ms = (int64_t)bytes_get_u64(plain + 9);
    cursor->window_end_ms = (int64_t)bytes_get_u64(plain + 17);
    cursor->key = (weir_bytes){plain + KEY_AT, bytes.size - KEY_AT};
    return true;
}
