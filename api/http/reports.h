/* reports.h: the reports of a server: those it is given, and the files of a folder. */
#ifndef WEIR_HTTP_REPORTS_H
#define WEIR_HTTP_REPORTS_H
#include "http/report.h"

struct reports {
    weir_arena arena;
    struct report *items;
    size_t count, capacity;
};

/* The given ones end with a NULL name, and may be NULL. Of the folder (NULL or "": none) each NAME.sql is the report NAME,
 * in the order of their names. False: WEIR_INVALID, the message names the report and what is wrong with it. */
bool reports_load(struct reports *, const struct weir_report *given, const char *folder, struct weir_error *);
void reports_done(struct reports *);
#endif
