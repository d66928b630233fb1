/* failpoint.c: see failpoint.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/failpoint.h"

#ifdef WEIR_FAILPOINTS
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { POINTS_MAX = 16, SOON_US = 500 };

struct point {
    const char *name, *action;
    long at; /* acts the at-th time */
    atomic_long hits;
};

static struct point points[POINTS_MAX];
static size_t point_count;
bool failpoints_set;

static bool is_action(const char *action)
{
    static const char *const actions[] = {"kill", "soon", "stop", "retry", "fenced", "fatal"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i], action) == 0)
            return true;
    return false;
}

/* NAME=NUMBER:ACTION, cut into its parts where they stand. */
static bool read_point(struct point *point, char *entry)
{
    char *equals = strchr(entry, '='), *end = NULL;
    if (!equals)
        return false;
    *equals = 0;
    point->name = entry;
    point->at = strtol(equals + 1, &end, 10);
    point->action = *end == ':' ? end + 1 : "";
    return point->at > 0 && is_action(point->action);
}

__attribute__((constructor)) static void read_points(void)
{
    const char *value = getenv("WEIR_TEST_FAILPOINTS");
    if (!value || !*value)
        return;
    char *copy = memory_text(value), *rest = NULL; /* stays: the points are pieces of it */
    for (char *entry = strtok_r(copy, ",", &rest); entry; entry = strtok_r(NULL, ",", &rest)) {
        if (point_count == POINTS_MAX || !read_point(&points[point_count], entry)) {
            fprintf(stderr, "WEIR_TEST_FAILPOINTS: '%s' is no list of NAME=NUMBER:ACTION\n", value);
            abort();
        }
        point_count++;
    }
    failpoints_set = point_count > 0;
}

static void *kill_soon(void *unused)
{
    usleep(SOON_US);
    raise(SIGKILL);
    return unused;
}

static bool act(const struct point *point, struct weir_error *error)
{
    pthread_t thread;
    if (strcmp(point->action, "kill") == 0)
        kill(getpid(), SIGKILL);
    else if (strcmp(point->action, "stop") == 0)
        kill(getpid(), SIGSTOP);
    else if (strcmp(point->action, "soon") == 0)
        return pthread_create(&thread, NULL, kill_soon, NULL) == 0;
    enum weir_code code = strcmp(point->action, "retry") == 0    ? WEIR_RETRY
                          : strcmp(point->action, "fenced") == 0 ? WEIR_FENCED
                          : strcmp(point->action, "fatal") == 0  ? WEIR_FATAL
                                                                 : WEIR_OK;
    return code == WEIR_OK || error_set(error, code, "failpoint %s", point->name);
}

bool failpoint_reached(const char *name, struct weir_error *error)
{
    for (size_t i = 0; i < point_count; i++)
        if (strcmp(points[i].name, name) == 0 && atomic_fetch_add(&points[i].hits, 1) + 1 == points[i].at &&
            !act(&points[i], error))
            return false;
    return true;
}
#endif
