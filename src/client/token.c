#include "client/token.h"

#include <stdatomic.h>

#include "client/settings.h"
#include "core/buf.h"

#define LONG_LIFE_S 7200
#define LEAD_S      300
#define MARGIN_S    1 // a request takes its time to arrive; azure-core's

struct lanyard_token {
    atomic_uint             refs;
    struct allocator        allocator;
    struct arena            arena; // of the texts
    enum err                kind;
    struct secret           value;
    int64_t                 expires_at_s, refresh_at_s;
    int64_t                 expires_boot_s, refresh_boot_s;
    const char             *credential, *error;
    struct lanyard_attempt *attempts;
    size_t                  attempt_n;
};

int64_t token_refresh_at(int64_t now_s, int64_t expires_at_s)
{
    int64_t life = expires_at_s > now_s ? expires_at_s - now_s : 0;
    if (life > LONG_LIFE_S) return now_s + life / 2;
    return expires_at_s - (life / 2 < LEAD_S ? life / 2 : LEAD_S);
}

static const char *named(struct call *c, const struct lanyard_attempt *a)
{
    if (!*a->source) return a->credential;
    str both = call_format(c, "%s, %s", a->credential, a->source);
    return both.at ? both.at : a->credential;
}

// Which attempt tells best what to do: one that was refused, before one whose endpoint was reached, before one that is not configured.
static const struct lanyard_attempt *worst(const struct lanyard_attempt *attempts, size_t n)
{
    const struct lanyard_attempt *reached = NULL;
    for (size_t i = 0; i < n; i++) {
        if (attempts[i].result != LANYARD_OK && attempts[i].result != LANYARD_UNAVAILABLE) return &attempts[i];
        if (!reached && attempts[i].http_status) reached = &attempts[i];
    }
    return n == 1 ? &attempts[0] : reached;
}

#define NONE_AVAILABLE                                                                                                                       \
    "on Azure, give the resource a managed identity; on a developer's machine, sign in with `az login`; elsewhere, set AZURE_TENANT_ID, " \
    "AZURE_CLIENT_ID and a secret, a certificate or a token file"

static void add_attempt(struct call *c, struct buf *b, const struct lanyard_attempt *a)
{
    str  text = str_of(a->text);
    bool adds_code = *a->code && !str_contains_nocase(text, str_of(a->code)), has_stop = adds_code && str_ends(text, S("."));
    buf_addf(b, "%s: %.*s", named(c, a), PSTR(has_stop ? str_upto(text, text.n - 1) : text));
    if (adds_code) buf_addf(b, " (%s)%s", a->code, has_stop ? "." : "");
    if (*a->fix) buf_addf(b, " %s", a->fix);
}

// What to do most likely, in a line that can stand alone; then a line for each that was tried.
static str explain(struct call *c, const struct token_ask *ask, const struct lanyard_attempt *attempts, size_t n)
{
    struct buf                    b;
    const struct lanyard_attempt *at = worst(attempts, n);
    buf_init(&b, &c->arena);
    str scope = call_printable(c, ask->scope, 256);
    buf_addf(&b, "No token for %.*s: ", PSTR(str_empty(scope) ? S("no scope") : scope));
    if (at) add_attempt(c, &b, at);
    else buf_addf(&b, "none of the %zu credentials is available here. To get one: %s.", n, NONE_AVAILABLE);
    for (size_t i = 0; n > 1 && i < n; i++) {
        buf_add_char(&b, '\n');
        add_attempt(c, &b, &attempts[i]);
    }
    return buf_text(c, &b);
}

static const char *copy(struct call *c, const char *z)
{
    return z ? call_zstr(c, str_of(z)) : "";
}

static enum err copy_attempts(struct call *c, struct lanyard_token *token, const struct attempts *from, size_t first)
{
    token->attempt_n = from->n - first;
    TRY(NEW(c, &token->attempts, token->attempt_n));
    for (size_t i = 0; i < token->attempt_n; i++) {
        const struct lanyard_attempt *a = &from->items[first + i];
        token->attempts[i] = (struct lanyard_attempt){.credential = copy(c, a->credential),
                                                      .source = copy(c, a->source),
                                                      .result = a->result,
                                                      .http_status = a->http_status,
                                                      .code = copy(c, a->code),
                                                      .correlation_id = copy(c, a->correlation_id),
                                                      .text = copy(c, a->text),
                                                      .fix = copy(c, a->fix)};
    }
    return call_check_texts(c);
}

static enum err fill(struct call *c, struct lanyard_token *token, const struct token_ask *ask, size_t first, const char *credential,
                     const struct access_token *got, moment now)
{
    TRY(copy_attempts(c, token, ask->attempts, first));
    bool        is_named = token->kind == OK && token->attempt_n > 0; // the last one gave it
    const char *giver = is_named ? token->attempts[token->attempt_n - 1].credential : credential;
    token->credential = copy(c, giver);
    token->error = token->kind == OK ? "" : call_zstr(c, explain(c, ask, token->attempts, token->attempt_n));
    TRY(call_check_texts(c));
    if (token->kind != OK) return OK;
    TRY(secret_init(c, &token->value, secret_reveal(&got->value)));
    token->expires_at_s = got->expires_at_s;
    token->refresh_at_s = got->refresh_at_s ? got->refresh_at_s : token_refresh_at(now.wall_s, got->expires_at_s);
    token->expires_boot_s = got->expires_boot_s ? got->expires_boot_s : now.boot_s + token->expires_at_s - now.wall_s;
    token->refresh_boot_s = got->refresh_boot_s ? got->refresh_boot_s : now.boot_s + token->refresh_at_s - now.wall_s;
    return OK;
}

struct lanyard_token *token_new(const struct token_ask *ask, size_t first, enum err kind, const char *credential, const struct access_token *got,
                                moment now)
{
    const struct allocator *given = settings_allocator(ask->settings);
    struct lanyard_token   *token = allocator_new(given, sizeof *token);
    struct call             c;
    if (!token) return NULL;
    if (given) token->allocator = *given;
    atomic_init(&token->refs, 1);
    token->kind = kind;
    settings_call_init(ask->settings, &c);
    c.arena.allocator = given ? &token->allocator : NULL; // what the call makes outlives the settings
    enum err failed = fill(&c, token, ask, first, credential, got, now);
    token->arena = c.arena;
    if (failed == OK) return token;
    lanyard_token_free(token);
    return NULL;
}

struct lanyard_token *token_ref(struct lanyard_token *token)
{
    atomic_fetch_add_explicit(&token->refs, 1, memory_order_relaxed);
    return token;
}

void lanyard_token_free(struct lanyard_token *token)
{
    if (!token || atomic_fetch_sub_explicit(&token->refs, 1, memory_order_acq_rel) != 1) return;
    secret_clear(&token->value);
    arena_clear(&token->arena);
    allocator_free(token->allocator.allocate ? &token->allocator : NULL, token); // which is read before it goes
}

enum err token_kind(const struct lanyard_token *token)
{
    return token->kind;
}

bool token_is_valid(const struct lanyard_token *token, moment now)
{
    return token && token->kind == OK && now.wall_s + MARGIN_S < token->expires_at_s && now.boot_s + MARGIN_S < token->expires_boot_s;
}

bool token_is_due(const struct lanyard_token *token, moment now)
{
    return now.wall_s >= token->refresh_at_s || now.boot_s >= token->refresh_boot_s;
}

enum err token_give(struct call *c, const struct lanyard_token *token, struct token_ask *ask, struct access_token *out)
{
    struct access_token got = {.expires_at_s = token->expires_at_s,
                               .refresh_at_s = token->refresh_at_s,
                               .expires_boot_s = token->expires_boot_s,
                               .refresh_boot_s = token->refresh_boot_s};
    for (size_t i = 0; i < token->attempt_n; i++) ask_attempted(c, ask, &token->attempts[i]);
    if (token->kind != OK) return FAIL(c, token->kind, "%s", token->error);
    TRY(secret_init(c, &got.value, secret_reveal(&token->value)));
    *out = got;
    return OK;
}

enum lanyard_result lanyard_token_result(const struct lanyard_token *token)
{
    return token ? ask_result(token->kind) : LANYARD_NO_MEMORY;
}

const char *lanyard_token_value(const struct lanyard_token *token)
{
    return token && token->kind == OK ? (const char *)secret_reveal(&token->value).at : NULL;
}

const char *lanyard_token_type(const struct lanyard_token *token)
{
    (void)token;
    return "Bearer"; // no source gives another type
}

int64_t lanyard_token_expires_at(const struct lanyard_token *token)
{
    return token ? token->expires_at_s : 0;
}

int64_t lanyard_token_refresh_at(const struct lanyard_token *token)
{
    return token ? token->refresh_at_s : 0;
}

const char *lanyard_token_credential(const struct lanyard_token *token)
{
    return token ? token->credential : "";
}

const char *lanyard_token_error(const struct lanyard_token *token)
{
    return token ? token->error : "Out of memory.";
}

size_t lanyard_token_attempt_n(const struct lanyard_token *token)
{
    return token ? token->attempt_n : 0;
}

const struct lanyard_attempt *lanyard_token_attempt(const struct lanyard_token *token, size_t i)
{
    return token && i < token->attempt_n ? &token->attempts[i] : NULL;
}
