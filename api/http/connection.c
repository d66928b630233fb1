/* connection.c: see connection.h.
 *
 * A request passes HEAD (its line was read) -> BODY (head checked and routed) -> [WORK, suspended] -> SENT ->
 * IDLE. libmicrohttpd's own timeout is one of inactivity and never ends a client that sends a byte now and then; the
 * deadlines here are for whole heads, bodies and answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/cors.h"
#include "http/gzip.h"
#include "http/problem.h"
#include "http/room.h"
#include "http/send.h"
#include "http/server.h"

static struct in6_addr address_of(const struct sockaddr *address)
{
    struct in6_addr out = IN6ADDR_ANY_INIT;
    if (address->sa_family == AF_INET6) {
        memcpy(&out, (const char *)address + offsetof(struct sockaddr_in6, sin6_addr), sizeof out);
    } else if (address->sa_family == AF_INET) {
        out.s6_addr[10] = out.s6_addr[11] = 0xff;
        memcpy(&out.s6_addr[12], (const char *)address + offsetof(struct sockaddr_in, sin_addr), 4);
    }
    return out;
}

static bool is_loopback(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

enum MHD_Result connection_admit(void *self, const struct sockaddr *from, socklen_t size)
{
    struct weir_http *server = self;
    struct in6_addr address = address_of(from);
    size_t count = 0;
    (void)size;
    if (is_loopback(&address))
        return MHD_YES;
    for (struct connection *at = server->connections; at; at = at->next)
        count += memcmp(&at->address, &address, sizeof address) == 0 && !at->request.is_of_peer;
    if (count < LIMIT_CONNECTIONS_PER_ADDRESS)
        return MHD_YES;
    meter_reject(&server->meter, METER_TOO_MANY);
    return MHD_NO;
}

/* Before the handshake. */
static void begin_tls(struct connection *connection, struct MHD_Connection *handle)
{
    struct tls *tls = guard_tls(connection->server->guard);
    if (!tls)
        return;
    connection->tls_handle = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    connection->tls = tls_begin(tls, connection->tls_handle);
}

/* With the first request the handshake is over. */
static void name_client(struct connection *connection)
{
    if (!connection->tls || connection->is_named)
        return;
    connection->is_named = true;
    if (tls_client_name(connection->tls_handle, connection->certificate, sizeof connection->certificate))
        connection->request.certificate = connection->certificate;
}

static void *open_connection(struct weir_http *server, struct MHD_Connection *handle)
{
    struct connection *connection = memory_new(sizeof *connection);
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    connection->server = server;
    connection->fd = fd->connect_fd;
    connection->address = address_of(from->client_addr);
    connection->since_us = connection->head_since_us = clock_monotonic_us(&clock_system);
    connection->request.server = server;
    connection->request.at_admin_door =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_DAEMON)->daemon == server->admin_daemon;
    connection->request.connection = handle;
    connection->request.fd = connection->fd;
    connection->request.progress_us = &connection->since_us;
    connection->request.shown = &connection->shown;
    connection->request.address = &connection->address;
    arena_init(&connection->request.arena);
    begin_tls(connection, handle);
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    atomic_fetch_add(&server->meter.connections, 1);
    return connection;
}

static void close_connection(struct weir_http *server, struct connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    atomic_fetch_sub(&server->meter.connections, 1);
    request_done(&connection->request);
    shown_done(&connection->shown);
    tls_end(connection->tls);
    free(connection);
}

void connection_changed(void *server, struct MHD_Connection *handle, void **self,
                        enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *self = open_connection(server, handle);
        room_make(server, *self);
    } else if (*self) {
        close_connection(server, *self);
    }
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
    return MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void *connection_uri(void *self, const char *uri, struct MHD_Connection *handle)
{
    struct weir_http *server = self;
    struct connection *connection = connection_of(handle);
    int64_t now_us = clock_monotonic_us(&clock_system);
    atomic_fetch_add_explicit(&server->meter.in_flight, 1, memory_order_relaxed);
    request_begin(&connection->request, bytes_of_text(uri ? uri : ""), (uintptr_t)uri, now_us);
    if (!connection->head_since_us)
        connection->head_since_us = now_us;
    return connection;
}

static enum MHD_Result collect_field(void *self, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                     const char *value, size_t value_size)
{
    struct head *head = self;
    (void)kind;
    if (head->field_count == LIMIT_HEADERS) {
        head->too_many_fields = true;
        return MHD_NO;
    }
    head->fields[head->field_count++] =
        (struct head_field){{name, name_size}, {value ? value : name + name_size, value_size}};
    return MHD_YES;
}

static void collect_head(struct request *request, struct MHD_Connection *handle, const char *method,
                         const char *version)
{
    struct head *head = &request->head;
    head->method = bytes_of_text(method);
    head->uri = buffer_bytes(&request->raw_uri);
    head->uri_place = request->uri_place;
    head->version = bytes_of_text(version);
    head->size = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    head->field_count = 0;
    head->too_many_fields = false;
    MHD_get_connection_values_n(handle, MHD_HEADER_KIND, collect_field, head);
}

static enum MHD_Result finish(struct connection *connection, struct MHD_Connection *handle)
{
    struct request *request = &connection->request;
    bool leaving = atomic_load_explicit(&connection->server->draining, memory_order_relaxed);
    /* A chunked body has framing of its own that libmicrohttpd reads too kindly: nothing behind it is believed. */
    if (leaving || request->verdict.body == HEAD_CHUNKED_BODY ||
        connection->requests + 1 >= LIMIT_REQUESTS_PER_CONNECTION)
        request->response.close = true;
    request->phase = REQUEST_SENT;
    cors_allow(request);
    audit_note(&connection->server->audit, request);
    connection->since_us = connection->server->now_us;
    return send_response(&connection->server->send_pool, request, handle) ? MHD_YES : MHD_NO;
}

/* libmicrohttpd closes the connection when it is answered at the first call, so that is for what cannot go on. */
static enum MHD_Result start(struct connection *connection, struct MHD_Connection *handle, const char *method,
                             const char *version)
{
    struct request *request = &connection->request;
    collect_head(request, handle, method, version);
    request->phase = REQUEST_BODY;
    connection->since_us = request->started_us;
    name_client(connection);
    bool good = request_accept(request);
    if (good || (request->verdict.body == HEAD_NO_BODY && !request->response.close))
        return MHD_YES;
    request->response.close = true;
    return finish(connection, handle);
}

static enum MHD_Result take_body(struct request *request, const char *upload, size_t *size)
{
    size_t room = LIMIT_BODY_BYTES - request->body.size;
    if (*size > room)
        request->body_too_large = true;
    if (!request->body_too_large) {
        buffer_append(&request->body, upload, *size);
    } else {
        request->verdict.body_size += *size; /* a chunked one: counts what is thrown away */
        if (request->verdict.body_size > LIMIT_SWALLOWED_BYTES)
            return MHD_NO;
    }
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result hand_to(struct workers *workers, struct connection *connection, struct MHD_Connection *handle)
{
    struct request *request = &connection->request;
    request->phase = REQUEST_WORK;
    MHD_suspend_connection(handle);
    if (workers_submit(workers, request))
        return MHD_YES;
    workers_refuse(request);
    MHD_resume_connection(handle);
    return MHD_YES;
}

static enum MHD_Result dispatch(struct connection *connection, struct MHD_Connection *handle)
{
    struct request *request = &connection->request;
    if (request->body_too_large) {
        problem_answer(request, PROBLEM_BODY_TOO_LARGE, "The body may have %d bytes.", LIMIT_BODY_BYTES);
        request->response.close = true;
    }
    if (request->response.status)
        return finish(connection, handle);
    if (request->route->place == ROUTE_ON_QUERY)
        return hand_to(&connection->server->queries, connection, handle);
    if (request_may_block(request))
        return hand_to(&connection->server->workers, connection, handle);
    request_answer(request);
    if (!request->response.status)
        return hand_to(&connection->server->forwarders, connection, handle);
    gzip_answer(request, LIMIT_GZIP_ON_LOOP_BYTES);
    return finish(connection, handle);
}

enum MHD_Result connection_request(void *self, struct MHD_Connection *handle, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **request_self)
{
    struct weir_http *server = self;
    struct connection *connection = *request_self;
    struct request *request = &connection->request;
    (void)url; /* NUL-terminated and decoded in place by then: ours is read from the raw URI */
    server->activity++;
    switch (request->phase) {
    case REQUEST_HEAD:
        return start(connection, handle, method, version);
    case REQUEST_BODY:
        return *upload_size ? take_body(request, upload, upload_size) : dispatch(connection, handle);
    case REQUEST_WORK:
        return finish(connection, handle);
    case REQUEST_IDLE:
    case REQUEST_SENT:
        break;
    }
    assert(false && "libmicrohttpd called for a request that is not waiting for it");
    return MHD_NO;
}

void connection_completed(void *self, struct MHD_Connection *handle, void **request_self,
                          enum MHD_RequestTerminationCode code)
{
    struct weir_http *server = self;
    struct connection *connection = *request_self;
    (void)handle;
    (void)code;
    if (!connection)
        return;
    struct request *request = &connection->request;
    int64_t now_us = clock_monotonic_us(&clock_system);
    atomic_fetch_sub_explicit(&server->meter.in_flight, 1, memory_order_relaxed);
    if (request->phase == REQUEST_SENT)
        meter_count(&server->meter, request->route, request->response.status, now_us - request->started_us);
    send_completed(&server->send_pool, request); /* libmicrohttpd lets go of it before it calls us again */
    request_end(request);
    connection->requests++;
    connection->since_us = now_us;
    connection->head_since_us = 0;
    connection->idle_bytes_known = false;
    *request_self = NULL;
}

static uint64_t bytes_received(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

/* Ends a connection whose head or body is late. libmicrohttpd has written nothing yet, so the answer goes out as it is;
 * in TLS there is none. */
static void end_late(struct connection *connection)
{
    if (!connection->tls) {
        ssize_t sent = send(connection->fd, problem_timeout_response, strlen(problem_timeout_response),
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent;
    }
    meter_reject(&connection->server->meter, METER_TIMEOUT);
    shutdown(connection->fd, SHUT_RDWR);
}

static bool is_late(int64_t since_us, int64_t now_us, int64_t limit_ms)
{
    return since_us != 0 && now_us - since_us > limit_ms * 1000;
}

/* Between requests nobody tells us of the first byte of the next head; the socket's byte count does. */
static void sweep_idle(struct connection *connection, int64_t now_us)
{
    uint64_t bytes = bytes_received(connection->fd);
    if (connection->requests > 0 && !connection->idle_bytes_known) {
        connection->idle_bytes = bytes;
        connection->idle_bytes_known = true;
    } else if (!connection->head_since_us && bytes != connection->idle_bytes) {
        connection->head_since_us = now_us;
    }
    if (is_late(connection->since_us, now_us, LIMIT_IDLE_MS))
        shutdown(connection->fd, SHUT_RDWR);
    else if (is_late(connection->head_since_us, now_us, LIMIT_HEAD_MS) && bytes)
        end_late(connection);
}

static void sweep_one(struct connection *connection, int64_t now_us)
{
    switch (connection->request.phase) {
    case REQUEST_IDLE:
        sweep_idle(connection, now_us);
        return;
    case REQUEST_HEAD:
        if (is_late(connection->head_since_us, now_us, LIMIT_HEAD_MS))
            end_late(connection);
        return;
    case REQUEST_BODY:
        if (is_late(connection->since_us, now_us, LIMIT_BODY_MS))
            end_late(connection);
        return;
    case REQUEST_SENT:
        if (is_late(connection->since_us, now_us, LIMIT_SEND_MS))
            shutdown(connection->fd, SHUT_RDWR);
        return;
    case REQUEST_WORK:
        return;
    }
}

void connection_sweep(struct weir_http *server, int64_t now_us)
{
    for (struct connection *at = server->connections; at; at = at->next)
        sweep_one(at, now_us);
}
