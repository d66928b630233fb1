/* route.c: finding the row of the route table that a path and a method name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

#include "base/bytes.h"

/* Takes the first segment off a template. */
static weir_bytes next_segment(const char **path)
{
    const char *start = *path + 1;
    size_t size = strcspn(start, "/");
    *path = start + size;
    return (weir_bytes){start, size};
}

static bool fits(weir_bytes template, const struct uri_segment *segment, struct route_match *match, size_t *values)
{
    const char *at = template.data;
    if (template.size == 0 || at[0] != '{')
        return !segment->has_encoded_slash && bytes_equal(template, segment->text);
    if (segment->text.size == 0 || (segment->has_encoded_slash && !bytes_equal(template, bytes_of_text("{key}"))))
        return false;
    match->values[(*values)++] = segment->text;
    return true;
}

static bool path_fits(const char *path, const struct uri *uri, struct route_match *match)
{
    size_t values = 0, i = 0;
    if (path[1] == 0)
        return uri->segment_count == 0;
    for (; *path; i++) {
        weir_bytes template = next_segment(&path);
        if (i == uri->segment_count || !fits(template, &uri->segments[i], match, &values))
            return false;
    }
    return i == uri->segment_count;
}

static unsigned method_of(weir_bytes method)
{
    if (bytes_equal(method, bytes_of_text("GET")) || bytes_equal(method, bytes_of_text("HEAD")))
        return ROUTE_GET;
    if (bytes_equal(method, bytes_of_text("PUT")))
        return ROUTE_PUT;
    return bytes_equal(method, bytes_of_text("POST")) ? ROUTE_POST : 0;
}

struct route_match route_find(const struct route_table *table, const struct uri *uri, weir_bytes method)
{
    struct route_match match = {0};
    unsigned wanted = method_of(method);
    for (size_t i = 0; i < table->count && !uri->too_deep; i++) {
        const struct route *row = &table->rows[i];
        if (!path_fits(row->path, uri, &match))
            continue;
        match.path_exists = true;
        match.allowed |= row->method;
        if (row->method == wanted) {
            match.route = row;
            break;
        }
    }
    return match;
}

const char *route_allow(unsigned allowed)
{
    static const char *const lists[] = {[ROUTE_GET] = "GET, HEAD",
                                        [ROUTE_POST] = "POST",
                                        [ROUTE_GET | ROUTE_POST] = "GET, HEAD, POST",
                                        [ROUTE_PUT] = "PUT",
                                        [ROUTE_GET | ROUTE_PUT] = "GET, HEAD, PUT",
                                        [ROUTE_POST | ROUTE_PUT] = "POST, PUT",
                                        [ROUTE_GET | ROUTE_POST | ROUTE_PUT] = "GET, HEAD, POST, PUT"};
    return lists[allowed];
}

const char *route_method_name(enum route_method method)
{
    return method == ROUTE_GET ? "GET" : method == ROUTE_POST ? "POST" : "PUT";
}
