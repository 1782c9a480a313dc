/*
 * curl.h - libcurl, loaded when it is called for the first time.
 *
 * The server is the same program as the command line and never calls out: the thirty
 * libraries that come with libcurl would be a quarter of its memory.
 *
 * Layer:  client (uses core, http)
 */
#pragma once
#include <curl/curl.h>

#include "core/call.h"

#define CURL_FUNCTIONS(X)                                                                     \
    X(easy_init) X(easy_setopt) X(easy_perform) X(easy_getinfo) X(easy_strerror) X(easy_cleanup) \
    X(slist_append) X(slist_free_all)

struct curl_functions {
#define X(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(X)
#undef X
};

/* It stays loaded from then on. Errors: ERR_IO - it is not installed */
FALLIBLE curl_load(struct call *c, struct curl_functions *out);
