/* outcomes.c: see outcomes.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedded/outcomes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "embedded/files.h"
#include "embedded/limits.h"

/* -- ranges -- */

/* Index of the first range that ends at the number or behind it. */
static size_t place_of(const struct embedded_ranges *ranges, int64_t number)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->items[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool embedded_ranges_have(const struct embedded_ranges *ranges, int64_t number)
{
    size_t at = place_of(ranges, number);
    return at < ranges->count && ranges->items[at].first <= number;
}

static void remove_at(struct embedded_ranges *ranges, size_t at)
{
    memmove(&ranges->items[at], &ranges->items[at + 1], (ranges->count - at - 1) * sizeof *ranges->items);
    ranges->count--;
}

static void insert_at(struct embedded_ranges *ranges, size_t at, struct embedded_range range)
{
    ranges->items = memory_grow(ranges->items, &ranges->capacity, ranges->count + 1, sizeof *ranges->items);
    memmove(&ranges->items[at + 1], &ranges->items[at], (ranges->count - at) * sizeof *ranges->items);
    ranges->items[at] = range;
    ranges->count++;
}

/* Of numbers that are not there yet. */
static void add_range(struct embedded_ranges *ranges, struct embedded_range range)
{
    size_t at = place_of(ranges, range.first);
    if (at < ranges->count && ranges->items[at].first == range.last + 1) {
        range.last = ranges->items[at].last;
        remove_at(ranges, at);
    }
    if (at > 0 && ranges->items[at - 1].last == range.first - 1)
        ranges->items[at - 1].last = range.last;
    else
        insert_at(ranges, at, range);
}

void embedded_ranges_add(struct embedded_ranges *ranges, int64_t number)
{
    if (!embedded_ranges_have(ranges, number))
        add_range(ranges, (struct embedded_range){number, number});
}

static void take_out(struct embedded_ranges *ranges, int64_t number)
{
    size_t at = place_of(ranges, number);
    if (at == ranges->count || ranges->items[at].first > number)
        return;
    struct embedded_range range = ranges->items[at];
    remove_at(ranges, at);
    if (range.last > number)
        insert_at(ranges, at, (struct embedded_range){number + 1, range.last});
    if (range.first < number)
        insert_at(ranges, at, (struct embedded_range){range.first, number - 1});
}

/* -- the file -- */

void embedded_outcomes_init(struct embedded_outcomes *outcomes, char *path)
{
    *outcomes = (struct embedded_outcomes){.next = 1, .limit = 1};
    outcomes->path = path;
    pthread_mutex_init(&outcomes->lock, NULL);
}

void embedded_outcomes_done(struct embedded_outcomes *outcomes)
{
    pthread_mutex_destroy(&outcomes->lock);
    free(outcomes->committed.items);
    free(outcomes->aborted.items);
    free(outcomes->closing.items);
    free(outcomes->path);
}

static bool read_number(char **text, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    bool ok = errno == 0 && end != *text && **text >= '0' && **text <= '9' && *number > 0;
    *text = end;
    return ok;
}

/* "1-57,60-90": ascending, with a gap between one and the next. */
static bool read_ranges(struct embedded_ranges *ranges, char *text)
{
    ranges->count = 0;
    while (*text) {
        struct embedded_range range;
        if (ranges->count && *text++ != ',')
            return false;
        if (!read_number(&text, &range.first) || *text++ != '-' || !read_number(&text, &range.last) ||
            range.last < range.first || range.last == INT64_MAX ||
            (ranges->count && range.first <= ranges->items[ranges->count - 1].last + 1))
            return false;
        insert_at(ranges, ranges->count, range);
    }
    return true;
}

static bool is_below(const struct embedded_ranges *ranges, int64_t limit)
{
    return ranges->count == 0 || ranges->items[ranges->count - 1].last < limit;
}

bool embedded_outcomes_parse(struct embedded_outcomes *outcomes, char *text)
{
    bool has_limit = false, ok = true;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line && ok; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "limit=", 6) == 0) {
            char *number = line + 6;
            ok = has_limit = read_number(&number, &outcomes->limit) && *number == 0;
        } else if (strncmp(line, "committed=", 10) == 0) {
            ok = read_ranges(&outcomes->committed, line + 10);
        } else if (strncmp(line, "aborted=", 8) == 0) {
            ok = read_ranges(&outcomes->aborted, line + 8);
        } else {
            ok = false;
        }
    }
    outcomes->next = outcomes->limit;
    return ok && has_limit && is_below(&outcomes->committed, outcomes->limit) &&
           is_below(&outcomes->aborted, outcomes->limit);
}

bool embedded_outcomes_load(struct embedded_outcomes *outcomes, struct weir_error *error)
{
    size_t size;
    if (!outcomes->path || access(outcomes->path, F_OK) != 0)
        return true;
    char *text = embedded_file_read(outcomes->path, &size, error);
    if (!text)
        return false;
    bool ok = embedded_outcomes_parse(outcomes, text);
    free(text);
    return ok || error_set(error, WEIR_CORRUPT, "%s is not understood", outcomes->path);
}

static void write_ranges(struct buffer *text, const char *name, const struct embedded_ranges *ranges)
{
    buffer_format(text, "%s=", name);
    for (size_t i = 0; i < ranges->count; i++)
        buffer_format(text, "%s%" PRId64 "-%" PRId64, i ? "," : "", ranges->items[i].first, ranges->items[i].last);
    buffer_text(text, "\n");
}

/* Lock held. */
static bool save(struct embedded_outcomes *outcomes, struct weir_error *error)
{
    if (!outcomes->path)
        return true;
    struct buffer text = {0};
    buffer_format(&text, "limit=%" PRId64 "\n", outcomes->limit);
    write_ranges(&text, "committed", &outcomes->committed);
    write_ranges(&text, "aborted", &outcomes->aborted);
    bool saved = embedded_file_replace(outcomes->path, buffer_bytes(&text), error);
    buffer_done(&text);
    return saved;
}

bool embedded_outcomes_save(struct embedded_outcomes *outcomes, struct weir_error *error)
{
    pthread_mutex_lock(&outcomes->lock);
    bool saved = outcomes->limit == 1 || save(outcomes, error);
    pthread_mutex_unlock(&outcomes->lock);
    return saved;
}

/* The first number from `number` on that the ranges do not have, and how far they do not. */
static int64_t skip(const struct embedded_ranges *ranges, int64_t number, int64_t *end)
{
    size_t at = place_of(ranges, number);
    if (at < ranges->count && ranges->items[at].first <= number)
        number = ranges->items[at++].last + 1;
    if (at < ranges->count && ranges->items[at].first < *end)
        *end = ranges->items[at].first;
    return number;
}

static void merge(struct embedded_ranges *ranges, const struct embedded_ranges *more)
{
    for (size_t i = 0; i < more->count; i++)
        for (int64_t number = more->items[i].first, end; number <= more->items[i].last; number = end) {
            end = more->items[i].last + 1;
            int64_t first = skip(ranges, number, &end);
            if (first > more->items[i].last)
                break;
            add_range(ranges, (struct embedded_range){first, end - 1});
        }
}

void embedded_outcomes_merge(struct embedded_outcomes *outcomes, const struct embedded_outcomes *more)
{
    pthread_mutex_lock(&outcomes->lock);
    merge(&outcomes->committed, &more->committed);
    merge(&outcomes->aborted, &more->aborted);
    if (more->limit > outcomes->limit)
        outcomes->next = outcomes->limit = more->limit;
    pthread_mutex_unlock(&outcomes->lock);
}

bool embedded_outcomes_settle(struct embedded_outcomes *outcomes, struct weir_error *error)
{
    for (int64_t number = 1; number < outcomes->limit;) {
        int64_t end = outcomes->limit;
        int64_t first = skip(&outcomes->aborted, skip(&outcomes->committed, number, &end), &end);
        if (first < end)
            add_range(&outcomes->aborted, (struct embedded_range){first, end - 1});
        number = first < end ? end : first;
    }
    return embedded_outcomes_save(outcomes, error);
}

/* -- transactions -- */

int64_t embedded_outcomes_begin(struct embedded_outcomes *outcomes, struct weir_error *error)
{
    int64_t number = 0;
    pthread_mutex_lock(&outcomes->lock);
    bool may = outcomes->next < outcomes->limit;
    if (!may) {
        outcomes->limit += EMBEDDED_TRANSACTIONS_AHEAD;
        may = save(outcomes, error);
        if (!may)
            outcomes->limit -= EMBEDDED_TRANSACTIONS_AHEAD;
    }
    if (may)
        number = outcomes->next++;
    pthread_mutex_unlock(&outcomes->lock);
    return number;
}

static enum embedded_outcome outcome_of(const struct embedded_outcomes *outcomes, int64_t number)
{
    if (embedded_ranges_have(&outcomes->committed, number))
        return EMBEDDED_COMMITTED;
    return embedded_ranges_have(&outcomes->aborted, number) ? EMBEDDED_ABORTED : EMBEDDED_OPEN;
}

enum embedded_outcome embedded_outcomes_of(struct embedded_outcomes *outcomes, int64_t number)
{
    pthread_mutex_lock(&outcomes->lock);
    enum embedded_outcome outcome = outcome_of(outcomes, number);
    pthread_mutex_unlock(&outcomes->lock);
    return outcome;
}

bool embedded_outcomes_claim(struct embedded_outcomes *outcomes, int64_t number)
{
    pthread_mutex_lock(&outcomes->lock);
    bool is_open = outcome_of(outcomes, number) == EMBEDDED_OPEN;
    if (is_open)
        embedded_ranges_add(&outcomes->closing, number);
    pthread_mutex_unlock(&outcomes->lock);
    return is_open;
}

void embedded_outcomes_unclaim(struct embedded_outcomes *outcomes, int64_t number)
{
    pthread_mutex_lock(&outcomes->lock);
    take_out(&outcomes->closing, number);
    pthread_mutex_unlock(&outcomes->lock);
}

void embedded_outcomes_commit(struct embedded_outcomes *outcomes, int64_t number)
{
    pthread_mutex_lock(&outcomes->lock);
    embedded_ranges_add(&outcomes->committed, number);
    take_out(&outcomes->closing, number);
    pthread_mutex_unlock(&outcomes->lock);
}

bool embedded_outcomes_abort(struct embedded_outcomes *outcomes, int64_t number)
{
    pthread_mutex_lock(&outcomes->lock);
    bool may = !embedded_ranges_have(&outcomes->closing, number);
    if (may && outcome_of(outcomes, number) == EMBEDDED_OPEN)
        embedded_ranges_add(&outcomes->aborted, number);
    pthread_mutex_unlock(&outcomes->lock);
    return may;
}
