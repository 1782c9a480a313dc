// Values of secure parameters, out of the words of failures.
#include <stdio.h>

#include "template/inside.h"

#define HIDDEN       "***"
#define FEW_LETTERS  4 // a text with fewer is no secret in the midst of others: it is looked for between quotes, or as a part of an id
#define LIKE_LETTERS 8 // so many letters of its beginning give a longer one away, where a message has cut it

#define MOST_TEXTS 1024 // that are looked for: where there are more, the failure is told by its kind alone

struct secrets {
    str   *texts;
    size_t n;
    bool   are_too_many;
};

static bool may_hold_secure(const struct parameter *p)
{
    if (schema_is_secure(p->type) || p->holds_secure) return true;
    bool is_checked = p->state == LAZY_DONE;
    return !is_checked && (json_get_nocase(p->declaration, S("$ref")) || json_get_nocase(p->declaration, S("properties")) ||
                           json_get_nocase(p->declaration, S("items")));
}

// How much of the text's beginning is the secret's: messages print "?" for what is no printable ASCII.
static size_t common(str text, str secret)
{
    size_t n = 0;
    while (n < secret.n && n < text.n && (text.at[n] == secret.at[n] || (text.at[n] == '?' && (secret.at[n] < ' ' || secret.at[n] > '~')))) n++;
    return n;
}

static bool is_border(char ch)
{
    return ch == '\'' || ch == '/';
}

// Between two quotes, as messages say what was given, or all between two slashes of an id, or behind its last one.
static bool stands_alone(str text, size_t at, size_t n)
{
    bool ends = at + n == text.n;
    if (at == 0) return ends;
    return is_border(text.at[at - 1]) && (ends ? text.at[at - 1] == '/' : is_border(text.at[at + n]));
}

// How many letters at that place give the secret away; 0: none do.
static size_t shown(str text, size_t at, str secret)
{
    size_t n = common(str_from(text, at), secret);
    bool   is_whole = n == secret.n && (n >= FEW_LETTERS || stands_alone(text, at, n));
    return is_whole || n >= LIKE_LETTERS ? n : 0;
}

static enum err hide_text(struct call *c, str *io, str secret)
{
    struct buf b;
    size_t     told = 0;
    if (str_empty(secret)) return OK;
    buf_init(&b, &c->arena);
    for (size_t at = 0; at < io->n;) {
        size_t n = shown(*io, at, secret);
        if (n) {
            buf_add(&b, (str){io->at + told, at - told});
            buf_add(&b, S(HIDDEN));
            told = at + n;
        }
        at += n ? n : 1;
    }
    if (!told) return OK;
    buf_add(&b, str_from(*io, told));
    return buf_finish(c, &b, io);
}

static enum err hide_all(struct call *c, const struct secrets *secrets, str *io)
{
    for (size_t i = 0; i < secrets->n; i++) TRY(hide_text(c, io, secrets->texts[i]));
    return OK;
}

// Depth is bounded by the reader of the parameters, and by value_made.
static void add_texts(struct secrets *secrets, const struct json *v)
{
    if (json_is(v, JSON_IS_STRING)) {
        if (secrets->n < MOST_TEXTS) secrets->texts[secrets->n++] = v->u.string;
        else secrets->are_too_many = true;
    }
    for (size_t i = 0; i < json_n(v) && !secrets->are_too_many; i++) add_texts(secrets, json_at(v, i));
}

static enum err find_secrets(struct call *c, const struct template *t, struct secrets *out)
{
    TRY(NEW(c, &out->texts, MOST_TEXTS));
    for (size_t i = 0; i < t->parameter_n; i++) {
        const struct parameter *p = &t->parameters[i];
        if (!may_hold_secure(p)) continue;
        add_texts(out, p->given);
        if (p->value != p->given) add_texts(out, p->value);
    }
    return OK;
}

// --- the failures behind it ---

// Every string, but none that is a code: those are words of tables. Depth is that of documents.
static enum err hide_in(struct call *c, const struct secrets *secrets, const struct json *v, struct json *out)
{
    *out = *v;
    if (json_is(v, JSON_IS_STRING)) return hide_all(c, secrets, &out->u.string);
    if (json_n(v) == 0) return OK;
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) {
        bool is_code = json_is(v, JSON_IS_OBJECT) && str_eq(v->u.list.names[i], S("code"));
        if (is_code) out->u.list.items[i] = *json_at(v, i);
        else TRY(hide_in(c, secrets, json_at(v, i), &out->u.list.items[i]));
    }
    return OK;
}

static enum err hide_details(struct call *c, const struct secrets *secrets, str *io)
{
    const struct json *details;
    struct json        told;
    if (str_empty(*io)) return OK;
    TRY(json_parse(c, *io, &details));
    TRY(hide_in(c, secrets, details, &told));
    return json_text(c, &told, io);
}

static enum err hide_failure(struct call *c, const struct template *t, struct failure *f)
{
    struct secrets secrets = {0};
    str            text = str_of(f->text);
    TRY(find_secrets(c, t, &secrets));
    if (secrets.are_too_many) return ERR_TOO_LARGE;
    TRY(hide_all(c, &secrets, &text));
    TRY(hide_details(c, &secrets, &f->details));
    if (text.at != f->text) snprintf(f->text, sizeof f->text, "%.*s", PSTR(text));
    return OK;
}

void template_hide_secrets(struct call *c, const struct template *t)
{
    struct failure *f = &c->failure;
    if (f->kind == OK || hide_failure(c, t, f) == OK) return;
    snprintf(f->text, sizeof f->text, "%s", err_text(f->kind));
    f->details = STR_NONE;
}
