/* message.c: librdkafka's message as the runtime sees it. Key and value are borrowed from the fetch buffer, which lives
 * until the message is released; only headers, where there are any, cost allocations. librdkafka makes and frees a buffer also to
 * find that there are none, which took a twentieth of the CPU of a count, and copies those that there are, which took a tenth of
 * the CPU of a foreign-key join: so what is simple is read here.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka.h"

enum { VARINT_MAX = 5, BATCHES_STAY_UNTIL = 0x03000000 };

/* Whether values lie in batches as they were fetched: in every librdkafka so far, but nothing says so of those to come. */
static bool lies_in_batch(void)
{
    return rd_kafka_version() < BATCHES_STAY_UNTIL;
}

/* In a batch as brokers have it since 0.11 the size of a value stands in front of it, as a varint of twice the size, and the number
 * of the record's headers behind it. Formats before that have no headers, and never such bytes in front: the size stands there in
 * four bytes, the high ones first, and where a varint of several bytes would begin there is none with its high bit set. */
const unsigned char *kafka_message_headers(const void *value, size_t size)
{
    const unsigned char *end = value;
    unsigned char varint[VARINT_MAX];
    size_t length = 0;
    if (size == 0 || size > INT32_MAX) /* without bytes both forms look the same */
        return NULL;
    for (uint64_t left = (uint64_t)size * 2; left > 0; left >>= 7)
        varint[length++] = (unsigned char)(left & 0x7f) | (left > 0x7f ? 0x80 : 0);
    return memcmp(end - length, varint, length) == 0 ? end + size : NULL;
}

static bool is_short(unsigned char length) /* a varint of one byte, and not negative */
{
    return length % 2 == 0 && length < 0x80;
}

/* The number of headers, then of each the size of its name, the name, the size of its value and the value, where sizes are varints of
 * twice as much. What the runtime adds to a record is one short header. */
bool kafka_message_has_short_header(const unsigned char *headers)
{
    return headers[0] == 2 && is_short(headers[1]) && is_short(headers[2 + headers[1] / 2]);
}

struct weir_headers kafka_message_short_header(const unsigned char *headers)
{
    size_t name_size = headers[1] / 2;
    const unsigned char *name = headers + 2, *value = name + name_size + 1;
    struct weir_header *item = memory_resize(NULL, sizeof *item + name_size + 1);
    char *text = (char *)(item + 1);
    memcpy(text, name, name_size);
    text[name_size] = '\0';
    *item = (struct weir_header){text, {value, name[name_size] / 2}};
    return (struct weir_headers){item, 1};
}

static struct weir_headers ask_librdkafka(const rd_kafka_message_t *record)
{
    rd_kafka_headers_t *found;
    if (rd_kafka_message_headers(record, &found) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return (struct weir_headers){0};
    size_t count = rd_kafka_header_cnt(found);
    if (count == 0)
        return (struct weir_headers){0};
    struct weir_header *items = memory_resize(NULL, count * sizeof *items); /* not zeroed: calloc is much slower */
    for (size_t i = 0; i < count; i++) {
        const void *value = NULL;
        size_t size = 0;
        rd_kafka_header_get_all(found, i, &items[i].name, &value, &size); /* fails only beyond the last one */
        items[i].value = (weir_bytes){value, value ? size : 0};
    }
    return (struct weir_headers){items, count};
}

/* Brokers take no record whose headers end elsewhere than it does, and sums are checked (check.crcs). */
static struct weir_headers read_headers(const rd_kafka_message_t *record)
{
    bool is_known = record->payload && lies_in_batch();
    const unsigned char *headers = is_known ? kafka_message_headers(record->payload, record->len) : NULL;
    if (headers && headers[0] == 0)
        return (struct weir_headers){0};
    return headers && kafka_message_has_short_header(headers) ? kafka_message_short_header(headers)
                                                              : ask_librdkafka(record);
}

void kafka_message_fill(struct broker_message *message, rd_kafka_message_t *record)
{
    rd_kafka_timestamp_type_t kind;
    int64_t timestamp_ms = rd_kafka_message_timestamp(record, &kind);
    message->partition = record->partition;
    message->offset = record->offset;
    message->timestamp_ms = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms;
    message->key = (weir_bytes){record->key, record->key ? record->key_len : 0};
    message->value = (weir_bytes){record->payload, record->payload ? record->len : 0};
    message->headers = read_headers(record);
    message->owner = record;
}

void kafka_message_release(struct broker_message *message)
{
    assert(message->owner);
    void *items; /* ours, although the runtime sees it as const */
    memcpy(&items, &message->headers.items, sizeof items);
    free(items);
    rd_kafka_message_destroy(message->owner);
    message->owner = NULL;
    message->headers = (struct weir_headers){0};
}
