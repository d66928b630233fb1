/* failpoint.h: named places where a test may end the process or make a step fail. Only in builds for tests
 * (WEIR_FAILPOINTS); anywhere else a failpoint is nothing.
 *
 * WEIR_TEST_FAILPOINTS="commit.flushed=3:kill,transaction.offsets=2:retry": at the third time the first place is reached the
 * process kills itself, at the second time the other one fails with WEIR_RETRY. Each entry acts once. Actions:
 *   kill   SIGKILL, here and now
 *   soon   SIGKILL half a millisecond later, from another thread, while the process goes on
 *   stop   SIGSTOP, until somebody sends SIGCONT
 *   retry, fenced, fatal   the step fails with that code
 * A malformed value ends the process at once: a test must not pass because of a misspelling. */
#ifndef WEIR_BASE_FAILPOINT_H
#define WEIR_BASE_FAILPOINT_H
#include "weir.h"

#ifdef WEIR_FAILPOINTS
extern bool failpoints_set; /* read once, before main */
bool failpoint_reached(const char *name, struct weir_error *);
static inline bool failpoint(const char *name, struct weir_error *error) /* [any] false: the step fails; error is set */
{
    return !failpoints_set || failpoint_reached(name, error);
}
#else
static inline bool failpoint(const char *name, struct weir_error *error)
{
    (void)name, (void)error;
    return true;
}
#endif
#endif
