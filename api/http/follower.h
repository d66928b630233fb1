/* follower.h: one reader of the changes of a view: from pages of rows and a feed to the text of events (WHATWG HTML, 9.2,
 * "Server-sent events").
 *
 * Of each partition a reader is told the rows first, a page at a time, then what commits change. A page is of one commit, and
 * pages are of different ones: what was changed between two of them is told when its key lies on a page that was told already,
 * and otherwise is on a page to come. So nothing is told twice, nothing is kept for the reader, and no lock outlives a page.
 * A partition that is not here is told by the instance that has it, and told on (places.h, retell.h): marks mean the same there.
 * On the pump's thread (changes.h) only. */
#ifndef WEIR_HTTP_FOLLOWER_H
#define WEIR_HTTP_FOLLOWER_H
#include "base/arena.h"
#include "base/buffer.h"
#include "http/relay.h"
#include "http/server.h"

enum follower_place {                   /* who tells a partition */
                      FOLLOWER_NOWHERE, /* nobody at the moment: it changes hands */
                      FOLLOWER_HERE,
                      FOLLOWER_THERE,    /* another instance: it is one of a relay's */
                      FOLLOWER_LEFT_OUT, /* not asked for */
};

struct follower_part { /* one partition */
    enum follower_place place;
    int64_t lost_us;   /* since when nobody tells it; 0: somebody does */
    int64_t try_us;    /* when somebody is looked for again */
    bool is_told_away; /* the client knows */
    bool follows;      /* its rows have been told */
    bool has_begun;    /* something was read of it */
    bool is_gap;       /* the client must forget its rows before it is told anything */
    int resets;        /* so often its rows had to be told from the first one, without having been told to the end */
    int64_t mark;      /* it was told what lies before; of the latest page, while rows are told */
    struct buffer order, key; /* of the last row of the latest page, size 0: none yet; key: as text */
    int64_t window_ms, window_end_ms;
};

struct follower {
    struct server_view view; /* as the one who asks sees it */
    weir_arena types, arena; /* of what the view points to; of a step */
    weir_feed *feed;
    struct follower_part *parts; /* by partition */
    int64_t *marks;              /* by partition, as the id of the latest event has them */
    int32_t part_count;
    bool asks_others; /* for partitions that are not here; otherwise the stream ends when one leaves */
    struct relay_request request;
    struct relay *relays;
    bool has_news; /* a relay has something, or its end */
    int64_t looked_us;
    bool wants_rows; /* "snapshot" */
    bool is_ready;   /* it was told that all rows have been told */
    bool is_over;    /* nothing more comes */
    bool is_slow;    /* that is why */
    struct buffer text;
};

/* marks: where it was before, WEIR_MARK_NOW: nowhere; NULL: it comes for the first time. asked: NULL: all partitions; otherwise another
 * instance asks for these, and where marks has one of them as nowhere its client does not need to be told so. The view's types must
 * live in follower->types. asks_others and request are the caller's to set. */
void follower_init(struct follower *, const struct server_view *, weir_feed *, bool wants_rows, const int64_t *marks,
                   const struct peer_partitions *asked);
/* Appends events to text, up to about FOLLOWER_BYTES. False: there is nothing more for now, or it is over. */
bool follower_step(struct follower *);
void follower_done(struct follower *);

/* ---- for places.h and retell.h ---- */

void follower_write_id(struct follower *);
/* What was told of it is void, and is told anew. Ends the reader when that happens again and again. */
void follower_begin_again(struct follower *, int32_t partition);
/* Nobody tells it any more; it goes on at the mark it has, or anew, and when rows of it were told, behind a reset. */
void follower_lose(struct follower *, int32_t partition, bool has_told_rows);
/* The last event: it says why, and the client comes again with the id it has. */
void follower_end(struct follower *, const char *event, const char *why);
void follower_end_as_slow(struct follower *);

enum { FOLLOWER_BYTES = 64 * 1024 };
#endif
