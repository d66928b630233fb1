/* fake_app.h: an app that is not there: views with generated rows, topics, tasks, to test the doors alone. */
#ifndef WEIR_TESTS_FAKE_APP_H
#define WEIR_TESTS_FAKE_APP_H
#include <stdbool.h>

#include "weir.h"

void fake_app_change(int row,
                     bool is_gone); /* of customer-totals: whoever follows it is told; its row stays as it is */
void fake_app_leave(void);          /* its partitions are not here any more, to whoever follows it */
weir_app *fake_app_new(const char *name, int index); /* 0: orders, 1: stock */
#endif
