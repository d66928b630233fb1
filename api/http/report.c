/* report.c: see report.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "http/time.h"

static const char *const type_names[] = {"text", "integer", "number", "boolean", "timestamp"};

const char *report_type_name(enum report_type type)
{
    return type_names[type];
}

static const char *const chart_names[] = {"figures", "line", "bars", "table"};

const char *report_chart_name(enum report_chart chart)
{
    return chart_names[chart];
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static bool read_integer(const char *text, struct sql_value *out, const char **why)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *why = "is not a whole number of 64 bits";
    *out = (struct sql_value){.type = SQL_INTEGER, .integer = number};
    return (*text == '-' || (*text >= '0' && *text <= '9')) && !*end && errno == 0;
}

static bool read_number(const char *text, struct sql_value *out, const char **why)
{
    char *end = NULL;
    double number = strtod(text, &end);
    *why = "is not a number";
    *out = (struct sql_value){.type = SQL_REAL, .real = number};
    return *text && strspn(text, "+-.0123456789eE") == strlen(text) && !*end && isfinite(number);
}

static bool read_boolean(const char *text, struct sql_value *out, const char **why)
{
    bool yes = strcmp(text, "true") == 0;
    *why = "is neither true nor false";
    *out = (struct sql_value){.type = SQL_INTEGER, .integer = yes};
    return yes || strcmp(text, "false") == 0;
}

/* Becomes the text that views have for a time, so that it compares with them. A day is the midnight it begins with. */
static bool read_timestamp(const char *text, weir_arena *arena, struct sql_value *out, const char **why)
{
    int64_t ms;
    bool is_day = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    const char *whole = is_day ? arena_format(arena, "%sT00:00:00Z", text) : text;
    *why = "is no RFC 3339 time, day or milliseconds";
    if (!time_of_text(bytes_of_text(whole), &ms))
        return false;
    char *moment = arena_alloc(arena, TIME_TEXT_BYTES + 1);
    time_text(ms, moment);
    *out = (struct sql_value){.type = SQL_TEXT, .bytes = {moment, TIME_TEXT_BYTES}};
    return true;
}

bool report_value(enum report_type type, weir_bytes bytes, weir_arena *arena, struct sql_value *out, const char **why)
{
    weir_bytes copy = arena_bytes(arena, bytes);
    const char *text = copy.data;
    *why = "holds a NUL";
    if (strlen(text) != bytes.size)
        return false;
    switch (type) {
    case REPORT_TEXT:
        *out = (struct sql_value){.type = SQL_TEXT, .bytes = copy};
        return true;
    case REPORT_INTEGER:
        return read_integer(text, out, why);
    case REPORT_NUMBER:
        return read_number(text, out, why);
    case REPORT_BOOLEAN:
        return read_boolean(text, out, why);
    case REPORT_TIMESTAMP:
        return read_timestamp(text, arena, out, why);
    }
    return false;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

struct reader {
    struct report *report;
    weir_arena *arena;
    struct weir_error *error;
    int line;
};

static bool refuse(struct reader *reader, const char *why)
{
    return error_set(reader->error, WEIR_INVALID, "report %.80s, line %d: %s", reader->report->name, reader->line, why);
}

/* The next word; *at is moved behind it and the blanks that follow. */
static const char *take_word(struct reader *reader, const char **at)
{
    size_t size = strcspn(*at, " \t");
    const char *word = arena_bytes(reader->arena, (weir_bytes){*at, size}).data;
    *at += size;
    *at += strspn(*at, " \t");
    return word;
}

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    return *text >= 'a' && *text <= 'z' && strspn(text, letters) == strlen(text) && strcmp(text, "partial") != 0;
}

static bool find_type(const char *name, enum report_type *type)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (strcmp(type_names[i], name) == 0) {
            *type = (enum report_type)i;
            return true;
        }
    }
    return false;
}

static bool read_parameter(struct reader *reader, const char *at)
{
    struct report *report = reader->report;
    struct sql_value value;
    const char *why = NULL;
    if (report->parameter_count == REPORT_PARAMETERS_MAX)
        return refuse(reader, "too many parameters");
    struct report_parameter *parameter = &report->parameters[report->parameter_count++];
    *parameter = (struct report_parameter){.name = take_word(reader, &at)};
    if (!is_name(parameter->name))
        return refuse(reader, "the name of a parameter is lower-case letters, digits and _, and not partial");
    if (!find_type(take_word(reader, &at), &parameter->type))
        return refuse(reader, "a parameter is text, integer, number, boolean or timestamp");
    if (at[0] == '=' && (at[1] == ' ' || at[1] == '\t')) {
        take_word(reader, &at);
        parameter->initial = take_word(reader, &at);
        if (!report_value(parameter->type, bytes_of_text(parameter->initial), reader->arena, &value, &why))
            return refuse(reader, "the default is not of the parameter's type");
    }
    parameter->about = at;
    return true;
}

/* The first line is the title, each further one that is not empty is put to the description. */
static void add_line(struct reader *reader, const char *text, const char **title, const char **about)
{
    if (!*title)
        *title = text;
    else if (*text)
        *about = *about && **about ? arena_format(reader->arena, "%s %s", *about, text) : text;
}

static bool read_board(struct reader *reader, const char *at)
{
    struct report *report = reader->report;
    if (report->board)
        return refuse(reader, "the board is said twice");
    report->board = take_word(reader, &at);
    const char *chart = take_word(reader, &at);
    for (size_t i = 0; i < sizeof chart_names / sizeof *chart_names; i++) {
        report->chart = (enum report_chart)i;
        if (strcmp(chart_names[i], chart) == 0)
            return true;
    }
    return refuse(reader, "expected @board, its name, and figures, line, bars or table");
}

static struct report_translation *find_translation(struct reader *reader, const char *language)
{
    struct report *report = reader->report;
    for (size_t i = 0; i < report->translation_count; i++)
        if (strcmp(report->translations[i].language, language) == 0)
            return &report->translations[i];
    if (report->translation_count == REPORT_LANGUAGES_MAX)
        return NULL;
    struct report_translation *added = &report->translations[report->translation_count++];
    memcpy(added->language, language, sizeof added->language);
    return added;
}

static bool translate_parameter(struct reader *reader, struct report_translation *translation, const char *at)
{
    const struct report *report = reader->report;
    const char *name = take_word(reader, &at);
    for (size_t i = 0; i < report->parameter_count; i++) {
        if (strcmp(report->parameters[i].name, name) == 0) {
            translation->parameters[i] = at;
            return true;
        }
    }
    return refuse(reader, "translates a parameter that no line above names");
}

static bool translate_column(struct reader *reader, struct report_translation *translation, const char *at)
{
    if (translation->column_count == REPORT_COLUMNS_MAX)
        return refuse(reader, "translates too many columns");
    struct report_column *column = &translation->columns[translation->column_count++];
    column->name = take_word(reader, &at);
    column->text = at;
    return *at || refuse(reader, "expected = and a column, and its name in that language");
}

static bool read_mark(struct reader *reader, const char *at)
{
    const char *word = take_word(reader, &at);
    if (strcmp(word, "board") == 0)
        return read_board(reader, at);
    if (strlen(word) != 2 || strspn(word, "abcdefghijklmnopqrstuvwxyz") != 2)
        return refuse(reader, "expected @board, or @ and a language of two letters");
    struct report_translation *translation = find_translation(reader, word);
    if (!translation)
        return refuse(reader, "too many languages");
    if (*at == ':')
        return translate_parameter(reader, translation, at + 1);
    if (*at == '=')
        return translate_column(reader, translation, at + 1);
    add_line(reader, at, &translation->title, &translation->about);
    return true;
}

static bool read_comment(struct reader *reader, const char *text)
{
    struct report *report = reader->report;
    if (text[0] == ':')
        return read_parameter(reader, text + 1);
    if (text[0] == '@')
        return read_mark(reader, text + 1);
    add_line(reader, text, &report->title, &report->about);
    return true;
}

bool report_read(const char *name, const char *text, weir_arena *arena, struct report *report, struct weir_error *error)
{
    struct reader reader = {report, arena, error, 0};
    *report = (struct report){.name = arena_text(arena, name), .about = "", .text = arena_text(arena, text)};
    for (const char *at = report->text; strncmp(at, "--", 2) == 0; at += *at == '\n') {
        size_t size = strcspn(at, "\r\n");
        const char *start = at + 2;
        start += strspn(start, " \t") < size - 2 ? strspn(start, " \t") : size - 2;
        reader.line++;
        if (!read_comment(&reader, arena_bytes(arena, (weir_bytes){start, (size_t)(at + size - start)}).data))
            return false;
        at += size;
        at += *at == '\r';
    }
    reader.line++;
    return report->title || refuse(&reader, "expected \"-- \" and a title");
}
