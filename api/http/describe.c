/* describe.c: what is there: views, topics, topologies, tasks, instances, drops, hot keys, dead letters.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/seen.h"
#include "http/server.h"

/* ---- lists ------------------------------------------------------------------------------------------------------ */

static struct buffer *begin_list(struct request *request)
{
    buffer_text(&request->response.body, "{\"data\":[");
    return &request->response.body;
}

static void begin_item(struct buffer *out, weir_app *app)
{
    bool follows = out->size && out->data[out->size - 1] == '}';
    buffer_text(out, follows ? ",{\"app\":" : "{\"app\":");
    json_text(out, weir_app_name(app));
}

static void end_list(struct request *request)
{
    buffer_text(&request->response.body, "]}\n");
    request->response.status = 200;
    request->response.media = "application/json";
}

/* Calls `each` for every app. */
static void list_apps(struct request *request, void (*each)(struct request *, weir_app *))
{
    begin_list(request);
    for (size_t i = 0; i < request->server->app_count; i++)
        each(request, request->server->apps[i]);
    end_list(request);
}

static size_t shown(size_t count)
{
    return count < LIMIT_LISTED ? count : LIMIT_LISTED;
}

static void write_member(struct buffer *out, const char *name, const char *text)
{
    buffer_format(out, ",\"%s\":", name);
    json_text(out, text);
}

static void write_number(struct buffer *out, const char *name, int64_t number)
{
    buffer_format(out, ",\"%s\":", name);
    json_integer(out, number);
}

static void write_flag(struct buffer *out, const char *name, bool flag)
{
    buffer_format(out, ",\"%s\":%s", name, flag ? "true" : "false");
}

/* ---- views ------------------------------------------------------------------------------------------------------ */

static const char *kind_name(enum weir_view_kind kind)
{
    static const char *const names[] = {[WEIR_VIEW_KEY_VALUE] = "key_value",
                                        [WEIR_VIEW_WINDOW] = "window",
                                        [WEIR_VIEW_SESSION] = "session",
                                        [WEIR_VIEW_GLOBAL] = "global",
                                        [WEIR_VIEW_VERSIONED] = "versioned"};
    return names[kind];
}

static void write_view(struct buffer *out, weir_app *app, const struct weir_view_info *info)
{
    begin_item(out, app);
    write_member(out, "name", info->name);
    write_member(out, "kind", kind_name(info->kind));
    write_member(out, "key", info->key->name);
    write_member(out, "value", info->value->name);
    if (info->kind == WEIR_VIEW_WINDOW) {
        write_number(out, "window_ms", info->window_ms);
        write_number(out, "retention_ms", info->retention_ms);
    }
    if (info->kind == WEIR_VIEW_VERSIONED)
        write_number(out, "history_ms", info->retention_ms);
    write_number(out, "partitions", info->partitions);
    write_number(out, "partitions_here", info->partitions_here);
    write_number(out, "rows_approximate", info->rows_approximate);
}

static void list_views(struct request *request, weir_app *app)
{
    struct weir_view_info infos[LIMIT_LISTED];
    size_t count = shown(weir_app_views(app, infos, LIMIT_LISTED));
    for (size_t i = 0; i < count; i++) {
        if (!seen_may(request, infos[i].name))
            continue;
        write_view(&request->response.body, app, &infos[i]);
        buffer_byte(&request->response.body, '}');
    }
}

void handle_views(struct request *request)
{
    list_apps(request, list_views);
}

/* A primitive type's schema may be its bare name. */
static void write_schema(struct buffer *out, const char *name, const struct weir_type *type)
{
    buffer_format(out, ",\"%s\":", name);
    if (type->schema && strchr("{[\"", type->schema[0]))
        buffer_text(out, type->schema);
    else
        json_text(out, type->schema);
}

void handle_view(struct request *request)
{
    const struct server_view *view = seen_find(request, request->path_values[0]);
    if (!view)
        return;
    struct weir_view_info info = weir_view_describe(view->view);
    info.value = view->info.value;
    const char *position = weir_view_position(view->view, &request->arena);
    struct buffer *out = &request->response.body;
    write_view(out, view->app, &info);
    buffer_text(out, ",\"position\":");
    json_position(out, position);
    write_member(out, "min_position", position);
    write_schema(out, "key_schema", info.key);
    write_schema(out, "value_schema", info.value);
    buffer_text(out, "}\n");
    request->response.status = 200;
    request->response.media = "application/json";
}

/* ---- topics, tasks ---------------------------------------------------------------------------------------------- */

static void list_topics(struct request *request, weir_app *app)
{
    struct weir_topic_info infos[LIMIT_LISTED];
    struct buffer *out = &request->response.body;
    size_t count = shown(weir_app_topics(app, infos, LIMIT_LISTED));
    for (size_t i = 0; i < count; i++) {
        begin_item(out, app);
        write_member(out, "name", infos[i].name);
        write_member(out, "key", infos[i].key ? infos[i].key->name : NULL);
        write_member(out, "value", infos[i].value ? infos[i].value->name : NULL);
        write_flag(out, "source", infos[i].is_source);
        write_flag(out, "sink", infos[i].is_sink);
        write_flag(out, "internal", infos[i].is_internal);
        buffer_byte(out, '}');
    }
}

void handle_topics(struct request *request)
{
    list_apps(request, list_topics);
}

static void list_tasks(struct request *request, weir_app *app)
{
    struct weir_task_info infos[LIMIT_LISTED];
    struct buffer *out = &request->response.body;
    size_t count = shown(weir_app_tasks(app, infos, LIMIT_LISTED));
    for (size_t i = 0; i < count; i++) {
        const struct weir_task_info *task = &infos[i];
        begin_item(out, app);
        buffer_format(out, ",\"task\":\"%d_%d\",\"subtopology\":%d,\"partition\":%d", task->subtopology,
                      task->partition, task->subtopology, task->partition);
        write_member(out, "role", task->is_standby ? "standby" : "active");
        write_member(out, "state", task->state);
        buffer_text(out, ",\"stream_time\":");
        if (task->stream_time_ms < 0)
            buffer_text(out, "null");
        else
            json_time(out, task->stream_time_ms);
        buffer_format(out, ",\"records\":%" PRIu64 ",\"lag\":", task->records);
        if (task->lag < 0)
            buffer_text(out, "null");
        else
            json_integer(out, task->lag);
        write_number(out, "restore_remaining", task->restore_remaining);
        write_number(out, "copy_remaining", task->copy_remaining);
        buffer_byte(out, '}');
    }
}

void handle_tasks(struct request *request)
{
    list_apps(request, list_tasks);
}

/* ---- drops ------------------------------------------------------------------------------------------------------ */

static void write_text_or_null(struct buffer *out, const char *name, const char *text)
{
    buffer_format(out, "\"%s\":", name);
    if (text && *text)
        json_text(out, text);
    else
        buffer_text(out, "null");
}

static void write_places(struct buffer *out, const char *reason, const struct weir_drop_place *places, size_t count)
{
    bool follows = false;
    buffer_text(out, ",\"places\":[");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(places[i].reason, reason) != 0)
            continue;
        buffer_text(out, follows ? ",{" : "{");
        follows = true;
        write_text_or_null(out, "topic", places[i].topic);
        write_number(out, "partition", places[i].partition);
        buffer_format(out, ",\"records\":%" PRIu64, places[i].records);
        write_number(out, "offset", places[i].last_offset);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void write_latest(struct buffer *out, const char *reason, const struct weir_drop *latest, size_t count)
{
    bool follows = false;
    buffer_text(out, ",\"latest\":[");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(latest[i].reason, reason) != 0)
            continue;
        buffer_text(out, follows ? ",{" : "{");
        follows = true;
        write_text_or_null(out, "topic", latest[i].topic);
        write_number(out, "partition", latest[i].partition);
        write_number(out, "offset", latest[i].offset);
        buffer_text(out, ",\"timestamp\":");
        if (latest[i].timestamp_ms < 0)
            buffer_text(out, "null");
        else
            json_time(out, latest[i].timestamp_ms);
        buffer_byte(out, ',');
        write_text_or_null(out, "node", latest[i].node);
        buffer_text(out, ",\"dropped\":");
        json_time(out, latest[i].dropped_ms);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void list_drops(struct request *request, weir_app *app)
{
    struct weir_drop_info infos[LIMIT_LISTED];
    struct weir_drop_place places[LIMIT_LISTED];
    struct weir_drop latest[LIMIT_LISTED];
    struct buffer *out = &request->response.body;
    size_t count = shown(weir_app_drops(app, infos, LIMIT_LISTED));
    size_t place_count = shown(weir_app_drop_places(app, places, LIMIT_LISTED));
    size_t latest_count = shown(weir_app_latest_drops(app, latest, LIMIT_LISTED));
    for (size_t i = 0; i < count; i++) {
        begin_item(out, app);
        write_member(out, "reason", infos[i].reason);
        buffer_format(out, ",\"records\":%" PRIu64, infos[i].records);
        write_places(out, infos[i].reason, places, place_count);
        write_latest(out, infos[i].reason, latest, latest_count);
        buffer_byte(out, '}');
    }
}

void handle_drops(struct request *request)
{
    list_apps(request, list_drops);
}

/* ---- hot keys --------------------------------------------------------------------------------------------------- */

/* Whoever may read all views that are made of the topic's records, and there are some, or may see records as they came. */
static bool may_see_keys(const struct request *request, const struct weir_view_info *views, size_t count,
                         int32_t subtopology)
{
    const struct grant *grant = request->pass.grant;
    size_t made_of_it = 0;
    if (!grant || role_has(grant->role, RIGHT_OPERATE))
        return true;
    if (count > LIMIT_LISTED)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (views[i].subtopology != subtopology)
            continue;
        made_of_it++;
        if (!seen_may(request, views[i].name))
            return false;
    }
    return made_of_it > 0;
}

static void write_hot_key(struct request *request, const struct weir_hot_key *hot, bool is_seen)
{
    struct buffer *out = &request->response.body;
    write_member(out, "topic", hot->topic);
    write_number(out, "partition", hot->partition);
    write_number(out, "subtopology", hot->subtopology);
    buffer_text(out, ",\"key\":");
    weir_bytes key = {"null", 4};
    if (is_seen && hot->key)
        key = weir_to_json(&request->arena, hot->type, hot->key);
    buffer_append(out, key.data, key.size);
    buffer_format(out, ",\"share\":%.4f,\"error\":%.4f", (double)hot->records / (double)hot->of_records,
                  (double)hot->error / (double)hot->of_records);
    write_number(out, "of_records", hot->of_records);
    buffer_byte(out, '}');
}

static void list_hot_keys(struct request *request, weir_app *app)
{
    struct weir_hot_key hot[LIMIT_LISTED];
    struct weir_view_info views[LIMIT_LISTED];
    size_t count = shown(weir_app_hot_keys(app, &request->arena, hot, LIMIT_LISTED));
    size_t view_count = weir_app_views(app, views, LIMIT_LISTED);
    for (size_t i = 0; i < count; i++) {
        begin_item(&request->response.body, app);
        write_hot_key(request, &hot[i], may_see_keys(request, views, view_count, hot[i].subtopology));
    }
}

void handle_hot_keys(struct request *request)
{
    list_apps(request, list_hot_keys);
}

/* ---- dead letters ----------------------------------------------------------------------------------------------- */

static void list_dead_letters(struct request *request, weir_app *app)
{
    struct weir_dead_letter letters[LIMIT_LISTED];
    struct buffer *out = &request->response.body;
    size_t count = shown(weir_app_dead_letters(app, &request->arena, letters, LIMIT_LISTED));
    for (size_t i = 0; i < count; i++) {
        begin_item(out, app);
        write_member(out, "letters", letters[i].letters);
        write_member(out, "topic", letters[i].topic);
        write_number(out, "partition", letters[i].partition);
        write_number(out, "offset", letters[i].offset);
        write_member(out, "reason", letters[i].reason);
        write_member(out, "message", letters[i].message);
        write_member(out, "trace_id", *letters[i].trace_id ? letters[i].trace_id : NULL);
        buffer_text(out, ",\"failed\":");
        json_time(out, letters[i].failed_ms);
        buffer_byte(out, '}');
    }
}

void handle_dead_letters(struct request *request)
{
    int64_t parked = 0;
    begin_list(request);
    for (size_t i = 0; i < request->server->app_count; i++) {
        list_dead_letters(request, request->server->apps[i]);
        parked += weir_app_parked_keys(request->server->apps[i]);
    }
    buffer_format(&request->response.body, "],\"parked_keys\":%" PRId64 "}\n", parked);
    request->response.status = 200;
    request->response.media = "application/json";
}

/* ---- topology --------------------------------------------------------------------------------------------------- */

static void describe_into(struct buffer *out, weir_app *app, enum weir_describe_format format)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return;
    bool described = weir_app_describe(app, format, file);
    fclose(file);
    if (described)
        buffer_append(out, text, size);
    else if (format == WEIR_DESCRIBE_JSON)
        buffer_text(out, "null");
    free(text);
}

static void list_topology(struct request *request, weir_app *app)
{
    struct weir_node_info nodes[LIMIT_LISTED];
    struct buffer *out = &request->response.body;
    size_t count = shown(weir_app_nodes(app, nodes, LIMIT_LISTED));
    begin_item(out, app);
    write_member(out, "state", weir_state_name(weir_app_state(app)));
    write_flag(out, "paused", weir_is_paused(app));
    buffer_text(out, ",\"topology\":");
    describe_into(out, app, WEIR_DESCRIBE_JSON);
    buffer_text(out, ",\"nodes\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_text(out, nodes[i].name);
        buffer_format(out, ",\"records\":%" PRIu64 ",\"lag\":", nodes[i].records);
        if (nodes[i].lag < 0)
            buffer_text(out, "null}");
        else
            buffer_format(out, "%" PRId64 "}", nodes[i].lag);
    }
    buffer_text(out, "]}");
}

static enum weir_describe_format format_of(const char *media)
{
    if (strcmp(media, "text/plain") == 0)
        return WEIR_DESCRIBE_TEXT;
    if (strcmp(media, "text/vnd.mermaid") == 0)
        return WEIR_DESCRIBE_MERMAID;
    return strcmp(media, "text/vnd.graphviz") == 0 ? WEIR_DESCRIBE_DOT : WEIR_DESCRIBE_JSON;
}

void handle_topology(struct request *request)
{
    enum weir_describe_format format = format_of(request->media);
    request_add_header(request, "Vary", "Accept");
    if (format == WEIR_DESCRIBE_JSON) {
        list_apps(request, list_topology);
        return;
    }
    for (size_t i = 0; i < request->server->app_count; i++)
        describe_into(&request->response.body, request->server->apps[i], format);
    request->response.status = 200;
    request->response.media = arena_format(&request->arena, "%s; charset=utf-8", request->media);
}

/* ---- who answers ------------------------------------------------------------------------------------------------ */

static void write_apps(struct request *request, struct buffer *out)
{
    buffer_text(out, ",\"apps\":[");
    for (size_t i = 0; i < request->server->app_count; i++) {
        weir_app *app = request->server->apps[i];
        struct weir_error failure = {0};
        buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_text(out, weir_app_name(app));
        write_member(out, "application_id", weir_app_setting(app, "application.id"));
        write_member(out, "state", weir_state_name(weir_app_state(app)));
        write_flag(out, "paused", weir_is_paused(app));
        if (weir_app_failure(app, &failure))
            write_member(out, "failure", failure.message);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void write_shares(struct buffer *out, const struct weir_instance_info *instance, bool standby)
{
    bool follows = false;
    buffer_text(out, standby ? ",\"standby\":[" : ",\"active\":[");
    for (size_t i = 0; i < instance->share_count; i++) {
        const struct weir_share_info *share = &instance->shares[i];
        if (share->is_standby != standby)
            continue;
        buffer_format(out, follows ? ",\"%d_%d\"" : "\"%d_%d\"", share->subtopology, share->partition);
        follows = true;
    }
    buffer_byte(out, ']');
}

static void write_self(struct request *request, struct buffer *out)
{
    struct weir_http *server = request->server;
    write_member(out, "version", WEIR_VERSION);
    buffer_text(out, ",\"started\":");
    json_time(out, server->started_ms);
    write_flag(out, "draining", atomic_load(&server->draining));
    write_apps(request, out);
}

static void list_instances(struct request *request, weir_app *app)
{
    struct weir_instance_info *instances;
    struct buffer *out = &request->response.body;
    size_t count = weir_app_instances(app, &request->arena, &instances);
    for (size_t i = 0; i < count; i++) {
        begin_item(out, app);
        write_member(out, "id", instances[i].id);
        write_member(out, "instance", instances[i].is_self ? request->server->instance : instances[i].address);
        write_flag(out, "self", instances[i].is_self);
        write_shares(out, &instances[i], false);
        write_shares(out, &instances[i], true);
        if (instances[i].is_self)
            write_self(request, out);
        buffer_byte(out, '}');
    }
}

void handle_instances(struct request *request)
{
    list_apps(request, list_instances);
}

void handle_index(struct request *request)
{
    struct weir_http *server = request->server;
    struct buffer *out = &request->response.body;
    buffer_text(out, "{\"title\":");
    json_text(out, server->title);
    write_member(out, "version", WEIR_VERSION);
    write_member(out, "instance", server->instance);
    buffer_text(out, ",\"time\":");
    json_time(out, clock_wall_ms(&clock_system));
    write_apps(request, out);
    buffer_text(
        out,
        ",\"links\":{\"views\":\"/v1/views\",\"topics\":\"/v1/topics\",\"topology\":\"/v1/topology\","
        "\"tasks\":\"/v1/tasks\",\"instances\":\"/v1/instances\",\"drops\":\"/v1/drops\",\"memory\":\"/v1/memory\","
        "\"dead_letters\":\"/v1/dead-letters\",\"openapi\":\"/v1/openapi.json\",\"metrics\":\"/metrics\"}}\n");
    request->response.status = 200;
    request->response.media = "application/json";
}
