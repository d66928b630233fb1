/* http_transport.c: requests over HTTP. One line is one thread with one multi handle of libcurl, so that connections are
 * kept and nobody else waits. See weir_http_transport in weir.h. Requests in the clear go out on sockets of our own (plain.h).
 *
 * Sockets are watched here, with epoll, and libcurl hears of those alone that are ready (curl_multi_socket_action): asked to look for
 * itself, it looks at every request that is under way each time one of them is answered. Handles are used again: making one and
 * taking it apart costs as much as the request.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "calls/curl.h"
#include "calls/plain.h"

enum { WAIT_MS = 1000, CONNECTIONS_KEPT = 1024, EVENTS = 64, HANDLES_KEPT = 256, NO_TIMER = PLAIN_NEVER };

struct line {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    struct exchanges asked, answered;
    bool stopping;
    bool may_be_plain;
    int wake;  /* written when there is something for the thread */
    int epoll; /* from here on: of the thread */
    CURLM *multi;
    int64_t timer_us; /* when libcurl wants to be called, monotonic; NO_TIMER */
    struct exchanges flying;
    struct plain plain;
    CURL *handles[HANDLES_KEPT];
    size_t handle_count;
};

/* ---- what libcurl asks for ---- */

static int watch_socket(CURL *handle, curl_socket_t socket, int what, void *argument, void *known)
{
    (void)handle;
    struct line *line = argument;
    struct epoll_event event = {.data.fd = socket};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(line->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    event.events |= what != CURL_POLL_OUT ? EPOLLIN : 0;
    event.events |= what != CURL_POLL_IN ? EPOLLOUT : 0;
    if (epoll_ctl(line->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
        return -1;
    curl_multi_assign(line->multi, socket, line);
    return 0;
}

static int set_timer(CURLM *multi, long wait_ms, void *argument)
{
    (void)multi;
    struct line *line = argument;
    line->timer_us = wait_ms < 0 ? NO_TIMER : clock_monotonic_us(&clock_system) + (int64_t)wait_ms * 1000;
    return 0;
}

/* ---- requests and answers ---- */

static void keep_handle(struct line *line, CURL *handle)
{
    if (line->handle_count < HANDLES_KEPT)
        line->handles[line->handle_count++] = handle;
    else
        curl_easy_cleanup(handle);
}

static void give_answer(struct line *line, struct exchange *exchange)
{
    pthread_mutex_lock(&line->lock);
    exchanges_append(&line->answered, exchange);
    pthread_mutex_unlock(&line->lock);
}

static void end_flight(void *self, struct exchange *exchange)
{
    struct line *line = self;
    exchanges_remove(&line->flying, exchange);
    give_answer(line, exchange);
}

static void end_transfer(struct line *line, struct exchange *exchange, CURL *handle, CURLcode code)
{
    exchange_end(exchange, code);
    curl_multi_remove_handle(line->multi, handle);
    keep_handle(line, handle);
    end_flight(line, exchange);
}

static void take_answers(struct line *line)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(line->multi, &left))) {
        struct exchange *exchange = NULL;
        CURL *handle = message->easy_handle;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, &exchange);
        if (exchange->origin)
            plain_connected(&line->plain, exchange, code);
        else
            end_transfer(line, exchange, handle, code);
    }
}

static void start(struct line *line, struct exchange *exchange)
{
    if (exchange->origin) {
        exchanges_append(&line->flying, exchange);
        plain_start(&line->plain, exchange);
        return;
    }
    CURL *handle = line->handle_count > 0 ? line->handles[--line->handle_count] : exchange_handle_new();
    if (!handle) {
        exchange_fail(exchange, "libcurl gives no handle");
        give_answer(line, exchange);
        return;
    }
    exchange_begin(exchange, handle);
    exchanges_append(&line->flying, exchange);
    curl_multi_add_handle(line->multi, handle);
}

/* False: it is time to stop. */
static bool take_requests(struct line *line)
{
    pthread_mutex_lock(&line->lock);
    bool goes_on = !line->stopping;
    struct exchanges asked = line->asked;
    if (goes_on)
        line->asked = (struct exchanges){0};
    pthread_mutex_unlock(&line->lock);
    while (goes_on && asked.first) {
        struct exchange *exchange = asked.first;
        exchanges_remove(&asked, exchange);
        start(line, exchange);
    }
    return goes_on;
}

/* ---- the thread ---- */

static int wait_ms(const struct line *line)
{
    int64_t until_us = line->timer_us, look_us = line->plain.look_us;
    if (until_us == NO_TIMER || (look_us != PLAIN_NEVER && look_us < until_us))
        until_us = look_us;
    if (until_us == NO_TIMER)
        return WAIT_MS;
    int64_t left_us = until_us - clock_monotonic_us(&clock_system);
    int64_t left_ms = left_us > 0 ? (left_us + 999) / 1000 : 0;
    return left_ms < WAIT_MS ? (int)left_ms : WAIT_MS;
}

static void hear(struct line *line, const struct epoll_event *event)
{
    int running;
    uint64_t count;
    if (event->data.fd == line->wake) {
        (void)!read(line->wake, &count, sizeof count);
        return;
    }
    if (plain_hears(&line->plain, event->data.fd, event->events))
        return;
    int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(line->multi, event->data.fd, what, &running);
}

static void call_in_time(struct line *line)
{
    int running;
    if (line->timer_us == NO_TIMER || clock_monotonic_us(&clock_system) < line->timer_us)
        return;
    line->timer_us = NO_TIMER; /* set anew from within */
    curl_multi_socket_action(line->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void *work(void *argument)
{
    struct line *line = argument;
    struct epoll_event events[EVENTS];
    while (take_requests(line)) {
        int count = epoll_wait(line->epoll, events, EVENTS, wait_ms(line));
        for (int i = 0; i < count; i++)
            hear(line, &events[i]);
        call_in_time(line);
        take_answers(line);
        plain_expire(&line->plain, &line->flying);
    }
    return NULL;
}

/* ---- the transport ---- */

/* By itself libcurl keeps four connections per call under way (CURLMOPT_MAXCONNECTS), so at the end of every burst of calls it would close
 * those that the next one needs. */
static CURLM *new_multi(struct line *line)
{
    CURLM *multi = curl_multi_init();
    if (!multi)
        return NULL;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, line);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, line);
    return multi;
}

static void free_line(struct line *line)
{
    plain_close(&line->plain);
    while (line->handle_count > 0)
        curl_easy_cleanup(line->handles[--line->handle_count]);
    if (line->multi)
        curl_multi_cleanup(line->multi);
    if (line->wake >= 0)
        close(line->wake);
    if (line->epoll >= 0)
        close(line->epoll);
    pthread_mutex_destroy(&line->lock);
    memory_free(line);
}

/* libcurl knows what proxies the environment names. */
static bool has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *proxy = getenv(names[i]);
        if (proxy && *proxy)
            return true;
    }
    return false;
}

static void *open_line(void)
{
    curl_begin();
    struct line *line = memory_new(sizeof *line);
    pthread_mutex_init(&line->lock, NULL);
    line->timer_us = NO_TIMER;
    line->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    line->epoll = epoll_create1(EPOLL_CLOEXEC);
    line->multi = new_multi(line);
    line->may_be_plain = !has_proxy();
    line->plain = (struct plain){
        .multi = line->multi, .epoll = line->epoll, .over = end_flight, .self = line, .look_us = PLAIN_NEVER};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = line->wake};
    if (line->multi && line->wake >= 0 && epoll_ctl(line->epoll, EPOLL_CTL_ADD, line->wake, &event) == 0 &&
        pthread_create(&line->thread, NULL, work, line) == 0)
        return line;
    free_line(line);
    return NULL;
}

static void wake(const struct line *line)
{
    const uint64_t one = 1;
    (void)!write(line->wake, &one, sizeof one);
}

static bool send_request(void *self, const struct weir_transport_request *request)
{
    struct line *line = self;
    if (!line)
        return false;
    struct exchange *exchange = exchange_new(request, line->may_be_plain);
    pthread_mutex_lock(&line->lock);
    bool is_first = !line->asked.first;
    exchanges_append(&line->asked, exchange);
    pthread_mutex_unlock(&line->lock);
    if (is_first)
        wake(line);
    return true;
}

static const char *copy_text(weir_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(weir_arena_alloc(arena, size), text, size);
}

static struct exchange *next_answer(struct line *line)
{
    pthread_mutex_lock(&line->lock);
    struct exchange *exchange = line->answered.first;
    if (exchange)
        exchanges_remove(&line->answered, exchange);
    pthread_mutex_unlock(&line->lock);
    return exchange;
}

static bool take_result(void *self, weir_arena *arena, struct weir_transport_result *out)
{
    struct exchange *exchange = self ? next_answer(self) : NULL;
    if (!exchange)
        return false;
    *out = (struct weir_transport_result){.id = exchange->id, .status = (int32_t)exchange->status};
    const weir_bytes body = buffer_bytes(&exchange->answer);
    out->body.data = memcpy(weir_arena_alloc(arena, body.size + 1), body.data, body.size);
    out->body.size = body.size;
    out->error = exchange->error ? copy_text(arena, exchange->error) : NULL;
    exchange_free(exchange);
    return true;
}

static void close_line(void *self)
{
    struct line *line = self;
    pthread_mutex_lock(&line->lock);
    line->stopping = true;
    pthread_mutex_unlock(&line->lock);
    wake(line);
    pthread_join(line->thread, NULL);
    for (struct exchange *exchange = line->flying.first; exchange; exchange = exchange->next) {
        if (!exchange->handle)
            continue;
        curl_multi_remove_handle(line->multi, exchange->handle);
        curl_easy_cleanup(exchange->handle);
    }
    exchanges_free(&line->flying);
    exchanges_free(&line->asked);
    exchanges_free(&line->answered);
    free_line(line);
}

const struct weir_transport weir_http_transport = {open_line, send_request, take_result, close_line};
