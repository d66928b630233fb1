/* report_fuzz.c: the head of a report, of any bytes: it is read or refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "http/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct report report;
    struct weir_error error = {0};
    weir_arena arena;
    arena_init(&arena);
    const char *text = arena_bytes(&arena, (weir_bytes){data, size}).data;
    if (report_read("fuzz", text, &arena, &report, &error)) {
        if (!report.title || (report.board && (unsigned)report.chart > REPORT_TABLE))
            abort();
    } else if (error.code != WEIR_INVALID) {
        abort();
    }
    arena_done(&arena);
    return 0;
}
