/* What foreign-key joins read from topics and stores: any bytes are read or refused, and what was read is written as it
 * was. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "operators/subscription.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(struct buffer *buffer, weir_bytes bytes)
{
    assert(bytes_equal(buffer_bytes(buffer), bytes));
    buffer_clear(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const weir_bytes bytes = {data, size};
    struct buffer buffer = {0};
    struct subscription subscription;
    struct subscription_response response;
    if (subscription_read(bytes, &subscription)) {
        subscription_write(&subscription, &buffer);
        check_written(&buffer, bytes);
    }
    if (subscription_response_read(bytes, &response)) {
        subscription_response_write(&response, &buffer);
        check_written(&buffer, bytes);
    }
    buffer_done(&buffer);
    return 0;
}
