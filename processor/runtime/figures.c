/* figures.c: see figures.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/figures.h"

#include <string.h>

void figures_init(struct figures *figures)
{
    memset(figures, 0, sizeof *figures);
    drops_init(&figures->drops);
    pthread_mutex_init(&figures->lock, NULL);
}

void figures_done(struct figures *figures)
{
    drops_done(&figures->drops);
    pthread_mutex_destroy(&figures->lock);
}

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

void figures_dead_letter(struct figures *figures, const struct weir_dead_letter *from)
{
    drops_add(&figures->drops, &(struct weir_drop){.reason = "dead_letter",
                                                   .topic = from->topic,
                                                   .partition = from->partition,
                                                   .offset = from->offset,
                                                   .timestamp_ms = -1,
                                                   .dropped_ms = from->failed_ms});
    pthread_mutex_lock(&figures->lock);
    struct figures_letter *letter = &figures->letters[figures->letter_count++ % FIGURES_LETTERS_MAX];
    copy_text(letter->letters, sizeof letter->letters, from->letters);
    copy_text(letter->topic, sizeof letter->topic, from->topic);
    copy_text(letter->reason, sizeof letter->reason, from->reason);
    copy_text(letter->message, sizeof letter->message, from->message);
    copy_text(letter->trace_id, sizeof letter->trace_id, from->trace_id);
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
