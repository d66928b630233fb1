/* One request to another instance: what is understood, and what a server that misbehaves costs. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "calls/http_call.h"

struct server {
    int listening;
    char address[40];
    pthread_t thread;
    const char *answers[4]; /* one per connection; NULL: closes at once; "": says nothing */
    bool keeps;             /* answers again on the same connection */
};

static void answer_one(int fd, const char *answer, bool keeps)
{
    char request[4096];
    while (answer && recv(fd, request, sizeof request, 0) > 0) {
        if (*answer && send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            break;
        if (!keeps && *answer)
            break;
    }
    close(fd);
}

static void *serve(void *self)
{
    struct server *server = self;
    for (size_t i = 0; i < 4; i++) {
        int fd = accept(server->listening, NULL, NULL);
        if (fd < 0)
            break;
        answer_one(fd, server->answers[i], server->keeps);
    }
    return NULL;
}

static void start(struct server *server)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    server->listening = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(server->listening, (struct sockaddr *)&place, size), 0);
    cr_assert_eq(listen(server->listening, 4), 0);
    cr_assert_eq(getsockname(server->listening, (struct sockaddr *)&place, &size), 0);
    snprintf(server->address, sizeof server->address, "127.0.0.1:%d", ntohs(place.sin_port));
    pthread_create(&server->thread, NULL, serve, server);
}

static void stop(struct server *server)
{
    http_call_forget();
    shutdown(server->listening, SHUT_RDWR);
    close(server->listening);
    pthread_join(server->thread, NULL);
}

static bool call(const char *address, int64_t wait_ms, struct http_reply *reply, struct weir_error *error)
{
    const struct http_call one = {.address = address,
                                  .method = "GET",
                                  .target = {"/", 1},
                                  .deadline_us = clock_monotonic_us(&clock_system) + wait_ms * 1000,
                                  .bytes_max = 100};
    *error = (struct weir_error){0};
    return http_call(&one, reply, error);
}

static void expect_failure(const char *answer, enum weir_code code)
{
    struct server server = {.answers = {answer, answer, answer, answer}};
    struct http_reply reply;
    struct weir_error error;
    start(&server);
    cr_expect_not(call(server.address, 300, &reply, &error));
    cr_expect_eq(error.code, code, "%s", error.message);
    http_reply_done(&reply);
    stop(&server);
}

#define CHUNK "40\r\n1234567890123456789012345678901234567890123456789012345678901234\r\n" /* 64 bytes */
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

Test(call, brings_status_and_body)
{
    struct server server = {.answers = {HELLO}};
    struct http_reply reply;
    struct weir_error error;
    start(&server);
    cr_assert(call(server.address, 2000, &reply, &error), "%s", error.message);
    cr_expect_eq(reply.status, 200);
    cr_expect(bytes_equal(buffer_bytes(&reply.body), bytes_of_text("hello")));
    http_reply_done(&reply);
    stop(&server);
}

Test(call, finds_a_field_whatever_the_case_of_its_name)
{
    struct server server = {.answers = {"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"}};
    struct http_reply reply;
    struct weir_error error;
    start(&server);
    cr_assert(call(server.address, 2000, &reply, &error), "%s", error.message);
    cr_expect_eq(reply.status, 304);
    cr_expect(bytes_equal(http_reply_field(&reply, "etag"), bytes_of_text("\"x\"")));
    cr_expect_null(http_reply_field(&reply, "eta").data);
    http_reply_done(&reply);
    stop(&server);
}

Test(call, asks_the_instance_and_no_proxy)
{
    struct server server = {.answers = {HELLO}};
    struct http_reply reply;
    struct weir_error error;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    start(&server);
    cr_expect(call(server.address, 2000, &reply, &error), "%s", error.message);
    http_reply_done(&reply);
    stop(&server);
}

static bool take_nothing(void *self, const void *data, size_t size)
{
    (void)self, (void)data, (void)size;
    return false;
}

Test(call, ends_where_its_taker_gives_up)
{
    struct server server = {.answers = {HELLO}};
    struct http_reply reply;
    struct weir_error error = {0};
    start(&server);
    const struct http_call one = {.address = server.address,
                                  .method = "GET",
                                  .target = {"/", 1},
                                  .deadline_us = clock_monotonic_us(&clock_system) + 2000 * 1000,
                                  .bytes_max = 100,
                                  .take = take_nothing};
    cr_expect_not(http_call(&one, &reply, &error));
    cr_expect_eq(error.code, WEIR_FATAL);
    http_reply_done(&reply);
    stop(&server);
}

Test(call, uses_a_connection_again)
{
    struct server server = {.answers = {HELLO, NULL}, .keeps = true};
    struct http_reply reply;
    struct weir_error error;
    start(&server);
    for (int i = 0; i < 3; i++) {
        cr_expect(call(server.address, 2000, &reply, &error), "%s", error.message);
        http_reply_done(&reply);
    }
    stop(&server);
}

Test(call, connects_anew_when_a_kept_connection_was_closed_meanwhile)
{
    struct server server = {.answers = {HELLO, HELLO}};
    struct http_reply reply;
    struct weir_error error;
    start(&server);
    for (int i = 0; i < 2; i++) {
        cr_expect(call(server.address, 2000, &reply, &error), "%s", error.message);
        http_reply_done(&reply);
        usleep(20000);
    }
    stop(&server);
}

Test(call, ends_at_its_deadline)
{
    int64_t began_us = clock_monotonic_us(&clock_system);
    expect_failure("", WEIR_RETRY);
    cr_expect(clock_monotonic_us(&clock_system) - began_us < 2 * 1000 * 1000);
}

Test(call, of_a_server_that_hangs_up_can_be_tried_again)
{
    expect_failure(NULL, WEIR_RETRY);
    expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", WEIR_RETRY);
}

Test(call, takes_no_more_than_it_may)
{
    expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", WEIR_INVALID);
    expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNK CHUNK "0\r\n\r\n", WEIR_INVALID);
}

Test(call, needs_an_address_with_a_port)
{
    struct http_reply reply;
    struct weir_error error;
    cr_expect_not(call("localhost", 100, &reply, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    cr_expect_not(call("127.0.0.1:1", 100, &reply, &error));
    cr_expect_eq(error.code, WEIR_RETRY);
}
