/* line_editor.h: lines from a person, with editing and history (libedit), or from a file, without. */
#ifndef WEIR_CLI_LINE_EDITOR_H
#define WEIR_CLI_LINE_EDITOR_H
#include <stdbool.h>

/* Reads the history, $XDG_STATE_HOME/weir/NAME (~/.local/state/weir/NAME), where there is one. */
void line_editor_open(const char *name);
void line_editor_close(void);                 /* keeps the last 1000 entries, mode 0600 */
char *line_editor_read(const char *prompt);   /* without its end; NULL: there are no more. The caller's to free(). */
void line_editor_remember(const char *entry); /* a whole statement, to be had again with the arrow keys */
bool line_editor_is_interactive(void);
#endif
