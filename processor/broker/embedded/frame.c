/* frame.c: see frame.h. Nothing read here is trusted before its CRC and its sizes agree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/frame.h"

#include <assert.h>

#include "base/hash.h"
#include "embedded/limits.h"

struct head { /* as it lies in the file */
    uint32_t crc, size;
    int64_t offset, timestamp_ms;
    int32_t key_size, value_size;
    uint32_t headers_size, header_count;
};
_Static_assert(sizeof(struct head) == EMBEDDED_FRAME_HEAD, "the head has no padding");

enum { HEADER_HEAD = 8 };
#define FLAG_TRANSACTION UINT32_C(0x80000000)

static size_t headers_bytes(struct weir_headers headers)
{
    size_t size = 0;
    for (size_t i = 0; i < headers.count; i++)
        size += HEADER_HEAD + strlen(headers.items[i].name) + 1 + headers.items[i].value.size;
    return size;
}

size_t embedded_frame_bytes(const struct broker_record *record)
{
    return EMBEDDED_FRAME_HEAD + record->key.size + record->value.size + headers_bytes(record->headers);
}

static int32_t size_or_absent(weir_bytes bytes)
{
    return bytes.data ? (int32_t)bytes.size : -1;
}

static void append_header(struct buffer *buffer, const struct weir_header *header)
{
    uint32_t name_size = (uint32_t)strlen(header->name);
    int32_t value_size = size_or_absent(header->value);
    buffer_append(buffer, &name_size, sizeof name_size);
    buffer_append(buffer, &value_size, sizeof value_size);
    buffer_append(buffer, header->name, name_size + 1);
    buffer_append(buffer, header->value.data, header->value.size);
}

static size_t tail_bytes(uint32_t header_count)
{
    return header_count & FLAG_TRANSACTION ? EMBEDDED_FRAME_TRANSACTION : 0;
}

void embedded_frame_append(struct buffer *buffer, const struct broker_record *record, int64_t offset,
                           int64_t transaction)
{
    uint32_t flag = transaction == EMBEDDED_NO_TRANSACTION ? 0 : FLAG_TRANSACTION;
    size_t body = embedded_frame_bytes(record), size = body + tail_bytes(flag);
    assert(size <= EMBEDDED_FRAME_BYTES_MAX);
    struct head head = {
        .size = (uint32_t)size,
        .offset = offset,
        .timestamp_ms = record->timestamp_ms,
        .key_size = size_or_absent(record->key),
        .value_size = size_or_absent(record->value),
        .headers_size = (uint32_t)(body - EMBEDDED_FRAME_HEAD - record->key.size - record->value.size),
        .header_count = (uint32_t)record->headers.count | flag,
    };
    buffer_append(buffer, &head, sizeof head);
    buffer_append(buffer, record->key.data, record->key.size);
    buffer_append(buffer, record->value.data, record->value.size);
    for (size_t i = 0; i < record->headers.count; i++)
        append_header(buffer, &record->headers.items[i]);
    if (flag)
        buffer_append(buffer, &transaction, sizeof transaction);
}

static struct head load_head(const void *frame)
{
    struct head head;
    memcpy(&head, frame, sizeof head);
    return head;
}

static uint32_t checksum(const void *frame, size_t size, uint32_t salt)
{
    return hash_crc32c(salt, (const char *)frame + sizeof(uint32_t), size - sizeof(uint32_t));
}

void embedded_frame_seal(void *frame, uint32_t salt)
{
    uint32_t crc = checksum(frame, embedded_frame_size(frame), salt);
    memcpy(frame, &crc, sizeof crc);
}

uint32_t embedded_frame_size(const void *frame)
{
    return load_head(frame).size;
}

int64_t embedded_frame_offset(const void *frame)
{
    return load_head(frame).offset;
}

int64_t embedded_frame_timestamp(const void *frame)
{
    return load_head(frame).timestamp_ms;
}

static bool sizes_agree(const struct head *head)
{
    if (head->key_size < -1 || head->value_size < -1 || head->offset < 0)
        return false;
    uint64_t key = head->key_size > 0 ? (uint64_t)head->key_size : 0;
    uint64_t value = head->value_size > 0 ? (uint64_t)head->value_size : 0;
    return EMBEDDED_FRAME_HEAD + key + value + head->headers_size + tail_bytes(head->header_count) == head->size &&
           (head->header_count & ~FLAG_TRANSACTION) <= head->headers_size / (HEADER_HEAD + 1);
}

static weir_bytes part(const char **next, int32_t size)
{
    weir_bytes bytes = {size >= 0 ? *next : NULL, size > 0 ? (size_t)size : 0};
    *next += bytes.size;
    return bytes;
}

enum embedded_frame_state embedded_frame_decode(weir_bytes available, uint32_t salt, struct embedded_frame *frame)
{
    frame->size = EMBEDDED_FRAME_HEAD;
    if (available.size < EMBEDDED_FRAME_HEAD)
        return EMBEDDED_FRAME_SHORT;
    struct head head = load_head(available.data);
    if (head.size < EMBEDDED_FRAME_HEAD || head.size > EMBEDDED_FRAME_BYTES_MAX || !sizes_agree(&head))
        return EMBEDDED_FRAME_BAD;
    frame->size = head.size;
    if (head.size > available.size)
        return EMBEDDED_FRAME_SHORT;
    if (checksum(available.data, head.size, salt) != head.crc)
        return EMBEDDED_FRAME_BAD;
    const char *next = (const char *)available.data + EMBEDDED_FRAME_HEAD;
    frame->offset = head.offset;
    frame->timestamp_ms = head.timestamp_ms;
    frame->key = part(&next, head.key_size);
    frame->value = part(&next, head.value_size);
    frame->headers = (weir_bytes){next, head.headers_size};
    frame->header_count = head.header_count & ~FLAG_TRANSACTION;
    frame->transaction = EMBEDDED_NO_TRANSACTION;
    if (tail_bytes(head.header_count))
        memcpy(&frame->transaction, next + head.headers_size, sizeof frame->transaction);
    return EMBEDDED_FRAME_WHOLE;
}

/* One header from *next, which moves behind it; false: it does not fit before end. */
static bool read_header(const char **next, const char *end, struct weir_header *header)
{
    uint32_t name_size;
    int32_t value_size;
    if (end - *next < HEADER_HEAD)
        return false;
    memcpy(&name_size, *next, sizeof name_size);
    memcpy(&value_size, *next + sizeof name_size, sizeof value_size);
    *next += HEADER_HEAD;
    uint64_t value_bytes = value_size > 0 ? (uint64_t)value_size : 0;
    if (value_size < -1 || (uint64_t)name_size + 1 + value_bytes > (uint64_t)(end - *next) || (*next)[name_size])
        return false;
    header->name = *next;
    *next += name_size + 1;
    header->value = part(next, value_size);
    return true;
}

bool embedded_frame_headers(const struct embedded_frame *frame, struct weir_header *items)
{
    const char *next = frame->headers.data, *end = next + frame->headers.size;
    for (uint32_t i = 0; i < frame->header_count; i++)
        if (!read_header(&next, end, &items[i]))
            return false;
    return next == end;
}
