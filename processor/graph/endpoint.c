/* endpoint.c: endpoints: ingest. They add nothing to the graph; a door serves them.
 *
 * What an endpoint names must be there before it is declared, so that a wrong name is told with the line of the call.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/memory.h"
#include "graph/handles.h"

enum { PATH_CHARS_MAX = 200 };

static bool is_path(const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    size_t size = strlen(path);
    return path[0] == '/' && size > 1 && size <= PATH_CHARS_MAX && path[size - 1] != '/' && !strstr(path, "//") &&
           strspn(path, allowed) == size;
}

static bool check_path(const struct verb *verb, const char *path)
{
    if (!path || !is_path(path))
        return verb_fail(verb, "a path is '/' and segments of letters, digits, '.', '_' and '-'");
    for (size_t i = 0; i < verb->topology->endpoint_count; i++) {
        if (strcmp(verb->topology->endpoints[i].path, path) == 0)
            return verb_fail(verb, "there is an endpoint of that kind at the path already");
    }
    return true;
}

static const struct weir_field *find_field(const struct weir_type *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

/* name NULL: not asked for. */
static bool check_field(const struct verb *verb, const struct weir_type *record, const char *option, const char *name,
                        enum weir_kind kind)
{
    const struct weir_field *field = name ? find_field(record, name) : NULL;
    if (!name || (field && field->type->kind == kind))
        return true;
    if (!field)
        return verb_fail(verb, "%s: %s has no field '%.60s'", option, record->name, name);
    return verb_fail(verb, "%s: the field '%.60s' is a %s", option, name, field->type->name);
}

static bool is_number(const struct weir_type *type)
{
    return type->kind == WEIR_KIND_I32 || type->kind == WEIR_KIND_I64 || type->kind == WEIR_KIND_TIMESTAMP;
}

static bool check_rule(const struct verb *verb, const struct weir_type *record, const struct weir_rule *rule)
{
    const struct weir_field *field = find_field(record, rule->field);
    if (!field)
        return verb_fail(verb, "a rule: %s has no field '%.60s'", record->name, rule->field);
    bool counts_chars = rule->chars_min != 0 || rule->chars_max != 0;
    if (counts_chars && field->type->kind != WEIR_KIND_STRING)
        return verb_fail(verb, "a rule: characters are counted of strings, and '%.60s' is a %s", rule->field,
                         field->type->name);
    if (rule->is_bounded && !is_number(field->type))
        return verb_fail(verb, "a rule: integers and times have bounds, and '%.60s' is a %s", rule->field,
                         field->type->name);
    bool is_sane = rule->chars_min >= 0 && rule->chars_max >= 0 &&
                   (rule->chars_max == 0 || rule->chars_min <= rule->chars_max) && rule->least <= rule->most;
    return is_sane || verb_fail(verb, "a rule: no value of '%.60s' would be good", rule->field);
}

static bool check_ingest(const struct verb *verb, const struct weir_ingest_args *args, const struct graph_topic *topic)
{
    if (!topic || !topic->is_source || topic->internal)
        return verb_fail(verb, "the topology does not read the topic '%.60s'", args->topic ? args->topic : "");
    if (topic->value->kind != WEIR_KIND_RECORD)
        return verb_fail(verb, "values of '%s' must be records; they are %s", topic->name, topic->value->name);
    if (args->key && topic->key->kind != WEIR_KIND_STRING)
        return verb_fail(verb, "keys of '%s' must be strings; they are %s", topic->name, topic->key->name);
    if (!check_field(verb, topic->value, ".id", args->id, WEIR_KIND_STRING) ||
        !check_field(verb, topic->value, ".key", args->key, WEIR_KIND_STRING) ||
        !check_field(verb, topic->value, ".ingested_at", args->ingested_at, WEIR_KIND_TIMESTAMP) ||
        !check_field(verb, topic->value, ".time", args->time, WEIR_KIND_TIMESTAMP))
        return false;
    for (size_t i = 0; i < WEIR_RULES_MAX && args->rules[i].field; i++)
        if (!check_rule(verb, topic->value, &args->rules[i]))
            return false;
    return true;
}

static struct weir_endpoint *add_endpoint(const struct verb *verb, enum weir_endpoint_kind kind, const char *path)
{
    weir_topology *topology = verb->topology;
    topology->endpoints = memory_grow(topology->endpoints, &topology->endpoint_capacity, topology->endpoint_count + 1,
                                      sizeof *topology->endpoints);
    struct weir_endpoint *endpoint = &topology->endpoints[topology->endpoint_count++];
    *endpoint = (struct weir_endpoint){.kind = kind, .path = topology_text(topology, path)};
    return endpoint;
}

void weir_ingest_with(weir_topology *topology, const char *path, struct weir_ingest_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "ingest", path};
    if (!verb_is_open(&verb) || !check_path(&verb, path))
        return;
    const struct graph_topic *topic = args.topic ? graph_find_topic(topology, args.topic) : NULL;
    if (!check_ingest(&verb, &args, topic))
        return;
    struct weir_endpoint *endpoint = add_endpoint(&verb, WEIR_ENDPOINT_INGEST, path);
    endpoint->value = topic->value;
    endpoint->ingest = args;
    endpoint->ingest.at = verb_place(&verb);
    endpoint->ingest.topic = topic->name;
    endpoint->ingest.id = topology_text(topology, args.id);
    endpoint->ingest.ingested_at = topology_text(topology, args.ingested_at);
    endpoint->ingest.key = topology_text(topology, args.key);
    endpoint->ingest.time = topology_text(topology, args.time);
    endpoint->ingest.about = topology_text(topology, args.about);
    for (size_t i = 0; i < WEIR_RULES_MAX; i++)
        endpoint->ingest.rules[i].field = topology_text(topology, args.rules[i].field);
}
