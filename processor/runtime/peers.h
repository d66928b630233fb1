/* peers.h: the other instances of the application: who they are, where their REST interface is, what they hold.
 *
 * All of it comes from the group: its coordinator tells every member's client id and partitions, and the client id says the
 * instance and its address (application.server). Nothing else is exchanged, so nothing else can disagree. Form of a client
 * id: "<client>-<uuid>[@<host:port>]-StreamThread-<n>-consumer", "<client>" being client.id or application.id.
 * What is known is at most a second old, and older while partitions change hands. Any thread.
 *
 * The thread that asks also looks every few seconds whether the topics are as they were at the start (layout.h); if not, the
 * app fails. */
#ifndef WEIR_RUNTIME_PEERS_H
#define WEIR_RUNTIME_PEERS_H
#include "runtime/layout.h"

struct peers;
struct weir_app;

struct peer_share {
    int32_t part, partition; /* part: index in the layout */
};

struct peer {
    const char *id;      /* client ids without the thread */
    const char *address; /* NULL: none */
    bool is_self;
    const char **members; /* names of its threads in the group */
    size_t member_count;
    struct peer_share *shares; /* active */
    size_t share_count;
    struct peer_share *standbys; /* that belong here */
    size_t standby_count;
};

/* The client id of one of this instance's threads; a new string. */
char *peers_client_id(const struct weir_app *, int32_t thread);
const char *peers_instance_id(const struct weir_app *, weir_arena *); /* the same without the thread */
/* Reads a client id into id and address, in the arena. False: it is not of this form. */
bool peers_read_client_id(const char *text, weir_arena *, struct peer *out);

/* NULL: the broker serves this process alone, or an error. */
struct peers *peers_start(struct weir_app *, struct weir_error *);
/* The same without a thread: whoever has made it looks now and then. */
struct peers *peers_new(struct weir_app *);
bool peers_look(struct peers *); /* false: not to be told now; what was known before stays */
void peers_stop(struct peers *); /* NULL is fine, in all of these */
void peers_ask(struct peers *);  /* look again soon: partitions have changed hands */
/* How many times the group has been looked at. */
uint64_t peers_looks(struct peers *);
/* What is known, copied to the arena; 0: nothing yet. */
size_t peers_known(struct peers *, weir_arena *, struct peer **out);
/* Addresses of other instances that hold the share: the active one, then, when asked for, those of its standbys. */
size_t peers_holders(struct peers *, struct peer_share, bool any, weir_arena *, const char **out, size_t max);

struct standby_wish { /* a share that standbys belong to */
    struct peer_share share;
    size_t turn; /* in which the group's leader deals it */
};
/* Works out where the standbys of the shares belong, in the arena; none are placed yet. Every instance with the same knowledge
 * finds the same. The first standby of a share belongs to its heir: the instance that it will be dealt to when the one that has
 * it now is gone. The leader deals in turn (librdkafka's "roundrobin": to members in the order of their names, lead topics by
 * name, partitions in order), so the heir is known, and with a copy it need not restore (KIP-441 wants the same). The others,
 * and the first where there is no heir: share after share, the instances that hold the least so far, actives and standbys
 * together, so that one without any active task comes first; those that hold as much in the order of a hash of instance and
 * share (rendezvous hashing: Thaler and Ravishankar 1998). */
void peers_place_standbys(struct peer *, size_t count, const struct standby_wish *, size_t wish_count, size_t replicas,
                          weir_arena *);
bool peer_is_active(const struct peer *, struct peer_share);
bool peer_has_standby(const struct peer *, struct peer_share);
#endif
