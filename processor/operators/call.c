/* call.c: a call of a service per record, again and again until it succeeds or is given up. See weir_call in weir.h.
 *
 * Four stores: the calls that are pending, their records, when they are due (in order of time), and the breaker. A call
 * keeps its row of time while it is under way, so that a restart makes it again; what was answered is gone with the commit
 * of the answer, and what was accepted and answered between two commits was never there. Only the first call of a key has
 * such a row: the next one gets it when the first is over. The task never waits: the line works on a thread of its own, and
 * a punctuator looks for answers.
 * Back-off and breaker: Michael Nygard, "Release It!" (2007), chapter 5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "call_state.h"
#include "operators/operators.h"

enum { LOOK_EVERY_MS = 20, DIGITS = 20, STATUS_OK_FIRST = 200, STATUS_OK_LAST = 299 };
enum { STORE_PENDING, STORE_RECORDS, STORE_DUE, STORE_BREAKER };
enum { BUCKETS = 4096 };

struct flight { /* a call that is under way */
    uint64_t id;
    char *row; /* its key in the stores */
    int64_t due_ms;
};

struct self {
    void *line;
    struct flight *flights;
    size_t flying;
    uint64_t last_id;
    char *next;        /* a key of STORE_DUE: what is due before is under way; NULL: nothing is known */
    bool stepped_back; /* something is due before it since it was set */
    int64_t pending;
    uint32_t *pending_of; /* by the hash of their key, BUCKETS of them: spares most looks for others of a key */
    bool holds;           /* the task's inputs */
};

static const struct call_args *args_of(const weir_context *context)
{
    return context->node->args;
}

static const struct weir_transport *stand_in;

void call_stand_in(const struct weir_transport *transport)
{
    stand_in = transport;
}

static const struct weir_transport *transport_of(const weir_context *context)
{
    return stand_in ? stand_in : args_of(context)->transport;
}

static struct weir_store *store(weir_context *context, int number)
{
    return &context->stores[number];
}

/* Lives with the record in hand. */
#define text(context, ...) bytes_of_text(arena_format((context)->execution->arena, __VA_ARGS__))
#define CHARS(bytes) (int)(bytes).size, (const char *)(bytes).data

/* ---- back-pressure ---- */

static uint32_t *pending_of(const struct self *self, weir_bytes key)
{
    return &self->pending_of[hash_table(key) % BUCKETS];
}

static void count_pending(weir_context *context, weir_bytes key, int32_t more)
{
    struct self *self = context->self;
    self->pending += more;
    *pending_of(self, key) += (uint32_t)more;
    bool holds = self->pending >= args_of(context)->max_pending;
    if (holds != self->holds)
        context->execution->holds += holds ? 1 : -1;
    self->holds = holds;
}

/* ---- the breaker ---- */

static weir_bytes *breaker_key(weir_context *context)
{
    weir_bytes *key = weir_alloc(context, sizeof *key);
    *key = text(context, "partition-%d", (int)context->execution->partition);
    return key;
}

static struct call_breaker *breaker_of(weir_context *context)
{
    struct call_breaker *breaker = call_breaker_new(context);
    const struct call_breaker *stored = typed_get(store(context, STORE_BREAKER), breaker_key(context), NULL);
    if (stored)
        *breaker = *stored;
    else
        breaker->since = weir_system_time(context);
    return breaker;
}

static void keep_breaker(weir_context *context, const struct call_breaker *breaker)
{
    typed_put(store(context, STORE_BREAKER), breaker_key(context), breaker, weir_system_time(context));
}

static void turn(weir_context *context, struct call_breaker *breaker, int32_t state)
{
    breaker->state = state;
    breaker->since = weir_system_time(context);
    breaker->opened += state == CALL_BREAKER_STATE_OPEN;
    breaker->failures = 0;
    keep_breaker(context, breaker);
}

/* How many calls may be under way. */
static size_t room(weir_context *context)
{
    const struct call_args *args = args_of(context);
    struct call_breaker *breaker = breaker_of(context);
    if (breaker->state == CALL_BREAKER_STATE_OPEN && weir_system_time(context) >= breaker->since + args->open_ms)
        turn(context, breaker, CALL_BREAKER_STATE_HALF_OPEN);
    if (breaker->state == CALL_BREAKER_STATE_OPEN)
        return 0;
    return breaker->state == CALL_BREAKER_STATE_HALF_OPEN ? 1 : (size_t)args->concurrency;
}

static void note_outcome(weir_context *context, bool is_alive)
{
    struct call_breaker *breaker = breaker_of(context);
    bool was_tried = breaker->state == CALL_BREAKER_STATE_HALF_OPEN;
    if (is_alive && breaker->state == CALL_BREAKER_STATE_CLOSED && breaker->failures == 0)
        return;
    if (is_alive) {
        turn(context, breaker, CALL_BREAKER_STATE_CLOSED);
        return;
    }
    breaker->failures++;
    if (was_tried || (breaker->state == CALL_BREAKER_STATE_CLOSED && breaker->failures >= args_of(context)->failures))
        turn(context, breaker, CALL_BREAKER_STATE_OPEN);
    else
        keep_breaker(context, breaker);
}

/* ---- when calls are due ---- */

static weir_bytes *due_key(weir_context *context, int64_t due_ms, weir_bytes row)
{
    weir_bytes *key = weir_alloc(context, sizeof *key);
    *key = text(context, "%020lld/%.*s", (long long)due_ms, CHARS(row));
    return key;
}

static void look_from(struct self *self, weir_bytes due)
{
    memory_free(self->next);
    self->next = memory_format("%.*s", CHARS(due));
    self->stepped_back = false;
}

static void set_due(weir_context *context, weir_bytes row, int64_t due_ms)
{
    struct self *self = context->self;
    const weir_bytes *due = due_key(context, due_ms, row);
    typed_put_new(store(context, STORE_DUE), due, &row, due_ms);
    if (!self->next || bytes_compare(*due, bytes_of_text(self->next)) >= 0)
        return;
    look_from(self, *due);
    self->stepped_back = true;
}

static void clear_due(weir_context *context, weir_bytes row, int64_t due_ms)
{
    typed_put(store(context, STORE_DUE), due_key(context, due_ms, row), NULL, due_ms);
}

struct search { /* the first row of a key */
    weir_bytes key, found;
    weir_context *context;
};

/* Rows of a longer key that begins with this one and a slash may lie between. */
static bool is_of_key(void *argument, const struct weir_record *row)
{
    struct search *search = argument;
    const weir_bytes key = *(const weir_bytes *)row->key;
    if (key.size != search->key.size + 1 + DIGITS)
        return true;
    search->found = text(search->context, "%.*s", CHARS(key)); /* the row is gone after this visit */
    return false;
}

static weir_bytes first_of_key(weir_context *context, weir_bytes key)
{
    struct search search = {.key = key, .context = context};
    if (*pending_of(context->self, key) == 0)
        return search.found;
    weir_bytes from = text(context, "%.*s/%020d", CHARS(key), 0),
               to = text(context, "%.*s/99999999999999999999", CHARS(key));
    weir_range_each(store(context, STORE_PENDING), (struct weir_range){.from = &from, .to = &to}, is_of_key, &search);
    return search.found;
}

/* ---- giving the answer ---- */

static void add_header(weir_context *context, const char *name, bool is_there, weir_bytes value)
{
    struct execution *execution = context->execution;
    if (is_there)
        execution->headers = weir_headers_with(context, execution->headers, name, value);
}

static void set_headers(weir_context *context, const struct pending_call *call)
{
    context->execution->headers = WEIR_NO_HEADERS;
    add_header(context, "traceparent", call->has_traceparent, call->traceparent);
    add_header(context, "correlation-id", call->has_correlation_id, call->correlation_id);
}

static struct weir_record original_of(weir_context *context, weir_bytes row, const struct pending_call *call)
{
    weir_bytes *key = weir_alloc(context, sizeof *key);
    *key = call->key;
    return (struct weir_record){.key = key,
                                .value = typed_get(store(context, STORE_RECORDS), &row, NULL),
                                .timestamp_ms = call->record_time,
                                .key_type = &weir_str_type,
                                .value_type = context->stores[STORE_RECORDS].spec->value_type,
                                .headers = context->execution->headers};
}

/* The call is over: its rows go, the next of its key is due. */
static void forget_call(weir_context *context, weir_bytes row, const struct pending_call *call, int64_t due_ms)
{
    int64_t now_ms = weir_system_time(context);
    typed_put(store(context, STORE_PENDING), &row, NULL, now_ms);
    typed_put(store(context, STORE_RECORDS), &row, NULL, now_ms);
    clear_due(context, row, due_ms);
    count_pending(context, call->key, -1);
    weir_bytes next = first_of_key(context, call->key);
    if (next.size > 0)
        set_due(context, next, now_ms);
}

static void give_up(weir_context *context, const struct pending_call *call, const struct weir_record *original,
                    const char *error)
{
    struct given_up given_up = {.place = {.partition = call->partition, .offset = call->offset},
                                .retries = call->attempts - 1,
                                .message = error ? error : "",
                                .policy = args_of(context)->given_up};
    if (call->has_topic)
        given_up.place.topic = text(context, "%.*s", CHARS(call->topic)).data;
    context->execution->calls->give_up(context->execution->engine, context, original, &given_up);
}

static void end_call(weir_context *context, weir_bytes row, const struct pending_call *call, int64_t due_ms,
                     struct weir_answer answer)
{
    set_headers(context, call);
    struct weir_record original = original_of(context, row, call), out = original;
    forget_call(context, row, call, due_ms);
    if (!answer.succeeded)
        give_up(context, call, &original, answer.error);
    out.timestamp_ms = answer.answered_ms;
    out.value = args_of(context)->answer(context, &original, &answer);
    if (out.value && context->execution->error.code == WEIR_OK)
        context_forward(context, &out);
    context->execution->headers = WEIR_NO_HEADERS;
}

/* ---- failures ---- */

static int64_t back_off_ms(const struct call_args *args, int32_t attempts)
{
    int64_t wait_ms = args->first_retry_ms;
    for (int32_t i = 1; i < attempts && wait_ms < INT64_MAX / 4; i++)
        wait_ms *= 2;
    return wait_ms;
}

static void try_later(weir_context *context, weir_bytes row, struct pending_call *call, int64_t due_ms)
{
    clear_due(context, row, due_ms);
    call->due_at = weir_system_time(context) + back_off_ms(args_of(context), call->attempts);
    set_due(context, row, call->due_at);
    typed_put(store(context, STORE_PENDING), &row, call, call->record_time);
}

/* 4xx says that the call is wrong and will stay so, but for: timeout, conflict, too early, too many. */
static bool is_hopeless(int32_t status)
{
    return status >= 400 && status < 500 && status != 408 && status != 409 && status != 425 && status != 429;
}

static void take_answer(weir_context *context, const struct flight *flight, const struct weir_transport_result *result)
{
    const weir_bytes row = bytes_of_text(flight->row);
    const struct pending_call *stored = typed_get(store(context, STORE_PENDING), &row, NULL);
    if (!stored)
        return;
    struct pending_call *call = pending_call_new(context);
    *call = *stored;
    call->attempts++;
    struct weir_answer answer = {.succeeded = result->status >= STATUS_OK_FIRST && result->status <= STATUS_OK_LAST,
                                 .status = result->status,
                                 .body = result->body,
                                 .attempts = call->attempts,
                                 .error = result->error,
                                 .accepted_ms = call->accepted_at,
                                 .answered_ms = weir_system_time(context)};
    note_outcome(context, answer.succeeded || is_hopeless(result->status));
    if (!answer.error && !answer.succeeded)
        answer.error = text(context, "status %d", (int)result->status).data;
    bool is_over = answer.succeeded || is_hopeless(result->status) || call->attempts > args_of(context)->retries;
    call->has_last_error = answer.error != NULL;
    call->last_error = answer.error ? bytes_of_text(answer.error) : (weir_bytes){0};
    if (is_over)
        end_call(context, row, call, flight->due_ms, answer);
    else
        try_later(context, row, call, flight->due_ms);
}

/* ---- making calls ---- */

static bool is_flying(const struct self *self, weir_bytes row)
{
    for (size_t i = 0; i < self->flying; i++)
        if (bytes_equal(bytes_of_text(self->flights[i].row), row))
            return true;
    return false;
}

/* The author may refuse to make a request of it: then it is given up at once. */
static bool is_refused(weir_context *context, weir_bytes row, struct pending_call *call, int64_t due_ms)
{
    struct weir_error *error = &context->execution->error;
    if (error->code != WEIR_POISON)
        return error->code != WEIR_OK;
    const char *message = text(context, "%s", error->message).data;
    error_clear(error);
    call->attempts++;
    end_call(context, row, call, due_ms,
             (struct weir_answer){.error = message,
                                  .attempts = call->attempts,
                                  .accepted_ms = call->accepted_at,
                                  .answered_ms = weir_system_time(context)});
    return true;
}

static weir_bytes default_identity(weir_context *context, const struct pending_call *call)
{
    return text(context, "%s-%.*s-%d-%lld", context->node->name, CHARS(call->topic), (int)call->partition,
                (long long)call->offset);
}

static struct weir_transport_request request_of(weir_context *context, weir_bytes row, const struct pending_call *call)
{
    set_headers(context, call);
    struct weir_record original = original_of(context, row, call);
    struct weir_request request = {.method = "POST", .content_type = "application/json"};
    args_of(context)->request(context, &original, &request);
    if (context->execution->error.code == WEIR_OK && !request.url)
        weir_fail(context, "the request has no .url");
    if (request.idempotency_key.size == 0)
        request.idempotency_key = default_identity(context, call);
    add_header(context, "Content-Type", request.body.size > 0, bytes_of_text(request.content_type));
    add_header(context, "Idempotency-Key", true, request.idempotency_key);
    struct weir_transport_request out = {.method = request.method,
                                         .url = request.url,
                                         .headers = context->execution->headers,
                                         .body = request.body,
                                         .timeout_ms = args_of(context)->timeout_ms};
    context->execution->headers = WEIR_NO_HEADERS;
    return out;
}

/* False: the line takes no more now. */
static bool start(weir_context *context, weir_bytes row, int64_t due_ms)
{
    struct self *self = context->self;
    const struct pending_call *stored = typed_get(store(context, STORE_PENDING), &row, NULL);
    if (!stored) {
        clear_due(context, row, due_ms);
        return true;
    }
    struct pending_call *call = pending_call_new(context);
    *call = *stored;
    struct weir_transport_request request = request_of(context, row, call);
    if (is_refused(context, row, call, due_ms))
        return true;
    request.id = ++self->last_id;
    if (!transport_of(context)->send(self->line, &request))
        return false;
    self->flights[self->flying++] =
        (struct flight){.id = request.id, .row = memory_format("%.*s", CHARS(row)), .due_ms = due_ms};
    return true;
}

struct starting {
    weir_context *context;
    size_t room;
};

/* A call that ends at once may let another one be due in front: then this is not the place to go on from. */
static bool start_row(void *argument, const struct weir_record *due)
{
    const struct starting *starting = argument;
    weir_context *context = starting->context;
    struct self *self = context->self;
    const weir_bytes row = *(const weir_bytes *)due->value;
    if (context->execution->error.code != WEIR_OK || self->flying >= starting->room)
        return false;
    look_from(self, *(const weir_bytes *)due->key);
    return (is_flying(self, row) || start(context, row, due->timestamp_ms)) && !self->stepped_back;
}

/* Goes on where it stopped: in front are calls under way, and in RocksDB the remains of all that ever were. */
static void start_due(weir_context *context)
{
    struct self *self = context->self;
    struct starting starting = {context, room(context)};
    if (self->flying >= starting.room)
        return;
    weir_bytes from = self->next ? text(context, "%s", self->next) : (weir_bytes){0},
               until = text(context, "%020lld0", (long long)weir_system_time(context)); /* '0' follows '/' */
    weir_range_each(store(context, STORE_DUE), (struct weir_range){.from = self->next ? &from : NULL, .to = &until},
                    start_row, &starting);
}

/* ---- answers ---- */

static void land(struct self *self, size_t i)
{
    memory_free(self->flights[i].row);
    self->flights[i] = self->flights[--self->flying];
}

static void take_result(weir_context *context, const struct weir_transport_result *result)
{
    struct self *self = context->self;
    for (size_t i = 0; i < self->flying; i++) {
        if (self->flights[i].id != result->id)
            continue;
        take_answer(context, &self->flights[i], result);
        land(self, i);
        return;
    }
}

static void look(weir_context *context, int64_t now_ms)
{
    struct self *self = context->self;
    struct weir_transport_result result;
    (void)now_ms;
    while (context->execution->error.code == WEIR_OK &&
           transport_of(context)->take(self->line, context->execution->arena, &result))
        take_result(context, &result);
    if (context->execution->error.code == WEIR_OK && self->pending > 0)
        start_due(context);
}

/* ---- the operator ---- */

static void count_row(void *argument, const struct weir_record *row)
{
    const struct pending_call *call = row->value;
    count_pending(argument, call->key, 1);
}

static void open(weir_context *context)
{
    struct self *self = context->self;
    const struct call_args *args = args_of(context);
    *self = (struct self){.line = transport_of(context)->open(),
                          .flights = memory_new((size_t)args->concurrency * sizeof(struct flight)),
                          .pending_of = memory_new(BUCKETS * sizeof *self->pending_of)};
    weir_each(store(context, STORE_PENDING), count_row, context);
    context->execution->calls->schedule(context->execution->engine, context, WEIR_WALL_CLOCK, SCHEDULE_AS_USUAL,
                                        LOOK_EVERY_MS, look);
}

static struct pending_call *accept(weir_context *context, const struct weir_record *record)
{
    struct pending_call *call = pending_call_new(context);
    const struct weir_metadata place = context->execution->metadata;
    weir_bytes traceparent = weir_header(record, "traceparent"), correlation = weir_header(record, "correlation-id");
    call->key = *(const weir_bytes *)record->key;
    call->accepted_at = call->due_at = weir_system_time(context);
    call->has_topic = place.topic != NULL;
    call->topic = place.topic ? bytes_of_text(place.topic) : (weir_bytes){"", 0};
    call->partition = place.partition;
    call->offset = place.offset;
    call->record_time = record->timestamp_ms;
    call->has_traceparent = traceparent.data != NULL;
    call->traceparent = traceparent;
    call->has_correlation_id = correlation.data != NULL;
    call->correlation_id = correlation;
    return call;
}

static weir_bytes next_row(weir_context *context, weir_bytes key)
{
    struct call_breaker *breaker = breaker_of(context);
    breaker->accepted++;
    keep_breaker(context, breaker);
    return text(context, "%.*s/%020lld", CHARS(key), (long long)breaker->accepted);
}

/* Without a look at what else is due: while there is room, all of that is under way but for what became due since the last look. */
static void start_at_once(weir_context *context, weir_bytes row, int64_t due_ms)
{
    struct self *self = context->self;
    if (self->flying < room(context))
        start(context, row, due_ms);
}

static void process(weir_context *context, const struct weir_record *record)
{
    if (!record->key || !record->value) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    const struct weir_headers headers = context->execution->headers;
    struct pending_call *call = accept(context, record);
    bool is_first = first_of_key(context, call->key).size == 0;
    weir_bytes row = next_row(context, call->key);
    typed_put_new(store(context, STORE_PENDING), &row, call, record->timestamp_ms);
    typed_put_new(store(context, STORE_RECORDS), &row, record->value, record->timestamp_ms);
    count_pending(context, call->key, 1);
    if (is_first) {
        set_due(context, row, call->due_at);
        start_at_once(context, row, call->due_at);
    }
    context->execution->headers = headers;
}

static void close(weir_context *context)
{
    struct self *self = context->self;
    while (self->flying > 0)
        land(self, 0);
    memory_free(self->flights);
    memory_free(self->pending_of);
    memory_free(self->next);
    if (self->line)
        transport_of(context)->close(self->line);
    *self = (struct self){0};
}

const struct operator operator_call = {
    .kind = "CALL", .self_size = sizeof(struct self), .open = open, .process = process, .close = close};
