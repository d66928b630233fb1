/* record.c: see record.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <stdarg.h>
#include <string.h>

weir_bytes record_text(weir_context *context, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t size = (size_t)vsnprintf(NULL, 0, format, args);
    char *text = weir_alloc(context, size + 1);
    vsnprintf(text, size + 1, format, again);
    va_end(again);
    va_end(args);
    return (weir_bytes){text, size};
}

void record_forward(weir_context *context, const struct weir_record *cause, weir_bytes key, const void *value)
{
    struct weir_record record = *cause;
    weir_bytes *kept = weir_alloc(context, sizeof *kept);
    *kept = key;
    record.key = kept;
    record.value = value;
    weir_forward(context, &record);
}

bool record_is_same(weir_bytes a, weir_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool record_is_keyed_by(const struct weir_record *record, weir_bytes key)
{
    return record->key && record_is_same(*(const weir_bytes *)record->key, key);
}
