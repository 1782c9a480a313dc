#include "client/credential.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "client/cache.h"
#include "client/settings.h"

#define FAULT_BYTES 512

struct lanyard_credential {
    atomic_uint                   refs;
    const struct credential_kind *kind;
    struct settings              *settings;
    struct call                   call; // holds the texts
    char                          fault[FAULT_BYTES];
    bool                          has_one_tenant;
    struct cache                  cache;
    _Alignas(16) char own[];
};

struct lanyard_credential *credential_new(const struct credential_kind *kind, size_t own_size, const struct lanyard_settings *given)
{
    const char      *fault;
    size_t           size;
    struct settings *settings = settings_new(given, &fault);
    if (!settings) return NULL;
    struct lanyard_credential *k = size_add(sizeof *k, own_size, &size) ? allocator_new(settings_allocator(settings), size) : NULL;
    if (!k) {
        settings_free(settings);
        return NULL;
    }
    atomic_init(&k->refs, 1);
    k->kind = kind;
    k->settings = settings;
    settings_call_init(settings, &k->call);
    cache_init(&k->cache, settings_allocator(settings));
    if (fault) credential_broken(k, "%s", fault);
    return k;
}

static void destroy(struct lanyard_credential *k)
{
    struct settings *settings = k->settings;
    if (k->kind->clear) k->kind->clear(k->own);
    cache_clear(&k->cache);
    call_clear(&k->call);
    secret_wipe(k->fault, sizeof k->fault);
    allocator_free(settings_allocator(settings), k);
    settings_free(settings);
}

void lanyard_credential_free(struct lanyard_credential *k)
{
    if (k && atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) == 1) destroy(k);
}

struct lanyard_credential *lanyard_credential_ref(struct lanyard_credential *k)
{
    if (k) atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void *credential_own(struct lanyard_credential *k)
{
    return k->own;
}

const struct settings *credential_settings(const struct lanyard_credential *k)
{
    return k->settings;
}

struct call *credential_call(struct lanyard_credential *k)
{
    return &k->call;
}

void credential_broken(struct lanyard_credential *k, const char *format, ...)
{
    if (k->fault[0]) return;
    va_list args;
    va_start(args, format);
    vsnprintf(k->fault, sizeof k->fault, format, args);
    va_end(args);
}

void credential_has_one_tenant(struct lanyard_credential *k)
{
    k->has_one_tenant = true;
}

struct lanyard_credential *credential_made(struct lanyard_credential *k)
{
    if (!k) return NULL;
    const struct failure *failure = &k->call.failure;
    bool                  lacks_memory = k->call.lacks_texts || failure->kind == ERR_NO_MEMORY;
    if (lacks_memory) {
        lanyard_credential_free(k);
        return NULL;
    }
    if (failure->kind != OK) credential_broken(k, "%s", failure->text);
    return k;
}

const char *lanyard_credential_name(const struct lanyard_credential *k)
{
    return k ? k->kind->name : "";
}

const char *lanyard_credential_error(const struct lanyard_credential *k)
{
    return k && k->fault[0] ? k->fault : NULL;
}

static enum err acquire(struct call *c, struct lanyard_credential *k, struct token_ask *ask, struct access_token *out)
{
    if (k->fault[0]) return ask_refused(c, ask, k->kind->name, &(struct refusal){.kind = ERR_PARAMETER_INVALID}, str_of(k->fault));
    TRY(patience_check(c, &ask->patience));
    return k->kind->acquire(c, k, ask, out);
}

// What a kind did not say itself: that it succeeded, or that it failed where nothing of a credential's was to tell.
static void tell(struct call *c, const struct lanyard_credential *k, struct token_ask *ask, size_t first, enum err kind,
                 const struct access_token *got)
{
    struct attempts *all = ask->attempts;
    bool             is_told = all->n > first && all->items[all->n - 1].result == ask_result(kind);
    if (is_told) return;
    struct lanyard_attempt a = {.credential = k->kind->name, .result = ask_result(kind)};
    if (kind == OK && got) {
        a.source = got->source;
        a.http_status = got->http_status;
    } else {
        a.text = c->failure.kind == OK ? err_text(kind) : c->failure.text;
    }
    ask_attempted(c, ask, &a);
    settings_log(k->settings, kind == OK ? LANYARD_LOG_INFO : LANYARD_LOG_WARNING, "%s: %s", k->kind->name,
                 kind == OK ? "got a token" : c->failure.text);
}

// The thread whose turn it is asks the source.
static struct lanyard_token *ask_source(struct lanyard_credential *k, const struct token_ask *wanted, const struct lanyard_token *rejected,
                                        bool *out_is_own)
{
    struct call         c;
    struct access_token got = {0};
    struct token_ask    ask = *wanted;
    struct attempts    *attempts;
    settings_call_init(k->settings, &c);
    moment                now = {.wall_s = c.now_s, .boot_s = moment_now().boot_s};
    struct lanyard_token *token = NULL;
    ask.rejected = str_of(lanyard_token_value(rejected));
    enum err kind = NEW(&c, &attempts, 1);
    if (kind == OK) {
        ask.attempts = attempts;
        kind = acquire(&c, k, &ask, &got);
        tell(&c, k, &ask, 0, kind, &got);
        if (call_check_texts(&c) == OK) token = token_new(&ask, 0, kind, k->kind->name, &got, now);
    }
    *out_is_own = !token || kind == ERR_NO_MEMORY || (kind != OK && patience_left_ms(&ask.patience, 1) == 0);
    secret_clear(&got.value);
    call_clear(&c);
    return token;
}

// Someone who waited in vain: an outcome of its own.
static struct lanyard_token *give_up(struct call *c, const struct lanyard_credential *k, const struct token_ask *wanted, enum err kind)
{
    struct token_ask ask = *wanted;
    if (kind == ERR_NO_MEMORY || NEW(c, &ask.attempts, 1) != OK) return NULL;
    tell(c, k, &ask, 0, kind, NULL);
    return token_new(&ask, 0, kind, k->kind->name, NULL, moment_now());
}

static struct cache_key key_of(const struct lanyard_credential *k, str resource, str tenant_id, bool enable_cae)
{
    return (struct cache_key){resource, k->has_one_tenant ? STR_NONE : tenant_id, enable_cae};
}

struct lanyard_token *credential_token(struct lanyard_credential *k, const struct token_ask *wanted)
{
    struct call           c;
    struct lanyard_token *token, *rejected;
    struct cache_turn    *turn;
    struct cache_key      key = key_of(k, wanted->resource, wanted->tenant_id, wanted->enable_cae);
    struct token_ask      ask = *wanted;
    bool                  is_own;
    ask.settings = k->settings;
    settings_call_init(k->settings, &c);
    enum err kind = cache_enter(&c, &k->cache, &key, ask.claims, &ask.patience, &token, &turn, &rejected);
    if (kind != OK) {
        token = give_up(&c, k, &ask, kind);
    } else if (turn) {
        if (cache_turn_is_renewal(turn)) {
            ask.is_renewal = true; // as it also is where this is a member of a chain that renews
            ask.patience = patience_within(&ask.patience, CACHE_RENEWAL_S * 1000);
        }
        token = ask_source(k, &ask, rejected, &is_own);
        token = cache_leave(&k->cache, turn, token, is_own);
    }
    lanyard_token_free(rejected);
    call_clear(&c);
    return token;
}

struct lanyard_token *credential_kept(struct lanyard_credential *k, str resource, str tenant_id, bool enable_cae)
{
    struct cache_key key = key_of(k, resource, tenant_id, enable_cae);
    return cache_find(&k->cache, &key, moment_now());
}

enum err credential_ask(struct call *c, struct lanyard_credential *k, struct token_ask *ask, struct access_token *out)
{
    struct lanyard_token *token = credential_token(k, ask);
    if (!token) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    enum err kind = token_give(c, token, ask, out);
    lanyard_token_free(token);
    return kind;
}

const char *lanyard_version(void)
{
    return LANYARD_VERSION;
}
