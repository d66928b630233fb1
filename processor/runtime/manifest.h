/* manifest.h: what a copy of a task's state consists of, as one instance tells another.
 *
 * Lines of text, each with its line end; numbers in decimal, hashes in 8 digits of hexadecimal:
 *   weir-copy 1                 the format
 *   copy <name>                 16 digits of hexadecimal
 *   state <hash>                manifest_state of the sub-topology: copies are for those that keep the same state
 *   store <hash> <position>     a store, by the hash of its name: it holds its changelog up to there at least
 *   file <bytes> <name>         names in order, [A-Za-z0-9._-] only, and none begins with a dot
 *   end */
#ifndef WEIR_RUNTIME_MANIFEST_H
#define WEIR_RUNTIME_MANIFEST_H
#include "base/buffer.h"
#include "runtime/layout.h"

enum { MANIFEST_COPY_BYTES = 17, MANIFEST_FILES_MAX = 100000, MANIFEST_STORES_MAX = 1000, MANIFEST_NAME_MAX = 100 };

struct manifest_store {
    uint32_t name_hash;
    int64_t position;
};
struct manifest_file {
    const char *name;
    int64_t size;
};
struct manifest {
    char copy[MANIFEST_COPY_BYTES];
    uint32_t state;
    struct manifest_store *stores;
    size_t store_count;
    struct manifest_file *files;
    size_t file_count;
    int64_t bytes; /* of all files */
};

/* Of everything that decides what the stores of a sub-topology hold after the same records of their changelogs. */
uint32_t manifest_state(const struct layout_part *);
bool manifest_is_file_name(const char *);
void manifest_write(const struct manifest *, struct buffer *);
/* What it points to lives in the arena. False: WEIR_INVALID with the line that is wrong. */
bool manifest_read(weir_bytes, weir_arena *, struct manifest *out, struct weir_error *);
#endif
