// Memory of the installed library (L1): all of it comes from the program's allocator and goes back to it, and where any one
// allocation fails, the outcome says so. Run by itself, and by valgrind.
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanyard/identity.h"
#include "lanyard/transport.h"

#define SCOPE    "https://vault.azure.net/.default"
#define CLIENT   "11111111-2222-3333-4444-555555555555"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct counting {
    atomic_long given, taken_back, alive;
    atomic_long fails_at; // which allocation gives NULL; 0: none
};

static void *allocate(size_t size, void *context)
{
    struct counting *c = context;
    if (atomic_fetch_add(&c->given, 1) + 1 == c->fails_at) return NULL;
    atomic_fetch_add(&c->alive, 1);
    unsigned char *at = malloc(size);
    if (at) memset(at, 0xa5, size); // nobody may count on zeros
    return at;
}

static void release(void *at, void *context)
{
    struct counting *c = context;
    if (!at) abort(); // never with NULL
    atomic_fetch_sub(&c->alive, 1);
    atomic_fetch_add(&c->taken_back, 1);
    free(at);
}

// Answers as the metadata endpoint or the token service would.
static enum lanyard_result answer(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context)
{
    static const char FINE[] = "{\"access_token\":\"kept\",\"expires_in\":86399,\"token_type\":\"Bearer\"}";
    static const char REFUSED[] =
        "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret provided.\",\"error_codes\":[7000215]}";
    bool        is_refused = *(const bool *)context, is_probe = strcmp(request->method, "GET") == 0 && !strchr(request->url, '?');
    const char *body = is_refused || is_probe ? REFUSED : FINE;
    if (!lanyard_http_reply_status(reply, is_probe     ? 400
                                          : is_refused ? 401
                                                       : 200) ||
        !lanyard_http_reply_header(reply, "Content-Type", "application/json") || !lanyard_http_reply_body(reply, body, strlen(body)))
        return LANYARD_NO_MEMORY;
    return LANYARD_OK;
}

static struct lanyard_credential *managed(const struct lanyard_settings *s)
{
    return lanyard_managed_identity(&(struct lanyard_identity){LANYARD_IDENTITY_CLIENT_ID, CLIENT}, s);
}

static struct lanyard_credential *secret(const struct lanyard_settings *s)
{
    return lanyard_client_secret(CLIENT, CLIENT, "secret", s);
}

static enum lanyard_result assert_it(char *out, size_t room, void *context)
{
    (void)context;
    snprintf(out, room, "an.assertion.of-mine");
    return LANYARD_OK;
}

static struct lanyard_credential *assertion(const struct lanyard_settings *s)
{
    return lanyard_client_assertion(CLIENT, CLIENT, assert_it, NULL, s);
}

static struct lanyard_credential *workload(const struct lanyard_settings *s)
{
    return lanyard_workload_identity(CLIENT, CLIENT, "/nonexistent/token", s);
}

static struct lanyard_credential *chain(const struct lanyard_settings *s)
{
    struct lanyard_credential *both[] = {lanyard_environment(s), secret(s)};
    struct lanyard_credential *all = both[0] && both[1] ? lanyard_chain(both, COUNT(both), s) : NULL;
    for (size_t i = 0; i < COUNT(both); i++) lanyard_credential_free(both[i]);
    return all;
}

static struct lanyard_credential *everything(const struct lanyard_settings *s)
{
    return lanyard_default(NULL, s);
}

static struct lanyard_credential *environment(const struct lanyard_settings *s)
{
    struct lanyard_settings reads = *s;
    reads.ignore_environment = false;
    return lanyard_environment(&reads);
}

static const struct kind {
    const char *name;
    struct lanyard_credential *(*make)(const struct lanyard_settings *s);
    bool can_work, asks_service;
} KINDS[] = {
    {"managed_identity", managed, true, false}, {"client_secret", secret, true, true}, {"client_assertion", assertion, true, true},
    {"environment", environment, true, true},   {"workload", workload, false, true},   {"chain", chain, true, true},
    {"default", everything, true, false},
};

static int failures;

__attribute__((format(printf, 1, 2))) static void failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("not ok library_memory - ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    failures++;
}

// A whole life: made, asked, asked again, renewed for claims, asked without waiting, freed.
static enum lanyard_result live(const struct kind *kind, const struct lanyard_settings *s, bool *out_was_short)
{
    struct lanyard_token_request r = {.size = sizeof r, .scope = SCOPE, .claims = "{}"};
    struct lanyard_credential   *k = kind->make(s);
    struct lanyard_token        *tokens[4] = {NULL};
    enum lanyard_result          result = LANYARD_OK;
    if (k) {
        tokens[0] = lanyard_token_get(k, SCOPE);
        tokens[1] = lanyard_token_ask(k, &r);
        tokens[2] = lanyard_pending_finish(lanyard_token_begin(k, &r));
        tokens[3] = lanyard_token_get(k, "two scopes");
    }
    *out_was_short = !k;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        if (lanyard_token_result(tokens[i]) == LANYARD_NO_MEMORY) *out_was_short = true;
        if (i < 3 && result == LANYARD_OK) result = lanyard_token_result(tokens[i]);
    }
    lanyard_credential_free(k);
    for (size_t i = 0; i < COUNT(tokens); i++) lanyard_token_free(tokens[i]); // they outlive it
    return result;
}

static void try_kind(const struct kind *kind, bool is_refused)
{
    struct counting                c = {0};
    const struct lanyard_allocator allocator = {allocate, release, &c};
    const struct lanyard_transport transport = {answer, &is_refused};
    const struct lanyard_settings  s = {
         .size = sizeof s, .allocator = &allocator, .transport = &transport, .ignore_environment = true, .disable_instance_discovery = true};
    bool                was_short;
    enum lanyard_result whole = live(kind, &s, &was_short);
    long                n = c.given;
    bool                should_work = kind->can_work && !is_refused;
    if (was_short || (whole == LANYARD_OK) != should_work) failed("%s: result %d", kind->name, whole);
    if (n == 0 || c.alive) failed("%s: %ld allocations, %ld not given back", kind->name, n, (long)c.alive);
    for (long at = 1; at <= n; at++) {
        memset(&c, 0, sizeof c);
        c.fails_at = at;
        enum lanyard_result result = live(kind, &s, &was_short);
        if (c.alive) failed("%s, allocation %ld fails: %ld not given back", kind->name, at, (long)c.alive);
        // What another try makes good (a token that is kept, a chain's next) may hide it; nothing else may be told.
        if (!was_short && result != whole) failed("%s, allocation %ld fails: result %d instead of %d", kind->name, at, result, whole);
    }
    printf("ok library_memory_%s%s (%ld allocations)\n", kind->name, is_refused ? "_refused" : "", n);
}

// What jansson gives back is searched for a reply's token, whatever the form of the reply.
static const char  TOKEN[] = "eyJhbGciOiJub25lIn0.this-is-a-token-that-is-long-enough-to-let-the-buffer-of-the-lexer-grow-more-than-once.x";
static atomic_long jansson_leaks;

struct piece {
    _Alignas(16) size_t n;
    char room[];
};

static void *jansson_takes(size_t n)
{
    struct piece *p = calloc(1, sizeof *p + n); // so that it can be searched whole
    if (!p) return NULL;
    p->n = n;
    return p->room;
}

static void jansson_gives_back(void *at)
{
    if (!at) return;
    struct piece *p = (struct piece *)((char *)at - offsetof(struct piece, room));
    if (memmem(p->room, p->n, TOKEN + 2, 12)) jansson_leaks++; // the first byte or two of a buffer are overwritten when it is emptied
    free(p);
}

struct written {
    const char *body;
    size_t      n;
};

static enum lanyard_result answer_with(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context)
{
    const struct written *w = context;
    (void)request;
    return lanyard_http_reply_status(reply, 200) && lanyard_http_reply_body(reply, w->body, w->n) ? LANYARD_OK : LANYARD_NO_MEMORY;
}

static void try_reply(const char *row, const char *body, size_t n, bool is_fit)
{
    struct written                 w = {body, n};
    const struct lanyard_transport transport = {answer_with, &w};
    const struct lanyard_settings  s = {.size = sizeof s, .transport = &transport, .ignore_environment = true, .disable_instance_discovery = true};
    struct lanyard_credential     *k = secret(&s);
    jansson_leaks = 0;
    struct lanyard_token *token = lanyard_token_get(k, SCOPE);
    if ((lanyard_token_result(token) == LANYARD_OK) != is_fit) failed("%s: %s", row, lanyard_token_error(token));
    if (is_fit && jansson_leaks) failed("%s: jansson gave %ld pieces back that held the token", row, (long)jansson_leaks);
    lanyard_token_free(token);
    lanyard_credential_free(k);
    printf("ok library_memory_reply_%s\n", row);
}

static void try_replies(void)
{
    static const struct {
        const char *row, *format;
        bool        is_fit;
    } ROWS[] = {
        {"first", "{\"access_token\":\"%s\",\"expires_in\":86399}", true},
        {"last", "{\"expires_in\":86399,\"access_token\":\"%s\"}", true},
        {"with_more", "{\"access_token\":\"%1$s\",\"expires_in\":86399,\"more\":[{\"refresh_token\":\"%1$s\"},\"%1$s\"]}", true},
        {"broken_off", "{\"access_token\":\"%s\"", false},
        {"two_values", "{\"access_token\":\"%s\",\"expires_in\":86399},{}", false},
        {"end_of_an_array", "{\"access_token\":\"%s\",\"expires_in\":86399}],[", false},
        {"empty", "%.0s", false},
    };
    static const char WITH_NUL[] = "{\"access_token\":\"kept\",\"expires_in\":86399\0}";
    char              body[1024];
    json_set_alloc_funcs(jansson_takes, jansson_gives_back);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        int n = snprintf(body, sizeof body, ROWS[i].format, TOKEN);
        try_reply(ROWS[i].row, body, (size_t)n, ROWS[i].is_fit);
    }
    try_reply("with_a_nul", WITH_NUL, sizeof WITH_NUL - 1, false);
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    setenv("AZURE_TENANT_ID", CLIENT, 1);
    setenv("AZURE_CLIENT_ID", CLIENT, 1);
    setenv("AZURE_CLIENT_SECRET", "secret", 1);
    for (size_t i = 0; i < COUNT(KINDS); i++) {
        try_kind(&KINDS[i], false);
        if (KINDS[i].asks_service) try_kind(&KINDS[i], true);
    }
    try_replies();
    return failures > 0;
}
