/* ask.h: asking a running instance, with problems told as a message and an exit status. */
#ifndef WEIR_CLI_ASK_H
#define WEIR_CLI_ASK_H
#include "http_get.h"
#include "options.h"

#define ASK_WAY_OPTIONS(way)                                                                                           \
    {"--key-file", "FILE", "with an API key or a token; WEIR_API_KEY holds one too", option_text, &(way)->key_file},   \
    {                                                                                                                  \
        "--ca", "FILE", "authorities of the server's certificate (PEM)", option_text, &(way)->ca_file                  \
    }

/* EXIT_DONE, or a status after its message. Before anything is asked. */
int ask_begin(const struct http_way *);
/* EXIT_DONE and a good answer, or a status after its message. http_answer_done in any case. */
int ask_get(const char *url, const char *accept, struct http_answer *);
int ask_post(const char *url, const char *accept, weir_bytes body, struct http_answer *);
int ask_put(const char *url, const char *accept, weir_bytes body, struct http_answer *);

enum ask_format { ASK_TABLE, ASK_JSON, ASK_CSV };
bool ask_take_format(void *target, const char *value,
                     struct weir_error *);                   /* an option_taker; target: enum ask_format */
const char *ask_accept(enum ask_format);                     /* of a query or a report */
void ask_print(enum ask_format, const struct http_answer *); /* what came for it, on standard output */
#endif
