/* Request targets and their parameters. SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "http/query.h"

static weir_arena arena;
static struct uri uri;
static struct query query;
static weir_bytes named;
static const char *why;
static const enum query_id accepted[] = {QUERY_LIMIT, QUERY_PREFIX,  QUERY_FROM_TIME,
                                         QUERY_ORDER, QUERY_VERBOSE, QUERY_NONE};

static bool reads(const char *target)
{
    return uri_read(&uri, &arena, bytes_of_text(target), &why);
}

static bool takes(const char *parameters)
{
    char target[256];
    snprintf(target, sizeof target, "/?%s", parameters);
    query = (struct query){0};
    cr_assert(reads(target), "%s: %s", target, why);
    return query_read(&query, &uri, accepted, &named, &why);
}

Test(uri, text_is_decoded_once)
{
    cr_assert(reads("/a%2541/%E2%82%AC"));
    cr_assert(bytes_equal(uri.segments[0].text, bytes_of_text("a%41")));
    cr_assert(bytes_equal(uri.segments[1].text, bytes_of_text("\xe2\x82\xac")));
}

Test(uri, a_plus_is_a_space_in_the_query_only)
{
    cr_assert(reads("/a+b?c+d=e+f"));
    cr_assert(bytes_equal(uri.segments[0].text, bytes_of_text("a+b")));
    cr_assert(bytes_equal(uri.pairs[0].value, bytes_of_text("e f")));
}

Test(uri, what_is_dangerous_is_refused)
{
    const char *wrong[] = {"",     "a",       "*",          "http://a/",     "/%",      "/%4",     "/%4g",
                           "/%00", "/a%0a",   "/.",         "/..",           "/%2e%2e", "/a/../b", "/%2E/a",
                           "/%ff", "/%c0%af", "/%ed%a0%80", "/%f4%90%80%80", "/?a=%00", "/?a=%ff", "/%7f"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(reads(wrong[i]), "%s", wrong[i]);
}

Test(uri, the_number_of_parameters_is_bounded)
{
    char target[256] = "/?";
    for (int i = 0; i < LIMIT_PARAMETERS + 1; i++)
        strcat(target, "a=b&");
    cr_assert_not(reads(target));
}

Test(query, good_values_are_read)
{
    cr_assert(takes("limit=7&prefix=%C3%A4&from=1970-01-01T00:00:01Z&order=desc&verbose"));
    cr_assert_eq(query.values[QUERY_LIMIT].number, 7);
    cr_assert(bytes_equal(query.values[QUERY_PREFIX].text, bytes_of_text("\xc3\xa4")));
    cr_assert_eq(query.values[QUERY_FROM_TIME].number, 1000);
    cr_assert_eq(query.values[QUERY_ORDER].number, 1);
    cr_assert_eq(query.values[QUERY_VERBOSE].number, 1);
    cr_assert_not(query.values[QUERY_CURSOR].given);
}

Test(query, what_is_not_accepted_is_named)
{
    cr_assert_not(takes("limit=7&lmit=8"));
    cr_assert(bytes_equal(named, bytes_of_text("lmit")));
    cr_assert_str_eq(why, "is not a parameter of this resource");
}

Test(query, a_parameter_comes_once)
{
    cr_assert_not(takes("limit=7&limit=7"));
    cr_assert_str_eq(why, "is given twice");
}

Test(query, numbers_are_plain_and_in_range)
{
    const char *wrong[] = {"", "0", "-1", "+1", "%201", "1%20", "1e3", "0x10", "10001", "9223372036854775808", "1.0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "limit=%s", wrong[i][0] == '+' ? "%2B1" : wrong[i]);
        cr_assert_not(takes(text), "%s", text);
    }
}
