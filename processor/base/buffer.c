/* buffer.c: see buffer.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_reserve(struct buffer *buffer, size_t more)
{
    assert(buffer->size + more >= more);
    buffer->data = memory_grow(buffer->data, &buffer->capacity, buffer->size + more, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(size >= 0);
    buffer_reserve(buffer, (size_t)size + 1);
    vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
    va_end(again);
    buffer->size += (size_t)size;
}
