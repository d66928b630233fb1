/* reports.h: the reports that come with the topologies: SELECTs over their views (docs/sql.md, "Reports"). */
#ifndef WEIR_TOPOLOGIES_REPORTS_H
#define WEIR_TOPOLOGIES_REPORTS_H
#include "weir.h"

struct topology_report {
    const char *topology; /* whose views it reads */
    struct weir_report report;
};

extern const struct topology_report topologies_reports[]; /* ends with a NULL topology */
#endif
