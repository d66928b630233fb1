/* agenda.c: see agenda.h. Steps of one moment happen in the order in which they were added.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agenda.h"

#include <assert.h>
#include <stdlib.h>

static bool is_before(const struct step *a, const struct step *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

static void swap(struct step *a, struct step *b)
{
    struct step kept = *a;
    *a = *b;
    *b = kept;
}

void agenda_add(struct agenda *agenda, struct step step)
{
    if (agenda->count == agenda->capacity) {
        agenda->capacity = agenda->capacity ? agenda->capacity * 2 : 64;
        agenda->steps = realloc(agenda->steps, agenda->capacity * sizeof *agenda->steps);
        if (!agenda->steps)
            abort();
    }
    step.sequence = agenda->sequence++;
    size_t at = agenda->count++;
    agenda->steps[at] = step;
    for (; at > 0 && is_before(&agenda->steps[at], &agenda->steps[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&agenda->steps[at], &agenda->steps[(at - 1) / 2]);
}

struct step agenda_take(struct agenda *agenda)
{
    assert(agenda->count > 0);
    struct step first = agenda->steps[0];
    agenda->steps[0] = agenda->steps[--agenda->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < agenda->count; child++)
            if (is_before(&agenda->steps[child], &agenda->steps[least]))
                least = child;
        if (least == at)
            return first;
        swap(&agenda->steps[at], &agenda->steps[least]);
        at = least;
    }
}

void agenda_done(struct agenda *agenda)
{
    free(agenda->steps);
}
