/* run.h: one query under way, as its tables see it. */
#ifndef WEIR_SQL_RUN_H
#define WEIR_SQL_RUN_H
#include <sqlite3.h>

#include "sql/sql.h"

struct run {
    const struct sql_query *query;
    weir_arena *arena; /* the caller's */
    struct sql_result *result;
    sqlite3 *database;
    sqlite3_stmt *statement;
    struct table *tables;    /* one per view of the query */
    weir_snapshot *snapshot; /* open from the first row on */
    int64_t deadline_us;
    bool is_planning; /* EXPLAIN: nothing is read */
};

/* Ends the query, if nothing else has. Always false. */
__attribute__((format(printf, 3, 4))) bool run_stop(struct run *, enum sql_code, const char *format, ...);
/* False: the query must end: time, memory, the client, or tasks that must move. Looks at a clock: not for every row. */
bool run_may_go_on(struct run *);
/* One row more was looked at. False: that was one too many. */
bool run_count_row(struct run *);
#endif
