/* line_editor.c: see line_editor.h. The only file that knows libedit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "line_editor.h"

#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { ENTRIES_MAX = 1000 };

static char *history_path; /* NULL: nowhere to keep it */

bool line_editor_is_interactive(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* $XDG_STATE_HOME or ~/.local/state, and weir in it; made where they are missing. NULL: there is no home. */
static char *state_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if ((!state || !*state) && (!home || !*home))
        return NULL;
    char *base = state && *state ? memory_text(state) : memory_format("%s/.local/state", home);
    for (char *at = strchr(base + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        mkdir(base, 0700);
        *at = '/';
    }
    mkdir(base, 0700);
    char *folder = memory_format("%s/weir", base);
    mkdir(folder, 0700);
    memory_free(base);
    return folder;
}

void line_editor_open(const char *name)
{
    if (!line_editor_is_interactive())
        return;
    char *folder = state_folder();
    using_history();
    stifle_history(ENTRIES_MAX);
    if (!folder)
        return;
    history_path = memory_format("%s/%s", folder, name);
    read_history(history_path);
    memory_free(folder);
}

void line_editor_close(void)
{
    if (history_path && write_history(history_path) == 0)
        chmod(history_path, 0600);
    memory_free(history_path);
    history_path = NULL;
}

static char *read_plain(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = getline(&line, &capacity, stdin);
    if (size < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = 0;
    return line;
}

char *line_editor_read(const char *prompt)
{
    return line_editor_is_interactive() ? readline(prompt) : read_plain();
}

void line_editor_remember(const char *entry)
{
    if (line_editor_is_interactive() && *entry)
        add_history(entry);
}
