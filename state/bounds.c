/* bounds.c: see bounds.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/bounds.h"

#include "base/bytes.h"
#include "base/error.h"
#include "schemas/codec.h"
#include "state/keys.h"

void bounds_done(struct bounds *bounds)
{
    buffer_done(&bounds->from);
    buffer_done(&bounds->to);
}

weir_bytes bounds_from(const struct bounds *bounds)
{
    return bounds->has_from ? buffer_bytes(&bounds->from) : (weir_bytes){0};
}

weir_bytes bounds_to(const struct bounds *bounds)
{
    return bounds->has_to ? buffer_bytes(&bounds->to) : (weir_bytes){0};
}

/* ---- narrowing ---- */

static void raise_from(struct bounds *bounds, weir_bytes from)
{
    if (bounds->has_from && bytes_compare(buffer_bytes(&bounds->from), from) >= 0)
        return;
    buffer_clear(&bounds->from);
    buffer_append(&bounds->from, from.data, from.size);
    bounds->has_from = true;
}

static void lower_to(struct bounds *bounds, weir_bytes to)
{
    if (bounds->has_to && bytes_compare(buffer_bytes(&bounds->to), to) <= 0)
        return;
    buffer_clear(&bounds->to);
    buffer_append(&bounds->to, to.data, to.size);
    bounds->has_to = true;
}

static void see_whether_empty(struct bounds *bounds)
{
    bounds->is_empty = bounds->has_from && bounds->has_to &&
                       bytes_compare(buffer_bytes(&bounds->from), buffer_bytes(&bounds->to)) >= 0;
}

void bounds_resume(struct bounds *bounds, weir_bytes stored_key, bool descending)
{
    struct buffer behind = {0};
    if (descending) {
        lower_to(bounds, stored_key);
    } else { /* the smallest key that is greater */
        buffer_append(&behind, stored_key.data, stored_key.size);
        buffer_byte(&behind, 0);
        raise_from(bounds, buffer_bytes(&behind));
        buffer_done(&behind);
    }
    see_whether_empty(bounds);
}

/* ---- keys ---- */

/* Appends the key as the store holds it, in the window of that start, or the session, or the version. */
static bool write_key(const struct store_spec *spec, const void *key, int64_t start_ms, int64_t end_ms,
                      struct buffer *out, struct weir_error *error)
{
    struct buffer plain = {0};
    struct weir_error cause = {0};
    bool ok = codec_write(spec->key_type, WEIR_FORMAT_OBJECT, 0, key, &plain, &cause);
    if (!ok)
        error_set(error, WEIR_INVALID, "key: %s", cause.message);
    else if (spec->kind == STORE_WINDOW)
        keys_window_write(buffer_bytes(&plain), start_ms, out);
    else if (spec->kind == STORE_VERSIONED) /* the newest stands behind all others (versioned.h) */
        keys_window_write(buffer_bytes(&plain), end_ms == INT64_MAX ? INT64_MAX : start_ms, out);
    else if (spec->kind == STORE_SESSION)
        keys_session_write(buffer_bytes(&plain), start_ms, end_ms, out);
    else
        buffer_append(out, plain.data, plain.size);
    buffer_done(&plain);
    return ok;
}

/* Of the first and the last key, the times narrow the range further: windows go by their start, sessions by their end,
 * of which only the least is known. */
static bool bound_by_keys(struct bounds *bounds, const struct store_spec *spec, const struct weir_range *range,
                          struct weir_error *error)
{
    bool is_window = spec->kind == STORE_WINDOW;
    int64_t from_ms = range->window_from_ms > 0 ? range->window_from_ms : INT64_MIN;
    int64_t to_ms = range->window_to_ms > 0 && is_window ? range->window_to_ms : INT64_MAX;
    if (range->from && !write_key(spec, range->from, is_window ? from_ms : INT64_MIN, from_ms, &bounds->from, error))
        return false;
    bounds->has_from = range->from != NULL;
    if (range->to && !write_key(spec, range->to, to_ms, INT64_MAX, &bounds->to, error))
        return false;
    bounds->has_to = range->to != NULL;
    if (bounds->has_to)
        buffer_byte(&bounds->to, 0); /* inclusive */
    return true;
}

static void bound_by_prefix(struct bounds *bounds, const struct store_spec *spec, weir_bytes prefix)
{
    struct buffer stored = {0}, end = {0};
    if (spec->kind != STORE_KEY_VALUE) { /* the escaped prefix, without the end mark of a whole key */
        keys_window_prefix(prefix, &stored);
        stored.size -= 2;
    } else {
        buffer_append(&stored, prefix.data, prefix.size);
    }
    raise_from(bounds, buffer_bytes(&stored));
    if (keys_after_prefix(buffer_bytes(&stored), &end))
        lower_to(bounds, buffer_bytes(&end));
    buffer_done(&stored);
    buffer_done(&end);
}

static bool bound_by_resumption(struct bounds *bounds, const struct store_spec *spec, const struct weir_range *range,
                                struct weir_error *error)
{
    struct buffer stored = {0};
    bool ok = write_key(spec, range->after, range->after_window_ms, range->after_window_end_ms, &stored, error);
    if (ok)
        bounds_resume(bounds, buffer_bytes(&stored), range->descending);
    buffer_done(&stored);
    return ok;
}

static bool has_prefixes(const struct store_spec *spec, struct weir_error *error)
{
    enum weir_kind kind = spec->key_type->kind;
    return kind == WEIR_KIND_STRING || kind == WEIR_KIND_BYTES ||
           error_set(error, WEIR_INVALID, "store '%s' has no text keys, so there are no prefixes", spec->name);
}

bool bounds_of(struct bounds *bounds, const struct store_spec *spec, const struct weir_range *range,
               struct weir_error *error)
{
    *bounds = (struct bounds){0};
    if ((range->prefix.data && !has_prefixes(spec, error)) || !bound_by_keys(bounds, spec, range, error))
        return false;
    if (range->prefix.data && range->prefix.size > 0)
        bound_by_prefix(bounds, spec, range->prefix);
    if (range->after && !bound_by_resumption(bounds, spec, range, error))
        return false;
    see_whether_empty(bounds);
    return true;
}

/* A version ends before its end, and reaches into the times like a session otherwise. */
static bool hold_version(const struct weir_range *range, int64_t from_ms, int64_t to_ms)
{
    return to_ms > range->window_from_ms && (range->window_to_ms == 0 || from_ms <= range->window_to_ms);
}

bool bounds_hold_window(const struct weir_range *range, enum store_kind kind, int64_t start_ms, int64_t end_ms)
{
    if (kind == STORE_VERSIONED)
        return hold_version(range, start_ms, end_ms);
    int64_t last_ms = kind == STORE_SESSION ? end_ms : start_ms;
    return last_ms >= range->window_from_ms && (range->window_to_ms == 0 || start_ms <= range->window_to_ms);
}
