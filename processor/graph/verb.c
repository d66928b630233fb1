/* verb.c: what a verb says when it is wrong, and the checks that several verbs share.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "graph/handles.h"

enum { NAME_MAX_CHARACTERS = 249 }; /* of a topic, org.apache.kafka.common.internals.Topic */

/* Compilers are given absolute paths; the last folder and the file say as much and leave room for the problem. */
const char *verb_place(const struct verb *verb)
{
    const char *place = verb->at ? verb->at : "?";
    const char *folder = place;
    for (const char *c = place; *c; c++)
        if (*c == '/') {
            place = folder;
            folder = c + 1;
        }
    return place;
}

bool verb_fail(const struct verb *verb, const char *format, ...)
{
    char problem[sizeof verb->topology->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(problem, sizeof problem, format, args);
    va_end(args);
    const char *at = verb_place(verb);
    if (verb->name)
        return error_set(&verb->topology->error, WEIR_INVALID, "%s: %s '%.60s': %s", at, verb->word, verb->name,
                         problem);
    return error_set(&verb->topology->error, WEIR_INVALID, "%s: %s: %s", at, verb->word, problem);
}

/* A topology that grows is planned again. */
bool verb_is_open(const struct verb *verb)
{
    verb->topology->planned = false;
    return verb->topology->error.code == WEIR_OK;
}

static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[strspn(name, allowed)] == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool verb_check_name(const struct verb *verb, const char *what, const char *name)
{
    if (!name || !name[0])
        return verb_fail(verb, "%s is missing", what);
    if (strlen(name) > NAME_MAX_CHARACTERS)
        return verb_fail(verb, "%s is longer than %d characters", what, NAME_MAX_CHARACTERS);
    return is_name(name) || verb_fail(verb, "%s '%.80s' may hold letters, digits, '.', '_' and '-' only", what, name);
}

bool verb_check_type(const struct verb *verb, const char *what, const struct weir_type *type)
{
    return type || verb_fail(verb, "%s is missing", what);
}

bool verb_check_function(const struct verb *verb, bool is_given)
{
    return is_given || verb_fail(verb, "the function is missing");
}

bool verb_check_no_store(const struct verb *verb, const char *store)
{
    return !store || verb_fail(verb, "a stream is not kept in a .store ('%.60s'); make it a table first", store);
}

bool verb_check_same(const struct verb *verb, const weir_topology *other)
{
    return verb->topology == other ||
           verb_fail(verb, "its inputs belong to two topologies, '%s' and '%s'", verb->topology->name, other->name);
}

bool verb_check_plain(const struct verb *verb, const struct graph_node *node)
{
    if (node->key_changed)
        return verb_fail(verb,
                         "the key was changed by %s (%s), so equal keys may lie in different partitions; move the "
                         "data with weir_repartition, weir_rekey or weir_group_by first",
                         node->name, node->at);
    return true;
}
