/* window.c: which windows there are, and which the author may ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static bool check_not_negative(const struct verb *verb, const struct weir_window *window)
{
    const struct {
        const char *name;
        int64_t ms;
    } times[] = {{"size", window->size.ms},
                 {"advance", window->advance.ms},
                 {"difference", window->difference.ms},
                 {"gap", window->gap.ms},
                 {"start_ms", window->start_ms},
                 {"grace", window->grace.ms},
                 {"retention", window->retention.ms}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i].ms < 0)
            return verb_fail(verb, "the window's .%s is negative", times[i].name);
    return true;
}

static bool check_one_kind(const struct verb *verb, const struct weir_window *window)
{
    int kinds = (window->size.ms > 0) + (window->difference.ms > 0) + (window->gap.ms > 0) + window->unlimited;
    if (kinds > 1)
        return verb_fail(verb, "the window needs one of .size, .difference, .gap and .unlimited, not several");
    if (window->advance.ms > 0 && window->size.ms == 0)
        return verb_fail(verb, "the window's .advance needs a .size");
    if (window->start_ms > 0 && !window->unlimited)
        return verb_fail(verb, "the window's .start_ms is for .unlimited ones");
    if (kinds == 0 && (window->grace.ms > 0 || window->retention.ms > 0 || window->emit != WEIR_EMIT_ON_UPDATE))
        return verb_fail(verb, "the window needs one of .size, .difference, .gap and .unlimited");
    return window->advance.ms <= window->size.ms ||
           verb_fail(verb, "the window's .advance (%lld ms) is longer than its .size (%lld ms)",
                     (long long)window->advance.ms, (long long)window->size.ms);
}

static bool fill_unlimited(const struct verb *verb, struct weir_window *window)
{
    if (window->grace.ms > 0 || window->retention.ms > 0)
        return verb_fail(verb, "an unlimited window never ends, so it has neither .grace nor .retention");
    if (window->emit == WEIR_EMIT_ON_CLOSE)
        return verb_fail(verb, "an unlimited window never closes, so nothing would be emitted on close");
    window->retention.ms = INT64_MAX;
    return true;
}

/* How long records can change a window after it has begun; a sliding window is also looked at to begin those behind it
 * (SlidingWindowStoreMaterializer). False: too long for 64 bits. */
static bool least_retention(const struct weir_window *window, int64_t *least_ms)
{
    int64_t open_ms = window->size.ms + window->difference.ms + window->gap.ms; /* all but one are 0 */
    return !__builtin_add_overflow(open_ms, window->difference.ms, least_ms) &&
           !__builtin_add_overflow(*least_ms, window->grace.ms, least_ms);
}

static bool fill_retention(const struct verb *verb, struct weir_window *window)
{
    int64_t least_ms;
    if (!least_retention(window, &least_ms))
        return verb_fail(verb, "the window and its .grace are too long");
    if (window->retention.ms == 0)
        window->retention.ms = least_ms;
    return window->retention.ms >= least_ms ||
           verb_fail(verb, "the window's .retention (%lld ms) is too short: records can change it for %lld ms",
                     (long long)window->retention.ms, (long long)least_ms);
}

bool verb_check_window(const struct verb *verb, struct weir_window *window)
{
    if (!check_not_negative(verb, window) || !check_one_kind(verb, window))
        return false;
    if (window->emit > WEIR_EMIT_ON_CLOSE)
        return verb_fail(verb, "there is no way %d to emit", (int)window->emit);
    switch (window_kind(window)) {
    case WINDOW_NONE:
        return true;
    case WINDOW_UNLIMITED:
        return fill_unlimited(verb, window);
    case WINDOW_TIME:
    case WINDOW_SLIDING:
    case WINDOW_SESSION:
        break;
    }
    return fill_retention(verb, window);
}

bool verb_check_store_window(const struct verb *verb, struct weir_window *window)
{
    if (window->advance.ms > 0 || window->difference.ms > 0 || window->unlimited || window->emit != WEIR_EMIT_ON_UPDATE)
        return verb_fail(verb, "the window of a store has a .size or a .gap, .grace and .retention only");
    return verb_check_window(verb, window);
}

bool verb_check_keeping(const struct verb *verb, struct keeping keeping, bool has_windows)
{
    if (keeping.history.ms < 0)
        return verb_fail(verb, "its .history is negative");
    return keeping.history.ms == 0 || !has_windows ||
           verb_fail(verb, "rows of windows have a .retention; a .history is for rows without windows");
}

bool verb_check_no_keeping(const struct verb *verb, struct keeping keeping)
{
    const char *field = keeping.history.ms != 0 ? ".history" : keeping.in_memory ? ".in_memory" : ".no_log";
    return (keeping.history.ms == 0 && !keeping.in_memory && !keeping.no_log) ||
           verb_fail(verb, "%s is about a store, and it has none", field);
}

struct store_spec window_store_spec(const struct weir_window *window, struct keeping keeping)
{
    struct store_spec spec = {.kind = STORE_KEY_VALUE, .in_memory = keeping.in_memory, .no_log = keeping.no_log};
    switch (window_kind(window)) {
    case WINDOW_NONE:
        spec.kind = keeping.history.ms > 0 ? STORE_VERSIONED : STORE_KEY_VALUE;
        spec.retention_ms = keeping.history.ms;
        return spec;
    case WINDOW_SESSION:
        spec.kind = STORE_SESSION;
        break;
    case WINDOW_TIME:
    case WINDOW_SLIDING:
    case WINDOW_UNLIMITED:
        spec.kind = STORE_WINDOW;
        spec.window_size_ms = window_size_ms(window);
        break;
    }
    spec.retention_ms = window->retention.ms;
    spec.keeps_until_told = window->emit == WEIR_EMIT_ON_CLOSE;
    return spec;
}
