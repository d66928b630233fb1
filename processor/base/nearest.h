/* nearest.h: the name somebody probably meant. */
#ifndef WEIR_BASE_NEAREST_H
#define WEIR_BASE_NEAREST_H
#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) between two names; longer than 63 characters counts as far. */
size_t nearest_distance(const char *a, const char *b);
/* The name with the fewest edits, or NULL when none is near enough to be proposed. The first of equals wins. */
const char *nearest_name(const char *wanted, const char *const *names, size_t count);
#endif
