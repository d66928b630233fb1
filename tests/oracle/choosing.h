/* choosing.h: a handler that prints what it is told, and chooses by it; java/Choosing.java is the same. */
#ifndef WEIR_TESTS_ORACLE_CHOOSING_H
#define WEIR_TESTS_ORACLE_CHOOSING_H
#include "weir.h"

weir_error_handler choosing;
#endif
