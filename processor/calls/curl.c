/* curl.c: see curl.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/curl.h"

#include <curl/curl.h>
#include <pthread.h>

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void curl_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
}
