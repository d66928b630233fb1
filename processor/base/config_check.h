/* config_check.h: whether a value fits its setting. Private to config*.c. */
#ifndef WEIR_BASE_CONFIG_CHECK_H
#define WEIR_BASE_CONFIG_CHECK_H
#include "base/config_table.h"
#include "weir.h"

bool config_check(const struct setting *, const char *value, struct weir_error *);
/* The number a value stands for; false: none, or too large. */
bool config_read_integer(const struct setting *, const char *value, int64_t *out);
#endif
