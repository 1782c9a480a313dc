#include "token/service_account.h"

#include "token/ring.h"

// Lower-case letters, digits and hyphens; dots too where the name is one of several labels.
static bool is_name(str s, size_t most, bool takes_dots)
{
    if (str_empty(s) || s.n > most) return false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.at[i];
        bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
        bool is_end = i == 0 || i + 1 == s.n || s.at[i - 1] == '.' || s.at[i + 1] == '.';
        if (!is_plain && (is_end || (ch != '-' && !(takes_dots && ch == '.')))) return false;
    }
    return true;
}

enum err service_account_parse(struct call *c, str text, struct service_account *out)
{
    struct service_account read = {.name = text};
    bool                   is_pair = str_cut(&read.name, '/', &read.ns) && read.name.at;
    if (!is_pair || !is_name(read.ns, SERVICE_ACCOUNT_MAX_NS, false) || !is_name(read.name, SERVICE_ACCOUNT_MAX_NAME, true))
        return FAIL(
            c, ERR_NAME_INVALID,
            "A service account is NAMESPACE/NAME, each of lower-case letters, digits and hyphens that neither begin nor end it, not \"%.*s\".",
            PSTR(call_printable(c, text, 128)));
    *out = read;
    return OK;
}

str service_account_subject(struct call *c, const struct service_account *a)
{
    return call_format(c, "system:serviceaccount:%.*s:%.*s", PSTR(a->ns), PSTR(a->name));
}

static enum err write_header(struct call *c, const struct token_key *key, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_string(&w, S("alg"), S("RS256"));
    json_put_string(&w, S("kid"), token_key_id(key));
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static void put_account(struct json_writer *w, const struct service_account *a)
{
    json_write_key(w, S("kubernetes.io"));
    json_write_object(w);
    json_put_string(w, S("namespace"), a->ns);
    json_write_key(w, S("serviceaccount"));
    json_write_object(w);
    json_put_string(w, S("name"), a->name);
    json_write_end(w);
    json_write_end(w);
}

static enum err write_claims(struct call *c, str issuer, const struct service_account *a, int64_t expires_s, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_write_key(&w, S("aud"));
    json_write_array(&w);
    json_write_string(&w, S(SERVICE_ACCOUNT_AUDIENCE));
    json_write_end(&w);
    json_put_int(&w, S("exp"), expires_s);
    json_put_int(&w, S("iat"), c->now_s);
    json_put_string(&w, S("iss"), issuer);
    json_put_guid(&w, S("jti"), guid_new(c));
    put_account(&w, a);
    json_put_int(&w, S("nbf"), c->now_s);
    json_put_string(&w, S("sub"), service_account_subject(c, a));
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

enum err service_account_issue(struct call *c, const struct keyring *keys, str issuer, const struct service_account *a, str *out,
                               int64_t *out_expires_s)
{
    const struct token_key *key = keys ? keyring_current(keys) : NULL;
    int64_t                 expires_s = c->now_s + SERVICE_ACCOUNT_LIFETIME_S;
    str                     header, claims;
    if (!key) return FAIL(c, ERR_BUSY, "The first signing key is being made; try again shortly.");
    TRY(write_header(c, key, &header));
    TRY(write_claims(c, issuer, a, expires_s, &claims));
    TRY(token_key_sign_jwt(c, key, header, claims, out));
    *out_expires_s = expires_s;
    return OK;
}

enum err service_account_verify(struct call *c, const struct keyring *keys, const struct client_assertion *assertion)
{
    const struct token_key *key = keys ? keyring_find(keys, json_get_str(assertion->header, S("kid"))) : NULL;
    if (!key || !str_eq(json_get_str(assertion->header, S("alg")), S("RS256"))) return FAIL_PLAIN(c, ERR_TOKEN_SIGNATURE);
    return token_key_verify(c, key, assertion->signed_text, assertion->signature);
}
