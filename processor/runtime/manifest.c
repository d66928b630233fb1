/* manifest.c: see manifest.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/manifest.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

#define FORMAT "weir-copy 1"
#define HEXADECIMAL "0123456789abcdef"

enum { HASH_DIGITS = 8, DECIMAL_DIGITS_MAX = 18 };

uint32_t manifest_state(const struct layout_part *part)
{
    struct buffer text = {0};
    for (size_t i = 0; i < part->store_count; i++) {
        const struct store_spec *spec = &part->stores[i].spec;
        const char *log = layout_log(part, &part->stores[i]);
        buffer_format(&text, "%s %s %d %" PRId64 " %" PRId64 " %" PRId64 " %d\n", spec->name, log ? log : "-",
                      (int)spec->kind, spec->window_size_ms, spec->retention_ms, spec->ttl_ms, spec->in_memory);
    }
    weir_bytes bytes = buffer_bytes(&text);
    uint32_t state = hash_crc32c(0, bytes.data, bytes.size);
    buffer_done(&text);
    return state;
}

bool manifest_is_file_name(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= MANIFEST_NAME_MAX && name[0] != '.' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

void manifest_write(const struct manifest *manifest, struct buffer *out)
{
    buffer_format(out, FORMAT "\ncopy %s\nstate %08" PRIx32 "\n", manifest->copy, manifest->state);
    for (size_t i = 0; i < manifest->store_count; i++)
        buffer_format(out, "store %08" PRIx32 " %" PRId64 "\n", manifest->stores[i].name_hash,
                      manifest->stores[i].position);
    for (size_t i = 0; i < manifest->file_count; i++)
        buffer_format(out, "file %" PRId64 " %s\n", manifest->files[i].size, manifest->files[i].name);
    buffer_text(out, "end\n");
}

/* ---- reading ---- */

struct reading {
    const char *at, *end;
    int line;
    weir_arena *arena;
    struct manifest *out; /* with room for as many stores and files as there are lines */
};

/* The next line as a text of its own; NULL: there is no whole one. */
static const char *next_line(struct reading *reading)
{
    const char *end =
        reading->at < reading->end ? memchr(reading->at, '\n', (size_t)(reading->end - reading->at)) : NULL;
    if (!end)
        return NULL;
    const char *line = arena_bytes(reading->arena, (weir_bytes){reading->at, (size_t)(end - reading->at)}).data;
    bool is_text = strlen(line) == (size_t)(end - reading->at);
    reading->at = end + 1;
    reading->line++;
    return is_text ? line : NULL;
}

/* What follows a word and a space; NULL: it begins with another word. */
static const char *after(const char *line, const char *word)
{
    size_t size = strlen(word);
    return line && strncmp(line, word, size) == 0 && line[size] == ' ' ? line + size + 1 : NULL;
}

static bool read_decimal(const char **text, int64_t *out)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > DECIMAL_DIGITS_MAX)
        return false;
    *out = 0;
    for (; digits > 0; digits--, ++*text)
        *out = *out * 10 + (**text - '0');
    return true;
}

static bool read_hash(const char **text, uint32_t *out)
{
    if (strspn(*text, HEXADECIMAL) != HASH_DIGITS)
        return false;
    *out = 0;
    for (int i = 0; i < HASH_DIGITS; i++, ++*text)
        *out = *out << 4 | (uint32_t)(strchr(HEXADECIMAL, **text) - HEXADECIMAL);
    return true;
}

static bool read_space(const char **text)
{
    return *(*text)++ == ' ';
}

static bool read_copy(const char *text, struct manifest *out)
{
    if (!text || strlen(text) != MANIFEST_COPY_BYTES - 1 || strspn(text, HEXADECIMAL) != MANIFEST_COPY_BYTES - 1)
        return false;
    memcpy(out->copy, text, MANIFEST_COPY_BYTES);
    return true;
}

static bool read_state(const char *text, struct manifest *out)
{
    return text && read_hash(&text, &out->state) && *text == 0;
}

static bool read_store(struct reading *reading, const char *text)
{
    struct manifest *out = reading->out;
    struct manifest_store store = {0};
    if (out->file_count > 0 || out->store_count == MANIFEST_STORES_MAX || !read_hash(&text, &store.name_hash) ||
        !read_space(&text))
        return false;
    if (strcmp(text, "-1") == 0)
        store.position = -1;
    else if (!read_decimal(&text, &store.position) || *text != 0)
        return false;
    out->stores[out->store_count++] = store;
    return true;
}

static bool read_file(struct reading *reading, const char *text)
{
    struct manifest *out = reading->out;
    struct manifest_file file = {0};
    bool is_next = out->file_count < MANIFEST_FILES_MAX && read_decimal(&text, &file.size) && read_space(&text) &&
                   manifest_is_file_name(text) &&
                   (out->file_count == 0 || strcmp(out->files[out->file_count - 1].name, text) < 0) &&
                   !__builtin_add_overflow(out->bytes, file.size, &out->bytes);
    if (!is_next)
        return false;
    file.name = text;
    out->files[out->file_count++] = file;
    return true;
}

static bool read_rest(struct reading *reading)
{
    const char *line, *text;
    while ((line = next_line(reading))) {
        if (strcmp(line, "end") == 0)
            return reading->at == reading->end;
        bool ok = (text = after(line, "store"))  ? read_store(reading, text)
                  : (text = after(line, "file")) ? read_file(reading, text)
                                                 : false;
        if (!ok)
            return false;
    }
    return false;
}

static size_t lines_of(weir_bytes bytes)
{
    size_t lines = 0;
    for (size_t i = 0; i < bytes.size; i++)
        lines += ((const char *)bytes.data)[i] == '\n';
    return lines;
}

bool manifest_read(weir_bytes bytes, weir_arena *arena, struct manifest *out, struct weir_error *error)
{
    const char *text = bytes.data;
    struct reading reading = {.at = text, .end = text + bytes.size, .arena = arena, .out = out};
    size_t lines = lines_of(bytes);
    *out = (struct manifest){.stores = arena_alloc(arena, (lines + 1) * sizeof *out->stores),
                             .files = arena_alloc(arena, (lines + 1) * sizeof *out->files)};
    const char *format = next_line(&reading);
    bool ok = format && strcmp(format, FORMAT) == 0 && read_copy(after(next_line(&reading), "copy"), out) &&
              read_state(after(next_line(&reading), "state"), out) && read_rest(&reading);
    return ok || error_set(error, WEIR_INVALID, "the list of a copy's files is malformed near line %d", reading.line);
}
