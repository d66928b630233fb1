/* reports.h: the reports of a server. */
#ifndef WEIR_HTTP_REPORTS_H
#define WEIR_HTTP_REPORTS_H
#include "http/report.h"

struct reports {
    weir_arena arena;
    struct report *items;
    size_t count;
};

bool reports_load(struct reports *, const struct weir_report *,
                  struct weir_error *); /* ends with a NULL name; may be NULL */
void reports_done(struct reports *);
#endif
