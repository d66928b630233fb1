/* rest.h: one question to a Schema Registry over HTTP, with its credentials. Any thread. */
#ifndef WEIR_REGISTRY_REST_H
#define WEIR_REGISTRY_REST_H
#include "base/buffer.h"
#include "base/config.h"
#include "calls/http_call.h"

enum { REST_SERVERS_MAX = 8, REST_ANSWER_BYTES_MAX = 4 * 1024 * 1024 };

struct rest_server {
    char *address, *prefix; /* host:port; path in front of every target, "" or "/…" */
    bool is_tls;
};

struct rest {
    struct rest_server servers[REST_SERVERS_MAX];
    size_t server_count;
    _Atomic size_t current; /* the one that answered last */
    char *headers;          /* Accept, Authorization */
    struct http_call_tls tls;
    int64_t timeout_us; /* of one question */
};

struct rest_answer {
    unsigned status;
    struct buffer body;
};

/* Reads the settings, whose texts must outlive it. False: WEIR_INVALID. */
bool rest_init(struct rest *, const struct config *, struct weir_error *);
void rest_done(struct rest *);
/* Asks the servers in turn until one answers with anything but 429 and 5xx. body NULL: GET, else POST. False: WEIR_RETRY, none did;
 * the message is that of the last one. */
bool rest_ask(struct rest *, const char *target, weir_bytes body, struct rest_answer *, struct weir_error *);
void rest_answer_done(struct rest_answer *);
/* What the registry says is wrong ("message" of its error), in the arena; never NULL. */
const char *rest_message(const struct rest_answer *, weir_arena *);
#endif
