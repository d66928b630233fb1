/* ingest.c: POST to an endpoint that a topology declares: one value or many, answered with ids when they are durable; or one
 * question, which is answered by the topology (question.h).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/clock.h"
#include "http/handlers.h"
#include "http/intake.h"
#include "http/problem.h"
#include "http/produce.h"
#include "http/question.h"
#include "http/server.h"

static void refuse(void *self, const char *field, const char *message)
{
    problem_field(self, field, message);
}

static bool read_values(struct request *request, struct intake *intake)
{
    struct weir_error error = {0};
    if (!intake_read(intake, buffer_bytes(&request->body), &error)) {
        problem_bad_body(request, error.message);
        return false;
    }
    bool is_sound = intake_check(intake, refuse, request);
    if (is_sound && intake_check_future(intake, clock_wall_ms(&clock_system), refuse, request))
        return true;
    problem_answer(request, is_sound ? PROBLEM_FUTURE : PROBLEM_BAD_BODY,
                   "Nothing was taken; errors[] names each field.");
    return false;
}

/* What was told of each record stands in the body already. */
static bool answer(const struct production *production)
{
    struct response *response = &production->request->response;
    production_write_position(production, &response->body);
    buffer_text(&response->body, "}\n");
    response->status = 202;
    response->media = "application/json";
    return true;
}

static void take_values(struct request *request, const struct intake *intake)
{
    const struct weir_ingest_args *args = &intake->endpoint->declared->ingest;
    struct production *production = production_new(request, intake->endpoint->app, args->topic, intake->count);
    struct weir_headers headers = production_headers(request);
    struct buffer *out = &request->response.body;
    int64_t now_ms = clock_wall_ms(&clock_system);
    buffer_text(out, intake->is_list ? "{\"data\":[" : "{");
    for (size_t i = 0; i < intake->count; i++) {
        buffer_text(out, !intake->is_list ? "" : i ? ",{" : "{");
        production->records[i] = intake_record(intake, i, now_ms, out);
        production->records[i].headers = headers;
        buffer_text(out, intake->is_list ? "}" : "");
    }
    bool is_first = !intake->is_list && !args->id && !args->ingested_at;
    buffer_text(out, intake->is_list ? "],\"position\":" : is_first ? "\"position\":" : ",\"position\":");
    production->answer = answer;
    production_start(production);
}

void handle_ingest(struct request *request)
{
    const struct endpoint *endpoint = endpoint_of(&request->server->endpoints, request->route);
    struct intake intake = {.endpoint = endpoint, .arena = &request->arena};
    if (read_values(request, &intake))
        take_values(request, &intake);
}

void handle_ask(struct request *request)
{
    const struct endpoint *endpoint = endpoint_of(&request->server->endpoints, request->route);
    struct intake intake = {.endpoint = endpoint, .arena = &request->arena};
    if (!read_values(request, &intake))
        return;
    if (intake.is_list)
        problem_answer(request, PROBLEM_BAD_BODY, "One question is asked at a time.");
    else
        question_begin(request, &intake);
}
