/* search.c: GET of a search that a topology declares: a range of the index that fits best, and conditions on its rows.
 *
 * A field may hold a slash, so that the range of one service may hold rows of another: every field that is asked for is
 * compared with the row's, the index's own too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/search.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "http/handlers.h"
#include "http/listing.h"
#include "http/problem.h"
#include "http/time.h"

enum { PAGE_DIGITS_MAX = 9 };

static bool refuse_parameter(struct request *request, weir_bytes name, const char *why)
{
    problem_at(request, PROBLEM_BAD_PARAMETER, arena_bytes(&request->arena, name).data, why);
    return false;
}

/* ---- which fields are asked for ---------------------------------------------------------------------------------- */

static bool is_field_of_search(const struct weir_search_args *search, weir_bytes name)
{
    for (size_t i = 0; i < WEIR_INDEXES_MAX && search->indexes[i].view; i++)
        for (size_t k = 0; search->indexes[i].by[k]; k++)
            if (bytes_equal(name, bytes_of_text(search->indexes[i].by[k])))
                return true;
    return false;
}

static bool is_fixed_parameter(const struct request *request, weir_bytes name)
{
    for (const enum query_id *id = request->route->parameters; *id != QUERY_OTHERS; id++)
        if (bytes_equal(name, bytes_of_text(query_parameter(*id)->name)))
            return true;
    return false;
}

static const struct weir_field *find_field(const struct weir_type *record, weir_bytes name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (bytes_equal(name, bytes_of_text(record->fields[i].name)))
            return &record->fields[i];
    return NULL;
}

static const struct listing_condition *find_condition(const struct listing *listing, const char *field)
{
    for (size_t i = 0; i < listing->condition_count; i++)
        if (strcmp(listing->conditions[i].field->name, field) == 0)
            return &listing->conditions[i];
    return NULL;
}

static bool read_condition(struct listing *listing, const struct endpoint *endpoint, const struct uri_pair *pair)
{
    struct request *request = listing->request;
    const struct weir_field *field = find_field(endpoint->declared->value, pair->name);
    if (!field || !is_field_of_search(&endpoint->declared->search, pair->name))
        return refuse_parameter(request, pair->name, "is not a parameter of this resource");
    if (find_condition(listing, field->name))
        return refuse_parameter(request, pair->name, "is given twice");
    if (pair->value.size == 0)
        return refuse_parameter(request, pair->name, "is empty");
    if (listing->condition_count == LISTING_CONDITIONS_MAX)
        return refuse_parameter(request, pair->name, "is one field too many");
    listing->conditions[listing->condition_count++] = (struct listing_condition){field, pair->value};
    return true;
}

static bool read_conditions(struct listing *listing, const struct endpoint *endpoint)
{
    const struct uri *uri = &listing->request->uri;
    for (size_t i = 0; i < uri->pair_count; i++) {
        if (!is_fixed_parameter(listing->request, uri->pairs[i].name) &&
            !read_condition(listing, endpoint, &uri->pairs[i]))
            return false;
    }
    return true;
}

/* ---- from them to a range ---------------------------------------------------------------------------------------- */

/* The first whose fields are all asked for. One is by time alone, so there always is one. */
static const struct weir_index *choose_index(const struct listing *listing, const struct weir_search_args *search)
{
    size_t i = 0;
    for (; i < WEIR_INDEXES_MAX - 1; i++) {
        size_t known = 0;
        while (search->indexes[i].by[known] && find_condition(listing, search->indexes[i].by[known]))
            known++;
        if (!search->indexes[i].by[known])
            break;
    }
    return &search->indexes[i];
}

static const weir_bytes *bound(struct request *request, const struct buffer *front, const int64_t *ms, const char *end)
{
    char text[TIME_TEXT_BYTES + 1] = "";
    weir_bytes *key = arena_alloc(&request->arena, sizeof *key);
    if (ms)
        time_text(*ms, text);
    const char *joined = arena_format(&request->arena, "%s%s", text, end);
    struct buffer whole = {0};
    buffer_append(&whole, front->data, front->size);
    buffer_text(&whole, joined);
    *key = arena_bytes(&request->arena, buffer_bytes(&whole));
    buffer_done(&whole);
    return key;
}

/* Behind everything that begins with "…Z/" is "…Z0", the next character after the slash. */
static void set_range(struct listing *listing, const struct weir_index *index)
{
    struct request *request = listing->request;
    const struct query_value *from = request_value(request, QUERY_FROM_TIME);
    const struct query_value *to = request_value(request, QUERY_TO_TIME);
    struct buffer front = {0};
    for (size_t i = 0; index->by[i]; i++) {
        const struct listing_condition *condition = find_condition(listing, index->by[i]);
        assert(condition);
        buffer_append(&front, condition->text.data, condition->text.size);
        buffer_byte(&front, '/');
    }
    listing->range.from = bound(request, &front, from->given ? &from->number : NULL, "");
    if (to->given) {
        listing->range.to = bound(request, &front, &to->number, "0");
    } else if (front.size > 0) {
        front.size--; /* the slash */
        listing->range.to = bound(request, &front, NULL, "0");
    }
    buffer_done(&front);
}

static bool check_times(struct request *request)
{
    const struct query_value *from = request_value(request, QUERY_FROM_TIME);
    const struct query_value *to = request_value(request, QUERY_TO_TIME);
    if (!from->given || !to->given || from->number <= to->number)
        return true;
    problem_field(request, "from", "is behind to");
    problem_answer(request, PROBLEM_BAD_RANGE, "from: is behind to.");
    return false;
}

static bool refuse_page(struct request *request, const char *why)
{
    problem_at(request, PROBLEM_BAD_RANGE, "page", why);
    return false;
}

/* A number of few digits counts pages; anything else is page.next of another page. */
static bool read_page(struct listing *listing)
{
    struct request *request = listing->request;
    const struct query_value *page = request_value(request, QUERY_PAGE), *limit = request_value(request, QUERY_LIMIT);
    const char *at = page->text.data;
    int64_t number = 0;
    if (!page->given || page->text.size > PAGE_DIGITS_MAX)
        return listing_read_cursor(listing);
    for (size_t i = 0; i < page->text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return listing_read_cursor(listing);
        number = number * 10 + (at[i] - '0');
    }
    int64_t skipped = (number - 1) * (limit->given ? limit->number : LIMIT_ROWS_DEFAULT);
    if (number < 1)
        return refuse_page(request, "is less than 1");
    if (skipped > LIMIT_SKIPPED_ROWS)
        return refuse_page(request, "is too far on: go from page to page by page.next");
    listing->skip = (size_t)skipped;
    listing_begin(listing);
    return true;
}

/* Fields that the one who asks may not see are not compared either. */
static bool may_ask(struct listing *listing)
{
    for (size_t i = 0; i < listing->condition_count; i++) {
        const char *name = listing->conditions[i].field->name;
        if (find_field(listing->info.value, bytes_of_text(name)))
            continue;
        problem_at(listing->request, PROBLEM_FORBIDDEN, name, "is hidden from your role");
        return false;
    }
    return true;
}

bool search_find_view(struct request *request, weir_bytes *name)
{
    const struct endpoint *endpoint = endpoint_of(&request->server->endpoints, request->route);
    struct listing listing = {.request = request, .is_search = true};
    if (!read_conditions(&listing, endpoint))
        return false;
    *name = bytes_of_text(choose_index(&listing, &endpoint->declared->search)->view);
    return true;
}

void handle_search(struct request *request)
{
    const struct endpoint *endpoint = endpoint_of(&request->server->endpoints, request->route);
    struct listing listing = {.request = request, .is_search = true};
    if (!read_conditions(&listing, endpoint) || !check_times(request))
        return;
    const struct weir_index *index = choose_index(&listing, &endpoint->declared->search);
    if (!listing_find_view(&listing, bytes_of_text(index->view)) || !may_ask(&listing))
        return;
    set_range(&listing, index);
    if (read_page(&listing))
        listing_answer(&listing);
}
