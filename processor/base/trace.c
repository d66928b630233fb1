/* trace.c: see trace.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/trace.h"

#include <string.h>

enum { ID_AT = 3, SPAN_AT = 36, SPAN_BYTES = 16, FLAGS_AT = 53, FLAGS_BYTES = 2 };

static bool is_hex(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!at[i] || !strchr("0123456789abcdef", at[i]))
            return false;
    return true;
}

static bool is_id(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] != '0')
            return is_hex(at, size);
    return false;
}

bool trace_is_parent(weir_bytes text)
{
    const char *at = text.data;
    return text.size == TRACE_PARENT_BYTES && memcmp(at, "00-", 3) == 0 && is_id(at + ID_AT, TRACE_ID_BYTES) &&
           at[SPAN_AT - 1] == '-' && is_id(at + SPAN_AT, SPAN_BYTES) && at[FLAGS_AT - 1] == '-' &&
           is_hex(at + FLAGS_AT, FLAGS_BYTES);
}

struct trace_id trace_of_parent(weir_bytes text)
{
    struct trace_id id = {{0}};
    if (trace_is_parent(text))
        memcpy(id.text, (const char *)text.data + ID_AT, TRACE_ID_BYTES);
    return id;
}

struct trace_id trace_of_headers(struct weir_headers headers)
{
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, "traceparent") == 0)
            return trace_of_parent(headers.items[i].value);
    return (struct trace_id){{0}};
}
