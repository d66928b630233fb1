/* catalog.c: see catalog.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "catalog.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "exit.h"
#include "topologies.h"

enum { NAMES_MAX = 256 };

static const struct weir_entry *find_in(const struct weir_entry *entries, const char *name)
{
    for (; entries->name; entries++)
        if (strcmp(entries->name, name) == 0)
            return entries;
    return NULL;
}

static const char *nearest_in(const struct weir_entry *entries, const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; entries->name && count < NAMES_MAX; entries++)
        names[count++] = entries->name;
    return nearest_name(name, names, count);
}

static void refuse_name(const struct weir_entry *entries, const char *name, struct weir_error *error)
{
    const char *nearest = nearest_in(entries, name);
    if (nearest)
        error_set(error, WEIR_INVALID, "no topology \"%.80s\"; did you mean %s?", name, nearest);
    else
        error_set(error, WEIR_INVALID, "no topology \"%.80s\"; `weir list` shows what there is", name);
}

/* ---- plugins ---- */

static bool is_of_this_header(void *plugin, const char *path, struct weir_error *error)
{
    const size_t *interface = dlsym(plugin, "weir_interface");
    return (interface && *interface == WEIR_INTERFACE) ||
           error_set(error, WEIR_INVALID, "%.150s: was compiled with another weir.h; compile it again", path);
}

static const struct weir_entry *load(const char *path, struct weir_error *error)
{
    /* dlopen looks for a bare name in the system's folders; the user means the file. */
    char *file = strchr(path, '/') ? memory_text(path) : memory_format("./%s", path);
    void *plugin = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const struct weir_entry *entries = NULL;
    if (!plugin)
        error_set(error, WEIR_INVALID, "%s", dlerror());
    else if (!(entries = dlsym(plugin, "weir_topologies")))
        error_set(error, WEIR_INVALID, "%.150s: exports no weir_topologies (WEIR_EXPORT_TOPOLOGIES)", path);
    else if (!is_of_this_header(plugin, path, error))
        entries = NULL;
    else if (!entries->name)
        error_set(error, WEIR_INVALID, "%.150s: holds no topology", path);
    memory_free(file);
    return entries && entries->name ? entries : NULL;
}

static const struct weir_entry *find_in_plugin(const char *path, const char *name, struct weir_error *error)
{
    const struct weir_entry *entries = load(path, error);
    if (!entries)
        return NULL;
    if (!name && entries[1].name) {
        error_set(error, WEIR_INVALID, "%.120s holds several topologies; say which: %.120s:%s", path, path,
                  entries->name);
        return NULL;
    }
    const struct weir_entry *found = name ? find_in(entries, name) : entries;
    if (!found)
        refuse_name(entries, name, error);
    return found;
}

/* "a/b.so:name" is the file and the name; a file whose own name holds ".so:" is the file. */
static const char *end_of_file_name(const char *name)
{
    const char *mark = strstr(name, ".so:");
    if (mark && access(name, F_OK) != 0)
        return mark + 3;
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".so") == 0 ? name + size : NULL;
}

const struct weir_entry *catalog_find(const char *name, struct weir_error *error)
{
    const struct weir_entry *found = find_in(topologies_builtin, name);
    if (found)
        return found;
    const char *end = end_of_file_name(name);
    if (!end) {
        refuse_name(topologies_builtin, name, error);
        return NULL;
    }
    char *path = memory_copy(name, (size_t)(end - name));
    found = find_in_plugin(path, *end ? end + 1 : NULL, error);
    memory_free(path);
    return found;
}

weir_topology *catalog_build(const char *name, int *status)
{
    struct weir_error error = {0};
    const struct weir_entry *entry = catalog_find(name, &error);
    weir_topology *topology = entry ? entry->build() : NULL;
    if (!entry)
        *status = exit_with(EXIT_MISUSED, "%s", error.message);
    else if (!topology)
        *status = exit_with(EXIT_FAILED, "%s: builds no topology", name);
    return topology;
}
