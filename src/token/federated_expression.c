#include "token/federated_expression.h"

// ---- reading ----

static bool take(str *rest, str word)
{
    if (!str_starts(*rest, word)) return false;
    *rest = str_from(*rest, word.n);
    return true;
}

static bool take_until(str *rest, str end, str *out)
{
    size_t at = str_find_str(*rest, end);
    if (at == STR_NOWHERE || at == 0) return false;
    *out = str_upto(*rest, at);
    *rest = str_from(*rest, at + end.n);
    return str_find(*out, '\'') == STR_NOWHERE;
}

static bool read_term(str *rest, struct federated_term *out)
{
    if (!take(rest, S("claims['")) || !take_until(rest, S("']"), &out->claim)) return false;
    out->is_pattern = take(rest, S(" matches '"));
    return (out->is_pattern || take(rest, S(" eq '"))) && take_until(rest, S("'"), &out->comparand);
}

bool federated_expression_read(str text, struct federated_expression *out)
{
    struct federated_expression read = {.n = 0};
    if (text.n > FEDERATED_EXPRESSION_MAX_BYTES) return false;
    do {
        if (read.n == FEDERATED_EXPRESSION_MAX_TERMS || !read_term(&text, &read.terms[read.n++])) return false;
    } while (take(&text, S(" and ")));
    if (!str_empty(text)) return false;
    *out = read;
    return true;
}

// ---- issuers ----

static const struct row { str issuer, claims[2]; } ROWS[] = {
    {S_INIT("https://token.actions.githubusercontent.com"), {S_INIT("sub"), S_INIT("job_workflow_ref")}},
    {S_INIT("https://gitlab.com"), {S_INIT("sub")}},
    {S_INIT("https://gitlab.*.com"), {S_INIT("sub")}}, // of an organization's own; the star is one label
    {S_INIT("https://gitlab.*.ca"), {S_INIT("sub")}},
    {S_INIT("https://app.terraform.io"), {S_INIT("sub")}},
    {S_INIT("https://app.eu.terraform.io"), {S_INIT("sub")}},
};

static bool is_label(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-')) return false;
    return s.n > 0;
}

static bool is_issuer(str row, str issuer)
{
    size_t star = str_find(row, '*');
    if (star == STR_NOWHERE) return str_eq(row, issuer);
    str before = str_upto(row, star), behind = str_from(row, star + 1);
    return issuer.n > before.n + behind.n && str_starts(issuer, before) && str_ends(issuer, behind) &&
           is_label((str){issuer.at + before.n, issuer.n - before.n - behind.n});
}

static bool has_claim(const struct row *row, str claim)
{
    return !str_empty(claim) && (str_eq(row->claims[0], claim) || str_eq(row->claims[1], claim));
}

bool federated_expression_fits(const struct federated_expression *e, str issuer)
{
    const struct row *row = NULL;
    for (size_t i = 0; i < COUNT(ROWS) && !row; i++)
        if (is_issuer(ROWS[i].issuer, issuer)) row = &ROWS[i];
    for (size_t i = 0; row && i < e->n; i++)
        if (!has_claim(row, e->terms[i].claim)) row = NULL;
    return row != NULL;
}

// ---- matching ----

static size_t character_bytes(str s, size_t at)
{
    size_t n = 1;
    while (at + n < s.n && ((unsigned char)s.at[at + n] & 0xc0) == 0x80) n++;
    return n;
}

// The last star takes one character more whenever what is behind it does not fit.
static bool matches(str pattern, str text)
{
    size_t p = 0, t = 0, star = STR_NOWHERE, retry = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.at[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.n && pattern.at[p] == '?') {
            p++;
            t += character_bytes(text, t);
        } else if (p < pattern.n && pattern.at[p] == text.at[t]) {
            p++;
            t++;
        } else if (star != STR_NOWHERE) {
            p = star + 1;
            retry += character_bytes(text, retry);
            t = retry;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.at[p] == '*') p++;
    return p == pattern.n;
}

bool federated_expression_is_true(const struct federated_expression *e, const struct json *claims)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct federated_term *term = &e->terms[i];
        const struct json           *claim = json_get(claims, term->claim);
        if (!json_is(claim, JSON_IS_STRING)) return false;
        if (!(term->is_pattern ? matches(term->comparand, json_str(claim)) : str_eq(term->comparand, json_str(claim)))) return false;
    }
    return e->n > 0;
}
