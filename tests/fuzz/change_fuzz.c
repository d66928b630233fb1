/* Values of a repartition topic behind a grouped table: any bytes are parts that lie within them, or refused; what was
 * written is read again. */
#include <stdlib.h>

#include "runtime/change.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool lies_within(weir_bytes part, weir_bytes whole)
{
    const char *data = part.data, *begin = whole.data;
    return !data || (data >= begin && data + part.size <= begin + whole.size);
}

static bool equal(weir_bytes a, weir_bytes b)
{
    return !a.data == !b.data && a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const weir_bytes bytes = {data, size};
    weir_bytes new, old, new_again, old_again;
    struct weir_error error = {0};
    struct buffer written = {0};
    if (!change_read(bytes, &new, &old, &error)) {
        check(error.code == WEIR_POISON);
        return 0;
    }
    check(new.data || old.data);
    check(lies_within(new, bytes) && lies_within(old, bytes));
    change_write(new, old, &written);
    check(change_read(buffer_bytes(&written), &new_again, &old_again, &error));
    check(equal(new, new_again) && equal(old, old_again));
    buffer_done(&written);
    return 0;
}
