/* admin.c: what the admin's door answers: whether the process processes, how much it logs, that it ends.
 *
 * All of it is done on the loop's thread, so that it is answered while every worker is busy. What asks from a page of a browser was
 * refused before (request.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/server.h"

struct level_body {
    weir_bytes level;
};

static const struct weir_field level_fields[] = {
    {"level", &weir_str_type, offsetof(struct level_body, level), WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type level_type = {.name = "log-level",
                                            .kind = WEIR_KIND_RECORD,
                                            .size = sizeof(struct level_body),
                                            .fields = level_fields,
                                            .field_count = 1,
                                            .closed = true};
static const struct weir_type empty_type = {.name = "empty", .kind = WEIR_KIND_RECORD, .closed = true};

static void answer(struct request *request, unsigned status)
{
    request->response.status = status;
    request->response.media = "application/json";
}

/* NULL: the problem is set. */
static const void *read_body(struct request *request, const struct weir_type *type)
{
    struct weir_error error = {0};
    const void *body = weir_from_json(&request->arena, type, buffer_bytes(&request->body), &error);
    if (!body)
        problem_bad_body(request, error.message);
    return body;
}

/* ---- processing ------------------------------------------------------------------------------------------------- */

static void answer_apps(struct request *request, unsigned status)
{
    const struct weir_http *server = request->server;
    struct buffer *out = &request->response.body;
    buffer_text(out, "{\"data\":[");
    for (size_t i = 0; i < server->app_count; i++) {
        buffer_text(out, i ? ",{\"app\":" : "{\"app\":");
        json_text(out, weir_app_name(server->apps[i]));
        buffer_text(out, ",\"application_id\":");
        json_text(out, weir_app_setting(server->apps[i], "application.id"));
        buffer_format(out, ",\"state\":\"%s\",\"paused\":%s}", weir_state_name(weir_app_state(server->apps[i])),
                      weir_is_paused(server->apps[i]) ? "true" : "false");
    }
    buffer_format(out, "],\"draining\":%s}\n", atomic_load(&server->draining) ? "true" : "false");
    answer(request, status);
}

static void all_apps(struct request *request, void (*change)(weir_app *))
{
    if (!read_body(request, &empty_type))
        return;
    for (size_t i = 0; i < request->server->app_count; i++)
        change(request->server->apps[i]);
    answer_apps(request, 200);
}

void handle_application(struct request *request)
{
    answer_apps(request, 200);
}

void handle_pause(struct request *request)
{
    all_apps(request, weir_pause);
}

void handle_resume(struct request *request)
{
    all_apps(request, weir_resume);
}

/* As whoever runs the process would do it: what SIGTERM means is the embedder's to say. Requests under way are answered, this one
 * too, when the door closes in order. */
void handle_shutdown(struct request *request)
{
    if (!read_body(request, &empty_type))
        return;
    log_info("http", "the admin has asked this process to end");
    if (kill(getpid(), SIGTERM) == 0)
        answer_apps(request, 202);
    else
        problem_answer(request, PROBLEM_INTERNAL, "The process could not be sent SIGTERM.");
}

/* ---- the log ---------------------------------------------------------------------------------------------------- */

void handle_log_level(struct request *request)
{
    buffer_format(&request->response.body, "{\"level\":\"%s\"}\n", log_level_name(log_level()));
    answer(request, 200);
}

void handle_set_log_level(struct request *request)
{
    const struct level_body *body = read_body(request, &level_type);
    enum log_level level;
    if (!body)
        return;
    if (!log_level_of_name(body->level, &level)) {
        problem_field(request, "level", "is error, warning, info or debug");
        problem_answer(request, PROBLEM_BAD_BODY, "There is no such level.");
        return;
    }
    log_set_level(level);
    handle_log_level(request);
}
