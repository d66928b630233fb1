/* sql.h: one SQL query of a request, and its answer. What /v1/sql and reports have in common. */
#ifndef WEIR_HTTP_SQL_H
#define WEIR_HTTP_SQL_H
#include "http/request.h"
#include "sql/sql.h"

/* Runs it on the thread that calls (a query thread) and answers the request, with a problem where it cannot be answered.
 * field: where the query came from, for problems ("sql", "q"). */
void sql_answer(struct request *, weir_bytes text, const char *field, const struct sql_parameter *, size_t count);
#endif
