/* key_command.c: `weir key`: keys for the REST interface.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "commands.h"
#include "exit.h"
#include "guard/access.h"

struct request { /* for a key */
    const char *principal, *role, *file, *until;
};

static void write_line(const struct request *request, const char *key, struct buffer *line)
{
    unsigned char digest[KEY_DIGEST_BYTES];
    weir_bytes id;
    key_digest(bytes_of_text(key), digest);
    if (!key_id(bytes_of_text(key), &id))
        return;
    buffer_format(line, "%s %s key:%.*s:", request->principal, request->role, (int)id.size, (const char *)id.data);
    for (size_t i = 0; i < sizeof digest; i++)
        buffer_format(line, "%02x", digest[i]);
    if (request->until)
        buffer_format(line, " until=%s", request->until);
    buffer_byte(line, '\n');
}

/* In one write, so that a server that reads the file meanwhile sees the line or does not. */
static int append(const char *path, const struct buffer *line)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return exit_with(EXIT_UNAVAILABLE, "%s: %s", path, strerror(errno));
    bool written = write(fd, line->data, line->size) == (ssize_t)line->size;
    if (close(fd) == 0 && written)
        return EXIT_DONE;
    return exit_with(EXIT_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

static int create(const struct request *request)
{
    char key[KEY_TEXT_BYTES + 1];
    struct buffer line = {0};
    struct weir_error error = {0};
    if (!key_create(key))
        return exit_with(EXIT_UNAVAILABLE, "there are no random bytes");
    write_line(request, key, &line);
    struct access *access = access_read("the new line", buffer_bytes(&line), &error);
    int status = access ? EXIT_DONE : exit_with(EXIT_MISUSED, "%s", error.message);
    access_drop(access);
    if (status == EXIT_DONE && request->file)
        status = append(request->file, &line);
    else if (status == EXIT_DONE)
        fprintf(stderr, "%.*s", (int)line.size, line.data);
    if (status == EXIT_DONE)
        puts(key);
    explicit_bzero(key, sizeof key);
    buffer_done(&line);
    return status == EXIT_DONE ? exit_after_output() : status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct request request = {.role = "reader"};
    const struct option options[] = {
        {"--role", "ROLE", "reader, analyst, producer, operator, admin or peer; reader", option_text, &request.role},
        {"--file", "FILE", "access file to append the line to; otherwise it is printed", option_text, &request.file},
        {"--until", "TIME", "when the key ends: 2027-01-31 or 2027-01-31T12:00:00Z", option_text, &request.until},
    };
    struct operands operands = {.least = 2, .most = 2};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    if (strcmp(operands.items[0], "create") != 0)
        return exit_with(EXIT_MISUSED, "weir key create PRINCIPAL: \"%.60s\" is not create", operands.items[0]);
    request.principal = operands.items[1];
    return create(&request);
}

const struct command key_command = {
    "key",
    "create PRINCIPAL",
    "makes a key for the REST interface",
    "Prints the key on standard output, once and only here: the access file (http.access.file) holds its\n"
    "SHA-256. The line for the access file goes to --file, or to standard error. A server reads its access\n"
    "file again when it changes. To replace a key, create a second one and later remove the first one's line.\n\n"
    "  weir key create alice --role analyst --file access > alice.key",
    run,
};
