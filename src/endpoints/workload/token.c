#include "endpoints/workload/token.h"

#include "core/digest.h"
#include "core/json.h"
#include "endpoints/signins.h"

#define REPLY_OTHER_BYTES 320 // of an answer, beside token and audience

enum err workload_check_fields(struct call *c, const struct http_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(fields[i].name, fields[k].name)) return FAIL(c, ERR_PARAMETER_INVALID, "A query parameter may be given only once.");
    return OK;
}

/* ---- what is asked ---- */

static enum err read_fields(struct call *c, const struct wire *q, struct workload_ask *ask)
{
    struct http_field *form;
    if (workload_listener_of(q)->protocol->in_form) {
        TRY(http_read_fields(c, q->http->body, &form, &ask->field_n));
        ask->fields = form;
    } else {
        ask->fields = q->query;
        ask->field_n = q->query_n;
    }
    return OK;
}

static enum err read_selectors(struct call *c, const struct token_protocol *p, struct workload_ask *ask)
{
    size_t named = 0;
    for (size_t i = 0; i < ask->field_n; i++)
        for (size_t k = 0; k < p->selector_n; k++) {
            if (!str_eq_nocase(ask->fields[i].name, p->selectors[k].name)) continue;
            // Also two names for the same kind of id.
            if (named++) return FAIL(c, ERR_IDENTITY_SELECTORS, "Only one of %s may be given.", p->selector_names);
            *(str *)((char *)&ask->choice + p->selectors[k].into) = ask->fields[i].value;
            ask->selected = &ask->fields[i];
        }
    ask->choice.system_by_default = p->system_by_default;
    return OK;
}

static enum err read_ask(struct call *c, const struct wire *q, const struct token_protocol *p, struct workload_ask *ask)
{
    TRY(read_fields(c, q, ask));
    ask->audience = http_field(ask->fields, ask->field_n, S("resource")); // first: a refusal's record says it
    if (p->check) TRY(p->check(c, q, ask));
    if (str_empty(ask->audience)) return FAIL_PLAIN(c, ERR_AUDIENCE_MISSING);
    return read_selectors(c, p, ask);
}

// What is known of the sign-in, for its record.
static void note(struct call *c, const struct work *w, const struct workload_ask *ask, const struct workload_identity *who, struct answer *a)
{
    if (who->principal) signins_note_principal(c, a, who->principal);
    signins_note_target(c, w, a, ask->audience);
}

bool workload_ask_names(const struct workload_ask *ask)
{
    return ask->choice.client_id.at || ask->choice.object_id.at || ask->choice.resource_id.at;
}

/* ---- what is answered ---- */

str workload_describe(struct call *c)
{
    static const char *const UNKNOWN = " This can happen if the application has not been installed by the administrator of the tenant or "
                                       "consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.";
    int64_t                  number = signins_number(c->failure.kind);
    if (!number) return str_of(c->failure.text);
    return call_format(c, "AADSTS%lld: %s%s Trace ID: %s Correlation ID: %s Timestamp: %s", (long long)number, c->failure.text,
                       c->failure.kind == ERR_AUDIENCE_UNKNOWN ? UNKNOWN : "", guid_text(guid_new(c)).s, guid_text(c->correlation_id).s,
                       time_plain(c->now_s).s);
}

// Written piece by piece: this is the answer that programs fetch all day.
static void write_value(struct answer *a, const struct minted *t, enum token_field field)
{
    struct call *c = &a->x->call;
    struct buf  *b = &a->body;
    switch (field) {
    case TOKEN_FIELD_ACCESS_TOKEN: buf_add(b, t->text); return; // base64url and dots
    case TOKEN_FIELD_CLIENT_ID: buf_add(b, (str){guid_text(t->app.g).s, GUID_TEXT_BYTES}); return;
    case TOKEN_FIELD_EXPIRES_IN:
    case TOKEN_FIELD_EXT_EXPIRES_IN: buf_add_i64(b, (t->expires_s * NS_PER_S - c->now_ns) / NS_PER_S); return;
    case TOKEN_FIELD_EXPIRES_ON: buf_add_i64(b, t->expires_s); return;
    case TOKEN_FIELD_NOT_BEFORE: buf_add_i64(b, t->not_before_s); return;
    case TOKEN_FIELD_TOKEN_TYPE: buf_add(b, S("Bearer")); return;
    case TOKEN_FIELD_RESOURCE:
    case TOKEN_FIELD_SELECTED: break; // these may hold anything
    }
}

static void write_text(struct answer *a, str text)
{
    json_begin(&a->json, &a->body);
    json_write_string(&a->json, text);
}

static void write_selected(struct answer *a, const struct workload_ask *ask)
{
    if (!ask->selected || ask->choice.client_id.at) return;
    buf_add_char(&a->body, ',');
    write_text(a, ask->selected->name);
    buf_add_char(&a->body, ':');
    write_text(a, ask->selected->value);
}

static void write_token(struct answer *a, const struct token_protocol *p, const struct workload_ask *ask)
{
    static const str STARTS[] = {
#define X(field, name) S_INIT("\"" name "\":"),
        TOKEN_FIELDS(X)
#undef X
    };
    const struct minted *t = ask->token;
    struct buf          *b = &a->body;
    buf_reserve(b, t->text.n + t->asked.n + REPLY_OTHER_BYTES);
    for (size_t i = 0; i < p->field_n; i++) {
        if (p->fields[i] == TOKEN_FIELD_SELECTED) {
            write_selected(a, ask);
            continue;
        }
        buf_add_char(b, i ? ',' : '{');
        buf_add(b, STARTS[p->fields[i]]);
        if (p->fields[i] == TOKEN_FIELD_RESOURCE) {
            write_text(a, t->asked);
            continue;
        }
        buf_add_char(b, '"');
        write_value(a, t, p->fields[i]);
        buf_add_char(b, '"');
    }
    buf_add_char(b, '}');
}

static void grant(struct answer *a, const struct token_protocol *p, struct workload_ask *ask, const struct minted *t)
{
    ask->token = t;
    a->signin.unique_id = t->unique_id;
    write_token(a, p, ask);
}

// An answer that waits until its token is signed. Lives in its call.
struct waiting {
    struct mint_waiter           waiter;
    struct answer               *answer;
    const struct token_protocol *protocol;
    struct workload_ask         *ask;
};

static unsigned one_more(struct workload_limits *limits)
{
    return limits ? atomic_fetch_add(&limits->tokens_at_once, 1) : 0;
}

static void one_less(struct workload_limits *limits)
{
    if (limits) atomic_fetch_sub(&limits->tokens_at_once, 1);
}

// On a signer's thread.
static void on_signed(struct mint_waiter *waiter, enum err failed, const struct minted *token)
{
    struct waiting *waiting = CONTAINER_OF(waiter, struct waiting, waiter);
    struct answer  *a = waiting->answer;
    one_less(waiting->ask->caller.limits);
    if (failed == OK) grant(a, waiting->protocol, waiting->ask, token);
    else (void)FAIL_PLAIN(&a->x->call, failed);
    answer_finish(a, failed);
}

static enum err wait_until_signed(struct call *c, struct product *product, const struct token_protocol *p, struct workload_ask *ask,
                                  const struct mint_order *order, struct answer *a)
{
    struct workload_limits *limits = ask->caller.limits;
    struct waiting         *waiting;
    TRY(NEW(c, &waiting, 1));
    *waiting = (struct waiting){.waiter = {.done = on_signed}, .answer = a, .protocol = p, .ask = ask};
    unsigned others = one_more(limits);
    enum err failed = p->tokens_at_once && others >= p->tokens_at_once ? FAIL_PLAIN(c, ERR_BUSY) : OK;
    if (failed == OK) {
        answer_later(a); // before: another thread may answer at once
        failed = minter_ask(c, product->minter, order, &waiting->waiter);
    }
    if (failed == OK) return OK;
    answer_now(a);
    one_less(limits);
    return failed;
}

// A service did not take that token, though it is still good: its successor is kept beside it, one for each.
static bool is_rejected(struct call *c, const struct token_protocol *p, const struct workload_ask *ask, const struct minted *t)
{
    str    shown = p->rejected ? http_field(ask->fields, ask->field_n, str_of(p->rejected)) : STR_NONE;
    sha256 digest;
    char   text[2 * SHA256_BYTES];
    if (shown.n != sizeof text || digest_sha256(c, str_bytes(t->text), &digest) != OK) return false;
    str_write_hex((bytes){digest.b, sizeof digest.b}, text);
    return str_eq_nocase(shown, (str){text, sizeof text});
}

static enum err get_token(struct call *c, struct work *w, const struct wire *q, struct workload_ask *ask, struct workload_identity *who,
                          struct answer *a)
{
    struct workload_listener    *l = workload_listener_of(q);
    const struct token_protocol *p = l->protocol;
    struct minter               *minter = w->product->minter;
    struct mint_order            order;
    struct mint_key              key;
    TRY(l->who(c, w, l, a->x, &ask->caller));
    a->signin.host = ask->caller.place.id;
    a->signin.known_by = ask->caller.known_by;
    if (ask->caller.limits && p->tokens_per_s) TRY(workload_rate_take(c, &ask->caller.limits->tokens, p->tokens_per_s));
    TRY(read_ask(c, q, p, ask));
    TRY(workload_identity(c, w->world, workload_host(&ask->caller, w->world), &ask->choice, who));
    TRY(workload_access(c, w->product, w->world, ask->audience, who));
    workload_key(who, ask->audience, &key);
    const struct minted *t = minter_find(minter, w->row, c->now_s, &key);
    if (t && is_rejected(c, p, ask, t)) {
        mint_key_add_text(&key, t->unique_id);
        t = minter_find(minter, w->row, c->now_s, &key);
    }
    if (t) {
        grant(a, p, ask, t);
        if (!signins_count(c, q, a)) note(c, w, ask, who, a);
        if (!minter_is_due(t, c->now_s)) return OK;
    }
    enum err failed = workload_order(c, w->product, w->world, who, ask->audience, &key, &order);
    if (!t) {
        TRY(failed);
        note(c, w, ask, who, a); // before: another thread may answer at once
        return wait_until_signed(c, w->product, p, ask, &order, a);
    }
    if (failed == OK) minter_renew(minter, &order);
    call_forgive(c); // the old one is good for a while
    return OK;
}

enum err workload_get_token(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct workload_ask     *ask;
    struct workload_identity who = {0};
    TRY(NEW(c, &ask, 1));
    a->x->user = ask;
    enum err failed = get_token(c, w, q, ask, &who, a);
    if (failed != OK) note(c, w, ask, &who, a);
    return failed;
}
