/* config_check.c: what a value must look like, by the kind of its setting.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/config_check.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/error.h"

enum { NAME_BYTES_MAX = 200 };

static bool unit_of(const char *suffix, int64_t *unit)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(suffix, units[i].name) == 0) {
            *unit = units[i].bytes;
            return true;
        }
    return false;
}

bool config_read_integer(const struct setting *setting, const char *value, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(value, &end, 10), unit = 1;
    if (end == value || errno || isspace((unsigned char)value[0]))
        return false;
    if (setting->kind == SETTING_BYTES ? !unit_of(end, &unit) : *end != 0)
        return false;
    return !__builtin_mul_overflow(number, unit, out);
}

static bool check_number(const struct setting *setting, const char *value, struct weir_error *error)
{
    int64_t number;
    if (!config_read_integer(setting, value, &number))
        return error_set(error, WEIR_INVALID, "%s: \"%.60s\" is not %s", setting->name, value,
                         setting->kind == SETTING_BYTES ? "a size in bytes" : "a whole number");
    if (number >= setting->least && number <= setting->most)
        return true;
    if (setting->most == INT64_MAX)
        return error_set(error, WEIR_INVALID, "%s: %s is less than %lld", setting->name, value,
                         (long long)setting->least);
    return error_set(error, WEIR_INVALID, "%s: %s is not between %lld and %lld", setting->name, value,
                     (long long)setting->least, (long long)setting->most);
}

static bool check_choice(const struct setting *setting, const char *value, struct weir_error *error)
{
    char all[120] = "";
    for (size_t i = 0; setting->choices[i]; i++) {
        if (strcmp(setting->choices[i], value) == 0)
            return true;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", setting->choices[i]);
    }
    return error_set(error, WEIR_INVALID, "%s: \"%.60s\" is not one of %s", setting->name, value, all);
}

static bool check_reset(const struct setting *setting, const char *value, struct weir_error *error)
{
    const char *duration = strchr(value, ':');
    int64_t ms;
    if (strncmp(value, "by_duration:", strlen("by_duration:")) != 0)
        return check_choice(setting, value, error);
    return (duration_read(duration + 1, &ms) && ms >= 0) ||
           error_set(error, WEIR_INVALID, "%s: \"%.60s\" is not a duration from PT0S on, such as P1DT6H or PT0.5S",
                     setting->name, duration + 1);
}

/* What Kafka allows in names of groups and topics, and what is safe as the name of a folder. */
static bool check_name(const struct setting *setting, const char *value, struct weir_error *error)
{
    size_t size = strlen(value);
    if (size > NAME_BYTES_MAX)
        return error_set(error, WEIR_INVALID, "%s: longer than %d characters", setting->name, NAME_BYTES_MAX);
    if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
        return error_set(error, WEIR_INVALID, "%s: \"%s\" is not a name", setting->name, value);
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)value[i]) && !strchr("._-", value[i]))
            return error_set(error, WEIR_INVALID, "%s: \"%.60s\" may hold letters, digits, '.', '_' and '-' only",
                             setting->name, value);
    return true;
}

static bool check_servers(const struct setting *setting, const char *value, struct weir_error *error)
{
    for (const char *at = value; *at;) {
        size_t size = strcspn(at, ",");
        const char *colon = memrchr(at, ':', size);
        if (!colon || colon == at || colon + 1 == at + size ||
            strspn(colon + 1, "0123456789") != (size_t)(at + size - colon - 1))
            return error_set(error, WEIR_INVALID, "%s: \"%.*s\" is not host:port", setting->name,
                             (int)(size < 80 ? size : 80), at);
        at += size + (at[size] == ',');
    }
    return true;
}

static bool check_optimization(const struct setting *setting, const char *value, struct weir_error *error)
{
    static const char *const words[] = {"all", "none", "reuse.ktable.source.topics", "merge.repartition.topics",
                                        "single.store.self.join"};
    for (const char *at = value; *at;) {
        size_t size = strcspn(at, ","), i = 0, count = sizeof words / sizeof *words;
        while (i < count && (strlen(words[i]) != size || strncmp(words[i], at, size) != 0))
            i++;
        if (i == count)
            return error_set(error, WEIR_INVALID, "%s: there is no optimization \"%.*s\"", setting->name,
                             (int)(size < 80 ? size : 80), at);
        at += size + (at[size] == ',');
    }
    return true;
}

bool config_check(const struct setting *setting, const char *value, struct weir_error *error)
{
    switch (setting->kind) {
    case SETTING_INTEGER:
    case SETTING_BYTES:
    case SETTING_MILLISECONDS:
        return check_number(setting, value, error);
    case SETTING_CHOICE:
        return strcmp(setting->name, "auto.offset.reset") == 0 ? check_reset(setting, value, error)
                                                               : check_choice(setting, value, error);
    case SETTING_NAME:
        return check_name(setting, value, error);
    case SETTING_TEXT:
        break;
    }
    if (strcmp(setting->name, "bootstrap.servers") == 0)
        return check_servers(setting, value, error);
    if (strcmp(setting->name, "topology.optimization") == 0)
        return check_optimization(setting, value, error);
    if (strcmp(setting->name, "state.dir") == 0 && !value[0])
        return error_set(error, WEIR_INVALID, "state.dir: must not be empty");
    return true;
}
