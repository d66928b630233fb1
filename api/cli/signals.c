/* signals.c: see signals.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void signals_hold(void)
{
    sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool signals_wait(int timeout_ms)
{
    sigset_t set = ending_signals();
    struct timespec timeout = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    return sigtimedwait(&set, NULL, &timeout) > 0;
}

static void end_at_once(int number)
{
    _exit(128 + number);
}

void signals_end_at_once(void)
{
    sigset_t set = ending_signals();
    struct sigaction action = {.sa_handler = end_at_once};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
