/* sql.h: read-only SQL over views, by SQLite. The only room that knows SQLite.
 *
 * Every view is a table of its own name; where that holds a character that a bare name may not, it can also be written
 * with underscores (customer-totals is customer_totals). docs/sql.md says what columns a table has. A query sees each
 * partition of each of its views that is here as of one commit, once and for all; what is elsewhere it is told by others
 * (struct sql_others). It runs on the thread that calls sql_run, on a
 * connection of its own, and nothing of it outlives the call. */
#ifndef WEIR_SQL_SQL_H
#define WEIR_SQL_SQL_H
#include "weir.h"

enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_type type;
    int64_t integer;
    double real;
    weir_bytes bytes; /* of a text or a blob */
};

struct sql_parameter {
    const char *name; /* without its colon; NULL: by its place */
    struct sql_value value;
};

struct sql_column {
    const char *name; /* unique among its neighbours */
    const char *type; /* as declared, in lower case: "text", "integer", "real", "blob", "json"; "": of an expression */
};

struct sql_view {
    weir_view *view;
    struct weir_view_info info;
};

struct sql_limits {
    int64_t time_ms;
    uint64_t scanned_rows; /* of all its views together */
    size_t memory_bytes;   /* of SQLite in the whole process */
};

size_t sql_memory_bytes(void); /* what SQLite has now, in the whole process [any] */

struct sql_output { /* called in turn from sql_run; false: enough */
    void *self;
    bool (*columns)(void *self, const struct sql_column *, size_t count);
    bool (*row)(void *self, const struct sql_value *, size_t count);
    bool (*is_abandoned)(void *self); /* asked every few milliseconds: nobody waits for the answer any more */
};

struct sql_question {    /* about rows of a view in partitions that are not here */
    int32_t *partitions; /* not changed */
    size_t partition_count;
    const struct weir_range *range;
    bool (*may_go_on)(void *run); /* to be asked every few milliseconds of waiting; false: the query is over */
    void *run;
};

struct sql_rows;
struct sql_others { /* who knows what is not here; called in turn from sql_run */
    void *self;
    /* Leaves those of the partitions that somebody is known to hold. */
    size_t (*reachable)(void *self, const struct sql_view *, int32_t *partitions, size_t count);
    /* The rows of a range that are elsewhere, in order; more may come, never fewer. Of a versioned view, the newest versions. NULL:
     * error is set; WEIR_RETRY: nobody answers for them now; WEIR_FULL: the query asks too much. */
    struct sql_rows *(*open)(void *self, const struct sql_view *, const struct sql_question *, struct weir_error *);
    /* False: the end, or error is set. */
    bool (*next)(struct sql_rows *, weir_arena *, struct weir_row *, struct weir_error *);
    void (*close)(struct sql_rows *); /* NULL is fine */
};

struct sql_query {
    weir_bytes text;
    const struct sql_parameter *parameters;
    size_t parameter_count;
    const struct sql_view *views; /* those that exist */
    size_t view_count;
    const struct sql_others *others; /* NULL: what is elsewhere is not to be had */
    bool partial;                    /* answer from the partitions that can be read although there are others */
    struct sql_limits limits;
    struct sql_output output;
};

enum sql_code {
    SQL_DONE,
    SQL_ENOUGH,    /* the output had enough: there may be more rows */
    SQL_INVALID,   /* not a query, or not one that may be asked */
    SQL_PARAMETER, /* a parameter is missing, unknown or too many */
    SQL_TOO_LONG,  /* time */
    SQL_TOO_LARGE, /* rows scanned, or memory */
    SQL_ELSEWHERE, /* not all partitions can be read */
    SQL_LATER,     /* tasks are coming or going */
    SQL_ABANDONED,
    SQL_FAILED,
};

struct sql_read { /* a view that the query has read */
    const struct sql_view *view;
    const char *position; /* as in struct weir_row */
    int32_t partitions;   /* of them are in the answer */
    int32_t here;         /* of these, on this instance */
};

struct sql_result {
    enum sql_code code;
    char message[320]; /* for the caller, of every code from SQL_INVALID on */
    int64_t scanned_rows;
    struct sql_read *reads; /* in the arena */
    size_t read_count;
};

/* Answers through query.output. False: code and message say why; rows may have been given out before. */
bool sql_run(const struct sql_query *, weir_arena *, struct sql_result *);
#endif
