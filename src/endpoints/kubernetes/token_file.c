#include "endpoints/kubernetes/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/report.h"
#include "ops/cluster.h"
#include "token/service_account.h"

#define FRESH_NAME "." TOKEN_FILE_NAME

struct token_file {
    struct product       *product;
    struct net_timer     *timer;
    struct workload_place place;   // the id on the heap
    char                 *account; // "NAMESPACE/NAME"
    int                   directory;
    int64_t               due_s; // 0: none is written
};

int64_t token_file_due_s(int64_t made_s, int64_t ends_s)
{
    return made_s + (ends_s - made_s) * 4 / 5;
}

static enum err failed_to(struct call *c, const char *what)
{
    return FAIL(c, ERR_IO, "The token of a service account cannot be %s: %s.", what, strerror(errno));
}

// Beside the one that is there, then in its place.
static enum err replace(struct call *c, int directory, str text)
{
    unlinkat(directory, FRESH_NAME, 0); // of a server that was killed
    int fd = openat(directory, FRESH_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR);
    if (fd < 0) return failed_to(c, "written");
    bool is_written = write(fd, text.at, text.n) == (ssize_t)text.n;
    int  error = errno;
    close(fd);
    if (is_written && renameat(directory, FRESH_NAME, directory, TOKEN_FILE_NAME) == 0) return OK;
    if (!is_written) errno = error;
    enum err failed = failed_to(c, "written");
    unlinkat(directory, FRESH_NAME, 0);
    return failed;
}

// The cluster's issuer; empty once the cluster has gone, or has none any more. Lives: the call.
static enum err find_issuer(struct call *c, struct product *p, const struct workload_place *place, str *out)
{
    struct work w;
    str         issuer = STR_NONE;
    enum err    failed = OK;
    TRY(work_begin(c, p, 0, &w)); // loop 0 has row 0
    const struct resource *r = tree_find(w.world->tree, place->id);
    if (r && guid_eq(r->uid, place->uid)) failed = cluster_issuer(c, r, &issuer);
    if (failed == OK) failed = call_copy_str(c, issuer, out);
    work_end(&w);
    return failed;
}

static void remove_file(struct token_file *f)
{
    unlinkat(f->directory, TOKEN_FILE_NAME, 0);
    f->due_s = 0;
}

static enum err write_token(struct call *c, struct token_file *f, str issuer)
{
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(f->product);
    struct service_account                 account;
    str                                    text;
    int64_t                                ends_s;
    TRY(service_account_parse(c, str_of(f->account), &account));
    TRY(service_account_issue(c, keys, issuer, &account, &text, &ends_s));
    TRY(replace(c, f->directory, text));
    f->due_s = token_file_due_s(c->now_s, ends_s);
    return OK;
}

static enum err look_after(struct call *c, struct token_file *f)
{
    str issuer;
    TRY(find_issuer(c, f->product, &f->place, &issuer));
    if (str_empty(issuer)) remove_file(f);
    else if (c->now_s >= f->due_s) TRY(write_token(c, f, issuer));
    return OK;
}

static void look(void *context)
{
    struct token_file *f = context;
    struct call        c;
    call_init(&c, &f->product->clock, f->product->random);
    enum err failed = look_after(&c, f);
    if (failed != OK) report_failure(REPORT_DEBUG, "kubernetes: a token is not written", &c);
    call_clear(&c);
    net_timer_start(f->timer, TOKEN_FILE_LOOK_MS);
}

static enum err begin(struct call *c, struct token_file *f, struct net_loop *loop)
{
    if (!f->place.id.at || !f->account) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (faccessat(f->directory, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return FAIL(c, ERR_NOT_AUTHORIZED, "The server (uid %u) cannot write in the directory of the workload's token: %s.", (unsigned)geteuid(),
                    strerror(errno));
    str issuer;
    TRY(find_issuer(c, f->product, &f->place, &issuer));
    if (str_empty(issuer))
        return FAIL(c, ERR_IDENTITY_OPERATION, "The cluster %.*s has no issuer of tokens: set its properties.oidcIssuerProfile.enabled to true.",
                    PSTR(f->place.id));
    enum err failed = write_token(c, f, issuer);
    if (failed == ERR_BUSY) call_forgive(c); // a server that has just begun has no key yet
    else TRY(failed);
    TRY(net_timer_new(c, loop, look, f, &f->timer));
    net_timer_start(f->timer, TOKEN_FILE_LOOK_MS);
    return OK;
}

enum err token_file_new(struct call *c, const struct socket_workload *w, struct net_loop *loop, struct token_file **out)
{
    struct token_file *f = calloc(1, sizeof *f);
    if (!f) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *f = (struct token_file){.product = w->product,
                             .place = {.id = {strndup(w->place.id.at, w->place.id.n), w->place.id.n}, .uid = w->place.uid},
                             .account = strndup(w->service_account.at, w->service_account.n),
                             .directory = w->directory};
    enum err failed = begin(c, f, loop);
    if (failed != OK) token_file_free(f);
    else *out = f;
    return failed;
}

void token_file_free(struct token_file *f)
{
    if (!f) return;
    net_timer_free(f->timer);
    remove_file(f);
    free((char *)f->place.id.at);
    free(f->account);
    free(f);
}
