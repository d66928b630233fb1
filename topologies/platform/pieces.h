/* pieces.h: the pieces platform.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_PLATFORM_PIECES_H
#define WEIR_TOPOLOGIES_PLATFORM_PIECES_H
#include "weir.h"

enum {
    PLATFORM_SESSIONS_MAX = 5,         /* of a user; the oldest ends when there is one more */
    PLATFORM_SESSION_MINUTES = 30,     /* a session ends when it was not used for so long */
    PLATFORM_ENDED_HOURS = 24,         /* how long it is remembered that a session has ended */
    PLATFORM_REQUESTS_PER_MINUTE = 60, /* that a client may send, in any 60 seconds */
    PLATFORM_LOGINS_PER_MINUTE = 5,    /* of these, to /login */
    PLATFORM_DECISION_HOURS = 1,       /* how long a question is known, and a limit that nobody asks for */
    PLATFORM_OUTCOMES = 20,   /* so many latest requests decide whether a breaker opens: when half are errors */
    PLATFORM_OPEN_MS = 30000, /* so long it stays open before one request is tried */
    PLATFORM_AUDIT_DAYS = 90  /* how long audit events are kept */
};

/* sessions.c: the sessions of users, in platform-active-sessions, platform-session-deadlines and platform-ended-sessions;
 * forwards a session_change for each that begins or ends. */
extern const struct weir_processor session_processor;
weir_predicate is_session_event;
weir_mapper user_of_session;
weir_timestamp_of session_event_time;

/* concurrent.c: what follows from these changes. */
weir_visitor ended_session_of, concurrency_change_of;
weir_aggregator add_concurrency;

/* audit.c: one row per event and order of search. */
extern const struct weir_processor audit_processor; /* platform-audit-by-time, -by-actor, -by-resource */
weir_timestamp_of audit_event_time;

/* requests.c: load per route. */
weir_predicate is_request_event;
weir_mapper route_of, client_of, service_of;
weir_aggregator add_request; /* .user: milliseconds of the window, an int64_t */
weir_timestamp_of request_event_time;

/* limits.c: rate limits as requests show them, and circuit breakers. */
weir_aggregator limit_client, watch_service;

/* decisions.c: whether a client may make a request, when it is asked; in platform-granted and platform-decisions. */
extern const struct weir_processor decision_processor;
#endif
