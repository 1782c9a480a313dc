// The device-code flow: how it begins, the page on which the user ends it, and what the program gets then.
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
        call_format(c, "To sign in, use a web browser to open the page %.*s and enter the code %s to authenticate.", PSTR(url), code.user_code));
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
    k->a->signin.type = SIGNIN_USER;
    k->a->signin.known_by = SIGNIN_KNOWN_DEVICE_CODE;
    enum device_state state = device_code_take(c, &w->product->device_codes, k->app, str_empty(given) ? login_field(k, S("code")) : given, &code);
    if (state != DEVICE_APPROVED) return login_refuse_ask(c, k, WRONG[state], STR_NONE);
    const struct principal *user = directory_find(w->world->directory, code.user);
    if (!user || user->kind != PRINCIPAL_USER) return login_refuse_ask(c, k, AADSTS_USER_UNKNOWN, STR_NONE);
    if (!sign_in_counts(w->world, user->id, &code.epoch)) return login_refuse_ask(c, k, AADSTS_REFRESH_REVOKED, STR_NONE);
    TRY(call_copy_str(c, str_of(code.scopes), &k->asked_scopes));
    k->method = S("pwd");
    return login_take_user(c, k, user, SIGNIN_USER, TOKEN_OF_USER);
}

// ---- the page ----

// Nothing of a request is shown on the page: what it says is one of these.
static enum err show_page(struct answer *a, int status, str says, bool with_form)
{
    static const str
        HEAD = S_INIT("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
                      "<title>Sign in to a device</title>\n<style>body{font:16px/1.5 sans-serif;max-width:24em;margin:3em auto;padding:0 1em}"
                      "label{display:block;margin:.8em 0}input{display:block;width:100%;font:inherit;box-sizing:border-box}</style>\n<h1>Sign in to "
                      "a device</h1>\n<p>"),
        FORM = S_INIT(
            "<form method=\"post\" autocomplete=\"off\"><label>Code <input name=\"user_code\" required autofocus></label>"
            "<label>User name <input name=\"username\" required></label><label>Password <input name=\"password\" type=\"password\" required></label>"
            "<button name=\"answer\" value=\"yes\">Sign in</button> <button name=\"answer\" value=\"no\">This was not me</button></form>\n");
    a->status = status;
    a->content_type = S("text/html; charset=utf-8");
    answer_header(a, "Cache-Control", S("no-store"));
    answer_header(a, "Content-Security-Policy", S("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"));
    answer_header(a, "X-Content-Type-Options", S("nosniff"));
    answer_header(a, "Referrer-Policy", S("no-referrer"));
    buf_add(&a->body, HEAD);
    buf_add(&a->body, says);
    buf_add(&a->body, S("</p>\n"));
    if (with_form) buf_add(&a->body, FORM);
    return OK;
}

enum err login_get_device_page(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)w, (void)q;
    return show_page(a, 200, S("Enter the code that the device or program shows. Do so only if you started it yourself."), true);
}

enum err login_post_device_page(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct login_ask        k = {.q = q, .a = a, .version = TOKEN_V2};
    const struct principal *user;
    enum aadsts             wrong;
    bool                    is_enabled = false;
    TRY(login_read_form(c, &k));
    if (k.is_refused) return OK;
    TRY(login_check_password(c, w, login_source(q, a), login_field(&k, S("username")), login_field(&k, S("password")), &user, &wrong));
    a->signin.known_by = SIGNIN_KNOWN_PASSWORD;
    if (user) signins_note_principal(c, a, user);
    if (user) TRY(principal_setting(c, user, S("accountEnabled"), true, &is_enabled));
    if (wrong == AADSTS_N && !is_enabled) wrong = AADSTS_USER_DISABLED;
    if (wrong != AADSTS_N) {
        login_note(c, q, a, wrong);
        return show_page(a, 400, S("The user name or the password is not right, or the account may not sign in."), true);
    }
    bool              approved = str_eq(login_field(&k, S("answer")), S("yes"));
    enum device_state state = device_code_end(c, &w->product->device_codes, str_trim(login_field(&k, S("user_code"))), approved, user->id,
                                              sign_in_epoch_of(w->world, user->id));
    if (state != DEVICE_PENDING) {
        login_note(c, q, a, AADSTS_DEVICE_CODE_INVALID);
        return show_page(a, 400, S("That code is not one that waits for a sign-in. Start again at the device."), true);
    }
    if (!approved) login_note(c, q, a, AADSTS_DEVICE_DECLINED);
    return show_page(a, 200, approved ? S("Done: the device is signed in. You can close this page.") : S("Done: nobody is signed in at the device."),
                     false);
}
