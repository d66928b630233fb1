/* order.h: rows of one table in order of key: a B+ tree whose nodes hold eight bytes of each key.
 *
 * Those eight are taken from behind what the keys of a node are known to share (prefix truncation and poor man's
 * normalized keys: Graefe, Modern B-Tree Techniques, 2011), so that most comparisons touch neither a row nor another node.
 * Nodes come from the table's slab and go with it. Not thread-safe. */
#ifndef WEIR_STATE_ORDER_H
#define WEIR_STATE_ORDER_H
#include "weir.h"

struct slab;
struct table_row;
struct order_node;

struct order {
    struct order_node *root, *first, *last; /* the last two are leaves; all NULL: there are no rows */
};

void order_init(struct order *);                                      /* also empties it */
void order_insert(struct order *, struct slab *, struct table_row *); /* its key must be absent */
void order_remove(struct order *, struct slab *, struct table_row *);
struct table_row *order_seek(const struct order *, weir_bytes key);   /* the first row >= key; NULL: none */
struct table_row *order_before(const struct order *, weir_bytes key); /* the last row < key; NULL: none */
struct table_row *order_first(const struct order *);
struct table_row *order_last(const struct order *);
struct table_row *order_next(const struct table_row *);
struct table_row *order_previous(const struct table_row *);
#endif
