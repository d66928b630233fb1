/* registry.c: see registry.h. Schemas that were found are a list per bucket that only grows at its head, which readers follow without
 * a lock; questions that are open, and numbers that the registry does not have, are in one small table under one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "registry/rest.h"
#include "schemas/codec.h"
#include "schemas/known.h"

enum {
    BUCKETS = 256,
    QUESTIONS_MAX = 1024, /* beyond it, what the registry does not have is forgotten early */
    PAUSE_FIRST_US = 100 * 1000,
    PAUSE_LAST_US = 5 * 1000 * 1000,
    REGISTER_TRIES = 3,
    ERROR_SUBJECT = 40401,
    ERROR_SCHEMA = 40403,
};

struct found {
    struct found *next;
    int32_t id;
    const struct schema *schema;
};

enum question_state { QUESTION_OPEN, QUESTION_ANSWERED_NO };

struct question {
    int32_t id;
    enum question_state state;
    int64_t until_us; /* of a no: forgotten then */
    char message[200];
};

struct registry {
    struct rest rest;
    int64_t unknown_us;
    bool registers; /* auto.register.schemas */
    _Atomic(struct found *) found[BUCKETS];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows, and the writing of found */
    pthread_cond_t changed;
    weir_arena arena; /* of found */
    struct question questions[QUESTIONS_MAX];
    size_t count, next; /* the one whose turn it is */
    bool stopping;
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

/* ---- what was found ---- */

static _Atomic(struct found *) *bucket_of(struct registry *registry, int32_t id)
{
    return &registry->found[(uint32_t)id % BUCKETS];
}

static const struct schema *look_up(struct registry *registry, int32_t id)
{
    const struct found *at = atomic_load_explicit(bucket_of(registry, id), memory_order_acquire);
    while (at && at->id != id)
        at = at->next;
    return at ? at->schema : NULL;
}

static void keep(struct registry *registry, int32_t id, const struct schema *schema)
{
    struct found *item = arena_alloc(&registry->arena, sizeof *item);
    *item = (struct found){atomic_load(bucket_of(registry, id)), id, schema};
    atomic_store_explicit(bucket_of(registry, id), item, memory_order_release);
}

/* ---- questions, under the lock ---- */

static struct question *question_of(struct registry *registry, int32_t id)
{
    for (size_t i = 0; i < registry->count; i++)
        if (registry->questions[i].id == id)
            return &registry->questions[i];
    return NULL;
}

static void forget(struct registry *registry, struct question *question)
{
    *question = registry->questions[--registry->count];
}

/* The no that ends first makes room; NULL: all are open, and one more has to come again later. */
static struct question *room(struct registry *registry)
{
    struct question *first = NULL;
    if (registry->count < QUESTIONS_MAX)
        return &registry->questions[registry->count++];
    for (size_t i = 0; i < registry->count; i++) {
        struct question *at = &registry->questions[i];
        if (at->state == QUESTION_ANSWERED_NO && (!first || at->until_us < first->until_us))
            first = at;
    }
    return first;
}

static void ask(struct registry *registry, int32_t id)
{
    struct question *question = room(registry);
    if (!question)
        return;
    *question = (struct question){.id = id, .state = QUESTION_OPEN};
    pthread_cond_signal(&registry->changed);
}

static const struct schema *ask_later(struct registry *registry, int32_t id, struct weir_error *error)
{
    struct question *question = question_of(registry, id);
    if (question && question->state == QUESTION_ANSWERED_NO && now_us() < question->until_us) {
        error_set(error, WEIR_POISON, "schema %d: %s", (int)id, question->message);
        return NULL;
    }
    const struct schema *schema = look_up(registry, id); /* it may have come before the lock */
    if (schema)
        return schema;
    if (question && question->state == QUESTION_ANSWERED_NO)
        forget(registry, question);
    if (!question || question->state == QUESTION_ANSWERED_NO)
        ask(registry, id);
    error_set(error, WEIR_RETRY, "schema %d: the registry has not answered yet", (int)id);
    return NULL;
}

const struct schema *registry_find(struct registry *registry, int32_t id, struct weir_error *error)
{
    const struct schema *schema = look_up(registry, id);
    if (schema)
        return schema;
    pthread_mutex_lock(&registry->lock);
    schema = ask_later(registry, id, error);
    pthread_mutex_unlock(&registry->lock);
    return schema;
}

/* ---- answers ---- */

struct schema_answer {
    weir_bytes schema, type, references;
    int32_t id, error_code;
    bool has_schema, has_type, has_references, has_id, has_error_code;
};

/* clang-format off */
#define MEMBER(name_, member_, type_) \
    {.name = (name_), .type = (type_), .offset = offsetof(struct schema_answer, member_), \
     .presence = offsetof(struct schema_answer, has_##member_)}
static const struct weir_field answer_fields[] = {
    MEMBER("schema", schema, &weir_str_type),
    MEMBER("schemaType", type, &weir_str_type),
    MEMBER("references", references, &weir_json_type),
    MEMBER("id", id, &weir_i32_type),
    MEMBER("error_code", error_code, &weir_i32_type),
};
/* clang-format on */
static const struct weir_type answer_type = {
    .name = "answer",
    .kind = WEIR_KIND_RECORD,
    .size = sizeof(struct schema_answer),
    .fields = answer_fields,
    .field_count = sizeof answer_fields / sizeof *answer_fields,
};

static bool is_text(weir_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static const struct schema_answer *parse(const struct rest_answer *answer, weir_arena *arena)
{
    return answer->body.size ? json_read(&answer_type, buffer_bytes(&answer->body), arena, NULL) : NULL;
}

/* A 404 that says nothing more is that of a wrong address, and no answer to the question. */
static bool is_absent(const struct rest_answer *answer, const struct schema_answer *read)
{
    return answer->status == 404 && read && read->has_error_code && read->error_code >= ERROR_SUBJECT &&
           read->error_code <= ERROR_SCHEMA;
}

/* NULL: WEIR_POISON, it is no schema for us; WEIR_RETRY: this was no answer. */
static const struct schema *schema_in(const struct rest_answer *answer, weir_arena *arena, struct weir_error *error)
{
    const struct schema_answer *read = parse(answer, arena);
    struct weir_error cause = {0};
    const struct schema *schema = NULL;
    if (is_absent(answer, read))
        error_set(error, WEIR_POISON, "it is not in the registry");
    else if (answer->status != 200 || !read || !read->has_schema)
        error_set(error, WEIR_RETRY, "%s", rest_message(answer, arena));
    else if (read->has_type && !is_text(read->type, "AVRO"))
        error_set(error, WEIR_POISON, "it is '%.*s', not Avro", (int)read->type.size, (const char *)read->type.data);
    else if (read->has_references && !is_text(read->references, "[]"))
        error_set(error, WEIR_POISON, "it refers to other subjects, which is not supported");
    else if (!(schema = known_read(read->schema, &cause)))
        error_set(error, WEIR_POISON, "%s", cause.message);
    return schema;
}

static const struct schema *fetch(struct registry *registry, int32_t id, struct weir_error *error)
{
    char target[64];
    struct rest_answer answer;
    weir_arena arena;
    snprintf(target, sizeof target, "/schemas/ids/%d", (int)id);
    if (!rest_ask(&registry->rest, target, (weir_bytes){0}, &answer, error))
        return NULL;
    arena_init(&arena);
    const struct schema *schema = schema_in(&answer, &arena, error);
    arena_done(&arena);
    rest_answer_done(&answer);
    return schema;
}

/* ---- the thread ---- */

/* The lock is held. A question that is answered moves; one that is not stays open. */
static void settle(struct registry *registry, int32_t id, const struct schema *schema, const struct weir_error *error)
{
    struct question *question = question_of(registry, id);
    assert(question); /* an open one is never forgotten */
    if (schema) {
        keep(registry, id, schema);
        forget(registry, question);
    } else if (error->code == WEIR_POISON) {
        question->state = QUESTION_ANSWERED_NO;
        question->until_us = now_us() + registry->unknown_us;
        snprintf(question->message, sizeof question->message, "%.*s", (int)sizeof question->message - 1,
                 error->message);
    }
}

/* In turns, so that one that is never answered does not keep the others waiting. */
static const struct question *open_question(struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        size_t index = (registry->next + i) % registry->count;
        if (registry->questions[index].state == QUESTION_OPEN) {
            registry->next = index + 1;
            return &registry->questions[index];
        }
    }
    return NULL;
}

static void pause_until(struct registry *registry, int64_t until_us)
{
    while (!registry->stopping && now_us() < until_us)
        clock_condition_wait(&registry->changed, &registry->lock, until_us);
}

/* Told at the beginning of an outage and at its end. */
static int64_t next_pause(int64_t pause_us, const struct weir_error *error)
{
    if (error->code != WEIR_RETRY) {
        if (pause_us > 0)
            log_info("registry", "the schema registry answers again");
        return 0;
    }
    if (pause_us == 0)
        log_warning("registry", "%s; asking again until it answers", error->message);
    int64_t next = pause_us == 0 ? PAUSE_FIRST_US : pause_us * 2;
    return next < PAUSE_LAST_US ? next : PAUSE_LAST_US;
}

static void *run(void *self)
{
    struct registry *registry = self;
    int64_t pause_us = 0;
    pthread_mutex_lock(&registry->lock);
    while (!registry->stopping) {
        const struct question *question = open_question(registry);
        if (!question) {
            pthread_cond_wait(&registry->changed, &registry->lock);
            continue;
        }
        int32_t id = question->id;
        struct weir_error error = {0};
        pthread_mutex_unlock(&registry->lock);
        const struct schema *schema = fetch(registry, id, &error);
        pthread_mutex_lock(&registry->lock);
        settle(registry, id, schema, &error);
        pause_us = next_pause(pause_us, &error);
        pause_until(registry, now_us() + pause_us);
    }
    pthread_mutex_unlock(&registry->lock);
    return NULL;
}

/* ---- life ---- */

static void free_registry(struct registry *registry)
{
    rest_done(&registry->rest);
    arena_done(&registry->arena);
    pthread_cond_destroy(&registry->changed);
    pthread_mutex_destroy(&registry->lock);
    memory_free(registry);
}

struct registry *registry_open(const struct config *config, struct weir_error *error)
{
    if (!*config_text(config, "schema.registry.url"))
        return NULL;
    struct registry *registry = memory_new(sizeof *registry);
    registry->unknown_us = config_integer(config, "schema.registry.unknown.ms") * 1000;
    arena_init(&registry->arena);
    pthread_mutex_init(&registry->lock, NULL);
    clock_condition_init(&registry->changed);
    registry->registers = config_flag(config, "auto.register.schemas");
    bool ok = rest_init(&registry->rest, config, error);
    int failure = ok ? pthread_create(&registry->thread, NULL, run, registry) : 0;
    if (failure)
        ok = error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    if (ok)
        return registry;
    free_registry(registry);
    return NULL;
}

void registry_close(struct registry *registry)
{
    if (!registry)
        return;
    pthread_mutex_lock(&registry->lock);
    registry->stopping = true;
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
    pthread_join(registry->thread, NULL);
    free_registry(registry);
}

/* ---- registering ---- */

/* RFC 3986, section 2.1: everything but unreserved characters is encoded. */
static void write_encoded(const char *text, struct buffer *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
        if (is_plain)
            buffer_byte(out, c);
        else
            buffer_format(out, "%%%02X", c);
    }
}

static bool id_in(const struct registry *registry, const struct rest_answer *answer, const char *subject, int32_t *id,
                  weir_arena *arena, struct weir_error *error)
{
    const struct schema_answer *read = parse(answer, arena);
    if (answer->status == 200 && read && read->has_id) {
        *id = read->id;
        return true;
    }
    if (!registry->registers && is_absent(answer, read))
        return error_set(error, WEIR_INVALID,
                         "subject %s: our schema is not registered, and auto.register.schemas is false", subject);
    bool is_refused = answer->status == 409 || answer->status == 422;
    return error_set(error, is_refused ? WEIR_INVALID : WEIR_RETRY, "subject %s: %s", subject,
                     rest_message(answer, arena));
}

/* One question; ends with a 0 byte. */
static void write_target(const struct registry *registry, const char *subject, struct buffer *out)
{
    buffer_text(out, "/subjects/");
    write_encoded(subject, out);
    buffer_text(out, registry->registers ? "/versions" : "");
    buffer_byte(out, 0);
}

static bool try_to_register(struct registry *registry, const char *subject, const char *target, weir_bytes body,
                            int32_t *id, struct weir_error *error)
{
    struct rest_answer answer;
    weir_arena arena;
    if (!rest_ask(&registry->rest, target, body, &answer, error))
        return false;
    arena_init(&arena);
    bool ok = id_in(registry, &answer, subject, id, &arena, error);
    arena_done(&arena);
    rest_answer_done(&answer);
    return ok;
}

bool registry_register(struct registry *registry, const char *subject, weir_bytes schema, int32_t *id,
                       struct weir_error *error)
{
    struct buffer target = {0}, body = {0};
    struct weir_error cause = {0};
    bool ok = false;
    write_target(registry, subject, &target);
    buffer_text(&body, "{\"schema\":");
    json_write_string(schema, &body);
    buffer_byte(&body, '}');
    for (int tries = 1; !ok && tries <= REGISTER_TRIES; tries++) {
        cause = (struct weir_error){0};
        ok = try_to_register(registry, subject, target.data, buffer_bytes(&body), id, &cause);
        if (ok || cause.code != WEIR_RETRY)
            break;
        clock_pause_ms(PAUSE_FIRST_US / 1000);
    }
    buffer_done(&target);
    buffer_done(&body);
    return ok || error_set(error, cause.code, "%s", cause.message);
}
