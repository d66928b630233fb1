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
static char heard[4096];

static void answer(int peer)
{
    ssize_t size = read(peer, heard, sizeof heard - 1);
    heard[size > 0 ? size : 0] = 0;
    const char *reply = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";
    if (strstr(heard, "/busy"))
        reply = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (strstr(heard, "/slow"))
        usleep(400 * 1000);
    if (!strstr(heard, "/gone"))
        assert(write(peer, reply, strlen(reply)) > 0);
    close(peer);
}

static void *serve(void *unused)
{
    (void)unused;
    for (int peer; (peer = accept(listener, NULL, NULL)) >= 0;)
        answer(peer);
    return NULL;
}

static uint16_t start_service(pthread_t *thread)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 512) == 0);
    assert(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    assert(pthread_create(thread, NULL, serve, NULL) == 0);
    return ntohs(address.sin_port);
}

/* ---- asking ---- */

static struct weir_transport_result ask(void *line, weir_arena *arena, const char *url)
{
    static uint64_t id;
    const struct weir_header headers[] = {{"Idempotency-Key", {"k-1", 3}}, {"X-Bad", {"a\r\nInjected: yes", 16}}};
    struct weir_transport_request request = {
        .id = ++id, .method = "POST", .url = url, .headers = {headers, 2}, .body = {"{\"a\":1}", 7}, .timeout_ms = 200};
    struct weir_transport_result result;
    assert(weir_http_transport.send(line, &request));
    for (int i = 0; i < 500; i++, usleep(10 * 1000))
        if (weir_http_transport.take(line, arena, &result)) {
            assert(result.id == id);
            return result;
        }
    fprintf(stderr, "no result came\n");
    abort();
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
    uint16_t port = start_service(&thread);
    weir_arena *arena = weir_arena_new();
    void *line = weir_http_transport.open();
    assert(line);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", port);
    struct weir_transport_result result = ask(line, arena, url);
    assert(result.status == 200 && !result.error && result.body.size == 4 && memcmp(result.body.data, "fine", 4) == 0);
    assert(strstr(heard, "POST /ok ") && strstr(heard, "Idempotency-Key: k-1\r\n") && strstr(heard, "{\"a\":1}"));
    assert(!strstr(heard, "Injected"));

    ask_together(line, arena, url);

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
    shutdown(listener, SHUT_RDWR);
    close(listener);
    pthread_join(thread, NULL);
    puts("ok");
    return 0;
}
