/* data.h: the records that all engines read: the same for the same arguments, in any process.
 *
 * Event time runs at 20,000 records per second. Keys are "key-00000042" (products) or "o00000042" (orders); an order
 * has 100 bytes of JSON. */
#ifndef WEIR_BENCHMARKS_DATA_H
#define WEIR_BENCHMARKS_DATA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATA_VALUE_MAX = 160, DATA_KEY_MAX = 40 /* room for the ends of a window */, DATA_RECORDS_PER_S = 20000 };
#define DATA_START_MS INT64_C(1733308200000) /* 2024-12-04T10:30:00Z */

enum data_shape {
    DATA_ORDERS,    /* keyed by product, drawn evenly */
    DATA_SEQUENCE,  /* orders whose products come in turn: every key is there after `keys` records */
    DATA_PURCHASES, /* orders keyed by themselves: no key twice */
    DATA_PAYMENTS,  /* one for each purchase, up to 90 s after it, in the order of their times */
    DATA_PRODUCTS,  /* one record of stock per product, before the first order */
    DATA_RESTOCKS,  /* stock keyed by product, drawn evenly, at the times of the orders */
};

struct data {
    enum data_shape shape;
    int64_t records, keys;
    struct data_payment *payments; /* of DATA_PAYMENTS, sorted */
};

struct data_record {
    char key[DATA_KEY_MAX], value[DATA_VALUE_MAX];
    size_t key_size, value_size;
    int64_t timestamp_ms;
    int64_t order, product;            /* numbers; -1: none */
    int64_t qty, price, stock, amount; /* fields of value; -1: not one of them */
};

/* False: there is no shape of that name. */
bool data_open(struct data *, const char *shape, int64_t records, int64_t keys);
void data_at(const struct data *, int64_t number, struct data_record *);
void data_close(struct data *);

/* What a product's stock is in DATA_PRODUCTS, and when the purchase `order` was made and paid. */
int64_t data_stock(int64_t product);
int64_t data_purchased_ms(int64_t order);
int64_t data_paid_ms(int64_t order);
int64_t data_amount(int64_t order);
#endif
