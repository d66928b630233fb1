/* demo_services.c: see demo_services.h. One request per connection, one connection at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "demo_services.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"

enum { REQUEST_BYTES_MAX = 8192, BACKLOG = 64, BUSY_EVERY = 12, PATIENCE_S = 2 };

struct demo_services {
    pthread_t thread;
    int listener;
    unsigned requests;
};

static void read_request(int peer)
{
    char request[REQUEST_BYTES_MAX];
    size_t size = 0;
    for (;;) {
        ssize_t more = recv(peer, request + size, sizeof request - 1 - size, 0);
        if (more <= 0)
            return;
        size += (size_t)more;
        request[size] = 0;
        const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "content-length:");
        size_t body = length ? strtoul(length + strlen("content-length:"), NULL, 10) : 0;
        if (size == sizeof request - 1 || (end && size >= (size_t)(end + 4 - request) + body))
            return;
    }
}

static void answer(struct demo_services *service, int peer)
{
    static const char done[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    read_request(peer);
    const char *reply = ++service->requests % BUSY_EVERY == 0 ? busy : done;
    send(peer, reply, strlen(reply), MSG_NOSIGNAL);
    close(peer);
}

static void *serve(void *self)
{
    struct demo_services *service = self;
    for (int peer; (peer = accept(service->listener, NULL, NULL)) >= 0;)
        answer(service, peer);
    return NULL;
}

static bool tell(const char *variable, int port, const char *path)
{
    char *url = memory_format("http://127.0.0.1:%d/%s", port, path);
    bool ok = setenv(variable, url, false) == 0;
    memory_free(url);
    return ok;
}

static bool listen_somewhere(struct demo_services *service)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    service->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (service->listener < 0 || bind(service->listener, (const struct sockaddr *)&address, size) != 0 ||
        listen(service->listener, BACKLOG) != 0 ||
        getsockname(service->listener, (struct sockaddr *)&address, &size) != 0)
        return false;
    return tell("CONTINENTAL_CONTRACTS_URL", ntohs(address.sin_port), "contracts") &&
           tell("COMMERCE_NOTIFICATIONS_URL", ntohs(address.sin_port), "notifications");
}

struct demo_services *demo_services_start(void)
{
    struct demo_services *service = memory_new(sizeof *service);
    if (listen_somewhere(service) && pthread_create(&service->thread, NULL, serve, service) == 0)
        return service;
    if (service->listener >= 0)
        close(service->listener);
    memory_free(service);
    return NULL;
}

void demo_services_stop(struct demo_services *service)
{
    if (!service)
        return;
    shutdown(service->listener, SHUT_RDWR);
    pthread_join(service->thread, NULL);
    close(service->listener);
    memory_free(service);
}
