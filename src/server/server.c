#include "server/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/report.h"
#include "endpoints/admin/admin.h"
#include "endpoints/deployments/runner.h"
#include "endpoints/host/host.h"
#include "endpoints/router.h"
#include "endpoints/sandbox/sandbox.h"
#include "endpoints/verify/verify.h"
#include "endpoints/workload/limits.h"
#include "http/server.h"
#include "net/socket.h"
#include "ops/committer.h"
#include "ops/housekeeper.h"
#include "endpoints/login/issuers.h"
#include "ops/logs.h"
#include "ops/minter.h"
#include "server/ca.h"
#include "server/files.h"
#include "server/state.h"

#define STOP_GRACE_MS   5000
#define READS_MAX_QUEUE 1024
#define LARGE_BYTES     (128 << 10)
#define READERS         2 // for reads that take long
#define SIGN_INS        2 // judge passwords: each takes tens of milliseconds, and anybody may try
#define CALLERS         2 // find out who asks at the metadata endpoint of this machine: anybody may ask
#define SIGNERS         2 // measured on two cores: more signers only starve the loops

// All that runs, in the order of its making; stop_all takes it down in reverse, also half-way.
struct server {
    const struct server_options *options;
    struct product               product;
    struct server_certificate    certificate;
    struct net_loops            *loops;
    struct http_server          *http;
    struct net_tls              *tls;
    struct net_workers          *readers, *sign_ins, *callers;
    struct router                public_router;
    struct router                admin_router;
    struct router                verify_router;
    struct sandbox              *sandbox;
    struct net_watch            *signals;
};

static void stop(void *context)
{
    struct server *s = context;
    net_loops_stop(s->loops, STOP_GRACE_MS);
}

static void on_signal(int fd, void *context)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) == (ssize_t)sizeof info) stop(context);
}

static enum err watch_signals(struct call *c, struct server *s)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    int fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return FAIL(c, ERR_IO, "Signals cannot be watched on this system.");
    return net_watch_new(c, s->loops, fd, on_signal, s, &s->signals);
}

// Before any thread starts, so that all inherit it: the signals go to the watch alone.
static void block_signals(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a full quota is an error of write(2), not the end
}

static enum err read_propagation(struct call *c, str said, struct propagation *out)
{
    size_t slash = str_find_last(said, '/');
    str    directory = slash == STR_NOWHERE ? S(".") : slash == 0 ? S("/") : str_upto(said, slash), text;
    if (str_empty(said) || str_eq(said, S("instant"))) return OK;
    if (str_eq(said, S("cloud"))) {
        *out = PROPAGATION_CLOUD;
        return OK;
    }
    const char *name = call_zstr(c, slash == STR_NOWHERE ? said : str_from(said, slash + 1));
    if (!name) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    enum err failed = files_read(c, directory, name, &text);
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return FAIL(c, ERR_NOT_FOUND, "--propagation is instant, cloud or a file of figures; there is no file %.*s.", PSTR(said));
    }
    TRY(failed);
    return propagation_read(c, text, out);
}

static enum err prepare_product(struct call *c, struct server *s)
{
    const struct server_options *o = s->options;
    struct product              *p = &s->product;
    report_set_clock(&p->clock);
    p->data_dir = o->data_dir;
    p->test_clock = o->test_clock;
    p->token_lifetime_s = o->token_lifetime_s ? o->token_lifetime_s : TOKEN_LIFETIME_S;
    p->log_limits = (struct log_limits){.days = o->log_days, .records = o->log_records};
    p->started_ns = c->now_ns;
    p->stop = stop;
    p->stop_context = s;
    TRY(read_propagation(c, o->propagation, &p->propagation));
    if (o->published_limits && !(p->limits = workload_limits_new())) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    p->names = names_azure();
    if (!str_empty(o->own_domain)) TRY(names_own(c, o->own_domain, o->https_port, &p->names));
    return state_open(c, p);
}

static void before_wait(unsigned loop, void *context)
{
    product_end_read(context, loop);
}

_Static_assert(READERS + SIGN_INS + CALLERS <= PRODUCT_MAX_WORKERS, "each thread has a row");

static enum err start_pool(struct call *c, unsigned threads, unsigned first, struct net_workers **out)
{
    return net_workers_start(c, &(struct net_workers_settings){.threads = threads, .first = first, .max_queue = READS_MAX_QUEUE, .nice = 1}, out);
}

static enum err start_workers(struct call *c, struct server *s)
{
    struct product *p = &s->product;
    TRY(committer_start(c, p, &p->committer));
    TRY(logs_start(c, p, &p->logs));
    TRY(minter_start(c, p, SIGNERS, &p->minter));
    struct net_settings  net = {.loops = s->options->workers, .measures_turns = s->options->measures_turns, .before_wait = before_wait, .context = p};
    struct http_settings http = {.clock = &p->clock, .random = p->random};
    TRY(net_loops_new(c, &net, &s->loops));
    p->reads_last_a_turn = true;
    struct issuers_settings issuers = {.allowed = s->options->issuers, .allowed_n = s->options->issuer_n, .ca_pem = s->options->issuer_ca_pem};
    TRY(issuers_new(c, s->loops, &issuers, &p->issuers));
    if (s->options->measures_turns) p->measured_loops = s->loops;
    TRY(start_pool(c, READERS, 0, &s->readers));
    TRY(start_pool(c, SIGN_INS, READERS, &s->sign_ins));
    TRY(start_pool(c, CALLERS, READERS + SIGN_INS, &s->callers));
    return http_server_new(c, s->loops, &http, &s->http);
}

static enum err listen_https(struct call *c, struct server *s)
{
    struct product               *p = &s->product;
    struct http_listener         *listener;
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &s->public_router};
    str                           address = str_empty(s->options->address) ? S("127.0.0.1") : s->options->address;
    struct ca_subject             subject = {.tenant = p->tenant, .names = &p->names};
    TRY(ca_prepare(c, p->data_dir, &subject, &s->certificate));
    TRY(net_tls_new(c, s->certificate.chain_pem, &s->certificate.key_pem, &s->tls));
    s->public_router = (struct router){.product = p, .workers = s->readers, .sign_in_workers = s->sign_ins};
    l.tls = s->tls;
    TRY(net_open_tcp(c, address, s->options->https_port, &l.fd, &p->https_port));
    p->https_address = address;
    return http_listen(c, s->http, &l, &listener);
}

// For proxies in front of APIs: whom the socket's directory lets in may connect.
static enum err listen_verify(struct call *c, struct server *s)
{
    struct product               *p = &s->product;
    struct http_listener         *listener;
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &s->verify_router};
    p->verify_socket = s->options->verify_socket;
    if (str_empty(p->verify_socket)) p->verify_socket = call_format(c, "%.*s/" SERVER_VERIFY_SOCKET, PSTR(p->data_dir));
    TRY(call_check_texts(c));
    s->verify_router = (struct router){.product = p, .only = &SERVICE_VERIFY};
    TRY(net_open_unix(c, p->verify_socket, 0666, &l.fd));
    return http_listen(c, s->http, &l, &listener);
}

static enum err listen_admin(struct call *c, struct server *s)
{
    struct product               *p = &s->product;
    struct http_listener         *listener;
    struct http_listener_settings l = {
        .handler = router_handle, .admit = router_admit, .context = &s->admin_router, .accepts = sandbox_accepts_admin};
    s->admin_router = (struct router){.product = p, .is_admin = true, .workers = s->readers, .sign_in_workers = s->sign_ins};
    TRY(net_open_unix(c, call_format(c, "%.*s/admin.sock", PSTR(p->data_dir)), 0600, &l.fd));
    TRY(http_listen(c, s->http, &l, &listener));
    struct sandbox_settings sandbox = {
        .product = p, .loops = s->loops, .http = s->http, .tls = s->tls, .router = &s->public_router, .ca_pem = s->certificate.ca_pem};
    return sandbox_start(c, &sandbox, &s->sandbox);
}

static enum err listen_metadata_at(struct call *c, struct server *s, int fd)
{
    struct http_listener         *listener;
    struct http_listener_settings l = {.fd = fd};
    enum err                      failed = host_listener(c, &s->product, s->callers, &l);
    if (failed != OK) {
        close(fd);
        return failed;
    }
    failed = http_listen(c, s->http, &l, &listener);
    if (failed != OK) l.context_free(l.context);
    return failed;
}

// For programs of this machine. Everybody may connect: who it is the kernel says, and a binding what it gets.
static enum err listen_metadata(struct call *c, struct server *s)
{
    struct product *p = &s->product;
    int             fd;
    p->metadata_socket = s->options->metadata_socket;
    if (str_empty(p->metadata_socket)) p->metadata_socket = call_format(c, "%.*s/" SERVER_METADATA_SOCKET, PSTR(p->data_dir));
    if (str_empty(p->metadata_socket)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(net_open_unix(c, p->metadata_socket, 0666, &fd));
    TRY(listen_metadata_at(c, s, fd));
    if (s->options->no_metadata_port) return OK;
    TRY(net_open_tcp(c, S("127.0.0.1"), s->options->metadata_port, &fd, &p->metadata_port));
    return listen_metadata_at(c, s, fd);
}

static enum err start_all(struct call *c, struct server *s)
{
    TRY(prepare_product(c, s));
    TRY(start_workers(c, s));
    TRY(watch_signals(c, s));
    TRY(listen_https(c, s));
    TRY(listen_metadata(c, s));
    TRY(listen_verify(c, s));
    TRY(listen_admin(c, s));
    TRY(runner_start(c, &s->product, &s->product.runner));
    return housekeeper_start(c, &s->product, 0, &s->product.housekeeper); // last: on a first start it makes the signing keys
}

static void stop_all(struct server *s)
{
    struct product *p = &s->product;
    if (s->sandbox) sandbox_stop(s->sandbox);
    net_workers_end(s->readers); // what they refuse is still recorded
    net_workers_end(s->sign_ins);
    net_workers_end(s->callers);
    issuers_free(p->issuers); // whoever waits for one is told, and that is recorded too
    housekeeper_stop(p->housekeeper);
    runner_stop(p->runner);
    minter_stop(p->minter);
    logs_finish(p->logs);
    committer_stop(p->committer);
    net_workers_stop(s->readers); // a request may be handled anew after its commit
    net_workers_stop(s->sign_ins);
    net_workers_stop(s->callers);
    housekeeper_free(p->housekeeper);
    runner_free(p->runner);
    logs_free(p->logs);
    http_server_free(s->http);
    net_loops_free(s->loops);
    workload_limits_free(p->limits);
    net_tls_free(s->tls);
    router_clear(&s->public_router);
    router_clear(&s->admin_router);
    router_clear(&s->verify_router);
    secret_clear(&s->certificate.key_pem);
    state_close(p);
    report_set_clock(NULL);
}

static enum err announce(struct call *c, struct server *s)
{
    str facts;
    if (!s->options->ready) return OK;
    TRY(admin_facts(c, &s->product, &facts));
    const char *text = call_zstr(c, facts);
    if (!text) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->options->ready(text, s->options->ready_context);
    return OK;
}

// T9: keys and tokens lie in this process's memory. No core file, and no other process of this user may look into it.
static enum err close_memory(struct call *c)
{
    struct rlimit none = {0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return FAIL(c, ERR_IO, "This process's memory cannot be closed to others: %s.", strerror(errno));
    return OK;
}

// What is large is mapped by itself, and unmapped when it is freed. The C library would raise this limit with every large
// piece that is freed, and from then on keep what a burst of large answers took.
static void give_memory_back(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

enum err server_run(struct call *c, const struct server_options *options)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->options = options;
    give_memory_back();
    block_signals();
    enum err failed = close_memory(c);
    if (failed == OK) failed = start_all(c, s);
    if (failed == OK) failed = announce(c, s);
    if (failed == OK) failed = net_loops_run(c, s->loops);
    stop_all(s);
    free(s);
    return failed;
}
