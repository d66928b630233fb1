/* records.c: appending records to a topic; answered when they are durable.
 *
 * Keys and values are read by the types the topology has for the topic, so that what it could not read is refused here,
 * with the record and the field. Scalars are written as Kafka's serializers write them, all else as its JSON text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/produce.h"
#include "http/server.h"
#include "http/time.h"

/* ---- the body's type -------------------------------------------------------------------------------------------- */

struct body_header {
    weir_bytes key, value;
};
struct body_record {
    weir_bytes key, value, timestamp;
    weir_array headers;
    bool has_key, has_timestamp, has_headers;
};
struct body {
    weir_array records;
};

static const struct weir_type json_type = {.name = "json", .kind = WEIR_KIND_JSON, .size = sizeof(weir_bytes)};
static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type headers_type = {
    .name = "map", .kind = WEIR_KIND_MAP, .size = sizeof(weir_array), .item = &string_type};
static const struct weir_field record_fields[] = {
    {"key", &json_type, offsetof(struct body_record, key), offsetof(struct body_record, has_key), NULL, NULL},
    {"value", &json_type, offsetof(struct body_record, value), WEIR_NO_PRESENCE, NULL, NULL},
    {"timestamp", &json_type, offsetof(struct body_record, timestamp), offsetof(struct body_record, has_timestamp),
     NULL, NULL},
    {"headers", &headers_type, offsetof(struct body_record, headers), offsetof(struct body_record, has_headers), NULL,
     NULL},
};
static const struct weir_type record_type = {.name = "record",
                                             .kind = WEIR_KIND_RECORD,
                                             .size = sizeof(struct body_record),
                                             .fields = record_fields,
                                             .field_count = sizeof record_fields / sizeof record_fields[0],
                                             .closed = true};
static const struct weir_type records_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &record_type};
static const struct weir_field body_fields[] = {
    {"records", &records_type, offsetof(struct body, records), WEIR_NO_PRESENCE, NULL, NULL}};
static const struct weir_type body_type = {.name = "body",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct body),
                                           .fields = body_fields,
                                           .field_count = 1,
                                           .closed = true};

/* ---- one record ------------------------------------------------------------------------------------------------- */

struct ingest {
    struct request *request;
    weir_app *app;
    struct weir_topic_info topic;
    const struct body_record *records;
    size_t count, at;           /* at: the record being read */
    struct weir_headers passed; /* that every record gets */
};

static bool refuse(struct ingest *ingest, const char *field, const char *why)
{
    char *name = arena_format(&ingest->request->arena, "records[%zu].%s", ingest->at, field);
    problem_at(ingest->request, PROBLEM_BAD_BODY, name, why);
    return false;
}

/* The codec's message names the field first ("total: expected a number"); it becomes part of the path. */
static bool refuse_inner(struct ingest *ingest, const char *field, const char *message)
{
    size_t size = problem_path_size(message);
    if (size == 0)
        return refuse(ingest, field, message);
    return refuse(ingest, arena_format(&ingest->request->arena, "%s.%.*s", field, (int)size, message),
                  message + size + 2);
}

static bool is_null(weir_bytes json)
{
    return !json.data || bytes_equal(json, bytes_of_text("null"));
}

static weir_bytes big_endian(weir_arena *arena, uint64_t bits, size_t size)
{
    char *out = arena_alloc_raw(arena, 8);
    bytes_put_u64(out, bits << (64 - 8 * size));
    return (weir_bytes){out, size};
}

/* A scalar on the wire; anything else is written as the JSON text it came as. */
static weir_bytes wire_form(weir_arena *arena, const struct weir_type *type, const void *value, weir_bytes json)
{
    uint64_t bits;
    switch (type->kind) {
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
        return *(const weir_bytes *)value;
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return big_endian(arena, (uint64_t) * (const int64_t *)value, 8);
    case WEIR_KIND_I32:
        return big_endian(arena, (uint32_t) * (const int32_t *)value, 4);
    case WEIR_KIND_DOUBLE:
        memcpy(&bits, value, sizeof bits);
        return big_endian(arena, bits, 8);
    default:
        return json;
    }
}

static bool read_part(struct ingest *ingest, const char *field, const struct weir_type *type, weir_bytes json,
                      weir_bytes *out)
{
    weir_arena *arena = &ingest->request->arena;
    struct weir_error error = {0};
    if (is_null(json))
        return true;
    bool is_text = ((const char *)json.data)[0] == '"';
    const struct weir_type *known = type ? type : is_text && field[0] == 'k' ? &weir_str_type : NULL;
    *out = json;
    if (!known)
        return true;
    const void *value = weir_from_json(arena, known, json, &error);
    if (!value)
        return refuse_inner(ingest, field, error.message);
    *out = wire_form(arena, known, value, json);
    return true;
}

static bool read_timestamp(struct ingest *ingest, weir_bytes json, int64_t *ms)
{
    const char *at = json.data;
    *ms = -1;
    if (is_null(json))
        return true;
    if (json.size > 2 && at[0] == '"')
        json = (weir_bytes){at + 1, json.size - 2};
    if (!time_of_text(json, ms) || *ms < 0)
        return refuse(ingest, "timestamp", "expected an RFC 3339 time or milliseconds since 1970");
    return true;
}

static struct weir_headers read_headers(struct ingest *ingest, const struct body_record *record)
{
    weir_arena *arena = &ingest->request->arena;
    const struct body_header *own = record->headers.items;
    size_t own_count = record->has_headers ? record->headers.count : 0, count = own_count + ingest->passed.count;
    struct weir_header *items = arena_alloc(arena, (count ? count : 1) * sizeof *items);
    for (size_t i = 0; i < own_count; i++)
        items[i] = (struct weir_header){arena_bytes(arena, own[i].key).data, own[i].value};
    if (ingest->passed.count)
        memcpy(items + own_count, ingest->passed.items, ingest->passed.count * sizeof *items);
    return (struct weir_headers){items, count};
}

static bool read_record(struct ingest *ingest, struct weir_raw_record *out)
{
    const struct body_record *in = &ingest->records[ingest->at];
    weir_bytes nothing = {0};
    *out = (struct weir_raw_record){.timestamp_ms = -1};
    if (!read_part(ingest, "key", ingest->topic.key, in->has_key ? in->key : nothing, &out->key) ||
        !read_part(ingest, "value", ingest->topic.value, in->value, &out->value) ||
        !read_timestamp(ingest, in->has_timestamp ? in->timestamp : nothing, &out->timestamp_ms))
        return false;
    if (ingest->topic.requires_key && !out->key.data)
        return refuse(ingest, "key", "required here, but it is absent or null");
    out->headers = read_headers(ingest, in);
    return true;
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

static bool find_topic(struct ingest *ingest)
{
    struct request *request = ingest->request;
    weir_bytes name = request->path_values[0];
    if (!server_find_topic(request->server, name, &ingest->app, &ingest->topic)) {
        problem_answer(request, PROBLEM_TOPIC_NOT_FOUND, "No topology here reads or writes the topic \"%.*s\".",
                       (int)(name.size < 200 ? name.size : 200), (const char *)name.data);
        return false;
    }
    if (ingest->topic.is_internal)
        problem_answer(request, PROBLEM_TOPIC_INTERNAL, "The topic \"%s\" is written by its topology only.",
                       ingest->topic.name);
    return !ingest->topic.is_internal;
}

static bool read_body(struct ingest *ingest)
{
    struct request *request = ingest->request;
    struct weir_error error = {0};
    const struct body *body = weir_from_json(&request->arena, &body_type, buffer_bytes(&request->body), &error);
    if (!body) {
        problem_bad_body(request, error.message);
        return false;
    }
    ingest->records = body->records.items;
    ingest->count = body->records.count;
    if (ingest->count > 0 && ingest->count <= LIMIT_BATCH_RECORDS)
        return true;
    problem_field(request, "records", ingest->count ? "has too many items" : "is empty");
    problem_answer(request, PROBLEM_BAD_BODY, "Send 1 to %d records.", LIMIT_BATCH_RECORDS);
    return false;
}

static bool answer(const struct production *production)
{
    struct response *response = &production->request->response;
    struct buffer *out = &response->body;
    buffer_text(out, "{\"data\":[");
    for (size_t i = 0; i < production->count; i++)
        buffer_format(out, "%s{\"partition\":%d,\"offset\":%lld}", i ? "," : "", production->produced[i].partition,
                      (long long)production->produced[i].offset);
    buffer_text(out, "],\"position\":");
    production_write_position(production, out);
    buffer_text(out, "}\n");
    response->status = 202;
    response->media = "application/json";
    return true;
}

void handle_records(struct request *request)
{
    struct ingest ingest = {.request = request};
    if (!find_topic(&ingest) || !read_body(&ingest))
        return;
    ingest.passed = production_headers(request);
    struct production *production = production_new(request, ingest.app, ingest.topic.name, ingest.count);
    for (; ingest.at < ingest.count; ingest.at++) {
        if (!read_record(&ingest, &production->records[ingest.at]))
            return;
    }
    production->answer = answer;
    production_start(production);
}
