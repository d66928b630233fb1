/* answer_fuzz.c: any bytes as an answer over HTTP/1.1. In one piece and byte by byte they mean the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "calls/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer whole = {0}, parts = {0};
    size_t used = answer_take(&whole, data, size), taken = 0;
    for (size_t i = 0; i < size; i++)
        taken += answer_take(&parts, data + i, 1);
    assert(used <= size && whole.part == parts.part && whole.problem == parts.problem);
    assert(whole.part == ANSWER_BROKEN || (used == taken && whole.status == parts.status));
    assert(whole.part == ANSWER_BROKEN ||
           (whole.body.size == parts.body.size &&
            (whole.body.size == 0 || memcmp(whole.body.data, parts.body.data, whole.body.size) == 0)));
    assert(whole.body.size <= ANSWER_BODY_BYTES_MAX);
    assert(answer_end(&whole) == (whole.part == ANSWER_COMPLETE));
    answer_done(&whole);
    answer_done(&parts);
    return 0;
}
