/* packed_fuzz.c: any bytes as a record of a changelog with packed rows, as anybody may write one. Rows lie within the record, and
 * are the same when they are packed and read again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/bytes.h"
#include "state/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(weir_bytes part, weir_bytes whole)
{
    uintptr_t at = (uintptr_t)part.data, begin = (uintptr_t)whole.data;
    return !part.data || (at >= begin && at - begin + part.size <= whole.size);
}

static void check(weir_bytes rows)
{
    struct packed again = {0};
    struct store_row row;
    weir_bytes rest = rows;
    while (packed_next(&rest, &row)) {
        assert(row.key.data && is_within(row.key, rows) && is_within(row.value, rows));
        packed_add(&again, &row);
    }
    assert(rest.size == 0);
    if (again.count > 0) {
        weir_bytes written = buffer_bytes(&again.bytes);
        assert(bytes_equal((weir_bytes){(const char *)written.data + 1, written.size - 1}, rows));
    }
    packed_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct store_row record = {.value = {data, size}};
    weir_bytes rows;
    if (packed_read(&record, &rows))
        check(rows);
    return 0;
}
