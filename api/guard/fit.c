/* fit.c: see fit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/fit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "guard/mask.h"

struct fitting {
    const char *path;
    const struct fit_view *views;
    size_t count;
};

enum found { FOUND_NOTHING, FOUND_PATTERN, FOUND_VIEW, FOUND_FIELD };

/* VIEW.FIELD, divided at that dot. */
static enum found find_field(const struct fitting *fitting, const char *hidden, const char *dot)
{
    char pattern[256];
    size_t size = (size_t)(dot - hidden);
    enum found found = FOUND_NOTHING;
    if (size >= sizeof pattern)
        return found;
    memcpy(pattern, hidden, size);
    pattern[size] = 0;
    for (size_t i = 0; i < fitting->count && found != FOUND_FIELD; i++) {
        const struct fit_view *view = &fitting->views[i];
        if (!pattern_fits(pattern, bytes_of_text(view->name)))
            continue;
        bool is_pattern = strcmp(pattern, view->name) != 0;
        found = mask_has_field(view->value, dot + 1) ? FOUND_FIELD
                : is_pattern && found != FOUND_VIEW  ? FOUND_PATTERN
                                                     : FOUND_VIEW;
    }
    return found;
}

/* Names of views may have dots: the best of all places where it may be divided. */
static enum found find_hidden(const struct fitting *fitting, const char *hidden)
{
    enum found best = FOUND_NOTHING;
    for (const char *dot = strchr(hidden, '.'); dot; dot = strchr(dot + 1, '.')) {
        enum found found = find_field(fitting, hidden, dot);
        best = found > best ? found : best;
    }
    return best;
}

static bool check_hidden(const struct fitting *fitting, const struct grant *grant, struct weir_error *error)
{
    for (size_t i = 0; i < grant->hide.count; i++) {
        const char *hidden = grant->hide.items[i];
        enum found found = find_hidden(fitting, hidden);
        if (found == FOUND_VIEW)
            return error_set(error, WEIR_INVALID,
                             "%.200s:%d: hide=%.100s: the view has no such field, so nothing would be hidden",
                             fitting->path, grant->line, hidden);
        if (found != FOUND_FIELD)
            log_warning("guard", "%.200s:%d: hide=%.100s hides nothing here", fitting->path, grant->line, hidden);
    }
    return true;
}

static bool fits_any(const struct fitting *fitting, const char *pattern)
{
    for (size_t i = 0; i < fitting->count; i++)
        if (pattern_fits(pattern, bytes_of_text(fitting->views[i].name)))
            return true;
    return false;
}

static void tell_unknown(const struct fitting *fitting, const struct grant *grant, const char *word,
                         const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (!fits_any(fitting, patterns->items[i]))
            log_warning("guard", "%.200s:%d: %s=%.100s: there is no such view here", fitting->path, grant->line, word,
                        patterns->items[i]);
}

bool fit_check(const struct access *access, const char *path, const struct fit_view *views, size_t count,
               struct weir_error *error)
{
    const struct fitting fitting = {path, views, count};
    const struct grant *grant;
    for (size_t i = 0; (grant = access_line(access, i)); i++) {
        tell_unknown(&fitting, grant, "views", &grant->views);
        tell_unknown(&fitting, grant, "deny", &grant->deny);
        if (!check_hidden(&fitting, grant, error))
            return false;
    }
    return true;
}
