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
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},    {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)}, {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static enum err read_selectors(struct call *c, const struct wire *q, struct identity_choice *out)
{
    size_t named = 0;
    for (size_t i = 0; i < q->query_n; i++)
        for (size_t k = 0; k < COUNT(SELECTORS); k++) {
            if (!str_eq_nocase(q->query[i].name, SELECTORS[k].name)) continue;
            if (named++) return FAIL_PLAIN(c, ERR_IDENTITY_SELECTORS); // also two names for the same kind of id
            *(str *)((char *)out + SELECTORS[k].into) = q->query[i].value;
        }
    return OK;
}

static enum err read_ask(struct call *c, const struct wire *q, struct token_ask *out)
{
    TRY(imds_check_query(c, q));
    TRY(imds_check_version(c, q->api_version, OLDEST_VERSION));
    out->audience = wire_query(q, "resource");
    if (str_empty(out->audience)) return FAIL_PLAIN(c, ERR_AUDIENCE_MISSING);
    return read_selectors(c, q, &out->choice);
}

// All values are texts. Written piece by piece: this is the answer that programs fetch all day.
static void write_token(struct answer *a, const struct minted *t)
{
    struct call *c = &a->x->call;
    struct buf  *b = &a->body;
    int64_t      left_s = (t->expires_s * NS_PER_S - c->now_ns) / NS_PER_S;
    buf_reserve(b, t->text.n + t->asked.n + REPLY_OTHER_BYTES);
    buf_add(b, S("{\"access_token\":\""));
    buf_add(b, t->text); // base64url and dots
    buf_add(b, S("\",\"client_id\":\""));
    buf_add(b, (str){guid_text(t->app.g).s, GUID_TEXT_BYTES});
    buf_add(b, S("\",\"expires_in\":\""));
    buf_add_i64(b, left_s);
    buf_add(b, S("\",\"expires_on\":\""));
    buf_add_i64(b, t->expires_s);
    buf_add(b, S("\",\"ext_expires_in\":\""));
    buf_add_i64(b, left_s);
    buf_add(b, S("\",\"not_before\":\""));
    buf_add_i64(b, t->not_before_s);
    buf_add(b, S("\",\"resource\":"));
    json_begin(&a->json, b);
    json_write_string(&a->json, t->asked);
    buf_add(b, S(",\"token_type\":\"Bearer\"}"));
}

// An answer that waits until its token is signed. Lives in its call.
struct waiting {
    struct mint_waiter waiter;
    struct answer     *answer;
    struct imds       *imds;
};

// On a signer's thread.
static void on_signed(struct mint_waiter *waiter, enum err failed, const struct minted *token)
{
    struct waiting *waiting = CONTAINER_OF(waiter, struct waiting, waiter);
    struct answer  *a = waiting->answer;
    atomic_fetch_sub(&waiting->imds->tokens_at_once, 1);
    if (failed == OK) write_token(a, token);
    else (void)FAIL_PLAIN(&a->x->call, failed);
    answer_finish(a, failed);
}

static enum err wait_until_signed(struct call *c, struct imds *s, const struct mint_order *order, struct answer *a)
{
    struct waiting *waiting;
    TRY(NEW(c, &waiting, 1));
    *waiting = (struct waiting){.waiter = {.done = on_signed}, .answer = a, .imds = s};
    unsigned others = atomic_fetch_add(&s->tokens_at_once, 1);
    enum err failed = s->published_limits && others >= IMDS_TOKENS_AT_ONCE ? FAIL_PLAIN(c, ERR_BUSY) : OK;
    if (failed == OK) {
        answer_later(a); // before: another thread may answer at once
        failed = minter_ask(c, s->router.product->minter, order, &waiting->waiter);
    }
    if (failed == OK) return OK;
    answer_now(a);
    atomic_fetch_sub(&s->tokens_at_once, 1);
    return failed;
}

enum err imds_get_token(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct imds             *s = imds_of(q);
    struct product          *p = w->product;
    struct token_ask         ask = {0};
    struct workload_identity who;
    struct mint_order        order;
    struct mint_key          key;
    if (s->published_limits) TRY(imds_rate_take(c, &s->tokens, IMDS_TOKENS_PER_S));
    TRY(read_ask(c, q, &ask));
    TRY(workload_identity(c, w->world, imds_host(s, w->world), &ask.choice, &who));
    workload_key(&who, ask.audience, &key);
    const struct minted *t = minter_find(p->minter, w->row, c->now_s, &key);
    if (t) write_token(a, t);
    if (t && !minter_is_due(t, c->now_s)) return OK;
    enum err failed = workload_order(c, p, w->world, &who, ask.audience, &key, &order);
    if (!t) return failed == OK ? wait_until_signed(c, s, &order, a) : failed;
    if (failed == OK) minter_renew(p->minter, &order);
    call_forgive(c); // the old one is good for a while
    return OK;
}
