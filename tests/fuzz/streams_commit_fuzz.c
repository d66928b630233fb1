/* What stands beside a committed offset: any text is read within its bytes or refused. */
#include <stdlib.h>

#include "base/bytes.h"
#include "runtime/streams_commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_arena arena = {0};
    struct streams_commit commit;
    char *text = arena_alloc(&arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    if (streams_commit_read(text, &arena, &commit) && streams_commit_emitted(&commit, "") > INT64_MIN &&
        commit.entries.size < sizeof(uint32_t) + sizeof(uint32_t) + sizeof(int64_t))
        abort(); /* a time that no entry holds */
    arena_done(&arena);
    return 0;
}
