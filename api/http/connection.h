/* connection.h: libmicrohttpd's callbacks: connections, their requests and deadlines. Loop's thread only. */
#ifndef WEIR_HTTP_CONNECTION_H
#define WEIR_HTTP_CONNECTION_H
#include <microhttpd.h>
#include <netinet/in.h>

#include "http/request.h"

struct connection {
    struct connection *previous, *next;
    struct weir_http *server;
    int fd;
    struct in6_addr address; /* IPv4 addresses mapped */
    uint64_t requests;       /* answered */
    int64_t since_us;        /* of the phase its request is in */
    int64_t head_since_us;   /* when the head began to come; 0: it has not */
    uint64_t idle_bytes;     /* received when it was first seen idle, by TCP_INFO */
    bool idle_bytes_known;
    struct shown shown;
    struct tls_session *tls; /* NULL: in the clear */
    void *tls_handle;        /* gnutls_session_t of libmicrohttpd */
    bool gives_way;          /* to a newer one (room.h): it is about to be closed */
    bool is_named;           /* certificate was looked at */
    char certificate[132];   /* name in the client's */
    struct request request;
};

enum MHD_Result connection_admit(void *server, const struct sockaddr *, socklen_t);
void connection_changed(void *server, struct MHD_Connection *, void **self, enum MHD_ConnectionNotificationCode);
void *connection_uri(void *server, const char *uri, struct MHD_Connection *);
enum MHD_Result connection_request(void *server, struct MHD_Connection *, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **self);
void connection_completed(void *server, struct MHD_Connection *, void **self, enum MHD_RequestTerminationCode);
void connection_sweep(struct weir_http *, int64_t now_us); /* ends what is past its deadline */
#endif
