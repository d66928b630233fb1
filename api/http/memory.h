/* memory.h: what questions may take of memory.max.bytes. */
#ifndef WEIR_HTTP_MEMORY_H
#define WEIR_HTTP_MEMORY_H
#include "weir.h"

/* Bytes that SQLite may have, all queries together: the smallest of the apps' shares for requests, within bounds of its own. */
size_t memory_of_queries(weir_app *const *apps, size_t count);
#endif
