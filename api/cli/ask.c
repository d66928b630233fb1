/* ask.c: see ask.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <stdio.h>

#include "base/error.h"
#include "columns.h"
#include "exit.h"
#include "json_text.h"

/* ---- problems: what the server says, as an exit status ---- */

static enum exit_status status_of(long code)
{
    if (code == 404)
        return EXIT_FAILED;
    if (code == 429 || code == 503)
        return EXIT_LATER;
    return code >= 400 && code < 500 ? EXIT_MISUSED : EXIT_FAILED;
}

static int refuse(const struct http_answer *answer)
{
    weir_arena *arena = weir_arena_new();
    struct weir_error error = {0};
    weir_bytes body = buffer_bytes(&answer->body), detail = {NULL, 0};
    if (json_text_check(arena, body, &error)) {
        detail = json_text_member(body, "detail");
        detail = detail.data ? detail : json_text_member(body, "title");
    }
    int status = detail.data
                     ? exit_with(status_of(answer->status), "%s", (const char *)json_text_plain(arena, detail).data)
                     : exit_with(status_of(answer->status), "the server answered %ld", answer->status);
    weir_arena_free(arena);
    return status;
}

static int judge(const struct http_answer *answer)
{
    return answer->status == 200 || answer->status == 202 ? EXIT_DONE : refuse(answer);
}

int ask_begin(const struct http_way *given)
{
    struct weir_error error = {0};
    return http_way(given, &error) ? EXIT_DONE : exit_with(EXIT_MISUSED, "%s", error.message);
}

int ask_get(const char *url, const char *accept, struct http_answer *answer)
{
    struct weir_error error = {0};
    if (!http_get(url, accept, answer, &error))
        return exit_with_error(&error);
    return judge(answer);
}

int ask_post(const char *url, const char *accept, weir_bytes body, struct http_answer *answer)
{
    struct weir_error error = {0};
    return http_post(url, accept, body, answer, &error) ? judge(answer) : exit_with_error(&error);
}

int ask_put(const char *url, const char *accept, weir_bytes body, struct http_answer *answer)
{
    struct weir_error error = {0};
    return http_put(url, accept, body, answer, &error) ? judge(answer) : exit_with_error(&error);
}

/* ---- forms ---- */

bool ask_take_format(void *target, const char *value, struct weir_error *error)
{
    static const char *const names[] = {"table", "json", "csv"};
    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], value) == 0) {
            *(enum ask_format *)target = (enum ask_format)i;
            return true;
        }
    return error_set(error, WEIR_INVALID, "\"%.60s\" is not one of table, json, csv", value);
}

const char *ask_accept(enum ask_format format)
{
    return format == ASK_JSON ? "application/json" : "text/csv";
}

void ask_print(enum ask_format format, const struct http_answer *answer)
{
    if (format == ASK_TABLE)
        columns_print(stdout, buffer_bytes(&answer->body));
    else
        fwrite(answer->body.data, 1, answer->body.size, stdout);
    if (answer->is_incomplete)
        fputs("weir: there is more than an answer holds\n", stderr);
}
