/* bundle.c: see bundle.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <assert.h>

#include "base/field.h"

enum { TIME_BYTES = 8, HEADERS_MAX = 255 };
static const char magic[] = {'w', 'e', 'i', 'r', 1};

/* ---- writing ---- */

static size_t size_of(const struct broker_record *record)
{
    size_t size = TIME_BYTES + 2 * FIELD_SIZE_BYTES + 1 + record->key.size + record->value.size;
    for (size_t i = 0; i < record->headers.count; i++)
        size += 2 * FIELD_SIZE_BYTES + strlen(record->headers.items[i].name) + 1 + record->headers.items[i].value.size;
    return size;
}

bool bundle_takes(const struct broker_record *record)
{
    return !record->delivery && record->timestamp_ms >= 0 && record->headers.count <= HEADERS_MAX &&
           sizeof magic + size_of(record) <= BUNDLE_BYTES_MAX;
}

bool bundle_has_room(const struct bundle *bundle, const struct broker_record *record)
{
    return bundle->count == 0 ||
           (bundle->count < BUNDLE_RECORDS_MAX && bundle->bytes.size + size_of(record) <= BUNDLE_BYTES_MAX);
}

void bundle_add(struct bundle *bundle, const struct broker_record *record)
{
    struct buffer *bytes = &bundle->bytes;
    if (bundle->count++ == 0)
        buffer_append(bytes, magic, sizeof magic);
    buffer_reserve(bytes, size_of(record));
    char *at = bytes->data + bytes->size;
    bytes_put_u64(at, (uint64_t)record->timestamp_ms);
    at = field_put(field_put(at + TIME_BYTES, record->key), record->value);
    *at++ = (char)(unsigned char)record->headers.count;
    for (size_t i = 0; i < record->headers.count; i++) {
        const struct weir_header *header = &record->headers.items[i];
        at = field_put(at, (weir_bytes){header->name, strlen(header->name) + 1});
        at = field_put(at, header->value);
    }
    bytes->size = (size_t)(at - bytes->data);
}

void bundle_clear(struct bundle *bundle)
{
    buffer_clear(&bundle->bytes);
    bundle->count = 0;
}

void bundle_done(struct bundle *bundle)
{
    buffer_done(&bundle->bytes);
    bundle->count = 0;
}

struct broker_record bundle_message(const struct bundle *bundle, int32_t partition)
{
    return (struct broker_record){.partition = partition, .timestamp_ms = -1, .value = buffer_bytes(&bundle->bytes)};
}

/* ---- reading ---- */

static bool take(weir_bytes *rest, size_t size, const char **taken)
{
    if (rest->size < size)
        return false;
    *taken = rest->data;
    *rest = (weir_bytes){*taken + size, rest->size - size};
    return true;
}

/* Names are read where they lie, so each must end where its field does. */
static bool take_header(weir_bytes *rest, struct weir_header *header)
{
    weir_bytes name;
    if (!field_take(rest, &name) || name.size == 0 || !field_take(rest, &header->value))
        return false;
    header->name = name.data;
    return memchr(header->name, 0, name.size) == header->name + name.size - 1;
}

/* headers NULL: they are only counted. */
static bool take_record(weir_bytes *rest, struct weir_header *headers, struct broker_message *record)
{
    const char *time, *count;
    if (!take(rest, TIME_BYTES, &time) || !field_take(rest, &record->key) || !field_take(rest, &record->value) ||
        !take(rest, 1, &count))
        return false;
    record->timestamp_ms = (int64_t)bytes_get_u64(time);
    record->headers = (struct weir_headers){headers, (unsigned char)*count};
    struct weir_header ignored;
    for (size_t i = 0; i < record->headers.count; i++)
        if (!take_header(rest, headers ? &headers[i] : &ignored))
            return false;
    return true;
}

bool bundle_read(const struct broker_message *message, struct bundle_rest *rest)
{
    const char *start;
    weir_bytes bytes = message->value;
    if (message->key.data || !take(&bytes, sizeof magic, &start) || memcmp(start, magic, sizeof magic) != 0)
        return false;
    *rest = (struct bundle_rest){.bytes = bytes};
    for (struct broker_message record; bytes.size > 0; rest->records++) {
        if (!take_record(&bytes, NULL, &record))
            return false;
        rest->headers += record.headers.count;
    }
    return rest->records > 0 && rest->records <= BUNDLE_RECORDS_MAX;
}

void bundle_next(struct bundle_rest *rest, struct weir_header *headers, struct broker_message *record)
{
    bool is_there = take_record(&rest->bytes, headers, record);
    assert(is_there && rest->records > 0);
    (void)is_there;
    rest->records--;
    rest->headers -= record->headers.count;
}
