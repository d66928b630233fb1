/* question.c: see question.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/question.h"

#include <microhttpd.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/json.h"
#include "http/peer.h"
#include "http/point.h"
#include "http/problem.h"
#include "http/produce.h"
#include "http/seen.h"
#include "http/server.h"
#include "http/uuid.h"

enum { TICK_US = 100 * 1000, RETRY_MS = 1000 };

struct question { /* in the arena of its request */
    struct question *next;
    struct request *request;
    const struct endpoint *endpoint;
    const struct server_view *view;
    weir_bytes id;
    int32_t partition;
    const char *position; /* quoted; of the question, once it is written */
    int64_t until_us;
};

struct answering { /* a view that answers, and that was asked */
    struct answering *next;
    struct questions *questions;
    const weir_view *view;
    weir_feed *feed;
};

/* ---- the answer --------------------------------------------------------------------------------------------------- */

/* NULL: it is not declared, or hidden from the one who asks. */
static const void *find_value(const struct question *question, const struct weir_row *row, const char *name)
{
    const struct weir_type *type = question->view->info.value;
    for (size_t i = 0; name && i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        const char *value = row->value;
        if (strcmp(field->name, name) == 0)
            return field->presence == WEIR_NO_PRESENCE || *(const bool *)(value + field->presence)
                       ? value + field->offset
                       : NULL;
    }
    return NULL;
}

/* A string of structured fields is of printable ASCII (RFC 9651, 3.3.3). */
static const char *policy_text(struct request *request, const weir_bytes *name)
{
    weir_bytes text = name ? *name : bytes_of_text("default");
    char *out = arena_alloc(&request->arena, text.size + 1);
    for (size_t i = 0; i < text.size; i++) {
        char c = ((const char *)text.data)[i];
        out[i] = c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '_';
    }
    return out;
}

static int64_t seconds_until(int64_t at_ms)
{
    int64_t left_ms = at_ms - clock_wall_ms(&clock_system);
    return left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

/* RateLimit and RateLimit-Policy: draft-ietf-httpapi-ratelimit-headers-11; Retry-After: RFC 9110, 10.2.3. */
static void tell_quota(const struct question *question, const struct weir_row *row)
{
    struct request *request = question->request;
    const struct weir_quota *quota = &question->endpoint->declared->ingest.quota;
    const bool *allow = find_value(question, row, quota->allow);
    const int64_t *limit = find_value(question, row, quota->limit),
                  *remaining = find_value(question, row, quota->remaining),
                  *reset = find_value(question, row, quota->reset);
    const char *policy = policy_text(request, find_value(question, row, quota->policy));
    if (limit)
        request_add_header(request, "RateLimit-Policy",
                           arena_format(&request->arena, "\"%s\";q=%lld", policy, (long long)*limit));
    if (remaining)
        request_add_header(request, "RateLimit",
                           reset ? arena_format(&request->arena, "\"%s\";r=%lld;t=%lld", policy, (long long)*remaining,
                                                (long long)seconds_until(*reset))
                                 : arena_format(&request->arena, "\"%s\";r=%lld", policy, (long long)*remaining));
    request->response.status = allow && !*allow ? 429 : 200;
    if (allow && !*allow && reset)
        request_add_header(request, "Retry-After",
                           arena_format(&request->arena, "%lld", (long long)seconds_until(*reset)));
}

/* False: there is no answer yet. */
static bool find_answer(const struct question *question)
{
    struct weir_error error = {0};
    struct weir_row row = {0};
    const struct weir_copies copies = {.partitions = &question->partition, .partition_count = 1};
    if (!weir_view_find(question->view->view, copies, &question->request->arena, &question->id, 0, 0, &row, &error)) {
        if (error.code == WEIR_ABSENT || error.code == WEIR_RETRY)
            return false;
        problem_of_error(question->request, &error, PROBLEM_KEY_NOT_FOUND);
        return true;
    }
    point_write(question->request, question->view, &row);
    tell_quota(question, &row);
    return true;
}

static void give_up(const struct question *question)
{
    struct buffer *members = &question->request->response.problem_members;
    atomic_fetch_add(&question->request->server->questions.unanswered, 1);
    buffer_text(members, ",\"id\":");
    json_string(members, question->id);
    buffer_format(members, ",\"position\":%s", question->position);
    problem_retry(question->request, RETRY_MS);
    problem_answer(question->request, PROBLEM_UNANSWERED,
                   "The question is written. Ask again with the header Idempotency-Key, and it is the same question.");
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

static void wake(struct questions *questions)
{
    pthread_mutex_lock(&questions->thread.lock);
    questions->is_woken = true;
    pthread_cond_signal(&questions->thread.wake);
    pthread_mutex_unlock(&questions->thread.lock);
}

/* On a thread that commits. */
static void note_commit(void *self)
{
    wake(self);
}

static void watch_view(struct questions *questions, weir_view *view)
{
    pthread_mutex_lock(&questions->views_lock);
    struct answering *watched = questions->views;
    while (watched && watched->view != view)
        watched = watched->next;
    if (!watched) {
        watched = memory_new(sizeof *watched);
        *watched = (struct answering){questions->views, questions, view,
                                      weir_feed_open(view, LIMIT_FEED_BYTES, note_commit, questions)};
        questions->views = watched;
    }
    pthread_mutex_unlock(&questions->views_lock);
}

/* On the thread that wrote the question: from here on it waits. */
static bool wait_for_answer(const struct production *production)
{
    struct question *question = production->self;
    struct questions *questions = &question->request->server->questions;
    struct buffer position = {0};
    production_write_position(production, &position);
    buffer_byte(&position, 0);
    question->position = arena_text(&question->request->arena, position.data);
    buffer_done(&position);
    question->until_us = clock_monotonic_us(&clock_system) + LIMIT_ANSWER_MS * 1000;
    atomic_fetch_add(&questions->count, 1);
    pthread_mutex_lock(&questions->thread.lock);
    question->next = questions->arrived;
    questions->arrived = question;
    questions->is_woken = true;
    pthread_cond_signal(&questions->thread.wake);
    pthread_mutex_unlock(&questions->thread.lock);
    return false;
}

/* The request belongs to the loop when it is resumed, and the question with it. */
static void resume(struct questions *questions, struct question *question)
{
    struct weir_http *server = question->request->server;
    atomic_fetch_sub(&questions->count, 1);
    MHD_resume_connection(question->request->connection);
    server_wake(server);
}

static void look_at_all(struct questions *questions, bool is_over)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    for (struct question **at = &questions->waiting; *at;) {
        struct question *question = *at;
        bool is_late = is_over || now_us >= question->until_us;
        bool is_answered = find_answer(question);
        if (!is_answered && is_late)
            give_up(question);
        if (is_answered || is_late) {
            *at = question->next;
            resume(questions, question);
        } else {
            at = &question->next;
        }
    }
}

static void take_arrived(struct questions *questions)
{
    while (questions->arrived) {
        struct question *question = questions->arrived;
        questions->arrived = question->next;
        question->next = questions->waiting;
        questions->waiting = question;
    }
}

/* False: it is over. A tick looks at deadlines. */
static bool wait_for_news(struct questions *questions)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + TICK_US;
    pthread_mutex_lock(&questions->thread.lock);
    while (!questions->is_woken && !questions->thread.is_stopping) {
        bool is_tick =
            questions->waiting && !clock_condition_wait(&questions->thread.wake, &questions->thread.lock, until_us);
        if (is_tick)
            break;
        if (!questions->waiting)
            pthread_cond_wait(&questions->thread.wake, &questions->thread.lock);
    }
    questions->is_woken = false;
    take_arrived(questions);
    bool goes_on = !questions->thread.is_stopping;
    pthread_mutex_unlock(&questions->thread.lock);
    return goes_on;
}

static void *answer_all(void *self)
{
    struct questions *questions = self;
    while (wait_for_news(questions))
        look_at_all(questions, false);
    look_at_all(questions, true);
    return NULL;
}

void questions_init(struct questions *questions)
{
    thread_init(&questions->thread);
    pthread_mutex_init(&questions->views_lock, NULL);
}

static bool has_questions(const struct weir_http *server)
{
    for (size_t i = 0; i < server->endpoints.count; i++)
        if (server->endpoints.items[i].declared->ingest.answers)
            return true;
    return false;
}

bool questions_start(struct weir_http *server)
{
    struct questions *questions = &server->questions;
    return !has_questions(server) || thread_start(&questions->thread, "weir-http-ask", answer_all, questions);
}

void questions_stop(struct weir_http *server)
{
    thread_stop(&server->questions.thread);
}

void questions_done(struct questions *questions)
{
    while (questions->views) {
        struct answering *view = questions->views;
        questions->views = view->next;
        weir_feed_close(view->feed);
        memory_free(view);
    }
    pthread_mutex_destroy(&questions->views_lock);
    thread_done(&questions->thread);
}

/* ---- the question ------------------------------------------------------------------------------------------------- */

static bool is_id(weir_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = ((const char *)text.data)[i];
        if (c <= ' ' || c > '~' || c == '"')
            return false;
    }
    return text.size > 0 && text.size <= LIMIT_ID_BYTES;
}

/* What Idempotency-Key says, with or without the quotes of a structured field (draft-ietf-httpapi-idempotency-key-header-06),
 * or a new one. False: it says nothing that can be an id. */
static bool choose_id(struct request *request, weir_bytes *id)
{
    weir_bytes given = request_header(request, "idempotency-key");
    const char *text = given.data;
    if (given.data && given.size >= 2 && text[0] == '"' && text[given.size - 1] == '"')
        given = (weir_bytes){text + 1, given.size - 2};
    *id = arena_bytes(&request->arena, given);
    if (given.data && is_id(given))
        return true;
    if (given.data) {
        problem_field(request, "Idempotency-Key", "is not of 1 to 100 visible characters of ASCII without quotes");
        problem_answer(request, PROBLEM_BAD_REQUEST, "The header Idempotency-Key is no id.");
        return false;
    }
    char *made = arena_alloc(&request->arena, UUID_TEXT_BYTES + 1);
    uuid_text(clock_wall_ms(&clock_system), made);
    *id = (weir_bytes){made, UUID_TEXT_BYTES};
    return true;
}

static void write_question(struct question *question, struct intake *intake)
{
    struct request *request = question->request;
    struct production *production =
        production_new(request, intake->endpoint->app, intake->endpoint->declared->ingest.topic, 1);
    struct buffer told = {0}; /* in the answer, as far as the topology says it */
    production->records[0] = intake_record(intake, 0, clock_wall_ms(&clock_system), &told);
    production->records[0].headers = production_headers(request);
    production->answer = wait_for_answer;
    production->self = question;
    buffer_done(&told);
    watch_view(&request->server->questions, question->view->view);
    production_start(production);
}

/* The answer of the instance that has the partition. It gets the id, so that asking it twice is asking once. */
static void send_on(const struct question *question)
{
    struct request *request = question->request;
    struct peer_partitions partitions = {arena_alloc(&request->arena, sizeof(int32_t)), 1};
    struct peer_question *onward;
    struct http_reply reply;
    partitions.items[0] = question->partition;
    if (peer_questions(request, question->view, partitions, 0, &onward) == 0) {
        peer_refuse(request, question->view, question->partition);
        return;
    }
    onward->headers = arena_format(&request->arena, "Idempotency-Key: %.*s\r\n", (int)question->id.size,
                                   (const char *)question->id.data);
    onward->patience_ms = LIMIT_ANSWER_MS + RETRY_MS;
    if (peer_ask(request, onward, buffer_bytes(&request->body), &reply))
        peer_take_over(request, &reply);
    else
        peer_refuse(request, question->view, question->partition);
    http_reply_done(&reply);
}

static bool is_here(const struct question *question)
{
    const struct weir_copies copies = {.partitions = &question->partition, .partition_count = 1};
    int32_t *held =
        arena_alloc(&question->request->arena, ((size_t)question->view->info.partitions + 1) * sizeof *held);
    return weir_view_held(question->view->view, copies, held) > 0;
}

static void ask_elsewhere(const struct question *question)
{
    struct request *request = question->request;
    enum peer_routing routing = peer_routing(request, question->view);
    if (routing == PEER_REDIRECT && peer_redirect(request, question->view, question->partition))
        return;
    if (routing == PEER_NONE)
        peer_refuse(request, question->view, question->partition);
    else if (!peer_moves_to_forwarder(request))
        send_on(question);
}

void question_begin(struct request *request, struct intake *intake)
{
    const struct endpoint *endpoint = intake->endpoint;
    const struct server_view *view = seen_find(request, bytes_of_text(endpoint->declared->ingest.answers));
    struct question *question = arena_alloc(&request->arena, sizeof *question);
    *question = (struct question){.request = request, .endpoint = endpoint, .view = view};
    if (!view || !choose_id(request, &question->id))
        return;
    intake->id = question->id;
    bool is_by_id = endpoint->key == endpoint->id;
    const void *key = is_by_id ? (const void *)&question->id : intake->values + endpoint->key->offset;
    question->partition = weir_view_partition(view->view, key);
    if (!is_here(question))
        ask_elsewhere(question);
    else if (!find_answer(question))
        write_question(question, intake);
}
