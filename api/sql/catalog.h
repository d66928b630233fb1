/* catalog.h: the tables that describe the others: weir_views and weir_columns. */
#ifndef WEIR_SQL_CATALOG_H
#define WEIR_SQL_CATALOG_H
#include "sql/run.h"

bool catalog_has(const char *name);
bool catalog_register(struct run *); /* false: out of memory */
#endif
