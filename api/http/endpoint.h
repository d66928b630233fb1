/* endpoint.h: the endpoints that topologies declare (weir.h, weir_ingest and weir_search), as rows of the route table. */
#ifndef WEIR_HTTP_ENDPOINT_H
#define WEIR_HTTP_ENDPOINT_H
#include "base/arena.h"
#include "base/buffer.h"
#include "http/route.h"
#include "weir.h"

struct endpoint {
    weir_app *app;
    const struct weir_endpoint *declared;
    const char *schema; /* name of its values in the OpenAPI document */
    const char *answer; /* the same of what answers questions; NULL: nothing does */
    /* Of ingest. */
    struct weir_type body, bodies;                          /* what a sender gives: one, or an array of them */
    const struct weir_field *id, *ingested_at, *key, *time; /* of the topic's values; NULL: none */
    int64_t future_ms; /* how far its time may lie ahead of the clock (max.future.ms); -1: any */
};

struct endpoints {
    weir_arena arena;
    struct endpoint *items;
    size_t count;
    struct route *rows; /* the fixed rows, and those of the endpoints; behind them is room for the admin's */
    const struct endpoint **of_row; /* NULL: a fixed one */
    size_t row_count;
};

/* False: two endpoints, or one and a fixed row, want the same method of a path. To be closed in any case. */
bool endpoints_open(struct endpoints *, weir_app *const *apps, size_t count, struct weir_error *);
void endpoints_close(struct endpoints *);
const struct endpoint *endpoint_of(const struct endpoints *, const struct route *); /* NULL: the route is a fixed one */
/* Of one endpoint, as endpoints_open does it: what is made of its declaration. */
void endpoint_init(struct endpoint *, weir_arena *, weir_app *, const struct weir_endpoint *);
/* ',{…}' for each parameter that only this endpoint has. */
void endpoint_write_parameters(const struct endpoint *, struct buffer *);
/* ',"name":{…}' for each, for the OpenAPI document. */
void endpoints_write_schemas(const struct endpoints *, struct buffer *);
#endif
