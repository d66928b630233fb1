/* view.h: a view handle, as view.c and wait.c share it. */
#ifndef WEIR_RUNTIME_VIEW_H
#define WEIR_RUNTIME_VIEW_H
#include "runtime/app.h"

struct weir_view {
    struct weir_app *app;
    const struct layout_part *part;
    const struct layout_store *store;
    size_t index; /* of the store in its part */
};
#endif
