/* Which route a path and a method name, and what the table promises. SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "http/route.h"

static weir_arena arena;

static struct route_match find(const char *method, const char *path)
{
    struct uri uri;
    const char *why;
    cr_assert(uri_read(&uri, &arena, bytes_of_text(path), &why), "%s: %s", path, why);
    const struct route_table table = {routes, route_count};
    return route_find(&table, &uri, bytes_of_text(method));
}

static void cr_path(const char *path, const char *expected)
{
    struct route_match match = find("GET", path);
    cr_assert(match.route, "%s", path);
    cr_assert_str_eq(match.route->path, expected);
}

Test(route, every_path_finds_its_own_row)
{
    for (size_t i = 0; i < route_count; i++) {
        char path[128];
        size_t size = 0;
        for (const char *at = routes[i].path; *at; at++) {
            if (*at == '{' || *at == '}')
                continue;
            path[size++] = *at;
        }
        path[size] = 0;
        struct route_match match = find(routes[i].method == ROUTE_POST ? "POST" : "GET", path);
        cr_assert_eq(match.route, &routes[i], "%s", path);
    }
}

Test(route, placeholders_take_what_stands_there)
{
    struct route_match match = find("GET", "/v1/views/a%20b/keys/c%2Fd");
    cr_assert(bytes_equal(match.values[0], bytes_of_text("a b")));
    cr_assert(bytes_equal(match.values[1], bytes_of_text("c/d")));
}

Test(route, an_encoded_slash_is_for_keys_only)
{
    cr_assert_null(find("GET", "/v1/views/a%2Fb").route);
    cr_assert_null(find("GET", "/v1%2Fviews").route);
}

Test(route, head_is_routed_as_get)
{
    cr_assert_eq(find("HEAD", "/livez").route, find("GET", "/livez").route);
}

Test(route, a_wrong_method_is_told_from_a_wrong_path)
{
    struct route_match match = find("DELETE", "/livez");
    cr_assert_null(match.route);
    cr_assert(match.path_exists);
    cr_assert_str_eq(route_allow(match.allowed), "GET, HEAD");
    cr_assert_not(find("GET", "/nothing").path_exists);
    cr_assert_str_eq(route_allow(find("GET", "/v1/topics/a/records").allowed), "POST");
}

Test(route, paths_are_not_normalised)
{
    cr_assert_null(find("GET", "/livez/").route);
    cr_assert_null(find("GET", "//livez").route);
    cr_assert_null(find("GET", "/LIVEZ").route);
    cr_assert_null(find("GET", "/v1/views//keys/a").route);
    cr_assert_null(find("GET", "/a/b/c/d/e/f/g/h/i/j/k").route);
    cr_path("/", "/");
}
