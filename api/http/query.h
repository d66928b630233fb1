/* query.h: the query parameters that exist, and those of one request, checked and read.
 *
 * One row per parameter: from it come parsing, the 400s and the OpenAPI document. */
#ifndef WEIR_HTTP_QUERY_H
#define WEIR_HTTP_QUERY_H
#include "http/uri.h"
#include "weir.h"

enum query_kind {
    QUERY_TEXT,
    QUERY_INTEGER, /* within minimum and maximum */
    QUERY_TIME,    /* RFC 3339 or milliseconds */
    QUERY_CHOICE,  /* one of choices */
    QUERY_FLAG,    /* true, false, or nothing for true */
};

enum query_id {
    QUERY_NONE,
    QUERY_MIN_POSITION,
    QUERY_WAIT_MS,
    QUERY_CONSISTENCY,
    QUERY_PARTIAL,
    QUERY_LIMIT,
    QUERY_CURSOR,
    QUERY_PAGE,
    QUERY_ORDER,
    QUERY_PREFIX,
    QUERY_FROM_KEY,
    QUERY_TO_KEY,
    QUERY_FROM_TIME,
    QUERY_TO_TIME,
    QUERY_WINDOW,
    QUERY_WINDOW_FROM,
    QUERY_WINDOW_TO,
    QUERY_AS_OF,
    QUERY_SQL,
    QUERY_VERBOSE,
    QUERY_SNAPSHOT,
    QUERY_EXACT,
    QUERY_COUNT,
    QUERY_OTHERS, /* the handler looks at what is not named here (reports, searches) */
};

struct query_parameter {
    const char *name;
    enum query_kind kind;
    int64_t minimum, maximum;
    const char *const *choices; /* ends with NULL; the first is the default */
    const char *about;
};

struct query_value {
    bool given;
    weir_bytes text;
    int64_t number; /* of integers and times; the index of a choice; 0 or 1 of a flag */
};

struct query {
    struct query_value values[QUERY_COUNT];
};

const struct query_parameter *query_parameter(enum query_id);

/* Reads the pairs by the parameters that `accepted` lists (ends with QUERY_NONE). False: parameter (as it was named) and
 * why are set: unknown, given twice, or not of its kind. */
bool query_read(struct query *, const struct uri *, const enum query_id *accepted, weir_bytes *parameter,
                const char **why);
#endif
