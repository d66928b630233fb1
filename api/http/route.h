/* route.h: the table of what this server answers. Routing, 404, 405 with Allow, unknown parameters, metrics labels and the
 * OpenAPI document all come from it. Behind the fixed rows stand the endpoints of the topologies (endpoint.h). */
#ifndef WEIR_HTTP_ROUTE_H
#define WEIR_HTTP_ROUTE_H
#include "guard/role.h"
#include "http/query.h"
#include "http/uri.h"

struct request;

enum route_place {
    ROUTE_ON_LOOP,   /* microseconds, never blocks */
    ROUTE_ON_WORKER, /* may scan, wait or write */
    ROUTE_ON_QUERY,  /* SQL: has threads of its own, and nobody waits for one */
};

enum route_method { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_PUT = 4 }; /* GET answers HEAD too */

struct route {
    enum route_method method;
    const char *path; /* "/v1/views/{view}"; a {key} may contain an encoded slash */
    enum route_place place;
    void (*handle)(struct request *);
    const enum query_id *parameters;
    const char *about;
    const char *media;  /* of a good answer, comma-separated */
    const char *schema; /* name of the answer's schema in the OpenAPI document */
    const char *body;   /* name of the body's schema, of a POST or PUT */
    enum right right;   /* that the one who asks needs */
};

extern const struct route routes[]; /* the fixed rows */
extern const size_t route_count;
extern const struct route admin_routes[]; /* of the admin's door (admin.c) */
extern const size_t admin_route_count;

enum { ROUTE_VALUES = 2, ROUTES_MAX = 96, ADMIN_ROUTES_MAX = 8 };

struct route_table {
    const struct route *rows; /* the methods of a path stand one after the other */
    size_t count;
};

struct route_match {
    const struct route *route;       /* NULL: see the other two */
    bool path_exists;                /* then allowed has the methods: 405, otherwise 404 */
    unsigned allowed;                /* enum route_method, or-ed */
    weir_bytes values[ROUTE_VALUES]; /* of the placeholders, in order */
};

struct route_match route_find(const struct route_table *, const struct uri *, weir_bytes method);
const char *route_allow(unsigned allowed); /* the value of an Allow header */
const char *route_method_name(enum route_method);
#endif
