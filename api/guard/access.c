/* access.c: see access.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/access.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "guard/file.h"

enum { ID_BYTES_MAX = 128, GRANTS_MAX = 10000, PATTERNS_MAX = 64, HIDDEN_DOTS_MAX = 8 };

struct access {
    weir_arena arena;
    struct grant *grants;
    size_t count, capacity;
    size_t references;
};

struct reading {
    struct access *access;
    const char *path;
    int line;
    struct weir_error *error;
};

static const char *const credentials[CREDENTIAL_COUNT] = {"key", "certificate", "token", "anyone"};

const char *credential_name(enum credential credential)
{
    return credentials[credential];
}

/* word: data NULL where it may hold a secret that was put in the wrong place. */
static bool refuse(struct reading *reading, const char *what, weir_bytes word)
{
    if (!word.data)
        return error_set(reading->error, WEIR_INVALID, "%.200s:%d: %s", reading->path, reading->line, what);
    return error_set(reading->error, WEIR_INVALID, "%.200s:%d: %s: \"%.*s\"", reading->path, reading->line, what,
                     (int)(word.size < 60 ? word.size : 60), (const char *)word.data);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Size 0: the line is over. */
static weir_bytes next_word(const char **at, const char *end)
{
    while (*at < end && is_blank(**at))
        (*at)++;
    const char *start = *at;
    while (*at < end && !is_blank(**at))
        (*at)++;
    return (weir_bytes){start, (size_t)(*at - start)};
}

bool access_is_name(weir_bytes text)
{
    const char *at = text.data;
    for (size_t i = 0; i < text.size; i++)
        if (at[i] <= ' ' || at[i] > '~' || at[i] == '"' || at[i] == '\\' || at[i] == ',')
            return false;
    return text.size > 0 && text.size <= ID_BYTES_MAX;
}

static weir_bytes cut(weir_bytes *rest, char separator)
{
    const char *at = rest->data;
    const char *found = rest->size ? memchr(at, separator, rest->size) : NULL;
    weir_bytes head = {at, found ? (size_t)(found - at) : rest->size};
    size_t taken = head.size + (found != NULL);
    *rest = (weir_bytes){at + taken, rest->size - taken};
    return head;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_digest(weir_bytes text, unsigned char out[KEY_DIGEST_BYTES])
{
    const char *at = text.data;
    if (text.size != 2 * KEY_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < KEY_DIGEST_BYTES; i++) {
        int high = digit(at[2 * i]), low = digit(at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool credential_of_text(weir_bytes text, enum credential *out, weir_bytes *id)
{
    weir_bytes rest = text, kind = cut(&rest, ':');
    for (enum credential credential = 0; credential < CREDENTIAL_COUNT; credential++) {
        if (!bytes_equal(kind, bytes_of_text(credentials[credential])))
            continue;
        *out = credential;
        *id = rest;
        return credential == CREDENTIAL_ANYONE ? text.size == kind.size : access_is_name(rest);
    }
    return false;
}

static bool read_credential(struct reading *reading, weir_bytes word, struct grant *grant)
{
    weir_bytes id;
    if (!credential_of_text(word, &grant->credential, &id))
        return refuse(reading, "expected key:ID:DIGEST, certificate:NAME, token:SUBJECT or anyone", (weir_bytes){0});
    weir_bytes digest = id;
    if (grant->credential == CREDENTIAL_KEY) {
        id = cut(&digest, ':');
        if (id.size != KEY_ID_BYTES || !read_digest(digest, grant->digest))
            return refuse(reading, "a key is key:ID:DIGEST, as `weir key create` prints it", (weir_bytes){0});
    }
    grant->id = arena_bytes(&reading->access->arena, id).data;
    return true;
}

static bool read_patterns(struct reading *reading, weir_bytes list, struct patterns *out)
{
    weir_arena *arena = &reading->access->arena;
    const char **items = arena_alloc(arena, PATTERNS_MAX * sizeof *items);
    for (weir_bytes rest = list; rest.size > 0;) {
        weir_bytes item = cut(&rest, ',');
        if (item.size == 0 || out->count == PATTERNS_MAX)
            return refuse(reading, "expected up to 64 names with commas between them", list);
        items[out->count++] = arena_bytes(arena, item).data;
    }
    out->items = items;
    return out->count > 0 || refuse(reading, "expected names", list);
}

/* A date, whose day is no longer in it, or a time, both in UTC. */
static bool read_time(struct reading *reading, weir_bytes word, int64_t *ms)
{
    const char *text = arena_bytes(&reading->access->arena, word).data;
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!end || *end) {
        tm = (struct tm){0};
        end = strptime(text, "%Y-%m-%d", &tm);
    }
    if (!end || *end)
        return refuse(reading, "expected a time as 2027-01-31 or 2027-01-31T12:00:00Z", word);
    *ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool read_limit(struct reading *reading, weir_bytes word, struct grant *grant)
{
    weir_bytes value = word, name = cut(&value, '=');
    if (bytes_equal(name, bytes_of_text("views")) && !grant->views.count)
        return read_patterns(reading, value, &grant->views);
    if (bytes_equal(name, bytes_of_text("deny")) && !grant->deny.count)
        return read_patterns(reading, value, &grant->deny);
    if (bytes_equal(name, bytes_of_text("hide")) && !grant->hide.count)
        return read_patterns(reading, value, &grant->hide);
    if (bytes_equal(name, bytes_of_text("until")) && grant->until_ms == INT64_MAX)
        return read_time(reading, value, &grant->until_ms);
    return refuse(reading, "expected views=, deny=, hide= or until=, each once", word);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool check_hidden(struct reading *reading, const struct grant *grant)
{
    for (size_t i = 0; i < grant->hide.count; i++) {
        size_t dots = 0;
        for (const char *at = grant->hide.items[i]; *at; at++)
            dots += *at == '.';
        if (dots < 1 || dots > HIDDEN_DOTS_MAX)
            return refuse(reading, "hide= takes VIEW.FIELD", bytes_of_text(grant->hide.items[i]));
    }
    return true;
}

static bool read_grant(struct reading *reading, const char *at, const char *end, struct grant *grant)
{
    weir_bytes name = next_word(&at, end), role = next_word(&at, end), credential = next_word(&at, end);
    *grant = (struct grant){.until_ms = INT64_MAX, .line = reading->line};
    if (!access_is_name(name))
        return refuse(reading, "expected PRINCIPAL ROLE CREDENTIAL", name);
    if (!role_of_name(role, &grant->role))
        return refuse(reading, "no role, expected reader, analyst, producer, operator, admin or peer", role);
    if (!read_credential(reading, credential, grant))
        return false;
    grant->principal = arena_bytes(&reading->access->arena, name).data;
    for (weir_bytes word; (word = next_word(&at, end)).size > 0;)
        if (!read_limit(reading, word, grant))
            return false;
    return check_hidden(reading, grant);
}

static const struct grant *find(const struct access *access, enum credential credential, weir_bytes id)
{
    for (size_t i = 0; i < access->count; i++) {
        const struct grant *grant = &access->grants[i];
        if (grant->credential == credential && bytes_equal(bytes_of_text(grant->id), id))
            return grant;
    }
    return NULL;
}

static bool read_line(struct reading *reading, const char *start, const char *end)
{
    struct access *access = reading->access;
    const char *at = start;
    weir_bytes first = next_word(&at, end);
    if (first.size == 0 || *(const char *)first.data == '#')
        return true;
    struct grant grant;
    if (!read_grant(reading, start, end, &grant))
        return false;
    if (find(access, grant.credential, bytes_of_text(grant.id)) || access->count == GRANTS_MAX)
        return refuse(reading, "this credential stands in a line before", bytes_of_text(grant.id));
    access->grants = memory_grow(access->grants, &access->capacity, access->count + 1, sizeof grant);
    access->grants[access->count++] = grant;
    return true;
}

struct access *access_read(const char *path, weir_bytes text, struct weir_error *error)
{
    struct reading reading = {memory_new(sizeof *reading.access), path, 0, error};
    const char *at = text.data, *end = at + text.size;
    reading.access->references = 1;
    arena_init(&reading.access->arena);
    bool good = !memchr(at, 0, text.size) || error_set(error, WEIR_INVALID, "%.200s: it has a NUL byte", path);
    while (good && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end : end;
        reading.line++;
        good = read_line(&reading, at, line_end);
        at = line_end + 1;
    }
    if (good)
        return reading.access;
    access_drop(reading.access);
    return NULL;
}

struct access *access_load(const char *path, struct weir_error *error)
{
    struct buffer text = {0};
    struct access *access = NULL;
    if (file_read("http.access.file", path, &text, error))
        access = access_read(path, buffer_bytes(&text), error);
    buffer_done(&text);
    return access;
}

struct access *access_keep(struct access *access)
{
    access->references++;
    return access;
}

void access_drop(struct access *access)
{
    if (!access || --access->references > 0)
        return;
    arena_done(&access->arena);
    memory_free(access->grants);
    memory_free(access);
}

/* ---- looking up ------------------------------------------------------------------------------------------------- */

const struct grant *access_find(const struct access *access, enum credential credential, weir_bytes id, int64_t now_ms)
{
    const struct grant *grant = find(access, credential, id);
    if (!grant && credential == CREDENTIAL_TOKEN)
        grant = find(access, credential, bytes_of_text("*"));
    return grant && now_ms < grant->until_ms ? grant : NULL;
}

const struct grant *access_line(const struct access *access, size_t index)
{
    return index < access->count ? &access->grants[index] : NULL;
}

bool access_has(const struct access *access, enum role role)
{
    for (size_t i = 0; i < access->count; i++)
        if (access->grants[i].role == role)
            return true;
    return false;
}

bool pattern_fits(const char *pattern, weir_bytes name)
{
    size_t size = strlen(pattern);
    const char *at = name.data;
    if (size == 1 && pattern[0] == '*')
        return true;
    if (size > 1 && pattern[size - 1] == '*')
        return name.size >= size - 1 && memcmp(pattern, at, size - 1) == 0;
    if (size > 1 && pattern[0] == '*')
        return name.size >= size - 1 && memcmp(pattern + 1, at + name.size - (size - 1), size - 1) == 0;
    return bytes_equal(name, (weir_bytes){pattern, size});
}

static bool any_fits(const struct patterns *patterns, weir_bytes name)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (pattern_fits(patterns->items[i], name))
            return true;
    return false;
}

bool grant_may_read(const struct grant *grant, weir_bytes view)
{
    return (grant->views.count == 0 || any_fits(&grant->views, view)) && !any_fits(&grant->deny, view);
}
