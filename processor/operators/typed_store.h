/* typed_store.h: what typed_store.c shares with the callbacks on stores. */
#ifndef WEIR_OPERATORS_TYPED_STORE_H
#define WEIR_OPERATORS_TYPED_STORE_H
#include "operators/context.h"

/* Latches an error that names the store, with the code of `cause`. Always false. */
bool typed_latch(struct weir_store *, enum weir_code, const char *problem);
/* Decodes a row of the store; NULL latches. Key and value live in the arena or inside the row. */
bool typed_row_read(struct weir_store *, const struct store_row *, weir_arena *, struct weir_record *);
#endif
