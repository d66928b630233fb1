/* decisions.c: may a client make a request now? A question is answered, and counted when the answer is yes.
 *
 * The limit is a sliding window log: what was granted within the latest 60 seconds is kept one by one, so that no span of 60
 * seconds ever has more than the limit. A question has an id: asked again, it is answered as before and not counted. Time is that
 * of the question; it does not go back for a limit, so that clocks of several instances do no harm.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "limit_question.h"
#include "pieces.h"
#include "platform_views.h"
#include "record/record.h"

static const int64_t window_ms = 60000;

struct self {
    weir_store *granted, *decisions;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->granted = weir_store_named(context, "platform-granted");
    self->decisions = weir_store_named(context, "platform-decisions");
}

/* ---- which limit ---- */

struct policy {
    const char *route; /* of whatever begins with it */
    weir_bytes name;
    int64_t limit;
};

static const struct policy policies[] = {{"/login", {"login", 5}, PLATFORM_LOGINS_PER_MINUTE},
                                         {"", {"default", 7}, PLATFORM_REQUESTS_PER_MINUTE}};

static const struct policy *policy_of(const struct limit_question *question)
{
    weir_bytes route = question->has_route ? question->route : (weir_bytes){"", 0};
    const struct policy *policy = policies;
    while (route.size < strlen(policy->route) || memcmp(route.data, policy->route, strlen(policy->route)) != 0)
        policy++;
    return policy;
}

/* ---- what counts ---- */

struct tally {
    struct limit_state *state;
    struct grant *grants; /* of the state, with room for one more */
};

/* As of now: what has left the window is gone. */
static struct tally slide(weir_context *context, const struct limit_state *stored, int64_t now_ms)
{
    size_t count = stored ? stored->grants.count : 0, kept = 0;
    struct tally tally = {limit_state_new(context), weir_alloc(context, (count + 1) * sizeof *tally.grants)};
    struct limit_state *state = tally.state;
    state->latest = stored && stored->latest > now_ms ? stored->latest : now_ms;
    state->allowed = stored ? stored->allowed : 0;
    state->denied = stored ? stored->denied : 0;
    for (size_t i = 0; i < count; i++) {
        const struct grant *grant = limit_state_grants(stored, i);
        if (grant->at + window_ms <= state->latest)
            continue;
        tally.grants[kept++] = *grant;
        state->used += grant->cost;
    }
    state->grants = (weir_array){tally.grants, kept};
    return tally;
}

static void add_grant(const struct tally *tally, int64_t cost)
{
    struct limit_state *state = tally->state;
    size_t count = state->grants.count;
    if (count > 0 && tally->grants[count - 1].at == state->latest)
        tally->grants[count - 1].cost += cost;
    else
        tally->grants[state->grants.count++] = (struct grant){.at = state->latest, .cost = cost};
    state->used += cost;
    state->allowed++;
}

/* When that much will be free again, if nothing more is granted. */
static int64_t free_at(const struct tally *tally, int64_t missing)
{
    int64_t at_ms = tally->state->latest;
    for (size_t i = 0; i < tally->state->grants.count && missing > 0; i++) {
        missing -= tally->grants[i].cost;
        at_ms = tally->grants[i].at;
    }
    return at_ms + window_ms;
}

/* ---- the decision ---- */

static struct limit_decision *decide(weir_context *context, const struct limit_question *question,
                                     const struct policy *policy, const struct tally *tally)
{
    struct limit_state *state = tally->state;
    struct limit_decision *decision = limit_decision_new(context);
    decision->client = question->client;
    decision->policy = policy->name;
    decision->limit = state->limit = policy->limit;
    decision->at = state->latest;
    decision->cost = question->has_cost ? question->cost : 1;
    decision->allow = decision->cost <= policy->limit - state->used;
    if (decision->allow)
        add_grant(tally, decision->cost);
    else
        state->denied++;
    decision->remaining = policy->limit - state->used;
    decision->reset = free_at(tally, decision->allow ? 1 : decision->cost - decision->remaining);
    return decision;
}

static bool is_sound(weir_context *context, const struct weir_record *record)
{
    const struct limit_question *question = limit_question_value(record);
    if (!record->value)
        weir_drop(context, "null_value");
    else if (!record_is_keyed_by(record, question->client))
        weir_fail(context, "client: is not the key of the record");
    else if (question->has_cost && question->cost < 1)
        weir_fail(context, "cost: is less than 1");
    else
        return true;
    return false;
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    if (!is_sound(context, record))
        return;
    const struct limit_question *question = limit_question_value(record);
    if (weir_get(self->decisions, &question->question_id)) {
        weir_drop(context, "duplicate");
        return;
    }
    const struct policy *policy = policy_of(question);
    weir_bytes key = record_text(context, "%.*s/%.*s", RECORD_CHARS(question->client), RECORD_CHARS(policy->name));
    struct tally tally = slide(context, weir_get(self->granted, &key), question->asked_at);
    weir_put(self->decisions, &question->question_id, decide(context, question, policy, &tally));
    weir_put(self->granted, &key, tally.state);
}

const struct weir_processor decision_processor = {.self_size = sizeof(struct self), .open = open, .process = process};
