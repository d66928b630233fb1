/* Rows of a suppressed table: any bytes are a row whose parts lie within them, or refused; what was written is read
 * again. */
#include <stdlib.h>

#include "operators/suppress_row.h"

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

static void check_again(const struct suppress_row *row, weir_arena *arena)
{
    struct buffer written = {0};
    struct suppress_row again;
    suppress_row_write(row, &written);
    check(suppress_row_read(buffer_bytes(&written), arena, &again));
    check(equal(row->prior, again.prior) && equal(row->old, again.old) && equal(row->value, again.value));
    check(row->due_ms == again.due_ms && row->timestamp_ms == again.timestamp_ms);
    check(row->headers.count == again.headers.count);
    buffer_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const weir_bytes bytes = {data, size};
    weir_arena arena;
    struct suppress_row row;
    arena_init(&arena);
    if (suppress_row_read(bytes, &arena, &row)) {
        check(lies_within(row.prior, bytes) && lies_within(row.old, bytes) && lies_within(row.value, bytes));
        check_again(&row, &arena);
    }
    arena_done(&arena);
    return 0;
}
