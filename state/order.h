/* order.h: rows of one table in order of key: a skip list, doubly linked at the bottom.
 *
 * Nodes come from the table's slab and go with it. Not thread-safe. */
#ifndef WEIR_STATE_ORDER_H
#define WEIR_STATE_ORDER_H
#include "weir.h"

struct slab;
struct table_row;

enum { ORDER_LEVELS = 12 };

struct order_node {
    struct table_row *row;
    uint64_t prefix; /* first 8 bytes of the key as a number: decides most comparisons without touching the row */
    struct order_node *previous;
    uint32_t levels;
    struct order_node *next[]; /* one per level */
};

struct order {
    struct order_node *first[ORDER_LEVELS];
    struct order_node *last;
    uint64_t random;
    uint32_t levels; /* in use */
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
