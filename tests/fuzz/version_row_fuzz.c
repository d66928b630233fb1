/* Rows of versioned stores: any key and value are a version whose value lies within the row, or refused; a key that was
 * written for the version is read again. The first byte says how long the key is. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "state/keys.h"
#include "state/versioned.h"

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
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* One value has one row: the newest version begins where the row was put, an older one where its key says. */
static void check_times(const struct store_row *row, const struct version *version)
{
    if (version->to_ms == VERSION_OPEN && version->from_ms == row->timestamp_ms)
        return;
    check(version->to_ms == row->timestamp_ms);
}

static void check_again(const struct store_row *row, weir_bytes key, weir_arena *arena)
{
    struct buffer written = {0};
    weir_bytes again;
    int64_t at_ms, again_ms;
    check(keys_window_read(row->key, arena, &key, &at_ms));
    keys_window_write(key, at_ms, &written);
    check(keys_window_read(buffer_bytes(&written), arena, &again, &again_ms));
    check(equal(key, again) && at_ms == again_ms);
    buffer_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t key_size = data[0] < size ? data[0] : size - 1;
    const struct store_row row = {.key = {data + 1, key_size},
                                  .value = {data + 1 + key_size, size - 1 - key_size},
                                  .timestamp_ms = (int64_t)size};
    weir_arena arena;
    weir_bytes key;
    struct version version;
    arena_init(&arena);
    if (versioned_read(&row, &arena, &key, &version)) {
        check(lies_within(version.value, row.value));
        check_times(&row, &version);
        check_again(&row, key, &arena);
    }
    arena_done(&arena);
    return 0;
}
