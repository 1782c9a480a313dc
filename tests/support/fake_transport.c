#include "fake_transport.h"

#include <stdlib.h>

static void note(struct fake_transport *f, const char *text, size_t n)
{
    size_t used = strlen(f->seen);
    if (used + n + 2 > sizeof f->seen) abort();
    memcpy(f->seen + used, text, n);
    f->seen[used + n] = '\n';
}

static enum lanyard_result give(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context)
{
    struct fake_transport *f = context;
    size_t                 i = f->sent < FAKE_REPLIES ? f->sent : FAKE_REPLIES - 1;
    while (i > 0 && f->replies[i].result == LANYARD_OK && f->replies[i].status == 0) i--;
    const struct fake_reply *r = &f->replies[i];
    f->sent++;
    note(f, request->method, strlen(request->method));
    f->seen[strlen(f->seen) - 1] = ' ';
    note(f, request->url, strlen(request->url));
    for (size_t h = 0; h < request->header_n; h++) note(f, request->headers[h], strlen(request->headers[h]));
    if (request->body) note(f, request->body, request->body_n);
    if (request->server_sha1) note(f, request->server_sha1, strlen(request->server_sha1));
    if (request->server_name) note(f, request->server_name, strlen(request->server_name));
    if (r->result != LANYARD_OK) {
        lanyard_http_reply_failed(reply, "Connection refused");
        return r->result;
    }
    lanyard_http_reply_status(reply, r->status);
    if (r->challenge) lanyard_http_reply_header(reply, "WWW-Authenticate", r->challenge);
    if (r->body) lanyard_http_reply_body(reply, r->body, strlen(r->body));
    return LANYARD_OK;
}

void fake_transport_init(struct fake_transport *f, const struct fake_reply *replies, size_t n)
{
    *f = (struct fake_transport){0};
    if (n > FAKE_REPLIES) abort();
    memcpy(f->replies, replies, n * sizeof *replies);
    f->transport = (struct lanyard_transport){give, f};
    f->settings.size = sizeof f->settings;
    f->settings.transport = &f->transport;
}

bool fake_saw(const struct fake_transport *f, const char *text)
{
    return strstr(f->seen, text) != NULL;
}

void fake_environment(const char *variables)
{
    static const char *const READ[] = {
#define VARIABLE(name) #name,
#include "client/variables.inc"
#undef VARIABLE
    };
    for (size_t i = 0; i < COUNT(READ); i++) unsetenv(READ[i]);
    setenv("PATH", "/no/such/directory", 1);
    char pair[1024];
    for (str rest = str_of(variables), piece; rest.at && str_cut(&rest, '\n', &piece);) {
        size_t eq = str_find(piece, '=');
        if (eq == STR_NOWHERE || piece.n >= sizeof pair) continue;
        memcpy(pair, piece.at, piece.n);
        pair[piece.n] = pair[eq] = 0;
        setenv(pair, pair + eq + 1, 1);
    }
}
