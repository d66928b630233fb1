/* bundle_fuzz.c: any bytes as a message of an internal topic, as anybody may write one. Records lie within the message, and are the
 * same when they are bundled and read again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "bundled/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(weir_bytes part, weir_bytes whole)
{
    uintptr_t at = (uintptr_t)part.data, begin = (uintptr_t)whole.data;
    return !part.data || (at >= begin && at - begin + part.size <= whole.size);
}

static void add(struct bundle *bundle, const struct broker_message *record, weir_bytes whole)
{
    assert(is_within(record->key, whole) && is_within(record->value, whole));
    for (size_t i = 0; i < record->headers.count; i++) {
        const struct weir_header *header = &record->headers.items[i];
        assert(is_within((weir_bytes){header->name, strlen(header->name) + 1}, whole));
        assert(is_within(header->value, whole));
    }
    bundle_add(bundle, &(struct broker_record){.timestamp_ms = record->timestamp_ms,
                                               .key = record->key,
                                               .value = record->value,
                                               .headers = record->headers});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct broker_message message = {.value = {data, size}};
    struct bundle again = {.count = 0};
    struct bundle_rest rest;
    if (!bundle_read(&message, &rest))
        return 0;
    struct weir_header *headers = calloc(rest.headers + 1, sizeof *headers);
    while (rest.records > 0) {
        struct broker_message record;
        bundle_next(&rest, headers, &record);
        add(&again, &record, message.value);
    }
    assert(rest.headers == 0 && bytes_equal(buffer_bytes(&again.bytes), message.value));
    bundle_done(&again);
    free(headers);
    return 0;
}
