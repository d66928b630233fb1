/* typed_store.h: what typed_store.c shares with the callbacks on stores. */
#ifndef WEIR_OPERATORS_TYPED_STORE_H
#define WEIR_OPERATORS_TYPED_STORE_H
#include "base/buffer.h"
#include "operators/context.h"

/* Buffers that a thread keeps, for what is written to a store; empty when asked for. */
struct typed_scratch {
    struct buffer key, stored, value; /* a key, the same as the store has it (or two of them), a value */
    bool is_registered;
};
struct typed_scratch *typed_scratch(void);

/* Latches an error that names the store, with the code of `cause`. Always false. */
bool typed_latch(struct weir_store *, enum weir_code, const char *problem);
/* The key of a window (session) as the store holds it; valid until the thread's next call. False: latched. */
bool typed_window_key(struct weir_store *, const void *key, int64_t start_ms, int64_t end_ms, weir_bytes *);
/* Appends the value as stores hold it; false: latched. */
bool typed_write(struct weir_store *, const struct weir_type *, const void *value, struct buffer *);
/* What a row of the store holds, decoded; NULL: latched. Strings point into the bytes. */
const void *typed_read(struct weir_store *, const struct weir_type *, weir_bytes, weir_arena *);
/* Decodes a row of the store; false: latched. Key and value live in the arena or inside the row; a version that is a
 * deletion has no value. */
bool typed_row_read(struct weir_store *, const struct store_row *, weir_arena *, struct weir_record *);
#endif
