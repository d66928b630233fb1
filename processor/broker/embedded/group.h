/* group.h: the members of a group, who holds which share, and the group's offsets.
 *
 * A share has an owner and a target. Joining and leaving deal the targets round robin; an owner that is no longer the
 * target is told to revoke, and only when it has finished is the share given to its target. All of that happens in the
 * members' own polls; the group only keeps the books. */
#ifndef WEIR_EMBEDDED_GROUP_H
#define WEIR_EMBEDDED_GROUP_H
#include <pthread.h>

#include "embedded/flusher.h"
#include "embedded/offsets.h"

struct embedded;
struct embedded_topic;

struct embedded_member {
    const struct embedded_topic **leads; /* lead topic per index of the subscription */
    size_t lead_count;
    uint64_t seen_version, seen_generation;
};

struct embedded_share {
    int32_t group, partition;
    const struct embedded_topic *lead;
    struct embedded_member *owner, *target;
};

struct embedded_commit { /* one caller's; on its stack while it waits */
    const struct broker_offset *items;
    size_t count;
    int64_t transaction;
    atomic_bool done;
    struct weir_error error;
    struct embedded_commit *next;
};

struct embedded_group {
    struct embedded_flush flush; /* first: the flusher's view */
    struct embedded *broker;
    char *name;
    pthread_mutex_t lock;
    struct embedded_member **members;
    size_t member_count, member_capacity;
    struct embedded_share *shares;
    size_t share_count, share_capacity;
    _Atomic uint64_t version; /* any change of owners or targets */
    uint64_t generation;      /* members joined or left */
    struct embedded_offsets offsets;
    struct embedded_commit *pending;
};

enum embedded_step_kind { EMBEDDED_STEP_NONE, EMBEDDED_STEP_REVOKE, EMBEDDED_STEP_ASSIGN };
struct embedded_step {
    enum embedded_step_kind kind;
    int32_t group, partition;
};

/* Finds or loads the group; lives as long as the broker. */
struct embedded_group *embedded_group_get(struct embedded *, const char *name, struct weir_error *);
void embedded_group_free(struct embedded_group *);
void embedded_group_join(struct embedded_group *, struct embedded_member *);
void embedded_group_leave(struct embedded_group *, struct embedded_member *); /* gives back all it owns */
/* What the member has to do next: revocations first. A share to assign is the member's own from here on; one to revoke
 * until embedded_group_revoked. */
struct embedded_step embedded_group_next(struct embedded_group *, struct embedded_member *);
void embedded_group_revoked(struct embedded_group *, const struct embedded_member *, struct embedded_step);
/* Whether the member has all that it was dealt, and no more, for the first time since members joined or left. */
bool embedded_group_has_settled(struct embedded_group *, struct embedded_member *);
/* Durable on return, all or nothing; a transaction has become true with it. */
bool embedded_group_commit(struct embedded_group *, int64_t transaction, const struct broker_offset *, size_t,
                           struct weir_error *);
/* All that was committed, durably. WEIR_INVALID: it has members. */
bool embedded_group_forget(struct embedded_group *, struct weir_error *);
/* BROKER_NO_OFFSET: none. metadata may be NULL; a copy in the arena. */
int64_t embedded_group_committed(struct embedded_group *, const char *topic, int32_t partition, weir_arena *,
                                 const char **metadata);
#endif
