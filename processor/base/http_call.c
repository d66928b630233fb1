/* http_call.c: see http_call.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/http_call.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

enum { KEPT_US = 20 * 1000 * 1000, READ_BYTES = 64 * 1024, ADDRESS_BYTES = 280, STATUS_LINE_BYTES_MIN = 12 };

/* ---- idle connections ---- */

struct kept {
    int fd;
    char address[ADDRESS_BYTES];
    int64_t since_us;
};
static struct {
    pthread_mutex_t lock;
    struct kept items[HTTP_CALL_KEPT];
    size_t count;
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static int drop_kept(size_t index)
{
    int fd = idle.items[index].fd;
    idle.items[index] = idle.items[--idle.count];
    return fd;
}

/* -1: none. */
static int take_kept(const char *address)
{
    int fd = -1;
    pthread_mutex_lock(&idle.lock);
    for (size_t i = idle.count; i-- > 0;) {
        if (now_us() - idle.items[i].since_us > KEPT_US)
            close(drop_kept(i));
        else if (fd < 0 && strcmp(idle.items[i].address, address) == 0)
            fd = drop_kept(i);
    }
    pthread_mutex_unlock(&idle.lock);
    return fd;
}

static void keep(const char *address, int fd)
{
    pthread_mutex_lock(&idle.lock);
    if (idle.count == HTTP_CALL_KEPT || strlen(address) >= ADDRESS_BYTES) {
        close(fd);
    } else {
        struct kept *kept = &idle.items[idle.count++];
        kept->fd = fd;
        kept->since_us = now_us();
        memcpy(kept->address, address, strlen(address) + 1);
    }
    pthread_mutex_unlock(&idle.lock);
}

void http_call_forget(void)
{
    pthread_mutex_lock(&idle.lock);
    while (idle.count > 0)
        close(drop_kept(idle.count - 1));
    pthread_mutex_unlock(&idle.lock);
}

/* ---- a connection ---- */

static bool wait_for(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_ms = (deadline_us - now_us()) / 1000;
        struct pollfd one = {.fd = fd, .events = events};
        int ready = left_ms > 0 ? poll(&one, 1, (int)left_ms) : 0;
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

static bool split_address(const char *address, char *host, const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t size = colon ? (size_t)(colon - address) : 0;
    if (size == 0 || size >= ADDRESS_BYTES || !colon[1])
        return false;
    bool is_v6 = address[0] == '[' && address[size - 1] == ']';
    if (is_v6)
        size -= 2;
    memcpy(host, address + is_v6, size);
    host[size] = 0;
    *port = colon + 1;
    return size > 0;
}

static int connect_one(const struct addrinfo *place, int64_t deadline_us)
{
    int on = 1, failure = 0;
    socklen_t size = sizeof failure;
    int fd = socket(place->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool done = connect(fd, place->ai_addr, place->ai_addrlen) == 0;
    if (!done && errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline_us))
        done = getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
    if (done && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to(const struct http_call *call, struct weir_error *error)
{
    char host[ADDRESS_BYTES];
    const char *port = NULL;
    if (!split_address(call->address, host, &port)) {
        error_set(error, WEIR_INVALID, "'%s' is no address of the form host:port", call->address);
        return -1;
    }
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *places = NULL;
    int failure = getaddrinfo(host, port, &wanted, &places);
    int fd = -1;
    for (struct addrinfo *place = failure ? NULL : places; place && fd < 0; place = place->ai_next)
        fd = connect_one(place, call->deadline_us);
    if (!failure)
        freeaddrinfo(places);
    if (fd < 0)
        error_set(error, WEIR_RETRY, "%s: %s", call->address, failure ? gai_strerror(failure) : "no connection");
    return fd;
}

static bool send_all(int fd, weir_bytes bytes, int64_t deadline_us)
{
    size_t sent = 0;
    while (sent < bytes.size) {
        ssize_t count = send(fd, (const char *)bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);
        if (count > 0)
            sent += (size_t)count;
        else if (errno != EINTR && (errno != EAGAIN || !wait_for(fd, POLLOUT, deadline_us)))
            return false;
    }
    return true;
}

static bool send_request(int fd, const struct http_call *call)
{
    struct buffer text = {0};
    buffer_format(&text, "%s %.*s HTTP/1.1\r\nHost: %s\r\n%s", call->method, (int)call->target.size,
                  (const char *)call->target.data, call->address, call->headers ? call->headers : "");
    bool has_body = call->body.data != NULL;
    if (has_body)
        buffer_format(&text, "Content-Length: %zu\r\n", call->body.size);
    buffer_text(&text, "\r\n");
    if (has_body)
        buffer_append(&text, call->body.data, call->body.size);
    bool ok = send_all(fd, buffer_bytes(&text), call->deadline_us);
    buffer_done(&text);
    return ok;
}

/* > 0: bytes; 0: the other side has closed; -1: nothing in time, or an error. */
static ssize_t receive(int fd, void *data, size_t size, int64_t deadline_us)
{
    for (;;) {
        ssize_t count = recv(fd, data, size, 0);
        if (count >= 0)
            return count;
        if (errno != EINTR && (errno != EAGAIN || !wait_for(fd, POLLIN, deadline_us)))
            return -1;
    }
}

/* ---- an answer ---- */

weir_bytes http_reply_field(const struct http_reply *reply, const char *name)
{
    size_t name_size = strlen(name);
    const char *at = reply->head.data, *end = at ? at + reply->head.size : NULL;
    while (at && at < end) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (!line_end)
            break;
        if ((size_t)(line_end - at) > name_size && at[name_size] == ':' && strncasecmp(at, name, name_size) == 0) {
            for (at += name_size + 1; at < line_end && (*at == ' ' || *at == '\t');)
                at++;
            return (weir_bytes){at, (size_t)(line_end - at)};
        }
        at = line_end + 2;
    }
    return (weir_bytes){0};
}

static bool read_size(weir_bytes text, size_t *out)
{
    const char *at = text.data;
    if (text.size == 0 || text.size > 15)
        return false;
    *out = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *out = *out * 10 + (size_t)(at[i] - '0');
    }
    return true;
}

bool http_reply_read(struct http_reply *reply)
{
    const char *at = reply->head.data;
    if (reply->head.size < STATUS_LINE_BYTES_MIN || memcmp(at, "HTTP/1.1 ", 9) != 0)
        return false;
    size_t status = 0;
    if (!read_size((weir_bytes){at + 9, 3}, &status) || status < 200 || status > 599)
        return false;
    reply->status = (unsigned)status;
    reply->size = 0;
    if (http_reply_field(reply, "Transfer-Encoding").data)
        return false;
    bool has_no_body = status == 204 || status == 304;
    return has_no_body || read_size(http_reply_field(reply, "Content-Length"), &reply->size);
}

/* What was read behind the head goes to rest. False and nothing in the head: the connection was closed before. */
static bool receive_head(int fd, const struct http_call *call, struct http_reply *reply, struct buffer *rest)
{
    char chunk[4096];
    while (reply->head.size < HTTP_CALL_HEAD_BYTES_MAX) {
        ssize_t count = receive(fd, chunk, sizeof chunk, call->deadline_us);
        if (count <= 0)
            return false;
        buffer_append(&reply->head, chunk, (size_t)count);
        const char *end = memmem(reply->head.data, reply->head.size, "\r\n\r\n", 4);
        if (!end)
            continue;
        size_t size = (size_t)(end - reply->head.data) + 4;
        if (size < reply->head.size)
            buffer_append(rest, reply->head.data + size, reply->head.size - size);
        reply->head.size = size;
        return true;
    }
    return false;
}

static bool take_body(const struct http_call *call, struct http_reply *reply, const void *data, size_t size)
{
    if (call->take && reply->status == 200)
        return call->take(call->self, data, size);
    buffer_append(&reply->body, data, size);
    return true;
}

static bool receive_body(int fd, const struct http_call *call, struct http_reply *reply, const struct buffer *rest,
                         struct weir_error *error)
{
    size_t got = rest->size;
    if (got > reply->size || reply->size > call->bytes_max)
        return error_set(error, WEIR_INVALID, "%s: an answer of %zu bytes where %zu are allowed", call->address,
                         reply->size, call->bytes_max);
    bool taken = got == 0 || take_body(call, reply, rest->data, got);
    char *chunk = memory_new(READ_BYTES);
    while (taken && got < reply->size) {
        size_t left = reply->size - got;
        ssize_t count = receive(fd, chunk, left < READ_BYTES ? left : READ_BYTES, call->deadline_us);
        if (count <= 0)
            break;
        taken = take_body(call, reply, chunk, (size_t)count);
        got += (size_t)count;
    }
    memory_free(chunk);
    if (!taken)
        return error_set(error, WEIR_FATAL, "%s: the answer cannot be kept", call->address);
    return got == reply->size ||
           error_set(error, WEIR_RETRY, "%s: the answer ended after %zu of %zu bytes", call->address, got, reply->size);
}

/* ---- the call ---- */

/* stale: a kept connection had been closed by the other side, so that nothing was read of the request. */
static bool exchange(int fd, const struct http_call *call, struct http_reply *reply, bool *stale,
                     struct weir_error *error)
{
    struct buffer rest = {0};
    bool ok = send_request(fd, call) && receive_head(fd, call, reply, &rest);
    *stale = !ok && reply->head.size == 0;
    if (!ok)
        error_set(error, WEIR_RETRY, "%s: no answer", call->address);
    else if (!http_reply_read(reply))
        ok = error_set(error, WEIR_INVALID, "%s: the answer is no HTTP/1.1 with a Content-Length", call->address);
    else
        ok = receive_body(fd, call, reply, &rest, error);
    buffer_done(&rest);
    return ok;
}

static bool is_to_be_closed(const struct http_reply *reply)
{
    weir_bytes connection = http_reply_field(reply, "Connection");
    return connection.size == 5 && strncasecmp(connection.data, "close", 5) == 0;
}

static bool call_over(int fd, const struct http_call *call, struct http_reply *reply, bool *stale,
                      struct weir_error *error)
{
    bool ok = exchange(fd, call, reply, stale, error);
    if (ok && !is_to_be_closed(reply))
        keep(call->address, fd);
    else
        close(fd);
    return ok;
}

bool http_call(const struct http_call *call, struct http_reply *reply, struct weir_error *error)
{
    struct weir_error cause = {0};
    bool stale = false;
    *reply = (struct http_reply){0};
    int fd = take_kept(call->address);
    if (fd >= 0) {
        if (call_over(fd, call, reply, &stale, &cause))
            return true;
        if (!stale || now_us() >= call->deadline_us)
            return error_set(error, cause.code, "%s", cause.message);
    }
    fd = connect_to(call, error);
    return fd >= 0 && call_over(fd, call, reply, &stale, error);
}

void http_reply_done(struct http_reply *reply)
{
    buffer_done(&reply->head);
    buffer_done(&reply->body);
}
