/* raw_store.h: RocksDB for the loops that do without Weir: what changed in ten seconds, in batches. */
#ifndef WEIR_BENCHMARKS_RAW_STORE_H
#define WEIR_BENCHMARKS_RAW_STORE_H
#include <stdbool.h>
#include <stddef.h>

#include "raw_rows.h"

void raw_store_open(void);
/* Ten seconds have passed since it was opened, or written. */
bool raw_store_is_due(void);
/* Rows in order of their keys; raw_store_written behind the last. */
void raw_store_put(const char *key, size_t key_size, const char *value, size_t value_size);
/* Those of a table that were set since the last call, in the order of their keys behind the letter of the table. */
void raw_store_put_rows(struct raw_rows *, char table);
void raw_store_written(void);
void raw_store_close(void); /* and removes it */
#endif
