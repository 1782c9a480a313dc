#include "core/json.h"
#include "endpoints/imds/parts.h"
#include "ops/workload_token.h"

#define OLDEST_VERSION    S("2018-02-01")
#define REPLY_OTHER_BYTES 320 // of an answer, beside token and audience

struct token_ask {
    struct identity_choice choice;
    str                    audience;
};

// Each name by which an identity is selected, with the aliases that clients use.
static const struct {
    str    name;
    size_t into; // a str of identity_choice
} SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},
    {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static enum err read_selectors(struct call *c, const struct imds_query *q, struct identity_choice *out)
{
    size_t named = 0;
    for (size_t i = 0; i < q->n; i++)
        for (size_t k = 0; k < COUNT(SELECTORS); k++) {
            if (!str_eq_nocase(q->fields[i].name, SELECTORS[k].name)) continue;
            if (named++) return FAIL_PLAIN(c, ERR_IDENTITY_SELECTORS); // also two names for the same kind of id
            *(str *)((char *)out + SELECTORS[k].into) = q->fields[i].value;
        }
    return OK;
}

static enum err read_ask(struct call *c, const struct http_request *http, struct token_ask *out)
{
    struct imds_query q;
    TRY(imds_read_query(c, http, &q));
    TRY(imds_check_version(c, q.api_version, OLDEST_VERSION));
    out->audience = http_field(q.fields, q.n, S("resource"));
    if (str_empty(out->audience)) return FAIL_PLAIN(c, ERR_AUDIENCE_MISSING);
    return read_selectors(c, &q, &out->choice);
}

static void add_number(struct buf *b, str name, int64_t v)
{
    buf_add(b, S("\",\""));
    buf_add(b, name);
    buf_add(b, S("\":\""));
    buf_add_i64(b, v);
}

// All values are texts. Written piece by piece: this is the answer that programs fetch all day.
static void reply_token(struct http_exchange *x, const struct minted *t)
{
    struct buf         b;
    struct json_writer w;
    int64_t            left_s = (t->expires_s * NS_PER_S - x->call.now_ns) / NS_PER_S;
    buf_init(&b, &x->call.arena);
    buf_reserve(&b, t->text.n + t->asked.n + REPLY_OTHER_BYTES);
    buf_add(&b, S("{\"access_token\":\""));
    buf_add(&b, t->text); // base64url and dots
    buf_add(&b, S("\",\"client_id\":\""));
    buf_add(&b, (str){guid_text(t->app.g).s, GUID_TEXT_BYTES});
    add_number(&b, S("expires_in"), left_s);
    add_number(&b, S("expires_on"), t->expires_s);
    add_number(&b, S("ext_expires_in"), left_s);
    add_number(&b, S("not_before"), t->not_before_s);
    buf_add(&b, S("\",\"resource\":"));
    json_begin(&w, &b);
    json_write_string(&w, t->asked);
    buf_add(&b, S(",\"token_type\":\"Bearer\"}"));
    imds_reply_json(x, 200, &b);
}

// An exchange that sleeps until its token is signed. Lives in its call.
struct sleeper {
    struct mint_waiter    waiter;
    struct http_exchange *x;
    struct imds          *imds;
};

// On a signer's thread; the exchange is its own until the reply.
static void wake(struct mint_waiter *waiter, enum err failed, const struct minted *token)
{
    struct sleeper       *sleeper = CONTAINER_OF(waiter, struct sleeper, waiter);
    struct http_exchange *x = sleeper->x;
    atomic_fetch_sub(&sleeper->imds->tokens_at_once, 1);
    if (failed == OK) {
        reply_token(x, token);
        return;
    }
    (void)FAIL_PLAIN(&x->call, failed);
    imds_refuse(x);
}

// OK: the exchange sleeps, or has been answered; it is not ours any more.
static enum err sleep_until_signed(struct http_exchange *x, struct imds *s, const struct mint_order *order)
{
    struct call    *c = &x->call;
    struct sleeper *sleeper;
    TRY(NEW(c, &sleeper, 1));
    *sleeper = (struct sleeper){.waiter = {.done = wake}, .x = x, .imds = s};
    unsigned others = atomic_fetch_add(&s->tokens_at_once, 1);
    enum err failed = s->published_limits && others >= IMDS_TOKENS_AT_ONCE ? FAIL_PLAIN(c, ERR_BUSY)
                                                                          : minter_ask(c, s->product->minter, order, &sleeper->waiter);
    if (failed != OK) atomic_fetch_sub(&s->tokens_at_once, 1);
    return failed;
}

// The world is held: `ask` becomes the one identity it may get, or an error.
static enum err answer_in(struct http_exchange *x, struct imds *s, const struct world *world, unsigned row, const struct token_ask *ask)
{
    struct call             *c = &x->call;
    struct product          *p = s->product;
    struct workload_identity who;
    struct mint_order        order;
    struct mint_key          key;
    TRY(workload_identity(c, world, imds_host(s, world), &ask->choice, &who));
    workload_key(&who, ask->audience, &key);
    const struct minted *t = minter_find(p->minter, row, c->now_s, &key);
    if (t && !minter_is_due(t, c->now_s)) {
        reply_token(x, t);
        return OK;
    }
    enum err failed = workload_order(c, p, world, &who, ask->audience, &key, &order);
    if (t && failed == OK) minter_renew(p->minter, &order);
    if (t) {
        reply_token(x, t);
        return OK;
    }
    return failed == OK ? sleep_until_signed(x, s, &order) : failed;
}

enum err imds_get_token(struct http_exchange *x, struct imds *s, str rest)
{
    struct call     *c = &x->call;
    struct token_ask ask = {0};
    (void)rest;
    if (s->published_limits) TRY(imds_rate_take(c, &s->tokens, IMDS_TOKENS_PER_S));
    TRY(read_ask(c, &x->request, &ask));
    struct worlds      *worlds = s->product->worlds;
    unsigned            row = net_loop_index(x->loop);
    const struct world *world = world_enter(worlds, row);
    enum err            failed = answer_in(x, s, world, row, &ask); // x may be gone after this
    world_leave(worlds, row);
    return failed;
}
