/* subscription.c: see subscription.h. Readers take bytes from topics and stores: whatever they are, they are answered.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/subscription.h"

#include "base/bytes.h"
#include "base/hash.h"

enum {
    SUBSCRIPTION_VERSION = 1,
    RESPONSE_VERSION = 0,
    HASH_BYTES = 16,
    PARTITION_BYTES = 4,
    LENGTH_BYTES = 4,
    NO_HASH = 0x80,
    VERSION_BITS = 0x7f,
};

/* ---- numbers ---- */

static void write_u32(uint32_t number, struct buffer *out)
{
    char bytes[sizeof number];
    bytes_put_u32(bytes, number);
    buffer_append(out, bytes, sizeof bytes);
}

static void write_hash(const struct subscription_hash *hash, struct buffer *out)
{
    char bytes[HASH_BYTES];
    if (!hash->is_there)
        return;
    bytes_put_u64(bytes, hash->high);
    bytes_put_u64(bytes + 8, hash->low);
    buffer_append(out, bytes, sizeof bytes);
}

/* What is left to be read; `size` bytes off its front, NULL: there are not so many. */
static const char *take(weir_bytes *rest, size_t size)
{
    const char *data = rest->data;
    if (rest->size < size)
        return NULL;
    rest->data = data + size;
    rest->size -= size;
    return data;
}

static bool read_head(weir_bytes *rest, int version_max, int *version, bool *has_hash)
{
    const char *head = take(rest, 1);
    if (!head)
        return false;
    *version = (unsigned char)*head & VERSION_BITS;
    *has_hash = ((unsigned char)*head & NO_HASH) == 0;
    return *version <= version_max;
}

static bool read_hash(weir_bytes *rest, bool has_hash, struct subscription_hash *hash)
{
    *hash = (struct subscription_hash){0};
    const char *bytes = has_hash ? take(rest, HASH_BYTES) : NULL;
    if (bytes)
        *hash = (struct subscription_hash){bytes_get_u64(bytes), bytes_get_u64(bytes + 8), true};
    return bytes || !has_hash;
}

/* ---- messages ---- */

void subscription_write(const struct subscription *subscription, struct buffer *out)
{
    bool is_old = subscription->primary_partition < 0;
    int version = is_old ? 0 : SUBSCRIPTION_VERSION;
    buffer_byte(out, (unsigned char)(version | (subscription->hash.is_there ? 0 : NO_HASH)));
    buffer_byte(out, (unsigned char)subscription->instruction);
    write_hash(&subscription->hash, out);
    buffer_append(out, subscription->primary_key.data, subscription->primary_key.size);
    if (!is_old)
        write_u32((uint32_t)subscription->primary_partition, out);
}

bool subscription_read(weir_bytes rest, struct subscription *out)
{
    int version;
    bool has_hash;
    if (!read_head(&rest, SUBSCRIPTION_VERSION, &version, &has_hash))
        return false;
    const char *instruction = take(&rest, 1);
    if (!instruction || (unsigned char)*instruction > SUBSCRIPTION_ANSWER_IF_THERE ||
        !read_hash(&rest, has_hash, &out->hash))
        return false;
    out->instruction = (enum subscription_instruction) * instruction;
    out->primary_key = rest;
    out->primary_partition = -1;
    if (version == 0)
        return true;
    if (rest.size < PARTITION_BYTES)
        return false;
    out->primary_key.size -= PARTITION_BYTES;
    out->primary_partition = (int32_t)bytes_get_u32((const char *)rest.data + out->primary_key.size);
    return out->primary_partition >= 0;
}

void subscription_response_write(const struct subscription_response *response, struct buffer *out)
{
    buffer_byte(out, (unsigned char)(RESPONSE_VERSION | (response->hash.is_there ? 0 : NO_HASH)));
    write_hash(&response->hash, out);
    if (response->value.data)
        buffer_append(out, response->value.data, response->value.size);
}

/* No bytes are no value, also where a value of no bytes was meant: the format cannot tell them apart. */
bool subscription_response_read(weir_bytes rest, struct subscription_response *out)
{
    int version;
    bool has_hash;
    if (!read_head(&rest, RESPONSE_VERSION, &version, &has_hash) || !read_hash(&rest, has_hash, &out->hash))
        return false;
    out->value = rest.size > 0 ? rest : (weir_bytes){0};
    return true;
}

struct subscription_hash subscription_hash_of(weir_bytes value)
{
    struct subscription_hash hash = {.is_there = true};
    hash_murmur3(value, &hash.high, &hash.low);
    return hash;
}

bool subscription_hash_equal(const struct subscription_hash *a, const struct subscription_hash *b)
{
    return a->is_there == b->is_there && (!a->is_there || (a->high == b->high && a->low == b->low));
}

/* ---- keys ---- */

void subscription_key_prefix(weir_bytes foreign_key, struct buffer *out)
{
    write_u32((uint32_t)foreign_key.size, out);
    buffer_append(out, foreign_key.data, foreign_key.size);
}

void subscription_key_write(weir_bytes foreign_key, weir_bytes primary_key, struct buffer *out)
{
    subscription_key_prefix(foreign_key, out);
    buffer_append(out, primary_key.data, primary_key.size);
}
