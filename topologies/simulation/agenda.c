/* agenda.c: see agenda.h. Steps of one moment happen in the order in which they were added.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agenda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static char *copy(const char *text)
{
    char *copied = text ? strdup(text) : NULL;
    if (text && !copied)
        abort();
    return copied;
}

void agenda_add_event(struct agenda *agenda, struct generator_event event)
{
    agenda_add(agenda, (struct step){.at_ms = event.arrival_ms,
                                     .stage = STAGE_ARRIVE,
                                     .topic = event.topic,
                                     .key = copy(event.key),
                                     .value = copy(event.value),
                                     .timestamp_ms = event.timestamp_ms,
                                     .broken = event.broken});
}

void agenda_hand_out(struct agenda *agenda, struct step step, struct generator_event *out)
{
    free(agenda->key);
    free(agenda->value);
    agenda->key = step.key;
    agenda->value = step.value;
    if (step.at_ms > agenda->last_arrival_ms)
        agenda->last_arrival_ms = step.at_ms;
    *out = (struct generator_event){.topic = step.topic,
                                    .key = step.key,
                                    .value = step.value,
                                    .timestamp_ms = step.timestamp_ms,
                                    .arrival_ms = agenda->last_arrival_ms,
                                    .broken = step.broken};
}

void agenda_done(struct agenda *agenda)
{
    for (size_t i = 0; i < agenda->count; i++) {
        free(agenda->steps[i].subject);
        free(agenda->steps[i].key);
        free(agenda->steps[i].value);
    }
    free(agenda->steps);
    free(agenda->key);
    free(agenda->value);
}
