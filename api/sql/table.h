/* table.h: a view as a virtual table of SQLite. */
#ifndef WEIR_SQL_TABLE_H
#define WEIR_SQL_TABLE_H
#include "sql/run.h"

struct table {
    struct run *run;
    const struct sql_view *view;
    bool is_used;       /* the statement names it */
    int32_t *elsewhere; /* partitions that others are asked for; known once the snapshot is open */
    size_t elsewhere_count;
};

/* The tables of the run's views and of their descriptions (catalog.h), under their names. False: out of memory. */
bool table_register_all(struct run *);
#endif
