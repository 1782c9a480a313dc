#include "client/reply.h"

#include "client/expiry.h"
#include "client/foreign_words.h"
#include "client/request_text.h"

#define CODE_MAX_BYTES   64
#define WORDS_READ_BYTES ((size_t)4 * REPLY_WORDS_MAX_BYTES)

bool reply_token_is_valid(str token)
{
    return is_word(token, REPLY_TOKEN_MAX_BYTES);
}

enum err token_reply_read(struct call *c, str body, struct token_reply *out)
{
    const struct json *root;
    struct token_reply r = {0};
    int64_t            in_s;
    if (json_parse(c, body, &root) != OK) {
        call_forgive(c); // its words point into the body
        return FAIL(c, ERR_JSON_INVALID, "The reply is no JSON.");
    }
    r.access_token = json_get_str(root, S("access_token"));
    if (str_empty(r.access_token)) return FAIL(c, ERR_CONTENT_INVALID, "The reply holds no access_token.");
    if (!reply_token_is_valid(r.access_token))
        return FAIL(c, ERR_CONTENT_INVALID, "The access_token of the reply is too long, or holds characters that no token has.");
    str type = json_get_str(root, S("token_type"));
    if (!str_empty(type) && !str_eq_nocase(type, S("Bearer")))
        return FAIL(c, ERR_CONTENT_INVALID, "The reply holds a token of another type than Bearer.");
    const struct json *on = json_get(root, S("expires_on")), *in = json_get(root, S("expires_in"));
    if (!expiry_of(on, &r.expires_at_s)) {
        if (!expiry_seconds_of(in, &in_s))
            return FAIL(c, ERR_CONTENT_INVALID,
                        on || in ? "The reply's expires_on or expires_in is no time at which a token can end."
                                 : "The reply says neither by expires_on nor by expires_in when its token ends.");
        r.expires_at_s = c->now_s + in_s;
    }
    if (expiry_seconds_of(json_get(root, S("refresh_in")), &in_s) && in_s > 0 && in_s < r.expires_at_s - c->now_s) r.refresh_at_s = c->now_s + in_s;
    r.client_id = json_get_str(root, S("client_id"));
    r.object_id = json_get_str(root, S("object_id"));
    r.resource_id = json_get_str(root, S("msi_res_id"));
    if (str_empty(r.resource_id)) r.resource_id = json_get_str(root, S("mi_res_id"));
    *out = r;
    return OK;
}

static bool is_word_char(char ch)
{
    char low = char_lower(ch);
    return (low >= 'a' && low <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.' || ch == '+' || ch == '=' || ch == '~';
}

// With what stands in base64 and in escaped text too.
static bool is_run_char(char ch)
{
    return is_word_char(ch) || ch == '/' || ch == '%';
}

static size_t run_length(str text)
{
    size_t n = 0;
    while (n < text.n && is_run_char(text.at[n])) n++;
    return n;
}

// What stands behind "https:", or a resource's id: long as a whole, and of words that are told.
static bool is_path(str run, char before)
{
    return (before == ':' && str_starts(run, S("//"))) || str_starts_nocase(run, S("/subscriptions/"));
}

str reply_words_upto(str text, size_t most)
{
    str s = str_upto(text, most);
    if (s.n < text.n)
        while (s.n && is_run_char(s.at[s.n - 1])) s.n--;
    return s;
}

str reply_words(struct call *c, str text)
{
    struct buf b;
    char       before = 0;
    size_t     path_n = 0;
    str        rest = reply_words_upto(text, WORDS_READ_BYTES);
    buf_init(&b, &c->arena);
    while (rest.n && b.n < REPLY_WORDS_MAX_BYTES) {
        size_t n = run_length(rest);
        if (path_n == 0 && is_path(str_upto(rest, n), before)) path_n = n;
        for (size_t i = 0; path_n && i < n; i++)
            if (!is_word_char(rest.at[i])) n = i;
        if (n > REPLY_WORD_MAX_BYTES || str_starts(rest, S("eyJ"))) buf_add(&b, S(SECRET_SHOWN));
        else buf_add(&b, str_upto(rest, n));
        if (n) before = rest.at[n - 1];
        rest = str_from(rest, n);
        path_n -= path_n < n ? path_n : n;
        if (n == 0) {
            before = rest.at[0];
            path_n -= path_n ? 1 : 0;
            bool is_space = rest.at[0] == '\r' || rest.at[0] == '\n' || rest.at[0] == '\t' || rest.at[0] == ' ';
            if (!is_space) buf_add_char(&b, rest.at[0]);
            else if (b.n && b.at[b.n - 1] != ' ') buf_add_char(&b, ' ');
            rest = str_from(rest, 1);
        }
    }
    return call_printable(c, str_trim(buf_text(c, &b)), REPLY_WORDS_MAX_BYTES);
}

static str first_of(const struct json *object, const char *const *names)
{
    for (; *names; names++) {
        str s = json_get_str(object, str_of(*names));
        if (!str_empty(s)) return s;
    }
    return STR_NONE;
}

// "AADSTS7000215" from "AADSTS7000215: Invalid client secret ...": which says more than the OAuth word.
static str service_code(str text)
{
    size_t n = 6;
    if (!str_starts(text, S("AADSTS"))) return STR_NONE;
    while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9') n++;
    return n > 6 && n < 20 ? str_upto(text, n) : STR_NONE;
}

void error_reply_read(struct call *c, str body, str secret, struct error_reply *out)
{
    static const char *const TEXTS[] = {"error_description", "message", NULL};
    static const char *const IDS[] = {"correlation_id", "correlationId", NULL};
    const struct json       *root;
    *out = (struct error_reply){0};
    if (json_parse(c, body, &root) != OK) {
        call_forgive(c);
        return;
    }
    // {"error":"code","error_description":"text"}, {"error":{"code","message","correlationId"}}, {"statusCode","message","correlationId"}
    const struct json *error = json_get(root, S("error"));
    str                text = first_of(root, TEXTS), id = first_of(root, IDS), code = json_str(error);
    if (json_is(error, JSON_IS_OBJECT)) {
        code = json_get_str(error, S("code"));
        if (str_empty(text)) text = first_of(error, TEXTS);
        if (str_empty(id)) id = first_of(error, IDS);
    }
    if (!str_empty(service_code(text))) code = service_code(text);
    out->is_json = true;
    out->code = reply_words(c, reply_words_upto(words_without(c, code, secret, WORDS_READ_BYTES), CODE_MAX_BYTES));
    out->text = reply_words(c, words_without(c, text, secret, WORDS_READ_BYTES));
    out->correlation_id = reply_words(c, reply_words_upto(words_without(c, id, secret, WORDS_READ_BYTES), CODE_MAX_BYTES));
}
