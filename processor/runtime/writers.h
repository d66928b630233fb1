/* writers.h: which input record wrote a row last (explain.last.writer).
 *
 * Beside each view stands a hidden store with the same keys, committed, logged and restored like every other. Its rows, 28 bytes
 * big-endian: CRC-32C of the row's value, CRC-32C of the topic's name, partition, offset and time of the record. Behind a repartition
 * topic the record is the one that caused it, as its lineage says (lineage.h); without lineage (exactly once), that of the repartition
 * topic. What a punctuator wrote has no writer. The first field ties the writer to the row it speaks of: where the two do not fit,
 * because the setting was off meanwhile or a commit went by between two looks, nobody knows. */
#ifndef WEIR_RUNTIME_WRITERS_H
#define WEIR_RUNTIME_WRITERS_H
#include "state/store.h"

struct layout;
struct task;

/* From now on the task's stores are watched; until writers_forget. */
void writers_follow(struct task *);
void writers_forget(struct task *);

/* Of a row as the store at that index holds it. False and code WEIR_OK: it is not known. The topic lives as long as the layout.
 * [any] */
bool writers_find(const struct task *, size_t store, const struct store_row *, weir_arena *, struct weir_writer *,
                  struct weir_error *);
#endif
