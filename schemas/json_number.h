/* json_number.h: numbers of JSON as integers, decimals and binary floating point. */
#ifndef WEIR_SCHEMAS_JSON_NUMBER_H
#define WEIR_SCHEMAS_JSON_NUMBER_H
#include "schemas/reader.h"

/* Fractions other than zero, exponents and numbers outside the range are refused. */
bool json_read_integer(struct reader *, int64_t min, int64_t max, const char *expected, int64_t *out);
bool json_read_i32(struct reader *, int32_t *out);
bool json_read_decimal(struct reader *, int32_t scale, weir_decimal *out); /* a number or a string that holds one */
/* The nearest value; numbers beyond the type's range are refused. */
bool json_read_double(struct reader *, double *out);
bool json_read_float(struct reader *, float *out);

/* The shortest text that reads back as the same value; it must be finite. Returns its size. */
size_t json_double_text(double, char out[32]);
size_t json_float_text(float, char out[32]);
#endif
