/* admin.c: `weir pause`, `resume`, `log-level` and `shutdown`: what the admin's door of a running instance can do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ask.h"
#include "base/bytes.h"
#include "base/log.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"

#define DOOR "http://127.0.0.1:8079"
#define STATUSES "exit status: 0 done, 2 usage, or a key that is not an admin's, 69 nobody answers"

/* Reads the command line; OPTIONS_GO_ON: the rest may be done. */
static int begin(const struct command *command, const char **url, struct http_way *way, struct operands *operands,
                 int argc, char **argv)
{
    const struct option options[] = {
        {"--url", "URL", "of the admin's door (" DOOR ")", option_text, url},
        ASK_WAY_OPTIONS(way),
    };
    *url = DOOR;
    int status = options_read(command, options, OPTION_COUNT(options), operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    status = ask_begin(way);
    return status == EXIT_DONE ? OPTIONS_GO_ON : status;
}

/* "orders RUNNING, paused", a line per app. */
static void print_apps(weir_bytes body)
{
    weir_arena *arena = weir_arena_new();
    struct json_text_cursor apps = json_text_open(json_text_member(body, "data"));
    weir_bytes name, app;
    while (json_text_next(&apps, &name, &app)) {
        bool is_paused = bytes_equal(json_text_member(app, "paused"), bytes_of_text("true"));
        printf("%s %s%s\n", (const char *)json_text_plain(arena, json_text_member(app, "app")).data,
               (const char *)json_text_plain(arena, json_text_member(app, "state")).data, is_paused ? ", paused" : "");
    }
    weir_arena_free(arena);
}

static int change_apps(const struct command *command, const char *path, int argc, char **argv)
{
    const char *door;
    struct http_way way = {0};
    struct operands operands = {.most = 0};
    struct buffer url = {0};
    struct http_answer answer = {0};
    int status = begin(command, &door, &way, &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    buffer_format(&url, "%s%s", door, path);
    buffer_byte(&url, 0);
    status = ask_post(url.data, "application/json", bytes_of_text("{}"), &answer);
    if (status == EXIT_DONE)
        print_apps(buffer_bytes(&answer.body));
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

static int pause_run(const struct command *command, int argc, char **argv)
{
    return change_apps(command, "/v1/application:pause", argc, argv);
}

static int resume_run(const struct command *command, int argc, char **argv)
{
    return change_apps(command, "/v1/application:resume", argc, argv);
}

static int shutdown_run(const struct command *command, int argc, char **argv)
{
    return change_apps(command, "/v1/application:shutdown", argc, argv);
}

/* ---- the log ---- */

static int ask_level(const char *url, const char *level, struct http_answer *answer)
{
    struct buffer body = {0};
    if (!level)
        return ask_get(url, "application/json", answer);
    buffer_format(&body, "{\"level\":\"%s\"}", level);
    int status = ask_put(url, "application/json", buffer_bytes(&body), answer);
    buffer_done(&body);
    return status;
}

static void print_level(weir_bytes body)
{
    weir_arena *arena = weir_arena_new();
    printf("%s\n", (const char *)json_text_plain(arena, json_text_member(body, "level")).data);
    weir_arena_free(arena);
}

static int log_level_run(const struct command *command, int argc, char **argv)
{
    const char *door;
    struct http_way way = {0};
    struct operands operands = {.most = 1};
    struct buffer url = {0};
    struct http_answer answer = {0};
    enum log_level level;
    int status = begin(command, &door, &way, &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    if (operands.count && !log_level_of_name(bytes_of_text(operands.items[0]), &level))
        return exit_with(EXIT_MISUSED, "\"%.60s\" is not one of error, warning, info, debug", operands.items[0]);
    buffer_format(&url, "%s/v1/log-level", door);
    buffer_byte(&url, 0);
    status = ask_level(url.data, operands.count ? operands.items[0] : NULL, &answer);
    if (status == EXIT_DONE)
        print_level(buffer_bytes(&answer.body));
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

const struct command pause_command = {
    "pause",
    "",
    "lets a running instance process nothing for a while",
    "Its admin's door (http.admin.port) is asked. All apps of the process stop where they are, after the record at "
    "hand, and commit;\n"
    "they keep their partitions and answer queries. Other instances go on, and a restart does.\n\n" STATUSES,
    pause_run,
};
const struct command resume_command = {
    "resume",   "", "lets a paused instance go on", "Its admin's door (http.admin.port) is asked.\n\n" STATUSES,
    resume_run,
};
const struct command log_level_command = {
    "log-level",
    "[error|warning|info|debug]",
    "shows or sets how much a running instance logs",
    "Its admin's door (http.admin.port) is asked. A restart logs as log.level says.\n\n" STATUSES,
    log_level_run,
};
const struct command shutdown_command = {
    "shutdown",
    "",
    "ends a running instance in order",
    "Its admin's door (http.admin.port) is asked, and the process sends itself SIGTERM: it answers what is under way, "
    "commits, leaves\n"
    "its group and ends. This command does not wait for that.\n\n" STATUSES,
    shutdown_run,
};
