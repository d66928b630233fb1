/* Answers without an end, from sockets that this test plays. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "calls/http_stream.h"

enum { PATIENCE_US = 30 * 1000 * 1000 };

static struct http_streams *streams;
static struct buffer taken;
static bool takes;
static int listening;
static char address[40];

static bool take(void *self, const void *data, size_t size)
{
    (void)self;
    if (takes)
        buffer_append(&taken, data, size);
    return takes;
}

static void begin(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    takes = true;
    streams = http_streams_new();
    listening = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listening, (struct sockaddr *)&place, size), 0);
    cr_assert_eq(listen(listening, 4), 0);
    cr_assert_eq(getsockname(listening, (struct sockaddr *)&place, &size), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(place.sin_port));
}

static void end(void)
{
    http_streams_done(streams);
    buffer_done(&taken);
    close(listening);
}

static struct http_stream *open_stream(void)
{
    struct weir_error error = {0};
    const struct http_stream_call call = {
        .address = address, .target = {"/changes", 8}, .headers = "X-Test: yes\r\n", .connect_ms = 5000, .take = take};
    struct http_stream *stream = http_stream_open(streams, &call, &error);
    cr_assert(stream, "%s", error.message);
    return stream;
}

/* The request is read to its end. */
static int accept_one(void)
{
    char request[4096];
    for (int i = 0; i < 10; i++)
        http_streams_wait(streams, 10);
    int fd = accept(listening, NULL, NULL);
    for (int i = 0; i < 10; i++)
        http_streams_wait(streams, 10);
    ssize_t got = recv(fd, request, sizeof request - 1, 0);
    cr_assert_gt(got, 0);
    request[got] = 0;
    cr_assert(strstr(request, "GET /changes HTTP/1.1") && strstr(request, "X-Test: yes"), "%s", request);
    return fd;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect_taken(const char *text)
{
    int64_t until_us = clock_monotonic_us(&clock_system) + PATIENCE_US;
    while (taken.size < strlen(text) && clock_monotonic_us(&clock_system) < until_us)
        http_streams_wait(streams, 50);
    cr_assert(bytes_equal(buffer_bytes(&taken), bytes_of_text(text)), "%.*s", (int)taken.size, taken.data);
}

static void expect_over(const struct http_stream *stream, unsigned expected, bool has_failed)
{
    unsigned status;
    const char *why;
    int64_t until_us = clock_monotonic_us(&clock_system) + PATIENCE_US;
    while (!http_stream_is_over(stream, &status, &why) && clock_monotonic_us(&clock_system) < until_us)
        http_streams_wait(streams, 50);
    cr_assert(http_stream_is_over(stream, &status, &why));
    cr_expect_eq(status, expected, "%u", status);
    cr_expect_eq(why != NULL, has_failed, "%s", why ? why : "");
}

TestSuite(http_stream, .init = begin, .fini = end);

Test(http_stream, what_comes_is_taken_as_it_comes_until_the_other_side_ends)
{
    struct http_stream *stream = open_stream();
    int fd = accept_one();
    say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none");
    expect_taken("one");
    say(fd, "two");
    expect_taken("onetwo");
    close(fd);
    expect_over(stream, 200, false);
    http_stream_close(stream);
}

Test(http_stream, what_is_not_taken_comes_again)
{
    struct http_stream *stream = open_stream();
    int fd = accept_one();
    takes = false;
    say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none");
    for (int i = 0; i < 10; i++)
        http_streams_wait(streams, 20);
    cr_expect_eq(taken.size, 0);
    takes = true;
    http_stream_go_on(stream);
    expect_taken("one");
    http_stream_close(stream);
    close(fd);
}

Test(http_stream, another_status_is_told_and_its_body_is_not_taken)
{
    struct http_stream *stream = open_stream();
    int fd = accept_one();
    say(fd, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nno!");
    expect_over(stream, 503, false);
    cr_expect_eq(taken.size, 0);
    http_stream_close(stream);
    close(fd);
}

Test(http_stream, who_does_not_answer_or_speaks_something_else_is_over_with_a_reason)
{
    struct http_stream *stream = open_stream();
    int fd = accept_one();
    close(fd);
    expect_over(stream, 0, true);
    http_stream_close(stream);
    close(listening);
    stream = open_stream();
    expect_over(stream, 0, true);
    http_stream_close(stream);
}

Test(http_stream, what_is_no_address_is_refused)
{
    struct weir_error error = {0};
    const struct http_stream_call call = {.address = "nowhere", .target = {"/", 1}, .connect_ms = 100, .take = take};
    cr_expect_null(http_stream_open(streams, &call, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
}

Test(http_stream, a_wait_ends_when_it_is_woken_and_a_stream_may_be_closed_at_any_time)
{
    struct http_stream *stream = open_stream();
    int64_t began_us = clock_monotonic_us(&clock_system);
    http_streams_wake(streams);
    for (int i = 0; i < 3; i++)
        http_streams_wait(streams, 1);
    http_streams_wake(streams);
    http_streams_wait(streams, 60 * 1000);
    cr_expect_lt(clock_monotonic_us(&clock_system) - began_us, 50 * 1000 * 1000);
    http_stream_close(stream);
}
