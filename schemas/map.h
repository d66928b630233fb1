/* map.h: entries of a map, which begin with their key. */
#ifndef WEIR_SCHEMAS_MAP_H
#define WEIR_SCHEMAS_MAP_H
#include "weir.h"

/* Of several entries with one key only the last stays; the order of the others is kept. Returns how many stay. */
size_t map_keep_last(void *entries, size_t count, size_t entry_size);
/* Indexes of the entries in order of their keys; the caller frees them. */
size_t *map_order(const void *entries, size_t count, size_t entry_size);
#endif
