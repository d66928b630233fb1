/* manifest_fuzz.c: any text as the list of files of a copy, as another instance sends it. What is understood names plain
 * files only, and is understood in the same way when it is written and read again; so are ranges, as one is asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "http/copy.h"
#include "runtime/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct manifest *one, weir_arena *arena)
{
    struct buffer text = {0};
    struct manifest again;
    struct weir_error error = {0};
    manifest_write(one, &text);
    bool is_read = manifest_read(buffer_bytes(&text), arena, &again, &error);
    assert(is_read && again.file_count == one->file_count && again.store_count == one->store_count);
    assert(again.bytes == one->bytes && again.state == one->state && strcmp(again.copy, one->copy) == 0);
    for (size_t i = 0; i < one->file_count; i++) {
        assert(manifest_is_file_name(one->files[i].name) && !strchr(one->files[i].name, '/'));
        assert(one->files[i].size >= 0 && strcmp(one->files[i].name, again.files[i].name) == 0);
    }
    for (size_t i = 0; i < one->store_count; i++)
        assert(one->stores[i].position >= -1 && one->stores[i].position == again.stores[i].position);
    buffer_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest;
    struct weir_error error = {0};
    int64_t from;
    size_t range;
    weir_arena arena;
    if (size > 65536)
        return 0;
    arena_init(&arena);
    if (manifest_read((weir_bytes){data, size}, &arena, &manifest, &error))
        check(&manifest, &arena);
    if (copy_read_range((weir_bytes){data, size}, &from, &range))
        assert(from >= 0 && range > 0 && range <= COPY_PIECE_BYTES_MAX);
    arena_done(&arena);
    return 0;
}
