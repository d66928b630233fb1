/* plan.h: which conditions of a query a view answers by itself, and the range of rows they come to.
 *
 * Chosen while SQLite plans, filled in when it runs. A range may hold more rows than the conditions want, never fewer:
 * SQLite looks at every row again. So a value that does not compare like a key (a number where keys are texts) simply
 * bounds nothing. */
#ifndef WEIR_SQL_PLAN_H
#define WEIR_SQL_PLAN_H
#include "sql/columns.h"

/* What is pushed down, as bits of idxNum; the values come to xFilter in this order. */
enum plan_part {
    PLAN_KEY = 1 << 0, /* as many values as the key has columns */
    PLAN_KEY_FROM = 1 << 1,
    PLAN_KEY_TO = 1 << 2,
    PLAN_KEY_GLOB = 1 << 3, /* the part of a pattern before its first wildcard */
    PLAN_TIME = 1 << 4,     /* from and to are the same value */
    PLAN_TIME_FROM = 1 << 5,
    PLAN_TIME_TO = 1 << 6,
    PLAN_MS = 1 << 7, /* the same three, in milliseconds */
    PLAN_MS_FROM = 1 << 8,
    PLAN_MS_TO = 1 << 9,
    PLAN_DESCENDING = 1 << 10,
};

/* xBestIndex. */
int plan_choose(const struct weir_view_info *, const struct columns *, sqlite3_index_info *);

struct plan_range {
    struct weir_range range; /* what it points to lives in the arena */
    bool is_empty;           /* no row can match */
};
void plan_fill(const struct weir_view_info *, const struct columns *, int parts, sqlite3_value **values, weir_arena *,
               struct plan_range *out);
#endif
