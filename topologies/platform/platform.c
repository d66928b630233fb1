/* platform.c: the graph of the topology `platform`.
 *
 * Sessions are kept per user, where the limit is decided. Audit events stay in the partition they came on and are
 * written in three orders, so that a hundred thousand of them a second cost no network; whoever searches scans a range.
 * Requests are grouped by route, by service and by client. Whoever asks before a request is made is answered by the one who
 * keeps the client's limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "platform.h"

#include "audit_event.h"
#include "limit_question.h"
#include "pieces.h"
#include "platform_parts.h"
#include "platform_views.h"
#include "request_event.h"
#include "session_event.h"

static void keep_sessions(weir_topology *t)
{
    weir_add_store(t, "platform-active-sessions", &weir_str_type, &active_sessions_type);
    weir_add_store(t, "platform-session-deadlines", &weir_str_type, &weir_str_type);
    weir_add_store(t, "platform-ended-sessions", &weir_str_type, &ended_session_type,
                   .ttl = weir_hours(PLATFORM_ENDED_HOURS));
    weir_stream *events =
        weir_from(t, "sessions.events", &weir_str_type, &session_event_type, .timestamp = session_event_time);
    weir_stream *sound = weir_filter(events, is_session_event, .name = "session-events");
    weir_stream *by_user = weir_rekey(sound, "platform-sessions", &weir_str_type, user_of_session);
    weir_count(
        weir_group(by_user), "platform-visits",
        .window = {.gap = weir_minutes(PLATFORM_SESSION_MINUTES), .grace = weir_hours(1), .retention = weir_days(7)});
    weir_stream *changes =
        weir_process(by_user, &session_processor,
                     .stores = {"platform-active-sessions", "platform-session-deadlines", "platform-ended-sessions"},
                     .key = &weir_str_type, .value = &session_change_type, .name = "keep-sessions");
    weir_to(weir_flat_map(changes, &weir_str_type, &ended_session_type, ended_session_of, .name = "ended-sessions"),
            "platform.sessions.ended");
    weir_stream *everybody =
        weir_flat_map(changes, &weir_str_type, &concurrency_type, concurrency_change_of, .name = "concurrency-changes");
    weir_aggregate(weir_group(weir_repartition(everybody, "platform-concurrency")), "platform-concurrent-users",
                   add_concurrency, .value = &concurrency_type);
}

static void keep_audit(weir_topology *t)
{
    weir_add_store(t, "platform-audit-by-time", &weir_str_type, &audit_event_type,
                   .ttl = weir_days(PLATFORM_AUDIT_DAYS));
    weir_add_store(t, "platform-audit-by-actor", &weir_str_type, &audit_event_type,
                   .ttl = weir_days(PLATFORM_AUDIT_DAYS));
    weir_add_store(t, "platform-audit-by-resource", &weir_str_type, &audit_event_type,
                   .ttl = weir_days(PLATFORM_AUDIT_DAYS));
    weir_stream *events =
        weir_from(t, "audit.events", &weir_str_type, &audit_event_type, .timestamp = audit_event_time);
    weir_process(events, &audit_processor,
                 .stores = {"platform-audit-by-time", "platform-audit-by-actor", "platform-audit-by-resource"},
                 .name = "keep-audit");
    weir_search(t, "/audit", "timestamp",
                .indexes = {{"platform-audit-by-actor", {"actor"}},
                            {"platform-audit-by-resource", {"resource"}},
                            {"platform-audit-by-time", {NULL}}},
                .about = "Audit events by actor, resource and time, oldest first.");
}

static void watch_requests(weir_topology *t)
{
    static int64_t minute_ms = 60000, hour_ms = 3600000;
    weir_stream *events =
        weir_from(t, "requests.events", &weir_str_type, &request_event_type, .timestamp = request_event_time);
    weir_stream *sound = weir_filter(events, is_request_event, .name = "request-events");
    weir_grouped *by_route = weir_group_by(sound, "platform-requests-by-route", &weir_str_type, route_of);
    weir_aggregate(by_route, "platform-requests-per-minute", add_request, .value = &route_load_type, .user = &minute_ms,
                   .window = {.size = weir_minutes(1), .grace = weir_hours(1), .retention = weir_days(7)});
    weir_aggregate(by_route, "platform-requests-per-hour", add_request, .value = &route_load_type, .user = &hour_ms,
                   .window = {.size = weir_hours(1), .grace = weir_hours(1), .retention = weir_days(90)});
    weir_aggregate(weir_group_by(sound, "platform-requests-by-service", &weir_str_type, service_of),
                   "platform-circuit-breakers", watch_service, .value = &circuit_breaker_type);
    weir_aggregate(weir_group_by(sound, "platform-requests-by-client", &weir_str_type, client_of),
                   "platform-rate-limits", limit_client, .value = &rate_limit_type);
}

/* Questions stay in the partition of their client: no step lies between what is asked and what is answered. */
static void decide_limits(weir_topology *t)
{
    weir_add_store(t, "platform-granted", &weir_str_type, &limit_state_type,
                   .ttl = weir_hours(PLATFORM_DECISION_HOURS));
    weir_add_store(t, "platform-decisions", &weir_str_type, &limit_decision_type,
                   .ttl = weir_hours(PLATFORM_DECISION_HOURS));
    weir_stream *questions = weir_from(t, "limits.questions", &weir_str_type, &limit_question_type);
    weir_process(questions, &decision_processor, .stores = {"platform-granted", "platform-decisions"},
                 .name = "decide-limits");
    weir_ingest(
        t, "/limits", "limits.questions", .id = "questionId", .key = "client", .ingested_at = "askedAt",
        .time = "askedAt",
        .rules = {{"client", .chars_min = 1, .chars_max = 200},
                  {"route", .chars_max = 500},
                  {"cost", .is_bounded = true, .least = 1, .most = PLATFORM_REQUESTS_PER_MINUTE}},
        .answers = "platform-decisions",
        .quota = {.allow = "allow", .policy = "policy", .limit = "limit", .remaining = "remaining", .reset = "reset"},
        .about = "May this client make a request now? Asking counts.");
}

weir_topology *platform_topology(void)
{
    weir_topology *t = weir_topology_new("platform");
    keep_sessions(t);
    keep_audit(t);
    watch_requests(t);
    decide_limits(t);
    return t;
}
