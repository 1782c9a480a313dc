// The authorization endpoint, which discovery names: there is no sign-in in a browser here. A program that opens one waits at a port of its own
// for what comes of it, so it is told there, at once, rather than waiting for ever; whatever else asks is told on the spot.
// Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1, https://www.rfc-editor.org/rfc/rfc8252#section-7.3
#include "endpoints/login/parts.h"

#define ADVICE "There is no sign-in in a browser here. Sign in by a device code (az login --use-device-code) or by a password."

// "http://localhost:8400/", where only a program of the reader's own machine can listen.
static bool is_loopback(str url)
{
    static const str NAMES[] = {S_INIT("localhost"), S_INIT("127.0.0.1")}, SCHEME = S_INIT("http://");
    str              rest = str_from(url, SCHEME.n);
    size_t           end = 0;
    if (!str_starts(url, SCHEME)) return false;
    while (end < rest.n && rest.at[end] != ':' && rest.at[end] != '/') end++;
    if (str_index_nocase(NAMES, COUNT(NAMES), str_upto(rest, end)) == STR_NOWHERE) return false;
    for (rest = str_from(rest, end); rest.n && rest.at[0] != '/'; rest = str_from(rest, 1))
        if (rest.at[0] != ':' && (rest.at[0] < '0' || rest.at[0] > '9')) return false;
    for (; rest.n; rest = str_from(rest, 1))
        if (rest.at[0] <= ' ' || rest.at[0] >= 0x7f || str_find(S("#?\\\"<>"), rest.at[0]) != STR_NOWHERE) return false;
    return true;
}

enum err login_get_authorize(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str                    to = wire_query(q, "redirect_uri"), state = wire_query(q, "state"), segment = wire_param(q, "tenant");
    enum login_tenant_kind tenant = login_tenant(q, segment);
    struct buf             b;
    str                    url;
    (void)w;
    if (tenant != LOGIN_TENANT_OURS && tenant != LOGIN_TENANT_ANY) return login_refuse_tenant(c, q, a, tenant, STR_NONE, segment);
    if (!is_loopback(to)) return login_refuse(c, q, a, AADSTS_BROWSER_NONE, STR_NONE);
    buf_init(&b, &c->arena);
    buf_addf(&b, "%.*s?error=unsupported_response_type&error_description=", PSTR(to));
    http_escape(&b, S(ADVICE));
    if (!str_empty(state)) buf_add(&b, S("&state="));
    http_escape(&b, state);
    TRY(buf_finish(c, &b, &url));
    a->status = 302;
    answer_header(a, "Location", url);
    answer_header(a, "Cache-Control", S("no-store"));
    return OK;
}
