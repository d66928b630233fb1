/* service.c: see service.h. A line holds what it was sent; an answer comes after the line was looked at a few times.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/service.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

enum { LOOKS_MAX = 4 };

struct question {
    uint64_t id;
    int32_t status;
    uint64_t looks; /* until it is answered */
};

struct line {
    struct question *questions;
    size_t count, capacity;
};

static void *open_line(void)
{
    return memory_new(sizeof(struct line));
}

static void close_line(void *self)
{
    struct line *line = self;
    memory_free(line->questions);
    memory_free(line);
}

/* Mostly well; 0: no answer. */
static int32_t draw_status(struct random *random)
{
    static const int32_t statuses[] = {200, 200, 200, 200, 200, 200, 200, 503, 503, 0, 0, 400};
    return statuses[random_below(random, sizeof statuses / sizeof *statuses)];
}

static bool send_question(void *self, const struct weir_transport_request *request)
{
    struct line *line = self;
    struct random random = {hash_table(bytes_of_text(request->url)) ^ hash_table(request->body) ^ request->id};
    line->questions = memory_grow(line->questions, &line->capacity, line->count + 1, sizeof *line->questions);
    line->questions[line->count++] =
        (struct question){request->id, draw_status(&random), random_below(&random, LOOKS_MAX)};
    return true;
}

static void wait_for_rest(struct line *line)
{
    for (size_t i = 0; i < line->count; i++)
        line->questions[i].looks--;
}

static bool take_answer(void *self, weir_arena *arena, struct weir_transport_result *out)
{
    struct line *line = self;
    (void)arena;
    for (size_t i = 0; i < line->count; i++) {
        const struct question question = line->questions[i];
        if (question.looks > 0)
            continue;
        memmove(&line->questions[i], &line->questions[i + 1], (--line->count - i) * sizeof question);
        *out = (struct weir_transport_result){
            .id = question.id, .status = question.status, .error = question.status == 0 ? "nobody answers" : NULL};
        return true;
    }
    wait_for_rest(line);
    return false;
}

const struct weir_transport simulated_service = {open_line, send_question, take_answer, close_line};
