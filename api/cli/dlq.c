/* dlq.c: `weir dlq`: the dead letters of a running instance, and sending them again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/error.h"
#include "columns.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"

struct dlq {
    const char *url;
    enum ask_format format;
    struct integer_option max;
};

/* ---- list ---- */

static void write_cell(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* As CSV, which columns_print aligns. */
static void print_letters(weir_bytes body)
{
    static const char *const members[] = {"failed", "letters", "topic", "partition", "offset", "reason", "message"};
    enum { MEMBERS = sizeof members / sizeof *members };
    char *csv = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&csv, &size);
    weir_arena *arena = weir_arena_new();
    struct json_text_cursor letters = json_text_open(json_text_member(body, "data"));
    weir_bytes name, letter;
    fputs("failed,letters,from,partition,offset,reason,message\n", out);
    while (json_text_next(&letters, &name, &letter))
        for (size_t i = 0; i < MEMBERS; i++) {
            weir_bytes member = json_text_member(letter, members[i]);
            write_cell(out, member.data ? json_text_plain(arena, member).data : "");
            putc(i + 1 < MEMBERS ? ',' : '\n', out);
        }
    weir_arena_free(arena);
    fclose(out);
    columns_print(stdout, (weir_bytes){csv, size});
    free(csv);
}

static void print_parked(weir_bytes body)
{
    weir_arena *arena = weir_arena_new();
    const char *keys = json_text_plain(arena, json_text_member(body, "parked_keys")).data;
    if (keys && strcmp(keys, "0") != 0)
        printf("%s keys wait for a replay\n", keys);
    weir_arena_free(arena);
}

static int list(const struct dlq *dlq)
{
    struct buffer url = {0};
    struct http_answer answer = {0};
    buffer_format(&url, "%s/v1/dead-letters", dlq->url);
    buffer_byte(&url, 0);
    int status = ask_get(url.data, "application/json", &answer);
    if (status == EXIT_DONE && dlq->format == ASK_JSON)
        ask_print(ASK_JSON, &answer);
    else if (status == EXIT_DONE) {
        print_letters(buffer_bytes(&answer.body));
        print_parked(buffer_bytes(&answer.body));
    }
    http_answer_done(&answer);
    buffer_done(&url);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* ---- replay ---- */

static void write_body(const struct dlq *dlq, const char *letters, struct buffer *out)
{
    weir_arena *arena = weir_arena_new();
    const weir_bytes text = {letters, strlen(letters)};
    weir_bytes quoted = weir_to_json(arena, &weir_str_type, &text);
    buffer_text(out, "{\"topic\":");
    buffer_append(out, quoted.data, quoted.size);
    if (dlq->max.given)
        buffer_format(out, ",\"max\":%" PRId64, dlq->max.value);
    buffer_text(out, "}");
    weir_arena_free(arena);
}

static void print_replayed(const struct http_answer *answer)
{
    weir_arena *arena = weir_arena_new();
    weir_bytes data = json_text_member(buffer_bytes(&answer->body), "data");
    const char *sent = json_text_plain(arena, json_text_member(data, "sent")).data;
    const char *left = json_text_plain(arena, json_text_member(data, "left")).data;
    printf("%s sent again, %s left as they cannot be\n", sent, left);
    weir_arena_free(arena);
}

static int replay(const struct dlq *dlq, const char *letters)
{
    struct buffer url = {0}, body = {0};
    struct http_answer answer = {0};
    buffer_format(&url, "%s/v1/dead-letters:replay", dlq->url);
    buffer_byte(&url, 0);
    write_body(dlq, letters, &body);
    int status = ask_post(url.data, "application/json", buffer_bytes(&body), &answer);
    if (status == EXIT_DONE && dlq->format == ASK_JSON)
        ask_print(ASK_JSON, &answer);
    else if (status == EXIT_DONE)
        print_replayed(&answer);
    http_answer_done(&answer);
    buffer_done(&url);
    buffer_done(&body);
    return status == EXIT_DONE ? exit_after_output() : status;
}

/* ---- the command ---- */

static int dispatch(const struct dlq *dlq, const struct operands *operands)
{
    const char *action = operands->count > 0 ? operands->items[0] : "list";
    if (strcmp(action, "list") == 0 && operands->count < 2)
        return list(dlq);
    if (strcmp(action, "replay") == 0 && operands->count == 2)
        return replay(dlq, operands->items[1]);
    return exit_with(EXIT_MISUSED, "say `weir dlq list` or `weir dlq replay TOPIC`");
}

static int dlq_run(const struct command *command, int argc, char **argv)
{
    struct dlq dlq = {.url = "http://127.0.0.1:8080", .max = {.least = 1, .most = INT64_MAX}};
    struct http_way way = {0};
    const struct option options[] = {
        {"--url", "URL", "of an instance (http://127.0.0.1:8080)", option_text, &dlq.url},
        ASK_WAY_OPTIONS(&way),
        {"--format", "FORMAT", "table (the default) or json", ask_take_format, &dlq.format},
        {"--max", "N", "replay: ends after so many letters", option_integer, &dlq.max},
    };
    struct operands operands = {.most = 2};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    status = ask_begin(&way);
    return status == EXIT_DONE ? dispatch(&dlq, &operands) : status;
}

const struct command dlq_command = {
    "dlq",
    "[list | replay TOPIC]",
    "lists dead letters, or sends those of a topic again",
    "TOPIC is a topic of dead letters (orders.events.dlq). Replaying sends each letter that was not sent before to "
    "the\n"
    "topic and partition it came from, with its key, value, headers and time, in their order; letters and the place "
    "up\n"
    "to which they were sent are committed together. `weir consume TOPIC` prints whole letters.\n\nexit status: 0 "
    "done, "
    "1 no such topic, 69 nobody answers, 75 try again later",
    dlq_run,
};
