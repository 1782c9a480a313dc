#include "rbac/filter.h"

#include "core/buf.h"

static enum err malformed(struct call *c, str at)
{
    return FAIL(c, ERR_FILTER_INVALID, "The filter is not well formed at '%.*s'.", PSTR(str_upto(at, 60)));
}

static bool take(str *s, str token)
{
    if (!str_starts_nocase(*s, token)) return false;
    *s = str_trim(str_from(*s, token.n));
    return true;
}

// 'text', with '' for a quote inside.
static enum err take_value(struct call *c, str *s, str *out)
{
    struct buf b;
    if (!str_starts(*s, S("'"))) return malformed(c, *s);
    buf_init(&b, &c->arena);
    for (size_t i = 1; i < s->n; i++) {
        bool quote = s->at[i] == '\'', doubled = quote && i + 1 < s->n && s->at[i + 1] == '\'';
        if (!quote || doubled) {
            buf_add_char(&b, s->at[i]);
            i += doubled;
            continue;
        }
        *s = str_trim(str_from(*s, i + 1));
        return buf_finish(c, &b, out);
    }
    return malformed(c, *s);
}

static enum err take_guid(struct call *c, str *s, guid *out)
{
    str text;
    TRY(take_value(c, s, &text));
    return guid_parse(text, out) ? OK : FAIL(c, ERR_FILTER_INVALID, "The filter names '%.*s', which is not a GUID.", PSTR(text));
}

static enum err take_equals(struct call *c, str *s)
{
    return take(s, S("eq ")) ? OK : malformed(c, *s);
}

// A part that is said twice would mean the one or the other: neither is guessed.
static enum err once(struct call *c, bool *said)
{
    if (*said) return FAIL(c, ERR_FILTER_INVALID, "The filter asks for the same property twice.");
    *said = true;
    return OK;
}

static enum err take_assigned_to(struct call *c, str *s, struct rbac_filter *f)
{
    TRY(once(c, &f->has_assigned_to));
    TRY(take_guid(c, s, &f->assigned_to.g));
    return take(s, S(")")) ? OK : malformed(c, *s);
}

static enum err take_type(struct call *c, str *s, struct rbac_filter *f)
{
    str type;
    TRY(take_equals(c, s));
    TRY(take_value(c, s, &type));
    TRY(once(c, &f->has_type));
    f->wants_builtin = str_eq_nocase(type, S("BuiltInRole"));
    if (f->wants_builtin || str_eq_nocase(type, S("CustomRole"))) return OK;
    return FAIL(c, ERR_FILTER_INVALID, "The filter asks for the type '%.*s': there are BuiltInRole and CustomRole.", PSTR(type));
}

static enum err take_principal(struct call *c, str *s, struct rbac_filter *f)
{
    TRY(take_equals(c, s));
    TRY(once(c, &f->has_principal));
    return take_guid(c, s, &f->principal.g);
}

static enum err take_name(struct call *c, str *s, str *out)
{
    bool said = !str_empty(*out);
    TRY(take_equals(c, s));
    TRY(once(c, &said));
    TRY(take_value(c, s, out));
    return str_empty(*out) ? FAIL(c, ERR_FILTER_INVALID, "The filter asks for an empty name.") : OK;
}

static enum err take_part(struct call *c, str *s, enum rbac_filter_kind kind, struct rbac_filter *f)
{
    bool is_role = kind == RBAC_FILTER_ROLES;
    if (take(s, S("atScopeAndBelow()"))) {
        f->at_scope_and_below = true;
        return OK;
    }
    if (take(s, S("atScope()"))) {
        f->at_scope = true;
        return OK;
    }
    if (is_role && take(s, S("roleName "))) return take_name(c, s, &f->role_name);
    if (is_role && take(s, S("type "))) return take_type(c, s, f);
    if (is_role) return malformed(c, *s);
    if (take(s, S("assignedTo("))) return take_assigned_to(c, s, f);
    if (take(s, S("principalId "))) return take_principal(c, s, f);
    if (kind == RBAC_FILTER_DENIES && take(s, S("denyAssignmentName "))) return take_name(c, s, &f->deny_name);
    return malformed(c, *s);
}

const char *rbac_filter_supported(enum rbac_filter_kind kind)
{
    static const char *const FILTERS[] = {
        [RBAC_FILTER_ASSIGNMENTS] = "either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'",
        [RBAC_FILTER_ROLES] = "'atScopeAndBelow()', 'roleName eq '{value}'' and 'type eq '{value}''",
        [RBAC_FILTER_DENIES] = "'atScope()', 'principalId eq '{value}'', 'assignedTo('{value}')' and 'denyAssignmentName eq '{value}''",
    };
    return FILTERS[kind];
}

static enum err read(struct call *c, str text, enum rbac_filter_kind kind, struct rbac_filter *out)
{
    struct rbac_filter f = {0};
    if (text.n > RBAC_FILTER_MAX_BYTES) return FAIL(c, ERR_FILTER_INVALID, "The filter is longer than %d bytes.", RBAC_FILTER_MAX_BYTES);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] < ' ') return malformed(c, str_upto(text, i));
    text = str_trim(text);
    while (!str_empty(text)) {
        TRY(take_part(c, &text, kind, &f));
        if (str_empty(text)) break;
        if (!take(&text, S("and "))) return malformed(c, text);
        if (str_empty(text)) return malformed(c, text);
    }
    if (f.at_scope && f.has_principal)
        return FAIL(c, ERR_FILTER_INVALID, "The filter atScope() cannot be combined with principalId: use assignedTo().");
    *out = f;
    return OK;
}

enum err rbac_filter_read(struct call *c, str text, enum rbac_filter_kind kind, struct rbac_filter *out)
{
    enum err failed = read(c, text, kind, out);
    if (failed != ERR_FILTER_INVALID) return failed;
    str why = call_format(c, "%s", c->failure.text);
    call_forgive(c);
    return FAIL(c, ERR_QUERY_UNSUPPORTED, "The filter '%.*s' is not supported. Supported filters are %s. %.*s", PSTR(call_printable(c, text, 256)),
                rbac_filter_supported(kind), PSTR(why));
}
