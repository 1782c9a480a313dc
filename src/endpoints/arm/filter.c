// $filter of resource lists: comparisons of a few names, joined by "and" and "or" ("and" binds stronger).
#include "endpoints/arm/arm.h"

#define FILTER_MAX_BYTES 2048
#define FILTER_MAX_TERMS 32

enum field { FIELD_TYPE, FIELD_NAME, FIELD_GROUP, FIELD_LOCATION, FIELD_TAG_NAME, FIELD_TAG_VALUE, FIELD_PRINCIPAL, FIELD_NAME_PART };

struct term {
    enum field field;
    bool       is_not; /* ne */
    str        value;
    bool       begins_or; /* the first of an "or" branch */
};

struct arm_filter {
    struct term terms[FILTER_MAX_TERMS];
    size_t      n;
};

static const struct { str name; enum field field; } FIELDS[] = {
    {S_INIT("resourceType"), FIELD_TYPE},   {S_INIT("name"), FIELD_NAME},         {S_INIT("resourceGroup"), FIELD_GROUP},
    {S_INIT("location"), FIELD_LOCATION},   {S_INIT("tagName"), FIELD_TAG_NAME},  {S_INIT("tagValue"), FIELD_TAG_VALUE},
    {S_INIT("identity/principalId"), FIELD_PRINCIPAL}, {S_INIT("type"), FIELD_TYPE},
};

static enum err malformed(struct call *c, str at)
{
    return FAIL(c, ERR_FILTER_INVALID, "The $filter is not well formed at '%.*s'.", PSTR(str_upto(at, 60)));
}

static bool take_word(str *s, str word)
{
    if (!str_starts_nocase(*s, word)) return false;
    str rest = str_from(*s, word.n);
    if (rest.n && rest.at[0] != ' ' && rest.at[0] != '(') return false;
    *s = rest;
    *s = str_trim(*s);
    return true;
}

// 'text' with '' for a quote inside.
static enum err take_text(struct call *c, str *s, str *out)
{
    struct buf b;
    if (!str_starts(*s, S("'"))) return malformed(c, *s);
    buf_init(&b, &c->arena);
    for (size_t i = 1; i < s->n; i++) {
        if (s->at[i] != '\'') {
            buf_add_char(&b, s->at[i]);
        } else if (i + 1 < s->n && s->at[i + 1] == '\'') {
            buf_add_char(&b, s->at[i++]);
        } else {
            *s = str_from(*s, i + 1);
            *s = str_trim(*s);
            return buf_finish(c, &b, out);
        }
    }
    return malformed(c, *s);
}

static bool is_tag(enum field field)
{
    return field == FIELD_TAG_NAME || field == FIELD_TAG_VALUE;
}

static enum err take_comparison(struct call *c, str *s, struct term *out)
{
    for (size_t i = 0; i < COUNT(FIELDS); i++) {
        if (!take_word(s, FIELDS[i].name)) continue;
        out->field = FIELDS[i].field;
        out->is_not = take_word(s, S("ne"));
        if (!out->is_not && !take_word(s, S("eq"))) return malformed(c, *s);
        return take_text(c, s, &out->value);
    }
    return malformed(c, *s);
}

static enum err expect(struct call *c, str *s, str token)
{
    if (!str_starts_nocase(*s, token)) return malformed(c, *s);
    *s = str_from(*s, token.n);
    *s = str_trim(*s);
    return OK;
}

// substringof('part', name), contains(name, 'part')
static enum err take_part(struct call *c, str *s, bool name_first, struct term *out)
{
    out->field = FIELD_NAME_PART;
    TRY(expect(c, s, S("(")));
    TRY(name_first ? expect(c, s, S("name")) : take_text(c, s, &out->value));
    TRY(expect(c, s, S(",")));
    TRY(name_first ? take_text(c, s, &out->value) : expect(c, s, S("name")));
    return expect(c, s, S(")"));
}

static enum err take_term(struct call *c, str *s, struct term *out)
{
    if (take_word(s, S("substringof"))) return take_part(c, s, false, out);
    if (take_word(s, S("contains"))) return take_part(c, s, true, out);
    return take_comparison(c, s, out);
}

enum err arm_filter_read(struct call *c, str text, const struct arm_filter **out)
{
    struct arm_filter *f;
    bool               begins_or = true;
    if (text.n > FILTER_MAX_BYTES) return FAIL(c, ERR_FILTER_INVALID, "The $filter is longer than %d bytes.", FILTER_MAX_BYTES);
    TRY(NEW(c, &f, 1));
    text = str_trim(text);
    for (;;) {
        struct term term = {.begins_or = begins_or};
        if (f->n == FILTER_MAX_TERMS) return FAIL(c, ERR_FILTER_INVALID, "The $filter has more than %d comparisons.", FILTER_MAX_TERMS);
        TRY(take_term(c, &text, &term));
        f->terms[f->n++] = term;
        if (is_tag(term.field) != is_tag(f->terms[0].field)) return FAIL(c, ERR_FILTER_INVALID, "A $filter by tags can't ask for anything else.");
        if (str_empty(text)) break;
        begins_or = take_word(&text, S("or"));
        if (!begins_or && !take_word(&text, S("and"))) return malformed(c, text);
    }
    *out = f;
    return OK;
}

static bool has_tag(const struct json *tags, str name, str value)
{
    for (size_t i = 0; i < json_n(tags); i++)
        if ((!name.at || str_eq_nocase(tags->u.list.names[i], name)) && (!value.at || str_eq(json_str(json_at(tags, i)), value))) return true;
    return false;
}

// A tag's value counts for the tag that the same branch names, before it or behind it.
static str tag_named_beside(const struct arm_filter *f, size_t i)
{
    while (!f->terms[i].begins_or) i--;
    do {
        if (f->terms[i].field == FIELD_TAG_NAME && !f->terms[i].is_not) return f->terms[i].value;
    } while (++i < f->n && !f->terms[i].begins_or);
    return STR_NONE;
}

// A name by which answers call it, or its own where they join its parent's: "shop/next", "next".
static bool is_named(const struct resource *r, str name)
{
    str parent = arm_parent_name(r);
    if (str_eq_nocase(r->name, name)) return true;
    return !str_empty(parent) && name.n == parent.n + 1 + r->name.n && str_starts_nocase(name, parent) && name.at[parent.n] == '/' &&
           str_ends_nocase(name, r->name);
}

static bool term_holds(const struct arm_filter *f, size_t i, const struct resource *r, const struct json *tags)
{
    const struct term *t = &f->terms[i];
    switch (t->field) {
    case FIELD_TYPE: return str_eq_nocase(r->type, t->value);
    case FIELD_NAME: return is_named(r, t->value);
    case FIELD_NAME_PART: return str_contains_nocase(r->name, t->value);
    case FIELD_LOCATION: return str_eq_nocase(r->location, t->value);
    case FIELD_TAG_NAME: return has_tag(tags, t->value, STR_NONE);
    case FIELD_TAG_VALUE: return has_tag(tags, tag_named_beside(f, i), t->value);
    case FIELD_GROUP: return str_eq_nocase(scope_group_name(r->id), t->value);
    case FIELD_PRINCIPAL: {
        guid id;
        return r->identity.has_system && guid_parse(t->value, &id) && guid_eq(id, r->identity.system_principal.g);
    }
    }
    return false;
}

bool arm_filter_allows(const struct arm_filter *f, const struct resource *r, const struct json *tags)
{
    bool branch = true;
    for (size_t i = 0; i < f->n; i++) {
        if (f->terms[i].begins_or && i > 0 && branch) return true;
        if (f->terms[i].begins_or) branch = true;
        branch = branch && term_holds(f, i, r, tags) != f->terms[i].is_not;
    }
    return branch;
}

enum err arm_filter_read_tags(struct call *c, str text, const struct arm_filter **out)
{
    const struct arm_filter *f;
    TRY(arm_filter_read(c, text, &f));
    if (!is_tag(f->terms[0].field)) return FAIL(c, ERR_FILTER_INVALID, "Resource groups are filtered by tagName and tagValue only.");
    *out = f;
    return OK;
}

bool arm_filter_allows_tags(const struct arm_filter *f, const struct json *tags)
{
    static const struct resource NOTHING = {0};
    return arm_filter_allows(f, &NOTHING, tags);
}

// A document is read into a call of its own, which goes with it: those of a whole page's search would fill the request's.
enum err arm_filter_passes(struct call *c, const struct arm_filter *f, const struct resource *r, str document, bool *out)
{
    struct call        scratch = {.now_ns = c->now_ns, .now_s = c->now_s};
    const struct json *read = NULL;
    enum err           failed = is_tag(f->terms[0].field) ? json_parse(&scratch, document, &read) : OK; // it asks for tags alone, or for none
    const struct json *tags = json_get(read, S("tags"));
    if (failed == OK) *out = r ? arm_filter_allows(f, r, tags) : arm_filter_allows_tags(f, tags);
    call_clear(&scratch);
    return failed == OK ? OK : FAIL_PLAIN(c, failed);
}
