/* subscription.h: what the two sides of a foreign-key join tell each other, as bytes, and under which keys the right side
 * keeps who has subscribed.
 *
 * All of it is Kafka Streams' own (SubscriptionWrapperSerde, SubscriptionResponseWrapperSerde, CombinedKeySchema), numbers
 * big-endian:
 *   subscription  1 bit: there is no hash; 7 bits: version; instruction; 16-byte hash; primary key; 4-byte primary
 *                 partition (from version 1 on)
 *   response      1 bit: there is no hash; 7 bits: version; 16-byte hash; the right value, nothing if there is none
 *   store key     4-byte length of the foreign key; foreign key; primary key
 * The hash is that of the left value that subscribed: a response to a value that is no more is told by it. */
#ifndef WEIR_OPERATORS_SUBSCRIPTION_H
#define WEIR_OPERATORS_SUBSCRIPTION_H
#include "base/buffer.h"
#include "weir.h"

enum subscription_instruction {
    SUBSCRIPTION_DELETE_SILENTLY, /* forget the subscription, answer nothing */
    SUBSCRIPTION_DELETE,          /* forget it, answer that there is no right value */
    SUBSCRIPTION_ANSWER,          /* keep it, answer with the right value, or that there is none */
    SUBSCRIPTION_ANSWER_IF_THERE, /* keep it, answer with the right value if there is one */
};

struct subscription_hash { /* Murmur3, 128 bits, of the left value */
    uint64_t high, low;
    bool is_there; /* false: the left value was deleted */
};

struct subscription {
    enum subscription_instruction instruction;
    struct subscription_hash hash;
    weir_bytes primary_key;    /* as stores hold it; data not NULL */
    int32_t primary_partition; /* of the left side; -1: version 0, which does not say */
};
void subscription_write(const struct subscription *, struct buffer *);
bool subscription_read(weir_bytes, struct subscription *); /* false: it is none; the key points into the bytes */

struct subscription_response {
    struct subscription_hash hash;
    weir_bytes value; /* data NULL: there is none */
};
void subscription_response_write(const struct subscription_response *, struct buffer *);
bool subscription_response_read(weir_bytes, struct subscription_response *);

struct subscription_hash subscription_hash_of(weir_bytes value);
bool subscription_hash_equal(const struct subscription_hash *, const struct subscription_hash *);

void subscription_key_write(weir_bytes foreign_key, weir_bytes primary_key, struct buffer *);
void subscription_key_prefix(weir_bytes foreign_key, struct buffer *); /* of all keys of that foreign key */
#endif
