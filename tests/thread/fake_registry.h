/* fake_registry.h: a Schema Registry on a thread of the test, which says what it answers. One request per connection. */
#ifndef WEIR_TESTS_THREAD_FAKE_REGISTRY_H
#define WEIR_TESTS_THREAD_FAKE_REGISTRY_H
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAKE_SCHEMAS_MAX = 16, FAKE_REQUEST_MAX = 64 * 1024 };

struct fake_registry {
    int listening;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;                  /* guards what follows */
    const char *schemas[FAKE_SCHEMAS_MAX]; /* by number, as they stand inside a JSON string; NULL: absent */
    int status;                            /* 200: as it should; else every answer has it, and no body */
    int register_status;                   /* of a schema that is registered */
    int32_t register_id;
    char registered[FAKE_REQUEST_MAX]; /* the latest request that registered or looked up a schema */
    char request[FAKE_REQUEST_MAX];    /* the latest one of any kind */
    int requests;
};

static inline void fake_say(int fd, int status, const char *body)
{
    char answer[FAKE_REQUEST_MAX];
    int size = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
        strlen(body), body);
    if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) < 0)
        perror("fake registry");
}

static inline void fake_say_schema(struct fake_registry *fake, int fd, const char *request)
{
    char body[FAKE_REQUEST_MAX];
    int id = (int)strtol(request + strlen("GET /base/schemas/ids/"), NULL, 10);
    const char *schema = id >= 0 && id < FAKE_SCHEMAS_MAX ? fake->schemas[id] : NULL;
    snprintf(body, sizeof body, schema ? "{\"schema\":\"%s\"}" : "{\"error_code\":40403,\"message\":\"%s\"}",
             schema ? schema : "Schema not found");
    fake_say(fd, schema ? 200 : 404, body);
}

static inline void fake_answer(struct fake_registry *fake, int fd)
{
    char body[128];
    fake->requests++;
    if (fake->status != 200) {
        fake_say(fd, fake->status, "");
    } else if (strncmp(fake->request, "GET /base/schemas/ids/", 22) == 0) {
        fake_say_schema(fake, fd, fake->request);
    } else if (strncmp(fake->request, "POST /base/subjects/", 20) == 0) {
        memcpy(fake->registered, fake->request, sizeof fake->registered);
        if (fake->register_status == 404)
            snprintf(body, sizeof body, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        else if (fake->register_status == 200)
            snprintf(body, sizeof body, "{\"id\":%d}", fake->register_id);
        else
            snprintf(body, sizeof body, "{\"error_code\":%d,\"message\":\"incompatible with an earlier schema\"}",
                     fake->register_status);
        fake_say(fd, fake->register_status, body);
    } else {
        fake_say(fd, 404, "<html>nothing here</html>");
    }
}

/* Head and body, as far as the head says. False: the other end has gone. */
static inline int fake_receive(int fd, char *request)
{
    size_t size = 0;
    for (;;) {
        ssize_t more = recv(fd, request + size, FAKE_REQUEST_MAX - 1 - size, 0);
        if (more <= 0)
            return 0;
        size += (size_t)more;
        request[size] = 0;
        const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "content-length:");
        if (end && size >= (size_t)(end + 4 - request) + (length ? (size_t)strtol(length + 15, NULL, 10) : 0))
            return 1;
    }
}

static inline void *fake_serve(void *self)
{
    static char request[FAKE_REQUEST_MAX];
    struct fake_registry *fake = self;
    for (int fd; (fd = accept(fake->listening, NULL, NULL)) >= 0; close(fd))
        if (fake_receive(fd, request)) {
            pthread_mutex_lock(&fake->lock);
            memcpy(fake->request, request, sizeof request);
            fake_answer(fake, fd);
            pthread_mutex_unlock(&fake->lock);
        }
    return NULL;
}

static inline void fake_start(struct fake_registry *fake)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    memset(fake, 0, sizeof *fake);
    fake->status = fake->register_status = 200;
    fake->register_id = 7;
    pthread_mutex_init(&fake->lock, NULL);
    fake->listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fake->listening, (struct sockaddr *)&place, size) != 0 || listen(fake->listening, 16) != 0 ||
        getsockname(fake->listening, (struct sockaddr *)&place, &size) != 0)
        exit(1);
    snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d/base/", ntohs(place.sin_port));
    pthread_create(&fake->thread, NULL, fake_serve, fake);
}

static inline void fake_stop(struct fake_registry *fake)
{
    shutdown(fake->listening, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listening);
    pthread_mutex_destroy(&fake->lock);
}

static inline void fake_set_status(struct fake_registry *fake, int status)
{
    pthread_mutex_lock(&fake->lock);
    fake->status = status;
    pthread_mutex_unlock(&fake->lock);
}

static inline void fake_set_schema(struct fake_registry *fake, int id, const char *schema)
{
    pthread_mutex_lock(&fake->lock);
    fake->schemas[id] = schema;
    pthread_mutex_unlock(&fake->lock);
}

static inline int fake_requests(struct fake_registry *fake)
{
    pthread_mutex_lock(&fake->lock);
    int requests = fake->requests;
    pthread_mutex_unlock(&fake->lock);
    return requests;
}
#endif
