// For the installed library, which is linked with libcurl: see the header.
#include "net/curl.h"

enum err curl_load(struct call *c, struct curl_functions *out)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return FAIL(c, ERR_IO, "libcurl cannot be started."); // counts its callers, and locks
    *out = (struct curl_functions){
#define X(name) .name = curl_##name,
        CURL_FUNCTIONS(X)
#undef X
    };
    return OK;
}
