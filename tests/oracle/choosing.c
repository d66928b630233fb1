/* choosing.c: see choosing.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/choosing.h"

#include <inttypes.h>

#include "oracle/print.h"

static void print_record(const struct weir_record *record)
{
    fputs("told record ", stdout);
    print_bytes(stdout, record->key ? *(const weir_bytes *)record->key : (weir_bytes){0});
    if (record->window.start_ms != 0 || record->window.end_ms != 0)
        printf("@%" PRId64 "/%" PRId64, record->window.start_ms, record->window.end_ms);
    printf(" %" PRId64 "\n", record->timestamp_ms);
}

/* Every other one is a dead letter. */
enum weir_policy choosing(void *user, const struct weir_failure *failure)
{
    (void)user;
    if (failure->record)
        print_record(failure->record);
    printf("told %s %s %s %" PRId32 " %" PRId64 " %" PRId64 "\n",
           failure->stage == WEIR_READING ? "reading" : "processing", failure->node,
           failure->place.topic ? failure->place.topic : "null", failure->place.partition, failure->place.offset,
           failure->timestamp_ms);
    return (failure->place.offset + failure->timestamp_ms) % 2 == 0 ? WEIR_DEAD_LETTER : WEIR_SKIP;
}
