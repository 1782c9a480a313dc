#include "endpoints/signins.h"

#include "endpoints/router.h"
#include "ops/logs.h"

#define HOST_MAX_BYTES 253

// What the token service says in place of a local endpoint's status.
static const struct { enum err kind; int64_t number; } NUMBERS[] = {
    {ERR_AUDIENCE_UNKNOWN, 500011},
    {ERR_AUDIENCE_DISABLED, 500014},
    {ERR_APP_NOT_ASSIGNED, 501051},
};

static str copy(struct call *c, str text)
{
    str out = arena_copy_str(&c->arena, text);
    return out.at ? out : STR_NONE;
}

void signins_note_principal(struct call *c, struct answer *a, const struct principal *p)
{
    struct signin *s = &a->signin;
    s->principal = p->id;
    s->app = p->app;
    s->is_system_assigned = p->is_system_assigned;
    s->name = copy(c, str_empty(p->user_name) ? p->name : p->user_name);
}

// "https://host" of a URL, and nothing of anything else.
static str host_of(str asked)
{
    static const str SCHEME = S_INIT("https://");
    if (!str_starts_nocase(asked, SCHEME)) return STR_NONE;
    size_t n = SCHEME.n;
    while (n < asked.n && asked.at[n] != '/' && asked.at[n] != '?' && asked.at[n] != '#' && asked.at[n] != '@') n++;
    bool is_host = n > SCHEME.n && n - SCHEME.n <= HOST_MAX_BYTES && (n == asked.n || asked.at[n] != '@');
    return is_host ? str_upto(asked, n) : STR_NONE;
}

void signins_note_target(struct call *c, const struct work *w, struct answer *a, str asked)
{
    struct signin  *s = &a->signin;
    struct audience known;
    if (!product_audience(c, w->product, w->world, asked, &known)) {
        s->target = copy(c, host_of(asked));
        return;
    }
    s->target = copy(c, asked);
    s->target_name = copy(c, known.name);
    s->target_app = known.app;
}

int64_t signins_number(enum err kind)
{
    for (size_t i = 0; i < COUNT(NUMBERS); i++)
        if (NUMBERS[i].kind == kind) return NUMBERS[i].number;
    return 0;
}

static void note_failure(struct signin *s, const struct call *c, int status)
{
    int64_t number = signins_number(c->failure.kind);
    s->error_code = number ? number : status;
    s->error = str_of(err_name(c->failure.kind));
    s->reason = str_of(err_text(c->failure.kind)); // not the failure's own words: they may quote the caller
}

static enum signin_known_by known_by(const struct wire *q, const struct signin *s)
{
    return s->known_by ? s->known_by : q->router->known_by;
}

static void note_request(struct call *c, const struct wire *q, struct signin *s)
{
    s->time_ns = s->last_ns = c->now_ns;
    s->correlation_id = c->correlation_id;
    s->endpoint = str_of(q->service->name);
    s->address = q->address;
    s->client = http_header(q->http, S("User-Agent"));
    if (s->type == SIGNIN_NONE) s->type = q->route->gives_tokens_to;
    if (str_empty(s->host)) s->host = q->router->workload;
    if (!q->service->correlation) return;
    s->client_request = wire_client_request_id(c, q, q->service->correlation);
    if (str_eq_nocase(s->client_request, str_of(guid_text(c->correlation_id).s))) s->client_request = STR_NONE;
}

void signins_record_closed(const struct router *r)
{
    struct call   c;
    struct signin s = {.type = SIGNIN_MANAGED_IDENTITY, .endpoint = str_of(r->only->name), .host = r->workload};
    call_init(&c, &r->product->clock, r->product->random);
    s.time_ns = c.now_ns;
    s.correlation_id = c.correlation_id;
    c.failure.kind = ERR_CALLER_UNKNOWN;
    note_failure(&s, &c, err_status(ERR_CALLER_UNKNOWN));
    logs_signin(&c, r->product, &s);
    call_clear(&c);
}

bool signins_count(const struct call *c, const struct wire *q, struct answer *a)
{
    struct signin *s = &a->signin;
    bool           is_counted = logs_signin_again(q->product, q->row, s->unique_id, known_by(q, s), c->now_ns);
    s->from_cache = true;
    s->times = is_counted;
    return is_counted;
}

void signins_record(struct call *c, const struct wire *q, struct answer *a)
{
    struct signin *s = &a->signin;
    if (!q->route || q->route->gives_tokens_to == SIGNIN_NONE || (a->is_challenge && c->failure.kind == OK)) return;
    bool is_failure = !s->error_code && c->failure.kind != OK;
    if (s->times && !is_failure) return; // it is counted
    s->known_by = known_by(q, s);
    note_request(c, q, s);
    if (is_failure) note_failure(s, c, a->status);
    if (s->error_code) {
        s->unique_id = STR_NONE; // whatever was made, nobody got it
        s->from_cache = false;
        s->times = 0;
    }
    if (s->from_cache) logs_signin_first(c, q->product, q->row, s);
    else logs_signin(c, q->product, s);
}
