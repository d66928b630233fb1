/* openapi.c: the OpenAPI 3.1 document, from the route table, the parameter table and the types of views and topics.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "http/endpoint.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/schema.h"
#include "http/seen.h"
#include "http/server.h"

#define TEXT_SCHEMA "{\"type\":\"string\"}"
#define PATH_TEXT_SCHEMA "{\"type\":\"string\",\"pattern\":\"^[^\\\\x00-\\\\x1f\\\\x7f]+$\"}"
#define TIME_SCHEMA "{\"type\":\"string\",\"format\":\"date-time\"}"
#define WINDOW_SCHEMA "{\"type\":\"object\",\"properties\":{\"start\":" TIME_SCHEMA ",\"end\":" TIME_SCHEMA "}}"
#define VALID_SCHEMA                                                                                                   \
    "{\"type\":\"object\",\"properties\":{\"from\":" TIME_SCHEMA ",\"to\":{\"type\":[\"string\",\"null\"]}}}"
#define ROW_MEMBERS                                                                                                    \
    "\"key\":{},\"value\":{},\"timestamp\":" TIME_SCHEMA ",\"window\":" WINDOW_SCHEMA ",\"valid\":" VALID_SCHEMA
#define META "\"metadata\":{\"type\":\"object\"}"
#define PAGE                                                                                                           \
    "\"page\":{\"type\":\"object\",\"properties\":{\"next\":{\"type\":[\"string\",\"null\"]},"                         \
    "\"size\":{\"type\":\"integer\"}}}"
#define REF_ROWS "\"data\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Row\"}}"

#define RESUME_PARAMETER                                                                                               \
    "{\"name\":\"Last-Event-ID\",\"in\":\"header\",\"description\":\"The id of the last event that was read.\","       \
    "\"schema\":" TEXT_SCHEMA "}"

#define RANGE_PARAMETER                                                                                                \
    "{\"name\":\"Range\",\"in\":\"header\",\"required\":true,\"description\":\"At most 4 MiB.\",\"schema\":{\"type\":" \
    "\"string\",\"pattern\":\"^bytes=[0-9]{1,18}-[0-9]{1,18}$\"}}"

#define IDEMPOTENCY_PARAMETER                                                                                          \
    "{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"description\":\"The id of the question: asked again, it is "    \
    "answered as before.\",\"schema\":{\"type\":\"string\",\"pattern\":\"^(\\\"[!#-~]{1,100}\\\"|[!#-~]{1,100})$\"}}"

#define SECURITY_SCHEMES                                                                                               \
    ",\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A key of `weir key "  \
    "create`, or a JWT.\"},\"certificate\":{\"type\":\"mutualTLS\"}}"

/* Of GET /v1/memory. */
static const char memory_schema[] =
    "\"Memory\":{\"type\":\"object\",\"required\":[\"data\",\"process\"],\"properties\":{\"data\":{\"type\":\"array\","
    "\"items\":{"
    "\"type\":\"object\",\"properties\":{\"app\":" TEXT_SCHEMA
    ",\"bytes_max\":{\"type\":\"integer\"},\"bytes\":{\"type\":\"integer\"},\"parts\":{\"type\":\"array\",\"items\":{"
    "\"type\":"
    "\"object\",\"required\":[\"name\",\"bytes_max\",\"bytes\"],\"properties\":{\"name\":" TEXT_SCHEMA
    ",\"bytes_max\":{\"type\":\"integer\"},\"bytes\":{\"type\":[\"integer\",\"null\"]}}}}}}},\"process\":{\"type\":"
    "\"object\","
    "\"properties\":{\"resident_bytes\":{\"type\":\"integer\"},\"peak_bytes\":{\"type\":\"integer\"},\"queries_bytes\":"
    "{"
    "\"type\":\"integer\"},\"queries_bytes_max\":{\"type\":\"integer\"},\"others_bytes\":{\"type\":\"integer\"}}}}},";

/* The shapes that do not depend on a topology. */
static const char fixed_schemas[] =
    "\"Row\":{\"type\":\"object\",\"required\":[\"key\",\"value\",\"timestamp\"],\"properties\":{" ROW_MEMBERS "," META
    "}},"
    "\"Rows\":{\"type\":\"object\",\"required\":[\"data\",\"page\",\"metadata\"],\"properties\":{" REF_ROWS "," PAGE
    "," META "}},"
    "\"Batch\":{\"type\":\"object\",\"required\":[\"data\",\"missing\"],\"properties\":{" REF_ROWS
    ",\"missing\":{\"type\":\"array\",\"items\":{}}," PAGE "," META "}},"
    "\"View\":{\"type\":\"object\",\"required\":[\"app\",\"name\",\"kind\",\"key\",\"value\"],\"properties\":{"
    "\"app\":" TEXT_SCHEMA ",\"name\":" TEXT_SCHEMA
    ",\"kind\":{\"enum\":[\"key_value\",\"window\",\"session\",\"global\",\"versioned\"]},\"key\":" TEXT_SCHEMA
    ",\"value\":" TEXT_SCHEMA "}},"
    "\"Views\":{\"type\":\"object\",\"required\":[\"data\"],\"properties\":{\"data\":{\"type\":\"array\",\"items\":{"
    "\"$ref\":\"#/components/schemas/View\"}}}},"
    "\"Listing\":{\"type\":\"object\",\"required\":[\"data\"],\"properties\":{\"data\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\"}}}},"
    "\"Letters\":{\"type\":\"object\",\"required\":[\"data\",\"parked_keys\"],\"properties\":{\"data\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"object\"}},\"parked_keys\":{\"type\":\"integer\"}}},"
    "\"Produced\":{\"type\":\"object\",\"required\":[\"data\",\"position\"],\"properties\":{\"data\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"object\",\"properties\":{\"partition\":{\"type\":\"integer\"},\"offset\":{\"type\":"
    "\"integer\"}"
    "}}},\"position\":" TEXT_SCHEMA "}},"
    "\"Accepted\":{\"type\":\"object\",\"required\":[\"position\"],\"properties\":{\"data\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\"}},\"position\":" TEXT_SCHEMA "}},"
    "\"Table\":{\"type\":\"object\",\"required\":[\"columns\",\"rows\",\"complete\",\"metadata\"],\"properties\":{"
    "\"columns\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"name\":" TEXT_SCHEMA
    ",\"type\":" TEXT_SCHEMA "}}},\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":"
    "[\"null\",\"number\",\"string\"]}}},\"complete\":{\"type\":\"boolean\"}," META "}},"
    "\"SqlBody\":{\"type\":\"object\",\"required\":[\"sql\"],\"properties\":{\"sql\":" TEXT_SCHEMA
    ",\"parameters\":{\"type\":[\"array\",\"object\"]}},\"additionalProperties\":false},"
    "\"Replayed\":{\"type\":\"object\",\"required\":[\"data\"],\"properties\":{\"data\":{\"type\":\"object\","
    "\"required\":[\"topic\",\"sent\",\"left\"],\"properties\":{\"topic\":" TEXT_SCHEMA
    ",\"sent\":{\"type\":\"integer\"},\"left\":{\"type\":\"integer\"}}}}},"
    "\"ReplayBody\":{\"type\":\"object\",\"required\":[\"topic\"],\"properties\":{\"topic\":" TEXT_SCHEMA
    ",\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9007199254740991}},\"additionalProperties\":false},"
    "\"Index\":{\"type\":\"object\"},\"Health\":{\"type\":\"object\"},\"Document\":{\"type\":\"object\"},"
    "\"Text\":" TEXT_SCHEMA ","
    "\"Problem\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"code\"],\"properties\":{\"type\":"
    "{\"type\":\"string\",\"format\":\"uri-reference\"},\"title\":" TEXT_SCHEMA ",\"status\":{\"type\":\"integer\"},"
    "\"detail\":" TEXT_SCHEMA ",\"instance\":" TEXT_SCHEMA ",\"code\":" TEXT_SCHEMA ",\"errors\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\",\"properties\":{\"field\":" TEXT_SCHEMA ",\"message\":" TEXT_SCHEMA "}}}}},"
    "\"CopyBody\":{},"
    "\"KeysBody\":{\"type\":\"object\",\"required\":[\"keys\"],\"properties\":{\"keys\":{\"type\":\"array\","
    "\"maxItems\":1000,\"items\":{}}},\"additionalProperties\":false},"
    "\"RecordsBody\":{\"type\":\"object\",\"required\":[\"records\"],\"properties\":{\"records\":{\"type\":\"array\","
    "\"minItems\":1,\"maxItems\":10000,\"items\":{\"type\":\"object\",\"required\":[\"value\"],\"properties\":{"
    "\"key\":{},\"value\":{},\"timestamp\":{\"type\":[\"string\",\"integer\"]},\"headers\":{\"type\":\"object\","
    "\"additionalProperties\":" TEXT_SCHEMA "}},\"additionalProperties\":false}}},\"additionalProperties\":false}";

/* Of single views, and of hot keys. */
static const char view_schemas[] =
    ",\"Count\":{\"type\":\"object\",\"required\":[\"rows\",\"exact\",\"metadata\"],\"properties\":{\"rows\":{\"type\":"
    "\"integer\","
    "\"minimum\":0},\"exact\":{\"type\":\"boolean\"}," META "}},"
    "\"Explained\":{\"type\":\"object\",\"required\":[\"key\",\"partition\",\"partitions\",\"partitioner\",\"owner\","
    "\"standbys\","
    "\"role\",\"position\",\"lag\",\"last_writer\",\"metadata\"],\"properties\":{\"key\":{},\"partition\":{\"type\":["
    "\"integer\","
    "\"null\"]},"
    "\"partitions\":{\"type\":\"integer\"},\"partitioner\":{\"enum\":[\"murmur2\",null]},\"owner\":{\"type\":["
    "\"string\",\"null\"]},"
    "\"standbys\":{\"type\":\"array\",\"items\":" TEXT_SCHEMA "},\"role\":{\"enum\":[\"active\",\"standby\",null]},"
    "\"position\":{\"type\":[\"object\",\"null\"]},\"lag\":{\"type\":[\"integer\",\"null\"]},"
    "\"last_writer\":{\"type\":[\"object\",\"null\"],\"required\":[\"topic\",\"partition\",\"offset\",\"timestamp\"],"
    "\"properties\":{\"topic\":" TEXT_SCHEMA ",\"partition\":{\"type\":\"integer\"},\"offset\":{\"type\":\"integer\"},"
    "\"timestamp\":" TIME_SCHEMA ",\"window\":" WINDOW_SCHEMA "}}," META "}},"
    "\"HotKeys\":{\"type\":\"object\",\"required\":[\"data\"],\"properties\":{\"data\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"required\":[\"app\",\"topic\",\"partition\",\"subtopology\",\"key\",\"share\",\"error\","
    "\"of_records\"],"
    "\"properties\":{\"app\":" TEXT_SCHEMA ",\"topic\":" TEXT_SCHEMA
    ",\"partition\":{\"type\":\"integer\"},\"subtopology\":{\"type\":\"integer\"},\"key\":{},"
    "\"share\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"error\":{\"type\":\"number\",\"minimum\":0,"
    "\"maximum\":1},"
    "\"of_records\":{\"type\":\"integer\"}}}}}}";

/* Of the admin's door. */
static const char admin_schemas[] =
    ",\"Empty\":{\"type\":\"object\",\"additionalProperties\":false},"
    "\"LogLevel\":{\"type\":\"object\",\"required\":[\"level\"],\"properties\":{\"level\":{\"enum\":[\"error\","
    "\"warning\","
    "\"info\",\"debug\"]}},\"additionalProperties\":false},"
    "\"Applications\":{\"type\":\"object\",\"required\":[\"data\",\"draining\"],\"properties\":{\"data\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"object\",\"required\":[\"app\",\"state\",\"paused\"],\"properties\":{\"app\":" TEXT_SCHEMA
    ",\"application_id\":" TEXT_SCHEMA ",\"state\":" TEXT_SCHEMA
    ",\"paused\":{\"type\":\"boolean\"}}}},\"draining\":{\"type\":"
    "\"boolean\"}}}";

static void write_parameter_schema(struct buffer *out, const struct query_parameter *parameter)
{
    switch (parameter->kind) {
    case QUERY_TEXT:
        buffer_text(out, URI_TEXT_SCHEMA);
        return;
    case QUERY_TIME:
        buffer_text(out, TIME_TEXT_SCHEMA);
        return;
    case QUERY_INTEGER:
        buffer_format(out, "{\"type\":\"integer\",\"minimum\":%lld,\"maximum\":%lld}", (long long)parameter->minimum,
                      (long long)parameter->maximum);
        return;
    case QUERY_FLAG:
        buffer_text(out, "{\"enum\":[\"\",\"true\",\"false\"]}");
        return;
    case QUERY_CHOICE:
        buffer_text(out, "{\"enum\":[");
        for (size_t i = 0; parameter->choices[i]; i++)
            buffer_format(out, "%s\"%s\"", i ? "," : "", parameter->choices[i]);
        buffer_format(out, "],\"default\":\"%s\"}", parameter->choices[0]);
    }
}

static void write_parameters(struct buffer *out, const struct route *route, const struct endpoint *endpoint)
{
    const char *comma = "";
    buffer_text(out, "\"parameters\":[");
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{')) {
        buffer_format(out, "%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":" PATH_TEXT_SCHEMA "}",
                      comma, (int)strcspn(at + 1, "}"), at + 1);
        comma = ",";
    }
    for (const enum query_id *id = route->parameters; *id != QUERY_NONE && *id != QUERY_OTHERS; id++) {
        const struct query_parameter *parameter = query_parameter(*id);
        buffer_format(out, "%s{\"name\":\"%s\",\"in\":\"query\",\"description\":", comma, parameter->name);
        json_text(out, parameter->about);
        buffer_text(out, ",\"schema\":");
        write_parameter_schema(out, parameter);
        buffer_byte(out, '}');
        comma = ",";
    }
    if (route->handle == handle_changes)
        buffer_format(out, "%s" RESUME_PARAMETER, comma);
    if (route->handle == handle_copy_read)
        buffer_format(out, "%s" RANGE_PARAMETER, comma);
    if (route->handle == handle_ask)
        buffer_format(out, "%s" IDEMPOTENCY_PARAMETER, comma);
    if (endpoint)
        endpoint_write_parameters(endpoint, out);
    buffer_byte(out, ']');
}

static int answered_status(const struct route *route)
{
    if (route->handle == handle_copy_make)
        return 201;
    if (route->handle == handle_copy_read)
        return 206;
    return route->handle == handle_records || route->handle == handle_ingest || route->handle == handle_shutdown ? 202
                                                                                                                 : 200;
}

/* Where a reader goes on: what the first item of a listing names (OpenAPI 3.1, Link Object). */
static const struct link {
    void (*from)(struct request *);
    const char *name, *operation, *parameter;
} links[] = {
    {handle_views, "view", "get_v1_views__view_", "view"},
    {handle_views, "rows", "get_v1_views__view__entries", "view"},
    {handle_reports, "report", "get_v1_reports__name_", "name"},
};

static void write_links(struct buffer *out, const struct route *route)
{
    const char *before = ",\"links\":{";
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (links[i].from != route->handle)
            continue;
        buffer_format(out, "%s\"%s\":{\"operationId\":\"%s\",\"parameters\":{\"%s\":\"$response.body#/data/0/name\"}}",
                      before, links[i].name, links[i].operation, links[i].parameter);
        before = ",";
    }
    if (*before == ',' && before[1] == 0)
        buffer_byte(out, '}');
}

static void write_content(struct buffer *out, const struct route *route)
{
    const char *at = route->media;
    buffer_text(out, ",\"content\":{");
    for (size_t i = 0; *at; i++) {
        size_t size = strcspn(at, ",");
        bool json = size == 16 && memcmp(at, "application/json", 16) == 0;
        buffer_format(out, "%s\"%.*s\":{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}", i ? "," : "", (int)size,
                      at, json ? route->schema : "Text");
        at += size + strspn(at + size, ", ");
    }
    buffer_byte(out, '}');
}

/* Health is told in the same way when it is bad. */
static bool tells_health(const struct route *route)
{
    return strcmp(route->schema, "Health") == 0 || route->parameters[0] == QUERY_VERBOSE;
}

static void write_answers(struct buffer *out, const struct route *route)
{
    buffer_format(out, "\"%d\":{\"description\":\"Done.\"", answered_status(route));
    write_content(out, route);
    write_links(out, route);
    if (tells_health(route)) {
        buffer_text(out, "},\"503\":{\"description\":\"Not well.\"");
        write_content(out, route);
    }
    if (route->handle == handle_ask)
        buffer_format(
            out,
            "},\"429\":{\"description\":\"The answer is no, or too many ask: Retry-After tells when to come again.\","
            "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}},"
            "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}",
            route->schema);
    buffer_text(out, "},\"default\":{\"description\":\"A problem.\",\"content\":{\"application/problem+json\":{"
                     "\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}");
}

/* One requirement per role that has the right: any of them will do (OpenAPI 3.1, Security Requirement Object). */
static void write_security(struct buffer *out, enum right right)
{
    const char *comma = "";
    buffer_text(out, ",\"security\":[");
    for (enum role role = 0; role < ROLE_COUNT && right != RIGHT_PUBLIC; role++) {
        if (!role_has(role, right))
            continue;
        buffer_format(out, "%s{\"bearer\":[\"%s\"]},{\"certificate\":[\"%s\"]}", comma, role_name(role),
                      role_name(role));
        comma = ",";
    }
    buffer_byte(out, ']');
}

static void write_operation(struct buffer *out, const struct route *route, const struct endpoint *endpoint,
                            bool is_guarded)
{
    static const char *const methods[] = {[ROUTE_GET] = "get", [ROUTE_POST] = "post", [ROUTE_PUT] = "put"};
    buffer_format(out, "\"%s\":{\"operationId\":\"%s", methods[route->method], methods[route->method]);
    for (const char *at = route->path; *at; at++)
        buffer_byte(out, strchr("/{}:.-", *at) ? '_' : (unsigned char)*at);
    buffer_text(out, "\",\"summary\":");
    json_text(out, route->about);
    buffer_byte(out, ',');
    write_parameters(out, route, endpoint);
    if (route->method != ROUTE_GET)
        buffer_format(out,
                      ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
                      "\"#/components/schemas/%s\"}}}}",
                      route->body);
    buffer_text(out, ",\"responses\":{");
    write_answers(out, route);
    buffer_byte(out, '}');
    if (is_guarded)
        write_security(out, route->right);
    buffer_byte(out, '}');
}

static void write_paths(struct buffer *out, const struct route_table *table, const struct endpoints *endpoints,
                        bool is_guarded)
{
    buffer_text(out, "\"paths\":{");
    for (size_t i = 0; i < table->count; i++) {
        const struct route *row = &table->rows[i];
        bool same = i > 0 && strcmp(row->path, row[-1].path) == 0;
        if (same)
            buffer_byte(out, ',');
        else
            buffer_format(out, "%s\"%s\":{", i ? "}," : "", row->path);
        write_operation(out, row, endpoint_of(endpoints, row), is_guarded);
    }
    buffer_text(out, "}},");
}

static void write_type(struct buffer *out, const char *prefix, const char *name, const char *part,
                       const struct weir_type *type)
{
    if (!type)
        return;
    buffer_text(out, ",\"");
    buffer_format(out, "%s.%s.%s\":", prefix, name, part);
    schema_write(out, type, SCHEMA_ANSWERED);
}

static void write_app_types(struct request *request, weir_app *app)
{
    struct buffer *out = &request->response.body;
    struct weir_view_info views[LIMIT_LISTED];
    struct weir_topic_info topics[LIMIT_LISTED];
    size_t count = weir_app_views(app, views, LIMIT_LISTED);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++) {
        if (!seen_may(request, views[i].name))
            continue;
        write_type(out, "view", views[i].name, "key", views[i].key);
        write_type(out, "view", views[i].name, "value", seen_type(request, views[i].name, views[i].value));
    }
    count = weir_app_topics(app, topics, LIMIT_LISTED);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++) {
        if (topics[i].is_internal)
            continue;
        write_type(out, "topic", topics[i].name, "key", topics[i].key);
        write_type(out, "topic", topics[i].name, "value", topics[i].value);
    }
}

void handle_openapi(struct request *request)
{
    struct buffer *out = &request->response.body;
    const struct weir_http *server = request->server;
    bool is_admin = request->at_admin_door;
    bool is_guarded = guard_is_on(server->guard); /* else nobody is asked who they are */
    buffer_text(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
    json_text(out, server->title);
    buffer_text(out, ",\"version\":\"" WEIR_VERSION "\"},");
    write_paths(out, is_admin ? &server->admin_routes : &server->routes, &server->endpoints, is_guarded);
    buffer_format(out, "\"components\":{\"schemas\":{%s%s", memory_schema, fixed_schemas);
    for (size_t i = 0; i < server->app_count && !is_admin; i++)
        write_app_types(request, server->apps[i]);
    if (is_admin)
        buffer_text(out, admin_schemas);
    else
        buffer_text(out, view_schemas);
    if (!is_admin)
        endpoints_write_schemas(&server->endpoints, out);
    buffer_format(out, "}%s}}\n", is_guarded ? SECURITY_SCHEMES : "");
    request->response.status = 200;
    request->response.media = "application/json";
}
