/* http_point.c: what does one point read over REST cost the server, without a broker beside it?
 *
 *   http_point [REQUESTS [KEYS [memory|rocksdb]]]
 *
 * A view of counts on the embedded log; one connection that asks for one key after the other. CPU is that of the process
 * without the client's thread. rocksdb: asked of a process that started with its state, so that no row is in memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "directory.h"
#include "measure.h"
#include "weir.h"

enum { REQUESTS = 100000, KEYS = 100000, BATCH = 1000, STRIDE = 7919, WAIT_S = 60, ANSWER_MAX = 4096 };

static struct weir_error error;

static void must(bool done)
{
    if (!done)
        measure_fail("http_point: %s", error.message);
}

static weir_topology *view(void)
{
    weir_topology *topology = weir_topology_new("benchmark-http");
    weir_count(weir_group(weir_from(topology, "records", &weir_str_type, &weir_bytes_type)), "counts");
    return topology;
}

static weir_app *start(const char *directory)
{
    char log[512];
    snprintf(log, sizeof log, "%s/log", directory);
    const char *const settings[][2] = {
        {"state.dir", directory}, {"log.dir", log}, {"bootstrap.servers", ""}, {NULL, NULL}};
    weir_app *app = weir_start(view(), (struct weir_config){.application = "http", .set = settings}, &error);
    must(app != NULL);
    while (weir_app_state(app) != WEIR_RUNNING)
        usleep(1000);
    return app;
}

static void fill(weir_app *app, int64_t keys)
{
    static char texts[BATCH][16];
    struct weir_raw_record records[BATCH];
    for (int64_t first = 0; first < keys; first += BATCH) {
        size_t count = 0;
        for (; count < BATCH && first + (int64_t)count < keys; count++) {
            int size = snprintf(texts[count], sizeof texts[count], "key-%08" PRId64, first + (int64_t)count);
            records[count] =
                (struct weir_raw_record){.key = {texts[count], (size_t)size}, .value = {"x", 1}, .timestamp_ms = 1};
        }
        must(weir_produce(app, "records", records, count, NULL, &error));
    }
}

static void wait_for_rows(weir_app *app, int64_t keys)
{
    struct weir_view_info info;
    double until = measure_seconds() + WAIT_S;
    do {
        usleep(10000);
        if (weir_app_views(app, &info, 1) != 1 || measure_seconds() > until)
            measure_fail("http_point: %" PRId64 " of %" PRId64 " rows are there", info.rows_approximate, keys);
    } while (info.rows_approximate < keys);
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        measure_fail("http_point: cannot connect to port %u", port);
    return fd;
}

/* True when the text holds a whole answer: headers, and as much body as they say. */
static bool is_whole(const char *text, size_t size)
{
    const char *length = strcasestr(text, "content-length:"), *body = strstr(text, "\r\n\r\n");
    return length && body && size >= (size_t)(body + 4 - text) + strtoul(length + 15, NULL, 10);
}

/* False: the server had closed the connection, as it does after so many requests. */
static bool ask(int fd, int64_t key)
{
    char text[ANSWER_MAX];
    int size = snprintf(text, sizeof text,
                        "GET /v1/views/counts/keys/key-%08" PRId64 " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", key);
    size_t got = 0;
    if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size)
        return false;
    do {
        ssize_t more = read(fd, text + got, sizeof text - 1 - got);
        if (more <= 0)
            return false;
        got += (size_t)more;
        text[got] = '\0';
    } while (!is_whole(text, got));
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        measure_fail("http_point: %.60s", text);
    return true;
}

static void ask_all(uint16_t port, int64_t requests, int64_t keys)
{
    int fd = dial(port);
    for (int64_t i = 0; i < requests; i++) {
        if (ask(fd, i * STRIDE % keys))
            continue;
        close(fd);
        fd = dial(port);
        if (!ask(fd, i * STRIDE % keys))
            measure_fail("http_point: no answer on a new connection");
    }
    close(fd);
}

static double thread_cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double server_cpu_seconds(void)
{
    return measure_cpu_seconds() - thread_cpu_seconds();
}

static void stop(weir_app *app)
{
    must(weir_stop(app, weir_seconds(10), &error));
}

int main(int argc, char **argv)
{
    bool is_started_anew = argc > 3 && strcmp(argv[3], "rocksdb") == 0;
    int64_t requests = argc > 1 ? measure_number(argv[1]) : REQUESTS, keys = argc > 2 ? measure_number(argv[2]) : KEYS;
    const char *directory = directory_new();
    log_set_level(LOG_ERROR);
    weir_app *app = start(directory);
    fill(app, keys);
    wait_for_rows(app, keys);
    if (is_started_anew) {
        stop(app);
        app = start(directory);
    }
    weir_http *http = weir_http_start(&app, 1, (struct weir_http_options){.port = 0}, &error);
    must(http != NULL);
    double began = measure_seconds(), cpu = server_cpu_seconds();
    ask_all(weir_http_port(http), requests, keys);
    double seconds = measure_seconds() - began;
    cpu = server_cpu_seconds() - cpu;
    weir_http_stop(http);
    stop(app);
    directory_remove(directory);
    printf("{\"requests\":%" PRId64 ",\"server_cpu_us_per_request\":%.2f,\"round_trip_us\":%.1f}\n", requests,
           cpu * 1e6 / (double)requests, seconds * 1e6 / (double)requests);
    return 0;
}
