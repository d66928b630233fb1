/* changelog.h: a row as the store holds it, and as its changelog topic does.
 *
 * The changelog's form is Kafka Streams' own, kind by kind (keys.h), so that either can restore what the other wrote.
 * What a result does not share with its source lives in `key` (until that is written again) and in the arena. */
#ifndef WEIR_STATE_CHANGELOG_H
#define WEIR_STATE_CHANGELOG_H
#include "base/buffer.h"
#include "state/store.h"

/* False: the store holds no such row. */
bool changelog_write(enum store_kind, const struct store_row *stored, weir_arena *, struct buffer *key,
                     struct store_row *logged);
/* False: not a record of such a store. */
bool changelog_read(enum store_kind, const struct store_row *logged, weir_arena *, struct buffer *key,
                    struct store_row *stored);
#endif
