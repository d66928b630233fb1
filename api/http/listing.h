/* listing.h: a page of rows of a view, whatever asked for it: entries, windows, sessions, versions (listing.c) or a search. */
#ifndef WEIR_HTTP_LISTING_H
#define WEIR_HTTP_LISTING_H
#include "http/cursor.h"
#include "http/peer.h"
#include "http/rows.h"
#include "http/server.h"

enum { LISTING_CONDITIONS_MAX = 8 };

/* What a row's value must hold. */
struct listing_condition {
    const struct weir_field *field; /* a string */
    weir_bytes text;
};

struct listing {
    struct request *request;
    const struct server_view *view;
    struct weir_view_info info; /* as of now */
    struct weir_range range;
    const void *key;           /* of a listing of one key's windows or versions */
    struct weir_copies copies; /* here */
    struct peer_partitions wanted, held, missing;
    bool is_asked;    /* by another instance */
    bool newest_only; /* of a versioned view */
    bool is_search;   /* rows are answered as their values, pages have numbers too */
    struct listing_condition conditions[LISTING_CONDITIONS_MAX];
    size_t condition_count;
    size_t skip; /* rows in front of the page */
    size_t looked_at;
    enum rows_form form;
    size_t limit, count;
    bool more;
    struct cursor next;
    struct buffer *framed; /* where rows for another instance go */
};

/* False: the request is answered with a problem. */
bool listing_find_view(struct listing *, weir_bytes name);
/* When range and conditions are set: at the first row (or the one behind .skip), or where the page before ended. */
void listing_begin(struct listing *);
bool listing_read_cursor(struct listing *);
void listing_answer(struct listing *);
#endif
