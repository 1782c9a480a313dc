// The page on which a user ends a device-code flow: first the code, then which program it is, and the password.
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"
#include "ops/device_sign_in.h"

static void add_escaped(struct buf *b, str text)
{
    static const str ESCAPED[256] = {
        ['&'] = S_INIT("&amp;"), ['<'] = S_INIT("&lt;"), ['>'] = S_INIT("&gt;"), ['"'] = S_INIT("&quot;"), ['\''] = S_INIT("&#39;")};
    for (size_t i = 0; i < text.n; i++) {
        str escaped = ESCAPED[(uint8_t)text.at[i]];
        buf_add(b, escaped.n ? escaped : str_upto(str_from(text, i), 1));
    }
}

static void begin_page(struct answer *a, int status)
{
    static const str HEAD =
        S_INIT("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
               "<title>Sign in to a device</title>\n<style>body{font:16px/1.5 sans-serif;max-width:24em;margin:3em auto;padding:0 1em}"
               "label{display:block;margin:.8em 0}input{display:block;width:100%;font:inherit;box-sizing:border-box}</style>\n<h1>Sign in to "
               "a device</h1>\n<p>");
    a->status = status;
    a->content_type = S("text/html; charset=utf-8");
    answer_header(a, "Cache-Control", S("no-store"));
    answer_header(a, "Content-Security-Policy", S("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"));
    answer_header(a, "X-Content-Type-Options", S("nosniff"));
    answer_header(a, "Referrer-Policy", S("no-referrer"));
    buf_add(&a->body, HEAD);
}

static enum err show_end(struct answer *a, str says)
{
    begin_page(a, 200);
    buf_add(&a->body, says);
    buf_add(&a->body, S("</p>\n"));
    return OK;
}

static enum err show_code_form(struct answer *a, int status, str says)
{
    begin_page(a, status);
    buf_add(&a->body, says);
    buf_add(&a->body, S("</p>\n<form method=\"post\" autocomplete=\"off\"><label>Code <input name=\"user_code\" required autofocus></label>"
                        "<button>Next</button></form>\n"));
    return OK;
}

// Somebody else may have begun it, and sent its code to this user: the page says which program will act for whom.
static enum err show_sign_in_form(struct call *c, const struct work *w, struct answer *a, int status, str says, client_id client, str user_code)
{
    begin_page(a, status);
    if (!str_empty(says)) buf_addf(&a->body, "%.*s</p>\n<p>", PSTR(says));
    buf_add(&a->body, S("The program <strong>"));
    add_escaped(&a->body, device_program_name(c, w->world, client));
    buf_addf(&a->body,
             "</strong> (%s) will act as you. Go on only if you started it yourself; if somebody sent you the code, close this page.</p>\n"
             "<form method=\"post\" autocomplete=\"off\"><input type=\"hidden\" name=\"user_code\" value=\"",
             guid_text(client.g).s);
    add_escaped(&a->body, user_code);
    buf_add(&a->body,
            S("\"><label>User name <input name=\"username\" required autofocus></label>"
              "<label>Password <input name=\"password\" type=\"password\" required></label>"
              "<button name=\"answer\" value=\"yes\">Sign in</button> <button name=\"answer\" value=\"no\">This was not me</button></form>\n"));
    return OK;
}

enum err login_get_device_page(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)w, (void)q;
    return show_code_form(a, 200, S("Enter the code that the device or program shows. Do so only if you started it yourself."));
}

static enum err show_no_such_code(struct answer *a)
{
    return show_code_form(a, 400, S("That code is not one that waits for a sign-in. Start again at the device."));
}

enum err login_post_device_page(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct login_ask        ask = {.q = q, .a = a, .version = TOKEN_V2};
    const struct principal *user;
    enum aadsts             wrong;
    struct device_wish      wish = {0};
    bool                    is_enabled = false;
    TRY(login_read_form(c, &ask));
    if (ask.is_refused) return OK;
    str               user_code = str_trim(login_field(&ask, S("user_code"))), name = login_field(&ask, S("username"));
    enum device_state state = device_code_look(c, &w->product->device_codes, user_code, &wish);
    if (str_empty(name) && state == DEVICE_PENDING) {
        a->is_challenge = true;
        return show_sign_in_form(c, w, a, 200, STR_NONE, wish.client, user_code);
    }
    if (str_empty(name)) {
        login_note(c, q, a, AADSTS_DEVICE_CODE_INVALID);
        return show_no_such_code(a);
    }
    TRY(login_check_password(c, w, login_source(q, a), name, login_field(&ask, S("password")), &user, &wrong));
    a->signin.known_by = SIGNIN_KNOWN_PASSWORD;
    if (user) signins_note_principal(c, a, user);
    if (user) TRY(principal_setting(c, user, S("accountEnabled"), true, &is_enabled));
    if (wrong == AADSTS_N && !is_enabled) wrong = AADSTS_USER_DISABLED;
    if (wrong != AADSTS_N) {
        str says = S("The user name or the password is not right, or the account may not sign in.");
        login_note(c, q, a, wrong);
        return state == DEVICE_PENDING ? show_sign_in_form(c, w, a, 400, says, wish.client, user_code) : show_code_form(a, 400, says);
    }
    bool approved = str_eq(login_field(&ask, S("answer")), S("yes"));
    state = device_code_end(c, &w->product->device_codes, user_code,
                            &(struct device_ending){.approved = approved, .user = user->id, .epoch = sign_in_epoch_of(w->world, user->id)});
    if (state != DEVICE_PENDING) {
        login_note(c, q, a, AADSTS_DEVICE_CODE_INVALID);
        return show_no_such_code(a);
    }
    if (!approved) login_note(c, q, a, AADSTS_DEVICE_DECLINED);
    return show_end(a, approved ? S("Done: the device is signed in. You can close this page.") : S("Done: nobody is signed in at the device."));
}
