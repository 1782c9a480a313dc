// A token that is asked for without waiting: by a thread of its own, unless one is kept.
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/cancel.h"
#include "client/credential.h"
#include "client/settings.h"
#include "client/token_request.h"

struct lanyard_pending {
    struct call                  call; // of the copied texts
    struct lanyard_credential   *credential;
    struct lanyard_token_request request;
    struct lanyard_cancel        cancel;
    struct lanyard_token        *token;
    int                          fd;
    bool                         has_thread;
    pthread_t                    thread;
};

static void announce(const struct lanyard_pending *p)
{
    ssize_t written = write(p->fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; // the first write to an eventfd does not fail
}

static void *run(void *context)
{
    struct lanyard_pending *p = context;
    p->token = lanyard_token_ask(p->credential, &p->request);
    announce(p);
    return NULL;
}

static const char *copy(struct lanyard_pending *p, const char *z, size_t most)
{
    return z ? call_zstr(&p->call, (str){z, strnlen(z, most + 1)}) : NULL; // one that is too long stays so, and is refused
}

static bool copy_request(struct lanyard_pending *p, const struct lanyard_token_request *given)
{
    struct lanyard_token_request *r = &p->request;
    if (!token_request_take(given, r)) return true; // of no size: it is refused
    r->size = sizeof *r;
    r->scope = copy(p, r->scope, SCOPE_MAX_BYTES);
    r->tenant_id = copy(p, r->tenant_id, TENANT_MAX_BYTES);
    r->claims = copy(p, r->claims, CLAIMS_MAX_BYTES);
    p->cancel.also = r->cancel;
    r->cancel = &p->cancel;
    return call_check_texts(&p->call) == OK;
}

// The program's signals are none of the thread's business.
static bool start(struct lanyard_pending *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    p->has_thread = pthread_create(&p->thread, NULL, run, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->has_thread;
}

static void begin(struct lanyard_pending *p)
{
    p->token = p->fd < 0 ? NULL : token_request_kept(p->credential, &p->request);
    if (!p->token && p->fd >= 0 && start(p)) return;
    if (!p->token)
        p->token = token_request_refused(p->credential, &p->request, ERR_IO,
                                         p->fd < 0 ? S("The process has no descriptor left.") : S("No thread can be started."));
    if (p->fd >= 0) announce(p);
}

static void pending_free(struct lanyard_pending *p)
{
    if (p->fd >= 0) close(p->fd);
    call_clear(&p->call);
    struct lanyard_credential *k = p->credential; // whose settings have the allocator
    allocator_free(settings_allocator(credential_settings(k)), p);
    lanyard_credential_free(k);
}

struct lanyard_pending *lanyard_token_begin(struct lanyard_credential *k, const struct lanyard_token_request *request)
{
    if (!k) return NULL;
    struct lanyard_pending *p = allocator_new(settings_allocator(credential_settings(k)), sizeof *p);
    if (!p) return NULL;
    p->credential = lanyard_credential_ref(k);
    settings_call_init(credential_settings(k), &p->call);
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!copy_request(p, request)) {
        pending_free(p);
        return NULL;
    }
    begin(p);
    return p;
}

int lanyard_pending_fd(const struct lanyard_pending *p)
{
    return p ? p->fd : -1;
}

void lanyard_pending_cancel(struct lanyard_pending *p)
{
    if (p) lanyard_cancel_set(&p->cancel);
}

struct lanyard_token *lanyard_pending_finish(struct lanyard_pending *p)
{
    if (!p) return NULL;
    if (p->has_thread) pthread_join(p->thread, NULL);
    struct lanyard_token *token = p->token;
    pending_free(p);
    return token;
}
