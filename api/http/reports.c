/* reports.c: see reports.h; GET /v1/reports and /v1/reports/{name}. A report runs as any query does (sql.h), with its
 * parameters from the URL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/reports.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "guard/file.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/server.h"
#include "http/sql.h"

static const struct report *find_report(const struct reports *reports, weir_bytes name)
{
    for (size_t i = 0; i < reports->count; i++)
        if (bytes_equal(name, bytes_of_text(reports->items[i].name)))
            return &reports->items[i];
    return NULL;
}

static bool add(struct reports *reports, const char *name, const char *text, struct weir_error *error)
{
    if (find_report(reports, bytes_of_text(name)))
        return error_set(error, WEIR_INVALID, "report %.80s: there are two of this name", name);
    reports->items = memory_grow(reports->items, &reports->capacity, reports->count + 1, sizeof *reports->items);
    return report_read(name, text, &reports->arena, &reports->items[reports->count], error) && ++reports->count;
}

/* ---- a folder of them ------------------------------------------------------------------------------------------- */

static int is_report(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0 && entry->d_name[0] != '.';
}

static bool add_file(struct reports *reports, const char *folder, const char *file, struct weir_error *error)
{
    char *path = memory_format("%s/%s", folder, file);
    char *name = memory_format("%.*s", (int)(strlen(file) - 4), file);
    struct buffer text = {0};
    bool added = file_read("http.reports.dir", path, &text, error) && add(reports, name, text.data, error);
    buffer_done(&text);
    memory_free(name);
    memory_free(path);
    return added;
}

static bool add_folder(struct reports *reports, const char *folder, struct weir_error *error)
{
    struct dirent **files;
    int count = scandir(folder, &files, is_report, alphasort);
    if (count < 0)
        return error_set(error, WEIR_INVALID, "http.reports.dir: %.120s: %s", folder, strerror(errno));
    bool added = true;
    for (int i = 0; i < count; i++) {
        added = added && add_file(reports, folder, files[i]->d_name, error);
        free(files[i]);
    }
    free(files);
    return added;
}

bool reports_load(struct reports *reports, const struct weir_report *given, const char *folder,
                  struct weir_error *error)
{
    arena_init(&reports->arena);
    for (; given && given->name; given++)
        if (!add(reports, given->name, given->text, error))
            return false;
    return !folder || !*folder || add_folder(reports, folder, error);
}

void reports_done(struct reports *reports)
{
    memory_free(reports->items);
    arena_done(&reports->arena);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void write_member(struct buffer *out, const char *name, const char *text)
{
    json_text(out, name);
    buffer_byte(out, ':');
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

static void write_translation(struct buffer *out, const struct report *report,
                              const struct report_translation *translation)
{
    const char *separator = "";
    buffer_format(out, "\"%s\":{", translation->language);
    write_member(out, "title", translation->title);
    buffer_byte(out, ',');
    write_member(out, "about", translation->about);
    buffer_text(out, ",\"parameters\":{");
    for (size_t i = 0; i < report->parameter_count; i++) {
        if (!translation->parameters[i])
            continue;
        buffer_text(out, separator);
        write_member(out, report->parameters[i].name, translation->parameters[i]);
        separator = ",";
    }
    buffer_text(out, "},\"columns\":{");
    for (size_t i = 0; i < translation->column_count; i++) {
        buffer_text(out, i ? "," : "");
        write_member(out, translation->columns[i].name, translation->columns[i].text);
    }
    buffer_text(out, "}}");
}

static void write_board(struct buffer *out, const struct report *report)
{
    write_member(out, "board", report->board);
    buffer_byte(out, ',');
    write_member(out, "chart", report->board ? report_chart_name(report->chart) : NULL);
    buffer_text(out, ",\"translations\":{");
    for (size_t i = 0; i < report->translation_count; i++) {
        buffer_text(out, i ? "," : "");
        write_translation(out, report, &report->translations[i]);
    }
    buffer_text(out, "},");
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
    write_board(out, report);
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
