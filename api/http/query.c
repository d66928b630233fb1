/* query.c: see query.h. Strict, so that a typing error never widens a query.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "http/limits.h"
#include "http/time.h"

static const char *const consistencies[] = {"active", "any", NULL};
static const char *const partials[] = {"refuse", "allow", NULL};
static const char *const snapshots[] = {"true", "false", NULL};
static const char *const orders[] = {"asc", "desc", NULL};

static const struct query_parameter parameters[QUERY_COUNT] = {
    [QUERY_MIN_POSITION] = {"min_position", QUERY_TEXT, 0, 0, NULL,
                            "Answer only when the view contains the inputs of this position."},
    [QUERY_WAIT_MS] = {"wait_ms", QUERY_INTEGER, 0, LIMIT_WAIT_MS, NULL, "How long to wait for min_position."},
    [QUERY_CONSISTENCY] = {"consistency", QUERY_CHOICE, 0, 0, consistencies, "Which replicas may answer."},
    [QUERY_PARTIAL] = {"partial", QUERY_CHOICE, 0, 0, partials,
                       "Whether an answer may leave out partitions that are elsewhere."},
    [QUERY_LIMIT] = {"limit", QUERY_INTEGER, 1, LIMIT_ROWS, NULL, "Rows of one page; 100 when absent."},
    [QUERY_CURSOR] = {"cursor", QUERY_TEXT, 0, 0, NULL, "page.next of the page before."},
    [QUERY_PAGE] =
        {"page", QUERY_TEXT, 0, 0, NULL,
         "page.next of the page before, or a number: pages are counted from 1, as long as they are of one size."},
    [QUERY_ORDER] = {"order", QUERY_CHOICE, 0, 0, orders, "Order of the keys."},
    [QUERY_PREFIX] = {"prefix", QUERY_TEXT, 0, 0, NULL, "Only keys that begin so; for string keys."},
    [QUERY_FROM_KEY] = {"from", QUERY_TEXT, 0, 0, NULL, "First key, inclusive."},
    [QUERY_TO_KEY] = {"to", QUERY_TEXT, 0, 0, NULL, "Last key, inclusive."},
    [QUERY_FROM_TIME] = {"from", QUERY_TIME, 0, 0, NULL,
                         "Earliest window start, or what was valid from then on; inclusive; RFC 3339 or milliseconds."},
    [QUERY_TO_TIME] = {"to", QUERY_TIME, 0, 0, NULL,
                       "Latest window start, or start of a version; inclusive; RFC 3339 or milliseconds."},
    [QUERY_WINDOW] = {"window", QUERY_TIME, 0, 0, NULL, "Start of the window to read; RFC 3339 or milliseconds."},
    [QUERY_WINDOW_FROM] = {"window_from", QUERY_TIME, 0, 0, NULL,
                           "Earliest window start (end of a session); RFC 3339 or milliseconds."},
    [QUERY_WINDOW_TO] = {"window_to", QUERY_TIME, 0, 0, NULL, "Latest window start; RFC 3339 or milliseconds."},
    [QUERY_AS_OF] = {"as_of", QUERY_TIME, 0, 0, NULL,
                     "The version that was valid then, of a versioned view; RFC 3339 or milliseconds."},
    [QUERY_SQL] = {"q", QUERY_TEXT, 0, 0, NULL, "One SELECT over the views."},
    [QUERY_SNAPSHOT] = {"snapshot", QUERY_CHOICE, 0, 0, snapshots,
                        "Whether the rows there are come before the changes."},
    [QUERY_EXACT] = {"exact", QUERY_FLAG, 0, 0, NULL, "Count the rows, rather than estimate how many there are."},
    [QUERY_VERBOSE] = {"verbose", QUERY_FLAG, 0, 0, NULL, "List every check."},
};

const struct query_parameter *query_parameter(enum query_id id)
{
    assert(id > QUERY_NONE && id < QUERY_COUNT);
    return &parameters[id];
}

static bool read_integer(const struct query_parameter *parameter, weir_bytes text, int64_t *number, const char **why)
{
    const char *at = text.data;
    int64_t sum = 0;
    *why = "is not a whole number";
    if (text.size == 0 || text.size > 18)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        sum = sum * 10 + (at[i] - '0');
    }
    *why = sum < parameter->minimum ? "is too small" : "is too large";
    *number = sum;
    return sum >= parameter->minimum && sum <= parameter->maximum;
}

static bool read_choice(const char *const *choices, weir_bytes text, int64_t *number, const char **why)
{
    *why = "is not one of its values";
    for (int64_t i = 0; choices[i]; i++) {
        if (bytes_equal(text, bytes_of_text(choices[i]))) {
            *number = i;
            return true;
        }
    }
    return false;
}

static bool read_flag(weir_bytes text, int64_t *number, const char **why)
{
    *why = "is neither true nor false";
    *number = text.size == 0 || bytes_equal(text, bytes_of_text("true"));
    return *number || bytes_equal(text, bytes_of_text("false"));
}

static bool read_value(const struct query_parameter *parameter, struct query_value *value, const char **why)
{
    switch (parameter->kind) {
    case QUERY_TEXT:
        return true;
    case QUERY_INTEGER:
        return read_integer(parameter, value->text, &value->number, why);
    case QUERY_TIME:
        *why = "is neither an RFC 3339 time nor milliseconds";
        return time_of_text(value->text, &value->number);
    case QUERY_CHOICE:
        return read_choice(parameter->choices, value->text, &value->number, why);
    case QUERY_FLAG:
        return read_flag(value->text, &value->number, why);
    }
    return false;
}

static enum query_id find(const enum query_id *accepted, weir_bytes name)
{
    for (; *accepted != QUERY_NONE; accepted++) {
        if (*accepted == QUERY_OTHERS)
            return QUERY_OTHERS;
        if (bytes_equal(name, bytes_of_text(parameters[*accepted].name)))
            return *accepted;
    }
    return QUERY_NONE;
}

bool query_read(struct query *query, const struct uri *uri, const enum query_id *accepted, weir_bytes *parameter,
                const char **why)
{
    for (size_t i = 0; i < uri->pair_count; i++) {
        const struct uri_pair *pair = &uri->pairs[i];
        enum query_id id = find(accepted, pair->name);
        if (id == QUERY_OTHERS)
            continue;
        struct query_value *value = &query->values[id];
        *parameter = pair->name;
        *why = id == QUERY_NONE ? "is not a parameter of this resource" : "is given twice";
        if (id == QUERY_NONE || value->given)
            return false;
        *value = (struct query_value){.given = true, .text = pair->value};
        if (!read_value(&parameters[id], value, why))
            return false;
    }
    return true;
}
