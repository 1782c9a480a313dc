#include "endpoints/login/aadsts.h"

#define ABOUT_MAX_BYTES 200 // of a stranger's words in an answer

static const struct row {
    int number, status;
    str name, error, text;
} ROWS[] = {
#define X(kind, number, status, error, text) [AADSTS_##kind] = {number, status, S_INIT(#kind), S_INIT(error), S_INIT(text)},
    AADSTS_TABLE(X)
#undef X
};

// What the clients' libraries tell apart within one word.
static const struct { enum aadsts kind; str suberror; } SUBERRORS[] = {
    {AADSTS_CONSENT_MISSING, S_INIT("consent_required")},
    {AADSTS_REFRESH_EXPIRED, S_INIT("token_expired")},
    {AADSTS_REFRESH_REVOKED, S_INIT("bad_token")},
};

static void put_suberror(struct json_writer *w, enum aadsts kind)
{
    for (size_t i = 0; i < COUNT(SUBERRORS); i++)
        if (SUBERRORS[i].kind == kind) json_put_string(w, S("suberror"), SUBERRORS[i].suberror);
}

static void add_text(struct call *c, struct buf *b, str text, const struct product *p, str about)
{
    static const str ABOUT = S_INIT("{}"), TENANT = S_INIT("{tenant}");
    while (text.n) {
        size_t plain = str_find(text, '{');
        buf_add(b, str_upto(text, plain));
        text = plain == STR_NOWHERE ? STR_NONE : str_from(text, plain);
        if (str_starts(text, ABOUT)) {
            buf_add(b, call_printable(c, about, ABOUT_MAX_BYTES));
            text = str_from(text, ABOUT.n);
        } else if (str_starts(text, TENANT)) {
            buf_add(b, p->tenant_name);
            text = str_from(text, TENANT.n);
        } else if (text.n) {
            buf_add_char(b, '{');
            text = str_from(text, 1);
        }
    }
}

static str describe(struct call *c, const struct wire *q, const struct row *row, str about, guid trace, guid correlation)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_addf(&b, "AADSTS%d: ", row->number);
    add_text(c, &b, row->text, q->product, about);
    buf_addf(&b, " Trace ID: %s Correlation ID: %s Timestamp: %s", guid_text(trace).s, guid_text(correlation).s, time_plain(c->now_s).s);
    return b.failed ? STR_NONE : buf_view(&b);
}

void login_note(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind)
{
    const struct row *row = &ROWS[kind];
    struct buf        b;
    buf_init(&b, &c->arena);
    add_text(c, &b, row->text, q->product, S("..."));
    a->signin.error_code = row->number;
    a->signin.error = row->name;
    a->signin.reason = b.failed ? STR_NONE : buf_view(&b);
}

enum err login_refuse_as(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind, str error, str about)
{
    const struct row *row = &ROWS[kind];
    guid              trace = guid_new(c), correlation = c->correlation_id;
    str               url = names_url(c, &q->product->names, &HOST_LOGIN);
    login_note(c, q, a, kind);
    answer_header(a, "Cache-Control", S("no-store, no-cache"));
    answer_header(a, "Pragma", S("no-cache"));
    answer_header(a, "x-ms-request-id", str_of(guid_text(trace).s));
    if (row->status == 429 || row->status == 503) answer_header(a, "Retry-After", S("1"));
    struct json_writer *w = answer_json(a, row->status);
    json_write_object(w);
    json_put_string(w, S("error"), error);
    json_put_string(w, S("error_description"), describe(c, q, row, about, trace, correlation));
    json_write_key(w, S("error_codes"));
    json_write_array(w);
    json_write_int(w, row->number);
    json_write_end(w);
    json_put_string(w, S("timestamp"), str_of(time_plain(c->now_s).s));
    json_put_guid(w, S("trace_id"), trace);
    json_put_guid(w, S("correlation_id"), correlation);
    put_suberror(w, kind);
    json_put_string(w, S("error_uri"), call_format(c, "%.*s/error?code=%d", PSTR(url), row->number));
    json_write_end(w);
    return OK;
}

enum err login_refuse(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind, str about)
{
    return login_refuse_as(c, q, a, kind, ROWS[kind].error, about);
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    int         status = err_status(c->failure.kind);
    enum aadsts kind = AADSTS_INPUT_INVALID;
    str         about = q->path;
    (void)w;
    if (status == 404) kind = AADSTS_PATH_UNKNOWN;
    if (status == 405) {
        kind = str_ends_nocase(q->path, S("/token")) ? AADSTS_POST_ONLY : AADSTS_GET_ONLY;
        about = q->http->method_text;
    }
    if (status == 429) kind = AADSTS_THROTTLED;
    if (status >= 500) kind = AADSTS_TRANSIENT;
    enum err worded = login_refuse(c, q, a, kind, about);
    (void)worded; // it is always OK
}

static void headers(struct call *c, const struct wire *q, struct answer *a)
{
    bool refused = a->status >= 400; // then the trace id stands there already
    if (!refused) answer_header(a, "x-ms-request-id", str_of(guid_text(guid_new(c)).s));
    if (str_eq_nocase(http_header(q->http, S("return-client-request-id")), S("true")))
        answer_header(a, "client-request-id", str_of(guid_text(c->correlation_id).s));
}

const struct dialect DIALECT_LOGIN = {.name = "login", .error = error, .headers = headers};
