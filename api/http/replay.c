/* replay.c: POST /v1/dead-letters:replay: dead letters become records of their topic again (weir_app_replay).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/server.h"

struct body {
    weir_bytes topic;
    int64_t max;
    bool has_max;
};

static const struct weir_field fields[] = {
    {"topic", &weir_str_type, offsetof(struct body, topic), WEIR_NO_PRESENCE, NULL, NULL},
    {"max", &weir_i64_type, offsetof(struct body, max), offsetof(struct body, has_max), NULL, NULL},
};
static const struct weir_type body_type = {.name = "replay",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct body),
                                           .fields = fields,
                                           .field_count = sizeof fields / sizeof fields[0],
                                           .closed = true};

static const struct body *read_body(struct request *request)
{
    struct weir_error error = {0};
    const struct body *body = weir_from_json(&request->arena, &body_type, buffer_bytes(&request->body), &error);
    if (!body) {
        problem_bad_body(request, error.message);
        return NULL;
    }
    if (!body->has_max || body->max > 0)
        return body;
    problem_field(request, "max", "must be positive");
    problem_answer(request, PROBLEM_BAD_BODY, "Leave it out to replay all that waits.");
    return NULL;
}

/* By the app whose letters they are. */
static bool replay(struct request *request, const char *topic, int64_t max, struct weir_replayed *out,
                   struct weir_error *error)
{
    bool ok = false;
    *error = (struct weir_error){.code = WEIR_ABSENT};
    for (size_t i = 0; i < request->server->app_count && !ok && error->code == WEIR_ABSENT; i++) {
        *error = (struct weir_error){0};
        ok = weir_app_replay(request->server->apps[i], topic, max, out, error);
    }
    return ok;
}

void handle_replay(struct request *request)
{
    const struct body *body = read_body(request);
    if (!body)
        return;
    struct weir_replayed replayed = {0};
    struct weir_error error;
    const char *topic = arena_bytes(&request->arena, body->topic).data;
    if (!replay(request, topic, body->has_max ? body->max : -1, &replayed, &error)) {
        if (error.code == WEIR_FENCED)
            error.code = WEIR_RETRY;
        problem_of_error(request, &error, PROBLEM_TOPIC_NOT_FOUND);
        return;
    }
    struct buffer *out = &request->response.body;
    buffer_text(out, "{\"data\":{\"topic\":");
    json_string(out, body->topic);
    buffer_format(out, ",\"sent\":%lld,\"left\":%lld}}\n", (long long)replayed.sent, (long long)replayed.left);
    request->response.status = 200;
    request->response.media = "application/json";
}
