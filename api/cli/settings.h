/* settings.h: --config and --set, which several commands know, as a struct weir_config. */
#ifndef WEIR_CLI_SETTINGS_H
#define WEIR_CLI_SETTINGS_H
#include "base/config.h"
#include "options.h"

enum { SETTINGS_MAX = 64 };

struct settings {
    const char *file;
    const char *pairs[SETTINGS_MAX + 1][2];
    char *kept[SETTINGS_MAX]; /* what the pairs point into */
    size_t count;
};

#define SETTINGS_OPTIONS(settings)                                                                                     \
    {"--config", "FILE", "reads settings from a properties file", option_text, &(settings)->file},                     \
    {                                                                                                                  \
        "--set", "KEY=VALUE", "one setting (docs/configuration.md); may be repeated", settings_take, (settings)        \
    }

option_taker settings_take; /* target: struct settings */
/* Later additions win. Strings are copied. */
void settings_add(struct settings *, const char *key, const char *value);
void settings_done(struct settings *);
/* As weir_start takes it; borrows from the settings. The application is the id unless a setting says otherwise. */
struct weir_config settings_config(const struct settings *, const char *application);
/* The same, filled; NULL and an error message on standard error when something is wrong. */
struct config *settings_fill(const struct settings *, const char *application);
#endif
