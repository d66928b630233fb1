/* endpoint.c: see endpoint.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/limits.h"
#include "http/schema.h"

static const enum query_id none[] = {QUERY_NONE};
static const enum query_id search[] = {QUERY_FROM_TIME, QUERY_TO_TIME,      QUERY_ORDER,   QUERY_PAGE,
                                       QUERY_LIMIT,     QUERY_MIN_POSITION, QUERY_WAIT_MS, QUERY_CONSISTENCY,
                                       QUERY_PARTIAL,   QUERY_OTHERS,       QUERY_NONE};

/* ---- from a declaration to a row -------------------------------------------------------------------------------- */

static const char *const kind_names[] = {[WEIR_ENDPOINT_INGEST] = "ingest", [WEIR_ENDPOINT_SEARCH] = "search"};

static const struct weir_field *find_field(const struct weir_type *record, const char *name)
{
    for (size_t i = 0; name && i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

/* The topic's record without what is given here; what it does not know is refused. */
static void make_body(struct endpoint *endpoint, weir_arena *arena)
{
    const struct weir_type *value = endpoint->declared->value;
    struct weir_field *fields = arena_alloc(arena, value->field_count * sizeof *fields);
    endpoint->body = *value;
    endpoint->body.fields = fields;
    endpoint->body.field_count = 0;
    endpoint->body.closed = true;
    for (size_t i = 0; i < value->field_count; i++) {
        const struct weir_field *field = &value->fields[i];
        if (field != endpoint->id && field != endpoint->ingested_at)
            fields[endpoint->body.field_count++] = *field;
    }
    endpoint->bodies = (struct weir_type){
        .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &endpoint->body};
}

/* The topology would make a dead letter of what lies further ahead. */
static int64_t read_future(weir_app *app)
{
    const char *text = app ? weir_app_setting(app, "max.future.ms") : NULL;
    return text ? strtoll(text, NULL, 10) : -1;
}

void endpoint_init(struct endpoint *endpoint, weir_arena *arena, weir_app *app, const struct weir_endpoint *declared)
{
    const struct weir_ingest_args *ingest = &declared->ingest;
    char *schema = arena_format(arena, "%s.%s", kind_names[declared->kind], declared->path + 1);
    for (char *at = strchr(schema, '/'); at; at = strchr(at, '/'))
        *at = '.';
    *endpoint = (struct endpoint){.app = app, .declared = declared, .schema = schema};
    if (ingest->answers)
        endpoint->answer = arena_format(arena, "%s.answer", schema);
    if (declared->kind != WEIR_ENDPOINT_INGEST)
        return;
    endpoint->id = find_field(declared->value, ingest->id);
    endpoint->ingested_at = find_field(declared->value, ingest->ingested_at);
    endpoint->key = find_field(declared->value, ingest->key);
    endpoint->time = find_field(declared->value, ingest->time);
    endpoint->future_ms = read_future(app);
    make_body(endpoint, arena);
}

static struct route row_of_search(const struct endpoint *endpoint)
{
    const char *about = endpoint->declared->search.about;
    return (struct route){
        .method = ROUTE_GET,
        .path = endpoint->declared->path,
        .place = ROUTE_ON_WORKER,
        .handle = handle_search,
        .parameters = search,
        .about = about ? about : "Searches by fields and time.",
        .media = "application/json, application/x-ndjson",
        .schema = endpoint->schema,
        .right = RIGHT_READ,
    };
}

static struct route row_of_ingest(const struct endpoint *endpoint)
{
    const char *about = endpoint->declared->ingest.about;
    return (struct route){
        .method = ROUTE_POST,
        .path = endpoint->declared->path,
        .place = ROUTE_ON_WORKER,
        .handle = handle_ingest,
        .parameters = none,
        .about = about ? about : "Takes one, or an array of them; answers when they are durable.",
        .media = "application/json",
        .schema = "Accepted",
        .body = endpoint->schema,
        .right = RIGHT_PRODUCE,
    };
}

static struct route row_of_question(const struct endpoint *endpoint)
{
    struct route row = row_of_ingest(endpoint);
    const char *about = endpoint->declared->ingest.about;
    row.handle = handle_ask;
    row.about = about ? about : "Takes a question; answers when the topology has.";
    row.schema = endpoint->answer;
    return row;
}

static struct route row_of(const struct endpoint *endpoint)
{
    if (endpoint->answer)
        return row_of_question(endpoint);
    return endpoint->declared->kind == WEIR_ENDPOINT_SEARCH ? row_of_search(endpoint) : row_of_ingest(endpoint);
}

/* Behind the last row with that path, or behind all. */
static bool add_row(struct endpoints *endpoints, const struct endpoint *endpoint, struct route row,
                    struct weir_error *error)
{
    size_t at = endpoints->row_count;
    for (size_t i = 0; i < endpoints->row_count; i++) {
        if (strcmp(endpoints->rows[i].path, row.path) != 0)
            continue;
        if (endpoints->rows[i].method == row.method)
            return error_set(error, WEIR_INVALID, "http: %s is the path of another endpoint already", row.path);
        at = i + 1;
    }
    if (endpoints->row_count == ROUTES_MAX)
        return error_set(error, WEIR_INVALID, "http: there are more endpoints than %d", ROUTES_MAX);
    size_t behind = endpoints->row_count - at;
    memmove(&endpoints->rows[at + 1], &endpoints->rows[at], behind * sizeof row);
    memmove(&endpoints->of_row[at + 1], &endpoints->of_row[at], behind * sizeof(void *));
    endpoints->rows[at] = row;
    endpoints->of_row[at] = endpoint;
    endpoints->row_count++;
    return true;
}

bool endpoints_open(struct endpoints *endpoints, weir_app *const *apps, size_t count, struct weir_error *error)
{
    const struct weir_endpoint *declared;
    size_t most = 0;
    arena_init(&endpoints->arena);
    for (size_t i = 0; i < count; i++)
        most += weir_app_endpoints(apps[i], &declared);
    endpoints->items = arena_alloc(&endpoints->arena, (most + 1) * sizeof *endpoints->items);
    endpoints->rows = arena_alloc(&endpoints->arena, (ROUTES_MAX + ADMIN_ROUTES_MAX) * sizeof *endpoints->rows);
    endpoints->of_row = arena_alloc(&endpoints->arena, (ROUTES_MAX + ADMIN_ROUTES_MAX) * sizeof(void *));
    memcpy(endpoints->rows, routes, route_count * sizeof *routes);
    endpoints->row_count = route_count;
    for (size_t i = 0; i < count; i++) {
        size_t own = weir_app_endpoints(apps[i], &declared);
        for (size_t k = 0; k < own; k++) {
            struct endpoint *endpoint = &endpoints->items[endpoints->count++];
            endpoint_init(endpoint, &endpoints->arena, apps[i], &declared[k]);
            if (!add_row(endpoints, endpoint, row_of(endpoint), error))
                return false;
        }
    }
    return true;
}

void endpoints_close(struct endpoints *endpoints)
{
    arena_done(&endpoints->arena);
}

const struct endpoint *endpoint_of(const struct endpoints *endpoints, const struct route *route)
{
    return endpoints->of_row[route - endpoints->rows];
}

/* ---- in the OpenAPI document ------------------------------------------------------------------------------------ */

/* Up to the end of 9999, the last that RFC 3339 can write. */
#define TIME_BOUNDS_SCHEMA "{\"pattern\":\"^(19[7-9]|[2-9])\",\"minimum\":0,\"maximum\":253402300799999}"

/* Bounds are of numbers: of a time, when it is given in milliseconds. */
static void write_rule(struct buffer *out, const struct weir_rule *rule)
{
    const char *comma = "";
    buffer_text(out, "\"");
    buffer_text(out, rule->field);
    buffer_text(out, "\":{");
    if (rule->chars_min) {
        buffer_format(out, "\"minLength\":%d", rule->chars_min);
        comma = ",";
    }
    if (rule->chars_max) {
        buffer_format(out, "%s\"maxLength\":%d", comma, rule->chars_max);
        comma = ",";
    }
    if (rule->is_bounded)
        buffer_format(out, "%s\"minimum\":%lld,\"maximum\":%lld", comma, (long long)rule->least, (long long)rule->most);
    buffer_byte(out, '}');
}

static void write_one(const struct endpoint *endpoint, struct buffer *out)
{
    const struct weir_rule *rules = endpoint->declared->ingest.rules;
    buffer_format(out, ",\"%s.one\":{\"allOf\":[", endpoint->schema);
    schema_write(out, &endpoint->body, SCHEMA_SENT);
    buffer_text(out, ",{\"properties\":{");
    for (size_t i = 0; i < WEIR_RULES_MAX && rules[i].field; i++) {
        buffer_text(out, i ? "," : "");
        write_rule(out, &rules[i]);
    }
    buffer_text(out, "}}");
    if (endpoint->time) {
        buffer_text(out, ",{\"properties\":{");
        json_text(out, endpoint->time->name);
        buffer_text(out, ":" TIME_BOUNDS_SCHEMA "}}");
    }
    buffer_text(out, "]}");
}

static void write_question(const struct endpoint *endpoint, struct buffer *out)
{
    write_one(endpoint, out);
    buffer_format(out,
                  ",\"%s\":{\"$ref\":\"#/components/schemas/%s.one\"},\"%s\":{\"type\":\"object\","
                  "\"required\":[\"key\",\"value\"],\"properties\":{\"key\":{\"type\":\"string\"},\"value\":",
                  endpoint->schema, endpoint->schema, endpoint->answer);
    schema_write(out, endpoint->declared->answer, 0);
    buffer_text(out, ",\"metadata\":{\"type\":\"object\"}}}");
}

static void write_ingest(const struct endpoint *endpoint, struct buffer *out)
{
    write_one(endpoint, out);
    buffer_format(out,
                  ",\"%s\":{\"oneOf\":[{\"$ref\":\"#/components/schemas/%s.one\"},{\"type\":\"array\","
                  "\"minItems\":1,\"maxItems\":%d,\"items\":{\"$ref\":\"#/components/schemas/%s.one\"}}]}",
                  endpoint->schema, endpoint->schema, LIMIT_BATCH_RECORDS, endpoint->schema);
}

static void write_search(const struct endpoint *endpoint, struct buffer *out)
{
    buffer_format(
        out, ",\"%s\":{\"type\":\"object\",\"properties\":{\"data\":{\"type\":\"array\",\"items\":", endpoint->schema);
    schema_write(out, endpoint->declared->value, SCHEMA_ANSWERED);
    buffer_text(out, "},\"page\":{\"type\":\"object\",\"properties\":{\"next\":{\"type\":[\"string\",\"null\"]},"
                     "\"size\":{\"type\":\"integer\"}}},\"metadata\":{\"type\":\"object\"}}}");
}

/* Each field once, however many indexes have it. */
static bool is_first(const struct weir_search_args *args, size_t index, size_t field)
{
    for (size_t i = 0; i < index; i++)
        for (size_t k = 0; args->indexes[i].by[k]; k++)
            if (strcmp(args->indexes[i].by[k], args->indexes[index].by[field]) == 0)
                return false;
    return true;
}

void endpoint_write_parameters(const struct endpoint *endpoint, struct buffer *out)
{
    const struct weir_search_args *args = &endpoint->declared->search;
    for (size_t i = 0; i < WEIR_INDEXES_MAX && args->indexes[i].view; i++) {
        for (size_t k = 0; args->indexes[i].by[k]; k++) {
            if (!is_first(args, i, k))
                continue;
            buffer_text(out, ",{\"name\":");
            json_text(out, args->indexes[i].by[k]);
            buffer_text(out, ",\"in\":\"query\",\"schema\":{\"allOf\":[" URI_TEXT_SCHEMA ",{\"minLength\":1}]}}");
        }
    }
}

void endpoints_write_schemas(const struct endpoints *endpoints, struct buffer *out)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (endpoints->items[i].answer)
            write_question(&endpoints->items[i], out);
        else if (endpoints->items[i].declared->kind == WEIR_ENDPOINT_INGEST)
            write_ingest(&endpoints->items[i], out);
        else
            write_search(&endpoints->items[i], out);
    }
}
