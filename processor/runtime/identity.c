/* identity.c: see identity.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/identity.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/directory.h"

static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '-' ? text[i] != '-' : !text[i] || !strchr("0123456789abcdef", text[i]))
            return false;
    return true;
}

/* Version 4: random. */
static void make_uuid(char uuid[IDENTITY_BYTES])
{
    unsigned char random[16];
    ssize_t got = getrandom(random, sizeof random, 0);
    assert(got == (ssize_t)sizeof random);
    random[6] = (unsigned char)((random[6] & 0x0F) | 0x40);
    random[8] = (unsigned char)((random[8] & 0x3F) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof random; i++) {
        if (shape[at] == '-')
            uuid[at++] = '-';
        snprintf(uuid + at, 3, "%02x", random[i]);
        at += 2;
    }
}

/* What is no UUID (the file is new, or its writing was cut off) is replaced. */
static bool keep_uuid(struct identity *identity, const char *path, struct weir_error *error)
{
    char text[IDENTITY_BYTES] = "";
    if (pread(identity->lock, text, IDENTITY_BYTES - 1, 0) == IDENTITY_BYTES - 1 && is_uuid(text)) {
        memcpy(identity->uuid, text, IDENTITY_BYTES);
        return true;
    }
    ssize_t written = pwrite(identity->lock, identity->uuid, IDENTITY_BYTES - 1, 0);
    if (written == IDENTITY_BYTES - 1 && fsync(identity->lock) == 0)
        return true;
    return error_set(error, WEIR_INVALID, "cannot write %s: %s", path, strerror(errno));
}

bool identity_open(struct identity *identity, const struct config *config, const char *application, bool alone,
                   struct weir_error *error)
{
    *identity = (struct identity){.lock = -1};
    make_uuid(identity->uuid);
    char *directory = directory_of_application(config, application, error);
    if (!directory)
        return false;
    char *path = memory_format("%s/process", directory);
    memory_free(directory);
    identity->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = identity->lock >= 0 || error_set(error, WEIR_INVALID, "cannot open %s: %s", path, strerror(errno));
    if (ok && flock(identity->lock, LOCK_EX | LOCK_NB) == 0)
        ok = keep_uuid(identity, path, error);
    else if (ok && alone)
        ok = error_set(error, WEIR_INVALID,
                       "%s is locked: another instance works on this state directory; give each its own state.dir",
                       path);
    else if (ok)
        identity_close(identity);
    memory_free(path);
    return ok;
}

void identity_close(struct identity *identity)
{
    if (identity->lock >= 0)
        close(identity->lock);
    identity->lock = -1;
}
