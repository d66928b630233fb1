/* admit.c: see admit.h.
 *
 * The one place where a principal, its role and a route meet. A request that another instance has sent on is judged twice:
 * the instance, by its own key, may assist; the principal it names is then who asks, with the grants that it has here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/admit.h"

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
    return true;
}

static bool may(struct request *request)
{
    if (peer_is_forwarded(request) && !take_principal_of_peer(request))
        return false;
    return role_has(request->pass.grant->role, request->route->right);
}

bool admit(struct request *request)
{
    struct guard *guard = request->server->guard;
    const struct presented presented = {request_header(request, "authorization"), request->certificate};
    if (!guard_is_on(guard) || request->route->right == RIGHT_PUBLIC)
        return true;
    if (guard_judge(guard, &presented, request->shown, &request->pass) != GUARD_KNOWN)
        return refuse_unknown(request);
    return may(request) || refuse(request);
}
