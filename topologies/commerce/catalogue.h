/* catalogue.h: what the generators of the shop sell. */
#ifndef WEIR_TOPOLOGIES_COMMERCE_CATALOGUE_H
#define WEIR_TOPOLOGIES_COMMERCE_CATALOGUE_H
#include <stdint.h>

enum { CATALOGUE_SIZE = 24 };

struct product {
    const char *sku;
    int64_t cents, initial; /* price, and stock at the beginning and after each delivery */
};
extern const struct product catalogue[CATALOGUE_SIZE];
#endif
