/* report.c: `weir report`: the reports of a running instance.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "columns.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"

struct report {
    const char *url;
    enum ask_format format;
};

/* "days=30, from (required)" */
static void write_parameters(FILE *out, weir_arena *arena, weir_bytes parameters)
{
    struct json_text_cursor cursor = json_text_open(parameters);
    weir_bytes name, parameter;
    for (bool first = true; json_text_next(&cursor, &name, &parameter); first = false) {
        weir_bytes initial = json_text_member(parameter, "default");
        bool has_default = initial.data && *(const char *)initial.data == '"';
        fprintf(out, "%s%s%s%s", first ? "" : ", ",
                (const char *)json_text_plain(arena, json_text_member(parameter, "name")).data, has_default ? "=" : "",
                has_default ? (const char *)json_text_plain(arena, initial).data : " (required)");
    }
}

/* As CSV, which columns_print aligns. */
static void print_list(weir_bytes body)
{
    char *csv = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&csv, &size);
    weir_arena *arena = weir_arena_new();
    struct json_text_cursor reports = json_text_open(json_text_member(body, "data"));
    weir_bytes name, report;
    fputs("report,title,parameters\n", out);
    while (json_text_next(&reports, &name, &report)) {
        fprintf(out, "%s,\"%s\",\"", (const char *)json_text_plain(arena, json_text_member(report, "name")).data,
                (const char *)json_text_plain(arena, json_text_member(report, "title")).data);
        write_parameters(out, arena, json_text_member(report, "parameters"));
        fputs("\"\n", out);
    }
    weir_arena_free(arena);
    fclose(out);
    columns_print(stdout, (weir_bytes){csv, size});
    free(csv);
}

static int list(const struct report *report)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    buffer_format(&url, "%s/v1/reports", report->url);
    buffer_byte(&url, 0);
    int status = ask_get(url.data, "application/json", &answer);
    if (status == EXIT_DONE && report->format == ASK_JSON)
        ask_print(ASK_JSON, &answer);
    else if (status == EXIT_DONE)
        print_list(buffer_bytes(&answer.body));
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* NAME=VALUE as a parameter of the URL. */
static bool add_parameter(struct buffer *url, const char *text, bool first)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return false;
    char *name = strndup(text, (size_t)(equals - text));
    buffer_byte(url, first ? '?' : '&');
    http_escape(url, name);
    buffer_byte(url, '=');
    http_escape(url, equals + 1);
    free(name);
    return true;
}

static int run_report(const struct report *report, const struct operands *operands)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    int status = EXIT_DONE;
    buffer_format(&url, "%s/v1/reports/", report->url);
    http_escape(&url, operands->items[0]);
    for (size_t i = 1; i < operands->count && status == EXIT_DONE; i++)
        if (!add_parameter(&url, operands->items[i], i == 1))
            status = exit_with(EXIT_MISUSED, "%.80s: a parameter is NAME=VALUE", operands->items[i]);
    buffer_byte(&url, 0);
    if (status == EXIT_DONE)
        status = ask_get(url.data, ask_accept(report->format), &answer);
    if (status == EXIT_DONE)
        ask_print(report->format, &answer);
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

static int report_run(const struct command *command, int argc, char **argv)
{
    struct report report = {.url = "http://127.0.0.1:8080"};
    struct http_way way = {0};
    const struct option options[] = {
        {"--url", "URL", "of an instance (http://127.0.0.1:8080)", option_text, &report.url},
        ASK_WAY_OPTIONS(&way),
        {"--format", "FORMAT", "table (the default), json or csv", ask_take_format, &report.format},
    };
    struct operands operands = {.most = 16};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    status = ask_begin(&way);
    if (status != EXIT_DONE)
        return status;
    return operands.count == 0 ? list(&report) : run_report(&report, &operands);
}

const struct command report_command = {
    "report",
    "[NAME [PARAMETER=VALUE]...]",
    "runs a report of a running instance",
    "Without NAME it lists the reports and what they take.\n\nexit status: 0 answered, 1 no such report, 2 a parameter "
    "is "
    "wrong, 69 nobody answers, 75 try again later",
    report_run,
};
