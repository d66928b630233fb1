/* buffer.h: bytes that grow while they are written. Not thread-safe. */
#ifndef WEIR_BASE_BUFFER_H
#define WEIR_BASE_BUFFER_H
#include <string.h>

#include "weir.h"

struct buffer {
    char *data;
    size_t size, capacity;
};

void buffer_done(struct buffer *);
void buffer_reserve(struct buffer *, size_t more); /* room for `more` bytes behind size */
__attribute__((format(printf, 2, 3))) void buffer_format(struct buffer *, const char *format, ...);

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}
static inline weir_bytes buffer_bytes(const struct buffer *buffer)
{
    return (weir_bytes){buffer->data ? buffer->data : "", buffer->size};
}

static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (buffer->capacity - buffer->size < size)
        buffer_reserve(buffer, size);
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static inline void buffer_byte(struct buffer *buffer, unsigned char byte)
{
    buffer_append(buffer, &byte, 1);
}
static inline void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}
#endif
