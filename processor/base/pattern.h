/* pattern.h: POSIX extended regular expressions that match a whole text. */
#ifndef WEIR_BASE_PATTERN_H
#define WEIR_BASE_PATTERN_H
#include <regex.h>
#include <stdbool.h>

#include "weir.h"

struct pattern {
    regex_t regex;
};

/* False: not an expression, and why. Then there is nothing to close. */
bool pattern_open(struct pattern *, const char *text, struct weir_error *);
void pattern_close(struct pattern *);
bool pattern_matches(const struct pattern *, const char *text);
#endif
