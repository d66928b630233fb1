/* print.h: one form for bytes that both engines write: readable where it can be, and the same for the same bytes.
 * java/Print.java writes it too. */
#ifndef WEIR_TESTS_ORACLE_PRINT_H
#define WEIR_TESTS_ORACLE_PRINT_H
#include "weir.h"

/* null, #number for eight bytes that look like a small one, or a text and the numbers behind it: "k1"@10000. */
void print_bytes(FILE *, weir_bytes);
#endif
