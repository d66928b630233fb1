/* print.c: see print.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/print.h"

#include <inttypes.h>

static bool is_number(const unsigned char *bytes)
{
    return (bytes[0] == 0 && bytes[1] == 0) || (bytes[0] == 0xff && bytes[1] == 0xff);
}

static int64_t number(const unsigned char *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

static void print_quoted(FILE *out, const unsigned char *bytes, size_t size)
{
    fputc('"', out);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e || bytes[i] == '"' || bytes[i] == '\\')
            fprintf(out, "\\x%02x", bytes[i]);
        else
            fputc(bytes[i], out);
    fputc('"', out);
}

void print_bytes(FILE *out, weir_bytes bytes)
{
    const unsigned char *data = bytes.data;
    if (!data) {
        fputs("null", out);
        return;
    }
    if (bytes.size == 8 && is_number(data)) {
        fprintf(out, "#%" PRId64, number(data));
        return;
    }
    size_t size = bytes.size;
    while (size > 8 && is_number(data + size - 8))
        size -= 8;
    print_quoted(out, data, size);
    for (; size < bytes.size; size += 8)
        fprintf(out, "@%" PRId64, number(data + size));
}
