/* reports.c: see reports.h; GET /v1/reports and /v1/reports/{name}. A report runs as any query does (sql.h), with its
 * parameters from the URL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/reports.h"

#include <string.h>

#include "base/bytes.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/server.h"
#include "http/sql.h"

bool reports_load(struct reports *reports, const struct weir_report *given, struct weir_error *error)
{
    size_t count = 0;
    arena_init(&reports->arena);
    while (given && given[count].name)
        count++;
    reports->items = arena_alloc(&reports->arena, (count + 1) * sizeof *reports->items);
    for (; reports->count < count; reports->count++) {
        const struct weir_report *one = &given[reports->count];
        if (!report_read(one->name, one->text, &reports->arena, &reports->items[reports->count], error))
            return false;
    }
    return true;
}

void reports_done(struct reports *reports)
{
    arena_done(&reports->arena);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void write_member(struct buffer *out, const char *name, const char *text)
{
    buffer_format(out, "\"%s\":", name);
    json_text(out, text);
}

static void write_parameter(struct buffer *out, const struct report_parameter *parameter)
{
    buffer_byte(out, '{');
    write_member(out, "name", parameter->name);
    buffer_byte(out, ',');
    write_member(out, "type", report_type_name(parameter->type));
    buffer_byte(out, ',');
    write_member(out, "default", parameter->initial);
    buffer_byte(out, ',');
    write_member(out, "about", parameter->about);
    buffer_byte(out, '}');
}

static void write_report(struct buffer *out, const struct report *report)
{
    buffer_byte(out, '{');
    write_member(out, "name", report->name);
    buffer_byte(out, ',');
    write_member(out, "title", report->title);
    buffer_byte(out, ',');
    write_member(out, "about", report->about);
    buffer_text(out, ",\"parameters\":[");
    for (size_t i = 0; i < report->parameter_count; i++) {
        buffer_text(out, i ? "," : "");
        write_parameter(out, &report->parameters[i]);
    }
    buffer_text(out, "],");
    write_member(out, "sql", report->text);
    buffer_byte(out, '}');
}

void handle_reports(struct request *request)
{
    const struct reports *reports = &request->server->reports;
    struct buffer *out = &request->response.body;
    buffer_text(out, "{\"data\":[");
    for (size_t i = 0; i < reports->count; i++) {
        buffer_text(out, i ? "," : "");
        write_report(out, &reports->items[i]);
    }
    buffer_text(out, "]}\n");
    request->response.status = 200;
    request->response.media = "application/json";
}

/* ---- one -------------------------------------------------------------------------------------------------------- */

static const struct report *find_report(const struct reports *reports, weir_bytes name)
{
    for (size_t i = 0; i < reports->count; i++)
        if (bytes_equal(name, bytes_of_text(reports->items[i].name)))
            return &reports->items[i];
    return NULL;
}

static bool refuse(struct request *request, const char *name, const char *why)
{
    problem_at(request, PROBLEM_BAD_PARAMETER, name, why);
    return false;
}

/* Every parameter of the URL must be one of the report's, or of the resource's own. */
static bool check_names(struct request *request, const struct report *report)
{
    for (size_t i = 0; i < request->uri.pair_count; i++) {
        weir_bytes name = request->uri.pairs[i].name;
        bool known = bytes_equal(name, bytes_of_text("partial"));
        for (size_t k = 0; k < report->parameter_count; k++)
            known = known || bytes_equal(name, bytes_of_text(report->parameters[k].name));
        if (!known)
            return refuse(request, arena_bytes(&request->arena, name).data, "is not a parameter of this report");
    }
    return true;
}

static bool find_value(struct request *request, const struct report_parameter *parameter, weir_bytes *text)
{
    bool given = false;
    for (size_t i = 0; i < request->uri.pair_count; i++) {
        if (!bytes_equal(request->uri.pairs[i].name, bytes_of_text(parameter->name)))
            continue;
        if (given)
            return refuse(request, parameter->name, "is given twice");
        given = true;
        *text = request->uri.pairs[i].value;
    }
    if (!given && !parameter->initial)
        return refuse(request, parameter->name, "is missing");
    if (!given)
        *text = bytes_of_text(parameter->initial);
    return true;
}

static bool read_parameters(struct request *request, const struct report *report, struct sql_parameter *out)
{
    for (size_t i = 0; i < report->parameter_count; i++) {
        const struct report_parameter *parameter = &report->parameters[i];
        const char *why = NULL;
        weir_bytes text = {0};
        out[i].name = parameter->name;
        if (!find_value(request, parameter, &text))
            return false;
        if (!report_value(parameter->type, text, &request->arena, &out[i].value, &why))
            return refuse(request, parameter->name, why);
    }
    return true;
}

void handle_report(struct request *request)
{
    const struct report *report = find_report(&request->server->reports, request->path_values[0]);
    struct sql_parameter parameters[REPORT_PARAMETERS_MAX];
    if (!report)
        problem_answer(request, PROBLEM_REPORT_NOT_FOUND, "There is no such report; /v1/reports lists them.");
    else if (check_names(request, report) && read_parameters(request, report, parameters))
        sql_answer(request, bytes_of_text(report->text), report->name, parameters, report->parameter_count);
}
