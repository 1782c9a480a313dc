// Values of secure parameters, out of the words of failures.
#include <stdio.h>

#include "template/inside.h"

#define HIDDEN       "***"
#define FEW_LETTERS  4 // a text with fewer is no secret in the midst of others: it is looked for between quotes
#define LIKE_LETTERS 8 // so many letters of its beginning give a longer one away, where a message has cut it

#define MOST_TEXTS 1024 // that are looked for: where there are more, the failure is told by its kind alone

struct words {
    char   to[FAILURE_TEXT_BYTES];
    size_t n;
};

static bool may_hold_secure(const struct parameter *p)
{
    if (schema_is_secure(p->type) || p->holds_secure) return true;
    bool is_checked = p->state == LAZY_DONE;
    return !is_checked && (json_get_nocase(p->declaration, S("$ref")) || json_get_nocase(p->declaration, S("properties")) ||
                           json_get_nocase(p->declaration, S("items")));
}

// How much of the text's beginning is the secret's: messages print "?" for what is no printable ASCII.
static size_t common(const char *text, str secret)
{
    size_t n = 0;
    while (n < secret.n && text[n] && (text[n] == secret.at[n] || (text[n] == '?' && (secret.at[n] < ' ' || secret.at[n] > '~')))) n++;
    return n;
}

static void add(struct words *w, str s)
{
    for (size_t i = 0; i < s.n && w->n + 1 < sizeof w->to; i++) w->to[w->n++] = s.at[i];
}

static void hide_text(char *text, str secret)
{
    struct words w = {.n = 0};
    bool         is_short = secret.n < FEW_LETTERS, has_any = false;
    if (str_empty(secret)) return;
    for (const char *at = text; *at;) {
        size_t n = common(at, secret);
        bool   is_whole = n == secret.n, is_quoted = at > text && at[-1] == '\'' && at[n] == '\'';
        if ((is_whole && (!is_short || is_quoted)) || n >= LIKE_LETTERS) {
            add(&w, S(HIDDEN));
            at += n;
            has_any = true;
        } else {
            add(&w, (str){at, 1});
            at++;
        }
    }
    w.to[w.n] = '\0';
    if (has_any) memcpy(text, w.to, w.n + 1);
}

// Depth is bounded by the reader of the parameters, and by value_made.
static void hide_value(char *text, const struct json *v, size_t *io_left)
{
    if (json_is(v, JSON_IS_STRING) && *io_left) --*io_left, hide_text(text, v->u.string);
    for (size_t i = 0; i < json_n(v) && *io_left; i++) hide_value(text, json_at(v, i), io_left);
}

void template_hide_secrets(struct call *c, const struct template *t)
{
    size_t left = MOST_TEXTS;
    if (c->failure.kind == OK) return;
    for (size_t i = 0; i < t->parameter_n; i++) {
        const struct parameter *p = &t->parameters[i];
        if (!may_hold_secure(p)) continue;
        hide_value(c->failure.text, p->given, &left);
        if (p->value != p->given) hide_value(c->failure.text, p->value, &left);
    }
    if (!left) snprintf(c->failure.text, sizeof c->failure.text, "%s", err_text(c->failure.kind));
}
