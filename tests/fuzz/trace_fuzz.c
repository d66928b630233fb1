/* trace_fuzz.c: any bytes as a traceparent. What is taken is one, and its id is 32 hexadecimal digits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const weir_bytes text = {data, size};
    struct trace_id id = trace_of_parent(text);
    assert(trace_is_parent(text) == (id.text[0] != 0));
    assert(!id.text[0] || (strspn(id.text, "0123456789abcdef") == TRACE_ID_BYTES && size == TRACE_PARENT_BYTES));
    return 0;
}
