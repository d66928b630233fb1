/* http_transport_test.c: requests over real sockets, while the caller does something else. A plain program, so that it
 * runs under ThreadSanitizer too.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir.h"

/* ---- a service of one request per connection: the path says what it does ---- */

static int listener;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static char heard[4096];

static void answer(int peer)
{
    pthread_mutex_lock(&lock);
    ssize_t size = read(peer, heard, sizeof heard - 1);
    heard[size > 0 ? size : 0] = 0;
    const char *reply = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";
    if (strstr(heard, "/busy"))
        reply = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (strstr(heard, "/slow"))
        usleep(400 * 1000);
    if (!strstr(heard, "/gone"))
        assert(write(peer, reply, strlen(reply)) > 0);
    pthread_mutex_unlock(&lock);
    close(peer);
}

static void *serve(void *unused)
{
    (void)unused;
    for (int peer; (peer = accept(listener, NULL, NULL)) >= 0;)
        answer(peer);
    return NULL;
}

static uint16_t start_service(pthread_t *thread, int *at, void *(*work)(void *))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *at = socket(AF_INET, SOCK_STREAM, 0);
    assert(bind(*at, (struct sockaddr *)&address, size) == 0 && listen(*at, 512) == 0);
    assert(getsockname(*at, (struct sockaddr *)&address, &size) == 0);
    assert(pthread_create(thread, NULL, work, NULL) == 0);
    return ntohs(address.sin_port);
}

static void end_service(pthread_t thread, int at)
{
    shutdown(at, SHUT_RDWR);
    close(at);
    pthread_join(thread, NULL);
}

/* ---- another one, which keeps connections for a few requests and then closes them without a word ---- */

enum { REQUESTS_PER_CONNECTION = 3, LARGE_BYTES = 8 * 1024 * 1024 };

static int keeper, connections;

/* False: the peer has closed. */
static bool read_request(int peer)
{
    static char text[64 * 1024];
    size_t size = 0, expected = SIZE_MAX;
    while (size < expected) {
        size_t kept = size < sizeof text / 2 ? size : sizeof text / 2; /* the head, and of the body no matter what */
        ssize_t more = read(peer, text + kept, sizeof text - 1 - kept);
        if (more <= 0)
            return false;
        size += (size_t)more;
        text[kept + (size_t)more] = 0;
        const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
        if (end && length && expected == SIZE_MAX)
            expected = (size_t)(end + 4 - text) + strtoul(length + strlen("Content-Length: "), NULL, 10);
    }
    assert(size == expected);
    return true;
}

static void *serve_kept(void *unused)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi",
                      rest[] = "\r\n2\r\nne\r\n0\r\n\r\n";
    (void)unused;
    for (int peer; (peer = accept(keeper, NULL, NULL)) >= 0; close(peer)) {
        connections++;
        for (int i = 0; i < REQUESTS_PER_CONNECTION && read_request(peer); i++) {
            assert(write(peer, head, sizeof head - 1) > 0);
            usleep(1000);
            assert(write(peer, rest, sizeof rest - 1) > 0);
        }
    }
    return NULL;
}

/* ---- asking ---- */

static struct weir_transport_result send_and_take(void *line, weir_arena *arena, struct weir_transport_request request)
{
    static uint64_t id;
    struct weir_transport_result result;
    request.id = ++id;
    assert(weir_http_transport.send(line, &request));
    for (int i = 0; i < 3000; i++, usleep(10 * 1000))
        if (weir_http_transport.take(line, arena, &result)) {
            assert(result.id == id);
            return result;
        }
    fprintf(stderr, "no result came\n");
    abort();
}

static struct weir_transport_result ask_with(void *line, weir_arena *arena, const char *url, weir_bytes body,
                                             int64_t timeout_ms)
{
    const struct weir_header headers[] = {{"Idempotency-Key", {"k-1", 3}}, {"X-Bad", {"a\r\nInjected: yes", 16}}};
    return send_and_take(
        line, arena,
        (struct weir_transport_request){
            .method = "POST", .url = url, .headers = {headers, 2}, .body = body, .timeout_ms = timeout_ms});
}

static struct weir_transport_result ask(void *line, weir_arena *arena, const char *url)
{
    return ask_with(line, arena, url, (weir_bytes){"{\"a\":1}", 7}, 200);
}

/* A connection serves one request after the other, and one that was closed meanwhile is replaced. */
static void ask_on_kept(void *line, weir_arena *arena)
{
    enum { CONNECTIONS = 3, REQUESTS = CONNECTIONS * REQUESTS_PER_CONNECTION, PATIENT_MS = 30000 };
    pthread_t thread;
    char url[100], *large = calloc(1, LARGE_BYTES);
    snprintf(url, sizeof url, "http://localhost:%d?kept=1", start_service(&thread, &keeper, serve_kept));
    for (int i = 0; i < REQUESTS; i++) {
        const weir_bytes body = {large, i % 4 == 1 ? LARGE_BYTES : 5};
        struct weir_transport_result result = ask_with(line, arena, url, body, PATIENT_MS);
        assert(result.status == 200 && result.body.size == 4 && memcmp(result.body.data, "fine", 4) == 0);
    }
    end_service(thread, keeper);
    assert(connections == CONNECTIONS);
    free(large);
}

/* A Host of the request's own stands in place of the usual one, and not beside it. */
static void ask_another_host(void *line, weir_arena *arena, const char *url)
{
    const struct weir_header headers[] = {{"host", {"gateway", 7}}};
    struct weir_transport_request request = {
        .method = "POST", .url = url, .headers = {headers, 1}, .body = {"{}", 2}, .timeout_ms = 30000};
    assert(send_and_take(line, arena, request).status == 200);
    pthread_mutex_lock(&lock);
    const char *host = strcasestr(heard, "\nHost: ");
    assert(host && strncmp(host + 7, "gateway\r\n", 9) == 0 && !strcasestr(host + 1, "\nHost: "));
    pthread_mutex_unlock(&lock);
}

/* Many at once: each is answered once. */
static void ask_together(void *line, weir_arena *arena, const char *url)
{
    enum { REQUESTS = 300, FIRST_ID = 1000 };
    bool is_answered[REQUESTS] = {false};
    struct weir_transport_result result;
    for (uint64_t i = 0; i < REQUESTS; i++)
        assert(weir_http_transport.send(
            line,
            &(struct weir_transport_request){.id = FIRST_ID + i, .method = "POST", .url = url, .timeout_ms = 30000}));
    for (int answered = 0, waits = 0; answered < REQUESTS; waits++) {
        assert(waits < 3000);
        for (; weir_http_transport.take(line, arena, &result); answered++) {
            assert(result.status == 200 && result.id >= FIRST_ID && result.id < FIRST_ID + REQUESTS);
            assert(!is_answered[result.id - FIRST_ID]);
            is_answered[result.id - FIRST_ID] = true;
        }
        usleep(10 * 1000);
    }
}

int main(void)
{
    pthread_t thread;
    char url[100];
    uint16_t port = start_service(&thread, &listener, serve);
    weir_arena *arena = weir_arena_new();
    void *line = weir_http_transport.open();
    assert(line);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", port);
    struct weir_transport_result result = ask(line, arena, url);
    assert(result.status == 200 && !result.error && result.body.size == 4 && memcmp(result.body.data, "fine", 4) == 0);
    pthread_mutex_lock(&lock);
    assert(strstr(heard, "POST /ok ") && strstr(heard, "Idempotency-Key: k-1\r\n") && strstr(heard, "{\"a\":1}"));
    assert(!strstr(heard, "Injected"));
    pthread_mutex_unlock(&lock);

    ask_another_host(line, arena, url);
    ask_together(line, arena, url);
    ask_on_kept(line, arena);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/busy", port);
    assert(ask(line, arena, url).status == 503);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/slow", port);
    result = ask(line, arena, url);
    assert(result.status == 0 && result.error);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/gone", port);
    result = ask(line, arena, url);
    assert(result.status == 0 && result.error);
    result = ask(line, arena, "file:///etc/hostname");
    assert(result.status == 0 && result.error);

    /* A line that is closed gives up what is under way. */
    snprintf(url, sizeof url, "http://127.0.0.1:%d/slow", port);
    struct weir_transport_request request = {.id = 99, .method = "GET", .url = url, .timeout_ms = 10000};
    assert(weir_http_transport.send(line, &request));
    weir_http_transport.close(line);
    weir_arena_free(arena);
    end_service(thread, listener);
    puts("ok");
    return 0;
}
