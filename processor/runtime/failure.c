/* failure.c: see failure.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/failure.h"

#include <string.h>

#include "base/error.h"
#include "base/trace.h"
#include "runtime/dead_letter.h"
#include "runtime/handler.h"
#include "runtime/leave_out.h"

/* ---- letters ---- */

/* The nodes from the one that failed up to its source, as a Java stack trace goes. */
static const char *trace_of(const struct graph_node *node, const char *exception, const char *detail, weir_arena *arena)
{
    const char *trace = arena_format(arena, "%s: %s", exception, detail);
    for (; node; node = node->parents.count > 0 ? node->parents.items[0] : NULL)
        trace = arena_format(arena, "%s\n\tat %s(%s)", trace, node->name, node->at);
    return trace;
}

/* False: the cause, WEIR_POISON where the topic never takes it. */
static bool try_letter(struct task *task, const char *topic, const struct dead_letter *letter, weir_arena *arena,
                       struct weir_error *cause)
{
    int64_t failed_ms = clock_wall_ms(task->settings.clock);
    struct broker_record record = dead_letter_of(letter, failed_ms, arena);
    if (!task->output.send(task->output.self, NULL, topic, &record, cause))
        return false;
    task->progress = true;
    task->output.dead(task->output.self, &(struct weir_dead_letter){
                                             .letters = topic,
                                             .topic = letter->topic ? letter->topic : "",
                                             .reason = letter->reason,
                                             .message = letter->detail,
                                             .trace_id = trace_of_headers(letter->headers).text,
                                             .partition = letter->partition,
                                             .offset = letter->offset,
                                             .failed_ms = failed_ms,
                                         });
    return true;
}

/* Too large for the topic, too: its place and reason remain. Nobody waits for a letter that cannot be sent again. */
static bool send_short_letter(struct task *task, const char *topic, const struct dead_letter *letter, weir_arena *arena,
                              struct weir_error *cause)
{
    struct dead_letter short_letter = *letter;
    short_letter.withheld = "the value is too large for the topic of the letters";
    short_letter.value = (weir_bytes){0};
    short_letter.parked = NULL;
    *cause = (struct weir_error){0};
    return try_letter(task, topic, &short_letter, arena, cause);
}

/* The record's position moves only when its letter is on its way; the commit waits for the delivery. */
static bool send_letter(struct task *task, const char *topic, const struct dead_letter *letter, weir_arena *arena,
                        struct weir_error *error)
{
    struct weir_error cause = {0};
    bool is_whole = try_letter(task, topic, letter, arena, &cause);
    if (is_whole && letter->parked)
        parking_buried(task, task->in_hand);
    if (is_whole || (cause.code == WEIR_POISON && send_short_letter(task, topic, letter, arena, &cause)))
        return true;
    return error_set(error, cause.code == WEIR_POISON ? WEIR_FATAL : cause.code, "dead letter: %s", cause.message);
}

/* ---- policies ---- */

/* in_hand: the source of the record that the letter is of; NULL: it is of another one. */
static bool write_letter(struct task *task, struct task_source *in_hand, const char *topic, struct dead_letter *letter,
                         weir_arena *arena, struct weir_error *error)
{
    if (in_hand &&
        in_hand->parking.is_buried) /* where records wait, one has one letter, however many nodes it fails in */
        return true;
    letter->parked = in_hand ? parking_place(task, in_hand, letter->reason, arena) : NULL;
    return send_letter(task, topic, letter, arena, error);
}

/* False: error says why the task must stop. */
static bool apply(struct task *task, struct task_source *in_hand, const struct graph_node *node,
                  const struct failure *failure, struct dead_letter *letter, const char *letters, weir_arena *arena,
                  struct weir_error *error)
{
    const struct verdict verdict = handler_decide(task, node, failure, letter, arena);
    bool writes = verdict.policy == WEIR_DEAD_LETTER || (verdict.policy == WEIR_FAIL && task->layout->letters_on_fail);
    if (writes && !write_letter(task, in_hand, letters, letter, arena, error))
        return false;
    if (verdict.policy == WEIR_FAIL)
        return error_set(error, WEIR_FATAL, "%s (%s): %s (%s)", node->name, node->at, failure->detail, verdict.because);
    if (verdict.policy == WEIR_SKIP)
        leave_out(task, node, failure->reason, error);
    return error->code == WEIR_OK;
}

bool failure_at(struct task *task, const struct task_source *source, const struct weir_error *cause)
{
    const struct broker_message *message = queue_head(&source->queue);
    return error_set(&task->failure, cause->code, "topic %s, partition %d, offset %lld: %s", source->layout->topic,
                     message->partition, (long long)message->offset, cause->message);
}

static void explain(struct dead_letter *letter, const char *exception, const struct failure *failure,
                    const struct graph_node *node, weir_arena *arena)
{
    letter->exception = exception;
    letter->reason = failure->reason;
    letter->detail = failure->detail;
    letter->trace = trace_of(node, exception, failure->detail, arena);
}

/* Of a confidential source: the place remains, the value does not. */
static void withhold(struct dead_letter *letter, const struct graph_node *source)
{
    if (!source->confidential)
        return;
    letter->value = (weir_bytes){0};
    letter->withheld = "the value is confidential";
}

/* As it came. */
static struct dead_letter letter_of_head(const struct task_source *source)
{
    const struct broker_message *message = queue_head(&source->queue);
    struct dead_letter letter = {
        .topic = source->layout->topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = message->timestamp_ms,
        .key = message->key,
        .value = message->value,
        .headers = message->headers,
    };
    withhold(&letter, source->layout->node);
    return letter;
}

/* ---- waiting ---- */

bool failure_to_wait(struct task *task, struct task_source *source, const char *place, const char *detail)
{
    const struct failure parked = {.reason = "parked", .detail = detail};
    struct dead_letter letter = letter_of_head(source);
    struct weir_error cause = {0};
    explain(&letter, "weir.parking", &parked, source->layout->node, &task->arena);
    letter.parked = place;
    if (try_letter(task, source->layout->dead_letters, &letter, &task->arena, &cause))
        return true;
    return error_set(&task->execution.error, cause.code == WEIR_POISON ? WEIR_FATAL : cause.code,
                     "it has to wait as a dead letter: %s", cause.message);
}

/* ---- reading ---- */

static bool fail_to_read(struct task *task, struct task_source *source, const struct failure *failure,
                         struct weir_error *error)
{
    const struct graph_node *node = source->layout->node;
    struct dead_letter letter = letter_of_head(source);
    explain(&letter, "weir.reading", failure, node, &source->head_arena);
    if (!apply(task, source, node, failure, &letter, source->layout->dead_letters, &source->head_arena, error))
        return false;
    parking_processed(task, source);
    return true;
}

bool failure_reading(struct task *task, struct task_source *source, const struct failure *failure)
{
    struct weir_error *error = &task->execution.error;
    task_take_in_hand(task, source);
    task->execution.timestamp_ms = queue_head(&source->queue)->timestamp_ms;
    task->execution.headers = (struct weir_headers){0};
    if (parking_turn(task, source) == PARKING_PASSES)
        fail_to_read(task, source, failure, error);
    arena_clear(&task->arena);
    return error->code == WEIR_OK || failure_at(task, source, error);
}

/* ---- processing and producing ---- */

/* A punctuator has no input record: its letter has a place only, and goes where those of the lead topic go. */
static struct dead_letter letter_in_hand(const struct task *task)
{
    struct dead_letter letter = {.partition = -1, .offset = -1};
    letter.timestamp_ms = task->execution.timestamp_ms;
    letter.headers = task->execution.headers;
    if (!task->in_hand)
        return letter;
    const struct broker_message *message = queue_head(&task->in_hand->queue);
    letter.topic = task->in_hand->layout->topic;
    letter.partition = message->partition;
    letter.offset = message->offset;
    letter.key = message->key;
    letter.value = message->value;
    withhold(&letter, task->in_hand->layout->node);
    return letter;
}

static struct failure failure_of(const struct layout *layout, bool is_sink)
{
    const struct weir_on_error_args *said = &layout->topology->on_error;
    if (is_sink)
        return (struct failure){
            .stage = WEIR_PRODUCING,
            .reason = "unwritable",
            .policy = layout->producing,
            .setting = "production.exception.handler",
            .handler = said->producing_handler,
        };
    return (struct failure){
        .stage = WEIR_PROCESSING,
        .reason = "failed",
        .policy = layout->processing,
        .setting = "processing.exception.handler",
        .handler = said->processing_handler,
    };
}

void failure_in_node(void *engine, weir_context *context)
{
    struct task *task = engine;
    bool is_sink = context->node->kind == GRAPH_SINK;
    const struct weir_error cause = task->execution.error;
    const struct task_source *source = task->in_hand ? task->in_hand : &task->sources[0];
    struct failure failure = failure_of(task->layout, is_sink);
    failure.detail = cause.message;
    failure.record = context->entered;
    struct dead_letter letter = letter_in_hand(task);
    explain(&letter, is_sink ? "weir.producing" : "weir.processing", &failure, context->node, &task->arena);
    error_clear(&task->execution.error);
    apply(task, task->in_hand, context->node, &failure, &letter, source->layout->dead_letters, &task->arena,
          &task->execution.error);
}

/* ---- calls ---- */

static weir_bytes json_of(const struct task *task, const struct weir_type *type, const void *value)
{
    return value && !task->sources[0].layout->node->confidential ? weir_to_json(task->execution.arena, type, value)
                                                                 : (weir_bytes){0};
}

/* Whether what a call was asked with, as text and JSON, reads as its input did. */
static bool is_input(const struct task *task, const char *topic, const struct weir_record *record)
{
    for (size_t i = 0; topic && i < task->source_count; i++) {
        const struct graph_node *node = task->sources[i].layout->node;
        if (strcmp(task->sources[i].layout->topic, topic) == 0)
            return record->value_type == node->value_type && record->key_type == node->key_type && node->value_type &&
                   (node->value_type->kind == WEIR_KIND_RECORD || node->value_type->kind == WEIR_KIND_JSON) &&
                   (!node->key_type || node->key_type->kind == WEIR_KIND_STRING);
    }
    return false;
}

void failure_of_call(void *engine, weir_context *context, const struct weir_record *record,
                     const struct given_up *given_up)
{
    struct task *task = engine;
    bool is_said = given_up->policy != WEIR_POLICY_DEFAULT;
    struct failure failure = failure_of(task->layout, false);
    failure.reason = "given_up";
    failure.detail = given_up->message;
    failure.record = record;
    if (is_said) {
        failure.policy = given_up->policy;
        failure.setting = "weir_call's .given_up";
        failure.handler = NULL;
    }
    struct dead_letter letter = {.topic = given_up->place.topic,
                                 .partition = given_up->place.partition,
                                 .offset = given_up->place.offset,
                                 .timestamp_ms = record->timestamp_ms,
                                 .key = weir_key_to_text(task->execution.arena, record->key_type, record->key),
                                 .value = json_of(task, record->value_type, record->value),
                                 .headers = record->headers,
                                 .retries = given_up->retries};
    if (!is_input(task, given_up->place.topic, record))
        letter.withheld = "the value is what the call was asked with, not its input";
    withhold(&letter, task->sources[0].layout->node);
    explain(&letter, "weir.calling", &failure, context->node, &task->arena);
    apply(task, NULL, context->node, &failure, &letter, task->sources[0].layout->dead_letters, &task->arena,
          &task->execution.error);
}
