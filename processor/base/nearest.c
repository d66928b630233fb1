/* nearest.c: see nearest.h. Used for messages only; a name is never guessed into an action.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

enum { LENGTH_MAX = 63, FAR = 1000 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    size_t cost[LENGTH_MAX + 1][LENGTH_MAX + 1];
    if (rows > LENGTH_MAX || columns > LENGTH_MAX)
        return FAR;
    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            size_t edit = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            edit = least(edit, least(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                edit = least(edit, cost[i - 2][j - 2] + 1);
            cost[i][j] = edit;
        }
    return cost[rows][columns];
}

const char *nearest_name(const char *wanted, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t limit = strlen(wanted) / 3 + 1, best_distance = limit + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = nearest_distance(wanted, names[i]);
        if (distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
