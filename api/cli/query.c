/* query.c: `weir query`: asks a running instance over HTTP.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/bytes.h"
#include "base/error.h"
#include "columns.h"
#include "commands.h"
#include "exit.h"
#include "http_get.h"
#include "json_text.h"

struct query {
    const char *view, *key, *url, *from, *to, *prefix, *as_of;
    struct integer_option limit;
    enum ask_format format;
    const char *listing; /* of windows or sessions: what it is called in the path; NULL: of neither */
    bool is_versioned;
};

/* ---- the list of views ---- */

/* As CSV, which columns_print aligns; names and types hold neither commas nor quotes. */
static void write_view(FILE *out, weir_arena *arena, weir_bytes view)
{
    static const char *const members[] = {"name", "kind", "key", "value", "partitions_here", "rows_approximate"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        weir_bytes member = json_text_member(view, members[i]);
        bool is_plain = member.data && *(const char *)member.data != '{';
        fprintf(out, "%s%s", i ? "," : "", is_plain ? (const char *)json_text_plain(arena, member).data : "");
    }
    fputc('\n', out);
}

static void print_views(weir_bytes body)
{
    char *csv = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&csv, &size);
    weir_arena *arena = weir_arena_new();
    struct json_text_cursor views = json_text_open(json_text_member(body, "data"));
    weir_bytes name, view;
    fputs("view,kind,key,value,partitions here,rows (about)\n", out);
    while (json_text_next(&views, &name, &view))
        write_view(out, arena, view);
    weir_arena_free(arena);
    fclose(out);
    columns_print(stdout, (weir_bytes){csv, size});
    free(csv);
}

static int list_views(const struct query *query)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    buffer_format(&url, "%s/v1/views", query->url);
    buffer_byte(&url, 0);
    int status = ask_get(url.data, "application/json", &answer);
    if (status == EXIT_DONE && query->format == ASK_JSON) {
        fwrite(answer.body.data, 1, answer.body.size, stdout);
    } else if (status == EXIT_DONE) {
        print_views(buffer_bytes(&answer.body));
    }
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* ---- rows ---- */

static void add_parameter(struct buffer *url, const char *name, const char *value)
{
    if (!value)
        return;
    buffer_format(url, "%c%s=", memchr(url->data, '?', url->size) ? '&' : '?', name);
    http_escape(url, value);
}

static void view_url(const struct query *query, struct buffer *url)
{
    buffer_format(url, "%s/v1/views/", query->url);
    http_escape(url, query->view);
}

static bool is_text(weir_bytes json, const char *text)
{
    size_t size = strlen(text);
    return json.size == size + 2 && memcmp((const char *)json.data + 1, text, size) == 0;
}

static int learn_kind(struct query *query)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    view_url(query, &url);
    buffer_byte(&url, 0);
    int status = ask_get(url.data, "application/json", &answer);
    if (status == EXIT_DONE) {
        weir_bytes kind = json_text_member(buffer_bytes(&answer.body), "kind");
        query->listing = is_text(kind, "window") ? "/windows" : is_text(kind, "session") ? "/sessions" : NULL;
        query->is_versioned = is_text(kind, "versioned");
    }
    http_answer_done(&answer);
    buffer_done(&url);
    return status;
}

static void rows_url(const struct query *query, struct buffer *url)
{
    char limit[24];
    snprintf(limit, sizeof limit, "%lld", (long long)query->limit.value);
    view_url(query, url);
    if (query->key) {
        buffer_text(url, "/keys/");
        http_escape(url, query->key);
    }
    bool are_versions = query->is_versioned && query->key && (query->from || query->to);
    const char *listing = are_versions ? "/versions" : query->listing;
    buffer_text(url, listing ? listing : query->key ? "" : "/entries");
    add_parameter(url, "as_of", query->as_of);
    add_parameter(url, "from", query->from);
    add_parameter(url, "to", query->to);
    add_parameter(url, "prefix", query->prefix);
    add_parameter(url, "limit", query->limit.given ? limit : NULL);
    buffer_byte(url, 0);
}

static int print_rows(const struct query *query)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    rows_url(query, &url);
    int status = ask_get(url.data, query->format == ASK_JSON ? "application/json" : "text/csv", &answer);
    if (status == EXIT_DONE && query->format == ASK_TABLE)
        columns_print(stdout, buffer_bytes(&answer.body));
    else if (status == EXIT_DONE)
        fwrite(answer.body.data, 1, answer.body.size, stdout);
    if (status == EXIT_DONE && answer.has_next)
        fputs("weir: there are more rows; see --limit\n", stderr);
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* ---- the command ---- */

static int query_run(const struct command *command, int argc, char **argv)
{
    struct query query = {.url = "http://127.0.0.1:8080", .limit = {.value = 100, .least = 1, .most = 10000}};
    struct http_way way = {0};
    const struct option options[] = {
        {"--url", "URL", "of an instance (http://127.0.0.1:8080)", option_text, &query.url},
        ASK_WAY_OPTIONS(&way),
        {"--from", "KEY|TIME", "first key, first start of a window, or versions from then on", option_text,
         &query.from},
        {"--to", "KEY|TIME", "last key, or last start of a window or version", option_text, &query.to},
        {"--as-of", "TIME", "what KEY was then, of a versioned view", option_text, &query.as_of},
        {"--prefix", "TEXT", "only keys that begin like this", option_text, &query.prefix},
        {"--limit", "N", "at most so many rows (100)", option_integer, &query.limit},
        {"--format", "FORMAT", "table (the default), json or csv", ask_take_format, &query.format},
    };
    struct operands operands = {.most = 2};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    status = ask_begin(&way);
    if (status != EXIT_DONE)
        return status;
    query.view = operands.items[0];
    query.key = operands.count > 1 ? operands.items[1] : NULL;
    if (operands.count == 0)
        return list_views(&query);
    status = learn_kind(&query);
    return status == EXIT_DONE ? print_rows(&query) : status;
}

const struct command query_command = {
    "query",
    "[VIEW [KEY]]",
    "asks a running instance for rows of a view",
    "Without VIEW it lists the views. Of a windowed view it shows windows or sessions, of a versioned one and a KEY "
    "with\n"
    "--from or --to its versions; times are 2024-12-04T10:30:00Z or milliseconds.\n\n"
    "exit status: 0 found, 1 no such view or key, 2 usage, 69 nobody answers, 75 try again later",
    query_run,
};
