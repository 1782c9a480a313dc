/*
 * curl.h - libcurl, loaded when it is called for the first time.
 *
 * The server and the command line are one program, and most of their time they call nobody:
 * the thirty libraries that come with libcurl would be a quarter of the server's memory.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include <curl/curl.h>

#include "core/call.h"

#define CURL_FUNCTIONS(X)                                                                            \
    X(easy_init) X(easy_setopt) X(easy_perform) X(easy_getinfo) X(easy_strerror) X(easy_cleanup) X(easy_reset) \
    X(slist_append) X(slist_free_all) X(global_init) X(version_info)                                 \
    X(multi_init) X(multi_perform) X(multi_poll) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle) X(multi_socket_action)  \
    X(multi_assign) X(multi_info_read) X(multi_cleanup)

struct curl_functions {
#define X(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(X)
#undef X
};

/* It stays loaded from then on. Takes some 10 ms. Errors: ERR_IO - it is not installed, or cannot be started */
FALLIBLE curl_load(struct call *c, struct curl_functions *out);
