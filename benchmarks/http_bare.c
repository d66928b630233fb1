/* http_bare.c: how fast can libmicrohttpd be at all? The same event loop as api/http/server.c around a handler that
 * answers a fixed JSON text: no checks, no routing, no view, no headers but Content-Type. The limit for the REST door.
 *   http_bare PORT [BYTES]
 * SPDX-License-Identifier: Apache-2.0 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static char body[65536];
static size_t body_size;
static unsigned long calls;

static enum MHD_Result answer(void *self, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    static int seen;
    (void)self, (void)url, (void)method, (void)version, (void)upload;
    calls++;
    if (!*state) { /* an answer at the first call would close the connection */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size) { /* a body, which is not looked at */
        *upload_size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(body_size, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    unsigned port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    body_size = argc > 2 ? strtoul(argv[2], NULL, 10) : 355;
    body_size = body_size < sizeof body ? body_size : sizeof body;
    memset(body, 'x', body_size);
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL, (uint16_t)port, NULL, NULL, answer, NULL,
                                                 MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "http_bare: cannot listen on port %u\n", port);
        return 1;
    }
    int fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(outer, EPOLL_CTL_ADD, fd, &event);
    for (;;) {
        unsigned long before = calls;
        MHD_run(daemon);
        if (calls == before)
            epoll_wait(outer, &event, 1, 500);
    }
}
