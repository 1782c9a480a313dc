#include "endpoints/verify/verify.h"

#include "endpoints/guard.h"
#include "endpoints/verify/check.h"

static void add_escaped(struct call *c, struct answer *a, const char *name, str text)
{
    struct buf b;
    buf_init(&b, &c->arena);
    http_escape(&b, text);
    answer_header(a, name, buf_view(&b));
}

static void add_roles(struct call *c, struct answer *a, const struct token_texts *roles)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < roles->n; i++) {
        if (i) buf_add_char(&b, ',');
        http_escape(&b, roles->at[i]);
    }
    answer_header(a, "X-Lanyard-Roles", buf_view(&b));
}

// Every header is in every answer, empty where there is nothing to say: a proxy that copies what it gets then overwrites
// whatever the client itself sent by that name.
static enum err tell(struct call *c, struct answer *a, const struct token_claims *claims)
{
    answer_header(a, "Cache-Control", S("no-store"));
    answer_header(a, "X-Lanyard-Kind", check_kind(claims->kind));
    answer_header(a, "X-Lanyard-Object-Id", guid_str(c, claims->subject.g));
    answer_header(a, "X-Lanyard-App-Id", guid_str(c, claims->app.g));
    answer_header(a, "X-Lanyard-Tenant-Id", guid_str(c, claims->tenant.g));
    add_escaped(c, a, "X-Lanyard-Audience", claims->audience);
    add_escaped(c, a, "X-Lanyard-Identity", claims->identity_resource);
    add_escaped(c, a, "X-Lanyard-Scopes", claims->scopes);
    add_roles(c, a, &claims->roles);
    answer_header(a, "X-Lanyard-Expires", call_format(c, "%lld", (long long)claims->expires_s));
    return call_check_texts(c);
}

static enum err answer_rule(struct call *c, struct work *w, const struct wire *q, struct answer *a, const struct http_field *fields, size_t n)
{
    struct rule         rule;
    struct token_claims claims;
    str                 text;
    TRY(rule_read(c, fields, n, &rule));
    TRY(guard_read_bearer(c, q->http, &text));
    TRY(check_token(c, w, q, text, &rule, &claims));
    return tell(c, a, &claims);
}

// The rule is the query: the proxy asks at an address of its configuration, and hands on nothing of the client's own query.
static enum err get_by_query(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return answer_rule(c, w, q, a, q->query, q->query_n);
}

// The rule is a segment of the path, and what comes behind it is the client's: path, query and method count for nothing.
static enum err ask_by_path(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct http_field *fields;
    size_t             n;
    TRY(http_read_fields(c, wire_param(q, "rule"), &fields, &n));
    return answer_rule(c, w, q, a, fields, n);
}

// RFC 6750: without a token no error is named.
static str challenge(struct call *c, const struct wire *q, enum err kind)
{
    str uri = call_format(c, "Bearer authorization_uri=\"%.*s/%s\"", PSTR(names_url(c, &q->product->names, &HOST_LOGIN)),
                          guid_text(q->product->tenant.g).s);
    if (kind == ERR_TOKEN_MISSING) return uri;
    return call_format(c, "%.*s, error=\"%s\"", PSTR(uri), kind == ERR_ROLE_MISSING ? "insufficient_scope" : "invalid_token");
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    enum err kind = c->failure.kind;
    int      status = err_status(kind);
    (void)w;
    answer_error_object(a, status, str_of(err_name(kind)), str_of(c->failure.text));
    answer_header(a, "Cache-Control", S("no-store"));
    if (status == 401 || kind == ERR_ROLE_MISSING) answer_header(a, "WWW-Authenticate", challenge(c, q, kind));
}

static const struct dialect DIALECT = {.name = "verify", .error = error};

#define OPEN PERMIT_NONE("it tells of a token no more than its bearer and the published keys do")
#define BY_PATH(method)                                                           \
    {                                                                             \
        method, "/lanyard/verify/{rule}/{path*}", GUARD_NONE, OPEN, ask_by_path \
    }

static const struct route ROUTES[] = {
    {HTTP_GET, "/lanyard/verify", GUARD_NONE, OPEN, get_by_query},
    BY_PATH(HTTP_GET),
    BY_PATH(HTTP_HEAD),
    BY_PATH(HTTP_POST),
    BY_PATH(HTTP_PUT),
    BY_PATH(HTTP_PATCH),
    BY_PATH(HTTP_DELETE),
    BY_PATH(HTTP_OPTIONS),
};

const struct service SERVICE_VERIFY = {
    .name = "verify",
    .dialect = &DIALECT,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.takes_slashes = true,
};
