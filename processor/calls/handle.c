/* handle.c: see handle.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/handle.h"

#include <string.h>

#include "base/memory.h"
#include "calls/curl.h"

CURL *handle_new(void)
{
    curl_begin();
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    return handle;
}

bool handle_is_address(const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    return colon && colon != address && digits > 0 && colon[1 + digits] == 0 && strlen(address) < HANDLE_ADDRESS_BYTES;
}

struct curl_slist *handle_headers(const char *lines)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no waiting for 100 Continue */
    for (const char *end; lines && (end = strstr(lines, "\r\n")); lines = end + 2) {
        char *line = memory_format("%.*s", (int)(end - lines), lines);
        list = curl_slist_append(list, line);
        memory_free(line);
    }
    return list;
}

static bool is_set(const char *text)
{
    return text && *text;
}

void handle_set_tls(CURL *handle, const struct http_call_tls *tls)
{
    if (!tls)
        return;
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (is_set(tls->ca_file))
        curl_easy_setopt(handle, CURLOPT_CAINFO, tls->ca_file);
    if (is_set(tls->certificate_file) && is_set(tls->key_file)) {
        curl_easy_setopt(handle, CURLOPT_SSLCERT, tls->certificate_file);
        curl_easy_setopt(handle, CURLOPT_SSLKEY, tls->key_file);
    }
}

char *handle_url(const char *address, weir_bytes target, const struct http_call_tls *tls)
{
    return memory_format("%s://%s%.*s", tls ? "https" : "http", address, (int)target.size, (const char *)target.data);
}
