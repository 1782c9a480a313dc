// The answer of the token endpoint: once its tokens are signed.
#include "core/b64.h"
#include "core/random.h"
#include "endpoints/graph/graph.h"
#include "endpoints/login/parts.h"
#include "ops/minter.h"

#define LIFETIME_LEAST_S  3600 /* a random time from here ... */
#define LIFETIME_SPREAD_S 1800 /* ... and so much longer */
#define REFRESH_FROM_S    7200 /* who lives that long is renewed at half of it */

// Lives in its call, which waits for the signers.
struct waiting {
    struct mint_waiter waiter;
    struct login_ask  *k;
    struct minter     *minter;
    struct mint_order  access; /* to be asked for once the id token is there */
    struct mint_key    key;
    str                id_token, refresh_token;
};

// Random, so that the tokens of many clients do not end together. Source: https://learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes
static int64_t lifetime_s(struct call *c, const struct product *p)
{
    uint32_t roll;
    random_fill(c->random, (uint8_t *)&roll, sizeof roll);
    int64_t chosen = LIFETIME_LEAST_S + roll % LIFETIME_SPREAD_S;
    return p->token_lifetime_s < chosen ? p->token_lifetime_s : chosen;
}

static str given(const struct json *document, const char *name)
{
    return json_get_str(document, str_of(name));
}

static enum err fill_user(struct call *c, const struct login_ask *k, struct token_request *r)
{
    const struct json *document = NULL;
    if (!str_empty(k->user->document)) TRY(json_parse(c, k->user->document, &document));
    r->user_name = k->user->user_name;
    r->name = k->user->name;
    r->given_name = given(document, "givenName");
    r->family_name = given(document, "surname");
    r->method = k->method;
    r->address = k->q->address;
    return OK;
}

// Where to ask for a user's groups, if they are too many for a token. The service names the API before Microsoft Graph, which it no longer has.
static str groups_url(struct call *c, const struct product *p, object_id who)
{
    return call_format(c, "%.*s/v1.0/users/%s/getMemberObjects", PSTR(names_url(c, &p->names, &HOST_GRAPH)), guid_text(who.g).s);
}

static enum err access_order(struct call *c, struct work *w, struct login_ask *k, struct mint_order *out)
{
    object_id who = k->user ? k->user->id : k->service->id;
    out->asked = k->resource_text;
    out->once = true;
    out->token = (struct token_request){
        .kind = k->kind,
        .version = k->resource.version,
        .subject = who,
        .app = k->app,
        .proof = k->proof,
        .audience = k->resource.claim,
        .lifetime_s = lifetime_s(c, w->product),
        .after_s = revoked_until_s(w->world, who),
        .roles = k->roles,
        .groups = k->groups,
        .groups_url = groups_url(c, w->product, who),
        .scopes = k->scp,
        .capabilities = k->capabilities,
        .identity_resource = k->service ? k->service->resource : STR_NONE, // an application has none
    };
    return k->user ? fill_user(c, k, &out->token) : OK;
}

// The user's, for the client.
static struct mint_order id_order(struct call *c, const struct mint_order *access)
{
    struct mint_order order = *access;
    order.token.kind = TOKEN_ID;
    order.token.version = TOKEN_V2;
    order.token.audience = guid_str(c, access->token.app.g);
    order.token.roles = order.token.groups = order.token.capabilities = (struct token_texts){0};
    order.token.scopes = STR_NONE;
    return order;
}

static void put_number(struct json_writer *w, const struct login_ask *k, str name, int64_t v)
{
    if (k->version == TOKEN_V2) json_put_int(w, name, v);
    else json_put_string(w, name, call_format(&k->a->x->call, "%lld", (long long)v));
}

// The scopes that were granted, as the client named them: with their resource in front.
static str granted(struct call *c, const struct login_ask *k)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (str rest = k->scp, scope; str_cut(&rest, ' ', &scope);)
        if (!str_empty(scope)) buf_addf(&b, "%s%.*s/%.*s", b.n ? " " : "", PSTR(k->resource_text), PSTR(scope));
    if (k->wants_id) buf_add(&b, S(" openid profile email"));
    return b.failed ? STR_NONE : buf_view(&b);
}

static void put_client_info(struct call *c, struct json_writer *w, const struct login_ask *k)
{
    struct buf b;
    str        text = call_format(c, "{\"uid\":\"%s\",\"utid\":\"%s\"}", guid_text(k->user->id.g).s, guid_text(k->q->product->tenant.g).s);
    buf_init(&b, &c->arena);
    b64url_add(&b, str_bytes(text));
    if (!b.failed) json_put_string(w, S("client_info"), buf_view(&b));
}

static void write_answer(struct waiting *x, const struct minted *t)
{
    struct login_ask   *k = x->k;
    struct answer      *a = k->a;
    struct call        *c = &a->x->call;
    int64_t             left_s = t->expires_s - c->now_s - 1;
    struct json_writer *w = answer_json(a, 200);
    answer_header(a, "Cache-Control", S("no-store, no-cache"));
    answer_header(a, "Pragma", S("no-cache"));
    json_write_object(w);
    json_put_string(w, S("token_type"), S("Bearer"));
    if (k->user) json_put_string(w, S("scope"), granted(c, k));
    put_number(w, k, S("expires_in"), left_s);
    put_number(w, k, S("ext_expires_in"), left_s);
    if (left_s >= REFRESH_FROM_S) put_number(w, k, S("refresh_in"), left_s / 2);
    if (k->version == TOKEN_V1) {
        put_number(w, k, S("expires_on"), t->expires_s);
        put_number(w, k, S("not_before"), t->not_before_s);
        json_put_string(w, S("resource"), k->resource_text);
    }
    json_put_string(w, S("access_token"), t->text);
    if (!str_empty(x->refresh_token)) json_put_string(w, S("refresh_token"), x->refresh_token);
    if (!str_empty(x->id_token)) json_put_string(w, S("id_token"), x->id_token);
    if (k->user && str_eq(login_field(k, S("client_info")), S("1"))) put_client_info(c, w, k);
    json_write_end(w);
    a->signin.unique_id = arena_copy_str(&c->arena, t->unique_id);
}

// On a signer's thread.
static void on_access(struct mint_waiter *waiter, enum err failed, const struct minted *token)
{
    struct waiting *x = CONTAINER_OF(waiter, struct waiting, waiter);
    struct answer  *a = x->k->a;
    if (failed == OK) write_answer(x, token);
    else (void)FAIL_PLAIN(&a->x->call, failed);
    answer_finish(a, failed);
}

static void on_id(struct mint_waiter *waiter, enum err failed, const struct minted *token)
{
    struct waiting *x = CONTAINER_OF(waiter, struct waiting, waiter);
    struct call    *c = &x->k->a->x->call;
    if (failed == OK) failed = call_copy_str(c, token->text, &x->id_token);
    else (void)FAIL_PLAIN(c, failed);
    x->waiter.done = on_access;
    mint_key_once(c, &x->key);
    if (failed == OK) failed = minter_ask(c, x->minter, &x->access, &x->waiter);
    if (failed != OK) answer_finish(x->k->a, failed);
}

// What the world holds is given back when the handler returns; the order for the second token has to outlive it.
static enum err keep(struct call *c, struct login_ask *k, struct waiting *x)
{
    struct principal    *user;
    struct token_request kept;
    if (!token_request_copy(&c->arena, &x->access.token, &kept)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    x->access.token = kept;
    TRY(call_copy_str(c, k->scp, &k->scp));
    if (!k->user) return OK;
    TRY(NEW(c, &user, 1));
    user->id = k->user->id;
    k->user = user;
    return OK;
}

enum err login_answer(struct call *c, struct work *w, struct login_ask *k)
{
    struct waiting      *x;
    struct mint_order    order;
    struct refresh_token refresh = {.client = k->app, .scopes = k->asked_scopes, .by_operator = k->by_operator};
    TRY(NEW(c, &x, 1));
    *x = (struct waiting){.k = k, .minter = w->product->minter};
    TRY(access_order(c, w, k, &x->access));
    if (k->user) refresh.user = k->user->id;
    if (k->user && k->wants_refresh) TRY(refresh_token_make(c, w->product, w->world, &refresh, &x->refresh_token));
    bool with_id = k->user && k->wants_id;
    order = with_id ? id_order(c, &x->access) : x->access;
    TRY(keep(c, k, x));
    mint_key_once(c, &x->key);
    order.key = x->access.key = &x->key;
    x->waiter.done = with_id ? on_id : on_access;
    answer_later(k->a); // before: another thread may answer at once
    enum err failed = minter_ask(c, x->minter, &order, &x->waiter);
    if (failed != OK) answer_now(k->a);
    return failed;
}
