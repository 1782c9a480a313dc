// The device-code flow: how it begins, and what the program gets once the user has ended it on the page (device_page.c).
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"

#define PAGE_PATH "common/oauth2/deviceauth"

static str page_url(struct call *c, const struct wire *q)
{
    return call_format(c, "%.*s/" PAGE_PATH, PSTR(names_url(c, &q->product->names, &HOST_LOGIN)));
}

static void put_number(struct json_writer *j, enum token_version version, str name, int64_t v, str text)
{
    if (version == TOKEN_V1) json_put_string(j, name, text);
    else json_put_int(j, name, v);
}

static enum err post_device(struct call *c, struct work *w, const struct wire *q, struct answer *a, enum token_version version)
{
    struct login_ask   k = {.q = q, .a = a, .version = version};
    struct device_code code;
    TRY(login_read_form(c, &k));
    if (k.is_refused) return OK;
    str asked = login_field(&k, S("scope"));
    if (str_empty(k.client_text)) return login_refuse(c, q, a, AADSTS_PARAMETER_MISSING, S("client_id"));
    if (version == TOKEN_V2 && str_empty(asked)) return login_refuse(c, q, a, AADSTS_PARAMETER_MISSING, S("scope"));
    TRY(login_client(c, w, &k));
    if (k.is_refused) return OK;
    TRY(device_code_begin(c, &w->product->device_codes, k.app, asked, login_source(q, a), &code));
    str                 url = page_url(c, q);
    struct json_writer *j = answer_json(a, 200);
    answer_header(a, "Cache-Control", S("no-store, no-cache"));
    json_write_object(j);
    json_put_string(j, S("user_code"), str_of(code.user_code));
    json_put_string(j, S("device_code"), str_of(code.code));
    json_put_string(j, version == TOKEN_V1 ? S("verification_url") : S("verification_uri"), url);
    put_number(j, version, S("expires_in"), DEVICE_CODE_LIFETIME_S, S("900"));
    put_number(j, version, S("interval"), DEVICE_CODE_INTERVAL_S, S("5"));
    json_put_string(
        j, S("message"),
        call_format(c,
                    "To sign in, use a web browser to open the page %.*s and enter the code %s to authenticate. The operator of this server can run "
                    "`lanyard login %s` instead.",
                    PSTR(url), code.user_code, code.user_code));
    json_write_end(j);
    return OK;
}

enum err login_post_device_v2(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_device(c, w, q, a, TOKEN_V2);
}

enum err login_post_device_v1(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_device(c, w, q, a, TOKEN_V1);
}

enum err login_user_device(struct call *c, struct work *w, struct login_ask *k)
{
    static const enum aadsts WRONG[] = {[DEVICE_UNKNOWN] = AADSTS_DEVICE_CODE_INVALID,
                                        [DEVICE_PENDING] = AADSTS_DEVICE_PENDING,
                                        [DEVICE_DECLINED] = AADSTS_DEVICE_DECLINED,
                                        [DEVICE_EXPIRED] = AADSTS_DEVICE_CODE_EXPIRED};
    struct device_code       code = {0};
    str                      given = login_field(k, S("device_code"));
    if (str_empty(given)) given = login_field(k, S("code")); // version 1; MSAL for Node.js sends that version's grant type with device_code
    k->a->signin.type = SIGNIN_USER;
    k->a->signin.known_by = SIGNIN_KNOWN_DEVICE_CODE;
    if (str_empty(given)) return login_refuse_ask(c, k, AADSTS_PARAMETER_MISSING, S("device_code"));
    enum device_state state = device_code_take(c, &w->product->device_codes, k->app, given, &code);
    if (state != DEVICE_APPROVED) return login_refuse_ask(c, k, WRONG[state], STR_NONE);
    const struct principal *user = directory_find(w->world->directory, code.user);
    if (!user || user->kind != PRINCIPAL_USER) return login_refuse_ask(c, k, AADSTS_USER_UNKNOWN, STR_NONE);
    if (!sign_in_counts(w->world, user->id, &code.epoch)) return login_refuse_ask(c, k, AADSTS_REFRESH_REVOKED, STR_NONE);
    TRY(call_copy_str(c, str_of(code.scopes), &k->asked_scopes));
    k->by_operator = code.by_operator;
    k->method = code.by_operator ? STR_NONE : S("pwd");
    return login_take_user(c, k, user, SIGNIN_USER, TOKEN_OF_USER);
}
