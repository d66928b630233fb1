/* listen.c: see listen.h. Without TLS and an access file the socket is for this machine alone, until someone says otherwise
 * in so many words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool read_address(struct listen_place place, union address *out, struct weir_error *error)
{
    const char *text = place.address;
    uint16_t port = place.port;
    *out = (union address){0};
    if (strcmp(text, "localhost") == 0)
        text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return true;
    }
    return error_set(error, WEIR_INVALID, "%s.address: \"%s\" is not an IP address", place.setting, text);
}

static bool is_loopback(const union address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static bool may_bind(const union address *address, struct listen_place place, bool is_safe, struct weir_error *error)
{
    const char *insecure = getenv("WEIR_HTTP_INSECURE");
    if (is_safe || is_loopback(address))
        return true;
    if (!insecure || strcmp(insecure, "1") != 0)
        return error_set(
            error, WEIR_INVALID,
            "%s.address: %s is not a loopback address: set http.tls.certificate.file, http.tls.key.file and "
            "http.access.file, put a proxy in front, or set WEIR_HTTP_INSECURE=1",
            place.setting, place.address);
    log_warning("http", "serving on %s without TLS or without an access file, because WEIR_HTTP_INSECURE=1",
                place.address);
    return true;
}

static int open_socket(const union address *address, const char *setting, struct weir_error *error)
{
    int on = 1;
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        error_set(error, WEIR_FATAL, "http: no socket: %s", strerror(errno));
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address->any, size) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    error_set(error, errno == EADDRINUSE ? WEIR_INVALID : WEIR_FATAL, "%s.port: cannot listen on port %u: %s", setting,
              (unsigned)ntohs(address->v4.sin_port), strerror(errno));
    close(fd);
    return -1;
}

int listen_open(struct listen_place place, bool is_safe, uint16_t *bound, struct weir_error *error)
{
    union address address;
    socklen_t size = sizeof address;
    if (!read_address(place, &address, error) || !may_bind(&address, place, is_safe, error))
        return -1;
    int fd = open_socket(&address, place.setting, error);
    if (fd >= 0 && getsockname(fd, &address.any, &size) == 0)
        *bound = ntohs(address.v4.sin_port); /* at the same place in both kinds */
    return fd;
}
