/* columns.h: CSV (RFC 4180) as a table for people. */
#ifndef WEIR_CLI_COLUMNS_H
#define WEIR_CLI_COLUMNS_H
#include <stdio.h>

#include "weir.h"

/* Prints the rows with aligned columns; control characters, which could command a terminal, become dots. */
void columns_print(FILE *, weir_bytes csv);
#endif
