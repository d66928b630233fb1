/* curl.h: what libcurl asks of a process before its first use. */
#ifndef WEIR_CALLS_CURL_H
#define WEIR_CALLS_CURL_H

void curl_begin(void); /* any thread, any number of times */
#endif
