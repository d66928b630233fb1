/* fake_app.h: an app that is not there: views with generated rows, topics, tasks, to test the doors alone. */
#ifndef WEIR_TESTS_FAKE_APP_H
#define WEIR_TESTS_FAKE_APP_H
#include <stdbool.h>

#include "weir.h"

void fake_app_change(
    int row,
    bool
        is_gone); /* of customer-totals, an order more; whoever follows it is told, also that it is gone, but then it stays */
/* From now on partitions from .. from + count - 1 are here, and the others on the instance at that port; 0: nowhere. */
void fake_app_hold(int from, int count, int port);
weir_app *fake_app_new(const char *name, int index); /* 0: orders, 1: stock */
#endif
