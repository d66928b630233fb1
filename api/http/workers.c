/* workers.c: see workers.h.
 *
 * A request that waits for a position does so in slices and goes to the end of the queue between them, so that four
 * clients with wait_ms=30000 do not stop everyone else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/workers.h"

#include <microhttpd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/gzip.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/server.h"

static void push(struct workers *workers, struct request *request)
{
    request->next_job = NULL;
    if (workers->last)
        workers->last->next_job = request;
    else
        workers->first = request;
    workers->last = request;
    workers->waiting++;
}

static struct request *pop(struct workers *workers)
{
    struct request *request = workers->first;
    workers->first = request->next_job;
    if (!workers->first)
        workers->last = NULL;
    workers->waiting--;
    return request;
}

/* NULL: stopping, and nothing is left to do. */
static struct request *next(struct workers *workers, bool *others_wait)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->stopping)
        pthread_cond_wait(&workers->wake, &workers->lock);
    struct request *request = workers->first ? pop(workers) : NULL;
    workers->busy += request != NULL;
    *others_wait = workers->first != NULL;
    pthread_mutex_unlock(&workers->lock);
    return request;
}

static void rest(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->busy--;
    pthread_mutex_unlock(&workers->lock);
}

static void put_back(struct workers *workers, struct request *request)
{
    pthread_mutex_lock(&workers->lock);
    workers->busy--;
    push(workers, request);
    pthread_cond_signal(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
}

static void *work(void *self)
{
    struct workers *workers = self;
    struct request *request;
    bool others_wait;
    if (workers->spec.nice) /* of this thread alone, on Linux */
        setpriority(PRIO_PROCESS, (id_t)gettid(), workers->spec.nice);
    while ((request = next(workers, &others_wait))) {
        if (!request_work(request, others_wait)) {
            put_back(workers, request);
            continue;
        }
        struct weir_http *server = request->server;
        rest(workers);
        if (!request->response.status && request->launch) {
            request->launch(request->launched); /* from here on it is somebody else's, who resumes it */
            continue;
        }
        if (!request->response.status && workers_submit(&server->forwarders, request))
            continue;
        if (!request->response.status)
            workers_refuse(request);
        gzip_answer(request, SIZE_MAX);
        MHD_resume_connection(request->connection); /* from here on it is the loop's; its phase was never ours */
        server_wake(server);                        /* which libmicrohttpd does only for loops of its own */
    }
    return NULL;
}

void workers_refuse(struct request *request)
{
    meter_reject(&request->server->meter, METER_OVERLOAD);
    problem_retry(request, 1000);
    if (request->route->place == ROUTE_ON_QUERY)
        problem_answer(request, PROBLEM_TOO_MANY_QUERIES, "%d queries are running already.", LIMIT_QUERIES);
    else
        problem_answer(request, PROBLEM_OVERLOADED, "%d requests are waiting already.", LIMIT_JOBS);
}

void workers_init(struct workers *workers, struct workers_spec spec)
{
    workers->spec = spec;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
}

bool workers_start(struct workers *workers)
{
    for (size_t i = 0; i < workers->spec.threads; i++) {
        if (pthread_create(&workers->threads[i], NULL, work, workers) != 0)
            return false;
        pthread_setname_np(workers->threads[i], workers->spec.name);
        workers->thread_count++;
    }
    return true;
}

void workers_stop(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    workers->thread_count = 0;
}

void workers_done(struct workers *workers)
{
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
}

bool workers_submit(struct workers *workers, struct request *request)
{
    pthread_mutex_lock(&workers->lock);
    size_t most = workers->spec.threads + workers->spec.waiting_max;
    bool fits = workers->waiting + workers->busy < most && !workers->stopping;
    if (fits) {
        push(workers, request);
        pthread_cond_signal(&workers->wake);
    }
    pthread_mutex_unlock(&workers->lock);
    return fits;
}
