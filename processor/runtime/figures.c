/* figures.c: see figures.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/figures.h"

#include <string.h>

void figures_init(struct figures *figures)
{
    memset(figures, 0, sizeof *figures);
    pthread_mutex_init(&figures->lock, NULL);
}

void figures_done(struct figures *figures)
{
    pthread_mutex_destroy(&figures->lock);
}

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

/* Reasons come from the engine and from weir_drop; beyond the limit they share the last row. */
static struct figures_reason *reason_row(struct figures *figures, const char *reason)
{
    for (size_t i = 0; i < figures->drop_count; i++)
        if (strncmp(figures->drops[i].name, reason, FIGURES_REASON_BYTES - 1) == 0)
            return &figures->drops[i];
    if (figures->drop_count == FIGURES_REASONS_MAX)
        return &figures->drops[FIGURES_REASONS_MAX - 1];
    struct figures_reason *row = &figures->drops[figures->drop_count++];
    copy_text(row->name, sizeof row->name, figures->drop_count == FIGURES_REASONS_MAX ? "other" : reason);
    return row;
}

void figures_drop(struct figures *figures, const char *reason)
{
    pthread_mutex_lock(&figures->lock);
    reason_row(figures, reason)->records++;
    pthread_mutex_unlock(&figures->lock);
}

void figures_dead_letter(struct figures *figures, const struct weir_dead_letter *from)
{
    pthread_mutex_lock(&figures->lock);
    reason_row(figures, "dead_letter")->records++;
    struct figures_letter *letter = &figures->letters[figures->letter_count++ % FIGURES_LETTERS_MAX];
    copy_text(letter->topic, sizeof letter->topic, from->topic);
    copy_text(letter->reason, sizeof letter->reason, from->reason);
    copy_text(letter->message, sizeof letter->message, from->message);
    letter->partition = from->partition;
    letter->offset = from->offset;
    letter->failed_ms = from->failed_ms;
    pthread_mutex_unlock(&figures->lock);
}

int64_t figures_commit_bound_us(size_t bucket)
{
    static const int64_t bounds[FIGURES_BUCKETS] = {1000,   2500,   5000,   10000,   25000,   50000,
                                                    100000, 250000, 500000, 1000000, 2500000, 10000000};
    return bounds[bucket];
}

void figures_commit(struct figures *figures, int64_t took_us)
{
    size_t bucket = 0;
    while (bucket < FIGURES_BUCKETS && took_us > figures_commit_bound_us(bucket))
        bucket++;
    atomic_fetch_add(&figures->commit_buckets[bucket], 1);
    atomic_fetch_add(&figures->commit_us, (uint64_t)took_us);
    atomic_fetch_add(&figures->commits, 1);
}

size_t figures_drops(struct figures *figures, struct weir_drop_info *out, size_t max)
{
    pthread_mutex_lock(&figures->lock); /* rows are never moved or renamed, so their names may be lent out */
    size_t count = figures->drop_count;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = (struct weir_drop_info){figures->drops[i].name, figures->drops[i].records};
    pthread_mutex_unlock(&figures->lock);
    return count;
}
