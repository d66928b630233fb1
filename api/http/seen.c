/* seen.c: see seen.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/seen.h"

#include "base/bytes.h"
#include "guard/mask.h"
#include "http/problem.h"

bool seen_may(const struct request *request, const char *view)
{
    const struct grant *grant = request->pass.grant;
    return !grant || grant_may_read(grant, bytes_of_text(view));
}

const struct weir_type *seen_type(struct request *request, const char *view, const struct weir_type *type)
{
    const struct grant *grant = request->pass.grant;
    return grant ? mask_type(grant, bytes_of_text(view), type, &request->arena) : type;
}

/* Whether a view exists is not told to someone who may not read one of that name. */
const struct server_view *seen_find(struct request *request, weir_bytes name)
{
    struct weir_error error = {0};
    if (request->pass.grant && !grant_may_read(request->pass.grant, name)) {
        problem_answer(request, PROBLEM_FORBIDDEN, "You may not read this view.");
        return NULL;
    }
    const struct server_view *view = server_find_view(request->server, name, &error);
    if (!view) {
        problem_of_error(request, &error, PROBLEM_VIEW_NOT_FOUND);
        return NULL;
    }
    const struct weir_type *value = seen_type(request, view->info.name, view->info.value);
    if (value == view->info.value)
        return view;
    struct server_view *seen = arena_alloc(&request->arena, sizeof *seen);
    *seen = *view;
    seen->info.value = value;
    return seen;
}
