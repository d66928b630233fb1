/* What claims to be another instance's events: every byte is part of one event, skipped, or waits; and events do not depend on how the bytes
 * come in pieces. */
#include <stdlib.h>

#include "base/bytes.h"
#include "http/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(weir_bytes a, weir_bytes b)
{
    if (!a.data != !b.data)
        abort();
    if (a.data && b.data && !bytes_equal(a, b))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event event, again;
    size_t taken, skipped;
    int32_t partition;
    for (size_t at = 0; at <= size; at += taken) {
        taken = events_next((weir_bytes){data + at, size - at}, &event, &skipped);
        if (taken > size - at || skipped > size - at)
            abort();
        if (taken == 0)
            break;
        if (events_next((weir_bytes){data + at, taken}, &again, &skipped) != taken)
            abort();
        check_same(event.name, again.name);
        check_same(event.id, again.id);
        check_same(event.data, again.data);
        if (events_partition(event.data, 12, &partition) && (partition < 0 || partition >= 12))
            abort();
    }
    return 0;
}
