/* The head of an answer of another instance. */
#include <stdlib.h>

#include "base/http_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reply reply = {0};
    buffer_append(&reply.head, data, size);
    if (http_reply_read(&reply) && (reply.status < 200 || reply.status > 599))
        abort();
    weir_bytes value = http_reply_field(&reply, "Content-Type");
    if (value.size > size)
        abort();
    http_reply_done(&reply);
    return 0;
}
