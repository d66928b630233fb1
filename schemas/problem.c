/* problem.c: see problem.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/problem.h"

#include <stdarg.h>
#include <string.h>

void problem_init(struct problem *problem)
{
    problem->path_start = sizeof problem->path - 1;
    problem->path[problem->path_start] = 0;
    problem->text[0] = 0;
}

bool problem_set(struct problem *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(problem->text, sizeof problem->text, format, args);
    va_end(args);
    return false;
}

/* Steps that find no room are left out; the innermost ones are the ones that matter. */
static bool put_in_front(struct problem *problem, const char *step)
{
    size_t size = strlen(step);
    bool needs_dot = problem->path[problem->path_start] != 0 && problem->path[problem->path_start] != '[';
    if (size + needs_dot > problem->path_start)
        return false;
    if (needs_dot)
        problem->path[--problem->path_start] = '.';
    problem->path_start -= size;
    memcpy(problem->path + problem->path_start, step, size);
    return false;
}

bool problem_in_field(struct problem *problem, const char *name)
{
    return put_in_front(problem, name);
}

bool problem_in_item(struct problem *problem, size_t index)
{
    char step[32];
    snprintf(step, sizeof step, "[%zu]", index);
    return put_in_front(problem, step);
}

bool problem_report(const struct problem *problem, ptrdiff_t byte, struct weir_error *error)
{
    const char *path = problem->path + problem->path_start;
    char place[32] = "";
    if (byte >= 0)
        snprintf(place, sizeof place, " (byte %td)", byte);
    return error_set(error, WEIR_POISON, "%s%s%s%s", path, *path ? ": " : "", problem->text, place);
}
