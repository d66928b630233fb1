/* sql.c: `weir sql`: SELECTs over the views of a running instance: one, or as many as a person or a file asks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"
#include "line_editor.h"

struct session {
    const char *url, *statement; /* of -e; NULL: read them */
    enum ask_format format;
    struct buffer text; /* of the statement that is being read */
};

static const char tables_query[] =
    "SELECT name, kind, key_type AS key, value_type AS value, rows_approximate AS \"rows (about)\" "
    "FROM weir_views ORDER BY name";
static const char columns_query[] =
    "SELECT name, type, CASE hidden WHEN 1 THEN 'hidden' ELSE '' END AS note FROM weir_columns WHERE "
    "view = ?1 OR replace(replace(view, '-', '_'), '.', '_') = ?1 ORDER BY position";

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* {"sql":…[,"parameters":[…]]}; the caller's to free(). NULL: not UTF-8. */
static char *write_body(weir_arena *arena, const char *text, const char *parameter)
{
    char *body = NULL;
    size_t size = 0;
    weir_bytes sql = {text, strlen(text)}, value = {parameter, parameter ? strlen(parameter) : 0};
    if (!json_text_is_utf8(arena, sql) || (parameter && !json_text_is_utf8(arena, value)))
        return NULL;
    FILE *out = open_memstream(&body, &size);
    fputs("{\"sql\":", out);
    json_text_write(out, arena, sql);
    if (parameter) {
        fputs(",\"parameters\":[", out);
        json_text_write(out, arena, value);
        fputc(']', out);
    }
    fputc('}', out);
    fclose(out);
    return body;
}

static int ask(const struct session *session, const char *text, const char *parameter)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    weir_arena *arena = weir_arena_new();
    char *body = write_body(arena, text, parameter);
    weir_arena_free(arena);
    if (!body)
        return exit_with(EXIT_MISUSED, "the query is not UTF-8");
    buffer_format(&url, "%s/v1/sql", session->url);
    buffer_byte(&url, 0);
    int status = ask_post(url.data, ask_accept(session->format), (weir_bytes){body, strlen(body)}, &answer);
    if (status == EXIT_DONE)
        ask_print(session->format, &answer);
    http_answer_done(&answer);
    free(body);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* ---- commands that begin with a point --------------------------------------------------------------------------- */

static const char help_text[] = ".tables           the views\n"
                                ".columns VIEW     the columns of one\n"
                                ".format FORMAT    table, csv or json\n"
                                ".help             this\n"
                                ".quit             ends; so does Ctrl-D\n"
                                "Everything else is SQL and ends with a semicolon; EXPLAIN SELECT shows the plan.\n";

static const char *argument_of(const char *line)
{
    line += strcspn(line, " \t");
    return line + strspn(line, " \t");
}

static bool is_command(const char *line, const char *name)
{
    size_t size = strlen(name);
    return strncmp(line, name, size) == 0 && (!line[size] || isspace((unsigned char)line[size]));
}

static int set_format(struct session *session, const char *name)
{
    struct weir_error error = {0};
    return ask_take_format(&session->format, name, &error) ? EXIT_DONE : exit_with(EXIT_MISUSED, "%s", error.message);
}

/* True: the session ends. */
static bool do_command(struct session *session, const char *line, int *status)
{
    if (is_command(line, ".quit") || is_command(line, ".exit"))
        return true;
    if (is_command(line, ".tables"))
        *status = ask(session, tables_query, NULL);
    else if (is_command(line, ".columns"))
        *status = ask(session, columns_query, argument_of(line));
    else if (is_command(line, ".format"))
        *status = set_format(session, argument_of(line));
    else if (is_command(line, ".help"))
        fputs(help_text, stdout);
    else
        *status = exit_with(EXIT_MISUSED, "%.40s: unknown; see .help", line);
    return false;
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

/* Behind a quoted text or a comment that begins there; NULL: it does not end. Unchanged: none begins. */
static const char *skip(const char *at)
{
    if (*at == '\'' || *at == '"' || *at == '`') {
        const char *end = strchr(at + 1, *at);
        return end ? end + 1 : NULL;
    }
    if (strncmp(at, "--", 2) == 0) {
        const char *end = strchr(at, '\n');
        return end ? end + 1 : NULL;
    }
    if (strncmp(at, "/*", 2) == 0) {
        const char *end = strstr(at + 2, "*/");
        return end ? end + 2 : NULL;
    }
    return at;
}

/* Where the first statement ends, behind its semicolon; NULL: it goes on. */
static const char *end_of_statement(const char *text)
{
    for (const char *at = text; at && *at;) {
        const char *behind = skip(at);
        if (behind == at && *at == ';')
            return at + 1;
        at = behind == at ? at + 1 : behind;
    }
    return NULL;
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n;")];
}

static void run_statement(const struct session *session, const char *text, size_t size, int *status)
{
    char *statement = strndup(text, size);
    if (!is_blank(statement)) {
        line_editor_remember(statement);
        *status = ask(session, statement, NULL);
    }
    free(statement);
}

/* Runs what is whole of the text; the rest waits for further lines. */
static void run_whole(struct session *session, int *status)
{
    struct buffer *text = &session->text;
    const char *end;
    buffer_byte(text, 0);
    text->size--;
    while ((end = end_of_statement(text->data))) {
        size_t size = (size_t)(end - text->data);
        run_statement(session, text->data, size, status);
        memmove(text->data, text->data + size, text->size - size + 1);
        text->size -= size;
    }
    if (is_blank(text->data))
        buffer_clear(text);
}

/* A failed statement ends a file, not a person's session. */
static int read_statements(struct session *session)
{
    int status = EXIT_DONE;
    bool interactive = line_editor_is_interactive(), ended = false;
    char *line;
    while (!ended && (interactive || status == EXIT_DONE) &&
           (line = line_editor_read(session->text.size ? "   ...> " : "weir> "))) {
        if (session->text.size == 0 && line[0] == '.') {
            line_editor_remember(line);
            ended = do_command(session, line, &status);
        } else {
            buffer_text(&session->text, line);
            buffer_byte(&session->text, '\n');
            run_whole(session, &status);
        }
        free(line);
    }
    if (!interactive && status == EXIT_DONE && session->text.size > 0)
        run_statement(session, session->text.data, session->text.size, &status);
    return interactive ? EXIT_DONE : status;
}

static int converse(struct session *session)
{
    if (line_editor_is_interactive())
        printf("Weir SQL on %s; .help explains.\n", session->url);
    line_editor_open("sql_history");
    int status = read_statements(session);
    line_editor_close();
    buffer_done(&session->text);
    return status;
}

static int sql_run(const struct command *command, int argc, char **argv)
{
    struct session session = {.url = "http://127.0.0.1:8080"};
    struct http_way way = {0};
    const struct option options[] = {
        {"--url", "URL", "of an instance (http://127.0.0.1:8080)", option_text, &session.url},
        ASK_WAY_OPTIONS(&way),
        {"-e", "SQL", "asks this and ends", option_text, &session.statement},
        {"--format", "FORMAT", "table (the default), json or csv", ask_take_format, &session.format},
    };
    struct operands operands = {.most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    status = ask_begin(&way);
    if (status != EXIT_DONE)
        return status;
    if (operands.count > 0 && session.statement)
        return exit_with(EXIT_MISUSED, "sql: one statement, as an operand or with -e");
    if (operands.count > 0)
        session.statement = operands.items[0];
    return session.statement ? ask(&session, session.statement, NULL) : converse(&session);
}

const struct command sql_command = {
    "sql",
    "[SQL]",
    "asks a running instance in SQL",
    "Every view is a table. Without SQL it reads statements: from a terminal with history (.help explains), or from\n"
    "standard input until the first that fails. docs/sql.md is the reference.\n\nexit status: 0 answered, 1 failed, 2 "
    "the query is wrong, 69 nobody answers, 75 try again later",
    sql_run,
};
