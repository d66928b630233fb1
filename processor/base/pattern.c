/* pattern.c: see pattern.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include "base/error.h"
#include "base/memory.h"

bool pattern_open(struct pattern *pattern, const char *text, struct weir_error *error)
{
    char problem[120];
    char *whole = memory_format("^(%s)$", text);
    int code = regcomp(&pattern->regex, whole, REG_EXTENDED | REG_NOSUB);
    memory_free(whole);
    if (code == 0)
        return true;
    regerror(code, &pattern->regex, problem, sizeof problem);
    return error_set(error, WEIR_INVALID, "'%.80s' is not a regular expression: %s", text, problem);
}

void pattern_close(struct pattern *pattern)
{
    regfree(&pattern->regex);
}

bool pattern_matches(const struct pattern *pattern, const char *text)
{
    return regexec(&pattern->regex, text, 0, NULL, 0) == 0;
}
