/* orders.h: order events of a shop, as JSON: the same for the same seed, and their totals are known. */
#ifndef WEIR_BENCHMARKS_ORDERS_H
#define WEIR_BENCHMARKS_ORDERS_H
#include <stdint.h>

enum { ORDERS_JSON_MAX = 2048, ORDERS_ITEMS_MAX = 5 };

struct orders_totals { /* amounts in cents */
    int64_t created, confirmed, cancelled;
    int64_t created_amount, confirmed_amount, cancelled_amount;
};

struct orders {
    uint64_t seed;
    int64_t start_ms; /* time of the first event; one event per millisecond */
    struct orders_totals totals;
};

struct orders_event {
    char key[32];
    char value[ORDERS_JSON_MAX];
    int64_t timestamp_ms;
};

/* Event `number` of the stream (ask for them in order): each order is created by one event and settled by the next:
 * three of four are confirmed, the others cancelled. Adds it to the totals. */
void orders_next(struct orders *, int64_t number, struct orders_event *);
/* ORDER_CREATED with that many items. */
void orders_write(struct orders *, int64_t number, int items, struct orders_event *);
#endif
