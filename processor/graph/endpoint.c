/* endpoint.c: endpoints: ingest, search. They add nothing to the graph; a door serves them.
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

static bool check_path(const struct verb *verb, enum weir_endpoint_kind kind, const char *path)
{
    if (!path || !is_path(path))
        return verb_fail(verb, "a path is '/' and segments of letters, digits, '.', '_' and '-'");
    for (size_t i = 0; i < verb->topology->endpoint_count; i++) {
        const struct weir_endpoint *known = &verb->topology->endpoints[i];
        if (known->kind == kind && strcmp(known->path, path) == 0)
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

/* Rows of answers are found by the id of a question. */
static bool check_answers(const struct verb *verb, const struct weir_ingest_args *args,
                          const struct weir_type *question)
{
    const struct graph_store *store = graph_find_store(verb->topology, args->answers);
    if (!store)
        return verb_fail(verb, ".answers: there is no store '%.60s'", args->answers);
    if (store->spec.kind != STORE_KEY_VALUE || store->spec.key_type->kind != WEIR_KIND_STRING)
        return verb_fail(verb, ".answers: the store '%.60s' must be a plain one with strings as keys", args->answers);
    const struct weir_type *answer = store->spec.value_type;
    if (answer->kind != WEIR_KIND_RECORD)
        return verb_fail(verb, ".answers: values of '%.60s' must be records; they are %s", args->answers, answer->name);
    if (!args->id || !args->key)
        return verb_fail(verb, ".answers: a question has an .id, by which its answer is found, and a .key");
    const struct weir_field *key = find_field(question, args->key);
    if (!key || key->presence != WEIR_NO_PRESENCE)
        return verb_fail(verb, ".answers: the field '%.60s' of a question must be required", args->key);
    return check_field(verb, answer, ".quota.allow", args->quota.allow, WEIR_KIND_BOOL) &&
           check_field(verb, answer, ".quota.policy", args->quota.policy, WEIR_KIND_STRING) &&
           check_field(verb, answer, ".quota.limit", args->quota.limit, WEIR_KIND_I64) &&
           check_field(verb, answer, ".quota.remaining", args->quota.remaining, WEIR_KIND_I64) &&
           check_field(verb, answer, ".quota.reset", args->quota.reset, WEIR_KIND_TIMESTAMP);
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
    return !args->answers || check_answers(verb, args, topic->value);
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

static struct weir_quota copy_quota(weir_topology *topology, const struct weir_quota *from)
{
    return (struct weir_quota){topology_text(topology, from->allow), topology_text(topology, from->policy),
                               topology_text(topology, from->limit), topology_text(topology, from->remaining),
                               topology_text(topology, from->reset)};
}

void weir_ingest_with(weir_topology *topology, const char *path, struct weir_ingest_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "ingest", path};
    if (!verb_is_open(&verb) || !check_path(&verb, WEIR_ENDPOINT_INGEST, path))
        return;
    const struct graph_topic *topic = args.topic ? graph_find_topic(topology, args.topic) : NULL;
    if (!check_ingest(&verb, &args, topic) || !topic)
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
    endpoint->ingest.answers = topology_text(topology, args.answers);
    endpoint->answer = args.answers ? graph_find_store(topology, args.answers)->spec.value_type : NULL;
    endpoint->ingest.quota = copy_quota(topology, &args.quota);
    endpoint->ingest.about = topology_text(topology, args.about);
    for (size_t i = 0; i < WEIR_RULES_MAX; i++)
        endpoint->ingest.rules[i].field = topology_text(topology, args.rules[i].field);
}

static bool check_index(const struct verb *verb, const struct weir_index *index, const struct graph_store *store)
{
    if (!store)
        return verb_fail(verb, "there is no store '%.60s'", index->view);
    if (store->spec.kind != STORE_KEY_VALUE || store->spec.key_type->kind != WEIR_KIND_STRING)
        return verb_fail(verb, "the store '%.60s' must be a plain one with strings as keys", index->view);
    if (store->spec.value_type->kind != WEIR_KIND_RECORD)
        return verb_fail(verb, "values of '%.60s' must be records; they are %s", index->view,
                         store->spec.value_type->name);
    for (size_t i = 0; index->by[i]; i++)
        if (!check_field(verb, store->spec.value_type, ".by", index->by[i], WEIR_KIND_STRING))
            return false;
    return true;
}

static bool check_search(const struct verb *verb, const struct weir_search_args *args)
{
    const struct weir_type *value = NULL;
    bool has_time_alone = false;
    for (size_t i = 0; i < WEIR_INDEXES_MAX && args->indexes[i].view; i++) {
        const struct weir_index *index = &args->indexes[i];
        const struct graph_store *store = graph_find_store(verb->topology, index->view);
        if (!check_index(verb, index, store))
            return false;
        if (value && store->spec.value_type != value)
            return verb_fail(verb, "its views hold values of two types, %s and %s", value->name,
                             store->spec.value_type->name);
        value = store->spec.value_type;
        has_time_alone = has_time_alone || !index->by[0];
    }
    if (!has_time_alone)
        return verb_fail(verb, "one of .indexes must be by time alone, for questions that name no field");
    if (!args->time)
        return verb_fail(verb, "the time field is missing");
    return check_field(verb, value, ".time", args->time, WEIR_KIND_TIMESTAMP);
}

static void copy_indexes(weir_topology *topology, struct weir_search_args *to, const struct weir_search_args *from)
{
    for (size_t i = 0; i < WEIR_INDEXES_MAX; i++) {
        to->indexes[i].view = topology_text(topology, from->indexes[i].view);
        for (size_t k = 0; k < WEIR_INDEX_FIELDS_MAX; k++)
            to->indexes[i].by[k] = topology_text(topology, from->indexes[i].by[k]);
    }
}

void weir_search_with(weir_topology *topology, const char *path, struct weir_search_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "search", path};
    if (!verb_is_open(&verb) || !check_path(&verb, WEIR_ENDPOINT_SEARCH, path) || !check_search(&verb, &args))
        return;
    struct weir_endpoint *endpoint = add_endpoint(&verb, WEIR_ENDPOINT_SEARCH, path);
    endpoint->value = graph_find_store(topology, args.indexes[0].view)->spec.value_type;
    endpoint->search = args;
    endpoint->search.at = verb_place(&verb);
    endpoint->search.time = topology_text(topology, args.time);
    endpoint->search.about = topology_text(topology, args.about);
    copy_indexes(topology, &endpoint->search, &args);
}
