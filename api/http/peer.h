/* peer.h: asking other instances for what is not here.
 *
 * A question to another instance is the client's own request, sent on with two headers: X-Weir-Forwarded says that an
 * instance asks, so that the one asked never asks a third (one hop, no loops); X-Weir-Partitions says for which partitions.
 * It answers for exactly these or with 503. Questions wait on threads of their own (server.h, forwarders), so that instances
 * that ask each other never wait for each other's workers. Each has a deadline. */
#ifndef WEIR_HTTP_PEER_H
#define WEIR_HTTP_PEER_H
#include "calls/http_call.h"
#include "calls/http_stream.h"
#include "http/request.h"
#include "http/server.h"

struct peer_partitions {
    int32_t *items;
    size_t count;
};

struct peer_question { /* to one instance */
    const char *address;
    struct peer_partitions partitions;
    const char *headers; /* beside those of the request: "Name: value\r\n"…; NULL: none */
    int64_t patience_ms; /* how long it may take; 0: as long as a read */
};

#define PEER_PRINCIPAL_HEADER "x-weir-principal" /* on whose behalf an instance asks */

enum peer_routing { PEER_PROXY, PEER_REDIRECT, PEER_NONE };

bool peer_partitions_have(const struct peer_partitions *, int32_t partition);
/* It says that another instance has sent it. */
bool peer_is_forwarded(const struct request *);
/* Partitions that the request names in X-Weir-Partitions. False: it comes from a client. */
bool peer_is_asked(struct request *, const struct weir_view_info *, struct peer_partitions *);
/* Which copies may answer this request, out of all partitions. */
struct weir_copies peer_copies(const struct request *);
/* The others among `all`, or among all partitions of the view when it is NULL, that are not in `held`. */
struct peer_partitions peer_missing(struct request *, const struct weir_view_info *, const struct peer_partitions *all,
                                    const struct peer_partitions *held);
/* What to do about partitions that are not here. A request that an instance has sent on is never sent on. */
enum peer_routing peer_routing(const struct request *, const struct server_view *);
/* To be called before anything is asked. True: the request goes to a forwarder first and comes again from there. */
bool peer_moves_to_forwarder(struct request *);
/* Sends the client to the instance that holds the partition. False: nobody is known to. */
bool peer_redirect(struct request *, const struct server_view *, int32_t partition);
/* Whom to ask for which of the partitions: the holder number `attempt` of each (0: the active one). What nobody holds is
 * left out. */
size_t peer_questions(struct request *, const struct server_view *, struct peer_partitions, size_t attempt,
                      struct peer_question **);
struct peer_stream { /* a question whose answer is read as it comes */
    const char *address;
    weir_bytes target; /* path and query */
    struct peer_partitions partitions;
    const char *id;        /* X-Request-Id */
    const char *principal; /* on whose behalf; NULL: nobody asks */
    const char *headers;   /* as in peer_question */
    int64_t connect_ms;
    bool (*take)(void *self, const void *data, size_t size); /* as in struct http_stream_call */
    void *self;
};
/* NULL: it cannot be asked. The call's texts are not needed any more when it returns. */
struct http_stream *peer_stream_open(const struct weir_http *, struct http_streams *, const struct peer_stream *,
                                     struct weir_error *);
/* Asks. body: data NULL: none. False: no answer, or one that is none. */
bool peer_ask(struct request *, const struct peer_question *, weir_bytes body, struct http_reply *);
/* The answer of the other instance as ours, with the headers that say something about what is in it. */
void peer_take_over(struct request *, const struct http_reply *);
/* Asks on the instance's own behalf: the call's headers are sent behind those that say who asks. */
bool peer_call(const struct weir_http *, struct http_call, struct http_reply *, struct weir_error *);
/* Asks the holders of all the partitions, the next ones of what was not answered. Returns what was. */
struct peer_partitions peer_ask_each(struct request *, const struct server_view *, struct peer_partitions,
                                     bool (*ask)(void *self, const struct peer_question *), void *self);
/* Asks on behalf of the client for one key that may be in any of the partitions, and takes the answer over. False: nobody
 * had it; the partitions that could not be asked are left. */
bool peer_relay(struct request *, const struct server_view *, struct peer_partitions *left);
/* Ends the request: the partition has no reachable holder. */
void peer_refuse(struct request *, const struct server_view *, int32_t partition);
#endif
