/* change.c: see change.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/change.h"

#include <assert.h>

#include "base/error.h"

enum flag { OLD, NEW, BOTH, OLD_AND_LATEST, NEW_AND_LATEST, BOTH_AND_LATEST };
enum { VARINT_BYTES_MAX = 5 };

static void write_varint(size_t size, struct buffer *out)
{
    uint32_t left = (uint32_t)size << 1; /* zigzag of a number that is not negative */
    for (; left >= 0x80; left >>= 7)
        buffer_byte(out, (unsigned char)(left | 0x80));
    buffer_byte(out, (unsigned char)left);
}

void change_write(weir_bytes new, weir_bytes old, struct buffer *out)
{
    assert((new.data || old.data) && new.size <= INT32_MAX / 2);
    if (new.data && old.data)
        write_varint(new.size, out);
    if (new.data)
        buffer_append(out, new.data, new.size);
    if (old.data)
        buffer_append(out, old.data, old.size);
    buffer_byte(out, new.data ? (old.data ? BOTH : NEW) : OLD);
}

/* Takes a size that is not greater than what is left behind it. */
static bool read_size(weir_bytes *bytes, size_t *size)
{
    const unsigned char *data = bytes->data;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes->size && i < VARINT_BYTES_MAX; i++) {
        value |= (uint64_t)(data[i] & 0x7F) << (7 * i);
        if (data[i] & 0x80)
            continue;
        *bytes = (weir_bytes){data + i + 1, bytes->size - i - 1};
        *size = (size_t)(value >> 1);
        return !(value & 1) && *size <= bytes->size;
    }
    return false;
}

static bool read_parts(weir_bytes bytes, enum flag flag, weir_bytes *new, weir_bytes *old)
{
    size_t size = 0;
    switch (flag) {
    case NEW:
        *new = bytes;
        return true;
    case OLD:
        *old = bytes;
        return true;
    default:
        if (!read_size(&bytes, &size))
            return false;
        *new = (weir_bytes){bytes.data, size};
        *old = (weir_bytes){(const char *)bytes.data + size, bytes.size - size};
        return true;
    }
}

bool change_read(weir_bytes bytes, weir_bytes *new, weir_bytes *old, struct weir_error *error)
{
    const unsigned char *data = bytes.data;
    *new = *old = (weir_bytes){0};
    if (bytes.size == 0)
        return error_set(error, WEIR_POISON, "a change of a table is empty");
    unsigned flag = data[--bytes.size];
    if (flag > BOTH_AND_LATEST)
        return error_set(error, WEIR_POISON, "a change of a table ends with the unknown byte 0x%02x", flag);
    if (flag > BOTH) {
        if (bytes.size == 0 || data[--bytes.size] > 1)
            return error_set(error, WEIR_POISON, "a change of a table does not say whether it is the latest");
        flag -= OLD_AND_LATEST;
    }
    return read_parts(bytes, (enum flag)flag, new, old) ||
           error_set(error, WEIR_POISON, "a change of a table does not hold as many bytes as it says");
}
