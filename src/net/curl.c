#include "net/curl.h"

#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"

static enum err refuse(struct call *c)
{
    const char *why = dlerror();
    return FAIL(c, ERR_IO, "libcurl cannot be loaded: %s.", why ? why : LIBRARY);
}

enum err curl_load(struct call *c, struct curl_functions *out)
{
    struct curl_functions f;
    // Never unloaded: it starts parts of the system's crypto that cannot be taken down again.
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) return refuse(c);
#define X(name) \
    if (!(f.name = (__typeof__(f.name))dlsym(library, "curl_" #name))) return refuse(c);
    CURL_FUNCTIONS(X)
#undef X
    if (f.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return FAIL(c, ERR_IO, "libcurl cannot be started."); // counts its callers, and locks
    *out = f;
    return OK;
}
