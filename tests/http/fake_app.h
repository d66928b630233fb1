/* fake_app.h: an app that is not there: views with generated rows, topics, tasks, to test the doors alone. */
#ifndef WEIR_TESTS_FAKE_APP_H
#define WEIR_TESTS_FAKE_APP_H
#include "weir.h"

weir_app *fake_app_new(const char *name, int index); /* 0: orders, 1: stock */
#endif
