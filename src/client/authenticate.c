#include "client/authenticate.h"

static bool is_token(char ch)
{
    return (ch >= '0' && ch <= '9') || (char_lower(ch) >= 'a' && char_lower(ch) <= 'z') || (ch && strchr("!#$%&'*+-.^_`|~", ch));
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

// What a value without quotes may hold: anything visible that ends none.
static bool is_bare(char ch)
{
    return ch > 0x20 && ch < 0x7f && ch != ',' && ch != '"';
}

static bool is_token68(char ch)
{
    return is_token(ch) || ch == '/' || ch == '=';
}

static size_t run(str s, bool (*is)(char))
{
    size_t n = 0;
    while (n < s.n && is(s.at[n])) n++;
    return n;
}

static str skip_blanks(str s)
{
    return str_from(s, run(s, is_blank));
}

static str skip_separators(str s)
{
    while (s.n && (is_blank(*s.at) || *s.at == ',')) s = str_from(s, 1);
    return s;
}

static enum err malformed(struct call *c)
{
    return FAIL(c, ERR_CONTENT_INVALID, "The WWW-Authenticate header is not well formed.");
}

static enum err unescape(struct call *c, str quoted, str *out)
{
    char  *room;
    size_t n = 0;
    TRY(NEW(c, &room, quoted.n + 1));
    for (size_t i = 0; i < quoted.n; i++) {
        if (quoted.at[i] == '\\') i++; // what follows is there: the quote's end was looked for in the same way
        room[n++] = quoted.at[i];
    }
    *out = (str){room, n};
    return OK;
}

static bool is_control(char ch)
{
    return ((unsigned char)ch < 0x20 && ch != '\t') || ch == 0x7f;
}

static enum err take_quoted(struct call *c, str *s, str *out)
{
    bool   is_escaped = false;
    size_t end = 1;
    for (; end < s->n && s->at[end] != '"'; end++) {
        if (s->at[end] == '\\') {
            is_escaped = true;
            if (++end == s->n) break;
        }
        if (is_control(s->at[end])) return malformed(c);
    }
    if (end >= s->n) return malformed(c);
    str inner = {s->at + 1, end - 1};
    *s = str_from(*s, end + 1);
    if (is_escaped) return unescape(c, inner, out);
    *out = inner;
    return OK;
}

// "name = value" at *s; false in *out_is_one: something else stands there.
static enum err take_param(struct call *c, str *s, struct auth_param *out, bool *out_is_one)
{
    size_t name_n = run(*s, is_token);
    str    rest = skip_blanks(str_from(*s, name_n));
    *out_is_one = name_n && rest.n && *rest.at == '=';
    if (!*out_is_one) return OK;
    *out = (struct auth_param){.name = str_upto(*s, name_n)};
    rest = skip_blanks(str_from(rest, 1));
    if (rest.n && *rest.at == '"') {
        TRY(take_quoted(c, &rest, &out->value));
    } else {
        out->value = str_upto(rest, run(rest, is_bare));
        rest = str_from(rest, out->value.n);
    }
    if (rest.n && !is_blank(*rest.at) && *rest.at != ',') return malformed(c);
    *s = rest;
    return OK;
}

// "YII=": it fills what stands before the next comma, and "=" only pads it.
static bool take_token68(str *s, str *out)
{
    str    text = str_upto(*s, run(*s, is_token68)), rest = skip_blanks(str_from(*s, text.n));
    size_t padding = 0;
    while (padding < text.n && text.at[text.n - 1 - padding] == '=') padding++;
    if (padding == text.n || str_find(str_upto(text, text.n - padding), '=') != STR_NOWHERE || (rest.n && *rest.at != ',')) return false;
    *out = text;
    *s = rest;
    return true;
}

enum err authenticate_next(struct call *c, str *rest, struct auth_challenge *out)
{
    struct auth_challenge a = {.param_n = 0};
    str                   s = skip_separators(*rest);
    bool                  is_one = true;
    if (rest->n > AUTHENTICATE_MAX_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "The WWW-Authenticate header has more than %d bytes.", AUTHENTICATE_MAX_BYTES);
    a.scheme = str_upto(s, run(s, is_token));
    s = str_from(s, a.scheme.n);
    if (str_empty(a.scheme) || (s.n && !is_blank(*s.at) && *s.at != ',')) return malformed(c);
    bool has_token68 = s.n && is_blank(*s.at);
    s = skip_blanks(s);
    if (has_token68) has_token68 = take_token68(&s, &a.token68);
    for (s = skip_separators(s); !has_token68 && s.n && is_one; s = skip_separators(s)) {
        struct auth_param param;
        TRY(take_param(c, &s, &param, &is_one));
        if (!is_one) break;
        if (a.param_n == COUNT(a.params)) return FAIL(c, ERR_TOO_LARGE, "A challenge has more than %d parameters.", AUTHENTICATE_MAX_PARAMS);
        a.params[a.param_n++] = param;
    }
    s = skip_separators(s);
    *out = a;
    *rest = s.n ? s : STR_NONE;
    return OK;
}

str auth_param(const struct auth_challenge *challenge, str name)
{
    for (size_t i = 0; i < challenge->param_n; i++)
        if (str_eq_nocase(challenge->params[i].name, name)) return challenge->params[i].value;
    return STR_NONE;
}
