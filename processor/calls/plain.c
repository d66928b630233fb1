/* plain.c: see plain.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "calls/answer.h"

enum { PIECE_BYTES = 16 * 1024 };

struct connection {
    struct connection *next, *previous; /* while it is idle */
    char *origin;
    int socket;
    struct exchange *exchange; /* NULL: it is idle */
    size_t sent;               /* bytes of the request */
    bool waits_for_room;       /* to send the rest */
    bool was_used;             /* by another request before: the server may have closed it meanwhile */
    struct answer answer;
};

/* ---- connections ---- */

static void enlist(struct connections *list, struct connection *connection)
{
    connection->previous = NULL;
    connection->next = list->first;
    if (list->first)
        list->first->previous = connection;
    list->first = connection;
}

static void delist(struct connections *list, const struct connection *connection)
{
    *(connection->previous ? &connection->previous->next : &list->first) = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
}

static struct connection *find_idle(struct plain *plain, const char *origin)
{
    struct connection *connection = plain->idle.first;
    while (connection && strcmp(connection->origin, origin) != 0)
        connection = connection->next;
    if (connection)
        delist(&plain->idle, connection);
    return connection;
}

static bool watch(const struct plain *plain, const struct connection *connection, int change)
{
    struct epoll_event event = {.events = EPOLLIN | (connection->waits_for_room ? EPOLLOUT : 0),
                                .data.fd = connection->socket};
    return epoll_ctl(plain->epoll, change, connection->socket, &event) == 0;
}

static struct connection *new_connection(struct plain *plain, const char *origin, int socket)
{
    struct connection *connection = memory_new(sizeof *connection);
    connection->origin = memory_text(origin);
    connection->socket = socket;
    size_t before = plain->capacity;
    plain->of_socket = memory_grow(plain->of_socket, &plain->capacity, (size_t)socket + 1, sizeof(struct connection *));
    memset(plain->of_socket + before, 0, (plain->capacity - before) * sizeof(struct connection *));
    plain->of_socket[socket] = connection;
    return connection;
}

static void close_connection(struct plain *plain, struct connection *connection)
{
    plain->of_socket[connection->socket] = NULL;
    close(connection->socket);
    answer_done(&connection->answer);
    memory_free(connection->origin);
    memory_free(connection);
}

/* ---- the end of an exchange ---- */

static void end_exchange(struct plain *plain, struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    bool is_sent = connection->sent == exchange->text.size;
    exchange_answered(exchange, connection->answer.status, &connection->answer.body);
    connection->exchange = NULL;
    if (connection->answer.is_last || !is_sent)
        close_connection(plain, connection);
    else
        enlist(&plain->idle, connection);
    plain->over(plain->self, exchange);
}

static void fail_exchange(struct plain *plain, struct connection *connection, const char *problem)
{
    struct exchange *exchange = connection->exchange;
    exchange_fail(exchange, problem);
    close_connection(plain, connection);
    plain->over(plain->self, exchange);
}

/* The server had closed the connection before it saw the request, so another one is tried. RFC 9112, section 9.3.1, has doubts
 * about a POST, but here every request carries its idempotency key. */
static void lose(struct plain *plain, struct connection *connection, const char *problem)
{
    struct exchange *exchange = connection->exchange;
    if (!connection->was_used || connection->answer.has_begun) {
        fail_exchange(plain, connection, problem);
        return;
    }
    close_connection(plain, connection);
    plain_start(plain, exchange);
}

/* ---- sending ---- */

/* False: the connection is broken. */
static bool send_rest(struct plain *plain, struct connection *connection)
{
    const struct buffer *text = &connection->exchange->text;
    bool waited = connection->waits_for_room;
    ssize_t sent = send(connection->socket, text->data + connection->sent, text->size - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    connection->sent += sent > 0 ? (size_t)sent : 0;
    connection->waits_for_room = connection->sent < text->size;
    return connection->waits_for_room == waited || watch(plain, connection, EPOLL_CTL_MOD);
}

static void send_request(struct plain *plain, struct connection *connection, struct exchange *exchange)
{
    exchange->connection = connection;
    connection->exchange = exchange;
    connection->sent = 0;
    answer_clear(&connection->answer);
    if (!send_rest(plain, connection))
        lose(plain, connection, strerror(errno));
}

static void connect_first(struct plain *plain, struct exchange *exchange)
{
    CURL *handle = exchange_connect(exchange);
    if (handle) {
        curl_multi_add_handle(plain->multi, handle);
        return;
    }
    exchange_fail(exchange, "libcurl gives no handle");
    plain->over(plain->self, exchange);
}

void plain_start(struct plain *plain, struct exchange *exchange)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + exchange->timeout_ms * 1000;
    exchange->until_us = exchange->until_us ? exchange->until_us : until_us;
    if (plain->look_us == PLAIN_NEVER || exchange->until_us < plain->look_us)
        plain->look_us = exchange->until_us;
    exchange->connection = NULL;
    struct connection *connection = find_idle(plain, exchange->origin);
    if (connection) {
        connection->was_used = true;
        send_request(plain, connection, exchange);
    } else {
        connect_first(plain, exchange);
    }
}

/* libcurl closes its own descriptor with the handle. */
static int take_socket(CURL *handle)
{
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &socket);
    return socket == CURL_SOCKET_BAD ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

void plain_connected(struct plain *plain, struct exchange *exchange, CURLcode code)
{
    int socket = code == CURLE_OK ? take_socket(exchange->handle) : -1;
    curl_multi_remove_handle(plain->multi, exchange->handle);
    exchange_disconnect(exchange, code);
    if (socket < 0) {
        if (code == CURLE_OK)
            exchange_fail(exchange, strerror(errno));
        plain->over(plain->self, exchange);
        return;
    }
    struct connection *connection = new_connection(plain, exchange->origin, socket);
    connection->exchange = exchange;
    if (watch(plain, connection, EPOLL_CTL_ADD))
        send_request(plain, connection, exchange);
    else
        fail_exchange(plain, connection, strerror(errno));
}

/* ---- receiving ---- */

/* Of an idle connection: that it is over, or an answer to nothing. */
static void receive(struct plain *plain, struct connection *connection)
{
    static _Thread_local char piece[PIECE_BYTES];
    struct answer *answer = &connection->answer;
    ssize_t size = recv(connection->socket, piece, sizeof piece, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (!connection->exchange) {
        delist(&plain->idle, connection);
        close_connection(plain, connection);
        return;
    }
    if (size < 0) {
        lose(plain, connection, strerror(errno));
        return;
    }
    size_t used = answer_take(answer, piece, (size_t)size);
    if (size == 0 && !answer_end(answer))
        lose(plain, connection, answer->problem);
    else if (answer->part == ANSWER_BROKEN)
        fail_exchange(plain, connection, answer->problem);
    else if (answer->part == ANSWER_COMPLETE) {
        answer->is_last = answer->is_last || used < (size_t)size;
        end_exchange(plain, connection);
    }
}

bool plain_hears(struct plain *plain, int socket, uint32_t events)
{
    struct connection *connection = (size_t)socket < plain->capacity ? plain->of_socket[socket] : NULL;
    if (!connection)
        return false;
    if ((events & EPOLLOUT) && connection->waits_for_room && !send_rest(plain, connection))
        lose(plain, connection, strerror(errno));
    else if (events & ~(uint32_t)EPOLLOUT)
        receive(plain, connection);
    return true;
}

/* ---- time, and the end ---- */

/* One whose connection is not there yet is timed by libcurl. */
static bool is_late(const struct exchange *exchange, int64_t now_us)
{
    return exchange->connection && exchange->until_us <= now_us;
}

void plain_expire(struct plain *plain, const struct exchanges *flying)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (plain->look_us == PLAIN_NEVER || plain->look_us > now_us)
        return;
    plain->look_us = PLAIN_NEVER;
    for (struct exchange *exchange = flying->first, *next; exchange; exchange = next) {
        next = exchange->next;
        if (is_late(exchange, now_us))
            fail_exchange(plain, exchange->connection, "no answer came in time");
        else if (exchange->connection && (plain->look_us == PLAIN_NEVER || exchange->until_us < plain->look_us))
            plain->look_us = exchange->until_us;
    }
}

void plain_close(struct plain *plain)
{
    for (size_t i = 0; i < plain->capacity; i++)
        if (plain->of_socket[i])
            close_connection(plain, plain->of_socket[i]);
    memory_free(plain->of_socket);
}
