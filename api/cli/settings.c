/* settings.c: see settings.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "exit.h"

void settings_add(struct settings *settings, const char *key, const char *value)
{
    assert(settings->count < SETTINGS_MAX);
    size_t size = strlen(key) + 1;
    char *kept = memory_format("%s=%s", key, value);
    kept[size - 1] = 0;
    settings->kept[settings->count] = kept;
    settings->pairs[settings->count][0] = kept;
    settings->pairs[settings->count++][1] = kept + size;
}

bool settings_take(void *target, const char *value, struct weir_error *error)
{
    struct settings *settings = target;
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return error_set(error, WEIR_INVALID, "\"%.60s\" is not KEY=VALUE", value);
    if (settings->count + 8 > SETTINGS_MAX) /* the commands add a few of their own */
        return error_set(error, WEIR_INVALID, "more than %d settings; use --config", SETTINGS_MAX - 8);
    char *key = memory_copy(value, (size_t)(equals - value));
    settings_add(settings, key, equals + 1);
    memory_free(key);
    return true;
}

void settings_done(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        memory_free(settings->kept[i]);
}

struct weir_config settings_config(const struct settings *settings, const char *application)
{
    return (struct weir_config){
        .application = application, .file = settings->file, .environment = true, .set = settings->pairs};
}

struct config *settings_fill(const struct settings *settings, const char *application)
{
    struct weir_config given = settings_config(settings, application);
    struct config *config = config_new();
    struct weir_error error = {0};
    if (config_fill(config, &given, &error))
        return config;
    exit_with_error(&error);
    config_free(config);
    return NULL;
}
