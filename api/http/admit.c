/* admit.c: see admit.h.
 *
 * The one place where a principal, its role and a route meet. A request that another instance has sent on is judged twice:
 * the instance, by its own key, may assist; the principal it names is then who asks, with the grants that it has here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/admit.h"

#include "base/bytes.h"
#include "http/peer.h"
#include "http/problem.h"
#include "http/server.h"

static bool refuse_unknown(struct request *request)
{
    request_add_header(request, "WWW-Authenticate", "Bearer realm=\"weir\"");
    problem_answer(request, PROBLEM_UNAUTHENTICATED, "Send a valid key or token as Authorization: Bearer.");
    return false;
}

static bool refuse(struct request *request)
{
    problem_answer(request, PROBLEM_FORBIDDEN, "Your role does not allow this.");
    return false;
}

static bool take_principal_of_peer(struct request *request)
{
    struct pass asked;
    if (request->pass.grant->role != ROLE_PEER ||
        !guard_speaks_for(request->server->guard, request_header(request, PEER_PRINCIPAL_HEADER), &asked))
        return false;
    pass_done(&request->pass);
    request->pass = asked;
    request->is_of_peer = true;
    return true;
}

static bool may(struct request *request)
{
    return role_has(request->pass.grant->role, request->route->right) || refuse(request);
}

/* ---- how much --------------------------------------------------------------------------------------------------- */

/* Who has an IPv6 network has all addresses of it. */
static weir_bytes network_of(const struct request *request)
{
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(request->address);
    return (weir_bytes){request->address, is_v4 ? sizeof *request->address : 8};
}

/* draft-ietf-httpapi-ratelimit-headers-11 */
static void tell_limit(struct request *request, const char *policy, const struct limit *limit,
                       const struct limit_state *state)
{
    weir_arena *arena = &request->arena;
    request_add_header(
        request, "RateLimit-Policy",
        arena_format(arena, "\"%s\";q=%lld;w=%lld", policy, (long long)limit->quota, (long long)limit->window_s));
    request_add_header(
        request, "RateLimit",
        arena_format(arena, "\"%s\";r=%lld;t=%lld", policy, (long long)state->left, (long long)state->full_s));
}

static bool take_token(struct request *request, enum limit_kind kind, weir_bytes name, bool take)
{
    static const char *const policies[LIMIT_KINDS] = {"principal", "address", "failures"};
    struct weir_http *server = request->server;
    const struct limit *limit = &server->limits[kind];
    struct limit_state state = limiter_ask(server->limiter, kind, limit, name, take, request->started_us);
    if (limit->quota && (kind != LIMIT_FAILURES || !state.allowed))
        tell_limit(request, policies[kind], limit, &state);
    if (state.allowed)
        return true;
    meter_reject(&server->meter, METER_RATE);
    problem_retry(request, state.retry_ms);
    problem_answer(request, PROBLEM_TOO_MANY_REQUESTS, "The limit is %lld requests in %lld seconds.",
                   (long long)limit->quota, (long long)limit->window_s);
    return false;
}

/* Someone who is known counts by name, wherever they ask from; everyone else by address. */
static bool is_within_limits(struct request *request)
{
    const struct grant *grant = request->pass.grant;
    if (grant && grant->role == ROLE_PEER)
        return true;
    bool is_known = grant && grant->credential != CREDENTIAL_ANYONE;
    return is_known ? take_token(request, LIMIT_PRINCIPAL, bytes_of_text(grant->principal), true)
                    : take_token(request, LIMIT_ADDRESS, network_of(request), true);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static bool judge(struct request *request)
{
    const struct presented presented = {request_header(request, "authorization"), request->certificate};
    weir_bytes network = network_of(request);
    if (presented.authorization.data && !take_token(request, LIMIT_FAILURES, network, false))
        return false;
    enum guard_verdict verdict = guard_judge(request->server->guard, &presented, request->shown, &request->pass);
    if (verdict == GUARD_KNOWN)
        return true;
    return (verdict == GUARD_UNKNOWN || take_token(request, LIMIT_FAILURES, network, true)) &&
           take_token(request, LIMIT_ADDRESS, network, true) && refuse_unknown(request);
}

bool admit(struct request *request)
{
    request->is_of_peer = false;
    if (request->route->right == RIGHT_PUBLIC)
        return true;
    if (!guard_is_on(request->server->guard))
        return is_within_limits(request);
    if (!judge(request) || !is_within_limits(request))
        return false;
    if (peer_is_forwarded(request) && !take_principal_of_peer(request))
        return refuse(request);
    return may(request);
}
