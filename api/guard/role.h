/* role.h: what a role may do. Every route names the right it needs; a role is a set of rights. */
#ifndef WEIR_GUARD_ROLE_H
#define WEIR_GUARD_ROLE_H
#include "weir.h"

enum right {
    RIGHT_ADMINISTER, /* what a route needs that names nothing; pausing, log levels, shutting down */
    RIGHT_PUBLIC,     /* no credentials needed: probes, the dashboard's files */
    RIGHT_DESCRIBE,   /* what there is: the interface, names and types of views and topics */
    RIGHT_READ,       /* views, reports and figures */
    RIGHT_QUERY,      /* SQL of one's own */
    RIGHT_PRODUCE,    /* appending records */
    RIGHT_OPERATE,    /* dead letters, which hold whole records */
    RIGHT_ASSIST,     /* what instances do for each other */
};

enum role { ROLE_READER, ROLE_ANALYST, ROLE_PRODUCER, ROLE_OPERATOR, ROLE_ADMIN, ROLE_PEER, ROLE_COUNT };

bool role_has(enum role, enum right);
const char *role_name(enum role);
bool role_of_name(weir_bytes name, enum role *);
#endif
