/* source_row.h: the topic a table is read from as the changelog of its store (topology.optimization,
 * reuse.ktable.source.topics): what a record of it means to the store. */
#ifndef WEIR_RUNTIME_SOURCE_ROW_H
#define WEIR_RUNTIME_SOURCE_ROW_H
#include "runtime/layout.h"

/* The row, in the arena, that the record put into the store when it was processed; false: none, because it has no key, could
 * not be read, or was refused for its time. An extractor of timestamps hears -1 as the time of the partition, one that is the
 * wall clock gives way to the record's own time. latest_ms: greatest time that the commit being restored has seen, which no
 * record that was taken lies behind; INT64_MAX: not known. */
bool source_row(const struct layout_source *, const struct broker_message *, int64_t latest_ms, weir_arena *,
                struct store_row *out);
#endif
