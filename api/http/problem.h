/* problem.h: errors as RFC 9457 problem+json. */
#ifndef WEIR_HTTP_PROBLEM_H
#define WEIR_HTTP_PROBLEM_H
#include "http/request.h"

enum problem {
    PROBLEM_BAD_REQUEST,
    PROBLEM_BAD_PARAMETER,
    PROBLEM_BAD_KEY,
    PROBLEM_BAD_RANGE,
    PROBLEM_BAD_CURSOR,
    PROBLEM_BAD_POSITION,
    PROBLEM_BAD_BODY,
    PROBLEM_BAD_QUERY,
    PROBLEM_UNAUTHENTICATED,
    PROBLEM_FORBIDDEN,
    PROBLEM_NOT_FOUND,
    PROBLEM_VIEW_NOT_FOUND,
    PROBLEM_REPORT_NOT_FOUND,
    PROBLEM_KEY_NOT_FOUND,
    PROBLEM_TOPIC_NOT_FOUND,
    PROBLEM_TOPIC_INTERNAL,
    PROBLEM_METHOD,
    PROBLEM_NOT_ACCEPTABLE,
    PROBLEM_BODY_TOO_LARGE,
    PROBLEM_URI_TOO_LONG,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_FUTURE,
    PROBLEM_UNSUPPORTED_QUERY,
    PROBLEM_QUERY_TOO_LARGE,
    PROBLEM_TOO_MANY_QUERIES,
    PROBLEM_TOO_MANY_REQUESTS,
    PROBLEM_BUFFER_FULL,
    PROBLEM_HEAD_TOO_LARGE,
    PROBLEM_INTERNAL,
    PROBLEM_NOT_OWNER,
    PROBLEM_ELSEWHERE,
    PROBLEM_NOT_UP_TO_BOUND,
    PROBLEM_UNANSWERED,
    PROBLEM_UNAVAILABLE,
    PROBLEM_OVERLOADED,
    PROBLEM_QUERY_TOO_LONG,
    PROBLEM_VERSION,
    PROBLEM_COUNT
};

struct problem_row {
    unsigned status;
    const char *code, *title;
};

const struct problem_row *problem_row(enum problem);
/* Ends the request with this problem. Fields and members that were added before are part of it. */
__attribute__((format(printf, 3, 4))) void problem_answer(struct request *, enum problem, const char *detail, ...);
void problem_field(struct request *, const char *field, const char *message); /* a row of errors[] */
/* Ends the request with "field: message", the field being in errors[] too. */
void problem_at(struct request *, enum problem, const char *field, const char *message);
/* Bytes of the path that stands in front of a codec's message ("total: expected a number"); 0: none does. */
size_t problem_path_size(const char *message);
/* The body cannot be read; message: as the codec said it. */
void problem_bad_body(struct request *, const char *message);
void problem_number(struct request *, const char *member, int64_t value);
void problem_retry(struct request *, int64_t after_ms); /* Retry-After and retry_after_ms */
/* From what weir.h says: ABSENT -> absent, RETRY -> 503, FULL -> 429, INVALID -> 400, the rest 500. */
void problem_of_error(struct request *, const struct weir_error *, enum problem absent);
/* The whole problem for a client that cannot be answered through libmicrohttpd (a deadline has passed). */
extern const char problem_timeout_response[];
#endif
